package dbmate

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/headgate/headgate/internal/migration"
	"github.com/headgate/headgate/internal/migration/script"
)

// Migrator sends each block as one message, together with the stamp in one transaction unless its annotation says otherwise
// (db.go, Migrate and Rollback; lib/pq, conn.go, simpleExec).
func (Format) Migrator(fsys fs.FS, h *migration.History, to migration.Target) (migration.Migrator, error) {
	s, err := readSettings(fsys, h.Dir)
	if err != nil {
		return nil, err
	}
	return &migrator{fsys: fsys, to: to, settings: s, runner: script.NewRunner(to, s.makeTable()...)}, nil
}

type migrator struct {
	fsys     fs.FS
	to       migration.Target
	settings settings
	runner   *script.Runner // of all ways up: one command of dbmate runs them over one connection
}

// Apply runs the block up.
func (m *migrator) Apply(ctx context.Context, r migration.Revision) ([]migration.Statement, error) {
	p, err := m.read(r)
	if err != nil {
		return nil, err
	}
	return m.run(ctx, m.runner, r, p.up, "insert into %I.%s (version) values (''"+r.Version+"'')")
}

// Revert runs the block down, over a connection of its own: dbmate takes back one migration a command.
func (m *migrator) Revert(ctx context.Context, r migration.Revision) (statements []migration.Statement, err error) {
	p, err := m.read(r)
	if err != nil {
		return nil, err
	}
	runner := script.NewRunner(m.to, m.settings.makeTable()...)
	defer func() { err = errors.Join(err, runner.Close()) }()
	return m.run(ctx, runner, r, p.down, "delete from %I.%s where version = ''"+r.Version+"''")
}

func (m *migrator) read(r migration.Revision) (parsed, error) {
	if !digits(r.Version) {
		return parsed{}, fmt.Errorf("%s: version %q is no number", r.File, r.Version)
	}
	text, err := fs.ReadFile(m.fsys, r.File)
	if err != nil {
		return parsed{}, fmt.Errorf("read the migration: %w", err)
	}
	return parse(r.File, script.Expand(string(text), m.to.Placeholders))
}

func digits(version string) bool { return version != "" && strings.Trim(version, "0123456789") == "" }

// inTransactionStill fails where no transaction is open any more.
const inTransactionStill = "SAVEPOINT dbmate"

func (m *migrator) run(ctx context.Context, runner *script.Runner, r migration.Revision, b block, note string) ([]migration.Statement, error) {
	s := script.Script{File: r.File, Messages: b.messages(), Transaction: b.transaction, After: []script.Own{m.settings.onTable(note)}}
	if b.transaction {
		// The driver refuses to commit what the block has ended itself (lib/pq, conn.go, Commit), once the stamp is there.
		s.After = append(s.After, script.Own{SQL: inTransactionStill})
	}
	statements, err := runner.Run(ctx, s)
	refused := (*pgconn.PgError)(nil)
	if err == nil || errors.As(err, new(*migration.Error)) || !errors.As(err, &refused) {
		return statements, err
	}
	return nil, m.unnoted(r, b, refused)
}

// unnoted is what dbmate's own statements fail with after a block has run.
func (m *migrator) unnoted(r migration.Revision, b block, refused *pgconn.PgError) error {
	e := &migration.Error{File: r.File, Line: b.line, SQLState: refused.Code, Err: refused}
	switch refused.Code {
	case "25P01": // no_active_sql_transaction
		e.Line, e.Column = b.ending()
		e.Problem = "dbmate fails at this migration, whose statements end the transaction that dbmate has begun for it"
		e.Remedy = "leave out BEGIN, COMMIT and ROLLBACK, or write `transaction:false` behind the annotation of the block"
	case "42P01", "3F000": // undefined_table, invalid_schema_name
		e.Problem = "dbmate cannot note this migration, which leaves a search path behind on which the version table is not: " + refused.Message
		e.Remedy = "set the search path back at the end of the block, or name the table's schema, as in " + tableVariable + "=public." + versionTable
	default:
		e.Problem = fmt.Sprintf("dbmate cannot note this migration in its version table: %s (SQLSTATE %s)", refused.Message, refused.Code)
		e.Remedy = "leave dbmate's table to dbmate"
	}
	return e
}

// ending is the place of the statement that ends the transaction, or of the block's annotation.
func (b block) ending() (line, column int) {
	for _, m := range script.Statements(b.text, b.start, b.end) {
		word, _, _ := strings.Cut(strings.TrimRight(strings.ToLower(strings.Join(strings.Fields(m.SQL), " ")), ";"), " ")
		switch word {
		case "commit", "end", "rollback", "abort":
			return migration.Statement{SQL: m.SQL, Lines: m.Lines, Indent: m.Indent}.Position(0)
		}
	}
	return b.line, 0
}

func (m *migrator) Close() error { return m.runner.Close() }
