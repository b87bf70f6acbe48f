package python

import (
	"github.com/headgate/headgate/internal/reference/fold"
	py "github.com/headgate/headgate/internal/syntax/python"
)

// declareParameters declares a function's parameters as what they are. A method's self is none.
func (r *reader) declareParameters(def *py.FunctionDef) {
	index := 0
	for i, p := range def.Params {
		if i == 0 && (p.Name.Name == "self" || p.Name.Name == "cls") {
			r.Declare(p.Name.Name, fold.Value{})
			continue
		}
		v := fold.Value{}
		if p.Kind != py.VarArgs && p.Kind != py.KwArgs {
			v.Parameter = &fold.Parameter{Function: def.Name.Name, Index: index, Name: p.Name.Name}
		}
		r.Declare(p.Name.Name, v)
		index++
	}
}

// give notes what a call of a function gives it.
func (r *reader) give(name string, call *py.Call, values []fold.Value, keywords map[string]fold.Value) {
	if name == "" {
		return
	}
	for i, v := range values {
		if i < len(call.Args) {
			r.Give(fold.Parameter{Function: name, Index: i}, v)
		}
	}
	for k, v := range keywords {
		r.Give(fold.Parameter{Function: name, Index: -1, Name: k}, v)
	}
}
