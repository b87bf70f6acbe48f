// Package migrationtest is the conformance suite of the migration formats.
package migrationtest

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"golang.org/x/tools/txtar"

	"github.com/headgate/headgate/internal/migration"
	"github.com/headgate/headgate/internal/postgres"
	"github.com/headgate/headgate/internal/postgres/postgrestest"
	"github.com/headgate/headgate/internal/schema"
)

var update = flag.Bool("update", false, "write what was seen into the cases")

// wantFile is the part of a case that says what must be seen.
const wantFile = "want"

// Run applies every case of testdata, a txtar of a folder "migrations" and the file "want", on a real server, and
// compares the history, the statements' lines, every object that a migration brought with its line, and the errors.
//
// The cases of testdata/history are on the history rules; see histories.
func Run(t *testing.T, format migration.Format) {
	t.Run("history", func(t *testing.T) { histories(t, format) })
	cases, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(cases) == 0 {
		t.Fatalf("a format needs cases in testdata: %v, %v", cases, err)
	}
	server := postgrestest.Start(t)
	eachCase(t, cases, func(t *testing.T, tree fs.FS) string {
		return observe(t, format, tree, postgrestest.Database(t, server))
	})
}

// eachCase compares what is seen of each case's tree with the file "want" in it, or writes it there.
func eachCase(t *testing.T, cases []string, see func(*testing.T, fs.FS) string) {
	for _, name := range cases {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			tree, err := txtar.FS(archive)
			if err != nil {
				t.Fatal(err)
			}
			got := see(t, tree)
			want, err := fs.ReadFile(tree, wantFile)
			if err != nil && !*update {
				t.Fatal(err)
			}
			if *update {
				write(t, name, archive, got)
				return
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("what was seen differs (-want +got):\n%s", diff)
			}
		})
	}
}

// observe writes down, line by line, what the format makes of the case.
func observe(t *testing.T, format migration.Format, tree fs.FS, database *postgres.Database) string {
	t.Helper()
	config := database.Config()
	var b strings.Builder
	say := func(line string, args ...any) { fmt.Fprintf(&b, line+"\n", args...) }
	history, err := format.Read(tree, "migrations")
	if err != nil {
		say("error: %v", err)
		return b.String()
	}
	say("heads: %s", strings.Join(history.Heads(), " "))
	to := migration.Target{Database: config, Env: env, Placeholders: placeholders()}
	if p, ok := format.(migration.Platform); ok {
		to.Provide = database.Provide // the platform's roles
		if err := p.SetUp(t.Context(), to); err != nil {
			t.Fatal(err)
		}
	}
	migrator, err := format.Migrator(tree, history, to)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := migrator.Close(); err != nil {
			t.Error(err)
		}
	}()
	stamps, _ := format.Stamps()
	own := stamps.Table
	before := snapshot(t, config)
	applied := 0
	fresh := history.Fresh()
	for _, r := range fresh {
		say("\n%s %s", r.Version, r.File)
		statements, err := migrator.Apply(t.Context(), r)
		if err != nil {
			if !errors.As(err, new(*migration.Error)) {
				t.Errorf("a migration that fails must be a *migration.Error, and is a %T", err)
			}
			say("error: %v", err)
			break
		}
		for _, s := range statements {
			first, column := s.Position(0)
			verb, _, _ := strings.Cut(strings.ReplaceAll(s.SQL, "\n", " "), " ")
			say("  statement %d:%d %s", first, column, verb)
		}
		after := snapshot(t, config)
		for _, o := range schema.Origins(schema.Diff(before, after), r, statements) {
			if name := o.Object.Table + o.Object.Name; own != "" && strings.Contains(name, own) || strings.Contains(name, "_version") {
				continue // the tool's own table
			}
			renamed := ""
			if o.Renamed != nil {
				renamed = fmt.Sprintf(" (renamed, %s)", o.Renamed)
			}
			say("  %d: %s %s%s", o.Line, o.Action, o.Object, renamed)
		}
		before = after
		applied++
	}
	if applied == len(fresh) {
		statements, err := migration.Finish(t.Context(), migrator)
		if err != nil {
			say("\nat the end: error: %v", err)
			return b.String()
		}
		if len(statements) > 0 {
			say("\nat the end")
		}
		for _, s := range statements {
			first, column := s.Position(0)
			verb, _, _ := strings.Cut(strings.ReplaceAll(s.SQL, "\n", " "), " ")
			say("  statement %s:%d:%d %s", s.File, first, column, verb)
		}
		down(t, say, migrator, fresh)
	}
	return b.String()
}

// environment is that of every case.
var environment = map[string]string{"SPECIES": "oak", "TWO_LINES": "a\nb"}

func env(name string) (string, bool) {
	value, ok := environment[name]
	return value, ok
}

// placeholders are what the platform brings to every case.
func placeholders() map[string]string {
	return map[string]string{"species": "elm", "owner_schema": "public"}
}

// down takes the revisions back, the last first, and writes down what ran.
func down(t *testing.T, say func(string, ...any), migrator migration.Migrator, revisions []migration.Revision) {
	t.Helper()
	say("")
	for _, r := range slices.Backward(revisions) {
		statements, err := migrator.Revert(t.Context(), r)
		if err != nil {
			if !errors.As(err, new(*migration.Error)) {
				t.Errorf("a way down that fails must be a *migration.Error, and is a %T", err)
			}
			say("down %s: error: %v", r.Version, err)
			return
		}
		var places []string
		for _, s := range statements {
			line, column := s.Position(0)
			verb, _, _ := strings.Cut(strings.ReplaceAll(s.SQL, "\n", " "), " ")
			places = append(places, fmt.Sprintf("%d:%d %s", line, column, verb))
		}
		if len(places) == 0 {
			places = []string{"nothing"}
		}
		say("down %s: %s", r.Version, strings.Join(places, ", "))
	}
}

func snapshot(t *testing.T, config *pgx.ConnConfig) schema.Snapshot {
	t.Helper()
	conn, err := pgx.ConnectConfig(t.Context(), config)
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

func write(t *testing.T, name string, archive *txtar.Archive, got string) {
	t.Helper()
	files := archive.Files[:0]
	for _, f := range archive.Files {
		if f.Name != wantFile {
			files = append(files, f)
		}
	}
	archive.Files = append(files, txtar.File{Name: wantFile, Data: []byte(got)})
	if err := os.WriteFile(name, txtar.Format(archive), 0o644); err != nil {
		t.Fatal(err)
	}
}
