package gate_test

import (
	"slices"
	"strings"

	"github.com/headgate/headgate/internal/reference"
	"github.com/headgate/headgate/internal/schema"
)

// use is an object that a statement names, and the part of the statement that names it.
type use struct {
	part int
	kind schema.Kind
	// scope are the relations that a column is looked for in, the nearest first, or the relation itself.
	scope []relationName
	// name is the column's, function's, type's or label's; a label has the type that it is cast to, or the column that it is
	// given to: by its name in the scope, or by its place.
	name, argument, typ, column string
	place                       int
}

// write is an INSERT's table and what it gives a value.
type write struct {
	into    relationName
	columns []string
	first   int // how many columns from the first on, where there is no list
}

// random is a statement that was made at random, and all that there is to know of it.
type random struct {
	file               string
	parts              []string
	uses               []use
	writes             []write
	arguments          []string // of $1, $2 …
	proposed, released bool
}

func (s *random) sql() string { return strings.Join(s.parts, " ") }

// place is where a part stands in the file when the parts have these gaps between them.
type place struct{ start, end reference.Position }

// reference is the statement as a language would hand it over, with the places of its parts. between gives the text between two
// parts.
func (s *random) reference(between func() string) (reference.Reference, []place) {
	var b reference.Builder
	at := reference.Position{File: s.file, Line: 1, Column: 1}
	places := make([]place, len(s.parts))
	for i, part := range s.parts {
		if i > 0 {
			at = b.Copy(between(), at)
		}
		places[i].start = at
		at = b.Copy(part, at)
		places[i].end = at
	}
	text := b.Text()
	return reference.Reference{SQL: text.SQL, Map: text.Map, Place: places[0].start, Certain: true}, places
}

// absent are the objects that the statement names, that one schema has and another has not, with the parts that name them.
func (s *random) absent(has, lacks *world) map[schema.Object][]int {
	found := map[schema.Object][]int{}
	for _, u := range s.uses {
		if o, ok := u.absent(has, lacks); ok {
			found[o] = append(found[o], u.part)
		}
	}
	return found
}

func (u *use) absent(has, lacks *world) (o schema.Object, ok bool) {
	switch u.kind {
	case schema.Table:
		return absentRelation(u.scope[0], has, lacks)
	case schema.Column:
		at, there := u.columnIn(has)
		if _, stays := u.columnIn(lacks); !there || stays || lacks.relation(at) == nil {
			return o, false // or it goes with its table
		}
		return schema.Object{Kind: schema.Column, Schema: at.schema, Table: at.name, Name: u.name}, true
	case schema.Function:
		o = schema.Object{Kind: schema.Function, Schema: "public", Name: u.name + "(" + u.argument + ")"}
		return o, has.hasFunction(u.name, u.argument) && !lacks.hasFunction(u.name, u.argument)
	case schema.Type:
		o = schema.Object{Kind: schema.Type, Schema: "public", Name: u.name}
		return o, has.typeNamed(u.name) != nil && lacks.typeNamed(u.name) == nil
	case schema.EnumValue:
		was := u.enumIn(has)
		if was == nil || !slices.Contains(was.labels, u.name) {
			return o, false
		}
		is := lacks.typeNamed(was.name)
		if is == nil || slices.Contains(is.labels, u.name) {
			return o, false // or it goes with its type
		}
		return schema.Object{Kind: schema.EnumValue, Schema: "public", Table: was.name, Name: u.name}, true
	}
	panic("no such use: " + u.kind)
}

func absentRelation(n relationName, has, lacks *world) (o schema.Object, ok bool) {
	r := has.relation(n)
	if r == nil || lacks.relation(n) != nil {
		return o, false
	}
	if !slices.Contains(lacks.namespaces, n.schema) {
		return schema.Object{Kind: schema.Namespace, Name: n.schema}, true
	}
	o = schema.Object{Kind: schema.Table, Schema: n.schema, Name: n.name}
	if r.view {
		o.Kind = schema.View
	}
	return o, true
}

// columnIn is the relation whose column the use is in a schema.
func (u *use) columnIn(w *world) (relationName, bool) {
	for _, n := range u.scope {
		if r := w.relation(n); r != nil && r.column(u.name) != nil {
			return n, true
		}
	}
	return relationName{}, false
}

// enumIn is the enum that a label is one of in a schema; nil where it is none.
func (u *use) enumIn(w *world) *userType {
	typ := u.typ
	if typ == "" {
		r := w.relation(u.scope[0])
		switch {
		case r == nil:
			return nil
		case u.column != "":
			if c := r.column(u.column); c != nil {
				typ = c.typ
			}
		case u.place < len(r.columns):
			typ = r.columns[u.place].typ
		}
	}
	t := w.typeNamed(typ)
	if t == nil || t.domain {
		return nil
	}
	return t
}

// required are the columns that the statement's INSERTs give no value, and that the schema does not fill.
func (s *random) required(w *world) []schema.Object {
	var found []schema.Object
	for _, i := range s.writes {
		r := w.relation(i.into)
		if r == nil {
			continue
		}
		for at, c := range r.columns {
			if !c.nullable && !c.filled && at >= i.first && !slices.Contains(i.columns, c.name) {
				found = append(found, schema.Object{Kind: schema.Column, Schema: r.schema, Table: r.name, Name: c.name})
			}
		}
	}
	return found
}

// touched tells whether anything that the statement names is another thing in the other schema.
func (s *random) touched(a, b *world) bool {
	for _, u := range s.uses {
		switch u.kind {
		case schema.Table, schema.Column, schema.EnumValue:
			for _, n := range u.scope {
				if !sameRelation(a, b, n) {
					return true
				}
			}
		case schema.Function:
			named := func(f function) bool { return f.name != u.name }
			if !slices.Equal(slices.DeleteFunc(slices.Clone(a.functions), named), slices.DeleteFunc(slices.Clone(b.functions), named)) {
				return true
			}
		}
		for _, name := range []string{u.name, u.typ} {
			if (u.kind == schema.Type || u.kind == schema.EnumValue) && !sameType(a, b, name) {
				return true
			}
		}
	}
	return false
}

func sameRelation(a, b *world, n relationName) bool {
	was, is := a.relation(n), b.relation(n)
	if was == nil || is == nil {
		return was == is
	}
	for _, c := range was.columns {
		if !sameType(a, b, c.typ) {
			return false
		}
	}
	return was.oid == is.oid && slices.Equal(was.columns, is.columns) && slices.EqualFunc(was.uniques, is.uniques, slices.Equal)
}

func sameType(a, b *world, name string) bool {
	was, is := a.typeNamed(name), b.typeNamed(name)
	if was == nil || is == nil {
		return was == is
	}
	return was.oid == is.oid && slices.Equal(was.labels, is.labels)
}

// spaced gives the gaps between the parts of a statement: one space each.
func spaced() string { return " " }
