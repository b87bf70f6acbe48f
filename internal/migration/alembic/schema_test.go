package alembic_test

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/tools/txtar"

	"github.com/headgate/headgate/internal/migration"
	"github.com/headgate/headgate/internal/migration/alembic"
	"github.com/headgate/headgate/internal/postgres"
	"github.com/headgate/headgate/internal/postgres/postgrestest"
	"github.com/headgate/headgate/internal/schema"
)

// projects names further script folders to compare, colon-separated, of checkouts of public repositories.
const projects = "HEADGATE_ALEMBIC_PROJECTS"

// TestSchemaEqualsAlembic builds each history by ourselves and by the real alembic, and compares the catalogs: tables,
// columns, types, nullability, defaults, constraints, indexes, functions.
func TestSchemaEqualsAlembic(t *testing.T) {
	requireAlembic(t)
	server := postgrestest.Start(t)
	cases, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(cases) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	compared := 0
	for _, name := range cases {
		archive, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(archive.Files[len(archive.Files)-1].Data), "error: ") {
			continue // one that cannot be read is no case for a comparison
		}
		if strings.HasPrefix(filepath.Base(name), "library_") && !hasLibraries(t) {
			continue
		}
		compared++
		t.Run(filepath.Base(name), func(t *testing.T) {
			top := t.TempDir()
			tree, err := txtar.FS(archive)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.CopyFS(top, tree); err != nil {
				t.Fatal(err)
			}
			compareSchemas(t, server, top, "migrations", (*postgres.Database).Config)
		})
	}
	if compared == 0 {
		t.Error("no case was compared")
	}
	for _, project := range strings.FieldsFunc(os.Getenv(projects), func(r rune) bool { return r == ':' }) {
		top, dir, ok := strings.Cut(project, "//")
		if !ok {
			t.Fatalf("%s: write TOP//SCRIPTS", projects)
		}
		t.Run(dir, func(t *testing.T) {
			// Some make roles, which an ordinary owner may not.
			compareSchemas(t, server, top, dir, (*postgres.Database).AdminConfig)
		})
	}
}

func compareSchemas(t *testing.T, server *postgres.Server, top, dir string, config func(*postgres.Database) *pgx.ConnConfig) {
	t.Helper()
	mine, theirs := postgrestest.Database(t, server), postgrestest.Database(t, server)
	for _, d := range []*postgres.Database{mine, theirs} {
		if err := d.CreateExtensions(t.Context(), postgres.Extensions("citext", "uuid-ossp", "pg_trgm", "btree_gist", "hstore")); err != nil {
			t.Fatal(err)
		}
	}
	fsys := os.DirFS(top)
	h, err := alembic.Format{}.Read(fsys, dir)
	if err != nil {
		t.Fatal(err)
	}
	m, err := alembic.Format{}.Migrator(fsys, h, migration.Target{Database: config(mine), Env: os.LookupEnv})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	start := time.Now()
	for _, r := range h.Revisions {
		if _, err := m.Apply(t.Context(), r); err != nil {
			t.Fatalf("%d revisions: %v", len(h.Revisions), err)
		}
	}
	took := time.Since(start)
	if err := upgrade(t, filepath.Join(top, filepath.FromSlash(scripts(fsys, dir))), top, config(theirs), versionFolders(top, h)); err != nil {
		t.Fatal(err)
	}
	a, b := look(t, config(theirs)), look(t, config(mine))
	for object, want := range a {
		if got, ok := b[object]; !ok {
			t.Errorf("%s is alembic's alone", object)
		} else if got.Definition != want.Definition {
			t.Errorf("%s is, for alembic and for us:\n%s\n%s", object, want.Definition, got.Definition)
		}
	}
	for object := range b {
		if _, ok := a[object]; !ok {
			t.Errorf("%s is ours alone", object)
		}
	}
	t.Logf("%d revisions, %d objects, built in %v", len(h.Revisions), len(b), took)
}

// hasLibraries tells whether the libraries beside alembic are there, which Debian does not have.
func hasLibraries(t *testing.T) bool {
	t.Helper()
	return exec.CommandContext(t.Context(), python, "-c", "import alembic_utils, alembic_postgresql_enum").Run() == nil
}

// scripts is the folder of env.py: the one named, one below, or one above.
func scripts(fsys fs.FS, dir string) string {
	for _, at := range []string{dir, dir + "/scripts", path.Dir(dir), path.Dir(path.Dir(dir))} {
		if _, err := fs.Stat(fsys, at+"/env.py"); err == nil {
			return at
		}
	}
	return dir
}

// versionFolders are those that the revisions are in.
func versionFolders(top string, h *migration.History) []string {
	var folders []string
	for _, r := range h.Revisions {
		if folder := filepath.Join(top, filepath.Dir(filepath.FromSlash(r.File))); !slices.Contains(folders, folder) {
			folders = append(folders, folder)
		}
	}
	return folders
}

func upgrade(t *testing.T, dir, top string, c *pgx.ConnConfig, folders []string) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	driver, err := filepath.Abs("testdata/upgrade.py")
	if err != nil {
		return err
	}
	convention := "{}"
	if text, err := os.ReadFile(filepath.Join(dir, "convention.json")); err == nil {
		convention = string(text)
	}
	cmd := exec.CommandContext(ctx, python, append([]string{driver, dir, convention}, folders...)...)
	cmd.Dir = top
	cmd.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1", "PGHOST="+c.Host, "PGPORT="+strconv.Itoa(int(c.Port)), "PGUSER="+c.User, "PGPASSWORD="+c.Password,
		"PGDATABASE="+c.Database)
	if src := filepath.Join(top, "src"); isFolder(src) { // the modules of a case that makes the tables of its models
		cmd.Env = append(cmd.Env, "PYTHONPATH="+strings.Trim(os.Getenv("PYTHONPATH")+":"+src, ":"))
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("alembic: %w\n%s", err, out[max(0, len(out)-2500):])
	}
	return nil
}

func isFolder(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}

func look(t *testing.T, c *pgx.ConnConfig) schema.Snapshot {
	t.Helper()
	conn, err := pgx.ConnectConfig(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	s, err := schema.Take(t.Context(), conn)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
