package report

import (
	"strings"

	"github.com/headgate/headgate/internal/gate"
)

// Parts are the results of the services that r puts together, or r itself.
func Parts(r *gate.Result) []*gate.Result {
	if len(r.Services) == 0 {
		return []*gate.Result{r}
	}
	parts := make([]*gate.Result, len(r.Services))
	for i := range r.Services {
		parts[i] = &r.Services[i]
	}
	return parts
}

// Quiet tells whether a service's result has nothing to show but its line among the others.
func Quiet(r *gate.Result) bool {
	return Passed(r) && len(r.Findings)+len(r.Ignored)+len(r.IgnoreNotices) == 0 && r.Coverage.Checked > 0
}

// ServicesVerdict is the outcome for several services in one clause, to follow "pass: " or "fail: ".
func ServicesVerdict(r *gate.Result) string {
	failing, unjudged, noticed := 0, 0, 0
	for i := range r.Services {
		switch s := &r.Services[i]; {
		case s.Verdict == gate.Unjudged:
			unjudged++
		case !Passed(s):
			failing++
		case !Quiet(s):
			noticed++
		}
	}
	of := " of " + Count(len(r.Services), "service")
	var parts []string
	if failing > 0 {
		parts = append(parts, Number(failing)+of+" not safe to deploy")
	}
	if unjudged > 0 {
		parts = append(parts, Number(unjudged)+of+" could not be checked")
	}
	switch {
	case len(parts) > 0:
		return strings.Join(parts, ", ")
	case noticed > 0:
		return "nothing fails the job, but look at " + Number(noticed) + of
	}
	return "every reference of " + Count(len(r.Services), "service") + " that was checked finds the schema that it needs"
}

// Outcome is a service's own in a few words, as its line among the others has it.
func Outcome(r *gate.Result) string {
	switch {
	case r.Verdict == gate.Unjudged:
		return "could not be checked: " + r.Failure
	case r.Coverage.Checked == 0:
		return TallyOf(r.Findings).String() + ", and no reference was checked"
	}
	return TallyOf(r.Findings).String()
}
