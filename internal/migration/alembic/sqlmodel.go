package alembic

import (
	"strings"

	"github.com/headgate/headgate/internal/syntax/python"
)

// field is the column of a field of SQLModel, or nil (sqlmodel.main.get_column_from_field).
func (g *models) field(m *model, k *class, name string, annotation python.Expr, v value) (*object, error) {
	if strings.HasPrefix(name, "_") || isClassVar(annotation) {
		return nil, nil
	}
	o, _ := v.(*object)
	if o != nil && nameLast(o.path) == "Relationship" {
		return nil, nil
	}
	if bad, ok := v.(*unreadable); ok {
		return nil, bad.err
	}
	settings := &object{kwargs: map[string]value{}, at: k.body.place(annotation)}
	isField := o != nil && o.recv == nil && lastPart(o.path) == "Field"
	switch {
	case isField:
		settings.merge(o)
		if len(o.args) > 0 {
			settings.kwargs["default"] = o.args[0]
		}
		settings.at = o.at
	case v != nil:
		settings.kwargs["default"] = v
	}
	if c, ok := k.body.isColumn(settings.kwargs["sa_column"]); ok {
		return g.named(m, c, name), nil
	}
	typ, err := k.body.typeValue(annotation)
	if err != nil {
		return nil, err
	}
	var t annotatedType
	t.unwrap(k.body, typ, 0)
	for _, more := range t.columns {
		settings.merge(more)
	}
	return g.fieldColumn(m, k, name, settings, &t)
}

func isClassVar(annotation python.Expr) bool {
	if sub, ok := annotation.(*python.Subscript); ok {
		annotation = sub.Value
	}
	return nameOf(annotation) == "ClassVar"
}

func (g *models) named(m *model, c *object, name string) *object {
	if c.kwargs == nil {
		c.kwargs = map[string]value{}
	}
	if _, named := columnName(c); !named {
		c.kwargs["name"] = text(name)
	}
	g.owners[c] = m.table
	return c
}

// fieldColumn makes the Column of a field's settings.
func (g *models) fieldColumn(m *model, k *class, name string, settings *object, t *annotatedType) (*object, error) {
	set := settings.kwargs
	c := &object{path: "sqlalchemy.Column", args: []value{}, kwargs: map[string]value{"name": text(name)}, at: settings.at}
	for _, key := range []string{"primary_key", "index", "unique", "nullable", "default"} {
		if v, given := set[key]; given {
			c.kwargs[key] = v
		}
	}
	if v := set["default_factory"]; v != nil {
		c.kwargs["default"] = v
	}
	if _, given := set["nullable"]; !given {
		primary, _ := truth(set["primary_key"])
		c.kwargs["nullable"] = t.optional && !primary
	}
	if target, ok := set["foreign_key"].(str); ok {
		key := &object{path: "sqlalchemy.ForeignKey", args: []value{target}, kwargs: map[string]value{}, at: settings.at}
		if rule := set["ondelete"]; rule != nil {
			key.kwargs["ondelete"] = rule
		}
		c.args = append(c.args, key)
	}
	typ, err := g.fieldType(k, set, t, settings.at)
	if err != nil {
		return nil, err
	}
	c.kwargs["type_"] = typ
	if more, ok := sequence(set["sa_column_args"]); ok {
		c.args = append(c.args, more...)
	}
	if more, ok := set["sa_column_kwargs"].(*dict); ok {
		for _, key := range more.keys {
			if s, ok := key.(str); ok {
				c.kwargs[s.s] = more.at(key)
			}
		}
	}
	g.owners[c] = m.table
	return c, nil
}

// fieldType is a field's column type (sqlmodel.main.get_sqlalchemy_type).
func (g *models) fieldType(k *class, set map[string]value, t *annotatedType, at place) (value, error) {
	if v := set["sa_type"]; v != nil {
		return v, nil
	}
	if r, ok := t.typ.(ref); ok {
		if found, ok := g.resolve(r); ok {
			t.typ = found
		}
	}
	made := &object{path: "sqlalchemy.String", args: []value{}, kwargs: map[string]value{}, at: at}
	if c, ok := t.typ.(*class); ok {
		switch {
		case c.isEnum:
			return &object{path: "sqlalchemy.Enum", args: []value{c}, at: at}, nil
		case c.isText:
			t.typ = &builtin{"str"}
		}
	}
	name := typeName(t.typ)
	switch {
	case t.union:
	case name == "str" || isOneOf(name, "pydantic.EmailStr", "pathlib.Path", "ipaddress.IPv4Address", "ipaddress.IPv6Address", "ipaddress.IPv4Network", "ipaddress.IPv6Network"):
		if n := set["max_length"]; n != nil {
			made.kwargs["length"] = n
		}
		return made, nil
	case name == "decimal.Decimal":
		made.path = "sqlalchemy.Numeric"
		for from, to := range map[string]string{"max_digits": "precision", "decimal_places": "scale"} {
			if n := set[from]; n != nil {
				made.kwargs[to] = n
			}
		}
		return made, nil
	case pythonTypes[name] != "":
		return ref("sqlalchemy." + pythonTypes[name]), nil
	}
	if o, ok := t.typ.(*object); ok && isNamed(o.recv, "Literal") {
		return made, nil
	}
	return nil, k.body.failAt(at, "SQLModel has no column type for the annotation %s", describeType(t.typ))
}
