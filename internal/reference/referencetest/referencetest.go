// Package referencetest holds the one suite that every language's reader passes.
package referencetest

import (
	"context"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"unicode/utf8"

	"golang.org/x/tools/txtar"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/internal/reference"
)

// want is the name of the file in a case that holds what is expected.
const want = "want"

// update rewrites the expectations; look at the difference before you keep it.
var update = flag.Bool("update", false, "rewrite the expected references of the cases")

// Run reads each case in dir (*.txtar) with the language and compares what it emits. It fails where there is no case.
//
// A case is an archive of the tree's files, and one named want with a line for each reference,
//
//	file:line:column [certain|model] name | the SQL, quoted | unchecked: the reason
//
// followed by probes, which ask where a piece of the n-th reference's SQL (from 1) stands:
//
//	at 1 "height_m" = store/tree.go:31:18-31:26
//
// Every reference is held against its source as well: each rune that the map says was copied must stand there.
func Run(t *testing.T, lang reference.Language, dir string) {
	t.Helper()
	cases, err := filepath.Glob(filepath.Join(dir, "*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	if len(cases) == 0 {
		t.Fatalf("no cases in %s", dir)
	}
	for _, file := range cases {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) { run(t, lang, file) })
	}
}

func run(t *testing.T, lang reference.Language, file string) {
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	fsys := fstest.MapFS{}
	expected := -1
	for i, f := range archive.Files {
		if f.Name == want {
			expected = i
			continue
		}
		fsys[f.Name] = &fstest.MapFile{Data: unescape(f.Data)}
	}
	if expected < 0 {
		archive.Files = append(archive.Files, txtar.File{Name: want})
		expected = len(archive.Files) - 1
	}
	refs := Read(t, lang, fsys)
	before := string(archive.Files[expected].Data)
	got := listing(refs) + probes(t, refs, before)
	if *update {
		archive.Files[expected].Data = []byte(got)
		if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(before, got); diff != "" {
		t.Errorf("references differ (-want +got; -update rewrites them):\n%s", diff)
	}
}

// unescape lets a case hold carriage returns, which editors and git take away: ␍ stands for one.
func unescape(data []byte) []byte {
	return []byte(strings.ReplaceAll(string(data), "␍", "\r"))
}

// Read reads all files of the tree that the language claims, and checks what must hold of every reference.
func Read(t testing.TB, lang reference.Language, fsys fs.FS) []reference.Reference {
	t.Helper()
	var files []string
	err := fs.WalkDir(fsys, ".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && lang.Reads(path) {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var refs []reference.Reference
	err = lang.Read(context.Background(), fsys, files, func(r reference.Reference) { refs = append(refs, r) })
	if err != nil {
		t.Fatal(err)
	}
	sources := map[string][]string{}
	for _, r := range refs {
		Check(t, fsys, sources, r)
	}
	return refs
}

// Check holds a reference against its source: its map is sorted and within the text, and each rune that it says was copied is there.
// The lines of the files that it looked at are kept in lines.
func Check(t testing.TB, fsys fs.FS, lines map[string][]string, r reference.Reference) {
	t.Helper()
	sourceLine := func(p reference.Position) []rune {
		if lines[p.File] == nil {
			text, err := fs.ReadFile(fsys, p.File)
			if err != nil {
				t.Fatalf("%+v points into a file that cannot be read: %v", p, err)
			}
			lines[p.File] = strings.SplitAfter(strings.TrimPrefix(string(text), "\ufeff"), "\n")
		}
		if p.Line < 1 || p.Line > len(lines[p.File]) {
			t.Fatalf("%+v is outside of its file", p)
		}
		return []rune(lines[p.File][p.Line-1])
	}
	if r.Place.File == "" || r.Place.Line < 1 || r.Place.Column < 1 {
		t.Fatalf("reference without a place: %+v", r)
	}
	if r.SQL == "" {
		if r.Unchecked == "" {
			t.Fatalf("reference without SQL and without a reason: %+v", r)
		}
		return
	}
	runes := []rune(r.SQL)
	if len(r.Map) == 0 || r.Map[0].Start != 0 || r.Map[len(r.Map)-1].Start >= len(runes) {
		t.Fatalf("the map does not fit the text %q: %+v", r.SQL, r.Map)
	}
	if !slices.IsSortedFunc(r.Map, func(a, b reference.Segment) int { return a.Start - b.Start }) {
		t.Fatalf("the map is not sorted: %+v", r.Map)
	}
	for i, s := range r.Map {
		end := len(runes)
		if i+1 < len(r.Map) {
			end = r.Map[i+1].Start
		}
		line := sourceLine(s.At)
		if s.At.Column < 1 || s.At.Column > len(line)+1 {
			t.Fatalf("%+v is outside of its line", s.At)
		}
		if s.Fixed {
			continue
		}
		for k := s.Start; k < end; k++ {
			at := r.Map.Position(k)
			if at.Column > len(line) || line[at.Column-1] != runes[k] {
				t.Fatalf("rune %d of %q is %q and is not at %+v", k, r.SQL, runes[k], at)
			}
		}
	}
}

func listing(refs []reference.Reference) string {
	var b strings.Builder
	for _, r := range refs {
		fmt.Fprintf(&b, "%s:%d:%d", r.Place.File, r.Place.Line, r.Place.Column)
		switch {
		case r.Model && r.Certain:
			b.WriteString(" [certain model]")
		case r.Model:
			b.WriteString(" [model]")
		case r.Certain:
			b.WriteString(" [certain]")
		}
		if r.Name != "" {
			b.WriteString(" " + r.Name)
		}
		if r.SQL != "" {
			quoted := strconv.Quote(r.SQL)
			b.WriteString(" | " + strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`))
		}
		if r.Unchecked != "" {
			b.WriteString(" | unchecked: " + r.Unchecked)
		}
		b.WriteString("\n")
	}
	return b.String()
}

// probes answers the probes among the expected lines.
func probes(t *testing.T, refs []reference.Reference, expected string) string {
	var b strings.Builder
	for line := range strings.Lines(expected) {
		question, isProbe := strings.CutPrefix(line, "at ")
		if !isProbe {
			continue
		}
		number, rest, _ := strings.Cut(question, " ")
		n, err := strconv.Atoi(number)
		if err != nil || n < 1 || n > len(refs) {
			t.Errorf("no reference for the probe %q", line)
			continue
		}
		quoted, err := strconv.QuotedPrefix(rest)
		if err != nil {
			t.Fatalf("probe %q: %v", line, err)
		}
		text, _ := strconv.Unquote(quoted)
		sql := refs[n-1].SQL
		at := strings.Index(sql, text)
		if at < 0 {
			t.Errorf("probe %q: no such text in %q", line, sql)
			continue
		}
		start := utf8.RuneCountInString(sql[:at])
		from, to := refs[n-1].Map.Range(start, start+utf8.RuneCountInString(text))
		fmt.Fprintf(&b, "at %d %s = %s:%d:%d-%d:%d\n", n, quoted, from.File, from.Line, from.Column, to.Line, to.Column)
	}
	return b.String()
}

// Benchmark reads the files again and again. It fails where they have no reference.
func Benchmark(b *testing.B, lang reference.Language, fsys fs.FS, files []string) {
	b.Helper()
	size := int64(0)
	for _, name := range files {
		info, err := fs.Stat(fsys, name)
		if err != nil {
			b.Fatal(err)
		}
		size += info.Size()
	}
	b.SetBytes(size)
	for b.Loop() {
		n := 0
		if err := lang.Read(b.Context(), fsys, files, func(reference.Reference) { n++ }); err != nil || n == 0 {
			b.Fatal(n, err)
		}
	}
}
