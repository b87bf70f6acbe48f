package python

import (
	"slices"
	"strings"

	"github.com/headgate/headgate/internal/reference"
	"github.com/headgate/headgate/internal/reference/fold"
	py "github.com/headgate/headgate/internal/syntax/python"
)

// call reads a call: those that put texts together are run, those that hand a text to a database are noted.
func (r *reader) call(e *py.Call, operand bool) fold.Value {
	switch f := e.Func.(type) {
	case *py.Attribute:
		return r.methodCall(e, f, operand)
	case *py.Name:
		if isMessage("", f.Name) {
			r.message(e)
			return fold.Value{}
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
func (r *reader) methodCall(e *py.Call, f *py.Attribute, operand bool) fold.Value {
	name := f.Attr.Name
	if isMessage(receiver(f.Value), name) {
		r.message(e)
		return fold.Value{}
	}
	on, isName := f.Value.(*py.Name)
	if !isName || !r.isLocal(on.Name) {
		if v, done := r.libraryCall(r.resolve(f, r.at).external, e, operand); done {
			return v
		}
	}
	if isName && changesList(name) {
		r.changeList(on, name, e)
		return fold.Value{}
	}
	if v, done := r.stringMethod(e, f, operand); done {
		return v
	}
	if !isName {
		if v := r.expr(f.Value, operand); v.Clause {
			for _, arg := range e.Args {
				r.expr(arg, false)
			}
			return v // text(…).bindparams(…), .columns(…)
		}
	}
	return r.otherCall(e, f.Value, name)
}

// libraryCall reads the calls of libraries that take a text and give one.
func (r *reader) libraryCall(dotted string, e *py.Call, operand bool) (fold.Value, bool) {
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
	return fold.Value{}, false
}

// clauseOf is sqlalchemy.text(…).
func (r *reader) clauseOf(e *py.Call) fold.Value {
	arg := keyword(e, "text")
	if len(e.Args) > 0 {
		arg = e.Args[0]
	}
	if arg == nil {
		return fold.Value{}
	}
	v := r.expr(arg, false)
	switch {
	case v.IsText():
		r.HandOver(v, reference.Colon)
		v.Clause = true
		return v
	case v.Parameter != nil:
		r.Wrap(*v.Parameter, r.place(arg), true)
	default:
		r.unknownText(arg)
	}
	return fold.Value{}
}

// composed are psycopg's sql.SQL, sql.Identifier, sql.Literal and sql.Placeholder.
func (r *reader) composed(name string, e *py.Call, operand bool) (fold.Value, bool) {
	switch name {
	case "SQL":
		if len(e.Args) == 1 {
			return r.expr(e.Args[0], operand), true
		}
	case "Identifier":
		out := fold.Empty()
		for i, arg := range e.Args {
			before := `"`
			if i > 0 {
				before = `"."`
			}
			out = r.Concat(out, r.Written(before, r.place(arg), 2*i))
			out = r.Concat(out, r.OrHole(r.expr(arg, true), r.place(arg), "sql.Identifier quotes the value of %s"))
		}
		if len(e.Args) > 0 {
			return r.Concat(out, r.Written(`"`, r.place(e), -1)), true
		}
	case "Literal", "Placeholder":
		for _, arg := range e.Args {
			r.quiet(arg)
		}
		return r.Written("%s", r.place(e), -2), true
	}
	return fold.Value{}, false
}

// stringMethod runs the methods of a text.
func (r *reader) stringMethod(e *py.Call, f *py.Attribute, operand bool) (fold.Value, bool) {
	name := f.Attr.Name
	switch name {
	case "format", "join", "strip", "lstrip", "rstrip", "encode":
	default:
		return fold.Value{}, false
	}
	on := r.expr(f.Value, true)
	if !on.Known() || on.Number {
		return fold.Value{}, false
	}
	var v fold.Value
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
		r.Use(v)
	}
	return v, true
}

// joinCall is separator.join(list), of a list that is known.
func (r *reader) joinCall(separator fold.Value, e *py.Call) fold.Value {
	if len(e.Args) != 1 {
		return fold.Value{}
	}
	return r.JoinItems(r.expr(e.Args[0], true), separator, r.place(e.Args[0]), "join puts parts of %s in")
}

// changeList runs the methods that change a list.
func (r *reader) changeList(on *py.Name, name string, e *py.Call) {
	var added []fold.Value
	for _, arg := range e.Args {
		added = append(added, r.expr(arg, false))
	}
	v := r.Local(on.Name)
	if v == nil || v.Value.Items == nil && v.Value.Entries == nil {
		return
	}
	before := v.Value.Items
	switch {
	case before != nil && name == "append" && len(added) == 1 && len(before) < fold.MostPieces:
		r.Set(v, fold.Value{Items: append(slices.Clone(before), added[0])})
	case before != nil && name == "extend" && len(added) == 1 && added[0].Items != nil && len(before)+len(added[0].Items) < fold.MostPieces:
		r.Set(v, fold.Value{Items: append(slices.Clone(before), added[0].Items...)})
	default:
		r.Set(v, fold.Value{})
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
func (r *reader) otherCall(e *py.Call, on py.Expr, name string) fold.Value {
	values := make([]fold.Value, len(e.Args))
	for i, arg := range e.Args {
		values[i] = r.expr(arg, false)
	}
	var keywords map[string]fold.Value
	if len(e.Keywords) > 0 {
		keywords = make(map[string]fold.Value, len(e.Keywords))
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
		return fold.Value{}
	}
	var text fold.Value
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
	case text.IsText():
		r.HandOver(text, r.styleOf(name, on))
		r.give(name, e, values, keywords)
	case text.Parameter != nil && r.talks(name, on):
		r.Wrap(*text.Parameter, r.place(at), true)
	default:
		r.give(name, e, values, keywords)
		if r.talks(name, on) {
			r.unknownText(at)
		}
	}
	return fold.Value{}
}

// unknownText counts a database call whose text is not in sight.
func (r *reader) unknownText(at py.Expr) {
	switch at.(type) {
	case *py.Name, *py.Attribute, *py.Call, *py.Subscript, *py.BinaryOp, *py.String, *py.IfExp, *py.Await:
		r.Unknown(r.place(at), "built at run time: the text is in "+r.place(at).Excerpt())
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
