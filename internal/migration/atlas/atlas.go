// Package atlas reads and applies the versioned migrations of Atlas, as `atlas migrate apply` does. How a file is cut into
// statements and what atlas.sum has to hold is asked of Atlas's own library.
package atlas

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"ariga.io/atlas/sql/migrate"

	"github.com/headgate/headgate/internal/migration"
)

// Format is Atlas's.
type Format struct{}

// Name is "atlas".
func (Format) Name() string { return "atlas" }

// Claims is sure of atlas.sum, which stands beside the migrations and which nobody else has.
func (Format) Claims(name string, _ []byte) migration.Claim {
	switch {
	case path.Base(name) == migrate.HashFileName:
		return migration.Claim{Dir: path.Dir(name), Sure: true}
	case path.Ext(name) == ".sql":
		return migration.Claim{Dir: path.Dir(name)}
	}
	return migration.Claim{}
}

// Read lists the folder's files *.sql in the order of their names, and holds them against atlas.sum (ariga.io/atlas,
// sql/migrate/dir.go, LocalDir.Files and Validate). What begins with -- atlas:checkpoint is run by an empty database alone, and by
// that only the last one and what comes after it (migrate.go, Executor.Pending; dir.go, FilesFromLastCheckpoint). What begins with
// -- atlas:import is an error.
func (f Format) Read(fsys fs.FS, dir string) (*migration.History, error) {
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return nil, fmt.Errorf("read the migrations folder: %w", err)
	}
	h := &migration.History{Format: "atlas", Dir: dir}
	var files []migrate.File
	var faults []migration.Fault
	for _, e := range entries {
		if e.IsDir() || path.Ext(e.Name()) != ".sql" {
			continue
		}
		name := path.Join(dir, e.Name())
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, fmt.Errorf("read the migration: %w", err)
		}
		file := migrate.NewLocalFile(e.Name(), text)
		if err := unknown(name, file); err != nil {
			return nil, err
		}
		files = append(files, file)
		if file.Version() == "" {
			faults = append(faults, migration.Broken(name, 1, "nothing stands before the first _ in the name, so the migration has no version", "name it VERSION_name.sql"))
			continue
		}
		h.Revisions = append(h.Revisions, migration.Revision{Version: file.Version(), File: name, Baseline: file.IsCheckpoint()})
	}
	supersede(h.Revisions)
	slices.SortFunc(files, func(a, b migrate.File) int { return strings.Compare(a.Name(), b.Name()) })
	fault, err := validate(fsys, dir, files)
	if err != nil {
		return nil, err
	}
	return f.Tool().Sort(h, append(faults, fault...)...)
}

// supersede marks all that comes before the last checkpoint, earlier ones included.
func supersede(revisions []migration.Revision) {
	last := -1
	for i, r := range revisions {
		if r.Baseline && (last < 0 || migration.ByName(revisions[last], r) < 0) {
			last = i
		}
	}
	if last < 0 {
		return
	}
	for i := range revisions {
		revisions[i].Superseded = migration.ByName(revisions[i], revisions[last]) < 0
	}
}

// unknown refuses what only some releases of Atlas do.
func unknown(name string, file *migrate.LocalFile) error {
	if len(file.Directive("import")) == 0 {
		return nil
	}
	return &migration.Error{
		File: name, Line: 1, Problem: "Headgate cannot read a migration with atlas:import yet",
		Remedy: "have a command of your own migrate the throwaway database, or leave the directive out",
	}
}

// rehash is what to do about an atlas.sum that does not fit.
const rehash = "look whether the files are what they should be, and run `atlas migrate hash`"

// validate holds the files against atlas.sum. It finds at most one fault: all sums after the first wrong one differ.
func validate(fsys fs.FS, dir string, files []migrate.File) ([]migration.Fault, error) {
	name := path.Join(dir, migrate.HashFileName)
	text, err := fs.ReadFile(fsys, name)
	switch {
	case errors.Is(err, fs.ErrNotExist) && len(files) > 0:
		return []migration.Fault{migration.Broken(path.Join(dir, files[0].Name()), 1, "Atlas refuses to run, because there is no atlas.sum beside the migrations", rehash)}, nil
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("read atlas.sum: %w", err)
	}
	var noted migrate.HashFile
	if err := noted.UnmarshalText(text); err != nil {
		return []migration.Fault{migration.Broken(name, 1, "Atlas refuses to run, because atlas.sum is not whole: "+err.Error(), rehash)}, nil //nolint:nilerr // the fault says it
	}
	found, err := migrate.NewHashFile(files)
	if err != nil {
		return nil, fmt.Errorf("sum up the migrations: %w", err)
	}
	for i := range max(len(noted), len(found)) {
		if i < len(noted) && i < len(found) && noted[i] == found[i] {
			continue
		}
		return []migration.Fault{mismatch(name, noted, found, i)}, nil
	}
	return nil, nil
}

// mismatch says which file the first wrong sum is of.
func mismatch(sums string, noted, found migrate.HashFile, at int) migration.Fault {
	line := at + 2 // the first one is the sum of all
	gone := func() bool {
		_, err := found.SumByName(noted[at].N)
		return err != nil
	}
	switch {
	case at >= len(found), at < len(noted) && gone():
		return migration.Broken(sums, line, fmt.Sprintf("Atlas refuses to run, because %q is in atlas.sum and not in the folder", noted[at].N), rehash)
	case at < len(noted) && noted[at].N == found[at].N:
		return migration.Broken(path.Join(path.Dir(sums), found[at].N), 1, "Atlas refuses to run, because the file is not what atlas.sum has", rehash)
	}
	return migration.Broken(path.Join(path.Dir(sums), found[at].N), 1, "Atlas refuses to run, because the file is not in atlas.sum at its place", rehash)
}

// Tool is Atlas (ariga.io/atlas, sql/migrate/migrate.go, Executor.Pending with the order "linear", which is the default).
func (Format) Tool() migration.Tool {
	return migration.Tool{
		Name:       "Atlas",
		Order:      migration.ByName,
		OutOfOrder: "`atlas migrate apply` refuses to run, and applies it late with --exec-order non-linear",
		Duplicate:  "Atlas fails at the second, because its version was applied with other content",
	}
}

// Stamps is atlas_schema_revisions, in a schema of its own unless the connection is bound to one. A row whose version begins
// with a dot is Atlas's own note.
func (Format) Stamps() (migration.Stamps, bool) {
	return migration.Stamps{Schema: versionTable, Table: versionTable, Query: `SELECT version::text, applied < total OR coalesce(error, '') <> ''
		FROM %s WHERE left(version, 1) <> '.' ORDER BY 1`}, true
}

// Essence is the file without its comments: that it is what atlas.sum has, Read has seen.
func (Format) Essence(fsys fs.FS, r migration.Revision) (migration.Essence, error) {
	return migration.FileSQL(fsys, r)
}
