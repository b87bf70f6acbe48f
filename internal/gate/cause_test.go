package gate

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/internal/schema"
)

func TestCauses(t *testing.T) {
	height := &schema.Object{Kind: schema.Column, Schema: "public", Table: "trees", Name: "height"}
	again := *height
	width := &schema.Object{Kind: schema.Column, Schema: "public", Table: "trees", Name: "width"}
	bare := &schema.Object{Kind: schema.Column, Name: "id"}
	table := &schema.Object{Kind: schema.Table, Name: "logs"}
	third, line := &Migration{"3", "m.sql", 2}, &Migration{"3", "m.sql", 3}
	findings := []Finding{
		{Rule: "code-ahead", Severity: Warning, Object: height, Migration: third, Remedy: "later"},
		{Rule: "code-ahead", Severity: Error, Object: width, Migration: line},                       // alone
		{Rule: "code-ahead", Severity: Error, Object: &again, Migration: third, Remedy: "first"},    // the same, and worse
		{Rule: "result-shape", Severity: Error, Object: height, Migration: third},                   // another rule
		{Rule: "code-ahead", Severity: Error, Object: height, Migration: line},                      // another line
		{Rule: "code-ahead", Severity: Error, Migration: third},                                     // nobody knows the object
		{Rule: "code-ahead", Severity: Error, Migration: third},                                     // nor here
		{Rule: "unknown-reference", Severity: Error, Object: bare},                                  // which table's?
		{Rule: "unknown-reference", Severity: Error, Object: bare},                                  // perhaps another's
		{Rule: "unknown-reference", Severity: Warning, Object: table, Remedy: "correct the name"},   // no migration brings it,
		{Rule: "unknown-reference", Severity: Warning, Object: table, Remedy: "correct the name"},   // and that is one cause
		{Rule: "code-ahead", Severity: Warning, Object: height, Migration: third, Remedy: "latest"}, // a third of the first
	}
	want := []Cause{
		{Rule: "code-ahead", Severity: Error, Object: height, Migration: third, Remedy: "first", Findings: []int{0, 2, 11}},
		{Rule: "unknown-reference", Severity: Warning, Object: table, Remedy: "correct the name", Findings: []int{9, 10}},
	}
	if diff := cmp.Diff(want, Causes(findings)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
