package gate

import (
	"testing"
	"testing/fstest"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/headgate/headgate/internal/reference"
	"github.com/headgate/headgate/internal/schema"
)

// TestInconclusiveIsNoVerdict looks at what a server cannot be made to do in a test: a time limit on one side alone must not
// look like drift.
func TestInconclusiveIsNoVerdict(t *testing.T) {
	timeout := &pgconn.PgError{Code: "57014", Message: "canceling statement due to statement timeout"}
	absent := &pgconn.PgError{Code: "42703", Message: `column "a" does not exist`}
	for name, o := range map[string]outcome{
		"released alone": {released: timeout},
		"proposed alone": {proposed: timeout},
		"with another":   {released: absent, proposed: timeout},
	} {
		j := &judge{Subject: Subject{
			Order: CodeFirst, Proposed: &Schema{Snapshot: schema.Snapshot{}},
			Stood: func(reference.Reference) bool { return false },
		}}
		j.coverage.References = 1
		j.judge(reference.Reference{SQL: "SELECT a FROM b", Place: reference.Position{File: "a.go", Line: 1, Column: 1}}, o)
		v := j.verdict(fstest.MapFS{})
		if len(v.Findings) != 0 || len(v.Coverage.Unchecked) != 1 || v.Coverage.Checked != 0 {
			t.Errorf("%s: %+v", name, v)
		}
	}
}
