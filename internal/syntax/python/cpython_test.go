package python

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/requiretest"
)

// cpython finds python3.
func cpython(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("python3")
	if err != nil {
		requiretest.Skip(t, "python", "the comparison with CPython needs python3: "+err.Error())
	}
	return path
}

// library lists the .py files of the folders that HEADGATE_PYTHON_FILES names (a list like PATH), by default of Python's
// standard library: then, a sample of them.
func library(t *testing.T, python string) []string {
	t.Helper()
	roots := filepath.SplitList(os.Getenv("HEADGATE_PYTHON_FILES"))
	sample := len(roots) == 0
	if sample {
		out, err := exec.Command(python, "-c", `import sysconfig; print(sysconfig.get_path("stdlib"))`).Output()
		if err != nil {
			t.Fatal(err)
		}
		roots = []string{strings.TrimSpace(string(out))}
	}
	var files []string
	for _, root := range roots {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() && strings.HasSuffix(path, ".py") && !strings.Contains(path, "\n") {
				files = append(files, path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	const most = 300
	if sample && len(files) > most {
		step := float64(len(files)) / most
		var some []string
		for i := range most {
			some = append(some, files[int(float64(i)*step)])
		}
		files = some
	}
	if len(files) < 100 && sample {
		t.Fatalf("only %d files of a standard library in %v", len(files), roots)
	}
	return files
}

// script runs a script of testdata, hands it the files' names and gives back its answer to each; ok is false for a file
// that it refuses.
func script(t *testing.T, python, name string, files []string, answer func(file, out string, ok bool)) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, python, filepath.Join("testdata", name))
	cmd.Stdin = strings.NewReader(strings.Join(files, "\n") + "\n")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(stdout)
	for _, file := range files {
		line, err := r.ReadString('\n')
		if err != nil {
			t.Fatalf("%s: %v\n%s", file, err, stderr.String())
		}
		n := 0
		if line == "refused\n" {
			answer(file, "", false)
			continue
		}
		if _, err := fmt.Sscanf(line, "ok %d\n", &n); err != nil {
			t.Fatalf("%s: %q", file, line)
		}
		out := make([]byte, n)
		if _, err := io.ReadFull(r, out); err != nil {
			t.Fatal(err)
		}
		answer(file, string(out), true)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
}

// TestTreesOfCPython compares the trees of the standard library's files, with the place of every node, with those that
// CPython's own parser makes.
func TestTreesOfCPython(t *testing.T) {
	python := cpython(t)
	files := library(t, python)
	same, compared, refused, encoded, size := 0, 0, 0, 0, 0
	script(t, python, "dump.py", files, func(file, want string, ok bool) {
		if !ok {
			refused++
			return
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		m := Parse(text)
		if m.Encoding != "utf-8" && m.Encoding != "latin-1" {
			encoded++ // the strings of which are not decoded
			return
		}
		compared++
		size += len(text)
		got := dump(m, text, countsAlike(text))
		if got == want {
			same++
			return
		}
		t.Errorf("%s\n%s", file, firstDifference(got, want))
	})
	t.Logf("%d of %d files have the same tree (%d kB; CPython refuses %d more, %d have another encoding)", same, compared, size/1000, refused, encoded)
	if compared == 0 {
		t.Error("nothing was compared")
	}
}

// firstDifference shows where the two begin to differ.
func firstDifference(got, want string) string {
	n := 0
	for n < len(got) && n < len(want) && got[n] == want[n] {
		n++
	}
	show := func(s string) string { return s[max(0, min(n, len(s))-150):min(len(s), n+150)] }
	return fmt.Sprintf("got:  … %s\nwant: … %s", show(got), show(want))
}

// TestTokensOfCPython compares the tokens of some of the files with those of CPython's tokenize.
func TestTokensOfCPython(t *testing.T) {
	python := cpython(t)
	var files []string
	for i, file := range library(t, python) {
		if i%6 == 0 {
			files = append(files, file)
		}
	}
	same, compared := 0, 0
	script(t, python, "tokens.py", files, func(file, want string, ok bool) {
		if !ok {
			return
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		compared++
		got := tokenLines(string(text))
		if got == want {
			same++
			return
		}
		t.Errorf("%s\n%s", file, firstDifference(got, want))
	})
	t.Logf("%d of %d files have the same tokens", same, compared)
	if compared == 0 {
		t.Error("nothing was compared")
	}
}

// tokenLines are the tokens of a file as testdata/tokens.py writes them: an f-string is one.
func tokenLines(text string) string {
	var b strings.Builder
	depth, start := 0, 0
	for l := newLexer(text); ; {
		tok := l.next()
		switch {
		case tok.kind == tokEOF:
			return b.String()
		case tok.kind == tokFStart:
			if depth == 0 {
				start = tok.start
			}
			depth++
		case tok.kind == tokFEnd:
			depth--
			if depth == 0 {
				fmt.Fprintf(&b, "string %d %d\n", start, tok.end)
			}
		case depth > 0:
		case tok.kind == tokNewline:
			b.WriteString("newline\n")
		case tok.kind == tokIndent:
			b.WriteString("indent\n")
		case tok.kind == tokDedent:
			b.WriteString("dedent\n")
		default:
			fmt.Fprintf(&b, "%s %d %d\n", tokenWord(tok.kind), tok.start, tok.end)
		}
	}
}

func tokenWord(k kind) string {
	switch {
	case k == tokName || k >= tokAnd:
		return "name"
	case k == tokNumber:
		return "number"
	case k == tokString:
		return "string"
	case k == tokError:
		return "error"
	}
	return "mark"
}
