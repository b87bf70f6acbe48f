package tern_test

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/tern/v2/migrate"

	"github.com/headgate/headgate/internal/migration"
	"github.com/headgate/headgate/internal/migration/migrationtest"
	"github.com/headgate/headgate/internal/migration/tern"
)

func TestConformance(t *testing.T) { migrationtest.Run(t, tern.Format{}) }

func TestSameAsTern(t *testing.T) {
	migrationtest.Compare(t, tern.Format{}, migrationtest.Reference{
		Up:   func(t *testing.T, tree fs.FS, c *pgx.ConnConfig) error { return run(t, tree, c, up) },
		Down: func(t *testing.T, tree fs.FS, c *pgx.ConnConfig) error { return run(t, tree, c, down) },
		Rows: `SELECT version::text FROM public.schema_version`,
		Apart: map[string]string{
			"absent":          "tern writes <no value>, which the server refuses",
			"absent_branch":   "tern takes data that are absent for false, and we ask for them",
			"environment":     "tern reads the environment",
			"random":          "the names are others each time",
			"endless":         "tern would not end",
			"irreversible":    "tern refuses to go down, and we have nothing to run",
			"table":           "the version table has another name",
			"no_sql_template": "tern makes its table before it runs the templates",
			"gap":             "tern takes memory for each number up to the largest, and breaks down at 0",
		},
	})
}

func up(ctx context.Context, m *migrate.Migrator) error { return m.Migrate(ctx) }

func down(ctx context.Context, m *migrate.Migrator) error { return m.MigrateTo(ctx, 0) }

func run(t *testing.T, tree fs.FS, config *pgx.ConnConfig, way func(context.Context, *migrate.Migrator) error) (err error) {
	t.Helper()
	conn, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { err = errors.Join(err, conn.Close(t.Context())) }()
	m, err := migrate.NewMigrator(t.Context(), conn, "public.schema_version")
	if err != nil {
		t.Fatal(err)
	}
	m.Data = map[string]any{"species": "elm", "owner_schema": "public", "prefix": "oak_", "places": "forest, park"}
	folder, err := fs.Sub(tree, "migrations")
	if err != nil {
		t.Fatal(err)
	}
	if err := m.LoadMigrations(folder); err != nil {
		return err
	}
	return way(t.Context(), m)
}

func TestClaims(t *testing.T) {
	for _, test := range []struct {
		name, beginning string
		want            migration.Claim
	}{
		{"db/001_trees.sql", "create table trees ();", migration.Claim{Dir: "db"}},
		{"001_trees.sql", "a\n---- create above / drop below ----\nb", migration.Claim{Dir: ".", Sure: true}},
		{"db/001_trees.sql", "---- tern: disable-tx ----\n", migration.Claim{Dir: "db", Sure: true}},
		{"db/001_trees.sql", "-- ---- tern: disable-tx ----\n", migration.Claim{Dir: "db"}},
		{"db/trees.sql", "---- create above / drop below ----", migration.Claim{}},
		{"db/001.sql", "", migration.Claim{}},
		{"db/001_trees.sql.example", "---- create above / drop below ----", migration.Claim{}},
	} {
		if got := (tern.Format{}).Claims(test.name, []byte(test.beginning)); got != test.want {
			t.Errorf("%s, %q: got %v, want %v", test.name, test.beginning, got, test.want)
		}
	}
}

// apply applies a migration of which the database is never asked.
func apply(t *testing.T, files fstest.MapFS) error {
	t.Helper()
	h, err := tern.Format{}.Read(files, "m")
	if err != nil {
		return err
	}
	m, err := tern.Format{}.Migrator(files, h, migration.Target{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = m.Apply(t.Context(), h.Revisions[0])
	return err
}

// TestHostile runs templates that would take all memory, or all time.
func TestHostile(t *testing.T) {
	deep := "{{ $x := list 1 }}{{ range 100 }}{{ $x = list $x $x }}{{ end }}"
	for name, test := range map[string]struct{ template, want string }{
		"loops":                {`{{ range 100000 }}{{ range 100000 }}{{ end }}{{ end }}`, "more work"},
		"a long list":          {`{{ range until 2000000000 }}{{ end }}`, "until"},
		"a far step":           {`{{ range untilStep -2000000000 2000000000 1 }}{{ end }}`, "untilStep"},
		"a sequence":           {`{{ seq 0 1 2000000000 }}`, "seq"},
		"a repetition":         {`{{ repeat 2000000000 "x" }}`, "repeat"},
		"a negative count":     {`{{ repeat -1 "x" }}`, "negative"},
		"a doubling":           {`{{ $x := "xxxxxxxx" }}{{ range 100 }}{{ $x = print $x $x }}{{ end }}`, "print"},
		"a doubling by list":   {deep + `{{ $x }}`, "list"},
		"a doubling to JSON":   {deep + `{{ toJson $x }}`, "list"},
		"a wide verb":          {`{{ printf "%999999d%999999d" 1 1 }}`, "printf"},
		"a width by argument":  {`{{ printf "%*d" 999999 1 }}`, "printf"},
		"a verb again":         {`{{ $x := repeat 1000000 "x" }}{{ printf "%[1]s%[1]s%[1]s%[1]s%[1]s%[1]s%[1]s%[1]s%[1]s%[1]s%[1]s%[1]s%[1]s%[1]s%[1]s%[1]s%[1]s" $x }}`, "printf"},
		"an indent":            {`{{ indent 2000000000 "x" }}`, "indent"},
		"a replacement":        {`{{ replace "" (repeat 100000 "x") (repeat 100000 "y") }}`, "replace"},
		"a join":               {`{{ join (repeat 1000000 "x") (until 1000) }}`, "join"},
		"a regular expression": {`{{ regexReplaceAll "" (repeat 100000 "x") (repeat 100000 "y") }}`, "regexReplaceAll"},
		"a counted repetition": {`{{ regexMatch "(x{1000}){1000}" "x" }}`, "regexMatch"},
		"itself":               {`{{ template "m" . }}{{ define "m" }}{{ template "m" . }}{{ template "m" . }}{{ end }}`, "deep"},
		"a cycle":              {`{{ $d := dict }}{{ $_ := set $d "d" $d }}{{ $d }}`, "set"},
		"many templates":       {`{{ define "a" }}{{ end }}` + strings.Repeat(`{{ template "a" }}`, 19998), "no SQL"},
		"many actions":         {strings.Repeat(`{{ 1 }}`, 20001), "20000"},
		"a deep nesting":       {strings.Repeat(`{{ if 1 }}`, 20001), "20000"},
		"parentheses":          {`{{ ` + strings.Repeat(`(`, 200000), "max expression depth"},
		"a folder above":       {`{{ install_snapshot "../.." }}`, "no snapshot"},
		"a guard":              {`{{ _leave 1 }}`, "_leave"},
		"a division":           {`{{ div 1 0 }}`, "divide"},
		"a time":               {`{{ now }}`, "migrate-command"},
		"a host":               {`{{ getHostByName "localhost" }}`, "migrate-command"},
		"a key":                {`{{ genPrivateKey "rsa" }}`, "migrate-command"},
		"the environment":      {`{{ expandenv "$HOME" }}`, "migrate-command"},
		"no value":             {`{{ index (dict) "a" }}`, "<no value>"},
	} {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			err := apply(t, fstest.MapFS{"m/1_x.sql": {Data: []byte(test.template)}})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
			if e := (*migration.Error)(nil); !errors.As(err, &e) || e.File != "m/1_x.sql" || e.Line != 1 || e.Remedy == "" {
				t.Errorf("an error must have its place and a remedy: %v", err)
			}
			t.Log(time.Since(began), err)
		})
	}
}

// TestAbsent says which placeholder to set.
func TestAbsent(t *testing.T) {
	for template, want := range map[string]string{
		`{{ .a }}`:                                      "a=VALUE",
		`{{ if .a }}{{ end }}`:                          "a=VALUE",
		`{{ with $.a }}{{ end }}`:                       "a=VALUE",
		`{{ range .a }}{{ end }}`:                       "a=VALUE",
		`{{ upper .a }}`:                                "a=VALUE",
		`{{ .a | quote }}`:                              "a=VALUE",
		`{{ if eq .a "b" }}{{ end }}`:                   "a=VALUE",
		`{{ if not .a }}{{ end }}`:                      "a=VALUE",
		`{{ if and true .a }}{{ end }}`:                 "a=VALUE",
		`{{ if or .a .b }}{{ end }}`:                    "a=VALUE and b=VALUE",
		`{{ $x := .a }}{{ $x }}`:                        "a=VALUE",
		`{{ .a.b }}`:                                    "a=VALUE",
		`{{ with dict "b" .a }}{{ .b }}{{ end }}`:       "VALUE",
		`{{ toJson . }}{{ if false }}{{ .a }}{{ end }}`: "a=VALUE",
		// What deals with it itself is as for tern.
		`{{ .a | default "b" }}`:                                                       "",
		`{{ coalesce .a .b "c" }}`:                                                     "",
		`{{ if hasKey . "a" }}{{ .a }}{{ end }}`:                                       "",
		`{{ if false }}{{ .a }}{{ end }}`:                                              "",
		`{{ with dict "b" 1 }}{{ if .a }}{{ end }}{{ .b }}{{ end }}`:                   "",
		`{{ template "t" (merge (dict "a" "c") .) }}{{ define "t" }}{{ .a }}{{ end }}`: "",
		`{{ template "t" (merge (dict "b" 1) .) }}{{ template "t" . }}{{ define "t" }}{{ if .b }}{{ .b }}{{ end }}{{ end }}`: "",
	} {
		err := load(t, fstest.MapFS{"m/1_x.sql": {Data: []byte("select 1; " + template)}})
		switch {
		case want == "" && err != nil:
			t.Errorf("%s: %v", template, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), "m/1_x.sql:1:") || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: got %v, want %q", template, err, want)
		}
	}
}

// load applies a migration up to where the database is asked.
func load(t *testing.T, files fstest.MapFS) error {
	t.Helper()
	config, err := pgx.ParseConfig("host=/nowhere")
	if err != nil {
		t.Fatal(err)
	}
	h, err := tern.Format{}.Read(files, "m")
	if err != nil {
		return err
	}
	m, err := tern.Format{}.Migrator(files, h, migration.Target{Database: config})
	if err != nil {
		t.Fatal(err)
	}
	_, err = m.Apply(t.Context(), h.Revisions[0])
	if err != nil && strings.Contains(err.Error(), "connect to apply migrations") {
		return nil
	}
	return err
}

// TestSettings are of tern.conf, which is a template as well.
func TestSettings(t *testing.T) {
	for name, test := range map[string]struct{ conf, want string }{
		"data":                 {"[data]\na = {{ \"b\" | upper }}", ""},
		"another name":         {"[data]\nb = c", "a=VALUE"},
		"the environment":      {"[data]\na = x{{ env \"A\" }}", "a=VALUE"},
		"a placeholder for it": {"[data]\na = {{ env \"KNOWN\" }}", ""},
		"a branch by it":       {"[data]\n{{ if env \"A\" }}a = 1{{ end }}", "tern.conf cannot be read: the settings depend on the environment"},
		"no template":          {"[data]\na = {{", "tern.conf cannot be read"},
		"no setting":           {"[data]\na", "this line is no setting"},
		"another function":     {"[data]\na = {{ now }}", "does not call the template function now"},
	} {
		files := fstest.MapFS{"db/m/1_x.sql": {Data: []byte("create table {{ .a }} ();")}, "db/tern.conf": {Data: []byte(test.conf)}}
		h, err := tern.Format{}.Read(files, "db/m")
		if err != nil {
			t.Fatal(err)
		}
		config, err := pgx.ParseConfig("host=/nowhere")
		if err != nil {
			t.Fatal(err)
		}
		m, err := tern.Format{}.Migrator(files, h, migration.Target{Database: config, Placeholders: map[string]string{"KNOWN": "x"}})
		if err != nil {
			t.Fatal(err)
		}
		_, err = m.Apply(t.Context(), h.Revisions[0])
		want := cmp.Or(test.want, "connect to apply migrations")
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", name, err, want)
		}
	}
}
