package gate_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/internal/gate"
)

func TestCombine(t *testing.T) {
	base := gate.Point{Ref: "v1", Commit: "abc", Heads: []string{"1"}}
	a := gate.Result{Service: "a", Verdict: "pass", Order: "either", Base: base,
		Findings: []gate.Finding{{Rule: "x"}}, Pending: []gate.Pending{{Version: "1"}},
		Coverage: gate.Coverage{References: 5, Checked: 3, Elsewhere: map[string]int{"b": 2}, Unchecked: []gate.Unchecked{{File: "f"}}},
		Timings:  map[string]int64{"check_ms": 1, "total_ms": 9}}
	b := gate.Result{Service: "b", Verdict: "pass", Order: "either", Base: base,
		Findings: []gate.Finding{{Rule: "y"}, {Rule: "y"}}, Causes: []gate.Cause{{Rule: "y", Findings: []int{0, 1}}},
		Coverage: gate.Coverage{References: 2, Checked: 2}, Timings: map[string]int64{"check_ms": 2}}
	all := gate.Combine([]gate.Result{a, b})
	if all.Verdict != "pass" || all.Order != "either" || all.Base.Ref != "v1" || all.Base.Heads != nil {
		t.Errorf("got %s, %s, %+v", all.Verdict, all.Order, all.Base)
	}
	if diff := cmp.Diff([]gate.Finding{{Service: "a", Rule: "x"}, {Service: "b", Rule: "y"}, {Service: "b", Rule: "y"}}, all.Findings); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]gate.Cause{{Rule: "y", Findings: []int{1, 2}}}, all.Causes); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(gate.Coverage{References: 5, Checked: 5, Unchecked: []gate.Unchecked{{Service: "a", File: "f"}}}, all.Coverage); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]int64{"check_ms": 3}, all.Timings); diff != "" {
		t.Error(diff)
	}
	if a.Findings[0].Service != "" || b.Causes[0].Findings[0] != 0 {
		t.Error("the services' own results were changed")
	}
	for verdict, change := range map[string]gate.Result{
		"fail":      {Verdict: "fail", Order: "either", Base: base},
		"unchecked": {Verdict: gate.Unjudged, Order: "code-first", Base: gate.Point{Ref: "v2"}},
	} {
		if got := gate.Combine([]gate.Result{a, change}); got.Verdict != "fail" {
			t.Errorf("one that says %s: %s", verdict, got.Verdict)
		}
	}
	if got := gate.Combine([]gate.Result{a, {Verdict: "pass", Order: "code-first", Base: gate.Point{Ref: "v2"}}}); got.Order != "" || got.Base.Ref != "" {
		t.Errorf("what differs is given as all have it: %q, %q", got.Order, got.Base.Ref)
	}
}

func TestForgiveComments(t *testing.T) {
	unused := gate.IgnoreNotice{Kind: "unused", By: "comment", File: "f", Line: 1}
	used := gate.IgnoreNotice{Kind: "unused", By: "comment", File: "f", Line: 2}
	expired := gate.IgnoreNotice{Kind: "expired", By: "comment", File: "f", Line: 3}
	stale := gate.IgnoreNotice{Kind: "stale", By: "baseline", File: "b"}
	notices := func(everyone bool) [][]gate.IgnoreNotice {
		services := []gate.Result{
			{IgnoreNotices: []gate.IgnoreNotice{unused, used, expired, stale}},
			{IgnoreNotices: []gate.IgnoreNotice{unused, expired, stale}},
		}
		gate.ForgiveComments(services, everyone)
		return [][]gate.IgnoreNotice{services[0].IgnoreNotices, services[1].IgnoreNotices}
	}
	if diff := cmp.Diff([][]gate.IgnoreNotice{{unused, expired, stale}, {stale}}, notices(true)); diff != "" {
		t.Errorf("all were judged:\n%s", diff)
	}
	if diff := cmp.Diff([][]gate.IgnoreNotice{{expired, stale}, {stale}}, notices(false)); diff != "" {
		t.Errorf("one was not judged:\n%s", diff)
	}
}
