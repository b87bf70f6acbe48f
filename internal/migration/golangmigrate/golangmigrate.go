// Package golangmigrate reads and applies the migrations of golang-migrate/migrate. The rules are those of v4.20.
package golangmigrate

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"path"
	"regexp"
	"strconv"

	"github.com/headgate/headgate/internal/migration"
	"github.com/headgate/headgate/internal/migration/script"
)

// Format is golang-migrate's.
type Format struct{}

// Name is "golang-migrate".
func (Format) Name() string { return "golang-migrate" }

// named is what a migration's file is called, with any ending (source/parse.go, Regex).
var named = regexp.MustCompile(`^([0-9]+)_(.*)\.(down|up)\.(.*)$`)

// Claims is never sure: sqlx has the same names.
func (Format) Claims(name string, _ []byte) migration.Claim {
	m := named.FindStringSubmatch(path.Base(name))
	if m == nil || m[4] != "sql" && m[4] != "pgsql" {
		return migration.Claim{}
	}
	return migration.Claim{Dir: path.Dir(name)}
}

// Read lists the folder's files VERSION_name.up.EXTENSION, in the order of the versions. A version that has a way down
// alone is one too, and does nothing upwards (source/iofs/iofs.go, Init; migrate.go, newMigration).
func (f Format) Read(fsys fs.FS, dir string) (*migration.History, error) {
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return nil, fmt.Errorf("read the migrations folder: %w", err)
	}
	h := &migration.History{Format: f.Name(), Dir: dir}
	var downs []migration.Revision
	up := map[string]bool{}
	for _, e := range entries {
		m := named.FindStringSubmatch(e.Name())
		if e.IsDir() || m == nil {
			continue
		}
		number, err := strconv.ParseUint(m[1], 10, 64)
		if err != nil {
			continue // the tool passes over it too
		}
		r := migration.Revision{Version: strconv.FormatUint(number, 10), File: path.Join(dir, e.Name())}
		switch {
		case number > math.MaxInt64:
			return nil, &migration.Error{File: r.File, Line: 1, Problem: "version " + r.Version + " does not fit into golang-migrate's version table, which has a bigint", Remedy: "take a smaller number"}
		case m[3] == "up":
			h.Revisions = append(h.Revisions, r)
			up[r.Version] = true
		default:
			downs = append(downs, r)
		}
	}
	for _, r := range downs {
		if !up[r.Version] {
			h.Revisions = append(h.Revisions, r)
		}
	}
	if h, err := f.Tool().Sort(h); err != nil {
		return h, err
	}
	_, err = f.Tool().Sort(&migration.History{Revisions: downs})
	if refused := (*migration.RefusedError)(nil); errors.As(err, &refused) {
		refused.History = h
		return nil, refused
	}
	return h, nil
}

// Tool is golang-migrate (migrate.go: Up and readUp begin behind the one version that is noted, and want its file).
func (Format) Tool() migration.Tool {
	return migration.Tool{
		Name:       "golang-migrate",
		Order:      migration.ByNumber,
		OutOfOrder: "golang-migrate notes only the last version and runs what comes after it, so that it skips such a migration for ever",
		Duplicate:  "golang-migrate refuses a version that two files claim",
		Deleted:    "golang-migrate refuses to run on a database that is at this version",
	}
}

// Stamps is schema_migrations, one row. The version is noted as dirty before its file runs, -1 where the way down to
// nothing broke off (database/pgx/v5/pgx.go, SetVersion).
func (Format) Stamps() (migration.Stamps, bool) {
	return migration.Stamps{Table: "schema_migrations", HeadsOnly: true, Query: `SELECT version::text, dirty FROM %s WHERE version >= 0 OR dirty`}, true
}

// Essence is the whole file: the way down has one of its own.
func (Format) Essence(fsys fs.FS, r migration.Revision) (migration.Essence, error) {
	if !upwards(r) {
		return nil, nil
	}
	return migration.FileSQL(fsys, r)
}

// upwards is false for a version that has a way down alone.
func upwards(r migration.Revision) bool {
	return named.FindStringSubmatch(path.Base(r.File))[3] == "up"
}

// versionTable is the one that the tool makes in the schema that it finds current.
const versionTable = `"public"."schema_migrations"`

// Migrator sends each file as one message, in no transaction of the tool's own (database/pgx/v5/pgx.go, Run and
// ensureVersionTable; x-multi-statement is off unless the database's URL asks for it).
func (Format) Migrator(fsys fs.FS, h *migration.History, to migration.Target) (migration.Migrator, error) {
	table := script.Own{SQL: "CREATE TABLE IF NOT EXISTS " + versionTable + " (version bigint not null primary key, dirty boolean not null)"}
	return &migrator{fsys: fsys, history: h, to: to, runner: script.NewRunner(to, table)}, nil
}

type migrator struct {
	fsys    fs.FS
	history *migration.History
	to      migration.Target
	runner  *script.Runner
}

// none is the version of a database without migrations (database/driver.go, NilVersion).
const none = "-1"

func (m *migrator) Apply(ctx context.Context, r migration.Revision) ([]migration.Statement, error) {
	file := r.File
	if !upwards(r) {
		file = ""
	}
	return m.run(ctx, file, r.Version)
}

// Revert runs the version's file .down, if there is one, and notes the version before it.
func (m *migrator) Revert(ctx context.Context, r migration.Revision) ([]migration.Statement, error) {
	before := none
	for _, other := range m.history.Revisions {
		if migration.ByNumber(other, r) < 0 {
			before = other.Version
		}
	}
	entries, err := fs.ReadDir(m.fsys, path.Dir(r.File))
	if err != nil {
		return nil, fmt.Errorf("read the migrations folder: %w", err)
	}
	file := ""
	for _, e := range entries {
		name := named.FindStringSubmatch(e.Name())
		if e.IsDir() || name == nil || name[3] != "down" {
			continue
		}
		if number, err := strconv.ParseUint(name[1], 10, 64); err == nil && strconv.FormatUint(number, 10) == r.Version {
			file = path.Join(path.Dir(r.File), e.Name())
		}
	}
	return m.run(ctx, file, before)
}

// run runs a file, or none, and notes the version that it leads to.
func (m *migrator) run(ctx context.Context, file, version string) ([]migration.Statement, error) {
	number, err := strconv.ParseInt(version, 10, 64)
	if err != nil {
		return nil, fmt.Errorf("version %q is no number: %w", version, err)
	}
	s := script.Script{File: file, Closes: true, Before: note(number, true), After: note(number, false)}
	if file != "" {
		content, err := fs.ReadFile(m.fsys, file)
		if err != nil {
			return nil, fmt.Errorf("read the migration: %w", err)
		}
		text := script.Expand(string(content), m.to.Placeholders)
		s.Messages = script.Whole(text, 0, len(text))
	}
	return m.runner.Run(ctx, s)
}

// note puts the one row into the version table. The COMMIT also ends a transaction that the file before has left open.
func note(version int64, dirty bool) []script.Own {
	own := []script.Own{{SQL: "begin"}, {SQL: "TRUNCATE " + versionTable}}
	if version >= 0 || dirty {
		own = append(own, script.Own{SQL: "INSERT INTO " + versionTable + " (version, dirty) VALUES ($1, $2)", Args: []any{version, dirty}})
	}
	return append(own, script.Own{SQL: "commit"})
}

func (m *migrator) Close() error { return m.runner.Close() }
