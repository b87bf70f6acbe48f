package annotations

import (
	"bytes"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/gate"
)

func TestFailure(t *testing.T) {
	for _, c := range []struct {
		name, file   string
		line, column int
		message      string
		want         string
	}{
		{"placed", "db/1.sql", 3, 7, `syntax error at or near "TABEL"`,
			"::error col=7,file=db/1.sql,line=3,title=Headgate could not check::syntax error at or near \"TABEL\"\n"},
		{"no column", "db/1.sql", 3, 0, "x", "::error file=db/1.sql,line=3,title=Headgate could not check::x\n"},
		{"no line", "db/1.sql", 0, 7, "x", "::error file=db/1.sql,title=Headgate could not check::x\n"},
		{"no file", "", 3, 7, "no such ref: v9", "::error title=Headgate could not check::no such ref: v9\n"},
		{"lines", "", 0, 0, "a\n::error::b 100%", "::error title=Headgate could not check::a%0A\\x3a:error::b 100%25\n"},
		{"hostile name", "a:b,c%\r\n::x", 1, 0, "\x1b[2J\r::x::", "::error file=a%3Ab%2Cc%25\\r\\n%3A%3Ax,line=1,title=Headgate could not check::\\x1b[2J\\r::x::\n"},
	} {
		var b bytes.Buffer
		if err := Failure(&b, c.file, c.line, c.column, c.message); err != nil {
			t.Fatal(err)
		}
		if got := b.String(); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestWorstFirstWithinGitHubsLimits(t *testing.T) {
	for _, c := range []struct {
		name                      string
		errors, warnings, notices int
		want                      map[string]int
		rest                      string
	}{
		{"all fit", 10, 10, 10, map[string]int{"error": 10, "warning": 10, "notice": 10}, ""},
		{"more errors", 13, 1, 0, map[string]int{"error": 10, "warning": 1, "notice": 1}, "3 errors"},
		{"more errors, full notices", 11, 0, 10, map[string]int{"error": 10, "notice": 10}, "1 error and 1 notice"},
		{"more of each", 11, 12, 13, map[string]int{"error": 10, "warning": 10, "notice": 10}, "1 error, 2 warnings and 4 notices"},
		{"nothing", 0, 0, 0, map[string]int{}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := &gate.Result{}
			for severity, n := range map[gate.Severity]int{gate.Error: c.errors, gate.Warning: c.warnings, gate.Notice: c.notices} {
				for range n {
					r.Findings = append(r.Findings, gate.Finding{Severity: severity, Rule: "code-ahead", Message: "m", File: "a.go", Line: 1})
				}
			}
			var b bytes.Buffer
			if err := (Format{}).Write(&b, r); err != nil {
				t.Fatal(err)
			}
			got := map[string]int{}
			for line := range strings.Lines(b.String()) {
				level, _, _ := strings.Cut(strings.TrimPrefix(line, "::"), " ")
				got[level]++
			}
			for _, level := range []string{"error", "warning", "notice"} {
				if got[level] != c.want[level] {
					t.Errorf("%d annotations of level %s, want %d", got[level], level, c.want[level])
				}
			}
			_, rest, _ := strings.Cut(b.String(), "Not shown here: ")
			rest, _, _ = strings.Cut(rest, ".")
			if rest != c.rest {
				t.Errorf("the notice tells of %q, want %q", rest, c.rest)
			}
		})
	}
}

func TestPlaces(t *testing.T) {
	for _, c := range []struct {
		name    string
		finding gate.Finding
		want    string
	}{
		{"full", gate.Finding{File: "a.go", Line: 3, Column: 2, EndLine: 3, EndColumn: 5}, "col=2,endColumn=5,endLine=3,file=a.go,line=3"},
		// GitHub drops columns where the lines differ.
		{"over lines", gate.Finding{File: "a.go", Line: 3, Column: 2, EndLine: 4, EndColumn: 1}, "endLine=4,file=a.go,line=3"},
		{"no column", gate.Finding{File: "a.go", Line: 3, EndLine: 3, EndColumn: 5}, "endLine=3,file=a.go,line=3"},
		{"end before start", gate.Finding{File: "a.go", Line: 3, Column: 9, EndLine: 2, EndColumn: 5}, "col=9,file=a.go,line=3"},
		{"end column before start", gate.Finding{File: "a.go", Line: 3, Column: 9, EndLine: 3, EndColumn: 5}, "col=9,endLine=3,file=a.go,line=3"},
		{"no line", gate.Finding{File: "a.go", Column: 9, EndLine: 3}, "file=a.go"},
	} {
		var b bytes.Buffer
		c.finding.Rule, c.finding.Severity, c.finding.Message = "r", gate.Error, "m"
		if err := (Format{}).Write(&b, &gate.Result{Findings: []gate.Finding{c.finding}}); err != nil {
			t.Fatal(err)
		}
		if want := "::error " + c.want + ",title=Headgate%3A r::m\n"; b.String() != want {
			t.Errorf("%s: %q, want %q", c.name, b.String(), want)
		}
	}
}
