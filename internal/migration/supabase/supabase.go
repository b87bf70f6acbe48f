// Package supabase reads and applies the migrations of a Supabase project, as `supabase db push` and `supabase migration up` do
// (supabase/cli, apps/cli-go, June 2026), on a database that has what the platform brings.
package supabase

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"

	"github.com/headgate/headgate/internal/migration"
)

// Format is that of Supabase's command line.
type Format struct{}

// Name is "supabase".
func (Format) Name() string { return "supabase" }

// named is the name of a migration (pkg/migration/file.go, migrateFilePattern).
var named = regexp.MustCompile(`^([0-9]+)_(.*)\.sql$`)

// folder is where the command line has the migrations, seen from the project's folder (internal/utils/misc.go, MigrationsDir).
const folder = "supabase/migrations"

// Claims is sure in the one folder that the command line reads.
func (Format) Claims(name string, _ []byte) migration.Claim {
	dir := path.Dir(name)
	if dir != folder && !strings.HasSuffix(dir, "/"+folder) || !named.MatchString(path.Base(name)) {
		return migration.Claim{}
	}
	return migration.Claim{Dir: dir, Sure: true}
}

// oldInit is the name of a file that earlier versions of the command line wrote (pkg/migration/list.go, shouldSkip).
var oldInit = regexp.MustCompile(`([0-9]{14})_init\.sql`)

// Read lists the folder's files by the command line's rule, in the order of their names (pkg/migration/list.go,
// ListLocalMigrations). What is in folders below, and what is named otherwise, is passed over.
func (f Format) Read(fsys fs.FS, dir string) (*migration.History, error) {
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return nil, fmt.Errorf("read the migrations folder: %w", err)
	}
	h := &migration.History{Format: "supabase", Dir: dir}
	for i, e := range entries {
		m := named.FindStringSubmatch(e.Name())
		if old := oldInit.FindStringSubmatch(e.Name()); e.IsDir() || m == nil || i == 0 && old != nil && old[1] < "20211209000000" {
			continue
		}
		h.Revisions = append(h.Revisions, migration.Revision{Version: m[1], File: path.Join(dir, e.Name())})
	}
	return f.sort(h)
}

// sort refuses versions of different lengths where one begins with the other: in a folder, 10_b.sql stands before 1_a.sql, and
// in the version table 1 stands before 10. The command line compares the two lists from the top and then finds that the
// database has what the folder has not (pkg/migration/apply.go, FindPendingMigrations).
func (f Format) sort(h *migration.History) (*migration.History, error) {
	h, err := f.Tool().Sort(h)
	if err != nil {
		return nil, err
	}
	var faults []migration.Fault
	for i, r := range h.Revisions {
		if i == 0 || r.Version >= h.Revisions[i-1].Version {
			continue
		}
		before := h.Revisions[i-1]
		faults = append(faults, migration.Fault{Rule: migration.BrokenHistory, Revision: r, Err: &migration.Error{
			File: r.File, Line: 1,
			Problem: fmt.Sprintf("by its name the file comes after %s, and by its version %s before it, so that the Supabase CLI refuses to go on once both are applied", path.Base(before.File), r.Version),
			Remedy:  "give all versions the same number of digits, as `supabase migration new` does",
		}})
	}
	if len(faults) > 0 {
		return nil, &migration.RefusedError{History: h, Faults: faults}
	}
	return h, nil
}

// Tool is the command line (internal/migration/up/up.go, GetPendingMigrations; pkg/migration/apply.go, FindPendingMigrations).
func (Format) Tool() migration.Tool {
	return migration.Tool{
		Name:       "the Supabase CLI",
		Order:      migration.ByName,
		OutOfOrder: "the Supabase CLI refuses to run it without --include-all",
		Duplicate:  "the Supabase CLI fails at the second, since supabase_migrations.schema_migrations has its version already",
		Deleted:    "the Supabase CLI refuses to run as long as a migration that was applied is missing",
	}
}

// The version table.
const (
	versionSchema = "supabase_migrations"
	versionTable  = "schema_migrations"
)

// Stamps is supabase_migrations.schema_migrations.
func (Format) Stamps() (migration.Stamps, bool) {
	return migration.Stamps{Schema: versionSchema, Table: versionTable, Query: "SELECT version, false FROM %s ORDER BY 1"}, true
}

// Essence is the file's statements: the command line compares versions alone.
func (Format) Essence(fsys fs.FS, r migration.Revision) (migration.Essence, error) {
	return migration.FileSQL(fsys, r)
}
