package golangmigrate_test

import (
	"errors"
	"io/fs"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/golang-migrate/migrate/v4"
	migratepgx "github.com/golang-migrate/migrate/v4/database/pgx/v5"
	"github.com/golang-migrate/migrate/v4/source/iofs"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/headgate/headgate/internal/migration/golangmigrate"
	"github.com/headgate/headgate/internal/migration/migrationtest"
)

func TestConformance(t *testing.T) { migrationtest.Run(t, golangmigrate.Format{}) }

func TestSameAsGolangMigrate(t *testing.T) {
	migrationtest.Compare(t, golangmigrate.Format{}, migrationtest.Reference{
		Up: func(t *testing.T, tree fs.FS, c *pgx.ConnConfig) error { return run(t, tree, c, (*migrate.Migrate).Up) },
		Down: func(t *testing.T, tree fs.FS, c *pgx.ConnConfig) error {
			return run(t, tree, c, (*migrate.Migrate).Down)
		},
		Apart: map[string]string{"copy": "the tool waits for rows for ever"},
		Rows:  `SELECT version || ' ' || dirty FROM public.schema_migrations`,
	})
}

func run(t *testing.T, tree fs.FS, config *pgx.ConnConfig, way func(*migrate.Migrate) error) error {
	t.Helper()
	files, err := iofs.New(tree, "migrations")
	if err != nil {
		return err
	}
	database, err := migratepgx.WithInstance(stdlib.OpenDB(*config), &migratepgx.Config{})
	if err != nil {
		t.Fatal(err)
	}
	m, err := migrate.NewWithInstance("iofs", files, "pgx5", database)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := errors.Join(m.Close()); err != nil {
			t.Error(err)
		}
	}()
	return way(m)
}

// FuzzRead wants no panic, and of every history versions that ascend.
func FuzzRead(f *testing.F) {
	f.Add("1_a.up.sql\n1_a.down.sql\n02_b.up.pgsql")
	f.Add("1_a.up.down.sql\n18446744073709551615_a.up.sql\n99999999999999999999_b.up.sql")
	f.Fuzz(func(t *testing.T, names string) {
		tree := fstest.MapFS{"migrations/readme": {}}
		for name := range strings.SplitSeq(names, "\n") {
			if fs.ValidPath(name) && !strings.Contains(name, "/") {
				tree["migrations/"+name] = &fstest.MapFile{}
			}
		}
		h, err := golangmigrate.Format{}.Read(tree, "migrations")
		if err != nil {
			return
		}
		files, err := iofs.New(tree, "migrations")
		if err != nil {
			t.Fatalf("the tool refuses what we read: %v", err)
		}
		version, err := files.First()
		for _, r := range h.Revisions {
			if err != nil || r.Version != strconv.FormatUint(uint64(version), 10) {
				t.Fatalf("the tool has %d (%v), and we have %s", version, err, r.Version)
			}
			version, err = files.Next(version)
		}
		if err == nil {
			t.Fatalf("we lack %d", version)
		}
	})
}
