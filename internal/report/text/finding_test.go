package text

import (
	"bytes"
	"strconv"
	"strings"
	"testing"

	"github.com/clipperhouse/displaywidth"

	"github.com/headgate/headgate/internal/gate"
)

// FuzzCaret holds for any line and place that the report is printable and that the caret range
// stands under the shown line.
func FuzzCaret(f *testing.F) {
	f.Add("\tq(`SELECT '樹木', height_m`)", 18, 5, 18, 13)
	f.Add("e\u0301\xff\x1b[31m\u202e", 1, 1, 3, 2)
	f.Add(strings.Repeat("a, ", 200), 7, 500, 7, 503)
	f.Add("", 0, 0, 0, 0)
	f.Add("x\r\ny", 1, -3, -1, 1<<40)
	f.Fuzz(func(t *testing.T, source string, line, column, endLine, endColumn int) {
		r := &gate.Result{Verdict: "fail", Findings: []gate.Finding{{
			Rule: "code-ahead", Severity: gate.Error, Message: source, File: "a.go", Source: source,
			Line: line, Column: column, EndLine: endLine, EndColumn: endColumn,
		}}}
		var b bytes.Buffer
		if err := (Format{}).Write(&b, r); err != nil {
			t.Fatal(err)
		}
		if i := strings.IndexFunc(b.String(), func(r rune) bool { return r != '\n' && !strconv.IsGraphic(r) }); i >= 0 {
			t.Errorf("a control character is left in %q", b.String()[i:])
		}
		if source == "" || line <= 0 {
			return
		}
		lines := strings.Split(b.String(), "\n")
		if column <= 0 {
			if strings.Contains(lines[3], "^") {
				t.Errorf("a caret without a column: %q", lines[3])
			}
			return
		}
		margin := len(strconv.Itoa(line)) + len(" | ")
		caret := lines[3]
		if len(caret) <= margin || strings.Trim(caret[margin:], " ^") != "" || !strings.HasSuffix(caret, "^") {
			t.Fatalf("no caret in %q", caret)
		}
		// One column further is the place after the line's last rune.
		if over := len(caret) - displaywidth.String(lines[2]); over > 1 && strings.TrimRight(source, " ") == source && !strings.ContainsAny(source, "\r\n \t") {
			t.Errorf("the caret ends %d columns after the line:\n%s\n%s", over, lines[2], caret)
		}
	})
}

func TestColors(t *testing.T) {
	var b bytes.Buffer
	r := &gate.Result{Verdict: "pass", Findings: []gate.Finding{{Rule: "r", Severity: gate.Warning, Message: "m", File: "a.go", Line: 3}}}
	if err := (Format{Color: true}).Write(&b, r); err != nil {
		t.Fatal(err)
	}
	const want = "\x1b[1ma.go:3:\x1b[0m \x1b[1;33mwarning:\x1b[0m m \x1b[2m[r]\x1b[0m\n"
	if got, _, _ := strings.Cut(b.String(), "\n"); got+"\n" != want {
		t.Errorf("%q, want %q", got, want)
	}
}
