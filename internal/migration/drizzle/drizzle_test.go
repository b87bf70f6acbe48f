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
