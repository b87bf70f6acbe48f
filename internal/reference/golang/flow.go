package golang

import (
	"go/ast"
	"go/token"

	"github.com/headgate/headgate/internal/reference/fold"
)

func (r *reader) declare(name string, v fold.Value) {
	if name != "_" {
		r.Declare(name, v)
	}
}

func (r *reader) declareAll(fields *ast.FieldList) {
	if fields == nil {
		return
	}
	for _, f := range fields.List {
		for _, name := range f.Names {
			r.declare(name.Name, fold.Value{})
		}
	}
}

// function reads a function's body in a scope of its own. A function that is declared can be a wrapper; decl is nil for a literal.
func (r *reader) function(decl *ast.FuncDecl, recv *ast.FieldList, typ *ast.FuncType, body *ast.BlockStmt) {
	r.Push()
	r.declareAll(recv)
	r.declareAll(typ.Params)
	if decl != nil {
		r.declareParameters(decl)
	}
	r.declareAll(typ.Results)
	r.block(body.List)
	r.Pop()
}

// block reads statements in order. What stands after one that ends the way is read all the same, for its literals.
func (r *reader) block(list []ast.Stmt) (ends bool) {
	r.Push()
	defer r.Pop()
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
		r.Push()
		defer r.Pop()
		r.optional(s.Init)
		r.quiet(s.Tag)
		return r.clauses(s.Body, false)
	case *ast.TypeSwitchStmt:
		r.Push()
		defer r.Pop()
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
		} else if v := r.Local(name.Name); v != nil {
			r.Set(v, fold.Value{})
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
			v := fold.Value{}
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
func (r *reader) zero(typ ast.Expr) fold.Value {
	switch t := typ.(type) {
	case *ast.Ident:
		if t.Name == "string" {
			return fold.Empty()
		}
	case *ast.SelectorExpr:
		return r.newBuilder(t)
	}
	return fold.Value{}
}

// newBuilder is an empty strings.Builder or bytes.Buffer, if typ is one.
func (r *reader) newBuilder(typ ast.Expr) fold.Value {
	t, ok := typ.(*ast.SelectorExpr)
	if !ok {
		return fold.Value{}
	}
	on, ok := t.X.(*ast.Ident)
	if !ok || on.Name+"."+t.Sel.Name != "strings.Builder" && on.Name+"."+t.Sel.Name != "bytes.Buffer" {
		return fold.Value{}
	}
	v := fold.Empty()
	v.Builder = true
	return v
}

// first is the first of n results of an expression: what is known of a call is known of its first result.
func first(v fold.Value, n int) fold.Value {
	if n > 1 {
		v.Items, v.Number = nil, false
	}
	return v
}

func (r *reader) assign(s *ast.AssignStmt) {
	if s.Tok == token.ADD_ASSIGN && len(s.Lhs) == 1 {
		r.addAssign(s)
		return
	}
	values := make([]fold.Value, len(s.Lhs))
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
		if s.Tok == token.DEFINE && r.Depth() > 0 && r.Innermost(name.Name) == nil {
			r.declare(name.Name, values[i])
			continue
		}
		if v := r.Local(name.Name); v != nil {
			r.Set(v, values[i])
		}
	}
}

// addAssign reads x += y.
func (r *reader) addAssign(s *ast.AssignStmt) {
	added := r.expr(s.Rhs[0], true)
	name, ok := s.Lhs[0].(*ast.Ident)
	var v *fold.Variable
	if ok {
		v = r.Local(name.Name)
	} else {
		r.expr(s.Lhs[0], false)
	}
	if v == nil || !v.Value.Known() || v.Value.Number {
		r.record(added, s.Rhs[0])
		if v != nil {
			r.Set(v, fold.Value{})
		}
		return
	}
	r.Set(v, r.Add(v.Value, added, r.place(s.Rhs[0]), r.place(s), "the value of %s is added"))
}

func (r *reader) ifStmt(s *ast.IfStmt) bool {
	r.Push()
	defer r.Pop()
	r.optional(s.Init)
	r.quiet(s.Cond)
	then := r.Branch(func() bool { return r.block(s.Body.List) })
	otherwise := fold.Way{}
	if s.Else != nil {
		otherwise = r.Branch(func() bool { return r.stmt(s.Else) })
	}
	return r.Merge(then, otherwise)
}

// clauses reads the clauses of a switch or a select.
func (r *reader) clauses(body *ast.BlockStmt, exhaustive bool) bool {
	var ways []fold.Way
	for _, c := range body.List {
		ways = append(ways, r.Branch(func() bool {
			switch c := c.(type) {
			case *ast.CaseClause:
				exhaustive = exhaustive || c.List == nil
				for _, e := range c.List {
					r.quiet(e)
				}
				return r.block(c.Body)
			case *ast.CommClause:
				r.Push()
				defer r.Pop()
				r.optional(c.Comm)
				return r.block(c.Body)
			}
			return false
		}))
	}
	if !exhaustive {
		ways = append(ways, fold.Way{})
	}
	if len(ways) == 0 {
		return false
	}
	return r.Merge(ways...)
}

func (r *reader) forStmt(s *ast.ForStmt) {
	r.Push()
	defer r.Pop()
	r.optional(s.Init)
	r.loop(s, func() {
		r.quiet(s.Cond)
		r.block(s.Body.List)
		r.optional(s.Post)
	})
}

func (r *reader) rangeStmt(s *ast.RangeStmt) {
	r.expr(s.X, false)
	r.Push()
	defer r.Pop()
	if s.Tok == token.DEFINE {
		for _, e := range []ast.Expr{s.Key, s.Value} {
			if name, ok := e.(*ast.Ident); ok {
				r.declare(name.Name, fold.Value{})
			}
		}
	}
	r.loop(s, func() { r.block(s.Body.List) })
}

// loop reads a loop's body.
func (r *reader) loop(loop ast.Stmt, body func()) {
	var changes []fold.Change
	for _, name := range assignedIn(loop) {
		changes = append(changes, fold.Change{Name: name.Name, At: r.place(name)})
	}
	r.Loop(changes, body)
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
	inside := r.Branch(func() bool {
		r.function(nil, nil, f.Type, f.Body)
		return false
	})
	r.Merge(inside, fold.Way{})
}
