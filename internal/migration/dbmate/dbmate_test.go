package dbmate_test

import (
	"errors"
	"io"
	"io/fs"
	"net/url"
	"strconv"
	"testing"

	tool "github.com/amacneil/dbmate/v2/pkg/dbmate"
	_ "github.com/amacneil/dbmate/v2/pkg/driver/postgres"
	"github.com/jackc/pgx/v5"
	"github.com/joho/godotenv"

	"github.com/headgate/headgate/internal/migration"
	"github.com/headgate/headgate/internal/migration/dbmate"
	"github.com/headgate/headgate/internal/migration/migrationtest"
)

func TestConformance(t *testing.T) { migrationtest.Run(t, dbmate.Format{}) }

func TestSameAsDbmate(t *testing.T) {
	migrationtest.Compare(t, dbmate.Format{}, migrationtest.Reference{
		Up: func(t *testing.T, tree fs.FS, c *pgx.ConnConfig) error { return open(t, tree, c).Migrate() },
		Down: func(t *testing.T, tree fs.FS, c *pgx.ConnConfig) error {
			for {
				if err := open(t, tree, c).Rollback(); errors.Is(err, tool.ErrNoRollback) {
					return nil
				} else if err != nil {
					return err
				}
			}
		},
		// The table can be any that the settings name, and none of the server's own: pg_stat_ssl has a row for each connection there is.
		Rows: `SELECT table_schema || '.' || table_name || ' ' || query_to_xml(format('SELECT version FROM %I.%I ORDER BY version', table_schema, table_name), true, false, '')::text
			FROM information_schema.columns WHERE column_name = 'version' AND table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1`,
		Apart: map[string]string{
			"placeholders": "something else has filled them in before dbmate sees the file",
			"left_open":    "dbmate does not see that all is lost with its connection",
			"copy":         "we say so before anything is sent",
		},
	})
}

// open is dbmate as its command line sets it up (main.go, action).
func open(t *testing.T, tree fs.FS, c *pgx.ConnConfig) *tool.DB {
	t.Helper()
	options := url.Values{"sslmode": {"disable"}, "port": {strconv.Itoa(int(c.Port))}, "host": {c.Host}}
	db := tool.New(&url.URL{Scheme: "postgres", User: url.UserPassword(c.User, c.Password), Path: "/" + c.Database, RawQuery: options.Encode()})
	db.FS, db.Log, db.AutoDumpSchema, db.MigrationsDir = tree, io.Discard, false, []string{"migrations"}
	if text, err := fs.ReadFile(tree, ".env"); err == nil {
		variables, err := godotenv.UnmarshalBytes(text)
		if err != nil {
			t.Fatal(err)
		}
		if table, ok := variables["DBMATE_MIGRATIONS_TABLE"]; ok {
			db.MigrationsTableName = table
		}
	}
	return db
}

func TestClaims(t *testing.T) {
	for _, c := range []struct {
		name, beginning string
		want            migration.Claim
	}{
		{"db/migrations/20240101000000_trees.sql", "-- migrate:up\n", migration.Claim{Dir: "db/migrations", Sure: true}},
		{"1.sql", "--migrate:up transaction:false", migration.Claim{Dir: ".", Sure: true}},
		{"db/migrations/1_trees.sql", "-- Trees.\r\n--\tmigrate:up\r\n", migration.Claim{Dir: "db/migrations", Sure: true}},
		{"db/migrations/1_trees.sql", "\ufeff-- migrate:up\n", migration.Claim{Dir: "db/migrations", Sure: true}},
		{"db/migrations/1_trees.sql", " -- migrate:up\n", migration.Claim{}},
		{"db/migrations/1_trees.sql", "-- migrate:upwards\n", migration.Claim{}},
		{"db/migrations/1_trees.sql", "-- migrate:down\n", migration.Claim{}},
		{"db/migrations/trees.sql", "-- migrate:up\n", migration.Claim{}},
		{"db/migrations/1_trees.SQL", "-- migrate:up\n", migration.Claim{}},
		{"db/schema.sql", "SET statement_timeout = 0;\n", migration.Claim{}},
	} {
		if got := (dbmate.Format{}).Claims(c.name, []byte(c.beginning)); got != c.want {
			t.Errorf("%s, %q: %+v, want %+v", c.name, c.beginning, got, c.want)
		}
	}
}
