package alembic_test

import (
	"errors"
	"flag"
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

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"golang.org/x/tools/txtar"

	"github.com/headgate/headgate/internal/migration"
	"github.com/headgate/headgate/internal/migration/alembic"
	"github.com/headgate/headgate/internal/postgres"
	"github.com/headgate/headgate/internal/postgres/postgrestest"
	"github.com/headgate/headgate/internal/schema"
)

// TestModelsEqualCreateAll builds the tables of each case's models by ourselves and by SQLAlchemy's own create_all, and compares
// the catalogs. A case with a file "want" uses what the SQLAlchemy at hand may not have: the DDL, or the error, is in the case.
func TestModelsEqualCreateAll(t *testing.T) {
	server := postgrestest.Start(t)
	cases, err := filepath.Glob("testdata/models/*.txtar")
	if err != nil || len(cases) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, name := range cases {
		t.Run(filepath.Base(name), func(t *testing.T) {
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			mine := postgrestest.Database(t, server)
			extend(t, mine)
			seen := fromModels(t, archive, mine.Config())
			last := &archive.Files[len(archive.Files)-1]
			if last.Name == "want" {
				if updating() {
					last.Data = []byte(seen)
					if err := os.WriteFile(name, txtar.Format(archive), 0o600); err != nil {
						t.Fatal(err)
					}
				} else if diff := cmp.Diff(string(last.Data), seen); diff != "" {
					t.Errorf("what was made differs (-want +got):\n%s", diff)
				}
				if os.Getenv(newerLibraries) == "" || !slices.ContainsFunc(archive.Files, func(f txtar.File) bool { return f.Name == "main.py" }) {
					return
				}
			}
			if strings.HasPrefix(seen, "error: ") {
				t.Fatal(seen)
			}
			requireAlembic(t)
			theirs := postgrestest.Database(t, server)
			extend(t, theirs)
			createAll(t, archive, theirs.Config())
			sameSchemas(t, look(t, theirs.Config()), look(t, mine.Config()))
		})
	}
}

// newerLibraries names a folder with SQLAlchemy 2 and what builds on it, to hold the cases with a "want" against.
const newerLibraries = "HEADGATE_SQLALCHEMY"

func updating() bool {
	f := flag.Lookup("update")
	return f != nil && f.Value.String() == "true"
}

func extend(t *testing.T, d *postgres.Database) {
	t.Helper()
	if err := d.CreateExtensions(t.Context(), postgres.Extensions("citext", "uuid-ossp", "pg_trgm", "btree_gist", "hstore")); err != nil {
		t.Fatal(err)
	}
}

// fromModels makes the tables of a case and gives the statements, and the error where there is one.
func fromModels(t *testing.T, archive *txtar.Archive, c *pgx.ConnConfig) string {
	t.Helper()
	fsys, err := txtar.FS(archive)
	if err != nil {
		t.Fatal(err)
	}
	scripts, err := fs.Glob(fsys, "*/env.py")
	if err != nil || len(scripts) != 1 {
		t.Fatalf("the case has no env.py: %v", err)
	}
	h, err := alembic.Format{}.Read(fsys, path.Join(path.Dir(scripts[0]), "versions"))
	if err != nil {
		t.Fatal(err)
	}
	m, err := alembic.Format{}.FromModels().Migrator(fsys, h, migration.Target{Database: c})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	statements, err := m.Apply(t.Context(), migration.Revision{Version: "baseline"})
	var b strings.Builder
	for _, s := range statements {
		fmt.Fprintln(&b, s.SQL)
	}
	if problem := (*migration.Error)(nil); errors.As(err, &problem) {
		return "error: " + problem.Error() + "\n"
	} else if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func createAll(t *testing.T, archive *txtar.Archive, c *pgx.ConnConfig) {
	t.Helper()
	top := t.TempDir()
	tree, err := txtar.FS(archive)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(top, tree); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), python, "testdata/create_all.py", top)
	cmd.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1", "PYTHONPATH="+os.Getenv(newerLibraries), "PGHOST="+c.Host, "PGPORT="+strconv.Itoa(int(c.Port)), "PGUSER="+c.User, "PGPASSWORD="+c.Password,
		"PGDATABASE="+c.Database)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("create_all: %v\n%s", err, out[max(0, len(out)-1500):])
	}
}

// sameSchemas compares what the tools themselves make with what we make.
func sameSchemas(t *testing.T, theirs, ours schema.Snapshot) {
	t.Helper()
	for object, want := range theirs {
		if got, ok := ours[object]; !ok {
			t.Errorf("%s is theirs alone", object)
		} else if got.Definition != want.Definition {
			t.Errorf("%s is, for them and for us:\n%s\n%s", object, want.Definition, got.Definition)
		}
	}
	for object := range ours {
		if _, ok := theirs[object]; !ok && !strings.Contains(fmt.Sprint(object), "alembic_version") {
			t.Errorf("%s is ours alone", object)
		}
	}
}
