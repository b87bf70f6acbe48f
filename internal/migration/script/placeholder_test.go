package script_test

import (
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/migration/script"
)

func TestExpand(t *testing.T) {
	values := map[string]string{"owner": "elm", "a.b": "dotted", "two": "one\r\ntwo\nthree\rfour", "$1": "literal", "<schema>": "trees", "self": "${owner}", "empty": ""}
	for text, want := range map[string]string{
		"${owner} ${ owner } {{owner}} {{ .owner }} {{- owner -}} /* TEMPLATE: owner */": "elm elm elm elm elm elm",
		"${a.b} {{ .a.b }}":                        "dotted dotted",
		"${two};\nSELECT":                          "one two three four;\nSELECT",
		"${missing} {{ missing }} $owner {owner}":  "${missing} {{ missing }} $owner {owner}",
		"<schema>.a, $1, $10":                      "trees.a, literal, literal0",
		"a${empty}b":                               "ab",
		"${self}":                                  "${owner}",
		"{{\n owner\n}}a\nb":                       "elm\n\na\nb",
		"${own\ner} ${owner":                       "${own\ner} ${owner",
		"/* TEMPLATE: missing */ /*TEMPLATE:two*/": "/* TEMPLATE: missing */ one two three four",
	} {
		if got := script.Expand(text, values); got != want {
			t.Errorf("%q becomes %q, and %q was wanted", text, got, want)
		}
	}
	if got := script.Expand("${owner}", nil); got != "${owner}" {
		t.Errorf("without values: %q", got)
	}
}

func TestOneLine(t *testing.T) {
	for value, want := range map[string]string{"": "", "é": "é", "a\nb": "a b", "a\r\nb\rc\n": "a b c "} {
		if got := script.OneLine(value); got != want {
			t.Errorf("%q becomes %q", value, got)
		}
	}
}

// FuzzExpand holds that every line keeps its number, and that a text without templates stays as it is.
func FuzzExpand(f *testing.F) {
	f.Add("${a}\n{{ .b }}\r\n/* TEMPLATE: a */", "x\ny")
	f.Add("${\na\n} ${${a}}", "${a}")
	f.Fuzz(func(t *testing.T, text, value string) {
		got := script.Expand(text, map[string]string{"a": value, "b": ""})
		if strings.Count(got, "\n") != strings.Count(text, "\n") {
			t.Errorf("%q has other lines than %q", got, text)
		}
		if !strings.ContainsAny(text, "${/") && got != text {
			t.Errorf("%q becomes %q", text, got)
		}
	})
}

// FuzzStatements holds that every message stands in the text at the line that it names, letter for letter, and that the whole is as
// long as all of them.
func FuzzStatements(f *testing.F) {
	for _, text := range []string{"", "SELECT 1;\nSELECT 2", "\ufeff SELECT 1;", "é; é\r\n;", "$a$;\n$a$;\n'\n';", "COPY a FROM stdin;\n1;\n\\.\nSELECT 1;", "CREATE FUNCTION f() BEGIN ATOMIC\nSELECT 1;\nEND;\nSELECT 2"} {
		f.Add(text, 0, len(text))
		f.Add("-- é\n"+text, 6, len(text))
	}
	f.Add("0000000/*", 6, 9)
	f.Add("/*", 0, 2)
	f.Add("//*", 0, 3)
	f.Fuzz(func(t *testing.T, text string, start, end int) {
		if start < 0 || end > len(text) || start > end {
			return
		}
		lines := strings.Split(text, "\n")
		check := func(messages []script.Message, within string) {
			rest := within
			for _, m := range messages {
				at := strings.Index(rest, m.SQL)
				if at < 0 || m.SQL == "" {
					t.Fatalf("%q is not behind what stands before in %q", m.SQL, within)
				}
				rest = rest[at+len(m.SQL):]
				for i, line := range strings.Split(m.SQL, "\n") {
					if n := m.Lines[i]; n < 1 || n > len(lines) || !strings.Contains(lines[n-1], line) {
						t.Fatalf("%q is not in line %d of %q", line, n, text)
					}
				}
				if first := []rune(lines[m.Lines[0]-1]); m.Indent > len(first) {
					t.Fatalf("%d runes stand before %q in %q", m.Indent, m.SQL, string(first))
				}
			}
		}
		statements := script.Statements(text, start, end)
		check(statements, text[start:end])
		check(script.StatementsAndRows(text), text)
		all := script.Whole(text, start, end)
		check(all, text[start:end])
		if len(all) == 1 && len(statements) == 0 && strings.HasPrefix(all[0].SQL, "/*") {
			return // a comment that does not end, which the server refuses
		}
		if len(all) > 1 || (len(all) == 0) != (len(statements) == 0) {
			t.Fatalf("%d messages of %d statements", len(all), len(statements))
		}
		if len(all) == 1 {
			last := statements[len(statements)-1].SQL
			// What the server refuses, a comment that does not end, is sent there, too.
			ends := strings.HasSuffix(all[0].SQL, last) || strings.Contains(all[0].SQL, last) && strings.Contains(all[0].SQL, "/*")
			if !strings.HasPrefix(all[0].SQL, statements[0].SQL) || !ends || all[0].Lines[0] != statements[0].Lines[0] {
				t.Fatalf("the whole of %q is %q at line %d", text, all[0].SQL, all[0].Lines[0])
			}
		}
	})
}
