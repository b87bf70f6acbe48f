package python

import (
	"strings"

	"github.com/headgate/headgate/internal/reference/fold"
	py "github.com/headgate/headgate/internal/syntax/python"
)

// reader reads the references of one file. It runs through each function as the program would, with texts
// for values and every branch taken, so that a text that is put together over several statements is seen
// as a whole.
type reader struct {
	*fold.Reader
	*resolver
	mapped map[*class]*mapped
	// memo has the values of names that are declared in a module or a class.
	memo map[py.Expr]fold.Value

	src     *source
	at      *env
	nesting int
	loops   int

	// libraries are the packages that the file imports.
	libraries map[string]bool
	// makers tells of the functions that were looked at whether they make columns.
	makers map[*py.FunctionDef]bool
}

func newReader(r *resolver, into *fold.Reader) *reader {
	return &reader{
		Reader: into, resolver: r, mapped: map[*class]*mapped{}, memo: map[py.Expr]fold.Value{},
		libraries: map[string]bool{}, makers: map[*py.FunctionDef]bool{},
	}
}

// readTexts reads a file's texts.
func (r *reader) readTexts(m *module) {
	r.src, r.at = m.src, r.env(m)
	for _, bindings := range m.names.bound {
		for _, b := range bindings {
			if b.imported != nil && b.imported.level == 0 {
				top, _, _ := strings.Cut(b.imported.module, ".")
				r.libraries[top] = true
			}
		}
	}
	r.Push()
	r.block(m.src.tree.Body)
	r.Pop()
}

// place is where a node of the file that is being read stands.
func (r *reader) place(n py.Node) fold.Place { return r.src.at(n) }

// record notes a text that can be SQL.
func (r *reader) record(v fold.Value, at py.Node) {
	if v.Known() {
		r.Record(v, r.place(at))
	}
}
