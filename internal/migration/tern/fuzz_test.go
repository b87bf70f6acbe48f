package tern

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"
	"text/template"
	"unicode/utf8"

	"github.com/Masterminds/sprig/v3"
	"github.com/jackc/tern/v2/migrate"

	"github.com/headgate/headgate/internal/migration"
	"github.com/headgate/headgate/internal/migration/script"
)

// FuzzTemplate wants a guarded template to write what the template library writes without the guards, and each literal piece to be
// what stands at its place in the file.
func FuzzTemplate(f *testing.F) {
	f.Add("\n\n a{{ .x }}b\n{{- if .x -}} c {{ else }} d\n {{ end -}} e{{ 1 | add 2 }}")
	f.Add("é{{ $y := list 1 \"a\" nil }}{{ len $y }}{{ with $y }}{{ index . 1 }}{{ else with 3 }}{{ . }}{{ end }}\r\n{{ define \"t\" }}x\n{{ .x }}{{ end }}{{ template \"t\" . }}")
	f.Add("{{ /* a */ }}{{ block \"b\" .x }}{{ . }}{{ end }}{{ print 1 `two` 3.5 nil }}{{ $.x }}{{ or .x 1 }}{{ not .x }}{{ printf \"%5.1f|%v\" 1.25 .x }}")
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "range") || strings.Contains(text, "template") && strings.Count(text, "template") > 3 {
			return // the library might not end
		}
		src := newSource("m/1_x.sql", "x", text, 0, len(text))
		data := map[string]any{"x": "one\ntwo"}
		theirs, err := template.New("x").Funcs(sprig.TxtFuncMap()).Funcs(template.FuncMap{"install_snapshot": func(string) string { return "" }}).Parse(text)
		if (err == nil) != (src.broken == nil) {
			t.Fatalf("the library says %v, and we say %v", err, src.broken)
		}
		if err != nil {
			return
		}
		ours := newSet(&limits{work: 1 << 20, env: func(string) (string, bool) { return "", false }}, map[string]any{"x": "one\ntwo"},
			template.FuncMap{"install_snapshot": func(string) string { return "" }})
		if err := ours.add(src); err != nil {
			t.Fatal(err)
		}
		out, err := ours.run("x")
		if err != nil {
			if e := (*migration.Error)(nil); !errors.As(err, &e) || e.File == "" || e.Line == 0 {
				t.Fatalf("an error without its place: %v", err)
			}
			return // held down, or refused by the library as well
		}
		var want strings.Builder
		if err := theirs.Execute(&want, data); err != nil || want.String() != out.text.String() {
			t.Fatalf("the library writes %q (%v), and we write %q", want.String(), err, out.text.String())
		}
		lines := strings.Split(text, "\n")
		for i, p := range out.pieces {
			end := out.text.Len()
			if i+1 < len(out.pieces) {
				end = out.pieces[i+1].Offset
			}
			piece := strings.TrimSuffix(out.text.String()[p.Offset:end], "\n")
			if line := []rune(lines[p.Line-1]); p.Literal && p.Column > 0 && !strings.HasPrefix(string(line[p.Column-1:]), string([]rune(piece))) {
				t.Fatalf("%q is not at %d:%d of %q", piece, p.Line, p.Column, text)
			}
		}
	})
}

// FuzzRead wants tern and us to refuse the same files without templates, and no file to bring us down.
func FuzzRead(f *testing.F) {
	f.Add("create table a ();\n"+separator+"\ndrop table a;", "shared")
	f.Add("-- {{ template \"s/a.sql\" }}", "{{ define \"b\" }}{{ end }}")
	f.Fuzz(func(t *testing.T, text, shared string) {
		tree := fstest.MapFS{"m/1_x.sql": {Data: []byte(text)}, "m/s/a.sql": {Data: []byte(shared)}}
		h, err := Format{}.Read(tree, "m")
		if !strings.Contains(text+shared, "{{") {
			m, _ := migrate.NewMigrator(t.Context(), nil, "")
			folder, _ := tree.Sub("m")
			if theirs := m.LoadMigrations(folder); (theirs == nil) != (err == nil) {
				t.Fatalf("tern says %v, and we say %v", theirs, err)
			}
		}
		if refused := (*migration.RefusedError)(nil); errors.As(err, &refused) {
			h = refused.History
		}
		for _, r := range h.Revisions {
			if _, err := (Format{}).Essence(tree, r); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// FuzzSplit wants all of a text in ASCII to be sent, but for white space between statements.
func FuzzSplit(f *testing.F) {
	f.Add("select 1; select $a$;$a$; -- x\\\n; /* /* */ ; */ select E'\\';' \"a;\"\"\" $1")
	f.Add("$$$\xe0\xbc$")
	f.Fuzz(func(t *testing.T, text string) {
		var sent strings.Builder
		for _, m := range split(script.Message{SQL: text}) {
			sent.WriteString(m.SQL)
		}
		if strings.IndexFunc(text, func(r rune) bool { return r >= utf8.RuneSelf }) >= 0 {
			return
		}
		bare := func(s string) string { return strings.Join(strings.Fields(s), "") }
		if got, want := bare(sent.String()), bare(text); got != want {
			t.Fatalf("%q was sent of %q", got, want)
		}
	})
}

func TestParseINI(t *testing.T) {
	got, err := parseINI("tern.conf", "a=b\n[data]\n x = y = z \r\n;c=d\n#e=f\n[ other ]\n[g]=h\n")
	if err != nil || got[""]["a"] != "b" || got["data"]["x"] != "y = z" || len(got["data"]) != 1 || got["other"]["[g]"] != "h" {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := parseINI("tern.conf", "\nword\n"); err == nil || !strings.HasPrefix(err.Error(), "tern.conf:2: ") {
		t.Errorf("got %v", err)
	}
}
