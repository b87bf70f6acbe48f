package python

import (
	"slices"
	"strings"

	"github.com/headgate/headgate/internal/reference"
	py "github.com/headgate/headgate/internal/syntax/python"
)

// call reads a call: those that put texts together are run, those that hand a text to a database are noted.
func (r *reader) call(e *py.Call, operand bool) value {
	switch f := e.Func.(type) {
	case *py.Attribute:
		return r.methodCall(e, f, operand)
	case *py.Name:
		if isMessage("", f.Name) {
			r.message(e)
			return value{}
		}
		if r.isLocal(f.Name) {
			return r.otherCall(e, nil, f.Name)
		}
		if f.Name == "str" && len(e.Args) == 1 {
			return r.expr(e.Args[0], operand)
		}
		if v, done := r.libraryCall(r.resolve(f, r.at).external, e, operand); done {
			return v
		}
		return r.otherCall(e, nil, f.Name)
	}
	r.expr(e.Func, false)
	return r.otherCall(e, nil, "")
}

// methodCall reads on.name(…), where on may be a module too.
func (r *reader) methodCall(e *py.Call, f *py.Attribute, operand bool) value {
	name := f.Attr.Name
	if isMessage(receiver(f.Value), name) {
		r.message(e)
		return value{}
	}
	on, isName := f.Value.(*py.Name)
	if !isName || !r.isLocal(on.Name) {
		if v, done := r.libraryCall(r.resolve(f, r.at).external, e, operand); done {
			return v
		}
	}
	if isName && changesList(name) {
		r.changeList(on, name, e)
		return value{}
	}
	if v, done := r.stringMethod(e, f, operand); done {
		return v
	}
	if !isName {
		if v := r.expr(f.Value, operand); v.clause {
			for _, arg := range e.Args {
				r.expr(arg, false)
			}
			return v // text(…).bindparams(…), .columns(…)
		}
	}
	return r.otherCall(e, f.Value, name)
}

// libraryCall reads the calls of libraries that take a text and give one.
func (r *reader) libraryCall(dotted string, e *py.Call, operand bool) (value, bool) {
	library, name := split(dotted)
	switch {
	case name == "text" && mapping(library):
		v := r.clauseOf(e)
		return v, true
	case library == "psycopg" || library == "psycopg2":
		return r.composed(name, e, operand)
	case dotted == "textwrap.dedent", dotted == "inspect.cleandoc":
		if len(e.Args) == 1 {
			return r.expr(e.Args[0], operand), true
		}
	}
	return value{}, false
}

// clauseOf is sqlalchemy.text(…).
func (r *reader) clauseOf(e *py.Call) value {
	arg := keyword(e, "text")
	if len(e.Args) > 0 {
		arg = e.Args[0]
	}
	if arg == nil {
		return value{}
	}
	v := r.expr(arg, false)
	switch {
	case v.isText():
		r.handOver(v, reference.Colon)
		v.clause = true
		return v
	case v.parameter != nil && r.mute == 0:
		r.wrap(*v.parameter, arg)
	default:
		r.unknownText(arg)
	}
	return value{}
}

// composed are psycopg's sql.SQL, sql.Identifier, sql.Literal and sql.Placeholder.
func (r *reader) composed(name string, e *py.Call, operand bool) (value, bool) {
	switch name {
	case "SQL":
		if len(e.Args) == 1 {
			return r.expr(e.Args[0], operand), true
		}
	case "Identifier":
		out := r.id.empty()
		for i, arg := range e.Args {
			before := `"`
			if i > 0 {
				before = `"."`
			}
			out = r.id.concat(out, r.written(before, arg, 2*i))
			out = r.id.concat(out, r.orHole(r.expr(arg, true), arg, "sql.Identifier quotes the value of %s"))
		}
		if len(e.Args) > 0 {
			return r.id.concat(out, r.written(`"`, e, -1)), true
		}
	case "Literal", "Placeholder":
		for _, arg := range e.Args {
			r.quiet(arg)
		}
		return r.written("%s", e, -2), true
	}
	return value{}, false
}

// written is a text that a library puts in for what the node stands for.
func (r *reader) written(text string, at py.Node, part int) value {
	var b reference.Builder
	b.Replace(text, r.src.position(at.Range().Start), max(r.src.width(at.Range()), 1))
	return r.id.ofText(b.Text(), r.src, at.Range(), part)
}

// stringMethod runs the methods of a text.
func (r *reader) stringMethod(e *py.Call, f *py.Attribute, operand bool) (value, bool) {
	name := f.Attr.Name
	switch name {
	case "format", "join", "strip", "lstrip", "rstrip", "encode":
	default:
		return value{}, false
	}
	on := r.expr(f.Value, true)
	if !on.known() || on.number {
		return value{}, false
	}
	var v value
	switch name {
	case "format":
		v = r.formatCall(on, e)
	case "join":
		v = r.joinCall(on, e)
	default:
		for _, arg := range e.Args {
			r.quiet(arg)
		}
		v = on
	}
	if !operand {
		r.record(v, e)
		r.use(v)
	}
	return v, true
}

// joinCall is separator.join(list), of a list that is known.
func (r *reader) joinCall(separator value, e *py.Call) value {
	if len(e.Args) != 1 {
		return value{}
	}
	list := r.expr(e.Args[0], true)
	if list.items == nil {
		return value{}
	}
	out := r.id.empty()
	for i, item := range list.items {
		if i > 0 {
			out = r.id.concat(out, separator)
		}
		r.absorb(item)
		out = r.id.concat(out, r.orHole(item, e.Args[0], "join puts parts of %s in"))
	}
	return out
}

// changeList runs the methods that change a list.
func (r *reader) changeList(on *py.Name, name string, e *py.Call) {
	var added []value
	for _, arg := range e.Args {
		added = append(added, r.expr(arg, false))
	}
	v := r.local(on.Name)
	if v == nil || v.value.items == nil && v.value.entries == nil {
		return
	}
	before := v.value.items
	switch {
	case before != nil && name == "append" && len(added) == 1 && len(before) < mostPieces:
		r.set(v, value{items: append(slices.Clone(before), added[0])})
	case before != nil && name == "extend" && len(added) == 1 && added[0].items != nil && len(before)+len(added[0].items) < mostPieces:
		r.set(v, value{items: append(slices.Clone(before), added[0].items...)})
	default:
		r.set(v, value{})
	}
}

// message reads a call whose literals are for people.
func (r *reader) message(e *py.Call) {
	for _, arg := range e.Args {
		r.muted(arg)
	}
	for _, k := range e.Keywords {
		r.muted(k.Value)
	}
}

// otherCall reads the arguments, and sees whether one of them is the text of a database call.
func (r *reader) otherCall(e *py.Call, on py.Expr, name string) value {
	values := make([]value, len(e.Args))
	for i, arg := range e.Args {
		values[i] = r.expr(arg, false)
	}
	var keywords map[string]value
	if len(e.Keywords) > 0 {
		keywords = make(map[string]value, len(e.Keywords))
	}
	for _, k := range e.Keywords {
		if forPeople[k.Name.Name] {
			r.muted(k.Value)
			continue
		}
		keywords[k.Name.Name] = r.expr(k.Value, false)
	}
	position, known := databaseCalls[name]
	if !known {
		r.give(name, e, values, keywords)
		return value{}
	}
	var text value
	var at py.Expr
	if position < len(values) {
		text, at = values[position], e.Args[position]
	}
	for _, k := range e.Keywords {
		if at == nil && textKeywords[k.Name.Name] {
			text, at = keywords[k.Name.Name], k.Value
		}
	}
	switch {
	case at == nil:
	case text.isText():
		r.handOver(text, r.styleOf(name, on))
		r.give(name, e, values, keywords)
	case text.parameter != nil && r.mute == 0 && r.talks(name, on):
		r.wrap(*text.parameter, at)
	default:
		r.give(name, e, values, keywords)
		if r.talks(name, on) {
			r.unknownText(at)
		}
	}
	return value{}
}

// wrap notes that a parameter of the function that is being read goes to a database.
func (r *reader) wrap(p parameter, at py.Expr) {
	r.marks.wrappers.Known[p] = true
	r.unknown(at, "built at run time: the text is parameter "+p.name+" of "+p.function+"; what its callers write out is checked where they do")
}

// unknownText counts a database call whose text is not in sight.
func (r *reader) unknownText(at py.Expr) {
	switch at.(type) {
	case *py.Name, *py.Attribute, *py.Call, *py.Subscript, *py.BinaryOp, *py.String, *py.IfExp, *py.Await:
		r.unknown(at, "built at run time: the text is in "+r.src.excerpt(at))
	}
}

// unknown emits a reference of which nothing but its place is known.
func (r *reader) unknown(at py.Node, reason string) {
	if r.mute == 0 {
		r.unreadable(r.src.position(at.Range().Start), reason)
	}
}

// receiver is the last name of what a method is called on, in lower case.
func receiver(on py.Expr) string {
	switch on := on.(type) {
	case *py.Name:
		return strings.ToLower(on.Name)
	case *py.Attribute:
		return strings.ToLower(on.Attr.Name)
	case *py.Call:
		return receiver(on.Func)
	case *py.Await:
		return receiver(on.Value)
	}
	return ""
}
