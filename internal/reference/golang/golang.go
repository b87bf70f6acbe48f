// Package golang reads the references out of Go code: every string that can be SQL, put together
// as far as the code says what it is, and the columns of GORM's models.
package golang

import (
	"context"
	"io/fs"
	"path"
	"strings"

	"github.com/headgate/headgate/internal/reference"
	"github.com/headgate/headgate/internal/reference/fold"
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

// Read reads the packages in parallel and emits their references file by file.
func (Language) Read(ctx context.Context, fsys fs.FS, files []string, emit func(reference.Reference)) error {
	dirs, byDir := group(files)
	t := newTree(fsys, dirs)
	generated := &sqlcSources{fsys: fsys}
	byFile := map[string][]reference.Reference{}
	worker := func() func(*fold.Reader, int) {
		return func(r *fold.Reader, part int) { read(t, r, generated, dirs[part], byDir[dirs[part]]) }
	}
	err := fold.Read(ctx, len(dirs), placeholders, worker, func(path string, ref reference.Reference) {
		byFile[path] = append(byFile[path], ref)
	})
	if err != nil {
		return err
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

// placeholders are the ways that Go's libraries write them.
const placeholders = reference.Question | reference.Colon | reference.At

// read reads one package. A file that cannot be read is a reference that could not be checked.
func read(t *tree, into *fold.Reader, generated *sqlcSources, dir string, files []string) {
	r := &reader{Reader: into, tree: t, memo: map[*declaration]fold.Value{}}
	var sources []*source
	for _, name := range files {
		text, err := fold.Load(t.fsys, name)
		if err != nil {
			r.Unreadable(reference.Position{File: name, Line: 1, Column: 1}, err.Error())
			continue
		}
		src, problem := parse(text)
		if problem != nil {
			at := reference.Position{File: name, Line: max(problem.Pos.Line, 1), Column: max(problem.Pos.Column, 1)}
			r.Unreadable(at, "the file does not parse: "+problem.Msg)
			continue
		}
		sources = append(sources, src)
	}
	p := newPackage(dir, sources)
	r.readModels(p)
	p.sources = generated.withoutDoubles(p.sources)
	r.readPackage(p)
}
