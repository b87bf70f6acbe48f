package fold

// Parameter is what a function takes: the function's name, and the parameter's. Without the types of all of the code a name is
// what there is to go by; it only decides how sure a text is to be SQL.
type Parameter struct {
	Function string
	Method   bool
	// Index is the parameter's position from 0, -1 where a call means it by its name alone.
	Index int
	Name  string
}

// ways are the two ways to mean a parameter in a call: by its position and by its name.
func (p Parameter) ways() [2]Parameter {
	byPosition, byName := p, p
	byPosition.Name, byName.Index = "", -1
	return [2]Parameter{byPosition, byName}
}

// wrappers are the project's own functions that hand one of their parameters to a database, so that what their callers
// give them is as certain as what a library's function gets.
type wrappers struct {
	// known are the parameters that go to a database.
	known map[Parameter]bool
	// handedOn are, for a parameter as a call means it, those of other functions that are handed on to it.
	handedOn map[Parameter][]Parameter
	// given are the texts that callers give to it.
	given map[Parameter][]uint64
}

func newWrappers() wrappers {
	return wrappers{known: map[Parameter]bool{}, handedOn: map[Parameter][]Parameter{}, given: map[Parameter][]uint64{}}
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

// resolve calls certain for each text that reaches a database. A wrapper of a wrapper is one too.
func (w wrappers) resolve(certain func(text uint64)) {
	var open []Parameter
	for p := range w.known {
		open = append(open, p)
	}
	for len(open) > 0 {
		p := open[len(open)-1]
		open = open[:len(open)-1]
		for _, way := range p.ways() {
			for _, text := range w.given[way] {
				certain(text)
			}
			for _, from := range w.handedOn[way] {
				if !w.known[from] {
					w.known[from] = true
					open = append(open, from)
				}
			}
		}
	}
}

// Give notes what a call gives to a parameter of a function: a text, or a parameter of the function that calls.
func (r *Reader) Give(to Parameter, v Value) {
	if r.mute > 0 {
		return
	}
	if v.Parameter != nil {
		r.marks.wrappers.handedOn[to] = append(r.marks.wrappers.handedOn[to], *v.Parameter)
	}
	if v.Number {
		return
	}
	for _, a := range v.alternatives {
		if a.joins < 2 && a.begins {
			r.marks.wrappers.given[to] = append(r.marks.wrappers.given[to], a.id)
		}
	}
}

// Wrap notes that a parameter of the function that is being read goes to a database. The call is unchecked; sure says that
// it is one for sure.
func (r *Reader) Wrap(p Parameter, at Place, sure bool) {
	if r.mute > 0 {
		return
	}
	r.marks.wrappers.known[p] = true
	if sure {
		r.Unknown(at, builtAtRunTime+"the text is parameter "+p.Name+" of "+p.Function+"; what its callers write out is checked where they do")
	}
}
