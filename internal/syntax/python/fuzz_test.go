package python

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/tools/txtar"
)

// checkTree asserts what holds for every tree: children lie within their parents, one behind the other, and all text that is
// said to stand in the file letter for letter does.
func checkTree(t *testing.T, text []byte, m *Module) {
	t.Helper()
	type place struct {
		span  Span
		after int // where the last child ends
	}
	stack := []*place{{span: Span{0, len(text)}}}
	var bad []*Bad
	Inspect(m, func(n Node) bool {
		s := n.Range()
		if s.Start > s.End || s.Start < 0 || s.End > len(text) {
			t.Fatalf("%T has the span %v in a text of %d bytes", n, s, len(text))
		}
		for len(stack) > 1 && s.Start >= stack[len(stack)-1].span.End && s.End > stack[len(stack)-1].span.End {
			stack = stack[:len(stack)-1]
		}
		top := stack[len(stack)-1]
		if _, isModule := n.(*Module); !isModule {
			if s.Start < top.span.Start || s.End > top.span.End {
				t.Fatalf("%T at %v lies outside of what it is in, at %v", n, s, top.span)
			}
			if s.Start < top.after {
				t.Fatalf("%T at %v begins before the end of what is before it, at %d", n, s, top.after)
			}
			top.after = s.Start
			if s.End > s.Start {
				stack = append(stack, &place{span: s, after: s.Start})
			}
		}
		switch n := n.(type) {
		case *Bad:
			bad = append(bad, n)
			if n.Message == "" || n.At < 0 || n.At > len(text) {
				t.Fatalf("a bad statement at %v with the place %d and the message %q", s, n.At, n.Message)
			}
		case *String:
			checkString(t, text, n)
		case *Number:
			if _, ok := n.Float(); !ok && !strings.HasSuffix(strings.ToLower(n.Text), "j") {
				t.Fatalf("the number %q has no value", n.Text)
			}
		}
		return true
	})
	if !slices.Equal(bad, m.Bad) {
		t.Fatalf("Bad lists %d statements, the tree has %d", len(m.Bad), len(bad))
	}
}

func checkString(t *testing.T, text []byte, s *String) {
	t.Helper()
	after := s.Start
	for i := range s.Parts {
		part := &s.Parts[i]
		if part.Start < after || part.End > s.End || !strings.HasPrefix(string(text[part.Start:part.End]), part.Prefix+part.Quote) ||
			!strings.HasSuffix(string(text[part.Start:part.End]), part.Quote) {
			t.Fatalf("a part of a string at %v, behind %d, in %v", part.Span, after, s.Span)
		}
		after = part.End
	}
	after = s.Start
	for piece := range s.Pieces() {
		if piece.Start < after || piece.End > s.End {
			t.Fatalf("a piece at %v, behind %d, in %v", piece.Span, after, s.Span)
		}
		after = piece.Start
		if !utf8.ValidString(piece.Text.Value) {
			t.Fatalf("the value %q is no text", piece.Text.Value)
		}
		runes := 0
		for p := range piece.Text.Pieces() {
			if p.Start < after || p.End > piece.End {
				t.Fatalf("text at %d to %d, behind %d, in %v", p.Start, p.End, after, piece.Span)
			}
			if !p.Fixed && string(text[p.Start:p.End]) != p.Value {
				t.Fatalf("%q does not stand at %d", p.Value, p.Start)
			}
			// It walks from the front each time: not through the longest texts.
			if got := piece.Text.RuneOffset(min(runes, 1000)); runes <= 1000 && p.Value != "" && got != p.Start {
				t.Fatalf("the rune %d is found at %d, not at %d", runes, got, p.Start)
			}
			runes += utf8.RuneCountInString(p.Value)
			after = p.End
		}
		after = piece.End
	}
}

var skipped = regexp.MustCompile(`^(?:\x{FEFF}|[ \t\f\r\n]|#[^\r\n]*|\\(?:\r\n|\r|\n))*$`)

// checkTokens asserts that the tokens stand in order, and that between them is nothing but space, comments and continued
// line ends.
func checkTokens(t *testing.T, text string) {
	t.Helper()
	l := newLexer(text)
	end := 0
	for n := 0; ; n++ {
		tok := l.next()
		if tok.start < end || tok.end < tok.start || tok.end > len(text) {
			t.Fatalf("token %d, of kind %d, at %d to %d behind %d", n, tok.kind, tok.start, tok.end, end)
		}
		if !skipped.MatchString(text[end:tok.start]) {
			t.Fatalf("%q was skipped before token %d", text[end:tok.start], n)
		}
		end = tok.end
		if tok.kind == tokEOF {
			break
		}
		if n > 2*len(text)+2*maxIndents {
			t.Fatal("there is no end of tokens")
		}
	}
	if end != len(text) {
		t.Fatalf("the tokens end at %d of %d", end, len(text))
	}
}

func FuzzParse(f *testing.F) {
	cases, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(cases) == 0 {
		f.Fatal("no cases in testdata", err)
	}
	for _, name := range cases {
		archive, err := txtar.ParseFile(name)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range archive.Files {
			if strings.HasSuffix(file.Name, ".py") {
				f.Add(file.Data)
			}
		}
	}
	text, err := os.ReadFile("testdata/models.py")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	for _, seed := range hostile(5) {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		checkTree(t, text, Parse(text))
		checkTokens(t, string(text))
	})
}

// hostile are texts that want to break a parser, by doing n times what is usually done once.
func hostile(n int) map[string]string {
	many := func(s string) string { return strings.Repeat(s, n) }
	return map[string]string{
		"open brackets":        many("("),
		"open brackets, lines": many("x = (\n"),
		"mixed brackets":       many("([{"),
		"nested lists":         many("[") + many("]"),
		"unary":                "x = " + many("-") + "1",
		"not":                  "x = " + many("not ") + "1",
		"power":                "x = " + many("2**") + "1",
		"lambda":               "x = " + many("lambda: ") + "1",
		"conditional":          "x = " + many("1 if 1 else ") + "1",
		"sum":                  "x = " + many("1+") + "1",
		"attributes":           "x" + many(".x"),
		"calls":                "x" + many("()"),
		"boolean":              "x = " + many("a and b or ") + "c",
		"assignment":           many("x = ") + "1",
		"elif":                 "if x: pass\n" + many("elif x: pass\n"),
		"decorators":           many("@x\n") + "def f(): pass\n",
		"statements":           many("x;") + "\n",
		"indentation":          strings.Repeat(" ", 1) + indented(min(n, 3000)),
		"f-strings":            many(`f"{`),
		"triple f-strings":     many("f'''{\n"),
		"format specification": `f"` + many("{x:"),
		"unclosed string":      many("x = '\n"),
		"unclosed triple":      many("x = '''a'''+'''b''\n"),
		"bad lines":            many("x y z\n"),
		"match":                many("match(\n"),
		"match lines":          many("match (1 1\n"),
		"with":                 many("with (a as b, (c\n"),
		"with nested":          many("with (") + "\n",
		"async":                many("async "),
		"backslashes":          many("\\\n"),
		"indented backslashes": many(" \\\n") + "x",
		"null bytes":           many("\x00"),
		"not UTF-8":            "# coding: latin-1\nx = '" + many("\xff") + "'",
		"targets":              many("*a,") + "= 1",
		"nested targets":       "for " + many("(") + "x" + many(")") + " in y: pass",
		"dedents":              "if x:\n  if y:\n    z\n" + many(" a\n"),
		"pattern":              "match x:\n case " + many("a|") + "b: pass\n",
		"implicit strings":     "x = " + many("'a' "),
		"bad hole":             "x = f'''{\n" + many("'''\n"),
	}
}

func indented(levels int) string {
	var b strings.Builder
	for n := range levels {
		b.WriteString(strings.Repeat(" ", n) + "if x:\n")
	}
	return b.String()
}

// TestHostile parses what is far too deep or too long: without a panic, an overflow of the stack, or time that grows with the
// square of the size.
func TestHostile(t *testing.T) {
	texts := hostile(3 * maxDepth)
	for _, chain := range []string{"sum", "attributes", "calls"} {
		texts[chain] = hostile(maxChain + 1000)[chain]
	}
	for name, text := range texts {
		t.Run(name, func(t *testing.T) {
			checkTree(t, []byte(text), Parse([]byte(text)))
			checkTokens(t, text)
		})
	}
}
