package golang

import (
	"go/ast"

	"github.com/headgate/headgate/internal/reference/fold"
)

// declareParameters declares the parameters of type string as what they are.
func (r *reader) declareParameters(d *ast.FuncDecl) {
	index := 0
	for _, f := range d.Type.Params.List {
		typ, ok := f.Type.(*ast.Ident)
		for _, name := range f.Names {
			if ok && typ.Name == "string" {
				of := fold.Parameter{Function: d.Name.Name, Method: d.Recv != nil, Index: index, Name: name.Name}
				r.declare(name.Name, fold.Value{Parameter: &of})
			}
			index++
		}
	}
}

// give notes what a call of a function gives it.
func (r *reader) give(name string, method bool, values []fold.Value) {
	if name == "" {
		return
	}
	for i, v := range values {
		r.Give(fold.Parameter{Function: name, Method: method, Index: i}, v)
	}
}
