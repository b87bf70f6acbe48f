package python

import py "github.com/headgate/headgate/internal/syntax/python"

// parameter is what a function takes: the function's name, and the parameter's. A name is what there is to go by;
// it only decides how sure a text is to be SQL.
type parameter struct {
	function string
	index    int
	name     string
}

// ways are the two ways to name a parameter in a call: by its position and by its name.
func (p parameter) ways() []parameter {
	return []parameter{{function: p.function, index: p.index}, {function: p.function, index: -1, name: p.name}}
}

// resolve marks what wrappers are given as certain.
func (m marks) resolve() {
	m.wrappers.Resolve(parameter.ways, func(text uint64) { m.certain[text] = true })
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
		r.marks.wrappers.HandedOn[to] = append(r.marks.wrappers.HandedOn[to], *v.parameter)
	}
	if v.number {
		return
	}
	for _, a := range v.alternatives {
		if a.joins < 2 && a.beginsSQL() {
			r.marks.wrappers.Given[to] = append(r.marks.wrappers.Given[to], a.id)
		}
	}
}
