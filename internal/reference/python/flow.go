package python

import (
	py "github.com/headgate/headgate/internal/syntax/python"
)

// variable is a local name and what it holds at the statement that is being read.
type variable struct{ value value }

// change is a variable's value before it was set.
type change struct {
	of     *variable
	before value
}

func (r *reader) declare(name string, v value) {
	if len(r.scopes) > 0 {
		r.scopes[len(r.scopes)-1][name] = &variable{value: v}
	}
}

func (r *reader) local(name string) *variable {
	for i := len(r.scopes) - 1; i >= 0; i-- {
		if v, ok := r.scopes[i][name]; ok {
			return v
		}
	}
	return nil
}

// assign sets a name of the function that is being read.
func (r *reader) assign(name string, v value) {
	if len(r.scopes) == 0 {
		return
	}
	of, ok := r.scopes[len(r.scopes)-1][name]
	if !ok {
		of = &variable{value: value{unset: true}}
		r.scopes[len(r.scopes)-1][name] = of
	}
	r.set(of, v)
}

func (r *reader) set(of *variable, v value) {
	if r.log != nil {
		*r.log = append(*r.log, change{of, of.value})
	}
	of.value = v
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
	if r.nesting > mostNesting {
		return
	}
	r.nesting++
	defer func() { r.nesting-- }()
	scopes, log, at := r.scopes, r.log, r.at
	seen := scopes
	if len(scopes) == 1 || at.class != nil {
		seen = nil // the names of a module or a class are looked up as what they are declared as
	}
	var inner []change
	r.scopes, r.log = append(seen[:len(seen):len(seen)], map[string]*variable{}), &inner
	r.declareParameters(def)
	r.at = r.read(def, at)
	if at.class != nil && len(def.Params) > 0 {
		r.at.self, r.at.selfName = at.class, def.Params[0].Name.Name
	}
	r.block(def.Body)
	for i := len(inner) - 1; i >= 0; i-- {
		inner[i].of.value = inner[i].before
	}
	r.scopes, r.log, r.at = scopes, log, at
}

// way is one of the ways that the code can go: what it set, and whether it never comes back.
type way struct {
	set  map[*variable]value
	ends bool
}

// branch reads one way and takes back what it set.
func (r *reader) branch(read func() (ends bool)) way {
	outer := r.log
	var log []change
	r.log = &log
	p := way{ends: read(), set: map[*variable]value{}}
	r.log = outer
	for _, c := range log {
		p.set[c.of] = c.of.value
	}
	for i := len(log) - 1; i >= 0; i-- {
		log[i].of.value = log[i].before
	}
	return p
}

// mergeWays goes on after all of the paths: each variable has what one of them left.
func (r *reader) mergeWays(ways ...way) (ends bool) {
	open := ways[:0:0]
	for _, p := range ways {
		if !p.ends {
			open = append(open, p)
		}
	}
	if len(open) == 0 {
		return true
	}
	changed := map[*variable][]value{}
	for _, p := range open {
		for v := range p.set {
			changed[v] = nil
		}
	}
	for v := range changed {
		for _, p := range open {
			after, ok := p.set[v]
			if !ok {
				after = v.value
			}
			changed[v] = append(changed[v], after)
		}
		r.set(v, join(changed[v]))
	}
	return false
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
			r.assignTo(t, value{})
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
			r.assignTo(s.Target, value{})
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
			r.assignTo(item.Target, value{})
		}
		return r.block(s.Body)
	case *py.Try:
		return r.try(s)
	case *py.Match:
		r.quiet(s.Subject)
		ways := []way{{}}
		for _, c := range s.Cases {
			ways = append(ways, r.branch(func() bool {
				r.optional(c.Guard)
				return r.block(c.Body)
			}))
		}
		return r.mergeWays(ways...)
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
		r.mute++
		r.expr(e, true)
		r.mute--
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
			read := make([]value, len(values.Elts))
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
func (r *reader) assignTo(target py.Expr, v value) {
	switch t := target.(type) {
	case nil:
	case *py.Name:
		r.assign(t.Name, v)
	case *py.Tuple:
		for _, e := range t.Elts {
			r.assignTo(e, value{})
		}
	case *py.List:
		for _, e := range t.Elts {
			r.assignTo(e, value{})
		}
	case *py.Starred:
		r.assignTo(t.Value, value{})
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
	var v *variable
	if isName {
		v = r.local(name.Name)
	} else {
		r.quiet(s.Target)
	}
	if s.Op != "+" || v == nil || !v.value.known() || v.value.number {
		r.record(added, s.Value)
		if isName {
			r.assign(name.Name, value{})
		}
		return
	}
	r.absorb(v.value)
	sum := r.id.concat(v.value, r.orHole(added, s.Value, "the value of %s is added"))
	r.record(sum, s)
	r.assign(name.Name, sum)
}

func (r *reader) lookUpLocal(name *py.Name) value {
	if v := r.local(name.Name); v != nil {
		r.absorb(v.value)
		return v.value
	}
	return value{}
}

func (r *reader) ifStmt(s *py.If) bool {
	var ways []way
	for _, b := range s.Branches {
		r.quiet(b.Test)
		ways = append(ways, r.branch(func() bool { return r.block(b.Body) }))
	}
	ways = append(ways, r.branch(func() bool { return r.block(s.Else) }))
	return r.mergeWays(ways...)
}

// try reads a try statement: a handler may run after any part of the body.
func (r *reader) try(s *py.Try) bool {
	body := r.branch(func() bool { return r.block(s.Body) || r.block(s.Else) })
	ways := []way{body}
	for _, h := range s.Handlers {
		ways = append(ways, r.branch(func() bool {
			r.mergeWays(way{set: body.set}, way{})
			return r.block(h.Body)
		}))
	}
	ends := r.mergeWays(ways...)
	return r.block(s.Finally) || ends
}

// loop reads a loop's body once. How often it runs is not known: what it changes has a hole, in
// the body and behind it.
func (r *reader) loop(loop py.Stmt, otherwise []py.Stmt, body func()) {
	if r.loops >= mostLoops {
		return
	}
	r.loops++
	defer func() { r.loops-- }()
	held := map[*variable]value{}
	var changed []*variable
	for _, name := range assignedIn(loop) {
		v := r.local(name.Name)
		if v == nil || !v.value.known() && v.value.items == nil && v.value.entries == nil {
			continue
		}
		if _, seen := held[v]; seen {
			continue
		}
		changed = append(changed, v)
		held[v] = value{}
		if v.value.known() && !v.value.number {
			r.absorb(v.value)
			held[v] = r.id.concat(v.value, r.id.hole(r.src, name, "built at run time: a loop changes "+name.Name))
			r.record(held[v], name)
		}
		r.set(v, held[v])
	}
	inside := r.branch(func() bool { body(); return false })
	for _, v := range changed {
		r.absorb(inside.set[v]) // it is held, and once more round the loop
		r.set(v, held[v])
	}
	// A variable that only the body sets has what the body left, or nothing.
	for v := range inside.set {
		if _, again := held[v]; !again {
			r.set(v, join([]value{v.value, inside.set[v]}))
		}
	}
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
	if r.nesting > mostNesting {
		return
	}
	r.nesting++
	scopes, at := r.scopes, r.at
	r.scopes = append(scopes[:len(scopes):len(scopes)], map[string]*variable{})
	c := r.classOf(s, at)
	r.at = &env{mod: at.mod, class: c, outer: at}
	r.block(s.Body)
	r.scopes, r.at = scopes, at
	r.nesting--
}
