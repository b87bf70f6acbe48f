package python

import (
	py "github.com/headgate/headgate/internal/syntax/python"
)

// readTable reads Table("name", metadata, Column(…), …).
func (r *reader) readTable(call *py.Call, in *env) {
	src := in.mod.src
	out := &modelRefs{reader: r, src: src, at: call.Func.Range()}
	e := keyword(call, "name")
	args := call.Args
	if e == nil && len(args) > 0 {
		e, args = args[0], args[1:]
	}
	if e == nil {
		return
	}
	name, ok := r.evaluate(e, in)
	if !ok {
		out.unchecked(src, call.Span, "the table's name is known only at run time: "+src.at(e).Excerpt())
		return
	}
	out.name, out.table.name, out.at = name, name, e.Range()
	if s, isLiteral := e.(*py.String); isLiteral && len(s.Parts) == 1 {
		out.at = s.Parts[0].Body()
	}
	if in.class != nil {
		if m := r.mapping(in.class); m != nil && m.explicit {
			out.name, out.at = in.class.def.Name.Name, in.class.def.Name.Span
		}
	}
	found, said := r.schemaText(keyword(call, "schema"), in)
	if !said {
		metadata := keyword(call, "metadata")
		if metadata == nil && len(args) > 0 {
			metadata = args[0]
		}
		if metadata != nil {
			found, said = r.metadataSchema(r.resolve(metadata, in))
		}
	}
	if said && found == nil {
		out.unchecked(src, call.Span, "the schema of table "+name+" is known only at run time")
		return
	}
	if said {
		out.table.schema = *found
	}
	out.emitTable()
	for _, arg := range args {
		r.tableColumns(arg, in, out, 0)
	}
	out.emitInsert()
}

// tableColumns emits the columns that an argument of Table brings.
func (r *reader) tableColumns(arg py.Expr, in *env, out *modelRefs, depth int) {
	if star, ok := arg.(*py.Starred); ok && depth < deepest {
		list := r.resolve(star.Value, in)
		switch l := list.value.(type) {
		case *py.List:
			r.listColumns(l.Elts, list.env, out, depth)
		case *py.Tuple:
			r.listColumns(l.Elts, list.env, out, depth)
		default:
			out.unchecked(in.mod.src, star.Span, "the columns of table "+out.name+" are made at run time: "+in.mod.src.at(star.Value).Excerpt())
		}
		return
	}
	m := r.construct(arg, in)
	if m.construct != columnConstruct {
		return // the metadata, a constraint
	}
	before := out.doubts
	columns := r.named("", arg.Range(), m, in.mod.src, out)
	if len(columns) == 0 && out.doubts == before {
		out.unchecked(in.mod.src, arg.Range(), "a column of table "+out.name+" has no name in the code")
	}
	for _, c := range columns {
		out.emitColumn(c)
	}
}

func (r *reader) listColumns(elts []py.Expr, in *env, out *modelRefs, depth int) {
	for _, e := range elts {
		r.tableColumns(e, in, out, depth+1)
	}
}
