// Package python reads the references out of Python code: the columns of SQLAlchemy's models, and every string that can be
// SQL, put together as far as the code says what it is. No Python is needed: the code is parsed, never run.
package python

import (
	"context"
	"fmt"
	"hash/maphash"
	"io/fs"
	"path"
	"runtime"
	"strings"
	"sync"

	"github.com/headgate/headgate/internal/reference"
)

// Language reads Python. Its zero value is ready to use.
type Language struct{}

var _ reference.Language = Language{}

// Name is "python".
func (Language) Name() string { return "python" }

// Reads tells whether the file is Python code that a program can consist of: tests and installed packages are not.
func (Language) Reads(name string) bool {
	if !strings.HasSuffix(name, ".py") {
		return false
	}
	dir, file := path.Split(name)
	if strings.HasPrefix(file, "test_") || strings.HasSuffix(file, "_test.py") || file == "conftest.py" {
		return false
	}
	for element := range strings.SplitSeq(strings.TrimSuffix(dir, "/"), "/") {
		if passedOver(element) || element == "tests" || element == "test" {
			return false
		}
	}
	return true
}

// passedOver tells whether a folder has nothing of the repository's own code.
func passedOver(folder string) bool {
	switch folder {
	case "site-packages", "node_modules", "__pycache__", "venv":
		return true
	}
	return len(folder) > 1 && folder[0] == '.'
}

// largestFile is the most of a file that is read, in bytes. Real Python files that hold more are generated tables.
const largestFile = 8 << 20

var errTooLarge = fmt.Errorf("the file has more than %d MiB", largestFile>>20)

func readFile(fsys fs.FS, name string) ([]byte, error) {
	text, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, fmt.Errorf("the file cannot be read: %w", err)
	}
	if len(text) > largestFile {
		return nil, errTooLarge
	}
	return text, nil
}

// Read reads the files in parallel and emits their references file by file.
func (Language) Read(ctx context.Context, fsys fs.FS, files []string, emit func(reference.Reference)) error {
	t, err := newTree(fsys)
	if err != nil {
		return err
	}
	id := identity{maphash.MakeSeed()}
	readers := make([]*reader, len(files))
	work := make(chan int)
	var wait sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(files)) {
		wait.Go(func() {
			r := newResolver(t) // readers that share one share no lock
			for i := range work {
				readers[i] = read(r, id, files[i])
			}
		})
	}
	for i := range files {
		if err = ctx.Err(); err != nil {
			break
		}
		work <- i
	}
	close(work)
	wait.Wait()
	if err != nil {
		return err
	}

	all := newMarks()
	for _, r := range readers {
		all.add(r.marks)
	}
	all.resolve()
	seen := map[string]bool{} // the columns of a mixin's, which several models of one table bring
	for _, r := range readers {
		r.references(all, func(ref reference.Reference) {
			if ref.Model {
				key := fmt.Sprint(ref.Place, ref.SQL, ref.Unchecked)
				if seen[key] {
					return
				}
				seen[key] = true
			}
			emit(ref)
		})
	}
	return nil
}

// read reads one file. One that cannot be read is a reference that could not be checked, and so is each statement of it that
// cannot be parsed.
func read(resolver *resolver, id identity, name string) *reader {
	r := newReader(resolver, id)
	m, err := resolver.tree.load(name)
	if err != nil {
		r.unreadable(reference.Position{File: name, Line: 1, Column: 1}, err.Error())
		return r
	}
	for _, bad := range m.src.tree.Bad {
		r.unreadable(m.src.position(bad.At), "the statement does not parse: "+bad.Message)
	}
	r.readModels(m)
	r.readTexts(m)
	return r
}
