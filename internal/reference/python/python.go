// Package python reads the references out of Python code: the columns of SQLAlchemy's models, and every string that can be
// SQL, put together as far as the code says what it is. No Python is needed: the code is parsed, never run.
package python

import (
	"context"
	"io/fs"
	"path"
	"strings"

	"github.com/headgate/headgate/internal/reference"
	"github.com/headgate/headgate/internal/reference/fold"
	py "github.com/headgate/headgate/internal/syntax/python"
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

// Read reads the files in parallel and emits their references file by file.
func (Language) Read(ctx context.Context, fsys fs.FS, files []string, emit func(reference.Reference)) error {
	t, err := newTree(fsys)
	if err != nil {
		return err
	}
	worker := func() func(*fold.Reader, int) {
		own := newResolver(t) // readers that share one share no lock
		return func(r *fold.Reader, part int) { read(own, r, files[part]) }
	}
	type column struct {
		at             reference.Position
		sql, unchecked string
	}
	seen := map[column]bool{} // the columns of a mixin's, which several models of one table bring
	return fold.Read(ctx, len(files), unknownStyle, worker, func(_ string, ref reference.Reference) {
		if ref.Model {
			c := column{ref.Place, ref.SQL, ref.Unchecked}
			if seen[c] {
				return
			}
			seen[c] = true
		}
		emit(ref)
	})
}

// unknownStyle is how placeholders may be written in a text of which nobody says who gets it.
const unknownStyle = reference.Colon | reference.Percent

// read reads one file. One that cannot be read is a reference that could not be checked, and so is each statement of it that
// cannot be parsed.
func read(resolver *resolver, into *fold.Reader, name string) {
	r := newReader(resolver, into)
	m, err := resolver.tree.load(name)
	if err != nil {
		r.Unreadable(reference.Position{File: name, Line: 1, Column: 1}, err.Error())
		return
	}
	for _, bad := range m.src.tree.Bad {
		r.Unreadable(m.src.at(py.Span{Start: bad.At, End: bad.At}).Position(), "the statement does not parse: "+bad.Message)
	}
	r.readModels(m)
	r.readTexts(m)
}
