// Package nodepgmigrate reads and applies the SQL migrations of node-pg-migrate. The rules are those of v9.0; files are named by
// their place in its folder src.
package nodepgmigrate

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/headgate/headgate/internal/migration"
	"github.com/headgate/headgate/internal/migration/script"
)

// Format is node-pg-migrate's.
type Format struct{}

// Name is "node-pg-migrate".
func (Format) Name() string { return toolName }

// Claims tells a migration by the comments that `node-pg-migrate create` writes. A numbered file without them could be many a tool's, and so
// could one of a pair.
func (Format) Claims(name string, beginning []byte) migration.Claim {
	base := path.Base(name)
	if path.Ext(base) != ".sql" || prefix(base) == "" {
		return migration.Claim{}
	}
	text := string(beginning)
	both := find(upComment, text) >= 0 && find(downComment, text) >= 0
	marked := both || bytes.HasPrefix(beginning, []byte("-- Up Migration")) || bytes.Contains(beginning, []byte("\n-- Up Migration"))
	return migration.Claim{Dir: path.Dir(name), Sure: marked && whole(base) == base}
}

// Read lists the folder's files, all of which the tool takes for migrations, hidden ones and those of the setting ignore-pattern left out
// (migration.ts, getMigrationFilePaths). Folders in it are passed over. The version is a file's name without its ending.
func (f Format) Read(fsys fs.FS, dir string) (*migration.History, error) {
	s, err := readSettings(fsys, dir)
	if err != nil {
		return nil, err
	}
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return nil, fmt.Errorf("read the migrations folder: %w", err)
	}
	var names, programs []string
	for _, e := range entries {
		switch {
		case e.IsDir() || s.ignored.MatchString(e.Name()):
			continue
		case isProgram(e.Name()):
			programs = append(programs, e.Name())
		}
		names = append(names, e.Name())
	}
	if len(programs) > 0 {
		return nil, programsError(dir, programs)
	}
	h := &migration.History{Format: f.Name(), Dir: dir, Late: s.noCheckOrder}
	if usual, _ := f.Stamps(); usual.Table != s.table || usual.Schema != s.tableSchema() {
		h.VersionTable = migration.TableName(s.tableSchema(), s.table)
	}
	faults := f.collect(h, names)
	return f.Tool().Sort(h, faults...)
}

// Tool is node-pg-migrate: it holds the names in the database, in the order in which they ran, against the files one by one
// (runner.ts, checkOrder), and looks into no file that has run.
func (Format) Tool() migration.Tool {
	return migration.Tool{
		Name:       toolName,
		Order:      inOrder,
		OutOfOrder: "node-pg-migrate refuses to run while such a migration is missing (\"Not run migration … is preceding already run migration …\"), and runs it late with --no-check-order",
		Duplicate:  "node-pg-migrate, which knows a migration by its name without the ending, runs both on a new database and notes one name twice",
		Deleted:    "node-pg-migrate refuses to run as soon as another migration stands in its place",
	}
}

// Stamps is pgmigrations, a row for each file, unless the settings migrations-schema, schema and migrations-table say otherwise.
func (Format) Stamps() (migration.Stamps, bool) {
	return migration.Stamps{Schema: "public", Table: "pgmigrations", Query: `SELECT name, false FROM %s ORDER BY run_on, id`}, true
}

// Essence is the statements of the way up.
func (Format) Essence(fsys fs.FS, r migration.Revision) (migration.Essence, error) {
	content, err := fs.ReadFile(fsys, r.File)
	if err != nil {
		return nil, err
	}
	up, _, _ := waysOf(r, string(content))
	return up.essence(string(content)), nil
}

// waysOf are the ways of a revision's file: of a pair's the whole one is the way up.
func waysOf(r migration.Revision, text string) (up, down span, hasDown bool) {
	if isPair(r) {
		return span{0, len(text)}, span{}, false
	}
	return ways(text)
}

// Migrator sends each way of a file as one message (operations/sql.ts, db.ts) in a transaction. In one way it is milder than the
// tool, which by default has all pending migrations of a run in one transaction (runner.ts, singleTransaction): here each has its own,
// since what each one brings is looked at from outside. So a value that one migration adds to an enum and the next one of the same
// run uses is refused by PostgreSQL under node-pg-migrate (55P04), and not here.
func (Format) Migrator(fsys fs.FS, h *migration.History, to migration.Target) (migration.Migrator, error) {
	s, err := readSettings(fsys, h.Dir)
	if err != nil {
		return nil, err
	}
	return &migrator{fsys: fsys, to: to, table: pgx.Identifier{s.tableSchema(), s.table}.Sanitize(), runner: script.NewRunner(to, s.prepare()...)}, nil
}

// prepare is what the tool sends first (runner.ts, runner and ensureMigrationsTable). It stops where the schema of its table is
// missing and it was not told to make it: then something else makes it before the first migration.
func (s *settings) prepare() []script.Own {
	var own []script.Own
	quoted := make([]string, len(s.schemas))
	for i, schema := range s.schemas {
		quoted[i] = pgx.Identifier{schema}.Sanitize()
		if s.createSchema && schema != "public" {
			own = append(own, script.Own{SQL: "CREATE SCHEMA IF NOT EXISTS " + quoted[i]})
		}
	}
	own = append(own, script.Own{SQL: "SET search_path TO " + strings.Join(quoted, ", ")})
	if schema := s.tableSchema(); schema != "public" {
		own = append(own, script.Own{SQL: "CREATE SCHEMA IF NOT EXISTS " + pgx.Identifier{schema}.Sanitize()})
	}
	table := pgx.Identifier{s.tableSchema(), s.table}.Sanitize()
	return append(own, script.Own{SQL: "CREATE TABLE IF NOT EXISTS " + table + " (id SERIAL PRIMARY KEY, name varchar(255) NOT NULL, run_on timestamp NOT NULL)"})
}

type migrator struct {
	fsys   fs.FS
	to     migration.Target
	table  string
	runner *script.Runner
}

// Apply runs the way up and notes the name.
func (m *migrator) Apply(ctx context.Context, r migration.Revision) ([]migration.Statement, error) {
	text, err := m.read(r.File)
	if err != nil {
		return nil, err
	}
	up, _, _ := waysOf(r, text)
	return m.run(ctx, r.File, up.messages(text), script.Own{SQL: "INSERT INTO " + m.table + " (name, run_on) VALUES ($1, NOW())", Args: []any{r.Version}})
}

// Revert runs the way down, which the tool has where the file has its comment, or a pair its second half.
func (m *migrator) Revert(ctx context.Context, r migration.Revision) ([]migration.Statement, error) {
	file := r.File
	if isPair(r) {
		file = strings.TrimSuffix(file, upEnding) + downEnding
		if _, err := fs.Stat(m.fsys, file); err != nil {
			return nil, nil //nolint:nilerr // no way down
		}
	}
	text, err := m.read(file)
	if err != nil {
		return nil, err
	}
	_, down, hasDown := waysOf(r, text)
	if isPair(r) {
		down, hasDown = span{0, len(text)}, text != ""
	}
	if !hasDown {
		return nil, nil
	}
	return m.run(ctx, file, down.messages(text), script.Own{SQL: "DELETE FROM " + m.table + " WHERE name = $1", Args: []any{r.Version}})
}

// read reads a file as Node does: what is no UTF-8 becomes U+FFFD, and a byte order mark stays.
func (m *migrator) read(file string) (string, error) {
	content, err := fs.ReadFile(m.fsys, file)
	if err != nil {
		return "", fmt.Errorf("read the migration: %w", err)
	}
	return script.Expand(strings.ToValidUTF8(string(content), "\ufffd"), m.to.Placeholders), nil
}

func (m *migrator) run(ctx context.Context, file string, messages []script.Message, note script.Own) ([]migration.Statement, error) {
	return m.runner.Run(ctx, script.Script{File: file, Messages: messages, Transaction: true, After: []script.Own{note}})
}

func (m *migrator) Close() error { return m.runner.Close() }
