package fold

// Variable is a local name and what it holds at the statement that is being read.
type Variable struct{ Value Value }

// change is a variable's value before it was set.
type change struct {
	of     *Variable
	before Value
}

// Flow is the local variables of the function that is being read. The zero Flow is outside of any.
type Flow struct {
	scopes []map[string]*Variable
	log    *[]change
	// Unordered says that the function jumps about, so that nobody knows in which order its statements run.
	Unordered bool
}

// Push begins a scope.
func (f *Flow) Push() { f.scopes = append(f.scopes, map[string]*Variable{}) }

// Pop ends the innermost scope.
func (f *Flow) Pop() { f.scopes = f.scopes[:len(f.scopes)-1] }

// Depth is how many scopes there are.
func (f *Flow) Depth() int { return len(f.scopes) }

// Declare makes a variable of the innermost scope.
func (f *Flow) Declare(name string, v Value) {
	if len(f.scopes) == 0 {
		return
	}
	if f.Unordered {
		v = Value{}
	}
	f.scopes[len(f.scopes)-1][name] = &Variable{Value: v}
}

// Innermost is the variable of this name of the innermost scope, or nil.
func (f *Flow) Innermost(name string) *Variable {
	if len(f.scopes) == 0 {
		return nil
	}
	return f.scopes[len(f.scopes)-1][name]
}

// Local is the variable that a name stands for, or nil.
func (f *Flow) Local(name string) *Variable {
	for i := len(f.scopes) - 1; i >= 0; i-- {
		if v, ok := f.scopes[i][name]; ok {
			return v
		}
	}
	return nil
}

// Set gives a variable a value.
func (f *Flow) Set(of *Variable, v Value) {
	if f.log != nil {
		*f.log = append(*f.log, change{of, of.Value})
	}
	if f.Unordered {
		v = Value{Builder: v.Builder}
	}
	of.Value = v
}

// Way is one of the ways that the code can go: what it sets, and whether it never comes back. The zero Way sets nothing.
type Way struct {
	set  map[*Variable]Value
	ends bool
}

// Open is the way as one that does come back.
func (w Way) Open() Way { return Way{set: w.set} }

// Branch reads one way and takes back what it set. read tells whether the code never goes on behind it.
func (f *Flow) Branch(read func() (ends bool)) Way {
	outer := f.log
	var log []change
	f.log = &log
	w := Way{ends: read(), set: map[*Variable]Value{}}
	f.log = outer
	for _, c := range log {
		w.set[c.of] = c.of.Value
	}
	for i := len(log) - 1; i >= 0; i-- {
		log[i].of.Value = log[i].before
	}
	return w
}

// Merge goes on after all of the ways: each variable has what one of them left. It tells whether none of them comes back.
func (f *Flow) Merge(ways ...Way) (ends bool) {
	open := ways[:0:0]
	for _, w := range ways {
		if !w.ends {
			open = append(open, w)
		}
	}
	if len(open) == 0 {
		return true
	}
	changed := map[*Variable][]Value{}
	for _, w := range open {
		for v := range w.set {
			changed[v] = nil
		}
	}
	for v := range changed {
		for _, w := range open {
			after, ok := w.set[v]
			if !ok {
				after = v.Value
			}
			changed[v] = append(changed[v], after)
		}
		f.Set(v, Join(changed[v]...))
	}
	return false
}

// Change is a place where a name is given a value that has to do with what it had before.
type Change struct {
	Name string
	At   Place
}

// Loop reads a loop's body once. How often it runs is not known: the changes that it makes leave a hole, in
// the body and behind it.
func (r *Reader) Loop(changes []Change, body func()) {
	held := map[*Variable]Value{}
	for _, c := range changes {
		v := r.Local(c.Name)
		if v == nil || !v.Value.Known() && v.Value.Items == nil && v.Value.Entries == nil {
			continue
		}
		if _, seen := held[v]; seen {
			continue
		}
		held[v] = Value{}
		if v.Value.Known() && !v.Value.Number {
			r.Absorb(v.Value)
			held[v] = r.Concat(v.Value, r.Hole(c.At, "a loop changes "+c.Name))
			r.Record(held[v], c.At)
		}
		r.Set(v, held[v])
	}
	inside := r.Branch(func() bool { body(); return false })
	for v, value := range held {
		r.mark(r.marks.absorbed, inside.set[v], false) // it is held, and once more round the loop; a tail may begin in the loop
		r.Set(v, value)
	}
	// A variable that only the body sets has what the body left, or nothing.
	for v, left := range inside.set {
		if _, again := held[v]; !again {
			r.Set(v, Join(v.Value, left))
		}
	}
}
