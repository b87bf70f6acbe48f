// Package diesel reads and applies the migrations of Diesel, as `diesel migration run` and diesel_migrations do (diesel-rs/diesel,
// 2.3).
package diesel

import (
	"cmp"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/headgate/headgate/internal/migration"
)

// Format is Diesel's.
type Format struct{}

// Name is "diesel".
func (Format) Name() string { return "diesel" }

// folder is a name that other tools with an up.sql in a folder do not give: Hasura's begins with a plain number.
var folder = regexp.MustCompile(`^(\d{4}-\d{2}-\d{2}-\d{6}(-[0-9a-f]{4})?_|0+_diesel_initial_setup$)`)

// Claims knows VERSION_name/up.sql. It is sure where the version is written as a date with dashes, as `diesel migration generate`
// does, or the folder is the one that `diesel setup` makes.
func (Format) Claims(name string, _ []byte) migration.Claim {
	dir := path.Dir(name)
	own := path.Base(dir)
	if path.Base(name) != upFile || own[0] < '0' || own[0] > '9' || !strings.Contains(own, "_") {
		return migration.Claim{}
	}
	return migration.Claim{Dir: path.Dir(dir), Sure: folder.MatchString(own)}
}

// The files of a migration's folder.
const (
	upFile       = "up.sql"
	downFile     = "down.sql"
	metadataFile = "metadata.toml"
)

// longest is how many characters a version may have in __diesel_schema_migrations.
const longest = 50

// Read lists the folders that are neither empty nor hidden (migrations_internals, migrations_directories), in the order of
// their versions: what stands before the first _, without dashes (version_from_string). The versions are texts, and in that order.
func (f Format) Read(fsys fs.FS, dir string) (*migration.History, error) {
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return nil, fmt.Errorf("read the migrations folder: %w", err)
	}
	h := &migration.History{Format: "diesel", Dir: dir}
	var faults []migration.Fault
	for _, e := range entries {
		if !e.IsDir() || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		inside, err := fs.ReadDir(fsys, path.Join(dir, e.Name()))
		if err != nil {
			return nil, fmt.Errorf("read the migration's folder: %w", err)
		}
		if len(inside) == 0 {
			continue
		}
		r := migration.Revision{Version: versionOf(e.Name()), File: path.Join(dir, e.Name(), upFile)}
		if fault := check(r, inside); fault != nil {
			faults = append(faults, migration.Fault{Rule: migration.BrokenHistory, Revision: migration.Revision{File: fault.File}, Err: fault})
			continue
		}
		h.Revisions = append(h.Revisions, r)
	}
	return f.Tool().Sort(h, faults...)
}

func versionOf(folder string) string {
	version, _, _ := strings.Cut(folder, "_")
	return strings.ReplaceAll(version, "-", "")
}

// check finds why Diesel would not take a folder as a migration.
func check(r migration.Revision, inside []fs.DirEntry) *migration.Error {
	at := slices.IndexFunc(inside, func(e fs.DirEntry) bool { return e.Name() == upFile })
	switch {
	case at < 0:
		return &migration.Error{File: path.Join(path.Dir(r.File), inside[0].Name()), Line: 1, Problem: "Diesel refuses all migrations, because this folder beside them has no up.sql",
			Remedy: "give it an up.sql, or move the folder away"}
	case inside[at].IsDir():
		return &migration.Error{File: r.File, Line: 1, Problem: "Diesel cannot read this migration: up.sql is a folder", Remedy: "make it a file"}
	case r.Version == "":
		return &migration.Error{File: r.File, Line: 1, Problem: "nothing stands before the first _ in the folder's name, so the migration has no version",
			Remedy: "name the folder VERSION_name"}
	case utf8.RuneCountInString(r.Version) > longest:
		return &migration.Error{File: r.File, Line: 1, Problem: fmt.Sprintf("the version is longer than the %d characters that Diesel's table has for it", longest),
			Remedy: "name the folder VERSION_name with a shorter version"}
	}
	return nil
}

// Tool is Diesel (diesel_migrations, migration_harness.rs, pending_migrations, which indexes the migrations by version).
func (Format) Tool() migration.Tool {
	return migration.Tool{
		Name: "Diesel",
		Order: func(a, b migration.Revision) int {
			return cmp.Or(strings.Compare(a.Version, b.Version), strings.Compare(a.File, b.File))
		},
		OutOfOrder: "Diesel runs it late, after those that the database has already",
		Duplicate:  "Diesel runs one of the two and passes over the other for ever",
		Late:       true,
	}
}

// Stamps is __diesel_schema_migrations.
func (Format) Stamps() (migration.Stamps, bool) {
	return migration.Stamps{Table: "__diesel_schema_migrations", Query: "SELECT version::text, false FROM %s ORDER BY 1"}, true
}

// Essence is up.sql.
func (Format) Essence(fsys fs.FS, r migration.Revision) (migration.Essence, error) {
	return migration.FileSQL(fsys, r)
}
