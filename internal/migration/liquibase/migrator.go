package liquibase

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/headgate/headgate/internal/migration"
	"github.com/headgate/headgate/internal/migration/script"
	"github.com/headgate/headgate/internal/sqltext"
)

// The tool's own tables, in the schema that a connection finds first by default.
const (
	logTable  = "databasechangelog"
	lockTable = "databasechangeloglock"
)

// prepare is what Liquibase makes before it runs anything (CreateDatabaseChangeLogTableGenerator.java,
// CreateDatabaseChangeLogLockTableGenerator.java, InitializeDatabaseChangeLogLockTableGenerator.java, on PostgreSQL).
var prepare = []script.Own{
	{SQL: `CREATE TABLE IF NOT EXISTS public.databasechangeloglock (id integer NOT NULL, locked boolean NOT NULL, lockgranted timestamp without time zone,
		lockedby varchar(255), CONSTRAINT databasechangeloglock_pkey PRIMARY KEY (id))`},
	{SQL: `INSERT INTO public.databasechangeloglock (id, locked) VALUES (1, false) ON CONFLICT DO NOTHING`},
	{SQL: `CREATE TABLE IF NOT EXISTS public.databasechangelog (id varchar(255) NOT NULL, author varchar(255) NOT NULL, filename varchar(255) NOT NULL,
		dateexecuted timestamp without time zone NOT NULL, orderexecuted integer NOT NULL, exectype varchar(10) NOT NULL, md5sum varchar(35),
		description varchar(255), comments varchar(255), tag varchar(255), liquibase varchar(20), contexts varchar(255), labels varchar(255),
		deployment_id varchar(10))`},
}

// Migrator sends each statement of a changeset by itself, all of them in one transaction unless it says otherwise, and notes it
// after that (ChangeSet.java, execute).
func (Format) Migrator(fsys fs.FS, h *migration.History, to migration.Target) (migration.Migrator, error) {
	c, err := readChangelog(fsys, h.Dir, to.Placeholders, to.Env)
	if err != nil {
		return nil, err
	}
	m := &migrator{fsys: fsys, to: to, runner: script.NewRunner(to, prepare...), sets: map[place]*changeSet{}}
	for _, set := range c.sets {
		if _, twice := m.sets[place{set.file, set.line}]; !twice {
			m.sets[place{set.file, set.line}] = set
		}
	}
	return m, nil
}

type migrator struct {
	fsys    fs.FS
	to      migration.Target
	runner  *script.Runner
	sets    map[place]*changeSet
	skipped []migration.Skipped
}

func (m *migrator) of(r migration.Revision) (*changeSet, error) {
	if set, known := m.sets[place{r.File, r.Line}]; known {
		return set, nil
	}
	text, err := fs.ReadFile(m.fsys, r.File)
	if err != nil {
		return nil, fmt.Errorf("read the changeset: %w", err)
	}
	set, err := one(r, string(text), newParameters(m.to.Placeholders, m.to.Env))
	if err != nil {
		return nil, err
	}
	if set == nil {
		return nil, &migration.Error{File: r.File, Line: r.Line, Problem: "the parameters of this run take this changeset out of the changelog", Remedy: "look at `placeholders`"}
	}
	set.path = strings.TrimSuffix(r.Version, "::"+set.id+"::"+set.author)
	return set, nil
}

// Skipped are the changesets that failed and were to be passed over then.
func (m *migrator) Skipped() []migration.Skipped { return m.skipped }

func (m *migrator) Apply(ctx context.Context, r migration.Revision) ([]migration.Statement, error) {
	set, err := m.of(r)
	if err != nil {
		return nil, err
	}
	verdict, err := m.ask(ctx, set)
	switch {
	case err != nil:
		return m.failed(set, err)
	case verdict == "CONTINUE":
		return nil, nil // and it is asked again the next time
	case verdict == "MARK_RAN":
		return m.runner.Run(ctx, script.Script{File: set.file, After: []script.Own{set.note("MARK_RAN")}})
	}
	messages, err := set.sql.statements(set.cut)
	if err != nil {
		return nil, &migration.Error{File: set.file, Line: set.line, Problem: err.Error(), Remedy: "write another endDelimiter"}
	}
	statements, err := m.runner.Run(ctx, script.Script{File: set.file, Messages: messages, Transaction: set.inTransaction, After: []script.Own{set.note("EXECUTED")}})
	if err != nil {
		return m.failed(set, advise(err, set.cut, messages))
	}
	return statements, nil
}

// failed passes over the failure of a changeset that says so. Liquibase notes nothing then, and tries it again the next time.
func (m *migrator) failed(set *changeSet, err error) ([]migration.Statement, error) {
	wrong := (*migration.Error)(nil)
	if set.failOnError || !errors.As(err, &wrong) {
		return nil, err
	}
	m.skipped = append(m.skipped, migration.Skipped{File: set.file, Line: max(wrong.Line, 1), Reason: "the changeset fails here, and failOnError:false passes over that: " + wrong.Problem})
	return nil, nil
}

// advise says what to do about a statement that was cut off in the middle of a dollar-quoted string.
func advise(err error, cut cutting, messages []script.Message) error {
	wrong := (*migration.Error)(nil)
	if !cut.split || !errors.As(err, &wrong) || wrong.SQLState != "42601" {
		return err
	}
	if slices.ContainsFunc(messages, func(m script.Message) bool { return endsInDollars(m.SQL) }) {
		wrong.Remedy = "Liquibase cuts statements at each semicolon outside of BEGIN and END, also between dollar quotes: write splitStatements:false behind --changeset, " +
			"or an endDelimiter of its own"
	}
	return err
}

func endsInDollars(sql string) bool {
	scan := sqltext.NewScanner(sql)
	for t := scan.Next(); t.Kind != sqltext.EOF; t = scan.Next() {
		if t.Kind == sqltext.String && t.Unterminated && sql[t.Start] == '$' {
			return true
		}
	}
	return false
}

// note is the row of a changeset: a new one, or where it ran before the same one (MarkChangeSetRanGenerator.java). The id of the
// deployment is the time, of which Liquibase takes ten digits.
func (c *changeSet) note(how string) script.Own {
	return script.Own{SQL: `WITH again AS (
			UPDATE public.databasechangelog SET dateexecuted = localtimestamp, orderexecuted = (SELECT coalesce(max(orderexecuted), 0) + 1 FROM public.databasechangelog),
				exectype = CASE $4::text WHEN 'EXECUTED' THEN 'RERAN' ELSE $4::text END, md5sum = $5::text, comments = $6::text, contexts = $7::text, labels = $8::text,
				liquibase = '4.33.0', description = 'sql', deployment_id = right((extract(epoch FROM now()) * 1000)::bigint::text, 10)
			WHERE id = $1::text AND author = $2::text AND filename = $3::text RETURNING 1)
		INSERT INTO public.databasechangelog (id, author, filename, dateexecuted, orderexecuted, exectype, md5sum, description, comments, liquibase, contexts, labels, deployment_id)
		SELECT $1::text, $2::text, $3::text, localtimestamp, (SELECT coalesce(max(orderexecuted), 0) + 1 FROM public.databasechangelog), $4::text, $5::text, 'sql', $6::text, '4.33.0',
			$7::text, $8::text, right((extract(epoch FROM now()) * 1000)::bigint::text, 10)
		WHERE NOT EXISTS (SELECT FROM again)`,
		Args: []any{c.id, c.author, c.path, how, c.sum(), limited(strings.TrimFunc(c.comment, isTrimmed)), orNull(all(c.contexts)), orNull(strings.Join(c.labels, ","))}}
}

// limited is what Liquibase keeps of a comment (StringUtil.java, limitSize).
func limited(text string) string {
	const most = 250
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most-3]) + "..."
	}
	return text
}

func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// Revert runs the way down that the changeset has; Liquibase refuses to take one back that has none.
func (m *migrator) Revert(ctx context.Context, r migration.Revision) ([]migration.Statement, error) {
	set, err := m.of(r)
	if err != nil {
		return nil, err
	}
	ran, err := m.runner.Values(ctx, script.Own{SQL: `SELECT 1 FROM public.databasechangelog WHERE id = $1 AND author = $2 AND filename = $3`, Args: []any{set.id, set.author, set.path}})
	if err != nil || len(ran) == 0 {
		return nil, err // a changeset that failed, or was passed over, is not taken back
	}
	var messages []script.Message
	for _, d := range set.down {
		if d.sql.text == "" {
			continue // "empty", "not required"
		}
		statements, err := d.sql.statements(d.cut)
		if err != nil {
			return nil, &migration.Error{File: set.file, Line: d.sql.lines[0], Problem: err.Error(), Remedy: "write another rollbackEndDelimiter"}
		}
		messages = append(messages, statements...)
	}
	forget := script.Own{SQL: `DELETE FROM public.databasechangelog WHERE id = $1 AND author = $2 AND filename = $3`, Args: []any{set.id, set.author, set.path}}
	return m.runner.Run(ctx, script.Script{File: set.file, Messages: messages, Transaction: set.inTransaction, After: []script.Own{forget}})
}

func (m *migrator) Close() error { return m.runner.Close() }

// ask checks the preconditions: empty where the changeset is to run, else what to do instead. The error is a *migration.Error where
// one does not hold, and that stops Liquibase.
func (m *migrator) ask(ctx context.Context, set *changeSet) (verdict string, err error) {
	if set.declare == nil {
		return "", nil
	}
	failed, broken := "", ""
	line := set.declare.line
	for _, c := range set.declare.checks {
		why, err := m.check(ctx, c)
		refused := (*pgconn.PgError)(nil)
		switch {
		case errors.As(err, &refused):
			broken, line = fmt.Sprintf("this precondition cannot be checked: %s (SQLSTATE %s)", refused.Message, refused.Code), c.line
		case err != nil:
			return "", err
		case why != "":
			failed, line = why, c.line
		}
		if failed+broken != "" {
			break
		}
	}
	option, problem := set.declare.onFail, failed
	if broken != "" {
		option, problem = set.declare.onError, broken
	}
	switch {
	case problem == "" || option == "WARN":
		return "", nil
	case option == "HALT":
		return "", &migration.Error{File: set.file, Line: line, Problem: "the migration fails: " + problem, Remedy: "let the precondition hold, or say with onFail what is to be done where it does not"}
	}
	return option, nil
}

// check tells why a precondition does not hold; empty where it does (SqlPrecondition.java; TableExistsPrecondition.java).
func (m *migrator) check(ctx context.Context, c check) (why string, err error) {
	switch c.kind {
	case "sql-check":
		values, err := m.runner.Values(ctx, script.Own{SQL: strings.TrimSuffix(c.sql, ";")})
		switch {
		case err != nil:
			return "", err
		case len(values) == 0 || values[0] == nil:
			return "this precondition's SQL gives no row", nil
		case len(values) > 1:
			return "", &pgconn.PgError{Code: "21000", Message: "the SQL gives more than one row"}
		case *values[0] != c.expected:
			return fmt.Sprintf("this precondition expects %q, and its SQL gives %q", c.expected, *values[0]), nil
		}
		return "", nil
	}
	kinds := "r,p,f"
	if c.kind == "view-exists" {
		kinds = "v,m"
	}
	values, err := m.runner.Values(ctx, script.Own{
		SQL: `SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
			WHERE lower(c.relname) = lower($1) AND c.relkind = ANY (string_to_array($3, ',')::"char"[]) AND lower(n.nspname) = lower(coalesce(nullif($2, ''), current_schema()))`,
		Args: []any{c.name, c.schema, kinds},
	})
	if err == nil && len(values) == 0 {
		why = fmt.Sprintf("this precondition wants %q, which does not exist", c.name)
	}
	return why, err
}
