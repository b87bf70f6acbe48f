package golang

import (
	"go/ast"
	"go/token"

	"github.com/headgate/headgate/internal/reference/fold"
)

// reader reads the references of one package. It runs through each function as the program would, with texts
// for values and every branch taken, so that a text that is put together over several statements is seen
// as a whole.
type reader struct {
	*fold.Reader
	tree *tree
	// memo has the values of package-level names. It is the reader's own, so that readers share no lock.
	memo map[*declaration]fold.Value

	pkg   *pkg
	src   *source
	depth int
}

// readPackage goes through all files of a package.
func (r *reader) readPackage(p *pkg) {
	r.pkg = p
	for _, src := range p.sources {
		r.src = src
		for _, d := range src.ast.Decls {
			r.declarationOf(d)
		}
	}
}

// place is where a node of the file that is being read stands.
func (r *reader) place(n ast.Node) fold.Place { return r.src.at(n) }

// record notes a text that can be SQL.
func (r *reader) record(v fold.Value, at ast.Node) {
	if v.Known() {
		r.Record(v, r.place(at))
	}
}

func (r *reader) declarationOf(d ast.Decl) {
	r.Flow = fold.Flow{}
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Body == nil {
			return
		}
		r.Unordered = hasGoto(d.Body)
		r.function(d, d.Recv, d.Type, d.Body)
	case *ast.GenDecl:
		if d.Tok == token.IMPORT {
			return
		}
		for _, spec := range d.Specs {
			if spec, ok := spec.(*ast.ValueSpec); ok {
				for _, v := range spec.Values {
					r.expr(v, false)
				}
			}
		}
	}
}

func hasGoto(body ast.Node) bool {
	found := false
	ast.Inspect(body, func(n ast.Node) bool {
		if b, ok := n.(*ast.BranchStmt); ok && b.Tok == token.GOTO {
			found = true
		}
		return !found
	})
	return found
}
