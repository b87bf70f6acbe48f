package reference

// Wrappers are the project's own functions that hand one of their parameters to a database, so that what their callers
// give them is as certain as what a library's function gets. P names a parameter of a function, in the way of a language.
type Wrappers[P comparable] struct {
	// Known are the parameters that go to a database.
	Known map[P]bool
	// HandedOn are, for a parameter, those of other functions that are handed on to it.
	HandedOn map[P][]P
	// Given are the texts that callers give to a parameter, by numbers of the language's own.
	Given map[P][]uint64
}

// NewWrappers is an empty set.
func NewWrappers[P comparable]() Wrappers[P] {
	return Wrappers[P]{Known: map[P]bool{}, HandedOn: map[P][]P{}, Given: map[P][]uint64{}}
}

// Add takes over what another part of the code has shown.
func (w Wrappers[P]) Add(other Wrappers[P]) {
	for p := range other.Known {
		w.Known[p] = true
	}
	for p, from := range other.HandedOn {
		w.HandedOn[p] = append(w.HandedOn[p], from...)
	}
	for p, texts := range other.Given {
		w.Given[p] = append(w.Given[p], texts...)
	}
}

// Resolve calls certain for each text that reaches a database. A wrapper of a wrapper is one too. ways are all the names by
// which a call can mean a parameter.
func (w Wrappers[P]) Resolve(ways func(P) []P, certain func(text uint64)) {
	var open []P
	for p := range w.Known {
		open = append(open, p)
	}
	for len(open) > 0 {
		p := open[len(open)-1]
		open = open[:len(open)-1]
		for _, way := range ways(p) {
			for _, text := range w.Given[way] {
				certain(text)
			}
			for _, from := range w.HandedOn[way] {
				if !w.Known[from] {
					w.Known[from] = true
					open = append(open, from)
				}
			}
		}
	}
}
