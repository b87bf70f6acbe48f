// Package goose reads and applies the migrations of pressly/goose through goose's own library.
package goose

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"github.com/headgate/headgate/internal/migration"
)

// Format is goose's.
type Format struct{}

// Name is "goose".
func (Format) Name() string { return "goose" }

// Claims tells a goose migration by its version number and its annotation.
func (Format) Claims(name string, beginning []byte) bool {
	_, err := goose.NumericComponent(path.Base(name))
	return err == nil && path.Ext(name) == ".sql" && bytes.Contains(beginning, []byte("+goose Up"))
}

// Read lists the folder's migrations by goose's rule: NUMBER_name.sql, in the order of the
// numbers (goose v3, provider_collect.go). A Go migration is an error, since it cannot run without
// the user's program.
func (Format) Read(fsys fs.FS, dir string) (*migration.History, error) {
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return nil, fmt.Errorf("read the migrations folder: %w", err)
	}
	type numbered struct {
		number int64
		file   string
	}
	var found []numbered
	var programs []string
	for _, e := range entries {
		number, err := goose.NumericComponent(e.Name())
		switch {
		case err != nil || e.IsDir() || strings.HasSuffix(e.Name(), "_test.go"):
		case path.Ext(e.Name()) == ".go":
			programs = append(programs, e.Name())
		default:
			found = append(found, numbered{number, path.Join(dir, e.Name())})
		}
	}
	if len(programs) > 0 {
		return nil, programsError(dir, programs)
	}
	slices.SortFunc(found, func(a, b numbered) int {
		if a.number != b.number {
			return int(min(max(a.number-b.number, -1), 1))
		}
		return strings.Compare(a.file, b.file)
	})
	h := &migration.History{Format: "goose", Dir: dir}
	for i, f := range found {
		if i > 0 && found[i-1].number == f.number {
			return nil, &migration.Error{
				File:    f.file,
				Line:    1,
				Problem: fmt.Sprintf("version %d is also claimed by %s, and goose refuses a version that two files claim", f.number, found[i-1].file),
				Remedy:  "give the migration that is not released yet a number of its own",
			}
		}
		h.Revisions = append(h.Revisions, migration.Revision{Version: strconv.FormatInt(f.number, 10), File: f.file})
	}
	migration.Linear(h.Revisions)
	return h, nil
}

// programsError names the Go migrations and the way out.
func programsError(dir string, programs []string) error {
	const shown = 5
	names := strings.Join(programs[:min(shown, len(programs))], ", ")
	if more := len(programs) - shown; more > 0 {
		names += fmt.Sprintf(" and %d more", more)
	}
	return &migration.Error{
		File:    path.Join(dir, programs[0]),
		Line:    1,
		Problem: fmt.Sprintf("goose migrations that are Go programs run only inside your own binary: %s", names),
		Remedy: "the way out is the `migrate-command` setting, with which your own binary migrates the throwaway database; this release " +
			"does not have it yet, so it cannot check this folder",
	}
}

// Migrator applies through goose's Provider, one version at a time.
func (Format) Migrator(fsys fs.FS, h *migration.History, db *pgx.ConnConfig, env func(string) (string, bool)) (migration.Migrator, error) {
	folder, err := fs.Sub(fsys, h.Dir)
	if err != nil {
		return nil, err
	}
	m := &migrator{folder: expandFS{folder, env}, recorder: new(migration.Recorder)}
	config := db.Copy()
	config.Tracer = m.recorder
	m.db = stdlib.OpenDB(*config)
	m.provider, err = goose.NewProvider(goose.DialectPostgres, m.db, m.folder, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("goose refuses the folder %s: %w", h.Dir, err), m.db.Close())
	}
	return m, nil
}

type migrator struct {
	folder   fs.FS
	db       *sql.DB
	provider *goose.Provider
	recorder *migration.Recorder
}

func (m *migrator) Apply(ctx context.Context, r migration.Revision) ([]migration.Statement, error) {
	number, err := strconv.ParseInt(r.Version, 10, 64)
	if err != nil {
		return nil, fmt.Errorf("%s: version %q is no number: %w", r.File, r.Version, err)
	}
	text, err := fs.ReadFile(m.folder, path.Base(r.File))
	if err != nil {
		return nil, fmt.Errorf("read the migration: %w", err)
	}
	m.recorder.Begin(string(text))
	if _, err := m.provider.ApplyVersion(ctx, number, true); err != nil {
		return nil, m.explain(r, string(text), err)
	}
	return m.recorder.Statements(), nil
}

// explain finds the place of what goose refuses.
func (m *migrator) explain(r migration.Revision, text string, err error) error {
	if statement, refused := m.recorder.Failed(); refused != nil {
		return statement.Refused(r.File, refused)
	}
	if partial := (*goose.PartialError)(nil); errors.As(err, &partial) {
		err = partial.Err
	}
	problem, _, _ := strings.Cut(err.Error(), ", see https://")
	problem = strings.TrimPrefix(problem, fmt.Sprintf("failed to prepare migration (type:sql,version:%s): ", r.Version))
	return &migration.Error{
		File:    r.File,
		Line:    lineOf(text, problem),
		Problem: "goose cannot run this migration: " + firstRunes(problem, 300),
		Remedy:  "see https://pressly.github.io/goose/documentation/annotations/ for what a goose migration needs",
	}
}

// lineOf is the line of the statement that goose quotes in its message ("unfinished SQL query: \"…\""), or the first.
func lineOf(text, problem string) int {
	_, quoted, ok := strings.Cut(problem, "query: ")
	if !ok {
		return 1
	}
	prefix, err := strconv.QuotedPrefix(quoted)
	if err != nil {
		return 1
	}
	statement, err := strconv.Unquote(prefix)
	if err != nil {
		return 1
	}
	first, _, _ := strings.Cut(statement, "\n")
	before, _, ok := strings.Cut(text, first)
	if !ok {
		return 1
	}
	return strings.Count(before, "\n") + 1
}

func firstRunes(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i] + "…"
		}
		n--
	}
	return s
}

func (m *migrator) Close() error { return m.db.Close() }
