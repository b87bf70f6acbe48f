package drizzle_test

import (
	"errors"
	"testing"
	"testing/fstest"

	"github.com/headgate/headgate/internal/migration"
	"github.com/headgate/headgate/internal/migration/drizzle"
	"github.com/headgate/headgate/internal/migration/migrationtest"
)

func TestConformance(t *testing.T) { migrationtest.Run(t, drizzle.Format{}) }

func TestClaims(t *testing.T) {
	tests := map[string]struct {
		name, beginning string
		want            migration.Claim
	}{
		"the journal":            {"db/drizzle/meta/_journal.json", `{"version":"7"}`, migration.Claim{Dir: "db/drizzle", Sure: true}},
		"the journal at the top": {"meta/_journal.json", "", migration.Claim{Dir: ".", Sure: true}},
		"another journal":        {"drizzle/journal.json", "", migration.Claim{}},
		"a longer name":          {"drizzle/metameta/_journal.json", "", migration.Claim{}},
		"a snapshot":             {"drizzle/meta/0000_snapshot.json", "", migration.Claim{}},
		"with a breakpoint":      {"drizzle/0000_a.sql", "SELECT 1;--> statement-breakpoint\nSELECT 2;", migration.Claim{Dir: "drizzle", Sure: true}},
		"of one statement":       {"drizzle/0000_a.sql", "SELECT 1;", migration.Claim{Dir: "drizzle"}},
		"a name of three digits": {"drizzle/000_a.sql", "--> statement-breakpoint", migration.Claim{}},
		"no name":                {"drizzle/0000_.sql", "--> statement-breakpoint", migration.Claim{}},
		"no SQL":                 {"drizzle/0000_a.ts", "--> statement-breakpoint", migration.Claim{}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := (drizzle.Format{}).Claims(test.name, []byte(test.beginning)); got != test.want {
				t.Errorf("%+v, and %+v was expected", got, test.want)
			}
		})
	}
}

func FuzzJournal(f *testing.F) {
	f.Add(`{"version":"7","dialect":"postgresql","entries":[{"idx":0,"version":"7","when":1700000000000,"tag":"0000_a","breakpoints":true}]}`)
	f.Add(`{"entries":[{"when":1,"tag":"../a"},{"when":1e3,"tag":"0000_a"}]}`)
	f.Add(`{"entries":{}, "entries":[null]}`)
	f.Fuzz(func(t *testing.T, journal string) {
		h, err := drizzle.Format{}.Read(fstest.MapFS{"m/meta/_journal.json": {Data: []byte(journal)}, "m/0000_a.sql": {}}, "m")
		if err != nil {
			if !errors.As(err, new(*migration.Error)) {
				t.Errorf("%q: a %T: %v", journal, err, err)
			}
			return
		}
		if len(h.Revisions) != 1 || h.Revisions[0].File != "m/0000_a.sql" {
			t.Errorf("%q: %+v", journal, h.Revisions)
		}
	})
}
