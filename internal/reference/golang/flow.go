package golang

import (
	"go/ast"
	"go/token"
)

// variable is a local name and what it holds at the statement that is being read.
type variable struct{ value value }

// change is a variable's value before it was set.
type change struct {
	of     *variable
	before value
}

func (r *reader) push() { r.scopes = append(r.scopes, map[string]*variable{}) }
func (r *reader) pop()  { r.scopes = r.scopes[:len(r.scopes)-1] }

func (r *reader) declare(name string, v value) {
	if name == "_" || len(r.scopes) == 0 {
		return
	}
	if r.jumps {
		v = value{}
	}
	r.scopes[len(r.scopes)-1][name] = &variable{value: v}
}

func (r *reader) declareAll(fields *ast.FieldList) {
	if fields == nil {
		return
	}
	for _, f := range fields.List {
		for _, name := range f.Names {
			r.declare(name.Name, value{})
		}
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

func (r *reader) set(of *variable, v value) {
	if r.log != nil {
		*r.log = append(*r.log, change{of, of.value})
	}
	if r.jumps {
		v = value{builder: v.builder}
	}
	of.value = v
}

// function reads a function's body in a scope of its own. A function that is declared can be a wrapper; decl is nil for a literal.
func (r *reader) function(decl *ast.FuncDecl, recv *ast.FieldList, typ *ast.FuncType, body *ast.BlockStmt) {
	r.push()
	r.declareAll(recv)
	r.declareAll(typ.Params)
	if decl != nil {
		r.declareParameters(decl)
	}
	r.declareAll(typ.Results)
	r.block(body.List)
	r.pop()
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

// merge goes on after all of the paths: each variable has what one of them left.
func (r *reader) merge(ways ...way) (ends bool) {
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
func (r *reader) block(list []ast.Stmt) (ends bool) {
	r.push()
	defer r.pop()
	for _, s := range list {
		if r.stmt(s) {
			ends = true
		}
	}
	return ends
}

// stmt reads one statement and tells whether the code never goes on behind it.
func (r *reader) stmt(s ast.Stmt) (ends bool) {
	switch s := s.(type) {
	case *ast.DeclStmt:
		r.declStmt(s)
	case *ast.AssignStmt:
		r.assign(s)
	case *ast.ExprStmt:
		r.expr(s.X, false)
		return neverReturns(s.X)
	case *ast.BlockStmt:
		return r.block(s.List)
	case *ast.IfStmt:
		return r.ifStmt(s)
	case *ast.ForStmt:
		r.forStmt(s)
	case *ast.RangeStmt:
		r.rangeStmt(s)
	case *ast.SwitchStmt:
		r.push()
		defer r.pop()
		r.optional(s.Init)
		r.quiet(s.Tag)
		return r.clauses(s.Body, false)
	case *ast.TypeSwitchStmt:
		r.push()
		defer r.pop()
		r.optional(s.Init)
		r.optional(s.Assign)
		return r.clauses(s.Body, false)
	case *ast.SelectStmt:
		return r.clauses(s.Body, true)
	case *ast.LabeledStmt:
		return r.stmt(s.Stmt)
	case *ast.ReturnStmt:
		for _, e := range s.Results {
			r.expr(e, false)
		}
		return true
	case *ast.BranchStmt:
		// A loop's end is taken care of where the loop is read; a break out of a switch goes on behind it.
		return s.Tok == token.CONTINUE || s.Tok == token.GOTO
	case *ast.GoStmt:
		r.expr(s.Call, false)
	case *ast.DeferStmt:
		r.expr(s.Call, false)
	case *ast.SendStmt:
		r.expr(s.Chan, false)
		r.expr(s.Value, false)
	case *ast.IncDecStmt:
		if name, ok := s.X.(*ast.Ident); !ok {
			r.expr(s.X, false)
		} else if v := r.local(name.Name); v != nil {
			r.set(v, value{})
		}
	}
	return false
}

func (r *reader) optional(s ast.Stmt) {
	if s != nil {
		r.stmt(s)
	}
}

// neverReturns knows panic, os.Exit and the Fatal functions of loggers.
func neverReturns(e ast.Expr) bool {
	call, ok := e.(*ast.CallExpr)
	if !ok {
		return false
	}
	on, name := callee(call)
	switch name {
	case "panic":
		return on == nil
	case "Exit", "Fatal", "Fatalf", "Fatalln":
		return on != nil
	}
	return false
}

func (r *reader) declStmt(s *ast.DeclStmt) {
	d, ok := s.Decl.(*ast.GenDecl)
	if !ok {
		return
	}
	for _, spec := range d.Specs {
		spec, ok := spec.(*ast.ValueSpec)
		if !ok {
			continue
		}
		for i, name := range spec.Names {
			v := value{}
			switch {
			case len(spec.Values) == len(spec.Names):
				v = r.expr(spec.Values[i], false)
			case len(spec.Values) == 0:
				v = r.zero(spec.Type)
			case i == 0:
				v = first(r.expr(spec.Values[0], false), len(spec.Names))
			}
			r.declare(name.Name, v)
		}
	}
}

// zero is the value of a variable that is declared without one.
func (r *reader) zero(typ ast.Expr) value {
	switch t := typ.(type) {
	case *ast.Ident:
		if t.Name == "string" {
			return r.id.empty()
		}
	case *ast.SelectorExpr:
		return r.newBuilder(t)
	}
	return value{}
}

// newBuilder is an empty strings.Builder or bytes.Buffer, if typ is one.
func (r *reader) newBuilder(typ ast.Expr) value {
	t, ok := typ.(*ast.SelectorExpr)
	if !ok {
		return value{}
	}
	on, ok := t.X.(*ast.Ident)
	if !ok || on.Name+"."+t.Sel.Name != "strings.Builder" && on.Name+"."+t.Sel.Name != "bytes.Buffer" {
		return value{}
	}
	v := r.id.empty()
	v.builder = true
	return v
}

// first is the first of n results of an expression: what is known of a call is known of its first result.
func first(v value, n int) value {
	if n > 1 {
		v.items, v.number = nil, nil
	}
	return v
}

func (r *reader) assign(s *ast.AssignStmt) {
	if s.Tok == token.ADD_ASSIGN && len(s.Lhs) == 1 {
		r.addAssign(s)
		return
	}
	values := make([]value, len(s.Lhs))
	for i, e := range s.Rhs {
		v := r.expr(e, false)
		if len(s.Rhs) != len(s.Lhs) {
			v = first(v, len(s.Lhs))
		}
		if i < len(values) && (s.Tok == token.DEFINE || s.Tok == token.ASSIGN) {
			values[i] = v
		}
	}
	for i, lhs := range s.Lhs {
		name, ok := lhs.(*ast.Ident)
		if !ok {
			r.expr(lhs, false)
			continue
		}
		if s.Tok == token.DEFINE && len(r.scopes) > 0 {
			if _, here := r.scopes[len(r.scopes)-1][name.Name]; !here {
				r.declare(name.Name, values[i])
				continue
			}
		}
		if v := r.local(name.Name); v != nil {
			r.set(v, values[i])
		}
	}
}

// addAssign reads x += y.
func (r *reader) addAssign(s *ast.AssignStmt) {
	added := r.expr(s.Rhs[0], true)
	name, ok := s.Lhs[0].(*ast.Ident)
	var v *variable
	if ok {
		v = r.local(name.Name)
	} else {
		r.expr(s.Lhs[0], false)
	}
	if v == nil || !v.value.known() || v.value.number != nil {
		r.record(added, s.Rhs[0])
		if v != nil {
			r.set(v, value{})
		}
		return
	}
	r.absorb(v.value)
	sum := r.id.concat(v.value, r.orHole(added, s.Rhs[0], "the value of %s is added"))
	r.record(sum, s)
	r.set(v, sum)
}

func (r *reader) ifStmt(s *ast.IfStmt) bool {
	r.push()
	defer r.pop()
	r.optional(s.Init)
	r.quiet(s.Cond)
	then := r.branch(func() bool { return r.block(s.Body.List) })
	otherwise := way{}
	if s.Else != nil {
		otherwise = r.branch(func() bool { return r.stmt(s.Else) })
	}
	return r.merge(then, otherwise)
}

// clauses reads the clauses of a switch or a select.
func (r *reader) clauses(body *ast.BlockStmt, exhaustive bool) bool {
	var ways []way
	for _, c := range body.List {
		ways = append(ways, r.branch(func() bool {
			switch c := c.(type) {
			case *ast.CaseClause:
				exhaustive = exhaustive || c.List == nil
				for _, e := range c.List {
					r.quiet(e)
				}
				return r.block(c.Body)
			case *ast.CommClause:
				r.push()
				defer r.pop()
				r.optional(c.Comm)
				return r.block(c.Body)
			}
			return false
		}))
	}
	if !exhaustive {
		ways = append(ways, way{})
	}
	if len(ways) == 0 {
		return false
	}
	return r.merge(ways...)
}

func (r *reader) forStmt(s *ast.ForStmt) {
	r.push()
	defer r.pop()
	r.optional(s.Init)
	r.loop(s, func() {
		r.quiet(s.Cond)
		r.block(s.Body.List)
		r.optional(s.Post)
	})
}

func (r *reader) rangeStmt(s *ast.RangeStmt) {
	r.expr(s.X, false)
	r.push()
	defer r.pop()
	if s.Tok == token.DEFINE {
		for _, e := range []ast.Expr{s.Key, s.Value} {
			if name, ok := e.(*ast.Ident); ok {
				r.declare(name.Name, value{})
			}
		}
	}
	r.loop(s, func() { r.block(s.Body.List) })
}

// loop reads a loop's body once. How often it runs is not known: what it changes has a hole, in
// the body and behind it.
func (r *reader) loop(loop ast.Stmt, body func()) {
	held := map[*variable]value{}
	var changed []*variable
	for _, name := range assignedIn(loop) {
		v := r.local(name.Name)
		if v == nil || !v.value.known() && v.value.items == nil {
			continue
		}
		if _, seen := held[v]; seen {
			continue
		}
		changed = append(changed, v)
		held[v] = value{}
		if v.value.known() && v.value.number == nil {
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
}

// assignedIn are the names that are set, added to or written to somewhere below n.
func assignedIn(n ast.Node) []*ast.Ident {
	var names []*ast.Ident
	add := func(e ast.Expr) {
		if name, ok := e.(*ast.Ident); ok {
			names = append(names, name)
		}
	}
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			if n.Tok != token.DEFINE {
				for _, e := range n.Lhs {
					add(e)
				}
			}
		case *ast.RangeStmt:
			if n.Tok == token.ASSIGN {
				add(n.Key)
				add(n.Value)
			}
		case *ast.IncDecStmt:
			add(n.X)
		case *ast.UnaryExpr:
			if n.Op == token.AND {
				add(n.X)
			}
		case *ast.CallExpr:
			if on, name := callee(n); on != nil && isBuilderWrite(name) {
				add(on)
			}
		}
		return true
	})
	return names
}

func isBuilderWrite(name string) bool {
	switch name {
	case "WriteString", "WriteByte", "WriteRune", "Write", "Reset", "ReadFrom", "Truncate":
		return true
	}
	return false
}

// closure reads a function literal. When it runs is not known: afterwards, what it sets may have been set or not.
func (r *reader) closure(f *ast.FuncLit) {
	inside := r.branch(func() bool {
		r.function(nil, nil, f.Type, f.Body)
		return false
	})
	r.merge(inside, way{})
}
