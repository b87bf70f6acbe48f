package gate

import (
	"slices"

	"github.com/headgate/headgate/internal/schema"
)

// Causes groups the findings that have one cause: the same rule, object and line of a migration. A cause has at least
// two findings.
func Causes(findings []Finding) []Cause {
	at := map[causeKey]int{}
	var causes []Cause
	for i := range findings {
		f := &findings[i]
		key, ok := causeOf(f)
		if !ok {
			continue
		}
		n, known := at[key]
		if !known {
			n = len(causes)
			at[key] = n
			causes = append(causes, Cause{Rule: f.Rule, Severity: f.Severity, Object: f.Object, Migration: f.Migration, Remedy: f.Remedy})
		}
		c := &causes[n]
		c.Findings = append(c.Findings, i)
		if weight[f.Severity] < weight[c.Severity] {
			c.Severity, c.Remedy = f.Severity, f.Remedy
		}
	}
	return slices.DeleteFunc(causes, func(c Cause) bool { return len(c.Findings) < 2 })
}

// causeKey is what findings of one cause have in common.
type causeKey struct {
	rule      string
	object    schema.Object
	migration Migration
}

// causeOf is false for a finding that is alone with its cause: where no object is known, or no more of a column than
// its name, which several tables can lack.
func causeOf(f *Finding) (causeKey, bool) {
	if f.Object == nil {
		return causeKey{}, false
	}
	key := causeKey{rule: f.Rule, object: *f.Object}
	if f.Migration != nil {
		key.migration = *f.Migration
		return key, true
	}
	return key, f.Object.Kind != schema.Column || f.Object.Table != ""
}
