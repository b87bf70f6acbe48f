// Package sqlx reads and applies the migrations of sqlx, as `sqlx migrate run` and the macro migrate!() do (launchbadge/sqlx,
// 0.9).
package sqlx

import (
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/headgate/headgate/internal/migration"
)

// Format is sqlx's.
type Format struct{}

// Name is "sqlx".
func (Format) Name() string { return "sqlx" }

// Claims is never sure: other tools name their files VERSION_description.sql too.
func (Format) Claims(name string, _ []byte) migration.Claim {
	f, ok := parse(path.Base(name))
	if !ok || f.bad {
		return migration.Claim{}
	}
	return migration.Claim{Dir: path.Dir(name)}
}

// The ways that a file leads.
const (
	up   = ".up.sql"
	down = ".down.sql"
	only = ".sql"
)

// file is what the name of a migration says.
type file struct {
	version     int64
	bad         bool // what stands for the version is no number
	description string
	way         string
}

// parse reads VERSION_description with one of the endings .up.sql, .down.sql and .sql. Every other file is passed over
// (sqlx-core, migrate/source.rs, resolve_blocking_with_config).
func parse(name string) (file, bool) {
	number, rest, ok := strings.Cut(name, "_")
	if !ok || !strings.HasSuffix(rest, only) {
		return file{}, false
	}
	f := file{way: only}
	for _, way := range []string{up, down} {
		if strings.HasSuffix(rest, way) {
			f.way = way
		}
	}
	for strings.HasSuffix(rest, f.way) { // as often as it is there: Rust's trim_end_matches
		rest = strings.TrimSuffix(rest, f.way)
	}
	f.description = strings.ReplaceAll(rest, "_", " ")
	version, err := strconv.ParseInt(number, 10, 64)
	f.version, f.bad = version, err != nil
	return f, true
}

// Read lists the folder's files by sqlx's rule, in the order of their numbers. What is in folders below is passed over. Files
// of the way down are not revisions of their own.
func (f Format) Read(fsys fs.FS, dir string) (*migration.History, error) {
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return nil, fmt.Errorf("read the migrations folder: %w", err)
	}
	h := &migration.History{Format: "sqlx", Dir: dir}
	var faults []migration.Fault
	for _, e := range entries {
		named, ok := parse(e.Name())
		if e.IsDir() || !ok {
			continue
		}
		r := migration.Revision{Version: strconv.FormatInt(named.version, 10), File: path.Join(dir, e.Name())}
		text, err := fs.ReadFile(fsys, r.File)
		if err != nil {
			return nil, fmt.Errorf("read the migration: %w", err)
		}
		switch {
		case named.bad:
			faults = append(faults, broken(migration.Revision{File: r.File}, "sqlx refuses the folder: what stands before the first _ in the name is no whole number of 64 bits",
				"name it VERSION_description.sql, or move it out of the folder"))
		case !utf8.Valid(text):
			faults = append(faults, broken(r, "sqlx refuses the folder: the file is not UTF-8", "save it as UTF-8"))
		}
		if !named.bad && named.way != down {
			h.Revisions = append(h.Revisions, r)
		}
	}
	return f.Tool().Sort(h, faults...)
}

func broken(r migration.Revision, problem, remedy string) migration.Fault {
	return migration.Fault{Rule: migration.BrokenHistory, Revision: r, Err: &migration.Error{File: r.File, Line: 1, Problem: problem, Remedy: remedy}}
}

// Tool is sqlx (sqlx-core, migrate/migrator.rs, run_direct and validate_applied_migrations; sqlx-cli, migrate.rs, run).
func (Format) Tool() migration.Tool {
	return migration.Tool{
		Name:       "sqlx",
		Order:      migration.ByNumber,
		OutOfOrder: "sqlx runs it late, after those that the database has already",
		Duplicate:  "sqlx runs both, of which the second fails because its version is in _sqlx_migrations",
		Late:       true,
		Edited:     "sqlx refuses to run as long as the file's checksum is not the one in _sqlx_migrations",
		Deleted:    "sqlx refuses to run as long as a migration that was applied is missing",
	}
}

// Stamps is _sqlx_migrations. A row without success is one that sqlx refuses to go on with (sqlx-postgres, migrate.rs,
// dirty_version).
func (Format) Stamps() (migration.Stamps, bool) {
	return migration.Stamps{Table: versionTable, Query: "SELECT version::text, NOT success FROM %s ORDER BY 1"}, true
}

// Essence is every byte of the file, since sqlx compares its checksum: without the characters that sqlx.toml takes out of it.
func (Format) Essence(fsys fs.FS, r migration.Revision) (migration.Essence, error) {
	text, err := fs.ReadFile(fsys, r.File)
	if err != nil {
		return nil, err
	}
	s, err := readSettings(fsys, path.Dir(r.File))
	if err != nil {
		return nil, err
	}
	return s.essence(string(text)), nil
}
