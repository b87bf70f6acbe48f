// Package plain reads a folder of numbered SQL files that some tool of the user's own applies, in the order of their
// names.
package plain

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/headgate/headgate/internal/migration"
	"github.com/headgate/headgate/internal/sqltext"
)

// Format is that of plain SQL files.
type Format struct{}

// Name is "plain".
func (Format) Name() string { return "plain" }

// Claims is never true: any SQL file could be one, so the format has to be named.
func (Format) Claims(string, []byte) bool { return false }

// Read lists the folder's files NAME.sql or NAME.up.sql whose name begins with a digit, sorted by name as ls sorts them
// in the C locale. The version is the name without its endings. NAME.down.sql is left out.
func (f Format) Read(fsys fs.FS, dir string) (*migration.History, error) {
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return nil, fmt.Errorf("read the migrations folder: %w", err)
	}
	h := &migration.History{Format: "plain", Dir: dir}
	for _, e := range entries {
		version, isSQL := strings.CutSuffix(e.Name(), ".sql")
		if e.IsDir() || !isSQL || e.Name()[0] < '0' || e.Name()[0] > '9' || strings.HasSuffix(version, ".down") {
			continue
		}
		version = strings.TrimSuffix(version, ".up")
		h.Revisions = append(h.Revisions, migration.Revision{Version: version, File: path.Join(dir, e.Name())})
	}
	return f.Tool().Sort(h)
}

// Tool is whatever the user runs the files with.
func (Format) Tool() migration.Tool {
	return migration.Tool{
		Name:       "the tool that runs these files",
		Order:      func(a, b migration.Revision) int { return strings.Compare(path.Base(a.File), path.Base(b.File)) },
		OutOfOrder: "a tool that notes each file that it ran would run it late, and one that notes only the last would skip it for ever",
		Duplicate:  "by their names the two are one migration, of which a tool runs one or both",
	}
}

// Essence is the whole file: the way down has one of its own.
func (Format) Essence(fsys fs.FS, file string) (migration.Essence, error) {
	text, err := fs.ReadFile(fsys, file)
	if err != nil {
		return nil, err
	}
	return migration.SQL(strings.TrimPrefix(string(text), "\ufeff"), 1), nil
}

// Migrator applies files statement by statement, each file in a transaction of its own.
func (Format) Migrator(fsys fs.FS, _ *migration.History, db *pgx.ConnConfig, _ func(string) (string, bool)) (migration.Migrator, error) {
	return &migrator{fsys: fsys, config: db}, nil
}

type migrator struct {
	fsys   fs.FS
	config *pgx.ConnConfig
	conn   *pgx.Conn
}

// Apply runs the file in a transaction, unless it holds a statement that PostgreSQL runs only outside of one.
func (m *migrator) Apply(ctx context.Context, r migration.Revision) ([]migration.Statement, error) {
	return m.run(ctx, r.File)
}

// Revert runs NAME.down.sql, if there is one.
func (m *migrator) Revert(ctx context.Context, r migration.Revision) ([]migration.Statement, error) {
	file := strings.TrimSuffix(strings.TrimSuffix(r.File, ".sql"), ".up") + ".down.sql"
	if _, err := fs.Stat(m.fsys, file); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return m.run(ctx, file)
}

func (m *migrator) run(ctx context.Context, file string) (ran []migration.Statement, err error) {
	text, err := fs.ReadFile(m.fsys, file)
	if err != nil {
		return nil, fmt.Errorf("read the migration: %w", err)
	}
	if m.conn == nil {
		if m.conn, err = pgx.ConnectConfig(ctx, m.config); err != nil {
			return nil, fmt.Errorf("connect to apply migrations: %w", err)
		}
	}
	statements := split(strings.TrimPrefix(string(text), "\ufeff"))
	if !transactional(statements) {
		return statements, execute(ctx, m.conn, file, statements)
	}
	return statements, pgx.BeginFunc(ctx, m.conn, func(tx pgx.Tx) error { return execute(ctx, tx.Conn(), file, statements) })
}

func execute(ctx context.Context, conn *pgx.Conn, file string, statements []migration.Statement) error {
	for _, s := range statements {
		if _, err := conn.Exec(ctx, s.SQL, pgx.QueryExecModeSimpleProtocol); err != nil {
			return s.Refused(file, err)
		}
	}
	return nil
}

// split cuts a file into statements that know their lines.
func split(text string) []migration.Statement {
	var statements []migration.Statement
	line, counted := 1, 0
	for span := range sqltext.Statements(text) {
		line += strings.Count(text[counted:span.Start], "\n")
		counted = span.Start
		s := migration.Statement{SQL: text[span.Start:span.End]}
		s.Indent = len([]rune(text[strings.LastIndexByte(text[:span.Start], '\n')+1 : span.Start]))
		for i := range strings.Count(s.SQL, "\n") + 1 {
			s.Lines = append(s.Lines, line+i)
		}
		statements = append(statements, s)
	}
	return statements
}

// transactional tells whether all statements may run in a transaction (PostgreSQL manual: CREATE INDEX
// CONCURRENTLY, VACUUM, … "cannot be executed inside a transaction block").
func transactional(statements []migration.Statement) bool {
	for _, s := range statements {
		words := strings.Fields(strings.ToLower(s.SQL))
		if len(words) > 0 && (words[0] == "vacuum" || words[0] == "begin" || words[0] == "start") || slices.Contains(words[:min(len(words), 6)], "concurrently") {
			return false
		}
	}
	return true
}

func (m *migrator) Close() error {
	if m.conn == nil {
		return nil
	}
	return m.conn.Close(context.Background())
}
