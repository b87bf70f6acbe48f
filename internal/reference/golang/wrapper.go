package golang

import "go/ast"

// parameter is a string that a function takes: the function's name, and which argument it is. Without the types of
// all packages a name is what there is to go by; it only decides how sure a text is to be SQL.
type parameter struct {
	function string
	index    int
	method   bool
}

// wrappers are the project's own functions that hand one of their parameters to a database, so that what
// their callers give them is as certain as what a library's function gets.
type wrappers struct {
	// known are the parameters that go to a database.
	known map[parameter]bool
	// handedOn are the parameters that a function hands on to another function.
	handedOn map[parameter][]parameter
	// given are the texts that callers give.
	given map[parameter][]uint64
}

func newWrappers() wrappers {
	return wrappers{known: map[parameter]bool{}, handedOn: map[parameter][]parameter{}, given: map[parameter][]uint64{}}
}

func (w wrappers) add(other wrappers) {
	for p := range other.known {
		w.known[p] = true
	}
	for p, from := range other.handedOn {
		w.handedOn[p] = append(w.handedOn[p], from...)
	}
	for p, texts := range other.given {
		w.given[p] = append(w.given[p], texts...)
	}
}

// resolve marks what wrappers are given as certain. A wrapper of a wrapper is one too.
func (m marks) resolve() {
	var open []parameter
	for p := range m.wrappers.known {
		open = append(open, p)
	}
	for len(open) > 0 {
		p := open[len(open)-1]
		open = open[:len(open)-1]
		for _, id := range m.wrappers.given[p] {
			m.certain[id] = true
		}
		for _, from := range m.wrappers.handedOn[p] {
			if !m.wrappers.known[from] {
				m.wrappers.known[from] = true
				open = append(open, from)
			}
		}
	}
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
			r.marks.wrappers.handedOn[to] = append(r.marks.wrappers.handedOn[to], *v.parameter)
		}
		if v.number != nil {
			continue
		}
		for _, a := range v.alternatives {
			if a.joins < 2 && beginsSQL(a) {
				r.marks.wrappers.given[to] = append(r.marks.wrappers.given[to], a.id)
			}
		}
	}
}
