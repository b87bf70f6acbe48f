package python

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// firstString is the string of the expression that the text consists of.
func firstString(t *testing.T, text string) *String {
	t.Helper()
	m := Parse([]byte(text))
	if len(m.Bad) > 0 {
		t.Fatalf("%q at %d: %s", text, m.Bad[0].At, m.Bad[0].Message)
	}
	for _, s := range m.Body {
		if e, ok := s.(*ExprStmt); ok {
			if s, ok := e.Value.(*String); ok {
				return s
			}
		}
	}
	t.Fatalf("%q is no string", text)
	return nil
}

// TestStringMap pairs each rune of the value with what the file writes it with.
func TestStringMap(t *testing.T) {
	tests := []struct{ text, want string }{
		{`'abc'`, "a=a b=b c=c"},
		{`'aé\n😀b'`, `a=a é=é ` + "\n" + `=\n 😀=😀 b=b`},
		{`'\x41\101\7\0z\u00e9\U0001F600'`, `A=\x41 A=\101 ` + "\a" + `=\7 ` + "\x00" + `=\0 z=z é=\u00e9 😀=\U0001F600`},
		{`'\N{EM DASH}b'`, `�=\N{EM DASH} b=b`},
		{`'\q\'\\'`, `\=\ q=q '=\' \=\\`},
		{"'a\\\nb'", "a=a b=b"},
		{"'a\\\r\nb'", "a=a b=b"},
		{`r'\n\''`, `\=\ n=n \=\ '='`},
		{"'''a\r\nb\rc\n'''", "a=a \n=\r\n b=b \n=\r c=c \n=\n"},
		{`b'\xffA\u0041'`, `ÿ=\xff A=A \=\ u=u 0=0 0=0 4=4 1=1`},
		{"'a' \"b\" # c\n", "a=a b=b"},
		{"('a'\n  '''b''' r'c')", "a=a b=b c=c"},
		{`f'{{a}}' '{{'`, `{={{ a=a }=}} {={ {={`},
		{`'\ud83d'`, `�=\ud83d`},
		{`'\777'`, `ǿ=\777`},
		{`b'\777'`, `ÿ=\777`},
		{"\xef\xbb\xbf'x'", "x=x"},
		{"'\xff\xc3'", "�=\xff �=\xc3"},
		{"# coding: latin-1\n'\xe9\xc3\xa9'", "é=\xe9 Ã=\xc3 ©=\xa9"},
	}
	for _, test := range tests {
		text, ok := firstString(t, test.text).Literal()
		if !ok {
			t.Errorf("%q has a hole", test.text)
			continue
		}
		var got []string
		n := 0
		for p := range text.Pieces() {
			for i, r := range p.Value {
				source := test.text[p.Start:p.End]
				if !p.Fixed {
					source = source[i : i+len(string(r))]
				}
				if at := text.RuneOffset(n); !strings.HasPrefix(test.text[at:], source) {
					t.Errorf("%q: the rune %d is said to stand at %d", test.text, n, at)
				}
				got = append(got, fmt.Sprintf("%c=%s", r, source))
				n++
			}
		}
		if joined := strings.Join(got, " "); joined != test.want {
			t.Errorf("%q:\ngot  %q\nwant %q", test.text, joined, test.want)
		}
	}
}

func TestStringParts(t *testing.T) {
	s := firstString(t, `Rb'a' b"""c"""`)
	if !s.Bytes() || len(s.Parts) != 2 {
		t.Fatalf("%+v", s)
	}
	first, second := s.Parts[0], s.Parts[1]
	if first.Prefix != "Rb" || !first.Raw || !first.Bytes || first.Format || first.Quote != "'" || first.Body() != (Span{3, 4}) {
		t.Errorf("the first part is %+v", first)
	}
	if second.Prefix != "b" || second.Raw || second.Quote != `"""` || second.Span != (Span{6, 14}) || second.Text.Value != "c" {
		t.Errorf("the second part is %+v", second)
	}
}

// TestHoles shows the pieces of f-strings: a literal in quotes, a hole as what the file has for it.
func TestHoles(t *testing.T) {
	tests := []struct {
		text string
		want []string
	}{
		{`f'a{b}c'`, []string{`"a"`, `{b}`, `"c"`}},
		{`f'SELECT {x!r:>{w}} {y=}' ' z'`, []string{`"SELECT "`, `{x!r:>{w}}`, `" "`, `{y=}`, `" z"`}},
		{"f'''{\n  a # }\n}\\n{{'''", []string{"{\n  a # }\n}", `"\n{"`}},
		{`f"{f'{a}' "b"}"`, []string{`{f'{a}' "b"}`}},
		{`f'{a:%d\n}'`, []string{`{a:%d\n}`}},
		{`rf'\{a}\N{b}'`, []string{`"\\"`, `{a}`, `"\\N"`, `{b}`}},
		{`f'\{a}\N{EM DASH}'`, []string{`"\\"`, `{a}`, `"�"`}},
		{`f''`, nil},
	}
	for _, test := range tests {
		s := firstString(t, test.text)
		var got []string
		for piece := range s.Pieces() {
			if piece.Hole == nil {
				got = append(got, fmt.Sprintf("%q", piece.Text.Value))
				continue
			}
			if piece.Hole.Span != piece.Span {
				t.Errorf("%q: a hole at %v in a piece at %v", test.text, piece.Hole.Span, piece.Span)
			}
			got = append(got, test.text[piece.Start:piece.End])
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%q:\ngot  %q\nwant %q", test.text, got, test.want)
		}
		if _, ok := s.Literal(); ok != !strings.Contains(strings.Join(test.want, ""), "{") && test.want != nil {
			t.Errorf("%q: Literal says %t", test.text, ok)
		}
	}
	hole := firstString(t, `f'{ x = !a:>{w}}'`).Parts[0].Pieces[0].Hole
	if hole.Debug.Value != " x = " || hole.Conversion != 'a' || !hole.HasSpec || len(hole.Spec) != 2 {
		t.Errorf("the hole is %+v", hole)
	}
	if at := hole.Debug.Offset(1); at != 4 {
		t.Errorf("the text of the hole stands at %d, want 4", at)
	}
}

func TestNumbers(t *testing.T) {
	tests := []struct {
		text, int string
		float     float64
		real      bool
	}{
		{"0", "0", 0, true},
		{"0_0", "0", 0, true},
		{"1_000", "1000", 1000, true},
		{"0xFf", "255", 255, true},
		{"0b_1", "1", 1, true},
		{"0O17", "15", 15, true},
		{"123456789012345678901234567890", "123456789012345678901234567890", 123456789012345678901234567890, true},
		{"1.5", "", 1.5, true},
		{"1_0.5e-1", "", 1.05, true},
		{"1e3", "", 1000, true},
		{".5", "", .5, true},
		{"0x1e3", "483", 483, true},
		{"2j", "", 0, false},
		{"007.5", "", 7.5, true},
	}
	for _, test := range tests {
		n := &Number{Text: test.text}
		i, ok := n.Int()
		if ok != (test.int != "") || ok && i.String() != test.int {
			t.Errorf("%s as an integer: %v, %t", test.text, i, ok)
		}
		if f, ok := n.Float(); ok != test.real || f != test.float {
			t.Errorf("%s as a float: %v, %t", test.text, f, ok)
		}
	}
}

func TestEncoding(t *testing.T) {
	tests := []struct{ text, want string }{
		{"", "utf-8"},
		{"# coding: UTF8\n", "utf-8"},
		{"#!/usr/bin/python\n# -*- coding: Latin_1 -*-\n", "latin-1"},
		{"\ufeff# vim: set fileencoding=iso-8859-1 :\n", "latin-1"},
		{"\n\n# coding: latin-1\n", "utf-8"},
		{"x = 1\n# coding: latin-1\n", "utf-8"},
		{"# coding: koi8-r\r\n", "koi8-r"},
	}
	for _, test := range tests {
		if got := Parse([]byte(test.text)).Encoding; got != test.want {
			t.Errorf("%q is said to be in %s, want %s", test.text, got, test.want)
		}
	}
}

func TestIdentifiersAreNormalised(t *testing.T) {
	m := Parse([]byte("ﬁeld = é\n"))
	if got := dump(m, nil, false); got != "(assign (name field) (name é))\n" {
		t.Error(got)
	}
	if m := Parse([]byte("a‿b = °\nc\u00a0= 1\nd = 2\n")); len(m.Bad) != 2 || len(m.Body) != 3 {
		t.Errorf("bad: %d of %d", len(m.Bad), len(m.Body))
	}
}

func TestDebugText(t *testing.T) {
	tests := []struct{ text, want string }{
		{"f'{a=}'", "a="},
		{"f'{ a  = !r}'", " a  = "},
		{"f\"{'#' + a = }\"", "'#' + a = "},
		{"f'''{a # one\n # two\r\n+ '#'= # three\n}'''", "a \n \n+ '#'= \n"},
	}
	for _, test := range tests {
		if got := firstString(t, test.text).Parts[0].Pieces[0].Hole.Debug.Value; got != test.want {
			t.Errorf("%q: %q, want %q", test.text, got, test.want)
		}
	}
}
