package python

import (
	"github.com/headgate/headgate/internal/reference/fold"
	py "github.com/headgate/headgate/internal/syntax/python"
)

// expr reads an expression: it notes the texts in it, and gives what is known of its value. As an operand it is part
// of a text that the caller notes, and is not noted on its own.
func (r *reader) expr(e py.Expr, operand bool) fold.Value {
	if e == nil || r.nesting > fold.MostNesting {
		return fold.Value{}
	}
	r.nesting++
	defer func() { r.nesting-- }()
	switch e := e.(type) {
	case *py.String:
		return r.string(e, operand)
	case *py.Number:
		return r.Number(e.Text, r.place(e))
	case *py.Name:
		return r.Mention(r.lookUp(e), operand)
	case *py.Attribute:
		if v := r.declared(e); v.Known() || v.Items != nil || v.Entries != nil {
			return r.Mention(v, operand)
		}
		r.quiet(e.Value)
	case *py.Call:
		return r.call(e, operand)
	case *py.BinaryOp:
		return r.binary(e, operand)
	case *py.IfExp:
		r.quiet(e.Test)
		return fold.Join(r.expr(e.Body, operand), r.expr(e.Else, operand))
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
	return fold.Value{}
}

// compoundExpr reads an expression that is no text, for the texts within.
func (r *reader) compoundExpr(e py.Expr) fold.Value {
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
				r.Declare(p.Name.Name, fold.Value{})
			}
			r.expr(e.Body, false)
		})
	case *py.Comprehension:
		r.inner(func() {
			for _, f := range e.For {
				r.expr(f.Iter, false)
				py.Inspect(f.Target, func(n py.Node) bool {
					if name, ok := n.(*py.Name); ok {
						r.Declare(name.Name, fold.Value{})
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
	return fold.Value{}
}

// inner reads something that has names of its own.
func (r *reader) inner(read func()) {
	r.Push()
	read()
	r.Pop()
}

// string is the value of a literal. A hole of an f-string is filled where its value is known.
func (r *reader) string(e *py.String, operand bool) fold.Value {
	if e.Bytes() {
		return fold.Value{}
	}
	var out fold.Value
	if text, ok := e.Literal(); ok {
		out = r.Literal(text, r.place(e), 0)
	} else {
		out = fold.Empty()
		i := 0
		for p := range e.Pieces() {
			i++
			if p.Hole == nil {
				out = r.Concat(out, r.Literal(p.Text, r.place(p), i))
				continue
			}
			if p.Hole.Debug.Value != "" {
				out = r.Concat(out, r.Literal(p.Hole.Debug, r.place(p.Hole), i))
			}
			out = r.Concat(out, r.filled(p.Hole))
		}
	}
	if !operand {
		r.record(out, e)
	}
	return out
}

// filled is what stands in the place of an f-string's hole.
func (r *reader) filled(h *py.Hole) fold.Value {
	v := r.expr(h.Expr, true)
	plain := !h.HasSpec && (h.Conversion == 0 || h.Conversion == 's') && h.Debug.Value == ""
	if plain && v.Known() && !v.Clause {
		return v
	}
	r.record(v, h.Expr)
	return r.Hole(r.place(h), "an f-string puts in the value of "+r.place(h.Expr).Excerpt())
}

// quiet reads an expression of which the value is looked at and not sent anywhere: a condition, an operand of a comparison.
func (r *reader) quiet(e py.Expr) {
	if _, isName := e.(*py.Name); !isName {
		r.expr(e, false)
	}
}

// lookUp finds the value of a name: a local one, or one of the module or of another.
func (r *reader) lookUp(name *py.Name) fold.Value {
	if v := r.Local(name.Name); v != nil && !v.Value.Unset {
		return v.Value
	}
	return r.declared(name)
}

// declared is the value of a constant of a module or a class: a name that has one value only.
func (r *reader) declared(e py.Expr) fold.Value {
	if attribute, ok := e.(*py.Attribute); ok {
		if name, ok := attribute.Value.(*py.Name); ok && r.isLocal(name.Name) {
			return fold.Value{}
		}
	}
	found := r.resolve(e, r.at)
	if found.external != "" || found.value == nil || found.value == e || found.several || found.env == nil || found.env.mod.src == nil {
		return fold.Value{}
	}
	if v, ok := r.memo[found.value]; ok {
		return v
	}
	r.memo[found.value] = fold.Value{} // what refers to itself has no value
	src, at := r.src, r.at
	r.src, r.at = found.env.mod.src, found.env
	v := r.Elsewhere(func() fold.Value { return r.expr(found.value, true) })
	r.src, r.at = src, at
	v.Parameter = nil
	r.memo[found.value] = v
	return v
}

// isLocal tells whether a name is a variable of a function, other than the self of a method.
func (r *reader) isLocal(name string) bool {
	if r.at.self != nil && r.at.selfName == name {
		return false
	}
	v := r.Local(name)
	return v != nil && !v.Value.Unset
}

func (r *reader) binary(e *py.BinaryOp, operand bool) fold.Value {
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
	return fold.Value{}
}

// sum reads a + b + c as one.
func (r *reader) sum(e *py.BinaryOp, operand bool) fold.Value {
	operands := fold.Operands[py.Expr](e, func(e py.Expr) (left, right py.Expr, ok bool) {
		b, ok := e.(*py.BinaryOp)
		if !ok || b.Op != "+" {
			return nil, nil, false
		}
		return b.Left, b.Right, true
	})
	values := make([]fold.Value, len(operands))
	lists := true
	for i, o := range operands {
		values[i] = r.expr(o, true)
		lists = lists && values[i].Items != nil
	}
	if lists {
		out := fold.Value{Items: []fold.Value{}}
		for _, v := range values {
			out.Items = append(out.Items, v.Items...)
		}
		return out
	}
	return r.Sum(values, func(i int) fold.Place { return r.place(operands[i]) }, r.place(e), operand)
}

func (r *reader) list(elts []py.Expr) fold.Value {
	items := make([]fold.Value, len(elts))
	for i, e := range elts {
		items[i] = r.expr(e, false)
		if _, spread := e.(*py.Starred); spread || len(elts) > fold.MostPieces {
			for _, rest := range elts[i+1:] {
				r.expr(rest, false)
			}
			return fold.Value{}
		}
	}
	return fold.Value{Items: items}
}

func (r *reader) dict(e *py.Dict) fold.Value {
	var entries map[string]fold.Value
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
		if s, ok := item.Key.(*py.String); ok && (v.Known() || v.Items != nil || v.Entries != nil) {
			if key, ok := s.Literal(); ok {
				if entries == nil {
					entries = map[string]fold.Value{}
				}
				entries[key.Value] = v
			}
		}
	}
	if !known {
		entries = nil
	}
	return fold.Value{Entries: entries}
}

// subscript is an entry of a dictionary that is known.
func (r *reader) subscript(e *py.Subscript, operand bool) fold.Value {
	var of fold.Value
	switch on := e.Value.(type) {
	case *py.Name:
		of = r.lookUp(on)
	case *py.Attribute:
		of = r.declared(on)
		if of.Entries == nil {
			r.quiet(on)
		}
	default:
		r.quiet(on)
	}
	r.quiet(e.Index)
	if s, ok := e.Index.(*py.String); ok && of.Entries != nil {
		if key, ok := s.Literal(); ok {
			return r.Mention(of.Entries[key.Value], operand)
		}
	}
	return fold.Value{}
}
