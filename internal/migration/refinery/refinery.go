// Package refinery reads and applies the SQL migrations of refinery, a library for Rust. What it says of refinery is from the
// source of refinery_core.
package refinery

import (
	"context"
	"fmt"
	"io/fs"
	"math"
	"path"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/headgate/headgate/internal/migration"
	"github.com/headgate/headgate/internal/migration/script"
)

// Format is refinery's.
type Format struct{}

// Name is "refinery".
func (Format) Name() string { return "refinery" }

// file is the name of a migration (util.rs, STEM_RE), versions with a dot left out: refinery refuses those.
var file = regexp.MustCompile(`^([UV])(\d+(?:\.\d+)?)__([\pL\pM\pN\p{Pc}]+)\.(sql|rs)$`)

// Claims is never sure: Flyway's files have such names too.
func (Format) Claims(name string, _ []byte) migration.Claim {
	if m := file.FindStringSubmatch(path.Base(name)); m == nil || m[4] != "sql" {
		return migration.Claim{}
	}
	return migration.Claim{Dir: path.Dir(name)}
}

// Read walks the folder with its sub-folders (util.rs, find_migration_files) and sorts by version. A program is an error, since
// it cannot run without the user's own.
func (f Format) Read(fsys fs.FS, dir string) (*migration.History, error) {
	h := &migration.History{Format: "refinery", Dir: dir}
	err := fs.WalkDir(fsys, dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		m := file.FindStringSubmatch(path.Base(name))
		if m == nil {
			return nil
		}
		if m[4] == "rs" {
			return &migration.Error{File: name, Line: 1, Problem: "a refinery migration that is a Rust program runs only inside your own binary",
				Remedy: "the way out is the `migrate-command` setting, with which your own binary migrates the throwaway database"}
		}
		number, err := strconv.ParseInt(m[2], 10, 64)
		if err != nil {
			return &migration.Error{File: name, Line: 1, Problem: fmt.Sprintf("refinery refuses the version %.50s: it is no whole number of 64 bits", m[2]), Remedy: "give the file another version", Err: err}
		}
		h.Revisions = append(h.Revisions, migration.Revision{Version: strconv.FormatInt(number, 10), File: name})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the migrations folder: %w", err)
	}
	return f.Tool().Sort(h)
}

// Tool is refinery with its defaults, abort_divergent and abort_missing (traits/mod.rs, verify_migrations).
func (Format) Tool() migration.Tool {
	return migration.Tool{
		Name:       "refinery",
		Order:      migration.ByNumber,
		OutOfOrder: "refinery refuses to run while such a migration is missing, and applies it late only where its name begins with U",
		Duplicate:  "refinery refuses a version that two files claim",
		Edited:     "refinery refuses to run, since name or checksum are not those that it noted",
		Deleted:    "refinery refuses to run, since it has applied a migration that it does not find",
	}
}

func number(r migration.Revision) int64 {
	n, _ := strconv.ParseInt(r.Version, 10, 64)
	return n
}

// Stamps is refinery_schema_history, with a row for each migration.
func (Format) Stamps() (migration.Stamps, bool) {
	return migration.Stamps{Table: "refinery_schema_history", Query: "SELECT version::text, false FROM %s ORDER BY version"}, true
}

// Essence is the name and each line, to the byte: refinery refuses to go on after an edit that changes its checksum.
func (Format) Essence(fsys fs.FS, r migration.Revision) (migration.Essence, error) {
	text, err := fs.ReadFile(fsys, r.File)
	if err != nil {
		return nil, err
	}
	e := migration.Essence{{Text: title(r.File), Line: 1}}
	for i, line := range strings.Split(string(text), "\n") {
		e = append(e, migration.Token{Text: line, Line: i + 1})
	}
	return e, nil
}

// title is the part of a file's name after the version.
func title(name string) string {
	if m := file.FindStringSubmatch(path.Base(name)); m != nil {
		return m[3]
	}
	return ""
}

// Migrator sends each file as one message in a transaction (drivers/postgres.rs). Refinery has no way down. Where a version needs
// 64 bits, the user's binary has the feature int8-versions.
func (Format) Migrator(fsys fs.FS, h *migration.History, to migration.Target) (migration.Migrator, error) {
	m := &migrator{fsys: fsys, to: to}
	for _, r := range h.Revisions {
		m.wide = m.wide || number(r) > math.MaxInt32
	}
	width := "int4"
	if m.wide {
		width = "int8"
	}
	m.runner = script.NewRunner(to, script.Own{SQL: `CREATE TABLE IF NOT EXISTS refinery_schema_history(
             version ` + width + ` PRIMARY KEY,
             name VARCHAR(255),
             applied_on VARCHAR(255),
             checksum VARCHAR(255));`})
	return m, nil
}

type migrator struct {
	fsys   fs.FS
	to     migration.Target
	runner *script.Runner
	wide   bool
}

// Apply runs a file and notes it.
func (m *migrator) Apply(ctx context.Context, r migration.Revision) ([]migration.Statement, error) {
	content, err := fs.ReadFile(m.fsys, r.File)
	if err != nil {
		return nil, fmt.Errorf("read the migration: %w", err)
	}
	sum := checksum(title(r.File), number(r), m.wide, string(content))
	text := script.Expand(string(content), m.to.Placeholders)
	return m.runner.Run(ctx, script.Script{
		File: r.File, Messages: script.Whole(text, 0, len(text)), Transaction: true,
		After: []script.Own{{
			SQL:  "INSERT INTO refinery_schema_history (version, name, applied_on, checksum) VALUES ($1, $2, $3, $4)",
			Args: []any{number(r), title(r.File), time.Now().UTC().Format(time.RFC3339Nano), strconv.FormatUint(sum, 10)},
		}},
	})
}

// Revert does nothing.
func (m *migrator) Revert(context.Context, migration.Revision) ([]migration.Statement, error) {
	return nil, nil
}

// Close ends the connection.
func (m *migrator) Close() error { return m.runner.Close() }
