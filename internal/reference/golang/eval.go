package golang

import (
	"go/ast"
	"go/token"
	"slices"
)

// expr reads an expression: it notes the texts in it, and gives what is known of its value. As an operand it is part
// of a text that the caller notes, and is not noted on its own.
func (r *reader) expr(e ast.Expr, operand bool) value {
	switch e := e.(type) {
	case *ast.BasicLit:
		return r.literal(e, operand)
	case *ast.Ident:
		return r.name(r.lookUp(e), operand)
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
			return r.name(r.declared(d), operand)
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
	return value{}
}

func (r *reader) literal(e *ast.BasicLit, operand bool) value {
	switch e.Kind {
	case token.STRING:
		v := r.id.literal(r.src, e)
		if !operand {
			r.record(v, e)
		}
		return v
	case token.INT:
		v := r.id.literal(r.src, e)
		v.number = e
		return v
	}
	return value{}
}

// name notes the use of a name's value.
func (r *reader) name(v value, operand bool) value {
	if v.number != nil {
		return v
	}
	if operand {
		r.absorb(v)
	} else {
		r.use(v)
	}
	return v
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
func (r *reader) lookUp(name *ast.Ident) value {
	if v := r.local(name.Name); v != nil {
		return v.value
	}
	if d := r.pkg.declarations[name.Name]; d != nil {
		return r.declared(d)
	}
	return value{}
}

// imported finds the declaration that pkg.Name stands for, in this module.
func (r *reader) imported(e *ast.SelectorExpr) *declaration {
	on, ok := e.X.(*ast.Ident)
	if !ok || r.local(on.Name) != nil || !ast.IsExported(e.Sel.Name) {
		return nil
	}
	p := r.tree.imported(r.src, on.Name)
	if p == nil {
		return nil
	}
	return p.declarations[e.Sel.Name]
}

// declared is the value of a package-level constant, or of a variable that nothing changes.
func (r *reader) declared(d *declaration) value {
	if v, ok := r.memo[d]; ok {
		return v
	}
	if d.value == nil || r.depth > mostNesting {
		return value{}
	}
	r.memo[d] = value{} // what refers to itself has no value
	pkg, src, scopes, log, jumps := r.pkg, r.src, r.scopes, r.log, r.jumps
	r.pkg, r.src, r.scopes, r.log, r.jumps = d.pkg, d.src, nil, nil, false
	r.mute++
	r.depth++
	v := r.expr(d.value, true)
	r.depth--
	r.mute--
	r.pkg, r.src, r.scopes, r.log, r.jumps = pkg, src, scopes, log, jumps
	r.memo[d] = v
	return v
}

// sum reads a + b + c as one. Sums of numbers have no text in them and give nothing.
func (r *reader) sum(e *ast.BinaryExpr, operand bool) value {
	var operands []ast.Expr
	var left ast.Expr = e
	for {
		b, ok := left.(*ast.BinaryExpr)
		if !ok || b.Op != token.ADD {
			break
		}
		operands = append(operands, b.Y)
		left = b.X
	}
	operands = append(operands, left)
	slices.Reverse(operands)

	values := make([]value, len(operands))
	text := false
	for i, o := range operands {
		values[i] = r.expr(o, true)
		text = text || values[i].hasText() && values[i].number == nil
	}
	if !text {
		return value{}
	}
	out := r.id.empty()
	for i, v := range values {
		out = r.id.concat(out, r.orHole(v, operands[i], "the value of %s is added"))
	}
	if !out.known() {
		r.recordAll(values, operands) // too much for one text
	} else if !operand {
		r.record(out, e)
	}
	return out
}

// composite reads a literal of a slice, map or struct.
func (r *reader) composite(e *ast.CompositeLit) value {
	var items []value
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
			return value{items: append([]value{}, items...)}
		}
	}
	if len(e.Elts) == 0 {
		return r.newBuilder(e.Type)
	}
	return value{}
}

func (r *reader) unary(e *ast.UnaryExpr) value {
	if e.Op != token.AND {
		r.quiet(e.X)
		return value{}
	}
	if name, ok := e.X.(*ast.Ident); ok {
		if v := r.local(name.Name); v != nil && v.value.known() {
			// Whoever has the address may write to it.
			before := v.value
			r.use(before)
			held := r.id.concat(before, r.id.hole(r.src, e, "built at run time: "+name.Name+" is changed through its address"))
			r.set(v, held)
		}
		return value{}
	}
	if lit, ok := e.X.(*ast.CompositeLit); ok {
		return r.composite(lit)
	}
	r.expr(e.X, false)
	return value{}
}
