package nodepgmigrate_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/internal/migration"
	"github.com/headgate/headgate/internal/migration/migrationtest"
	"github.com/headgate/headgate/internal/migration/nodepgmigrate"
)

func TestConformance(t *testing.T) { migrationtest.Run(t, nodepgmigrate.Format{}) }

// TestOrder sorts the names of testdata/order.txt, whose first lines say what gave them their order.
func TestOrder(t *testing.T) {
	text, err := os.ReadFile("testdata/order.txt")
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, "#") {
			want = append(want, strings.TrimSuffix(line, "\n"))
		}
	}
	if len(want) < 400 {
		t.Fatalf("%d names", len(want))
	}
	got := slices.Sorted(slices.Values(want))
	slices.SortStableFunc(got, func(a, b string) int {
		return nodepgmigrate.Format{}.Tool().Order(migration.Revision{File: "m/" + a}, migration.Revision{File: "m/" + b})
	})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the order differs (-Node +ours):\n%s", diff)
	}
}

func TestClaims(t *testing.T) {
	tests := map[string]struct {
		name, beginning string
		want            migration.Claim
	}{
		"made by the tool":          {"db/migrations/1391877300255_a.sql", "-- Up Migration\n", migration.Claim{Dir: "db/migrations", Sure: true}},
		"below other comments":      {"m/0001_a.sql", "-- Trees\r\n-- Up Migration\r\n", migration.Claim{Dir: "m", Sure: true}},
		"both, in other letters":    {"m/1_a.sql", "--- down migration\nSELECT 1;\n  --up migration", migration.Claim{Dir: "m", Sure: true}},
		"a comment that others use": {"m/1_a.sql", "-- up migration\n", migration.Claim{Dir: "m"}},
		"no comment":                {"m/1_a.sql", "SELECT 1;", migration.Claim{Dir: "m"}},
		"one of a pair":             {"m/1_a.up.sql", "-- Up Migration\n", migration.Claim{Dir: "m"}},
		"in a text":                 {"m/1_a.sql", "SELECT '-- Up Migration';", migration.Claim{Dir: "m"}},
		"no number":                 {"m/a.sql", "-- Up Migration\n", migration.Claim{}},
		"a program":                 {"m/1391877300255_a.js", "-- Up Migration\n", migration.Claim{}},
		"at the top":                {"1_a.sql", "", migration.Claim{Dir: "."}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := (nodepgmigrate.Format{}).Claims(test.name, []byte(test.beginning)); got != test.want {
				t.Errorf("%+v, and %+v was expected", got, test.want)
			}
		})
	}
}

// TestRefusals are the words about folders that the tool, or Headgate, does not take.
func TestRefusals(t *testing.T) {
	tests := map[string]struct {
		files map[string]string
		want  []string // each a part of one fault, in their order
	}{
		"a file without a number":   {map[string]string{"README.md": ""}, []string{"m/README.md:1: node-pg-migrate takes each file of this folder for a migration, and refuses one whose name does not begin with a number; give it one"}},
		"no SQL":                    {map[string]string{"2_a.txt": ""}, []string{"m/2_a.txt:1: node-pg-migrate takes each file of this folder for a migration and loads this one as a program"}},
		"no such time":              {map[string]string{"20240132000000000_a.sql": ""}, []string{"m/20240132000000000_a.sql:1: node-pg-migrate takes the 17 digits 20240132000000000 for a time in UTC"}},
		"no such hour":              {map[string]string{"20240101240000001_a.sql": ""}, []string{"for a time in UTC"}},
		"a day that a month lacks":  {map[string]string{"20240231240000000_a.sql": ""}, nil},
		"a quote":                   {map[string]string{"2_it's.sql": ""}, []string{"m/2_it's.sql:1: the quote in the name"}},
		"a long name":               {map[string]string{"2_" + strings.Repeat("é", 254) + ".sql": ""}, []string{"longer than the 255 characters"}},
		"another alphabet, alone":   {map[string]string{"2_é.sql": ""}, nil},
		"another alphabet":          {map[string]string{"01_é.sql": ""}, []string{"m/01_é.sql:1: the number is that of 1_first.sql as well, and which of the two node-pg-migrate runs first depends on the letters of other alphabets in the name; name it in ASCII"}},
		"a way down alone":          {map[string]string{"2_a.down.sql": ""}, []string{"m/2_a.down.sql:1: there is no 2_a.up.sql to this way down"}},
		"a pair beside a whole one": {map[string]string{"2_a.up.sql": "", "2_a.sql": "", "3_b.up.sql": "", "3_b.down.sql": ""}, []string{"m/2_a.up.sql:1: node-pg-migrate refuses a pair beside 2_a.sql"}},
		"one name twice":            {map[string]string{"1_first.SQL": ""}, []string{"m/1_first.SQL:1: version 1_first is also claimed by m/1_first.sql, and node-pg-migrate, which knows a migration by its name"}},
		"programs":                  {map[string]string{"2_a.MJS": "", "3_a.cts": ""}, []string{"m/2_a.MJS:1: node-pg-migrate's migrations in JavaScript or TypeScript are programs, which only the tool itself runs: 2_a.MJS, 3_a.cts; set `migrate-command: npx node-pg-migrate up`"}},
		"hidden":                    {map[string]string{".gitkeep": "", "old/README.md": ""}, nil},
		"a pattern":                 {map[string]string{"../package.json": `{"scripts":{"a":"node-pg-migrate --useGlob up"},"devDependencies":{"node-pg-migrate":"9"}}`}, []string{"use-glob"}},
		"JavaScript's pattern":      {map[string]string{"../package.json": `{"scripts":{"a":"node-pg-migrate --ignore-pattern '(?<!a)b'"},"devDependencies":{"node-pg-migrate":"9"}}`}, []string{"ignore-pattern"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			tree := fstest.MapFS{"m/1_first.sql": {Data: []byte("SELECT 1;")}}
			for file, text := range test.files {
				tree[path.Join("m", file)] = &fstest.MapFile{Data: []byte(text)}
			}
			_, err := nodepgmigrate.Format{}.Read(tree, "m")
			var got []string
			if refused := (*migration.RefusedError)(nil); errors.As(err, &refused) {
				for _, f := range refused.Faults {
					got = append(got, f.Err.Error())
				}
			} else if err != nil {
				got = append(got, err.Error())
			}
			if len(got) != len(test.want) {
				t.Fatalf("%q", got)
			}
			for i := range got {
				if !strings.Contains(got[i], test.want[i]) {
					t.Errorf("%q, and %q was expected", got[i], test.want[i])
				}
			}
		})
	}
}

// TestSettings reads what the command line and the files say, by what is read and by where the row goes.
func TestSettings(t *testing.T) {
	manifest := func(script string) string {
		return fmt.Sprintf(`{"scripts": {"migrate": %q}, "dependencies": {"node-pg-migrate": "9"}}`, script)
	}
	tests := map[string]struct {
		files map[string]string
		late  bool
	}{
		"nothing said":                   {map[string]string{"package.json": manifest("node-pg-migrate up")}, false},
		"late":                           {map[string]string{"package.json": manifest("node-pg-migrate up --no-check-order")}, true},
		"late, by a value":               {map[string]string{"package.json": manifest("FOO=1 npx node-pg-migrate@9 --check-order=false")}, true},
		"late, by a word":                {map[string]string{"package.json": manifest("./bin/node-pg-migrate.js --checkOrder false up")}, true},
		"of another command":             {map[string]string{"package.json": manifest("node-pg-migrate up && other --no-check-order")}, false},
		"of another folder":              {map[string]string{"package.json": manifest("node-pg-migrate up -m elsewhere --no-check-order")}, false},
		"of this folder":                 {map[string]string{"package.json": manifest("node-pg-migrate up -mdb/m --no-check-order")}, true},
		"of this folder, quoted":         {map[string]string{"package.json": manifest("node-pg-migrate up -m './db/m' --no-check-order")}, true},
		"node-config":                    {map[string]string{"package.json": manifest(""), "config/default.json": `{"db": {"check-order": false}}`}, true},
		"node-config, for production":    {map[string]string{"package.json": manifest(""), "config/default.json": `{"db": {"check-order": false}}`, "config/production.json": `{"db": {"check-order": true}}`}, false},
		"a file of its own":              {map[string]string{"package.json": manifest("node-pg-migrate -f a.json"), "a.json": `{"check-order": false}`}, true},
		"a section of it":                {map[string]string{"package.json": manifest("node-pg-migrate --config-file=a.json --config-value prod"), "a.json": `{"prod": {"check-order": false}}`}, true},
		"a file outside":                 {map[string]string{"package.json": manifest("node-pg-migrate -f ../../a.json")}, false},
		"a nearer project":               {map[string]string{"package.json": manifest("node-pg-migrate --no-check-order"), "db/package.json": manifest("")}, false},
		"a nearer project without it":    {map[string]string{"package.json": manifest("node-pg-migrate --no-check-order"), "db/package.json": "{}"}, true},
		"no JSON":                        {map[string]string{"package.json": `"node-pg-migrate" {`}, false},
		"no scripts":                     {map[string]string{"package.json": `{"scripts": {"a": ["node-pg-migrate --no-check-order"]}, "dependencies": {"node-pg-migrate": 1}}`}, false},
		"no objects":                     {map[string]string{"package.json": manifest("node-pg-migrate -f a.json"), "a.json": `[1]`, "config/default.json": `{"db": 1}`}, false},
		"node-config's for other things": {map[string]string{"package.json": manifest(""), "config/default.json": `{"check-order": false}`}, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			tree := fstest.MapFS{"db/m/1_a.sql": {}}
			for file, text := range test.files {
				tree[file] = &fstest.MapFile{Data: []byte(text)}
			}
			h, err := nodepgmigrate.Format{}.Read(tree, "db/m")
			if err != nil {
				t.Fatal(err)
			}
			if h.Late != test.late {
				t.Errorf("late: %v", h.Late)
			}
		})
	}
}

// FuzzWays wants what runs upwards to stand on lines of the file.
func FuzzWays(f *testing.F) {
	f.Add("-- Up Migration\nSELECT 1;\n-- Down Migration\nSELECT 2;\n")
	f.Add("-- Down Migration\r\nSELECT 2;\r\n\ufeff--\n--- up  migration of it\r\nSELECT 1")
	f.Add("\u2028--UP\u00a0MIGRATION\x00$$--down migration")
	f.Fuzz(func(t *testing.T, text string) {
		tree := fstest.MapFS{"m/1_a.sql": {Data: []byte(text)}}
		e, err := nodepgmigrate.Format{}.Essence(tree, migration.Revision{Version: "1_a", File: "m/1_a.sql"})
		if err != nil {
			t.Fatal(err)
		}
		for _, token := range e {
			if token.Line < 1 || token.Line > strings.Count(text, "\n")+1 {
				t.Errorf("%q: the token %q is on line %d", text, token.Text, token.Line)
			}
		}
	})
}

// FuzzSettings wants every package.json, and every name, read or refused as what it is.
func FuzzSettings(f *testing.F) {
	f.Add(`{"scripts": {"a": "node-pg-migrate -m 'm' -s a --schema b \"x"}, "x": {"node-pg-migrate": 1}}`, "1_a.sql")
	f.Add(`{"scripts": {"node-pg-migrate": "node-pg-migrate - -- -m= -f"}}`, "20240101000000000_A.up.sql")
	f.Fuzz(func(t *testing.T, manifest, name string) {
		if !fs.ValidPath("m/"+name) || strings.Contains(name, "/") {
			return
		}
		_, err := nodepgmigrate.Format{}.Read(fstest.MapFS{"package.json": {Data: []byte(manifest)}, "m/1_a.sql": {}, "m/" + name: {}}, "m")
		if err != nil && !errors.As(err, new(*migration.RefusedError)) && !errors.As(err, new(*migration.Error)) {
			t.Errorf("%q, %q: a %T: %v", manifest, name, err, err)
		}
	})
}
