package sqlmigrate_test

import (
	"errors"
	"io/fs"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	migrate "github.com/rubenv/sql-migrate"

	"github.com/headgate/headgate/internal/migration"
	"github.com/headgate/headgate/internal/migration/migrationtest"
	"github.com/headgate/headgate/internal/migration/sqlmigrate"
)

func TestConformance(t *testing.T) { migrationtest.Run(t, sqlmigrate.Format{}) }

func TestSameAsSQLMigrate(t *testing.T) {
	migrationtest.Compare(t, sqlmigrate.Format{}, migrationtest.Reference{
		Up:   func(t *testing.T, tree fs.FS, c *pgx.ConnConfig) error { return run(t, tree, c, migrate.Up) },
		Down: func(t *testing.T, tree fs.FS, c *pgx.ConnConfig) error { return run(t, tree, c, migrate.Down) },
		Rows: `SELECT id FROM gorp_migrations ORDER BY id`,
	})
}

func run(t *testing.T, tree fs.FS, config *pgx.ConnConfig, way migrate.MigrationDirection) error {
	t.Helper()
	folder, err := fs.Sub(tree, "migrations")
	if err != nil {
		t.Fatal(err)
	}
	db := stdlib.OpenDB(*config)
	_, err = migrate.MigrationSet{}.Exec(db, "postgres", migrate.HttpFileSystemMigrationSource{FileSystem: http.FS(folder)}, way)
	return errors.Join(err, db.Close())
}

// FuzzParse wants the tool and us to refuse the same files, and to send the same number of statements.
func FuzzParse(f *testing.F) {
	f.Add("-- +migrate Up\nSELECT 1;\n-- +migrate Down\nSELECT 2;\n")
	f.Add("-- +migrate Up notransaction\r\n-- +migrate StatementBegin\r\nSELECT 1; \r\n-- +migrate StatementEnd\r\n")
	f.Add("-- +migrate \n;")
	f.Fuzz(func(t *testing.T, text string) {
		tree := fstest.MapFS{"m/1.sql": {Data: []byte(text)}}
		_, theirs := migrate.ParseMigration("1.sql", strings.NewReader(text))
		_, ours := sqlmigrate.Format{}.Read(tree, "m")
		if (theirs == nil) != (ours == nil) {
			t.Fatalf("the tool says %v, and we say %v", theirs, ours)
		}
		if _, err := (sqlmigrate.Format{}).Essence(tree, migration.Revision{Version: "1.sql", File: "m/1.sql"}); err != nil {
			t.Fatal(err)
		}
	})
}
