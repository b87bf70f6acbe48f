package report

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/internal/gate"
)

func TestNumber(t *testing.T) {
	for n, want := range map[int]string{0: "0", 7: "7", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1000: "-1,000", -100: "-100"} {
		if got := Number(n); got != want {
			t.Errorf("Number(%d) is %q, want %q", n, got, want)
		}
	}
}

func TestTally(t *testing.T) {
	for want, tally := range map[string]Tally{
		"no finding":                        {},
		"1 error":                           {Errors: 1},
		"2 warnings and 1 notice":           {Warnings: 2, Notices: 1},
		"1 error, 2 warnings and 3 notices": {1, 2, 3},
	} {
		if got := tally.String(); got != want {
			t.Errorf("%+v is %q, want %q", tally, got, want)
		}
	}
}

func TestVerdict(t *testing.T) {
	finding := []gate.Finding{{Severity: gate.Warning}}
	for want, r := range map[string]gate.Result{
		"every reference that was checked finds the schema that it needs": {Verdict: "pass", Coverage: gate.Coverage{References: 2, Checked: 1}},
		"none of 2 references could be checked":                           {Verdict: "pass", Coverage: gate.Coverage{References: 2}},
		"no reference was found in 1 file, so no code was checked":        {Verdict: "pass", Coverage: gate.Coverage{Files: 1}},
		"nothing fails the job, but look at 1 warning":                    {Verdict: "pass", Findings: finding},
		"1 warning, not safe to deploy as it is":                          {Verdict: "fail", Findings: finding},
	} {
		if got := Verdict(&r); got != want {
			t.Errorf("the verdict is %q, want %q", got, want)
		}
	}
}

func TestEachOrderHasAPromise(t *testing.T) {
	for _, o := range gate.Orders {
		if Promise(&gate.Result{Order: string(o.Order)}) == "" {
			t.Errorf("the order %s has no promise to show", o.Order)
		}
	}
	if got := Promise(&gate.Result{Order: "no such order"}); got != "" {
		t.Errorf("an unknown order promises %q", got)
	}
}

func TestReasons(t *testing.T) {
	list := []gate.Unchecked{
		{File: "a", Line: 1, Reason: "z"},
		{File: "a", Line: 2, Reason: "both schemas refuse it: x (y)"},
		{File: "a", Line: 3, Reason: "both schemas refuse it: z"},
		{File: "a", Line: 4, Reason: "it fails (why: so), and more"},
		{File: "a", Line: 5, Reason: ""},
		{File: "a", Line: 6, Reason: ": odd"},
	}
	want := []Reason{
		{"both schemas refuse it", list[1:3]},
		{": odd", list[5:6]},
		{"it fails", list[3:4]},
		{"no reason given", list[4:5]},
		{"z", list[0:1]},
	}
	if diff := cmp.Diff(want, Reasons(list)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestPoint(t *testing.T) {
	const hash = "3f2a1b9c0d1e4f5a6b7c8d9e0f1a2b3c4d5e6f70"
	for want, p := range map[string]gate.Point{
		"work tree":             {},
		"3f2a1b9c0d1e":          {Ref: hash, Commit: hash},
		"v1.0.0 (3f2a1b9c0d1e)": {Ref: "v1.0.0", Commit: hash},
		"v1.0.0":                {Ref: "v1.0.0"},
	} {
		if got := Point(p); got != want {
			t.Errorf("%+v is %q, want %q", p, got, want)
		}
	}
}

func TestDurations(t *testing.T) {
	for ms, want := range map[int64]string{0: "0 ms", 999: "999 ms", 1000: "1.0 s", 59_949: "59.9 s", 59_950: "1 min 0 s", 185_400: "3 min 5 s"} {
		if got := Duration(ms); got != want {
			t.Errorf("%d ms is %q, want %q", ms, got, want)
		}
	}
	if got := Total(map[string]int64{"a_ms": 2, "b_ms": 3}); got != 5 {
		t.Errorf("without a total the stages add up to %d, want 5", got)
	}
	if got := Total(map[string]int64{"a_ms": 2, "total_ms": 3}); got != 3 {
		t.Errorf("the total is %d, want 3", got)
	}
	want := []Stage{{"b", 3}, {"a", 2}, {"c", 2}}
	if diff := cmp.Diff(want, Stages(map[string]int64{"a_ms": 2, "b_ms": 3, "c_ms": 2, "total_ms": 9})); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}
