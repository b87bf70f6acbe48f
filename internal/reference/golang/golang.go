// Package golang reads the references out of Go code: every string that can be SQL, put together
// as far as the code says what it is, and the columns of GORM's models.
package golang

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

// Language reads Go. Its zero value is ready to use.
type Language struct{}

var _ reference.Language = Language{}

// Name is "go".
func (Language) Name() string { return "go" }

// Reads tells whether the file is Go code that a program can consist of: tests, test data, vendored code and what the go command
// ignores (folders that begin with . or _) are not.
func (Language) Reads(path string) bool { return readsPath(path) }

func readsPath(name string) bool {
	if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
		return false
	}
	for name != "" {
		var element string
		element, name, _ = strings.Cut(name, "/")
		if element == "testdata" || element == "vendor" || element == "node_modules" || element[:min(1, len(element))] == "_" ||
			len(element) > 1 && element[0] == '.' {
			return false
		}
	}
	return true
}

// largestFile is the most of a file that is read, in bytes. Real Go files that hold more are generated tables.
const largestFile = 8 << 20

// Read reads the packages in parallel and emits their references file by file.
func (Language) Read(ctx context.Context, fsys fs.FS, files []string, emit func(reference.Reference)) error {
	dirs, byDir := group(files)
	t := newTree(fsys, dirs)
	generated := &sqlcSources{fsys: fsys}
	id := identity{maphash.MakeSeed()}
	readers := make([]*reader, len(dirs))

	work := make(chan int)
	var wait sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(dirs)) {
		wait.Go(func() {
			for i := range work {
				readers[i] = read(t, id, generated, dirs[i], byDir[dirs[i]])
			}
		})
	}
	var err error
	for i := range dirs {
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
	byFile := map[string][]reference.Reference{}
	for i, r := range readers {
		r.references(all, func(path string, ref reference.Reference) {
			byFile[path] = append(byFile[path], ref)
		})
		readers[i] = nil
	}
	for _, name := range files {
		for _, ref := range byFile[name] {
			emit(ref)
		}
	}
	return nil
}

// group sorts files by their folders, in the order of each folder's first file.
func group(files []string) (dirs []string, byDir map[string][]string) {
	byDir = map[string][]string{}
	for _, name := range files {
		dir := path.Dir(name)
		if byDir[dir] == nil {
			dirs = append(dirs, dir)
		}
		byDir[dir] = append(byDir[dir], name)
	}
	return dirs, byDir
}

// read reads one package. A file that cannot be read is a reference that could not be checked.
func read(t *tree, id identity, generated *sqlcSources, dir string, files []string) *reader {
	r := &reader{tree: t, id: id, marks: newMarks(), memo: map[*declaration]value{}, seen: map[uint64]int{}}
	var sources []*source
	for _, name := range files {
		text, err := fs.ReadFile(t.fsys, name)
		if err != nil {
			r.unreadable(reference.Position{File: name, Line: 1, Column: 1}, fmt.Sprintf("the file cannot be read: %v", err))
			continue
		}
		if len(text) > largestFile {
			r.unreadable(reference.Position{File: name, Line: 1, Column: 1}, fmt.Sprintf("the file has more than %d MiB", largestFile>>20))
			continue
		}
		src, problem := parse(name, text)
		if problem != nil {
			at := reference.Position{File: name, Line: max(problem.Pos.Line, 1), Column: max(problem.Pos.Column, 1)}
			r.unreadable(at, "the file does not parse: "+problem.Msg)
			continue
		}
		sources = append(sources, src)
	}
	p := newPackage(dir, sources)
	r.readModels(p)
	p.sources = generated.withoutDoubles(p.sources)
	r.readPackage(p)
	r.memo, r.pkg = nil, nil
	return r
}

func (r *reader) unreadable(at reference.Position, reason string) {
	r.ready = append(r.ready, located{reference.Reference{Place: at, Certain: true, Unchecked: reason}, at.File})
}
