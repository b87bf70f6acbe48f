package gitrepo_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/headgate/headgate/internal/gitrepo"
)

func names(t *testing.T, files fs.FS) []string {
	t.Helper()
	var names []string
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// TestTree reads the same files from the object store, in both object formats,
// and from disk.
func TestTree(t *testing.T) {
	for _, format := range []string{"sha1", "sha256"} {
		t.Run(format, func(t *testing.T) {
			f := newFixture(t, "--object-format="+format)
			texts := map[string]string{
				"a":                        "",
				"a.b/c":                    "1", // sorts between "a" and "a/…" in a tree
				"db/migrations/0001_a.sql": "CREATE TABLE a ();\n",
				"db/migrations/0002_b.sql": "no newline at the end",
				"db/x.go":                  strings.Repeat("x", 200_000),
				"db-2/y":                   "\x00\xff binary\n",
				"ünï/code \"quoted\".go":   "package x\n",
			}
			if runtime.GOOS != "windows" {
				texts["new\nline/tab\t"] = "odd\n"
			}
			var want []string
			for name, text := range texts {
				f.write(name, text)
				want = append(want, name)
			}
			slices.Sort(want)
			commit := f.commit("1", "v1.0.0")
			r := f.open()
			stored, err := r.Tree(context.Background(), "v1.0.0")
			if err != nil {
				t.Fatal(err)
			}
			onDisk, err := r.WorkTree(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			for where, tree := range map[string]*gitrepo.Tree{"stored": stored, "on disk": onDisk} {
				if err := fstest.TestFS(tree, want...); err != nil {
					t.Errorf("%s: %v", where, err)
				}
				got := names(t, tree)
				slices.Sort(got)
				if !slices.Equal(got, want) || tree.Len() != len(want) || len(tree.Skipped()) != 0 {
					t.Errorf("%s: has %q (%d, skipped %v), want %q", where, got, tree.Len(), tree.Skipped(), want)
				}
				for name, text := range texts {
					readFile(t, tree, name, text)
				}
				if _, err := tree.ReadFile("db"); err == nil {
					t.Errorf("%s: a folder was read", where)
				}
				if _, err := tree.ReadFile("db/none"); !errors.Is(err, fs.ErrNotExist) {
					t.Errorf("%s: a file that is not there gave %v", where, err)
				}
				if _, err := tree.Stat("db/x.go/y"); !errors.Is(err, fs.ErrNotExist) {
					t.Errorf("%s: a file below a file gave %v", where, err)
				}
				if _, err := tree.Open("../x"); !errors.Is(err, fs.ErrInvalid) {
					t.Errorf("%s: a path out of the tree gave %v", where, err)
				}
			}
			if at, err := r.Resolve(context.Background(), "v1.0.0"); err != nil || at != (gitrepo.Commit{Ref: "v1.0.0", Hash: commit}) {
				t.Errorf("Resolve gave %v, %v", at, err)
			}
		})
	}
}

// A backslash is an ordinary character of a name but on Windows. TestFS does not
// want it, but to leave such a file out would leave it unchecked.
func TestBackslash(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a backslash separates folders there")
	}
	f := newFixture(t)
	f.write(`store\a.go`, "package store")
	f.commit("1")
	r := f.open()
	stored, err := r.Tree(context.Background(), "HEAD")
	if err != nil {
		t.Fatal(err)
	}
	readFile(t, stored, `store\a.go`, "package store")
	onDisk, err := r.WorkTree(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	readFile(t, onDisk, `store\a.go`, "package store")
}

func TestTreeFromSeveralGoroutines(t *testing.T) {
	f := newFixture(t)
	for i := range 50 {
		f.write(fmt.Sprintf("%d.sql", i), strings.Repeat(fmt.Sprint(i), 1000*i))
	}
	f.commit("1")
	tree, err := f.open().Tree(context.Background(), "HEAD")
	if err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			for i := range 50 {
				readFile(t, tree, fmt.Sprintf("%d.sql", i), strings.Repeat(fmt.Sprint(i), 1000*i))
			}
		})
	}
	wait.Wait()
}

// TestSkipped has every kind of entry that no file can be read from.
func TestSkipped(t *testing.T) {
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		t.Skip("the file system refuses names that are not UTF-8")
	}
	f := newFixture(t)
	f.write("kept.sql", "SELECT 1")
	f.write("bad\xff.sql", "SELECT 1")
	outside := filepath.Join(filepath.Dir(f.dir), "outside")
	f.at(filepath.Dir(f.dir)).write("outside", "secret")
	for name, target := range map[string]string{"link.sql": "kept.sql", "out.sql": outside, "folder": ".."} {
		if err := os.Symlink(target, filepath.Join(f.dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	f.commit("1")
	f.git("update-index", "--add", "--cacheinfo", "160000,"+f.git("rev-parse", "HEAD")+",module")
	f.git("commit", "--quiet", "--message", "2")
	f.git("init", "--quiet", "nested")
	f.at(filepath.Join(f.dir, "nested")).commit("inside")
	r := f.open()
	want := map[string]string{
		"bad\xff.sql": gitrepo.ReasonNotUTF8, "link.sql": gitrepo.ReasonSymlink, "out.sql": gitrepo.ReasonSymlink,
		"folder": gitrepo.ReasonSymlink, "module": gitrepo.ReasonSubmodule,
	}
	tree, err := r.Tree(context.Background(), "HEAD")
	if err != nil {
		t.Fatal(err)
	}
	onDisk, err := r.WorkTree(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	check := func(where string, tree *gitrepo.Tree) {
		if got := names(t, tree); !slices.Equal(got, []string{"kept.sql"}) {
			t.Errorf("%s: has %q", where, got)
		}
		got := map[string]string{}
		for _, s := range tree.Skipped() {
			got[s.Path] = s.Reason
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: skipped %q, want %q", where, got, want)
		}
	}
	check("stored", tree)
	want["nested"] = gitrepo.ReasonNested
	check("on disk", onDisk)
}

// TestMalformedTree has names that git itself refuses to write.
func TestMalformedTree(t *testing.T) {
	f := newFixture(t)
	f.write("file", "text")
	f.commit("1")
	blob := f.git("rev-parse", "HEAD:file")
	raw := func(entries ...string) string {
		var object bytes.Buffer
		for _, entry := range entries {
			hash := blob
			mode, name, _ := strings.Cut(entry, " ")
			if mode == "40000" {
				hash = f.git("rev-parse", "HEAD^{tree}")
			}
			fmt.Fprintf(&object, "%s %s\x00", mode, name)
			for i := 0; i < len(hash); i += 2 {
				var b byte
				fmt.Sscanf(hash[i:i+2], "%02x", &b)
				object.WriteByte(b)
			}
		}
		cmd := f.command("hash-object", "-t", "tree", "-w", "--literally", "--stdin")
		cmd.Stdin = &object
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(string(out))
	}
	tree := raw("40000 ..", "100644 a", "100644 a", "40000 a", "100644 .", "100644 x/../y", "100644 z")
	commit := f.git("commit-tree", "-m", "hostile", tree)
	got, err := f.open().Tree(context.Background(), commit)
	if err != nil {
		t.Fatal(err)
	}
	if err := fstest.TestFS(got, "a", "z"); err != nil {
		t.Error(err)
	}
	if got.Len() != 2 || len(got.Skipped()) != 5 {
		t.Errorf("%d files, skipped %v", got.Len(), got.Skipped())
	}
}

// TestWorkTree follows what a developer does between two commits.
func TestWorkTree(t *testing.T) {
	f := newFixture(t)
	for _, name := range []string{"same", "edited", "touched", "deleted", "gone/file", "linked/file", "old", "becomes-folder"} {
		f.write(name, "text of "+name+"\n")
	}
	f.write(".gitignore", "*.log\n")
	base := f.commit("1")
	f.write("edited", "TEXT of edited\n")
	f.write("touched", "text of touched\n")
	f.write("new.sql", "SELECT 1")
	f.write("ignored.log", "log")
	f.write(".git/info/exclude", "excluded\n")
	f.write("excluded", "x")
	for _, name := range []string{"deleted", "gone", "linked", "becomes-folder"} {
		if err := os.RemoveAll(filepath.Join(f.dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	f.write("becomes-folder/file", "x")
	f.git("mv", "old", "renamed")
	elsewhere := t.TempDir()
	f.at(elsewhere).write("file", "secret")
	if err := os.Symlink(elsewhere, filepath.Join(f.dir, "linked")); err != nil {
		t.Fatal(err)
	}
	before := snapshot(t, f.dir)
	r := f.open()
	tree, err := r.WorkTree(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	want := []string{".gitignore", "becomes-folder/file", "edited", "new.sql", "renamed", "same", "touched"}
	if got := names(t, tree); !slices.Equal(got, want) {
		t.Errorf("the work tree has %q, want %q", got, want)
	}
	readFile(t, tree, "edited", "TEXT of edited\n")
	changed, err := r.Changed(context.Background(), base, "")
	if err != nil {
		t.Fatal(err)
	}
	wantChanged := []string{"becomes-folder", "becomes-folder/file", "deleted", "edited", "gone/file", "linked", "linked/file", "new.sql", "old", "renamed"}
	if !slices.Equal(changed, wantChanged) {
		t.Errorf("changed: %q\nwant     %q", changed, wantChanged)
	}
	// A link that takes a file's place after the listing does not lead out either.
	if err := os.Remove(filepath.Join(f.dir, "same")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(elsewhere, "file"), filepath.Join(f.dir, "same")); err != nil {
		t.Fatal(err)
	}
	if text, err := tree.ReadFile("same"); err == nil {
		t.Errorf("a file outside was read: %q", text)
	}
	if err := os.Remove(filepath.Join(f.dir, "same")); err != nil {
		t.Fatal(err)
	}
	f.write("same", "text of same\n")
	after := snapshot(t, f.dir)
	if len(before) != len(after) {
		t.Errorf("%d files before, %d after", len(before), len(after))
	}
	for name, text := range before {
		if after[name] != text {
			t.Errorf("%s was written to", name)
		}
	}
}

func TestChangedBetweenCommits(t *testing.T) {
	f := newFixture(t)
	f.write("same", "1")
	f.write("edited", "1")
	f.write("old/name with\ttab", strings.Repeat("long enough for a rename to be seen\n", 10))
	base := f.commit("1")
	f.write("edited", "2")
	f.git("mv", "old", "new")
	head := f.commit("2")
	changed, err := f.open().Changed(context.Background(), base, head)
	want := []string{"edited", "new/name with\ttab", "old/name with\ttab"}
	if err != nil || !slices.Equal(changed, want) {
		t.Errorf("changed: %q, %v; want %q", changed, err, want)
	}
}

// A sparse checkout has fewer files on disk than the revision, and a split
// index keeps a part of itself in another file.
func TestSparseCheckoutWithASplitIndex(t *testing.T) {
	f := newFixture(t)
	f.write("kept/a.sql", "1")
	f.write("left-out/deep/b.sql", "2")
	base := f.commit("1")
	f.git("sparse-checkout", "set", "kept")
	f.git("update-index", "--split-index")
	if _, err := os.Stat(filepath.Join(f.dir, "left-out")); err == nil {
		t.Fatal("the checkout is not sparse")
	}
	r := f.open()
	tree, err := r.WorkTree(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if err := fstest.TestFS(tree, "kept/a.sql", "left-out/deep/b.sql"); err != nil {
		t.Error(err)
	}
	readFile(t, tree, "left-out/deep/b.sql", "2")
	if changed, err := r.Changed(context.Background(), base, ""); err != nil || len(changed) != 0 {
		t.Errorf("changed: %q, %v", changed, err)
	}
}
