// Package plain reads a folder of numbered SQL files that some tool of the user's own applies, in the order of their
// names.
package plain

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"

	"github.com/headgate/headgate/internal/migration"
	"github.com/headgate/headgate/internal/migration/script"
)

// Format is that of plain SQL files.
type Format struct{}

// Name is "plain".
func (Format) Name() string { return "plain" }

// annotations are lines by which tools part the way up from the way down, or one migration from the next. Where down is set, what
// follows it is the way down, so that a file run as a whole would undo itself.
var annotations = []struct {
	format     string
	line, down *regexp.Regexp
}{
	{"goose", regexp.MustCompile(`(?im)^\s*--\s*\+goose\b`), regexp.MustCompile(`(?im)^[ \t]*--[ \t]*\+goose[ \t]+down\b`)},
	{"sql-migrate", regexp.MustCompile(`(?im)^\s*--\s*\+migrate\b`), regexp.MustCompile(`(?im)^[ \t]*--[ \t]*\+migrate[ \t]+down\b`)},
	{"dbmate", regexp.MustCompile(`(?im)^\s*--\s*migrate:(?:up|down)`), regexp.MustCompile(`(?im)^[ \t]*--[ \t]*migrate:down\b`)},
	{"tern", regexp.MustCompile(`---- create above / drop below ----`), regexp.MustCompile(`---- create above / drop below ----`)},
	{"node-pg-migrate", regexp.MustCompile(`(?im)^\s*--\s*(?:up|down) migration\b`), regexp.MustCompile(`(?im)^[ \t]*--[ \t-]*down[ \t]+migration\b`)},
	{"liquibase", regexp.MustCompile(`(?im)^\s*--\s*(?:liquibase formatted sql|changeset\s)`), nil},
}

// annotated tells whether some tool's annotation stands in a text.
func annotated(text []byte) bool {
	for _, a := range annotations {
		if a.line.Match(text) {
			return true
		}
	}
	return false
}

// wayDown finds where a way down begins in a text, and the format whose annotation says so; empty where there is none.
func wayDown(text []byte) (format string, at int) {
	for _, a := range annotations {
		if a.down == nil {
			continue
		}
		if found := a.down.FindIndex(text); found != nil && (format == "" || found[0] < at) {
			format, at = a.format, found[0]
		}
	}
	return format, at
}

// Claims is never sure: any numbered SQL file could be one, unless some tool's annotation stands in it.
func (Format) Claims(name string, beginning []byte) migration.Claim {
	base := path.Base(name)
	if path.Ext(base) != ".sql" || base[0] < '0' || base[0] > '9' || annotated(beginning) {
		return migration.Claim{}
	}
	return migration.Claim{Dir: path.Dir(name)}
}

// Read lists the folder's files NAME.sql or NAME.up.sql whose name begins with a digit, sorted by name as ls sorts them
// in the C locale. The version is the name without its endings. NAME.down.sql is left out. A file in which a tool's annotation
// begins the way down, however far below, is an error: the tool does not run the whole.
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
		if err := foreign(fsys, path.Join(dir, e.Name())); err != nil {
			return nil, err
		}
		h.Revisions = append(h.Revisions, migration.Revision{Version: version, File: path.Join(dir, e.Name())})
	}
	return f.Tool().Sort(h)
}

// foreign is the error of a file that is another tool's, or nil.
func foreign(fsys fs.FS, name string) error {
	text, err := fs.ReadFile(fsys, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // a link to nowhere is said to be one when it is run
	}
	if err != nil {
		return fmt.Errorf("read the migration: %w", err)
	}
	format, at := wayDown(text)
	if format == "" {
		return nil
	}
	line := bytes.Count(text[:at], []byte("\n")) + 1
	return &migration.Error{File: name, Line: line, Problem: fmt.Sprintf("here begins the way down of a %s migration, which would undo the way up if the file were run as a plain one", format),
		Remedy: fmt.Sprintf("set `format: %s`, or take the annotation and the way down out of the file", format)}
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

// Stamps is false: nobody knows what runs the files.
func (Format) Stamps() (migration.Stamps, bool) { return migration.Stamps{}, false }

// Essence is the whole file: the way down has one of its own.
func (Format) Essence(fsys fs.FS, r migration.Revision) (migration.Essence, error) {
	text, err := fs.ReadFile(fsys, r.File)
	if err != nil {
		return nil, err
	}
	return migration.SQL(strings.TrimPrefix(string(text), byteOrderMark), 1), nil
}

// byteOrderMark is what some editors begin a file with. psql passes over it.
const byteOrderMark = "\ufeff"

// Migrator applies files statement by statement, each file in a transaction of its own.
func (Format) Migrator(fsys fs.FS, _ *migration.History, to migration.Target) (migration.Migrator, error) {
	return &migrator{fsys: fsys, to: to, runner: script.NewRunner(to)}, nil
}

type migrator struct {
	fsys   fs.FS
	to     migration.Target
	runner *script.Runner
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

func (m *migrator) run(ctx context.Context, file string) ([]migration.Statement, error) {
	content, err := fs.ReadFile(m.fsys, file)
	if err != nil {
		return nil, fmt.Errorf("read the migration: %w", err)
	}
	text := script.Expand(strings.TrimPrefix(string(content), byteOrderMark), m.to.Placeholders)
	messages := script.Statements(text, 0, len(text))
	return m.runner.Run(ctx, script.Script{File: file, Messages: messages, Transaction: !script.NeedsNoTransaction(messages)})
}

func (m *migrator) Close() error { return m.runner.Close() }
