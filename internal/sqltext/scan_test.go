package sqltext

import (
	"slices"
	"strings"
	"testing"
)

var kindNames = map[Kind]string{
	EOF: "eof", Comment: "comment", Identifier: "ident", QuotedIdentifier: "quoted", String: "string",
	Number: "number", Parameter: "param", Operator: "op", Punctuation: "punct",
}

func tokens(src string) []string {
	var out []string
	scan := NewScanner(src)
	for t := scan.Next(); t.Kind != EOF; t = scan.Next() {
		word := kindNames[t.Kind] + " " + src[t.Start:t.End]
		if t.Unterminated {
			word += " (open)"
		}
		out = append(out, word)
	}
	return out
}

func TestTokens(t *testing.T) {
	tests := []struct {
		src  string
		want []string
	}{
		{"", nil},
		{" \t\r\n\f\v", nil},
		{"select Ünïcode _a a$1", []string{"ident select", "ident Ünïcode", "ident _a", "ident a$1"}},
		{`"a""b" U&"\0041"`, []string{`quoted "a""b"`, `quoted U&"\0041"`}},
		{`'a''b' 'c\'`, []string{`string 'a''b'`, `string 'c\'`}},
		{`E'a\'b''c' e'\\'`, []string{`string E'a\'b''c'`, `string e'\\'`}},
		{`B'01' x'ff' N'n' U&'\0041'`, []string{`string B'01'`, `string x'ff'`, `string N'n'`, `string U&'\0041'`}},
		{"'a'\n 'b'", []string{"string 'a'\n 'b'"}},
		{"'a' 'b'", []string{"string 'a'", "string 'b'"}},
		{"'a' -- note\n 'b'", []string{"string 'a' -- note\n 'b'"}},
		{"'a' -- note 'b'", []string{"string 'a'", "comment -- note 'b'"}},
		{"'a' -- note\n, 'b'", []string{"string 'a'", "comment -- note", "punct ,", "string 'b'"}},
		{"E'a'\n'\\''", []string{"string E'a'\n'\\''"}},
		{"$$a$$ $x$ $$ $x$ $é_1$b$é_1$", []string{"string $$a$$", "string $x$ $$ $x$", "string $é_1$b$é_1$"}},
		{"$1 $12a", []string{"param $1", "param $12", "ident a"}},
		{"$ $a b", []string{"punct $", "punct $", "ident a", "ident b"}},
		{"$x$ a", []string{"string $x$ a (open)"}},
		{"1 1.5 .5 1e10 1E-5 1.e+2 0x1F 1_000 1..2", []string{
			"number 1", "number 1.5", "number .5", "number 1e10", "number 1E-5", "number 1.e+2", "number 0x1F", "number 1_000",
			"number 1", "punct .", "number .2"}},
		{"a.b, (c)[1];", []string{"ident a", "punct .", "ident b", "punct ,", "punct (", "ident c", "punct )", "punct [", "number 1", "punct ]", "punct ;"}},
		{"a::b :c d:=e :f", []string{"ident a", "punct ::", "ident b", "punct :", "ident c", "ident d", "punct :=", "ident e", "punct :", "ident f"}},
		{"a=?b =@c @>d", []string{"ident a", "op =?", "ident b", "op =@", "ident c", "op @>", "ident d"}},
		{"a*-1 a@-1 a+-+b", []string{"ident a", "op *", "op -", "number 1", "ident a", "op @-", "number 1", "ident a", "op +", "op -", "op +", "ident b"}},
		{"a*/*c*/b", []string{"ident a", "op *", "comment /*c*/", "ident b"}},
		{"a---b\nc", []string{"ident a", "comment ---b", "ident c"}},
		{"a+--b", []string{"ident a", "op +", "comment --b"}},
		{"-- a\r\nb -- c", []string{"comment -- a", "ident b", "comment -- c"}},
		{"/* a /* b */ c */ d /* e", []string{"comment /* a /* b */ c */", "ident d", "comment /* e (open)"}},
		{"'a", []string{"string 'a (open)"}},
		{`"a`, []string{`quoted "a (open)`}},
		{`E'a\`, []string{`string E'a\ (open)`}},
		{"\\ { } \x00 \x7f", []string{"punct \\", "punct {", "punct }", "punct \x00", "punct \x7f"}},
	}
	for _, test := range tests {
		if got := tokens(test.src); !slices.Equal(got, test.want) {
			t.Errorf("%q:\n got %q\nwant %q", test.src, got, test.want)
		}
	}
}

func TestScannerStaysAtTheEnd(t *testing.T) {
	scan := NewScanner("a ")
	scan.Next()
	for range 3 {
		if got := scan.Next(); got != (Token{Kind: EOF, Start: 2, End: 2}) {
			t.Fatalf("got %+v", got)
		}
	}
}

func TestUnquote(t *testing.T) {
	for ident, want := range map[string]string{
		"Trees": "trees", `"Trees"`: "Trees", `"a""b"`: `a"b`, `U&"x"`: "x", "É": "É", `""`: "", `"`: `"`, "": "", "u": "u",
	} {
		if got := Unquote(ident); got != want {
			t.Errorf("Unquote(%q) = %q, want %q", ident, got, want)
		}
	}
}

func statements(src string) []string {
	var out []string
	for s := range Statements(src) {
		out = append(out, src[s.Start:s.End])
	}
	return out
}

func TestStatements(t *testing.T) {
	tests := []struct {
		name, src string
		want      []string
	}{
		{"none", " ; -- a\n ;; /* b */", nil},
		{"one", "SELECT 1", []string{"SELECT 1"}},
		{"comments around", "-- a\nSELECT 1 -- b\n; /* c */ SELECT 2 /* d */", []string{"SELECT 1", "SELECT 2"}},
		{"quotes", `SELECT ';'; SELECT ";" ; SELECT E'\';'; SELECT $$;$$; SELECT $a$;$$;$a$`,
			[]string{"SELECT ';'", `SELECT ";"`, `SELECT E'\';'`, "SELECT $$;$$", "SELECT $a$;$$;$a$"}},
		{"parentheses", "CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2); SELECT 3",
			[]string{"CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2)", "SELECT 3"}},
		{"too many closed", "SELECT 1); SELECT 2", []string{"SELECT 1)", "SELECT 2"}},
		{"sql body", "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT CASE WHEN a THEN b END; END; SELECT 2",
			[]string{"CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT CASE WHEN a THEN b END; END", "SELECT 2"}},
		{"replaced procedure", "CREATE OR REPLACE PROCEDURE p() BEGIN ATOMIC DELETE FROM t; END; SELECT 2",
			[]string{"CREATE OR REPLACE PROCEDURE p() BEGIN ATOMIC DELETE FROM t; END", "SELECT 2"}},
		{"quoted body", "CREATE FUNCTION f() RETURNS int AS $$ BEGIN RETURN 1; END; $$ LANGUAGE plpgsql; SELECT 2",
			[]string{"CREATE FUNCTION f() RETURNS int AS $$ BEGIN RETURN 1; END; $$ LANGUAGE plpgsql", "SELECT 2"}},
		{"transaction", "BEGIN; SELECT 1; END; SELECT 2", []string{"BEGIN", "SELECT 1", "END", "SELECT 2"}},
		{"case outside of a body", "SELECT CASE WHEN a THEN 1 END; SELECT 2", []string{"SELECT CASE WHEN a THEN 1 END", "SELECT 2"}},
		{"open", "SELECT 'a; SELECT 2", []string{"SELECT 'a; SELECT 2"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := statements(test.src); !slices.Equal(got, test.want) {
				t.Errorf("got %q\nwant %q", got, test.want)
			}
		})
	}
}

func TestStatementsCanStop(t *testing.T) {
	n := 0
	for range Statements("a; b; c") {
		n++
		break
	}
	if n != 1 {
		t.Errorf("went on for %d", n)
	}
}

var seeds = []string{
	"SELECT a FROM t WHERE b = $1 AND c = 'é''' -- x\n", "E'\\'a'\n'b' /* /* */ */ $x$ $$ $x$ U&\"a\"", "a*-1@--c\n1..2 1e-5 :=::",
	"CREATE FUNCTION f() BEGIN ATOMIC SELECT CASE WHEN 1 THEN 2 END; END; SELECT (;);", "\xff\x00'\\",
}

// FuzzTokens: tokens follow each other without overlap, and between them is nothing but white space.
func FuzzTokens(f *testing.F) {
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		scan := NewScanner(src)
		end := 0
		for tok := scan.Next(); tok.Kind != EOF; tok = scan.Next() {
			if tok.Start < end || tok.End <= tok.Start || tok.End > len(src) {
				t.Fatalf("token %+v after %d in %q", tok, end, src)
			}
			if gap := src[end:tok.Start]; strings.Trim(gap, " \t\r\n\f\v") != "" {
				t.Fatalf("%q was passed over in %q", gap, src)
			}
			if tok.Unterminated && tok.End != len(src) {
				t.Fatalf("open token %+v ends before the text %q does", tok, src)
			}
			end = tok.End
		}
		if strings.Trim(src[end:], " \t\r\n\f\v") != "" {
			t.Fatalf("%q was passed over in %q", src[end:], src)
		}
	})
}

// FuzzStatements: statements stand in order, and none has a statement's end before its own.
func FuzzStatements(f *testing.F) {
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		if strings.Contains(strings.ToLower(src), "standard_conforming_strings") {
			return // alone, a statement after it reads differently
		}
		end := 0
		for s := range Statements(src) {
			if s.Start < end || s.End <= s.Start || s.End > len(src) {
				t.Fatalf("statement %+v after %d in %q", s, end, src)
			}
			end = s.End
			one := src[s.Start:s.End]
			if again := statements(one); len(again) != 1 || again[0] != one {
				t.Fatalf("%q splits into %q", one, again)
			}
		}
	})
}

func BenchmarkTokens(b *testing.B) {
	src := strings.Repeat("SELECT a.id, a.name FROM trees a WHERE a.id = $1 AND a.name = 'oak' -- é\n", 1000)
	b.SetBytes(int64(len(src)))
	for b.Loop() {
		scan := NewScanner(src)
		for scan.Next().Kind != EOF {
		}
	}
}
