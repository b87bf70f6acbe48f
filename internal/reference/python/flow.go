package python

import (
	"github.com/headgate/headgate/internal/reference/fold"
	py "github.com/headgate/headgate/internal/syntax/python"
)

// assign sets a name of the function that is being read.
func (r *reader) assign(name string, v fold.Value) {
	if r.Depth() == 0 {
		return
	}
	of := r.Innermost(name)
	if of == nil {
		r.Declare(name, fold.Value{Unset: true})
		of = r.Innermost(name)
	}
	r.Set(of, v)
}

// function reads a function's body in a scope of its own. A nested function runs later or never: what it sets stays its own.
func (r *reader) function(def *py.FunctionDef) {
	for _, d := range def.Decorators {
		r.expr(d, false)
	}
	for _, p := range def.Params {
		if p.Default != nil {
			r.expr(p.Default, false)
		}
	}
	if r.nesting > fold.MostNesting {
		return
	}
	r.nesting++
	defer func() { r.nesting-- }()
	flow, at := r.Flow, r.at
	if r.Depth() == 1 || at.class != nil {
		r.Flow = fold.Flow{} // the names of a module or a class are looked up as what they are declared as
	}
	r.Branch(func() bool {
		r.Push()
		r.declareParameters(def)
		r.at = r.read(def, at)
		if at.class != nil && len(def.Params) > 0 {
			r.at.self, r.at.selfName = at.class, def.Params[0].Name.Name
		}
		return r.block(def.Body)
	})
	r.Flow, r.at = flow, at
}

// block reads statements in order. What stands after one that ends the way is read all the same, for its literals.
func (r *reader) block(list []py.Stmt) (ends bool) {
	for _, s := range list {
		if r.stmt(s) {
			ends = true
		}
	}
	return ends
}

// stmt reads one statement and tells whether the code never goes on behind it.
func (r *reader) stmt(s py.Stmt) (ends bool) {
	switch s := s.(type) {
	case *py.ExprStmt:
		if _, docstring := s.Value.(*py.String); !docstring {
			r.expr(s.Value, false)
		}
		return neverReturns(s.Value)
	case *py.Assign:
		r.assignment(s)
	case *py.AnnAssign:
		if s.Value != nil {
			r.assignTo(s.Target, r.expr(s.Value, false))
		}
	case *py.AugAssign:
		r.augmented(s)
	case *py.Return:
		r.optional(s.Value)
		return true
	case *py.Raise:
		r.muted(s.Exc)
		r.muted(s.Cause)
		return true
	case *py.Assert:
		r.quiet(s.Test)
		r.muted(s.Msg)
	case *py.FunctionDef:
		r.function(s)
	case *py.ClassDef:
		r.classBody(s)
	case *py.Delete:
		for _, t := range s.Targets {
			r.assignTo(t, fold.Value{})
		}
	case *py.Continue, *py.Break:
		return true
	default:
		return r.compound(s)
	}
	return false
}

// compound reads a statement that has other statements.
func (r *reader) compound(s py.Stmt) (ends bool) {
	switch s := s.(type) {
	case *py.If:
		return r.ifStmt(s)
	case *py.For:
		r.expr(s.Iter, false)
		r.loop(s, s.Else, func() {
			r.assignTo(s.Target, fold.Value{})
			r.block(s.Body)
		})
	case *py.While:
		r.loop(s, s.Else, func() {
			r.quiet(s.Test)
			r.block(s.Body)
		})
	case *py.With:
		for _, item := range s.Items {
			r.expr(item.Context, false)
			r.assignTo(item.Target, fold.Value{})
		}
		return r.block(s.Body)
	case *py.Try:
		return r.try(s)
	case *py.Match:
		r.quiet(s.Subject)
		ways := []fold.Way{{}}
		for _, c := range s.Cases {
			ways = append(ways, r.Branch(func() bool {
				r.optional(c.Guard)
				return r.block(c.Body)
			}))
		}
		return r.Merge(ways...)
	}
	return false
}

func (r *reader) optional(e py.Expr) {
	if e != nil {
		r.expr(e, false)
	}
}

// muted reads what is for people: its literals are not SQL.
func (r *reader) muted(e py.Expr) {
	if e != nil {
		r.Mute(func() { r.expr(e, true) })
	}
}

// neverReturns knows sys.exit and its kin.
func neverReturns(e py.Expr) bool {
	call, ok := e.(*py.Call)
	if !ok {
		return false
	}
	switch f := call.Func.(type) {
	case *py.Name:
		return f.Name == "exit" || f.Name == "quit"
	case *py.Attribute:
		on, ok := f.Value.(*py.Name)
		return ok && (on.Name == "sys" && f.Attr.Name == "exit" || on.Name == "os" && (f.Attr.Name == "_exit" || f.Attr.Name == "abort"))
	}
	return false
}

func (r *reader) assignment(s *py.Assign) {
	if names, ok := s.Targets[0].(*py.Tuple); ok && len(s.Targets) == 1 {
		if values, ok := s.Value.(*py.Tuple); ok && len(values.Elts) == len(names.Elts) {
			read := make([]fold.Value, len(values.Elts))
			for i, e := range values.Elts {
				read[i] = r.expr(e, false)
			}
			for i, t := range names.Elts {
				r.assignTo(t, read[i])
			}
			return
		}
	}
	v := r.expr(s.Value, false)
	for _, t := range s.Targets {
		r.assignTo(t, v)
	}
}

// assignTo sets what stands left of an assignment.
func (r *reader) assignTo(target py.Expr, v fold.Value) {
	switch t := target.(type) {
	case nil:
	case *py.Name:
		r.assign(t.Name, v)
	case *py.Tuple:
		for _, e := range t.Elts {
			r.assignTo(e, fold.Value{})
		}
	case *py.List:
		for _, e := range t.Elts {
			r.assignTo(e, fold.Value{})
		}
	case *py.Starred:
		r.assignTo(t.Value, fold.Value{})
	case *py.Subscript:
		r.quiet(t.Value)
		r.quiet(t.Index)
	case *py.Attribute:
		r.quiet(t.Value)
	}
}

// augmented reads x += y.
func (r *reader) augmented(s *py.AugAssign) {
	name, isName := s.Target.(*py.Name)
	if s.Op == "%" && isName {
		v := r.format(r.lookUpLocal(name), s.Value, s)
		r.record(v, s)
		r.assign(name.Name, v)
		return
	}
	added := r.expr(s.Value, true)
	var v *fold.Variable
	if isName {
		v = r.Local(name.Name)
	} else {
		r.quiet(s.Target)
	}
	if s.Op != "+" || v == nil || !v.Value.Known() || v.Value.Number {
		r.record(added, s.Value)
		if isName {
			r.assign(name.Name, fold.Value{})
		}
		return
	}
	r.assign(name.Name, r.Add(v.Value, added, r.place(s.Value), r.place(s), "the value of %s is added"))
}

func (r *reader) lookUpLocal(name *py.Name) fold.Value {
	if v := r.Local(name.Name); v != nil {
		r.Absorb(v.Value)
		return v.Value
	}
	return fold.Value{}
}

func (r *reader) ifStmt(s *py.If) bool {
	var ways []fold.Way
	for _, b := range s.Branches {
		r.quiet(b.Test)
		ways = append(ways, r.Branch(func() bool { return r.block(b.Body) }))
	}
	ways = append(ways, r.Branch(func() bool { return r.block(s.Else) }))
	return r.Merge(ways...)
}

// try reads a try statement: a handler may run after any part of the body.
func (r *reader) try(s *py.Try) bool {
	body := r.Branch(func() bool { return r.block(s.Body) || r.block(s.Else) })
	ways := []fold.Way{body}
	for _, h := range s.Handlers {
		ways = append(ways, r.Branch(func() bool {
			r.Merge(body.Open(), fold.Way{})
			return r.block(h.Body)
		}))
	}
	ends := r.Merge(ways...)
	return r.block(s.Finally) || ends
}

// loop reads a loop's body, and what runs when it has ended by itself.
func (r *reader) loop(loop py.Stmt, otherwise []py.Stmt, body func()) {
	if r.loops >= mostLoops {
		return
	}
	r.loops++
	defer func() { r.loops-- }()
	var changes []fold.Change
	for _, name := range assignedIn(loop) {
		changes = append(changes, fold.Change{Name: name.Name, At: r.place(name)})
	}
	r.Loop(changes, body)
	r.block(otherwise)
}

// mostLoops is how many loops may be within each other. CPython takes 20 blocks.
const mostLoops = 20

// assignedIn are the names that are added to somewhere below a loop, or set from themselves.
func assignedIn(loop py.Stmt) []*py.Name {
	var names []*py.Name
	py.Inspect(loop, func(n py.Node) bool {
		switch n := n.(type) {
		case *py.FunctionDef, *py.ClassDef:
			return false
		case *py.AugAssign:
			if name, ok := n.Target.(*py.Name); ok {
				names = append(names, name)
			}
		case *py.Assign:
			for _, t := range n.Targets {
				if name, ok := t.(*py.Name); ok && mentions(n.Value, name.Name) {
					names = append(names, name)
				}
			}
		case *py.Call:
			if f, ok := n.Func.(*py.Attribute); ok && changesList(f.Attr.Name) {
				if name, ok := f.Value.(*py.Name); ok {
					names = append(names, name)
				}
			}
		}
		return true
	})
	return names
}

func changesList(method string) bool {
	switch method {
	case "append", "extend", "insert", "pop", "remove", "clear", "update", "sort", "reverse":
		return true
	}
	return false
}

// mentions tells whether a name stands somewhere in an expression.
func mentions(e py.Expr, name string) bool {
	found := false
	py.Inspect(e, func(n py.Node) bool {
		if is, ok := n.(*py.Name); ok && is.Name == name {
			found = true
		}
		return !found
	})
	return found
}

// classBody reads a class: its body runs once, in a scope that its functions do not see.
func (r *reader) classBody(s *py.ClassDef) {
	for _, d := range s.Decorators {
		r.expr(d, false)
	}
	if r.nesting > fold.MostNesting {
		return
	}
	r.nesting++
	at := r.at
	r.Push()
	c := r.classOf(s, at)
	r.at = &env{mod: at.mod, class: c, outer: at}
	r.block(s.Body)
	r.Pop()
	r.at = at
	r.nesting--
}
