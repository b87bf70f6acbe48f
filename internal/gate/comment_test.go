package gate

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestIgnoreComments reads one file and says of each comment where it reaches and what it asks for.
func TestIgnoreComments(t *testing.T) {
	for name, c := range map[string]struct {
		file, text string
		want       []string
	}{
		"none":            {"a.go", "// nothing is ignored here\n", nil},
		"behind":          {"a.go", "q(`SELECT a`) // headgate:ignore code-ahead -- the flag is off\nq(`SELECT b`)\n", []string{"1-1 code-ahead: the flag is off"}},
		"above":           {"a.py", "# headgate:ignore code-ahead -- off\nq('a')\nq('b')\n", []string{"1-2 code-ahead: off"}},
		"above two":       {"a.go", "// headgate:ignore code-ahead -- a\n// headgate:ignore unknown-reference -- b\nq()\n", []string{"1-3 code-ahead: a", "2-3 unknown-reference: b"}},
		"above a blank":   {"a.go", "// headgate:ignore code-ahead -- a\n\nq()\n", []string{"1-2 code-ahead: a"}},
		"open brackets":   {"a.go", "// headgate:ignore code-ahead -- a\nrows, err := q(ctx,\n\t`SELECT (1)\n\tFROM t`,\n)\nq()\n", []string{"1-5 code-ahead: a"}},
		"python's quotes": {"a.py", "# headgate:ignore code-ahead -- a\nq(text(\"\"\"\n SELECT ')'\n\"\"\"))\nq()\n", []string{"1-4 code-ahead: a"}},
		"one of a list":   {"a.py", "Table('t',\n  Column('a', Int), # headgate:ignore code-ahead -- a\n  Column('b', Int),\n)\n", []string{"2-2 code-ahead: a"}},
		"assignment":      {"a.go", "// headgate:ignore code-ahead -- a\nconst q =\n\t`SELECT a`\nf()\n", []string{"1-3 code-ahead: a"}},
		"a pointer":       {"a.go", "*p = q(`SELECT a`) // headgate:ignore code-ahead -- a\nq()\n", []string{"1-1 code-ahead: a"}},
		"several rules":   {"a.go", "q() /* headgate:ignore code-ahead, unknown-reference,code-ahead until=2026-05-01 -- a */ + 1\n", []string{"1-1 code-ahead unknown-reference until 2026-05-01: a"}},
		"block comment":   {"a.go", "/*\n * headgate:ignore code-ahead -- a\n */\nq()\n", []string{"2-4 code-ahead: a"}},
		"haskell":         {"a.hs", "{- headgate:ignore code-ahead -- a -}\nq\n", []string{"1-2 code-ahead: a"}},
		"xml":             {"a.xml", "<!-- headgate:ignore code-ahead -- a -->\n<sql/>\n", []string{"1-2 code-ahead: a"}},
		"behind a remark": {"a.go", "q() // nolint:all, headgate:ignore code-ahead -- a\r\n", []string{"1-1 code-ahead: a"}},
		"statement": {"m.sql", "-- headgate:ignore code-ahead -- a\nALTER TABLE t\n  ADD a int,\n  ADD b int;\nSELECT 1;\n",
			[]string{"1-4 code-ahead: a"}},
		"in a statement": {"m.sql", "ALTER TABLE t\n  ADD a int, -- headgate:ignore code-ahead -- a\n  ADD b int;\nSELECT 1;\n",
			[]string{"1-3 code-ahead: a"}},
		"after a semicolon":   {"m.sql", "SELECT 1;\nDROP TABLE t; -- headgate:ignore code-ahead -- a\nSELECT 2;\n", []string{"2-2 code-ahead: a"}},
		"a function's body":   {"m.sql", "-- headgate:ignore code-ahead -- a\nCREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$\nSELECT 1;\nSELECT 2;\n$$;\nSELECT 3;\n", []string{"1-5 code-ahead: a"}},
		"far above":           {"m.sql", "-- headgate:ignore code-ahead -- a\n\nSELECT 1\n;\n", []string{"1-2 code-ahead: a"}},
		"no comment":          {"a.go", "x := `headgate:ignore code-ahead -- a`\n", nil},
		"another word":        {"a.go", "// xheadgate:ignore code-ahead -- a\n// headgate:ignored code-ahead -- a\n// headgate:ignore-all -- a\n", nil},
		"comment has ended":   {"a.sql", "/* x */ 'headgate:ignore code-ahead -- a'\n", nil},
		"no reason":           {"a.go", "// headgate:ignore code-ahead\n// headgate:ignore code-ahead --\n", []string{"1-3 malformed: it gives no reason; write headgate:ignore RULE -- reason", "2-3 malformed: it gives no reason; write headgate:ignore RULE -- reason"}},
		"no rule":             {"a.go", "// headgate:ignore -- a\n", []string{"1-2 malformed: it names no rule; write headgate:ignore RULE -- reason"}},
		"unknown rule":        {"a.go", "// headgate:ignore code-ahed -- a\n", []string{`1-2 malformed: there is no rule "code-ahed"; headgate explain lists them`}},
		"no date":             {"a.go", "// headgate:ignore code-ahead until=2026-02-30 -- a\n", []string{`1-2 malformed: "2026-02-30" is no date; write until=YYYY-MM-DD`}},
		"not the whole world": {"a.go", "// headgate:ignore all -- a\n", []string{`1-2 malformed: there is no rule "all"; headgate explain lists them`}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, c := range IgnoreComments(c.file, []byte(c.text)) {
				text := fmt.Sprintf("%d-%d %s", c.First, c.Last, strings.Join(c.Rules, " "))
				if !c.Until.IsZero() {
					text += " until " + c.Until.Format(time.DateOnly)
				}
				text += ": " + c.Reason
				if c.Malformed != "" {
					text = fmt.Sprintf("%d-%d malformed: %s", c.First, c.Last, c.Malformed)
				}
				got = append(got, text)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// FuzzIgnoreComments holds that a comment has its own line among those that it speaks of, all of them in the file, and that
// it either asks for something and says why, or is malformed.
func FuzzIgnoreComments(f *testing.F) {
	f.Add("a.go", "// headgate:ignore code-ahead -- a\nq(ctx,\n\t`SELECT 1`)\n")
	f.Add("a.sql", "/* headgate:ignore code-ahead until=2026-01-01 -- a */ SELECT 1;\n-- headgate:ignore x\n")
	f.Add("a.py", "q(\"\"\"\n # headgate:ignore code-ahead, unknown-reference -- '\n\"\"\")")
	f.Fuzz(func(t *testing.T, file, text string) {
		lines := strings.Count(text, "\n") + 1
		for _, c := range IgnoreComments(file, []byte(text)) {
			if c.First < 1 || c.First > c.Line || c.Line > c.Last || c.Last > lines {
				t.Errorf("line %d speaks of %d to %d of %d", c.Line, c.First, c.Last, lines)
			}
			if c.Malformed == "" && (len(c.Rules) == 0 || c.Reason == "") {
				t.Errorf("%+v", c)
			}
		}
	})
}
