package python

import (
	"fmt"
	"slices"

	"github.com/headgate/headgate/internal/syntax"
	py "github.com/headgate/headgate/internal/syntax/python"
)

// orHole is v, or a hole where nothing is known of it. The reason has one %s, for what the code puts in.
func (r *reader) orHole(v value, e py.Node, reason string) value {
	if v.known() {
		return v
	}
	return r.id.hole(r.src, e, "built at run time: "+fmt.Sprintf(reason, r.src.excerpt(e)))
}

// expr reads an expression: it notes the texts in it, and gives what is known of its value. As an operand it is part
// of a text that the caller notes, and is not noted on its own.
func (r *reader) expr(e py.Expr, operand bool) value {
	if e == nil || r.nesting > mostNesting {
		return value{}
	}
	r.nesting++
	defer func() { r.nesting-- }()
	switch e := e.(type) {
	case *py.String:
		return r.string(e, operand)
	case *py.Number:
		return r.number(e)
	case *py.Name:
		return r.name(r.lookUp(e), operand)
	case *py.Attribute:
		if v := r.declared(e); v.known() || v.items != nil || v.entries != nil {
			return r.name(v, operand)
		}
		r.quiet(e.Value)
	case *py.Call:
		return r.call(e, operand)
	case *py.BinaryOp:
		return r.binary(e, operand)
	case *py.IfExp:
		r.quiet(e.Test)
		return join([]value{r.expr(e.Body, operand), r.expr(e.Else, operand)})
	case *py.Await:
		return r.expr(e.Value, operand)
	case *py.NamedExpr:
		v := r.expr(e.Value, operand)
		r.assign(e.Target.Name, v)
		return v
	case *py.Subscript:
		return r.subscript(e, operand)
	default:
		return r.compoundExpr(e)
	}
	return value{}
}

// compoundExpr reads an expression that is no text, for the texts within.
func (r *reader) compoundExpr(e py.Expr) value {
	switch e := e.(type) {
	case *py.List:
		return r.list(e.Elts)
	case *py.Tuple:
		return r.list(e.Elts)
	case *py.Set:
		r.list(e.Elts)
	case *py.Dict:
		return r.dict(e)
	case *py.BoolOp:
		for _, v := range e.Values {
			r.quiet(v)
		}
	case *py.Compare:
		r.quiet(e.Left)
		for _, c := range e.Comparators {
			r.quiet(c)
		}
	case *py.UnaryOp:
		r.quiet(e.Operand)
	case *py.Lambda:
		r.inner(func() {
			for _, p := range e.Params {
				r.declare(p.Name.Name, value{})
			}
			r.expr(e.Body, false)
		})
	case *py.Comprehension:
		r.inner(func() {
			for _, f := range e.For {
				r.expr(f.Iter, false)
				py.Inspect(f.Target, func(n py.Node) bool {
					if name, ok := n.(*py.Name); ok {
						r.declare(name.Name, value{})
					}
					return true
				})
				for _, test := range f.Ifs {
					r.quiet(test)
				}
			}
			r.expr(e.Elt, false)
			r.optional(e.Value)
		})
	case *py.Starred:
		r.expr(e.Value, false)
	case *py.Yield:
		r.optional(e.Value)
	case *py.Slice:
		for _, part := range []py.Expr{e.Lower, e.Upper, e.Step} {
			if part != nil {
				r.quiet(part)
			}
		}
	}
	return value{}
}

// inner reads something that has names of its own.
func (r *reader) inner(read func()) {
	scopes := r.scopes
	r.scopes = append(scopes[:len(scopes):len(scopes)], map[string]*variable{})
	read()
	r.scopes = scopes
}

// string is the value of a literal. A hole of an f-string is filled where its value is known.
func (r *reader) string(e *py.String, operand bool) value {
	if e.Bytes() {
		return value{}
	}
	var out value
	if text, ok := e.Literal(); ok {
		out = r.id.text(piece{from: r.src, literal: &text, at: e.Span}, 0)
	} else {
		out = r.id.empty()
		i := 0
		for p := range e.Pieces() {
			i++
			if p.Hole == nil {
				out = r.id.concat(out, r.id.text(piece{from: r.src, literal: &p.Text, at: p.Span}, i))
				continue
			}
			if p.Hole.Debug.Value != "" {
				out = r.id.concat(out, r.id.text(piece{from: r.src, literal: &p.Hole.Debug, at: p.Hole.Span}, i))
			}
			out = r.id.concat(out, r.filled(p.Hole))
		}
	}
	if !operand {
		r.record(out, e)
	}
	return out
}

// filled is what stands in the place of an f-string's hole.
func (r *reader) filled(h *py.Hole) value {
	v := r.expr(h.Expr, true)
	plain := !h.HasSpec && (h.Conversion == 0 || h.Conversion == 's') && h.Debug.Value == ""
	if plain && v.known() && !v.clause {
		return v
	}
	r.record(v, h.Expr)
	return r.id.hole(r.src, h, "built at run time: an f-string puts in the value of "+r.src.excerpt(h.Expr))
}

// number is a number's digits.
func (r *reader) number(e *py.Number) value {
	digits := syntax.Copied(e.Text, e.Start)
	v := r.id.text(piece{from: r.src, literal: &digits, at: e.Span}, 0)
	v.number = true
	return v
}

// name notes the use of a name's value.
func (r *reader) name(v value, operand bool) value {
	if v.number {
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
func (r *reader) quiet(e py.Expr) {
	if _, isName := e.(*py.Name); !isName {
		r.expr(e, false)
	}
}

// lookUp finds the value of a name: a local one, or one of the module or of another.
func (r *reader) lookUp(name *py.Name) value {
	if v := r.local(name.Name); v != nil && !v.value.unset {
		return v.value
	}
	return r.declared(name)
}

// declared is the value of a constant of a module or a class: a name that has one value only.
func (r *reader) declared(e py.Expr) value {
	if attribute, ok := e.(*py.Attribute); ok {
		if name, ok := attribute.Value.(*py.Name); ok && r.isLocal(name.Name) {
			return value{}
		}
	}
	found := r.resolve(e, r.at)
	if found.external != "" || found.value == nil || found.value == e || found.several || found.env == nil || found.env.mod.src == nil {
		return value{}
	}
	if v, ok := r.memo[found.value]; ok {
		return v
	}
	r.memo[found.value] = value{} // what refers to itself has no value
	src, at, scopes, log := r.src, r.at, r.scopes, r.log
	r.src, r.at, r.scopes, r.log = found.env.mod.src, found.env, nil, nil
	r.mute++
	v := r.expr(found.value, true)
	r.mute--
	r.src, r.at, r.scopes, r.log = src, at, scopes, log
	v.parameter = nil
	r.memo[found.value] = v
	return v
}

// isLocal tells whether a name is a variable of a function, other than the self of a method.
func (r *reader) isLocal(name string) bool {
	if r.at.self != nil && r.at.selfName == name {
		return false
	}
	v := r.local(name)
	return v != nil && !v.value.unset
}

func (r *reader) binary(e *py.BinaryOp, operand bool) value {
	switch e.Op {
	case "+":
		return r.sum(e, operand)
	case "%":
		format := r.expr(e.Left, true)
		v := r.format(format, e.Right, e)
		if !operand {
			r.record(v, e)
		}
		return v
	}
	r.quiet(e.Left)
	r.quiet(e.Right)
	return value{}
}

// sum reads a + b + c as one. Sums of numbers have no text in them and give nothing.
func (r *reader) sum(e *py.BinaryOp, operand bool) value {
	var operands []py.Expr
	var left py.Expr = e
	for {
		b, ok := left.(*py.BinaryOp)
		if !ok || b.Op != "+" {
			break
		}
		operands = append(operands, b.Right)
		left = b.Left
	}
	operands = append(operands, left)
	slices.Reverse(operands)

	values := make([]value, len(operands))
	text, lists := false, true
	for i, o := range operands {
		values[i] = r.expr(o, true)
		text = text || values[i].isText()
		lists = lists && values[i].items != nil
	}
	if lists {
		out := value{items: []value{}}
		for _, v := range values {
			out.items = append(out.items, v.items...)
		}
		return out
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

// recordAll notes the texts among operands that went into nothing larger.
func (r *reader) recordAll(values []value, at []py.Expr) {
	for i, v := range values {
		r.record(v, at[i])
	}
}

func (r *reader) list(elts []py.Expr) value {
	items := make([]value, len(elts))
	for i, e := range elts {
		items[i] = r.expr(e, false)
		if _, spread := e.(*py.Starred); spread || len(elts) > mostPieces {
			for _, rest := range elts[i+1:] {
				r.expr(rest, false)
			}
			return value{}
		}
	}
	return value{items: items}
}

func (r *reader) dict(e *py.Dict) value {
	var entries map[string]value
	known := true
	for _, item := range e.Items {
		if s, ok := item.Key.(*py.String); ok {
			if key, ok := s.Literal(); ok && forPeople[key.Value] {
				r.muted(item.Value)
				continue
			}
		}
		v := r.expr(item.Value, false)
		if item.Key == nil {
			known = false
			continue
		}
		r.quiet(item.Key)
		if s, ok := item.Key.(*py.String); ok && (v.known() || v.items != nil || v.entries != nil) {
			if key, ok := s.Literal(); ok {
				if entries == nil {
					entries = map[string]value{}
				}
				entries[key.Value] = v
			}
		}
	}
	if !known {
		entries = nil
	}
	return value{entries: entries}
}

// subscript is an entry of a dictionary that is known.
func (r *reader) subscript(e *py.Subscript, operand bool) value {
	var of value
	switch on := e.Value.(type) {
	case *py.Name:
		of = r.lookUp(on)
	case *py.Attribute:
		of = r.declared(on)
		if of.entries == nil {
			r.quiet(on)
		}
	default:
		r.quiet(on)
	}
	r.quiet(e.Index)
	if s, ok := e.Index.(*py.String); ok && of.entries != nil {
		if key, ok := s.Literal(); ok {
			return r.name(of.entries[key.Value], operand)
		}
	}
	return value{}
}
