package config_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/internal/config"
)

var settings = config.Settings(config.Choices{
	Formats: []string{"goose", "plain"}, Orders: []string{"code-first"}, Reports: []string{"text", "json"},
})

func TestLoad(t *testing.T) {
	usual := func(change func(*config.Config)) *config.Config {
		c := &config.Config{Order: "code-first", Postgres: "auto", MigrateTimeout: 10 * time.Minute}
		change(c)
		return c
	}
	for name, test := range map[string]struct {
		from config.Sources
		want *config.Config
		err  string
	}{
		"nothing is set": {config.Sources{}, usual(func(*config.Config) {}), ""},
		"a flag is stronger than an input, and an input than the file": {
			config.Sources{
				Flags:   map[string][]string{"base": {"v1"}},
				Environ: []string{"INPUT_BASE=v2", "INPUT_HEAD=main", "INPUT_ARGS=check", "HOME=/"},
				YAML:    []byte("base: v3\nhead: v3\nformat: plain\n"),
			},
			usual(func(c *config.Config) { c.Base, c.Head, c.Format = "v1", "main", "plain" }), "",
		},
		"lists": {
			config.Sources{Environ: []string{"INPUT_CODE= a/** \n\n!a/b\n"}, YAML: []byte("report: [text, json=r.json]\npostgres-version: 17\nsuperuser: true\n")},
			usual(func(c *config.Config) {
				c.Code = []string{"a/**", "!a/b"}
				c.Reports = []config.Report{{Format: "text"}, {Format: "json", File: "r.json"}}
				c.PostgresVersion, c.Superuser = "17", true
			}), "",
		},
		"what the platform brings": {
			config.Sources{
				Environ: []string{"INPUT_PLACEHOLDERS=schema=app\n{{x}}= a=b \n", "INPUT_MIGRATIONS=./a\nb/"},
				YAML:    []byte("setup: db/platform.sql\nmigrate-command: make migrate\nmigrate-timeout: 90s\n"),
			},
			usual(func(c *config.Config) {
				c.Placeholders = map[string]string{"schema": "app", "{{x}}": " a=b"}
				c.Migrations = []string{"a", "b"}
				c.Setup, c.MigrateCommand, c.MigrateTimeout = "db/platform.sql", "make migrate", 90*time.Second
			}), "",
		},
		"a placeholder without a value":  {config.Sources{YAML: []byte("placeholders: [x]")}, nil, `"x" is no placeholder`},
		"no duration":                    {config.Sources{YAML: []byte("migrate-timeout: 0s")}, nil, `"0s" is no duration`},
		"a setup out of the repository":  {config.Sources{YAML: []byte("setup: ../x.sql")}, nil, "is not inside the repository"},
		"an empty file and empty inputs": {config.Sources{Environ: []string{"INPUT_ORDER="}, YAML: []byte("# nothing\n")}, usual(func(*config.Config) {}), ""},
		"an unknown input":               {config.Sources{Environ: []string{"INPUT_ORDERS=x"}}, nil, `there is no input "orders"; the inputs are base, head,`},
		"an unknown key":                 {config.Sources{YAML: []byte("orders: x")}, nil, `headgate.yaml: there is no setting "orders"`},
		"a list for one value":           {config.Sources{YAML: []byte("base: [a]")}, nil, "headgate.yaml: base takes one value, not a list"},
		"a map for a value":              {config.Sources{YAML: []byte("code: [{a: b}]")}, nil, "neither text nor a number"},
		"no YAML":                        {config.Sources{YAML: []byte("a: [")}, nil, "headgate.yaml cannot be read"},
		"an alias":                       {config.Sources{YAML: []byte("code: &a [x]\nreport: *a")}, nil, "it has an alias"},
		"a key twice":                    {config.Sources{YAML: []byte("base: a\nbase: b")}, nil, "headgate.yaml cannot be read"},
		"a path out of the repository":   {config.Sources{YAML: []byte("migrations: ../x")}, nil, "is not inside the repository"},
		"an absolute path":               {config.Sources{YAML: []byte("migrations: /x")}, nil, "is not inside the repository"},
		"a wrong order":                  {config.Sources{Environ: []string{"INPUT_ORDER=x"}}, nil, `input order: there is no "x"; choose from code-first`},
		"a wrong format":                 {config.Sources{Flags: map[string][]string{"format": {"x"}}}, nil, `--format: there is no "x"; choose from goose, plain`},
		"no version":                     {config.Sources{YAML: []byte("postgres-version: 17.2")}, nil, "no major version"},
	} {
		t.Run(name, func(t *testing.T) {
			all, err := config.Load(settings, test.from)
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Fatalf("got %v, want %q", err, test.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]*config.Config{test.want}, all); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestServices looks at what headgate.yaml says of several services.
func TestServices(t *testing.T) {
	const two = `
order: migrate-first
services:
  billing:
    migrations: billing/db
    code: [billing/**, shared/**]
    release-tags: billing/v*
  catalog: {migrations: catalog/db, format: plain, order: code-first, postgres-version: 17}
`
	both := config.Settings(config.Choices{Formats: []string{"plain"}, Orders: []string{"code-first", "migrate-first"}, Reports: []string{"text"}})
	billing := func() *config.Config {
		return &config.Config{Service: "billing", Order: "migrate-first", Postgres: "auto", MigrateTimeout: 10 * time.Minute,
			Migrations: []string{"billing/db"}, Code: []string{"billing/**", "shared/**"}, ReleaseTags: "billing/v*"}
	}
	catalog := func() *config.Config {
		return &config.Config{Service: "catalog", Order: "code-first", Postgres: "auto", MigrateTimeout: 10 * time.Minute,
			Migrations: []string{"catalog/db"}, Format: "plain", PostgresVersion: "17"}
	}
	for name, test := range map[string]struct {
		flags map[string][]string
		yaml  string
		want  []*config.Config
		asked []string
		err   string
	}{
		"in the file's order, with the file's top for a default": {nil, two, []*config.Config{billing(), catalog()}, []string{"billing", "catalog"}, ""},
		"a flag is stronger, and one is asked for": {map[string][]string{"service": {"catalog"}, "format": {"plain"}, "order": {"code-first"}}, two, func() []*config.Config {
			b, c := billing(), catalog()
			b.Order, b.Format, b.Only, c.Only = "code-first", "plain", []string{"catalog"}, []string{"catalog"}
			return []*config.Config{b, c}
		}(), []string{"catalog"}, ""},
		"several with commas":                {map[string][]string{"service": {"catalog, billing"}}, two, nil, []string{"billing", "catalog"}, ""},
		"an unknown one":                     {map[string][]string{"service": {"shop"}}, two, nil, nil, `headgate.yaml names no service "shop"; it names billing, catalog`},
		"none there":                         {map[string][]string{"service": {"shop"}}, "order: code-first", nil, nil, "headgate.yaml names no services"},
		"one service's setting for several":  {map[string][]string{"migrations": {"db"}}, two, nil, nil, "--migrations is about one service, and headgate.yaml names 2"},
		"one service's setting at the top":   {nil, "migrations: db\nservices: {a: }", nil, nil, "migrations is about one service; set it under services"},
		"the run's setting in a service":     {nil, "services: {a: {report: text}}", nil, nil, "service a: report is about the whole run"},
		"an unknown setting in a service":    {nil, "services: {a: {reprot: text}}", nil, nil, `service a: there is no setting "reprot"`},
		"a wrong value in a service":         {nil, "services: {a: {order: x}}", nil, nil, `headgate.yaml: service a: order: there is no "x"`},
		"services in a service":              {nil, "services: {a: {services: {}}}", nil, nil, `service a: there is no setting "services"`},
		"a list of services":                 {nil, "services: [a, b]", nil, nil, "services is a map of names to settings"},
		"a service that is a list":           {nil, "services: {a: [b]}", nil, nil, "service a: it is no map of settings"},
		"no service at all":                  {nil, "services: {}", nil, nil, "services is a map of names to settings"},
		"a name that would end its own line": {nil, `services: {"a\nb": }`, nil, nil, "is no name of a service"},
		"a service twice":                    {nil, "services:\n  a:\n  a:", nil, nil, "headgate.yaml cannot be read"},
		"release tags without a version":     {nil, "services: {a: {release-tags: v1}}", nil, nil, "is no pattern of release tags"},
	} {
		t.Run(name, func(t *testing.T) {
			all, err := config.Load(both, config.Sources{Flags: test.flags, YAML: []byte(test.yaml)})
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Fatalf("got %v, want %q", err, test.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, all); test.want != nil && diff != "" {
				t.Error(diff)
			}
			var asked []string
			for _, c := range all {
				if c.Asked() {
					asked = append(asked, c.Service)
				}
			}
			if diff := cmp.Diff(test.asked, asked); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestReads(t *testing.T) {
	for _, test := range []struct {
		code string
		file string
		want bool
	}{
		{"", "a/b.go", true},
		{"a", "a/b.go", true},
		{"a/", "a/b/c.go", true},
		{"./a", "a/b.go", true},
		{"a", "ab/b.go", false},
		{"**/*.sql", "a/b.go", false},
		{"**/*.go", "b.go", true},
		{"a/**/*.go,!a/gen", "a/x/b.go", true},
		{"a/**/*.go,!a/gen", "a/gen/b.go", false},
		{"!gen/**", "a/b.go", true},
		{"!gen/**", "gen/b.go", false},
		{"a/[bc].go", "a/b.go", true},
	} {
		var values []string
		if test.code != "" {
			values = strings.Split(test.code, ",")
		}
		c, err := config.Given(settings, config.Sources{Flags: map[string][]string{"code": values}})
		if err != nil {
			t.Fatal(err)
		}
		if got := c.Reads(test.file); got != test.want {
			t.Errorf("%q reads %s: %v, want %v", test.code, test.file, got, test.want)
		}
	}
}

// FuzzLoad looks for a text of headgate.yaml that does worse than be refused.
func FuzzLoad(f *testing.F) {
	f.Add([]byte("base: v1\ncode: [a, b]\n"))
	f.Add([]byte("a: &a [*a]"))
	f.Add([]byte("? {}\n: -"))
	f.Add([]byte("services: {a: {code: [x]}, b: }"))
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := config.Load(settings, config.Sources{YAML: text})
		if err == nil && len(c) == 0 {
			t.Errorf("config %v, error %v", c, err)
		}
	})
}
