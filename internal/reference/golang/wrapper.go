package golang

import "go/ast"

// parameter is a string that a function takes: the function's name, and which argument it is. Without the types of
// all packages a name is what there is to go by; it only decides how sure a text is to be SQL.
type parameter struct {
	function string
	index    int
	method   bool
}

// resolve marks what wrappers are given as certain.
func (m marks) resolve() {
	m.wrappers.Resolve(func(p parameter) []parameter { return []parameter{p} }, func(text uint64) { m.certain[text] = true })
}

// declareParameters declares the parameters of type string as what they are.
func (r *reader) declareParameters(d *ast.FuncDecl) {
	index := 0
	for _, f := range d.Type.Params.List {
		typ, ok := f.Type.(*ast.Ident)
		for _, name := range f.Names {
			if ok && typ.Name == "string" {
				r.declare(name.Name, value{parameter: &parameter{d.Name.Name, index, d.Recv != nil}})
			}
			index++
		}
	}
}

// give notes what a call of a function gives it: texts, and parameters of the function that calls.
func (r *reader) give(name string, method bool, values []value) {
	if r.mute > 0 || name == "" {
		return
	}
	for i, v := range values {
		to := parameter{name, i, method}
		if v.parameter != nil {
			r.marks.wrappers.HandedOn[to] = append(r.marks.wrappers.HandedOn[to], *v.parameter)
		}
		if v.number != nil {
			continue
		}
		for _, a := range v.alternatives {
			if a.joins < 2 && beginsSQL(a) {
				r.marks.wrappers.Given[to] = append(r.marks.wrappers.Given[to], a.id)
			}
		}
	}
}
