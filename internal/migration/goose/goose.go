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
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"github.com/headgate/headgate/internal/migration"
)

// Format is goose's.
type Format struct{}

// Name is "goose".
func (Format) Name() string { return "goose" }

// Claims tells a goose migration by its version number and its annotation.
func (Format) Claims(name string, beginning []byte) migration.Claim {
	_, err := goose.NumericComponent(path.Base(name))
	if err != nil || path.Ext(name) != ".sql" || !bytes.Contains(beginning, []byte("+goose Up")) {
		return migration.Claim{}
	}
	return migration.Claim{Dir: path.Dir(name), Sure: true}
}

// Read lists the folder's migrations by goose's rule: NUMBER_name.sql, in the order of the
// numbers (goose v3, provider_collect.go). A Go migration is an error, since it cannot run without
// the user's program.
func (f Format) Read(fsys fs.FS, dir string) (*migration.History, error) {
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return nil, fmt.Errorf("read the migrations folder: %w", err)
	}
	h := &migration.History{Format: "goose", Dir: dir}
	var programs []string
	for _, e := range entries {
		number, err := goose.NumericComponent(e.Name())
		switch {
		case err != nil || e.IsDir() || strings.HasSuffix(e.Name(), "_test.go"):
		case path.Ext(e.Name()) == ".go":
			programs = append(programs, e.Name())
		default:
			h.Revisions = append(h.Revisions, migration.Revision{Version: strconv.FormatInt(number, 10), File: path.Join(dir, e.Name())})
		}
	}
	if len(programs) > 0 {
		return nil, programsError(dir, programs)
	}
	return f.Tool().Sort(h)
}

// Tool is goose (v3, provider.go and migrate.go: missing migrations, "allow missing"; provider_collect.go: duplicates).
func (Format) Tool() migration.Tool {
	return migration.Tool{
		Name:       "goose",
		Order:      migration.ByNumber,
		OutOfOrder: "`goose up` refuses to run while such a migration is missing, and applies it late with -allow-missing",
		Duplicate:  "goose refuses a version that two files claim",
	}
}

// Stamps is goose_db_version, a log. Releases of goose before v3 noted a rollback as a row that is not applied, and the latest
// row of a version still holds in all of them (goose v3, migrate.go, EnsureDBVersionContext). Version 0 is the row that comes
// with the table.
func (Format) Stamps() (migration.Stamps, bool) {
	return migration.Stamps{Table: "goose_db_version", Query: `SELECT version_id::text, false FROM (
		SELECT DISTINCT ON (version_id) version_id, is_applied FROM %s ORDER BY version_id, id DESC) latest
		WHERE is_applied AND version_id <> 0 ORDER BY latest.version_id`}, true
}

// Essence is the part between the annotations Up and Down, and where in it variables are substituted. The variables stay as
// they are written: their values are not the file's.
func (Format) Essence(fsys fs.FS, r migration.Revision) (migration.Essence, error) {
	text, err := fs.ReadFile(fsys, r.File)
	if err != nil {
		return nil, err
	}
	lines := strings.Split(string(text), "\n")
	up := false
	for i, line := range lines {
		switch name := annotation(line); {
		case name == "UP", name == "DOWN":
			up = name == "UP"
			lines[i] = ""
		case up && strings.HasPrefix(name, "ENVSUB"):
			lines[i] = `"` + name + `";`
		case !up:
			lines[i] = ""
		}
	}
	return migration.SQL(strings.Join(lines, "\n"), 1), nil
}

// programsError names the Go migrations and the way out.
func programsError(dir string, programs []string) error {
	return migration.Programs(dir, programs, "goose migrations that are Go programs run only inside your own binary",
		"name the command of your own binary that migrates the database of DATABASE_URL with the `migrate-command` setting")
}

// Migrator applies through goose's Provider, one version at a time.
func (Format) Migrator(fsys fs.FS, h *migration.History, to migration.Target) (migration.Migrator, error) {
	folder, err := fs.Sub(fsys, h.Dir)
	if err != nil {
		return nil, err
	}
	m := &migrator{folder: expandFS{folder, to.Env}, recorder: new(migration.Recorder), to: to}
	config := to.Database.Copy()
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
	to       migration.Target
}

func (m *migrator) Apply(ctx context.Context, r migration.Revision) ([]migration.Statement, error) {
	return m.run(ctx, r, true)
}

// Revert runs the part after the annotation Down. Goose takes a migration without one as having nothing to do.
func (m *migrator) Revert(ctx context.Context, r migration.Revision) ([]migration.Statement, error) {
	return m.run(ctx, r, false)
}

func (m *migrator) run(ctx context.Context, r migration.Revision, up bool) ([]migration.Statement, error) {
	number, err := strconv.ParseInt(r.Version, 10, 64)
	if err != nil {
		return nil, fmt.Errorf("%s: version %q is no number: %w", r.File, r.Version, err)
	}
	text, err := fs.ReadFile(m.folder, path.Base(r.File))
	if err != nil {
		return nil, fmt.Errorf("read the migration: %w", err)
	}
	err = m.to.Retry(ctx, func() error {
		m.recorder.Begin(string(text))
		_, err := m.provider.ApplyVersion(ctx, number, up)
		return err
	})
	if err != nil {
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
