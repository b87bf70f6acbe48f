package golang

import (
	"go/ast"
	"go/token"

	"github.com/headgate/headgate/internal/reference/fold"
)

// expr reads an expression: it notes the texts in it, and gives what is known of its value. As an operand it is part
// of a text that the caller notes, and is not noted on its own.
func (r *reader) expr(e ast.Expr, operand bool) fold.Value {
	switch e := e.(type) {
	case *ast.BasicLit:
		return r.literal(e, operand)
	case *ast.Ident:
		return r.Mention(r.lookUp(e), operand)
	case *ast.ParenExpr:
		return r.expr(e.X, operand)
	case *ast.BinaryExpr:
		if e.Op == token.ADD {
			return r.sum(e, operand)
		}
		r.quiet(e.X)
		r.quiet(e.Y)
	case *ast.CallExpr:
		return r.call(e, operand)
	case *ast.SelectorExpr:
		if d := r.imported(e); d != nil {
			return r.Mention(r.declared(d), operand)
		}
		r.expr(e.X, false)
	case *ast.CompositeLit:
		return r.composite(e)
	case *ast.FuncLit:
		r.closure(e)
	case *ast.UnaryExpr:
		return r.unary(e)
	case *ast.StarExpr:
		return r.expr(e.X, operand)
	case *ast.IndexExpr:
		r.expr(e.X, false)
		r.expr(e.Index, false)
	case *ast.SliceExpr:
		for _, part := range []ast.Expr{e.X, e.Low, e.High, e.Max} {
			r.quiet(part)
		}
	case *ast.TypeAssertExpr:
		r.expr(e.X, false)
	case *ast.KeyValueExpr:
		r.quiet(e.Key)
		r.expr(e.Value, false)
	}
	return fold.Value{}
}

func (r *reader) literal(e *ast.BasicLit, operand bool) fold.Value {
	switch e.Kind {
	case token.STRING:
		v := r.Literal(r.src.literal(e), r.place(e), 0)
		if !operand {
			r.record(v, e)
		}
		return v
	case token.INT:
		return r.Number(e.Value, r.place(e))
	}
	return fold.Value{}
}

// quiet reads an expression of which the value is looked at and not sent anywhere: a condition, an operand of a comparison.
func (r *reader) quiet(e ast.Expr) {
	switch e := e.(type) {
	case nil:
	case *ast.Ident:
	case *ast.ParenExpr:
		r.quiet(e.X)
	case *ast.CallExpr:
		if on, name := callee(e); on == nil && (name == "len" || name == "cap") && len(e.Args) == 1 {
			r.quiet(e.Args[0])
			return
		}
		r.expr(e, false)
	default:
		r.expr(e, false)
	}
}

// lookUp finds the value of a name: a local one, or one of the package.
func (r *reader) lookUp(name *ast.Ident) fold.Value {
	if v := r.Local(name.Name); v != nil {
		return v.Value
	}
	if d := r.pkg.declarations[name.Name]; d != nil {
		return r.declared(d)
	}
	return fold.Value{}
}

// imported finds the declaration that pkg.Name stands for, in this module.
func (r *reader) imported(e *ast.SelectorExpr) *declaration {
	on, ok := e.X.(*ast.Ident)
	if !ok || r.Local(on.Name) != nil || !ast.IsExported(e.Sel.Name) {
		return nil
	}
	p := r.tree.imported(r.src, on.Name)
	if p == nil {
		return nil
	}
	return p.declarations[e.Sel.Name]
}

// declared is the value of a package-level constant, or of a variable that nothing changes.
func (r *reader) declared(d *declaration) fold.Value {
	if v, ok := r.memo[d]; ok {
		return v
	}
	if d.value == nil || r.depth > fold.MostNesting {
		return fold.Value{}
	}
	r.memo[d] = fold.Value{} // what refers to itself has no value
	pkg, src := r.pkg, r.src
	r.pkg, r.src = d.pkg, d.src
	r.depth++
	v := r.Elsewhere(func() fold.Value { return r.expr(d.value, true) })
	r.depth--
	r.pkg, r.src = pkg, src
	r.memo[d] = v
	return v
}

// sum reads a + b + c as one.
func (r *reader) sum(e *ast.BinaryExpr, operand bool) fold.Value {
	operands := fold.Operands[ast.Expr](e, func(e ast.Expr) (left, right ast.Expr, ok bool) {
		b, ok := e.(*ast.BinaryExpr)
		if !ok || b.Op != token.ADD {
			return nil, nil, false
		}
		return b.X, b.Y, true
	})
	values := make([]fold.Value, len(operands))
	for i, o := range operands {
		values[i] = r.expr(o, true)
	}
	return r.Sum(values, func(i int) fold.Place { return r.place(operands[i]) }, r.place(e), operand)
}

// composite reads a literal of a slice, map or struct.
func (r *reader) composite(e *ast.CompositeLit) fold.Value {
	var items []fold.Value
	keyed := false
	for _, element := range e.Elts {
		if kv, ok := element.(*ast.KeyValueExpr); ok {
			keyed = true
			if _, name := kv.Key.(*ast.Ident); !name {
				r.quiet(kv.Key)
			}
			element = kv.Value
		}
		items = append(items, r.expr(element, false))
	}
	if t, ok := e.Type.(*ast.ArrayType); ok && !keyed {
		if of, ok := t.Elt.(*ast.Ident); ok && of.Name == "string" {
			return fold.Value{Items: append([]fold.Value{}, items...)}
		}
	}
	if len(e.Elts) == 0 {
		return r.newBuilder(e.Type)
	}
	return fold.Value{}
}

func (r *reader) unary(e *ast.UnaryExpr) fold.Value {
	if e.Op != token.AND {
		r.quiet(e.X)
		return fold.Value{}
	}
	if name, ok := e.X.(*ast.Ident); ok {
		if v := r.Local(name.Name); v != nil && v.Value.Known() {
			// Whoever has the address may write to it.
			before := v.Value
			r.Use(before)
			r.Set(v, r.Concat(before, r.Hole(r.place(e), name.Name+" is changed through its address")))
		}
		return fold.Value{}
	}
	if lit, ok := e.X.(*ast.CompositeLit); ok {
		return r.composite(lit)
	}
	r.expr(e.X, false)
	return fold.Value{}
}
