package python

import (
	"slices"
	"strings"

	py "github.com/headgate/headgate/internal/syntax/python"
)

// isField tells whether the annotated attributes of a class are fields: whether it derives from SQLModel or a Pydantic model.
func (r *reader) isField(k *class) bool {
	_, outside := r.order(k)
	return slices.ContainsFunc(outside, func(f foreign) bool {
		library, name := split(f.external)
		return library == "sqlmodel" || library == "pydantic" && strings.HasPrefix(name, "Base")
	})
}

// field is the column of a SQLModel field (sqlmodel.main: SQLModelMetaclass).
func (r *reader) field(a attribute, where *env, out *modelRefs) []column {
	if strings.HasPrefix(a.name, "_") || a.name == "model_config" || r.isMappedAnnotation(a.annotation, where) == relationAnnotation {
		return nil
	}
	src := where.mod.src
	plain := []column{{a.name, src, a.at}}
	var m made
	if a.value != nil {
		m = r.construct(a.value, where)
	}
	if m.construct == unknownConstruct {
		m = r.annotatedField(unquoted(a.annotation), where)
	}
	switch m.construct {
	case noColumn:
		return nil
	case columnConstruct:
		return r.named(a.name, a.at, m, src, out)
	case fieldConstruct:
	default:
		return plain
	}
	if e := keyword(m.call, "sa_column"); e != nil && !isNone(e) {
		inner := r.construct(e, m.env)
		if inner.construct != columnConstruct {
			out.unchecked(src, a.at, "the column of field "+a.name+" of model "+out.name+" is made by "+m.env.mod.src.at(e).Excerpt())
			return nil
		}
		return r.named(a.name, a.at, inner, src, out)
	}
	if kwargs, ok := keyword(m.call, "sa_column_kwargs").(*py.Dict); ok {
		if e := entryOf(kwargs, "name"); e != nil {
			return r.named(a.name, a.at, made{columnConstruct, &py.Call{Args: []py.Expr{e}}, m.env}, src, out)
		}
	}
	return plain
}

// annotatedField is the Field within Annotated[…].
func (r *reader) annotatedField(annotation py.Expr, where *env) made {
	subscript, ok := annotation.(*py.Subscript)
	if !ok {
		return made{}
	}
	parts, ok := subscript.Index.(*py.Tuple)
	if _, name := split(r.resolve(subscript.Value, where).external); !ok || name != "Annotated" {
		return made{}
	}
	for _, part := range parts.Elts {
		if m := r.construct(part, where); m.construct == fieldConstruct {
			return m
		}
	}
	return made{}
}
