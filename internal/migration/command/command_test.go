package command_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/headgate/headgate/internal/migration/command"
	"github.com/headgate/headgate/internal/postgres/postgrestest"
)

func config(t *testing.T, url string) *pgx.ConnConfig {
	t.Helper()
	c, err := pgx.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestURL(t *testing.T) {
	for url, want := range map[string]string{
		"postgres://a:p%2Fw@db:5433/app?sslmode=disable":                      "postgres://a:p%2Fw@db:5433/app?sslmode=disable",
		"postgres://a@[::1]:5432/app?sslmode=disable":                         "postgres://a:@[::1]:5432/app?sslmode=disable",
		"host=/tmp/pg port=5434 user=a password=b dbname=app sslmode=disable": "postgres://a:b@/app?host=%2Ftmp%2Fpg&port=5434&sslmode=disable",
	} {
		got := command.URL(config(t, url))
		if got != want {
			t.Errorf("%s: %s, want %s", url, got, want)
		}
		if again := config(t, got); again.Host != config(t, url).Host || again.Port != config(t, url).Port || again.Database != "app" {
			t.Errorf("%s does not lead back", got)
		}
	}
}

// The command sees the database and the environment, and nothing with which it could act for the workflow.
func TestEnvironment(t *testing.T) {
	dir := t.TempDir()
	const token = "ghs_0123456789abcdefghij0123456789abcdefghij"
	err := command.Run{
		Command: "env > out", Dir: dir, Timeout: time.Minute, Database: config(t, "postgres://a:b@db:5433/app?sslmode=disable"),
		Environ: []string{
			"PATH=" + os.Getenv("PATH"), "RAILS_ENV=test", "GITHUB_SHA=1", "GITHUB_TOKEN=x", "gh_token=x", "ACTIONS_RUNTIME_TOKEN=x", "ACTIONS_ID_TOKEN_REQUEST_URL=x",
			"INPUT_DATABASE=x", "GITHUB_ENV=x", "GITHUB_OUTPUT=x", "OTHER=" + token, "AUTH=basic " + token, "DATABASE_URL=postgres://live", "PGHOST=live", "PGSERVICE=live",
		},
	}.Do(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "out"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"RAILS_ENV=test\n", "GITHUB_SHA=1\n", "DATABASE_URL=postgres://a:b@db:5433/app?sslmode=disable\n", "PGHOST=db\n", "PGPORT=5433\n", "PGPASSWORD=b\n"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	for _, secret := range []string{"=x\n", token, "live"} {
		if strings.Contains(string(text), secret) {
			t.Errorf("%q is in\n%s", secret, text)
		}
	}
}

func TestFailures(t *testing.T) {
	tests := []struct{ name, command, why, output string }{
		{"status", "echo begins; echo ends >&2; exit 3", "exit status 3", "begins\nends"},
		{"password", "echo b4d-secret; exit 1", "exit status 1", "***"},
		{"not there", "no-such-program-anywhere", "exit status 127", "no-such-program-anywhere"},
		{"children", "sleep 600 & wait", "took longer than 300ms", ""},
		{"long output", "head -c 100000 /dev/zero | tr '\\0' x; echo the end; exit 1", "exit status 1", "the end"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			timeout := time.Minute
			if test.name == "children" {
				timeout = 300 * time.Millisecond
			}
			err := command.Run{
				Command: test.command, Dir: t.TempDir(), Timeout: timeout, Database: config(t, "postgres://a:b4d-secret@db/app?sslmode=disable"),
				Environ: []string{"PATH=" + os.Getenv("PATH")},
			}.Do(t.Context())
			failed := (*command.FailedError)(nil)
			if !errors.As(err, &failed) {
				t.Fatalf("%T %v", err, err)
			}
			if !strings.Contains(failed.Why, test.why) || !strings.Contains(failed.Output, test.output) || len(failed.Output) > 4<<10 {
				t.Errorf("%q, %q (%d bytes)", failed.Why, failed.Output[max(0, len(failed.Output)-200):], len(failed.Output))
			}
		})
	}
}

func TestApplied(t *testing.T) {
	server := postgrestest.Start(t)
	tests := []struct{ name, sql, tool, versions, files string }{
		{"none", "SELECT 1", "", "", ""},
		{"django", `CREATE TABLE django_migrations (id serial, app text, name text, applied timestamptz);
			INSERT INTO django_migrations (app, name) VALUES ('trees', '0001_initial'), ('auth', '0001_initial')`,
			"Django", "trees.0001_initial auth.0001_initial", "app/trees/migrations/0001_initial.py "},
		{"rails", `CREATE SCHEMA app; CREATE TABLE app.schema_migrations (version varchar); INSERT INTO app.schema_migrations VALUES ('20240101000000')`,
			"Rails or Ecto", "20240101000000", "db/migrate/20240101000000_trees.rb"},
		{"laravel", `CREATE TABLE migrations (id serial, migration text, batch int); INSERT INTO migrations (migration, batch) VALUES ('2024_01_01_000000_trees', 1)`,
			"Laravel", "2024_01_01_000000_trees", "database/migrations/2024_01_01_000000_trees.php"},
		{"typeorm", `CREATE TABLE migrations (id serial, "timestamp" bigint, name text); INSERT INTO migrations ("timestamp", name) VALUES (1700000000000, 'Trees1700000000000')`,
			"TypeORM", "Trees1700000000000", "src/migrations/1700000000000-Trees.ts"},
		{"liquibase", `CREATE TABLE databasechangelog (id text, author text, filename text, orderexecuted int);
			INSERT INTO databasechangelog VALUES ('1', 'ann', 'migrations/b.xml', 2), ('1', 'ann', 'migrations/a.xml', 1)`,
			"Liquibase", "migrations/a.xml::1::ann migrations/b.xml::1::ann", "resources/migrations/a.xml "},
		{"entity framework", `CREATE TABLE "__EFMigrationsHistory" ("MigrationId" text); INSERT INTO "__EFMigrationsHistory" VALUES ('20250101000000_Trees')`,
			"Entity Framework", "20250101000000_Trees", "Data/Migrations/20250101000000_Trees.cs"},
	}
	tree := fstest.MapFS{}
	for _, name := range []string{
		"app/trees/migrations/0001_initial.py", "db/migrate/20240101000000_trees.rb", "database/migrations/2024_01_01_000000_trees.php",
		"src/migrations/1700000000000-Trees.ts", "Data/Migrations/20250101000000_Trees.cs", "node_modules/x/migrations/20240101000000_trees.rb",
		"resources/migrations/a.xml",
	} {
		tree[name] = &fstest.MapFile{}
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			conn, err := pgx.ConnectConfig(t.Context(), postgrestest.Database(t, server).Config())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close(t.Context())
			if _, err := conn.Exec(t.Context(), test.sql, pgx.QueryExecModeSimpleProtocol); err != nil {
				t.Fatal(err)
			}
			applied, err := command.ReadApplied(t.Context(), conn)
			if err != nil {
				t.Fatal(err)
			}
			if applied.Tool != test.tool || strings.Join(applied.Versions, " ") != test.versions {
				t.Errorf("%+v", applied)
			}
			h, err := applied.History(tree)
			if err != nil {
				t.Fatal(err)
			}
			var files []string
			for _, r := range h.Revisions {
				files = append(files, r.File)
			}
			if got := strings.Join(files, " "); got != test.files {
				t.Errorf("files %q, want %q", got, test.files)
			}
		})
	}
}
