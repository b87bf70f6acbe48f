package sqltext

import (
	"slices"
	"strings"
	"testing"
)

func pieces(src string) []string {
	var out []string
	for p := range Script(src, nil) {
		word := p.Text(src)
		if c := p.Command; c != nil {
			word = strings.Join(append([]string{`\` + c.Name}, c.Args...), "|")
			for flag, set := range map[string]bool{"unknown": c.Unknown, "restricted": c.Restricted, "again": c.Again} {
				if set {
					word += " (" + flag + ")"
				}
			}
		}
		for _, d := range p.Data {
			word += " <- " + src[d.Start:d.End]
		}
		out = append(out, word)
	}
	return out
}

func TestScript(t *testing.T) {
	tests := []struct {
		name, src string
		want      []string
	}{
		{"byte order mark", "\ufeffSELECT 1;\r\nSELECT 2", []string{"SELECT 1", "SELECT 2"}},
		{"commands", "\\set a 'x''y\\n' \"Q q\" `date`\n\\echo a \\echo b \\\\ SELECT 1;", []string{"\\set|a|x'y\n|\"Q q\"|`date`", `\echo|a`, `\echo|b`, "SELECT 1"}},
		{"one message", `SELECT 1 \; SELECT 2;`, []string{"SELECT 1 ; SELECT 2"}},
		{"sending", "SELECT 1 \\g\n\\gx\nSELECT (2 \\gset p_\nSELECT 3;", []string{"SELECT 1", `\g`, `\gx (again)`, "SELECT (2", `\gset|p_`, "SELECT 3"}},
		{"in the middle", "SELECT 1\n\\echo x\n, 2;", []string{`\echo|x`, "SELECT 1\n\n, 2"}},
		{"copied", "copy t FROM stdin WITH (FORMAT csv); SELECT 1;\na;b\n'\n\\.\nSELECT 2;", []string{"copy t FROM stdin WITH (FORMAT csv) <- a;b\n'\n", "SELECT 1", "SELECT 2"}},
		{"copied from a file", "COPY t FROM 'stdin';\nCOPY (SELECT 1 FROM stdin) TO stdout;\nSELECT 1;", []string{"COPY t FROM 'stdin'", "COPY (SELECT 1 FROM stdin) TO stdout", "SELECT 1"}},
		{"copied by psql", "\\copy t (a) from stdin csv\n1\n\\.\r\n\\copy t from pstdin\nSELECT 1;", []string{"\\copy|t (a) from stdin csv <- 1\n", `\copy|t from pstdin`, "SELECT 1"}},
		{"data to the end", "COPY t FROM stdin;\n1\n\\.", []string{"COPY t FROM stdin <- 1\n"}},
		{"branches", "\\if true\nSELECT 1;\n\\elif true\nSELECT 2;\n\\else\nSELECT 3;\n\\endif\nSELECT 4\n\\if no\n+ 5\n\\else\n+ 6\n\\endif\n;", []string{"SELECT 1", "SELECT 4\n\n+ 6"}},
		{"no branch", "\\else\nSELECT 1;", []string{`\else (unknown)`, "SELECT 1"}},
		{"restricted", "\\restrict k\n\\! rm x\nSELECT 1;\n\\unrestrict j\n\\unrestrict k\n\\echo x", []string{`\restrict|k`, `\!|rm x (restricted)`, "SELECT 1", `\unrestrict|j (restricted)`, `\unrestrict|k`, `\echo|x`}},
		{"quit", "SELECT 1;\n\\q\nSELECT 2;", []string{"SELECT 1", `\q`}},
		{"backslashes", "SET standard_conforming_strings = off; SELECT 'a\\'; SELECT 1;\nSELECT 'b\\';';\nRESET ALL;\nSELECT 'c\\';", []string{"SET standard_conforming_strings = off", `SELECT 'a\'`, "SELECT 1", `SELECT 'b\';'`, "RESET ALL", `SELECT 'c\'`}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := pieces(test.src); !slices.Equal(got, test.want) {
				t.Errorf("got %q\nwant %q", got, test.want)
			}
		})
	}
}

// FuzzScript: statements stand in order, within the text, and do not overlap, and so do commands.
func FuzzScript(f *testing.F) {
	for _, s := range append(seeds, "COPY t FROM stdin; SELECT '\n1\n\\.\n';\\g |x\n\\if a\n\\; b\n\\endif :'x' \\copy t from stdin\n", "\\if 0\nSELECT (\n\\else\n;\\endif\n\\restrict a\n\\q") {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		ends := map[bool]int{}
		for p := range Script(src, nil) {
			isCommand := p.Command != nil
			if p.Start < ends[isCommand] || p.End < p.Start || p.End > len(src) {
				t.Fatalf("piece %+v after %d in %q", p, ends[isCommand], src)
			}
			ends[isCommand] = p.End
			if p.Command == nil && (p.Sent.Start > p.Start || p.Sent.End < p.End || p.End == p.Start) {
				t.Fatalf("statement %+v in %q", p, src)
			}
			_ = p.Message(src) + p.Text(src)
		}
	})
}

// hostile are what a text of many MiB could be made of to be read slowly.
var hostile = map[string]string{
	"quotes": "'", "parentheses": "(", "comments": "/*", "dollars": "$a$b", "openings": "$a ", "tag": "a", "statements": "SELECT 1; ",
	"escapes": `E'\`, "signs": "+-", "numbers": "1e", "continued": "'a'\n", "commands": `\g `, "semicolons": `\;`, "branches": "\\if 0\n", "copies": "COPY t FROM stdin;",
}

func BenchmarkHostile(b *testing.B) {
	const size = 20 << 20
	for name, unit := range hostile {
		src := strings.Repeat(unit, size/len(unit))
		if name == "tag" {
			src = "$" + src
		}
		b.Run("statements/"+name, func(b *testing.B) {
			b.SetBytes(size)
			for b.Loop() {
				for range Statements(src) {
				}
			}
		})
		b.Run("script/"+name, func(b *testing.B) {
			b.SetBytes(size)
			for b.Loop() {
				for range Script(src, nil) {
				}
			}
		})
	}
}
