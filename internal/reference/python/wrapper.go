package python

import py "github.com/headgate/headgate/internal/syntax/python"

// parameter is what a function takes: the function's name, and the parameter's. A name is what there is to go by;
// it only decides how sure a text is to be SQL.
type parameter struct {
	function string
	index    int
	name     string
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

// ways are the two ways to name a parameter in a call: by its position and by its name.
func (p parameter) ways() [2]parameter {
	return [2]parameter{{function: p.function, index: p.index}, {function: p.function, index: -1, name: p.name}}
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
		for _, way := range p.ways() {
			for _, id := range m.wrappers.given[way] {
				m.certain[id] = true
			}
			for _, from := range m.wrappers.handedOn[way] {
				if !m.wrappers.known[from] {
					m.wrappers.known[from] = true
					open = append(open, from)
				}
			}
		}
	}
}

// declareParameters declares a function's parameters as what they are. A method's self is none.
func (r *reader) declareParameters(def *py.FunctionDef) {
	index := 0
	for i, p := range def.Params {
		if i == 0 && (p.Name.Name == "self" || p.Name.Name == "cls") {
			r.declare(p.Name.Name, value{})
			continue
		}
		v := value{}
		if p.Kind != py.VarArgs && p.Kind != py.KwArgs {
			v.parameter = &parameter{def.Name.Name, index, p.Name.Name}
		}
		r.declare(p.Name.Name, v)
		index++
	}
}

// give notes what a call of a function gives it: texts, and parameters of the function that calls.
func (r *reader) give(name string, call *py.Call, values []value, keywords map[string]value) {
	if r.mute > 0 || name == "" {
		return
	}
	for i, v := range values {
		if i < len(call.Args) {
			r.giveOne(parameter{function: name, index: i}, v)
		}
	}
	for k, v := range keywords {
		r.giveOne(parameter{function: name, index: -1, name: k}, v)
	}
}

func (r *reader) giveOne(to parameter, v value) {
	if v.parameter != nil {
		r.marks.wrappers.handedOn[to] = append(r.marks.wrappers.handedOn[to], *v.parameter)
	}
	if v.number {
		return
	}
	for _, a := range v.alternatives {
		if a.joins < 2 && a.beginsSQL() {
			r.marks.wrappers.given[to] = append(r.marks.wrappers.given[to], a.id)
		}
	}
}
