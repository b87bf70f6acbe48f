package atlas

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strconv"
	"strings"

	"ariga.io/atlas/sql/migrate"

	"github.com/headgate/headgate/internal/migration"
	"github.com/headgate/headgate/internal/migration/script"
	"github.com/headgate/headgate/internal/sqltext"
)

// versionTable is the name of Atlas's table and of the schema that it is in.
const versionTable = "atlas_schema_revisions"

// setUp makes the table (cmd/atlas/internal/migrate/ent/migrate/schema.go, as ent makes it on PostgreSQL).
var setUp = []script.Own{
	{SQL: `CREATE SCHEMA IF NOT EXISTS atlas_schema_revisions`},
	{SQL: `CREATE TABLE IF NOT EXISTS atlas_schema_revisions.atlas_schema_revisions (
	version character varying NOT NULL PRIMARY KEY,
	description character varying NOT NULL,
	type bigint NOT NULL DEFAULT 2,
	applied bigint NOT NULL DEFAULT 0,
	total bigint NOT NULL DEFAULT 0,
	executed_at timestamp with time zone NOT NULL,
	execution_time bigint NOT NULL,
	error text NULL,
	error_stmt text NULL,
	hash character varying NOT NULL,
	partial_hashes jsonb NULL,
	operator_version character varying NOT NULL
)`},
}

// Migrator sends each statement by itself, those of a file in one transaction unless -- atlas:txmode none stands at its top
// (sql/migrate/migrate.go, Executor.Execute; cmd/atlas, the flag --tx-mode, by default "file").
func (Format) Migrator(fsys fs.FS, h *migration.History, to migration.Target) (migration.Migrator, error) {
	m := &migrator{fsys: fsys, to: to, runner: script.NewRunner(to, setUp...)}
	text, err := fs.ReadFile(fsys, path.Join(h.Dir, migrate.HashFileName))
	if err != nil {
		return nil, fmt.Errorf("read atlas.sum: %w", err)
	}
	if err := m.sums.UnmarshalText(text); err != nil {
		return nil, fmt.Errorf("read atlas.sum: %w", err)
	}
	return m, nil
}

type migrator struct {
	fsys   fs.FS
	to     migration.Target
	sums   migrate.HashFile
	runner *script.Runner
}

// Apply runs the file. How long it took stays at nothing.
func (m *migrator) Apply(ctx context.Context, r migration.Revision) ([]migration.Statement, error) {
	content, err := fs.ReadFile(m.fsys, r.File)
	if err != nil {
		return nil, fmt.Errorf("read the migration: %w", err)
	}
	file := migrate.NewLocalFile(path.Base(r.File), content)
	transaction, err := inTransaction(r.File, file)
	if err != nil {
		return nil, err
	}
	messages, err := split(r.File, script.Expand(string(content), m.to.Placeholders))
	if err != nil {
		return nil, err
	}
	hash, err := m.sums.SumByName(file.Name())
	if err != nil {
		return nil, &migration.Error{File: r.File, Line: 1, Problem: "Atlas refuses to run a file that atlas.sum has no sum of", Remedy: rehash}
	}
	const executed = 2 // RevisionTypeExecute
	return m.runner.Run(ctx, script.Script{File: r.File, Messages: messages, Transaction: transaction, After: []script.Own{{
		SQL: `INSERT INTO atlas_schema_revisions.atlas_schema_revisions (version, description, type, applied, total, executed_at, execution_time, error, error_stmt, hash,
	partial_hashes, operator_version) VALUES ($1, $2, $3, $4, $4, now(), 0, '', '', $5, 'null', 'Headgate')`,
		Args: []any{r.Version, file.Desc(), executed, len(messages), hash},
	}}})
}

// inTransaction reads the file's -- atlas:txmode.
func inTransaction(name string, file *migrate.LocalFile) (bool, error) {
	modes := file.Directive("txmode")
	switch {
	case len(modes) == 0, len(modes) == 1 && modes[0] == "file":
		return true, nil
	case len(modes) == 1 && modes[0] == "none":
		return false, nil
	}
	return false, &migration.Error{File: name, Line: 1, Problem: fmt.Sprintf("atlas:txmode is %q", strings.Join(modes, ", ")), Remedy: "of a file it can be none or file, once"}
}

// place is what Atlas's scanner puts before an error.
var place = regexp.MustCompile(`(\d+):(\d+): (.*)`)

// split cuts a file where Atlas does for PostgreSQL (sql/postgres/driver_oss.go, Driver.ScanStmts).
func split(name, text string) ([]script.Message, error) {
	if line := tooDeep(text); line > 0 {
		return nil, &migration.Error{File: name, Line: line, Problem: fmt.Sprintf("more than %d blocks are begun here that do not end, and Atlas's scanner takes for ever over them", mostBlocks),
			Remedy: "end each BEGIN with END"}
	}
	scanner := &migrate.Scanner{ScannerOptions: migrate.ScannerOptions{MatchBegin: true, MatchBeginAtomic: true, MatchDollarQuote: true, EscapedStringExt: true}}
	statements, err := scanner.Scan(text)
	if err != nil {
		e := &migration.Error{File: name, Line: 1, Problem: "Atlas cannot cut the file into statements: " + err.Error(), Remedy: "set another end of statements with -- atlas:delimiter", Err: err}
		if m := place.FindStringSubmatch(err.Error()); m != nil {
			e.Line, _ = strconv.Atoi(m[1])
			e.Problem = "Atlas cannot cut the file into statements: " + m[3]
		}
		return nil, e
	}
	var messages []script.Message
	places, counted := script.NewLines(text), 0
	for _, s := range statements {
		at := strings.Index(text[counted:], s.Text)
		if s.Text == "" || at < 0 {
			continue
		}
		start := counted + at
		// The scanner counts from behind the line of a delimiter's directive.
		for _, from := range []int{s.Pos, s.Pos + strings.IndexByte(text, '\n') + 1} {
			if from >= counted && from <= len(text) && strings.HasPrefix(text[from:], s.Text) {
				start = from
				break
			}
		}
		line, indent := places.At(start)
		m := script.Message{SQL: s.Text, Indent: indent}
		for i := range strings.Count(s.Text, "\n") + 1 {
			m.Lines = append(m.Lines, line+i)
		}
		messages = append(messages, m)
		counted = start
	}
	return messages, nil
}

// mostBlocks is how many blocks may be open at once. Atlas's scanner tries every way to end them: twenty take seconds.
const mostBlocks = 10

// tooDeep is the line at which a text has more open blocks, or 0.
func tooDeep(text string) int {
	scan := sqltext.NewScanner(text)
	open, begun := 0, -1
	for t := scan.Next(); t.Kind != sqltext.EOF; t = scan.Next() {
		if t.Kind == sqltext.Comment {
			continue
		}
		word := strings.ToLower(text[t.Start:t.End])
		if begun >= 0 && word != ";" && word != "transaction" && word != "work" {
			open++
		}
		if begun = -1; word == "begin" {
			begun = t.Start
		}
		if word == "end" {
			open = max(open-1, 0)
		}
		if open > mostBlocks {
			return strings.Count(text[:t.Start], "\n") + 1
		}
	}
	return 0
}

// Revert does nothing: a way down is not written, but planned by Atlas from two schemas.
func (m *migrator) Revert(context.Context, migration.Revision) ([]migration.Statement, error) {
	return nil, nil
}

func (m *migrator) Close() error { return m.runner.Close() }
