package app

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"golang.org/x/tools/txtar"

	"github.com/headgate/headgate/internal/gate"
	"github.com/headgate/headgate/internal/postgres/postgrestest"
	"github.com/headgate/headgate/internal/requiretest"
)

// Every rule needs so many cases in which it speaks, and so many that look like it and in which it must not.
const (
	fewestFiring = 3
	fewestQuiet  = 2
)

// Names in a case. Below releasedDir is the tree at the base; what is below proposedDir is laid over it, and the paths in
// removedFile, one a line, are taken away. wantFile has what must be found; wordsFile, where it is there, its messages and remedies.
// needsFile names an extension of the server without which the case says nothing.
const (
	releasedDir = "released"
	proposedDir = "proposed"
	removedFile = "removed"
	wantFile    = "want"
	wordsFile   = "words"
	needsFile   = "needs"
)

// TestCases runs small projects through the whole program on one real server: testdata/cases/RULE/NAME.txtar at the repository's
// top. With -update it writes what was found into the cases.
func TestCases(t *testing.T) {
	const top = "../../testdata/cases"
	server := postgrestest.URL(t, postgrestest.Start(t))
	for _, rule := range caseFolders(t, top) {
		files, err := filepath.Glob(filepath.Join(top, rule, "*.txtar"))
		if err != nil {
			t.Fatal(err)
		}
		var counted coverageOfRule
		for _, file := range files {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			counted.add(rule, archive)
			t.Run(rule+"/"+strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
				t.Parallel()
				runCase(t, server, file, archive)
			})
		}
		counted.check(t, rule)
	}
}

// caseFolders lists the folders of cases, and fails where a rule has none or a folder is no rule's.
func caseFolders(t *testing.T, top string) []string {
	t.Helper()
	entries, err := os.ReadDir(top)
	if err != nil {
		t.Fatal(err)
	}
	var folders, rules []string
	for _, e := range entries {
		folders = append(folders, e.Name())
	}
	for _, r := range gate.Rules {
		rules = append(rules, r.Name)
	}
	slices.Sort(rules)
	if diff := gocmp.Diff(rules, folders); diff != "" {
		t.Errorf("each rule needs a folder of cases (-rules +folders):\n%s", diff)
	}
	return folders
}

// coverageOfRule counts a rule's cases by what they want.
type coverageOfRule struct{ firing, quiet, words int }

func (c *coverageOfRule) add(rule string, archive *txtar.Archive) {
	want := section(archive, wantFile)
	switch {
	case !strings.Contains(want, " "+rule+"  "):
		c.quiet++
		return
	case section(archive, wordsFile) != "":
		c.words++
	}
	c.firing++
}

func (c *coverageOfRule) check(t *testing.T, rule string) {
	t.Helper()
	if c.firing < fewestFiring || c.quiet < fewestQuiet || c.words == 0 {
		t.Errorf("%s has %d cases with a finding, %d of them with its words, and %d without a finding; it needs %d, 1 and %d",
			rule, c.firing, c.words, c.quiet, fewestFiring, fewestQuiet)
	}
}

func hasExtension(t *testing.T, server, name string) (has bool) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), server)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	err = conn.QueryRow(t.Context(), "SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = $1)", name).Scan(&has)
	if err != nil {
		t.Fatal(err)
	}
	return has
}

func section(archive *txtar.Archive, name string) string {
	for _, f := range archive.Files {
		if f.Name == name {
			return string(f.Data)
		}
	}
	return ""
}

func runCase(t *testing.T, server, file string, archive *txtar.Archive) {
	if strings.TrimSpace(string(archive.Comment)) == "" {
		t.Error("a case says at its head what it is about")
	}
	if need := strings.TrimSpace(section(archive, needsFile)); need != "" && !hasExtension(t, server, need) {
		requiretest.Skip(t, need, "the server does not have the extension "+need)
	}
	result := checkProject(t, server, archive)
	got := map[string]string{wantFile: wantText(archive, result)}
	if section(archive, wordsFile) != "" {
		got[wordsFile] = wordsText(result)
	}
	if *update {
		for i, f := range archive.Files {
			if text, ok := got[f.Name]; ok {
				archive.Files[i].Data = []byte(text)
			}
		}
		if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	for name, text := range got {
		if diff := gocmp.Diff(section(archive, name), text); diff != "" {
			t.Errorf("%s differs (-want +got):\n%s", name, diff)
		}
	}
	if result.Coverage.References+result.Coverage.Released == 0 {
		t.Error("no reference was read, so the case shows nothing")
	}
}

// checkProject makes a repository of a case's two trees and runs the program on it.
func checkProject(t *testing.T, server string, archive *txtar.Archive, args ...string) *gate.Result {
	t.Helper()
	const release = "v1.0.0"
	repo := t.TempDir()
	tree, err := txtar.FS(archive)
	if err != nil {
		t.Fatal(err)
	}
	environ := append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_NAME=A developer", "GIT_AUTHOR_EMAIL=developer@example.com",
		"GIT_COMMITTER_NAME=A developer", "GIT_COMMITTER_EMAIL=developer@example.com")
	git := func(args ...string) {
		c := exec.CommandContext(t.Context(), "git", append([]string{"-C", repo}, args...)...)
		c.Env = environ
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	git("init", "--quiet", "--initial-branch=main")
	lay(t, tree, releasedDir, repo)
	git("add", "--all")
	git("commit", "--quiet", "--message=Release")
	git("tag", release)
	lay(t, tree, proposedDir, repo)
	for _, name := range strings.Fields(section(archive, removedFile)) {
		if err := os.Remove(filepath.Join(repo, name)); err != nil {
			t.Fatal(err)
		}
	}
	return runCheck(t, environ, append([]string{"check", "-C", repo, "--base", release, "--postgres", server, "--report", "json"}, args...))
}

// lay writes the files of a case's folder over a repository's.
func lay(t *testing.T, tree fs.FS, folder, repo string) {
	t.Helper()
	if _, err := fs.Stat(tree, folder); err != nil {
		return
	}
	err := fs.WalkDir(tree, folder, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		to := filepath.Join(repo, filepath.FromSlash(strings.TrimPrefix(name, folder+"/")))
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		return os.WriteFile(to, data, 0o644)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// runCheck runs the program in process and reads its report, and holds its exit code against the findings.
func runCheck(t *testing.T, environ, args []string) *gate.Result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code := Main(t.Context(), Process{Args: args, Stdout: &stdout, Stderr: &stderr, Environ: environ})
	var result gate.Result
	if err := json.Unmarshal(stdout.Bytes(), &result); err != nil {
		t.Fatalf("exit code %d, and no report: %v\n%s%s", code, err, stdout.Bytes(), stderr.Bytes())
	}
	want := exitPass
	if slices.ContainsFunc(result.Findings, func(f gate.Finding) bool { return f.Severity == gate.Error }) {
		want = exitFindings
	}
	if code != want {
		t.Errorf("exit code %d, and by its findings it is %d", code, want)
	}
	return &result
}

// wantText is a result as the cases write it: a line for each finding with its place, the text there, its cells, object and
// migration, and a line on how much was checked.
func wantText(archive *txtar.Archive, r *gate.Result) string {
	var b strings.Builder
	for _, f := range r.Findings {
		fmt.Fprintln(&b, strings.Join(findingFields(archive, f), "  "))
	}
	if len(r.Findings) == 0 {
		fmt.Fprintln(&b, "no finding")
	}
	c := r.Coverage
	fmt.Fprintf(&b, "%d of %d references checked", c.Checked, c.References)
	if c.Released > 0 {
		fmt.Fprintf(&b, ", and %d of the released code alone", c.Released)
	}
	fmt.Fprintln(&b)
	for _, u := range append(slices.Clone(c.Unchecked), c.Skipped...) {
		fmt.Fprintf(&b, "unchecked  %s%s:%d  %s\n", releasedMark(u.Released), u.File, u.Line, u.Reason)
	}
	return b.String()
}

func findingFields(archive *txtar.Archive, f gate.Finding) []string {
	place := fmt.Sprintf("%s%s:%d:%d-%d:%d", releasedMark(f.Released), f.File, f.Line, f.Column, f.EndLine, f.EndColumn)
	if text := textAt(archive, f); text != "" {
		place += " " + strconv.Quote(text)
	}
	cells := cmp.Or(f.Cell, "-")
	if len(f.Cells) > 0 {
		cells = strings.Join(f.Cells, ",")
	}
	fields := []string{string(f.Severity) + " " + f.Rule, place, cells}
	if o := f.Object; o != nil {
		parts := slices.DeleteFunc([]string{o.Schema, o.Table, o.Name}, func(s string) bool { return s == "" })
		fields = append(fields, string(o.Kind)+" "+strings.Join(parts, "."))
	}
	if m := f.Migration; m != nil {
		fields = append(fields, fmt.Sprintf("%s:%d", m.File, m.Line))
	}
	return fields
}

// textAt is what stands at a finding's place; empty where the place is a whole line, or several.
func textAt(archive *txtar.Archive, f gate.Finding) string {
	text := section(archive, path.Join(proposedDir, f.File))
	if text == "" || f.Released {
		text = section(archive, path.Join(releasedDir, f.File))
	}
	lines := strings.Split(text, "\n")
	if f.Column < 1 || f.EndLine != f.Line || f.Line > len(lines) {
		return ""
	}
	line := []rune(lines[f.Line-1])
	return string(line[min(f.Column-1, len(line)):min(f.EndColumn-1, len(line))])
}

func releasedMark(released bool) string {
	if released {
		return releasedDir + " "
	}
	return ""
}

// wordsText is what a result says of each finding and what to do.
func wordsText(r *gate.Result) string {
	var b strings.Builder
	for _, f := range r.Findings {
		fmt.Fprintf(&b, "%s:%d:%d %s %s\n  %s\n  help: %s\n", path.Base(f.File), f.Line, f.Column, f.Rule, f.SQLState, f.Message, f.Remedy)
	}
	return b.String()
}
