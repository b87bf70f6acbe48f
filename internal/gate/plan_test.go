package gate

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPlan(t *testing.T) {
	pending := []Pending{{File: "m/1.sql"}, {File: "m/2.sql"}, {File: "m/3.sql"}}
	changed := []string{"README.md", "m/1.sql", "m/2.sql", "m/3.sql", "store/tree.go"}
	finding := func(rule, file, migration string) Finding {
		return Finding{Rule: rule, Severity: Error, File: file, Migration: &Migration{File: migration}}
	}
	for name, test := range map[string]struct {
		findings []Finding
		want     [][]string
	}{
		"nothing fails": {[]Finding{{Rule: "code-ahead", Severity: Notice, Migration: &Migration{File: "m/1.sql"}}}, nil},
		"code ahead": {
			[]Finding{finding("code-ahead", "store/tree.go", "m/2.sql"), finding("code-ahead", "store/tree.go", "m/1.sql")},
			[][]string{{"m/1.sql", "m/2.sql"}, {"store/tree.go", "README.md", "m/3.sql"}},
		},
		"a removal": {
			[]Finding{finding("breaks-released-code", "store/tree.go", "m/2.sql")},
			[][]string{{"README.md", "m/1.sql", "store/tree.go"}, {"m/2.sql", "m/3.sql"}},
		},
		"both": {
			[]Finding{finding("code-ahead", "store/tree.go", "m/1.sql"), finding("breaks-released-code", "store/tree.go", "m/3.sql")},
			[][]string{{"m/1.sql"}, {"store/tree.go", "README.md", "m/2.sql"}, {"m/3.sql"}},
		},
		"in one migration": {[]Finding{finding("code-ahead", "a.go", "m/2.sql"), finding("breaks-released-code", "a.go", "m/1.sql")}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var got [][]string
			for _, r := range Plan(test.findings, pending, changed) {
				got = append(got, r.Files)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPlanOfMigrationsInOneFile(t *testing.T) {
	pending := []Pending{{Version: "a", File: "m.sql", Line: 1}, {Version: "b", File: "m.sql", Line: 9}, {Version: "c", File: "n.sql", Line: 1}}
	got := Plan([]Finding{{Rule: "code-ahead", Severity: Error, File: "tree.go", Migration: &Migration{Version: "a", File: "m.sql", Line: 2}}},
		pending, []string{"m.sql", "n.sql", "tree.go"})
	want := []Release{
		{[]string{"a"}, "the migrations that the code needs"},
		{[]string{"tree.go", "n.sql", "b"}, "the code, once they have run"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
