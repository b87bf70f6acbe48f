package gitrepo_test

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"
)

// manyFiles makes a repository of n files, 100 to a folder, without touching the disk
// for each.
func manyFiles(t testing.TB, n int) *fixture {
	t.Helper()
	f := newFixture(t)
	cmd := f.command("fast-import", "--quiet")
	var script strings.Builder
	script.WriteString("commit refs/heads/main\ncommitter Ada <ada@example.com> 1704067200 +0000\ndata 1\n1\n")
	for i := range n {
		text := fmt.Sprintf("package p%d\n%s", i, strings.Repeat("// what a file of the usual size holds\n", i%200))
		fmt.Fprintf(&script, "M 100644 inline service%02d/pkg%04d/file%06d.go\ndata %d\n%s\n", i%20, i/100, i, len(text), text)
	}
	cmd.Stdin = strings.NewReader(script.String())
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return f
}

func TestManyFiles(t *testing.T) {
	const n = 2000
	f := manyFiles(t, n)
	r := f.open()
	tree, err := r.Tree(context.Background(), "main")
	if err != nil {
		t.Fatal(err)
	}
	got := names(t, tree)
	if len(got) != n || tree.Len() != n {
		t.Fatalf("%d files, Len %d", len(got), tree.Len())
	}
	for i := range n {
		name := fmt.Sprintf("service%02d/pkg%04d/file%06d.go", i%20, i/100, i)
		text, err := tree.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(string(text), fmt.Sprintf("package p%d\n", i)) {
			t.Fatalf("%s holds another file: %.40q", name, text)
		}
	}
	f.git("reset", "--quiet", "--hard")
	f.write("service00/new.go", "package x\n")
	changed, err := r.Changed(context.Background(), "main", "")
	if err != nil || strings.Join(changed, " ") != "service00/new.go" {
		t.Errorf("changed: %q, %v", changed, err)
	}
	onDisk, err := r.WorkTree(context.Background())
	if err != nil || onDisk.Len() != n+1 {
		t.Errorf("the work tree has %d files, %v", onDisk.Len(), err)
	}
}

// BenchmarkTree lists a revision of 100,000 files.
func BenchmarkTree(b *testing.B) {
	r := manyFiles(b, 100_000).open()
	b.ReportAllocs()
	for b.Loop() {
		tree, err := r.Tree(context.Background(), "main")
		if err != nil || tree.Len() != 100_000 {
			b.Fatal(tree.Len(), err)
		}
	}
}

// BenchmarkReadFiles opens a repository, lists a revision of 1,300 files and reads
// them all.
func BenchmarkReadFiles(b *testing.B) {
	f := manyFiles(b, 1300)
	b.ReportAllocs()
	for b.Loop() {
		r := f.openWith(f.options())
		tree, err := r.Tree(context.Background(), "main")
		if err != nil {
			b.Fatal(err)
		}
		size := 0
		err = fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			text, err := tree.ReadFile(name)
			size += len(text)
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(size))
		if err := r.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkWorkTree lists 100,000 files on disk and compares them with HEAD.
func BenchmarkWorkTree(b *testing.B) {
	f := manyFiles(b, 100_000)
	f.git("reset", "--quiet", "--hard")
	r := f.open()
	if _, err := os.Stat(r.Top()); err != nil {
		b.Fatal(err)
	}
	b.Run("list", func(b *testing.B) {
		for b.Loop() {
			if tree, err := r.WorkTree(context.Background()); err != nil || tree.Len() != 100_000 {
				b.Fatal(err)
			}
		}
	})
	b.Run("changed", func(b *testing.B) {
		for b.Loop() {
			if changed, err := r.Changed(context.Background(), "HEAD", ""); err != nil || len(changed) != 0 {
				b.Fatal(len(changed), err)
			}
		}
	})
}
