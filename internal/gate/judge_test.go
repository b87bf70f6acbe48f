package gate

import (
	"testing"
	"testing/fstest"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/headgate/headgate/internal/postgres"
	"github.com/headgate/headgate/internal/reference"
	"github.com/headgate/headgate/internal/schema"
	"github.com/headgate/headgate/internal/statement"
)

// TestInconclusiveIsNoVerdict looks at what a server cannot be made to do in a test: a time limit on one side alone must not
// look like drift.
func TestInconclusiveIsNoVerdict(t *testing.T) {
	timeout := &pgconn.PgError{Code: "57014", Message: "canceling statement due to statement timeout"}
	absent := &pgconn.PgError{Code: "42703", Message: `column "a" does not exist`}
	for name, refusals := range map[string][2]*pgconn.PgError{
		"released alone": {timeout, nil},
		"proposed alone": {nil, timeout},
		"with another":   {absent, timeout},
	} {
		j := newJudge(Subject{
			Order:   CodeFirst,
			Schemas: []Schema{{Name: SchemaReleased, Snapshot: schema.Snapshot{}}, {Name: SchemaProposed, Snapshot: schema.Snapshot{}}},
			Stood:   func(reference.Reference) bool { return false },
			Sources: fstest.MapFS{}, ReleasedSources: fstest.MapFS{},
		})
		j.coverage.References = 1
		r := reference.Reference{SQL: "SELECT a FROM b", Place: reference.Position{File: "a.go", Line: 1, Column: 1}}
		probes, _ := statement.Probes(r.SQL)
		h := hearing{use: use{Reference: r, proposed: true, probes: []probe{{probes[0], 0}}}}
		h.answers = [][]*postgres.Answer{{{Refused: refusals[0]}, {Refused: refusals[1]}}}
		j.judge(&h)
		v := j.verdict()
		if len(v.Findings) != 0 || len(v.Coverage.Unchecked) != 1 || v.Coverage.Checked != 0 {
			t.Errorf("%s: %+v", name, v)
		}
	}
}
