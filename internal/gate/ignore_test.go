package gate

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestIgnoreByComment holds one finding in a.go:10 with a migration at m.sql:3 against comments.
func TestIgnoreByComment(t *testing.T) {
	today := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	code := Finding{Rule: "code-ahead", Severity: Error, File: "a.go", Line: 10, EndLine: 10, Cell: "C1xS0", FirstLine: 8, LastLine: 12,
		Migration: &Migration{Version: "3", File: "m.sql", Line: 3}}
	released := code
	released.Released = true
	history := Finding{Rule: "multiple-heads", Severity: Error, File: "m.sql", Line: 1, Cell: "C1xS1", Migration: &Migration{Version: "3", File: "m.sql", Line: 1}}
	broken := Finding{Rule: "migration-fails", Severity: Error, File: "m.sql", Line: 3, Cell: "C1xS1", Migration: &Migration{Version: "3", File: "m.sql", Line: 3}}
	const ask = "// headgate:ignore code-ahead -- x"
	for name, c := range map[string]struct {
		finding Finding
		file    string
		line    int
		text    string
		ignored bool
		notice  string
	}{
		"its line":               {code, "a.go", 10, "q() " + ask, true, ""},
		"the line above":         {code, "a.go", 9, ask, true, ""},
		"its statement":          {code, "a.go", 12, "x " + ask, true, ""},
		"above its statement":    {code, "a.go", 7, ask, true, ""},
		"behind the line before": {code, "a.go", 7, "q() " + ask, false, "unused: there is nothing here to ignore for code-ahead; delete it"},
		"below":                  {code, "a.go", 13, ask, false, "unused: there is nothing here to ignore for code-ahead; delete it"},
		"another file":           {code, "b.go", 10, ask, false, "unused: there is nothing here to ignore for code-ahead; delete it"},
		"the migration's line":   {code, "m.sql", 3, "x " + ask, true, ""},
		"above the migration":    {code, "m.sql", 2, ask, true, ""},
		"elsewhere in it":        {code, "m.sql", 7, ask, false, "unused: there is nothing here to ignore for code-ahead; delete it"},
		"another rule":           {code, "a.go", 10, "q() // headgate:ignore unknown-reference -- x", false, "unused: there is nothing here to ignore for unknown-reference; delete it"},
		"one of two rules":       {code, "a.go", 10, "q() // headgate:ignore unknown-reference, code-ahead -- x", true, "unused: there is nothing here to ignore for unknown-reference; take that out of it"},
		"the last day":           {code, "a.go", 10, "q() // headgate:ignore code-ahead until=2026-05-02 -- x", true, ""},
		"expires on the day":     {code, "a.go", 10, "q() // headgate:ignore code-ahead until=2026-05-01 -- x", false, "expired: it ignores nothing since 2026-05-01; mend what it is about, or give it another date"},
		"malformed":              {code, "a.go", 10, "q() // headgate:ignore code-ahead", false, "malformed: it gives no reason; write headgate:ignore RULE -- reason"},
		"released code":          {released, "a.go", 10, "q() " + ask, false, "unused: there is nothing here to ignore for code-ahead; delete it"},
		"released, by migration": {released, "m.sql", 2, ask, true, ""},
		"a whole migration":      {history, "m.sql", 9, "-- headgate:ignore multiple-heads -- x", true, ""},
		"a schema that fails": {broken, "m.sql", 3, "x -- headgate:ignore migration-fails -- x", false,
			"malformed: migration-fails cannot be ignored, since code cannot be checked against a schema that cannot be built"},
	} {
		t.Run(name, func(t *testing.T) {
			r := &Result{Findings: []Finding{c.finding}, Cells: []Cell{{Name: "C1xS0", Outcome: "fails", Failing: 1}, {Name: "C1xS1", Outcome: "fails", Failing: 1}}}
			text := strings.Repeat("\n", c.line-1) + c.text + "\nq()\n"
			IgnoreByComment(r, IgnoreComments(c.file, []byte(text)), today)
			if got := len(r.Ignored) == 1 && len(r.Findings) == 0; got != c.ignored {
				t.Errorf("ignored: %t, want %t", got, c.ignored)
			}
			var notices []string
			for _, n := range r.IgnoreNotices {
				notices = append(notices, n.Kind+": "+n.Message)
			}
			if got := strings.Join(notices, "\n"); got != c.notice {
				t.Errorf("notice %q, want %q", got, c.notice)
			}
			want := Cell{Name: c.finding.Cell, Outcome: "fails", Failing: 1}
			if c.ignored {
				want = Cell{Name: c.finding.Cell, Outcome: "holds", Ignored: 1}
			}
			if !slices.Contains(r.Cells, want) {
				t.Errorf("cells %+v, want %+v", r.Cells, want)
			}
		})
	}
}

func TestIgnoringEasesACell(t *testing.T) {
	r := &Result{
		Findings: []Finding{
			{Rule: "code-ahead", Severity: Error, File: "a.go", Line: 2, Cell: "C1xS0", Cells: []string{"C1xS0", "C1xS1"}, Fingerprint: "1"},
			{Rule: "code-ahead", Severity: Warning, File: "a.go", Line: 9, Cell: "C1xS1", Fingerprint: "2"},
		},
		Cells: []Cell{{Name: "C0xS0", Outcome: "unchecked"}, {Name: "C1xS0", Outcome: "fails", Failing: 1}, {Name: "C1xS1", Outcome: "fails", Failing: 2}},
	}
	IgnoreByBaseline(r, &Baseline{File: "b.json", Entries: []BaselineEntry{{Fingerprint: "1", Line: 4}, {Fingerprint: "gone", Line: 5}, {Fingerprint: "too", Line: 6}}})
	want := []Cell{{Name: "C0xS0", Outcome: "unchecked"}, {Name: "C1xS0", Outcome: "holds", Ignored: 1}, {Name: "C1xS1", Outcome: "warns", Failing: 1, Ignored: 1}}
	if diff := cmp.Diff(want, r.Cells); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if len(r.Ignored) != 1 || r.Ignored[0].Line != 4 || r.Ignored[0].By != "baseline" {
		t.Errorf("ignored: %+v", r.Ignored)
	}
	if len(r.IgnoreNotices) != 1 || r.IgnoreNotices[0].Line != 5 || !strings.Contains(r.IgnoreNotices[0].Message, "2 findings that are no longer there") {
		t.Errorf("notices: %+v", r.IgnoreNotices)
	}
}

func TestBaselineSurvivesItsFile(t *testing.T) {
	b := NewBaseline("b.json", []Finding{
		{Rule: "z", File: "b.go", Fingerprint: "2", Message: "<b>"},
		{Rule: "a", File: "a.go", Fingerprint: "1", Message: "line\nend"},
		{Rule: "migration-fails", File: "m.sql", Cell: "C1xS1", Fingerprint: "3"},
	})
	var text strings.Builder
	if err := b.Write(&text); err != nil {
		t.Fatal(err)
	}
	const want = `{
"version": 1,
"findings": [
{"fingerprint":"1","rule":"a","file":"a.go","message":"line\nend"},
{"fingerprint":"2","rule":"z","file":"b.go","message":"<b>"}
]
}
`
	if diff := cmp.Diff(want, text.String()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	read, err := ReadBaseline("b.json", strings.NewReader(text.String()))
	if err != nil {
		t.Fatal(err)
	}
	for i := range b.Entries {
		b.Entries[i].Line = 4 + i
	}
	if diff := cmp.Diff(b, read); diff != "" {
		t.Errorf("-written +read:\n%s", diff)
	}
}

func TestEmptyBaseline(t *testing.T) {
	var text strings.Builder
	if err := NewBaseline("b.json", nil).Write(&text); err != nil {
		t.Fatal(err)
	}
	if b, err := ReadBaseline("b.json", strings.NewReader(text.String())); err != nil || len(b.Entries) != 0 {
		t.Errorf("%+v, %v", b, err)
	}
}

func TestReadBaselineRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":                                     "b.json:1: unexpected EOF",
		"{\n\"version\": 1,\n":                 "b.json:2: unexpected EOF",
		"[]":                                   "b.json:1: [ stands where { is expected",
		`{"version": 1, "findings": []}1`:      "b.json:1: something follows the end",
		`{"findings": []}`:                     "b.json:1: a baseline has the fields version and findings",
		"{\n\"version\": 2, \"findings\": []}": "b.json:2: version 2 is not known",
		"{\n\"version\": 1,\n\"version\": 1}":  `b.json:3: "version" stands there twice`,
		"{\n\"version\": 1,\n\"finding\": []}": `b.json:3: there is no field "finding"`,
		"{\"version\": 1,\n\"findings\": [\n{\"fingerprint\": \"\"}]}":            "b.json:3: a finding has no fingerprint",
		"{\"version\": 1,\n\"findings\": [\nnull]}":                               "b.json:3: a finding has no fingerprint",
		"{\"version\": 1,\n\"findings\": [\n{\"fingerprint\": \"1\", \"x\": 1}]}": `b.json:3: json: unknown field "x"`,
		"{\"version\": 1,\n\"findings\": [\n{\"fingerprint\": 1}]}":               "b.json:3: json: cannot unmarshal number",
		"{\"version\": 1,\n\"findings\": [\n<<<<<<< HEAD\n]}":                     "b.json:3: invalid character '<'",
		strings.Repeat(" ", maxBaseline+1):                                        "b.json: a baseline has at most",
	} {
		if _, err := ReadBaseline("b.json", strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60q: error %v, want %q", text, err, want)
		}
	}
}

func FuzzReadBaseline(f *testing.F) {
	f.Add(`{"version":1,"findings":[{"fingerprint":"1","rule":"a","file":"f","message":"m"}]}`)
	f.Add(`{"findings":[{}],"version":1}`)
	f.Add("{\"version\":1,\"findings\":[\n {\"fingerprint\":\"{\"}\n,{\"fingerprint\":\"2\"}]}")
	f.Fuzz(func(t *testing.T, text string) {
		b, err := ReadBaseline("b.json", strings.NewReader(text))
		if err != nil {
			if !strings.HasPrefix(err.Error(), "b.json:") {
				t.Errorf("no place in %v", err)
			}
			return
		}
		lines, last := strings.Count(text, "\n")+1, 1
		for _, e := range b.Entries {
			if e.Line < last || e.Line > lines {
				t.Errorf("line %d after %d of %d", e.Line, last, lines)
			}
			last = e.Line
		}
	})
}
