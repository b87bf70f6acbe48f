package supabase_test

import (
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/headgate/headgate/internal/migration"
	"github.com/headgate/headgate/internal/migration/migrationtest"
	"github.com/headgate/headgate/internal/migration/supabase"
	"github.com/headgate/headgate/internal/postgres/postgrestest"
	"github.com/headgate/headgate/internal/schema"
)

func TestConformance(t *testing.T) { migrationtest.Run(t, supabase.Format{}) }

func TestClaims(t *testing.T) {
	for name, want := range map[string]migration.Claim{
		"supabase/migrations/20240101000000_trees.sql":       {Dir: "supabase/migrations", Sure: true},
		"apps/web/supabase/migrations/1_.sql":                {Dir: "apps/web/supabase/migrations", Sure: true},
		"supabase/migrations/20240101000000.sql":             {},
		"supabase/migrations/old/20240101000000_trees.sql":   {},
		"notsupabase/migrations/20240101000000_trees.sql":    {},
		"migrations/20240101000000_trees.sql":                {},
		"supabase/seed.sql":                                  {},
		"supabase/migrations/20240101000000_trees.sql.final": {},
	} {
		if got := (supabase.Format{}).Claims(name, nil); got != want {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
}

// The rows are what the command line's own parser makes of the text (pkg/parser, SplitAndTrim).
func TestVersionTable(t *testing.T) {
	tree := fstest.MapFS{"m/20240101000000_a_b.sql": {Data: []byte("-- trees\ncreate table trees (id bigint); -- with a height\n\nalter table trees add column height int;;\nselect ';'\n")}, "m/20240102000000_.sql": {}}
	config := postgrestest.Database(t, postgrestest.Start(t)).Config()
	apply(t, tree, config)
	type row struct {
		Version, Name string
		Statements    []string
	}
	conn := connect(t, config)
	rows, err := conn.Query(t.Context(), "SELECT version, name, statements FROM supabase_migrations.schema_migrations ORDER BY 1")
	if err != nil {
		t.Fatal(err)
	}
	got, err := pgx.CollectRows(rows, pgx.RowToStructByPos[row])
	if err != nil {
		t.Fatal(err)
	}
	want := []row{
		{"20240101000000", "a_b", []string{"-- trees\ncreate table trees (id bigint)", "-- with a height\n\nalter table trees add column height int", "select ';'"}},
		{"20240102000000", "", []string{}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the version table differs (-want +got):\n%s", diff)
	}
}

func TestSetUpLeavesWhatIsThere(t *testing.T) {
	server := postgrestest.Start(t)
	own := postgrestest.Database(t, server).Config()
	if _, err := connect(t, own).Exec(t.Context(), "CREATE SCHEMA auth; CREATE TABLE auth.users (id bigint)"); err != nil {
		t.Fatal(err)
	}
	twice := postgrestest.Database(t, server).Config()
	setUp(t, twice)
	for name, config := range map[string]*pgx.ConnConfig{"a schema auth of the user's own": own, "set up before": twice} {
		before := take(t, config)
		setUp(t, config)
		if changes := schema.Diff(before, take(t, config)); len(changes) > 0 {
			t.Errorf("%s: it changes %v", name, changes)
		}
	}
}

// Without anyone who provides roles, what does not name one is made all the same.
func setUp(t *testing.T, config *pgx.ConnConfig) {
	t.Helper()
	if err := (supabase.Format{}).SetUp(t.Context(), migration.Target{Database: config}); err != nil {
		t.Fatal(err)
	}
}

func take(t *testing.T, config *pgx.ConnConfig) schema.Snapshot {
	t.Helper()
	s, err := schema.Take(t.Context(), connect(t, config))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func connect(t *testing.T, config *pgx.ConnConfig) *pgx.Conn {
	t.Helper()
	conn, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(t.Context()) })
	return conn
}

func apply(t *testing.T, tree fstest.MapFS, config *pgx.ConnConfig) {
	t.Helper()
	format := supabase.Format{}
	h, err := format.Read(tree, "m")
	if err != nil {
		t.Fatal(err)
	}
	m, err := format.Migrator(tree, h, migration.Target{Database: config})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range h.Fresh() {
		if _, err := m.Apply(t.Context(), r); err != nil {
			t.Error(err)
		}
	}
	if err := m.Close(); err != nil {
		t.Error(err)
	}
}
