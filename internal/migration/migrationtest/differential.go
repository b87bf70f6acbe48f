package migrationtest

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"golang.org/x/tools/txtar"

	"github.com/headgate/headgate/internal/migration"
	"github.com/headgate/headgate/internal/postgres/postgrestest"
)

// Reference is the real tool that a format is compared with.
type Reference struct {
	// Up applies all migrations of tree, whose folder is "migrations", and Down takes them back, the last first.
	Up, Down func(t *testing.T, tree fs.FS, config *pgx.ConnConfig) error
	// Rows reads the tool's version table, as text, without times.
	Rows string
	// Apart are the names of cases in which the two differ, each with the reason.
	Apart map[string]string
}

// Compare runs every case of testdata, by ourselves and by the real tool, up and down again. Either both refuse or none, and
// what is left behind, the catalog and the rows of the version table, is the same. The process has the variables that a case
// finds in its environment.
func Compare(t *testing.T, format migration.Format, tool Reference) {
	for name, value := range environment {
		t.Setenv(name, value)
	}
	cases, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(cases) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	server := postgrestest.Start(t)
	for _, name := range cases {
		name = strings.TrimSuffix(filepath.Base(name), ".txtar")
		if tool.Apart[name] != "" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			archive, err := txtar.ParseFile("testdata/" + name + ".txtar")
			if err != nil {
				t.Fatal(err)
			}
			tree, err := txtar.FS(archive)
			if err != nil {
				t.Fatal(err)
			}
			theirs, mine := postgrestest.Database(t, server).Config(), postgrestest.Database(t, server).Config()
			ours := ourselves(t, format, tree, mine)
			for _, way := range []struct {
				name     string
				it, ours func() error
			}{
				{"up", func() error { return tool.Up(t, tree, theirs) }, ours.up},
				{"down", func() error { return tool.Down(t, tree, theirs) }, ours.down},
			} {
				it, us := way.it(), way.ours()
				if (it == nil) != (us == nil) {
					t.Fatalf("%s: the tool says %v, and we say %v", way.name, it, us)
				}
				if ours.refused {
					return
				}
				if diff := cmp.Diff(left(t, theirs, tool.Rows), left(t, mine, tool.Rows)); diff != "" {
					t.Fatalf("%s: what is left differs (-tool +ours):\n%s\n%v\n%v", way.name, diff, it, us)
				}
				if it != nil {
					return
				}
			}
		})
	}
}

// both are the two ways of a history; one that is refused has none.
type both struct {
	up, down func() error
	refused  bool
}

func ourselves(t *testing.T, format migration.Format, tree fs.FS, config *pgx.ConnConfig) both {
	t.Helper()
	h, err := format.Read(tree, "migrations")
	if err != nil {
		refuse := func() error { return err }
		return both{up: refuse, refused: true}
	}
	migrator := func() migration.Migrator { // one for each way, as a tool that is called for each has a connection for each
		m, err := format.Migrator(tree, h, migration.Target{Database: config, Env: env, Placeholders: placeholders()})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := m.Close(); err != nil {
				t.Error(err)
			}
		})
		return m
	}
	return both{
		up: func() error {
			m := migrator()
			for _, r := range h.Fresh() {
				if _, err := m.Apply(t.Context(), r); err != nil {
					return err
				}
			}
			return nil
		},
		down: func() error {
			m := migrator()
			for _, r := range slices.Backward(h.Fresh()) {
				if _, err := m.Revert(t.Context(), r); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// left is what is in a database: each object's definition, and the rows of the version table.
func left(t *testing.T, config *pgx.ConnConfig, query string) map[string]string {
	t.Helper()
	found := map[string]string{}
	for object, entry := range snapshot(t, config) {
		found[object.String()] = entry.Definition
	}
	conn, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	rows, err := conn.Query(t.Context(), query)
	if err == nil {
		var texts []string
		texts, err = pgx.CollectRows(rows, pgx.RowTo[string])
		found["rows"] = strings.Join(texts, "\n")
	}
	if err != nil {
		found["rows"] = fmt.Sprintf("cannot be read: %v", err)
	}
	return found
}
