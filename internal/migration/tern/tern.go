// Package tern reads and applies the migrations of jackc/tern. The rules are those of v2.3.
package tern

import (
	"bytes"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"

	"github.com/headgate/headgate/internal/migration"
)

// Format is tern's.
type Format struct{}

// Name is "tern".
func (Format) Name() string { return "tern" }

// separator parts the way up from the way down, wherever it stands (migrate.go, LoadMigrations).
const separator = "---- create above / drop below ----"

// bare is the comment of a migration that runs without a transaction (migrate.go, disableTxPattern).
var bare = regexp.MustCompile(`(?m)^---- tern: disable-tx ----$`)

// named is the name of a migration (migrate.go, migrationPattern).
var named = regexp.MustCompile(`\A(\d+)_.+\.sql\z`)

// Claims is sure of a file with one of tern's comments.
func (Format) Claims(name string, beginning []byte) migration.Claim {
	if !named.MatchString(path.Base(name)) {
		return migration.Claim{}
	}
	return migration.Claim{Dir: path.Dir(name), Sure: bytes.Contains(beginning, []byte(separator)) || bare.Match(beginning)}
}

// Read lists the folder's migrations (migrate.go, FindMigrations and LoadMigrations). Their numbers go from 1 without a gap, and
// every template of the folder has to be one, also those that no migration names.
func (f Format) Read(fsys fs.FS, dir string) (*migration.History, error) {
	all, err := readFolder(fsys, dir)
	if err != nil {
		return nil, err
	}
	h := &migration.History{Format: f.Name(), Dir: dir}
	if settings, err := readSettings(fsys, dir, nil); err != nil {
		return nil, err
	} else if settings.table != versionTable {
		h.VersionTable = settings.table
	}
	faults := all.faults
	if len(all.files) > 0 { // tern looks at templates only where there is something to migrate
		for _, s := range all.shared {
			if s.broken != nil {
				faults = append(faults, migration.Fault{Rule: migration.BrokenHistory, Revision: migration.Revision{File: s.file}, Err: s.broken})
			}
		}
	}
	for _, file := range all.files {
		r := migration.Revision{Version: strconv.Itoa(file.number), File: file.up.file, Includes: all.includes(file.up)}
		h.Revisions = append(h.Revisions, r)
		if wrong := file.wrong(); wrong != nil {
			faults = append(faults, migration.Fault{Rule: migration.BrokenHistory, Revision: r, Err: wrong})
		}
	}
	return f.Tool().Sort(h, append(faults, gaps(h)...)...)
}

// gaps are the numbers that no migration has, and that tern misses.
func gaps(h *migration.History) []migration.Fault {
	sorted := slices.SortedFunc(slices.Values(h.Revisions), migration.ByNumber)
	var faults []migration.Fault
	last := 0
	for _, r := range sorted {
		number, _ := strconv.Atoi(r.Version)
		if number > last+1 {
			faults = append(faults, migration.Fault{Rule: migration.BrokenHistory, Revision: r, Missing: strconv.Itoa(last + 1), Err: &migration.Error{
				File: r.File, Line: 1, Problem: fmt.Sprintf("tern refuses to run, because no migration has the number %d, and the next one is %d", last+1, number),
				Remedy: "number the migrations from 1 without a gap, as `tern renumber` does",
			}})
		}
		last = number
	}
	return faults
}

// Tool is tern (migrate.go, MigrateTo): it knows the number of the last migration and nothing else.
func (Format) Tool() migration.Tool {
	return migration.Tool{
		Name:       "tern",
		Order:      migration.ByNumber,
		OutOfOrder: "tern notes only the last number and runs what comes after it, so that it skips such a migration for ever",
		Duplicate:  "tern refuses to run",
		Deleted:    "tern refuses to run where a number is missing, or where a database is further than the last one",
	}
}

// Stamps is schema_version, in which a single row has the last number; 0 is none yet.
func (Format) Stamps() (migration.Stamps, bool) {
	return migration.Stamps{Schema: "public", Table: "schema_version", Query: `SELECT version::text, false FROM %s WHERE version > 0`, HeadsOnly: true}, true
}

// Essence is the way up as it is written, and all that it includes: what tern makes of it depends on settings that are not the
// migration's.
func (Format) Essence(fsys fs.FS, r migration.Revision) (migration.Essence, error) {
	text, err := fs.ReadFile(fsys, r.File)
	if err != nil {
		return nil, err
	}
	up := ways(r.File, path.Base(r.File), string(text)).up
	if up.trees == nil { // it is broken
		return migration.SQL(string(text), 1), nil
	}
	var e migration.Essence
	if bare.MatchString(up.text) {
		e = append(e, migration.Token{Text: "disable-tx", Line: up.line(0)})
	}
	e = append(e, up.essence()...)
	included := folder{}
	for _, name := range r.Includes {
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, err
		}
		included.shared = append(included.shared, newSource(name, within(path.Dir(r.File), name), string(text), 0, len(text)))
	}
	for _, s := range included.reach(up) {
		for _, token := range s.essence() {
			e = append(e, migration.Token{Text: token.Text, Line: s.line})
		}
	}
	return e, nil
}
