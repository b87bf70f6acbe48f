package report

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestPrintable(t *testing.T) {
	for in, want := range map[string]string{
		"":                           "",
		"plain é 樹 🌲":                "plain é 樹 🌲",
		`C:\dir`:                     `C:\dir`,
		"a\nb\r\tc":                  `a\nb\r\tc`,
		"\x00\x07\x1b[31m\x7f":       `\x00\x07\x1b[31m\x7f`,
		"\u009b31m":                  `\u009b31m`,
		"\u202eabc\u2069":            `\u202eabc\u2069`,
		"zero\u200bwidth\ufeff":      `zero\u200bwidth\ufeff`,
		"\u2028":                     `\u2028`,
		"tag \U000e0041":             `tag \U000e0041`,
		"bad \xff\xc3( utf-8 \ufffd": "bad \\xff\\xc3( utf-8 \ufffd",
		"no-break\u00a0space":        "no-break\u00a0space",
	} {
		if got := Printable(in); got != want {
			t.Errorf("Printable(%q) is %q, want %q", in, got, want)
		}
	}
}

func TestInert(t *testing.T) {
	for in, want := range map[string]string{
		"":                        "",
		"a: b::c":                 "a: b::c",
		":a":                      ":a",
		": :error::x":             ": :error::x",
		"::error::x":              `\x3a:error::x`,
		"  \u00a0::error::x":      "  \u00a0" + `\x3a:error::x`,
		"\ufe0f:\u0301:error::x":  "\ufe0f" + `\x3a` + "\u0301:error::x",
		"##[error]x":              `##\x5berror]x`,
		"a ###[group]b ##[error]": `a ###\x5bgroup]b ##\x5berror]`,
		"##\ufe0f[error]":         "##\ufe0f" + `\x5berror]`,
		"## [a]":                  "## [a]",
		"#[a]":                    "#[a]",
		"::##[x]":                 `\x3a:##\x5bx]`,
	} {
		if got := Inert(in); got != want {
			t.Errorf("Inert(%q) is %q, want %q", in, got, want)
		}
	}
}

func TestLines(t *testing.T) {
	const in = "first\r\n\t::error::x\nlast\x1b\r##[x]"
	const want = "first\n    " + `\x3a:error::x` + "\n" + `last\x1b\r##\x5bx]`
	if got := Lines(in); got != want {
		t.Errorf("Lines is %q, want %q", got, want)
	}
}

func TestClip(t *testing.T) {
	for _, c := range []struct {
		in    string
		limit int
		want  string
	}{{"", 3, ""}, {"abc", 3, "abc"}, {"abcd", 3, "ab…"}, {"éèê", 3, "éèê"}, {"éèêë", 3, "éè…"}, {"樹木樹木", 1, "…"}} {
		if got := Clip(c.in, c.limit); got != c.want {
			t.Errorf("Clip(%q, %d) is %q, want %q", c.in, c.limit, got, c.want)
		}
	}
}

// FuzzLines holds that nothing of any text steers a terminal or the runner.
func FuzzLines(f *testing.F) {
	for _, s := range []string{"::error::x", "\x1b[2J", "##[error]x", " \u202e::a::", "\xff##[", ":\u0301:a::", "#\u034f#[a]", "###[[", "\r::x::"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := Lines(s)
		if !utf8.ValidString(got) {
			t.Fatalf("%q is no UTF-8", got)
		}
		for line := range strings.SplitSeq(got, "\n") {
			seen := strings.Map(func(r rune) rune {
				if unicode.Is(unicode.M, r) {
					return -1
				}
				return r
			}, line)
			if strings.HasPrefix(strings.TrimLeftFunc(seen, unicode.IsSpace), "::") || strings.Contains(seen, "##[") {
				t.Errorf("%q is a workflow command", line)
			}
			if i := strings.IndexFunc(line, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }); i >= 0 {
				t.Errorf("a control character is left in %q", line)
			}
		}
		if again := Lines(got); again != got {
			t.Errorf("%q is not stable: %q", got, again)
		}
	})
}
