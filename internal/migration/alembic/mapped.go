package alembic

import (
	"maps"
	"slices"
	"strings"

	"github.com/headgate/headgate/internal/syntax/python"
)

// written is what a class's body says of an attribute: its annotation and its value, as far as they are there.
func (c *class) written(name string) (annotation, assigned python.Expr) {
	for _, s := range c.def.Body {
		switch s := s.(type) {
		case *python.AnnAssign:
			if n, ok := s.Target.(*python.Name); ok && n.Name == name {
				annotation, assigned = s.Annotation, s.Value
			}
		case *python.Assign:
			for _, target := range s.Targets {
				if n, ok := target.(*python.Name); ok && n.Name == name {
					annotation, assigned = nil, s.Value
				}
			}
		}
	}
	return annotation, assigned
}

// columns are the columns that an attribute of a model, or of a mixin of it, stands for.
func (g *models) columns(m *model, k *class, name string) ([]*object, error) {
	v := k.names[name]
	annotation, assigned := k.written(name)
	if m.kind == sqlModel {
		if annotation == nil {
			return nil, nil // no field
		}
		c, err := g.field(m, k, name, annotation, v)
		return single(c), err
	}
	if r, ok := v.(ref); ok {
		if found, ok := g.resolve(r); ok {
			v = found
		}
	}
	var err error
	switch made := v.(type) {
	case *function:
		if !made.declared {
			return nil, nil
		}
		if v, err = g.ask(m.class, made); err != nil {
			return nil, g.matters(annotation, err, mentionsColumn(made.body...))
		}
		annotation = made.returns
	case *object:
		if fn, ok := first(made.args).(*function); ok && nameLast(made.path) == "declared_attr" {
			if v, err = g.ask(m.class, fn); err != nil {
				return nil, err
			}
		}
	case *unreadable:
		return nil, g.matters(annotation, made.err, mentionsColumn(&python.ExprStmt{Value: assigned}))
	case *runtime:
		return nil, g.matters(annotation, k.body.fail(assigned, "whether %s of %s is a column hangs on what only a run can tell: %s", name, k.name, made.why),
			mentionsColumn(&python.ExprStmt{Value: assigned}))
	}
	return g.valueColumns(m, k, name, annotation, v)
}

func nameLast(path string) string { return strings.TrimPrefix(lastPart(path), ".") }

func single(c *object) []*object {
	if c == nil {
		return nil
	}
	return []*object{c}
}

// matters gives an error where what could not be read may be a column.
func (g *models) matters(annotation python.Expr, err error, mentioned bool) error {
	if mentioned {
		return err
	}
	if _, is, mapped := g.mappedType(annotation); is && mapped {
		return err
	}
	return nil
}

// mentionsColumn tells whether statements name something that makes a column.
func mentionsColumn(body ...python.Stmt) bool {
	found := false
	for _, s := range body {
		if e, ok := s.(*python.ExprStmt); ok && e.Value == nil {
			continue
		}
		python.Inspect(s, func(n python.Node) bool {
			name := ""
			switch n := n.(type) {
			case *python.Name:
				name = n.Name
			case *python.Attribute:
				name = n.Attr.Name
			}
			name = strings.ToLower(name)
			found = found || strings.Contains(name, "column") && !strings.Contains(name, "property")
			return !found
		})
	}
	return found
}

// valueColumns are the columns of an attribute's value: a Column, what wraps one, or the annotation alone.
func (g *models) valueColumns(m *model, k *class, name string, annotation python.Expr, v value) ([]*object, error) {
	inner, isMapped, isColumn := g.mappedType(annotation)
	if i, ok := v.(*instance); ok && slices.ContainsFunc(i.class.library(0), func(b string) bool { return lastPart(b) == "Column" }) {
		v = &object{path: "sqlalchemy.Column", args: i.args, kwargs: i.kwargs, at: i.at}
	}
	if o, ok := v.(*object); ok {
		if _, is := k.body.isColumn(o); !is {
			return g.wrapped(m, k, name, o)
		}
		if isMapped && !isColumn {
			return nil, nil
		}
		return g.annotated(m, k, name, o, inner)
	}
	if v != nil || !isColumn {
		return nil, nil
	}
	return g.annotated(m, k, name, &object{path: "sqlalchemy.orm.mapped_column", args: []value{}, kwargs: map[string]value{}, at: k.body.place(annotation)}, inner)
}

// wrapped are the columns within deferred(…), column_property(…) and composite(…).
func (g *models) wrapped(m *model, k *class, name string, o *object) ([]*object, error) {
	if !isOneOf(nameLast(o.path), "deferred", "column_property", "undeferred", "composite") {
		return nil, nil
	}
	var result []*object
	for _, arg := range o.args {
		c, ok := k.body.isColumn(arg)
		if !ok || g.owners[c] != nil {
			continue
		}
		made, err := g.annotated(m, k, name, c, nil)
		if err != nil {
			return nil, err
		}
		result = append(result, made...)
	}
	return result, nil
}

// mappedType looks at an annotation: inner is what stands within Mapped[…], is tells that it is one of SQLAlchemy's, column
// that it can be a column's.
func (g *models) mappedType(annotation python.Expr) (inner python.Expr, is, column bool) {
	if s, ok := annotation.(*python.String); ok {
		annotation = quotedType(s)
	}
	sub, ok := annotation.(*python.Subscript)
	if !ok {
		return nil, false, false
	}
	switch nameOf(sub.Value) {
	case "Mapped":
		return sub.Index, true, true
	case "DynamicMapped", "WriteOnlyMapped", "AssociationProxy":
		return sub.Index, true, false
	}
	return nil, false, false
}

// quotedType is the expression that an annotation has as a string.
func quotedType(s *python.String) python.Expr {
	text := ""
	for _, p := range s.Parts {
		text += p.Text.Value
	}
	tree := python.Parse([]byte(text))
	if len(tree.Body) == 1 && len(tree.Bad) == 0 {
		if e, ok := tree.Body[0].(*python.ExprStmt); ok {
			return e.Value
		}
	}
	return s
}

// annotated completes a column with what its annotation says (sqlalchemy.orm.properties.MappedColumn).
func (g *models) annotated(m *model, k *class, name string, c *object, annotation python.Expr) ([]*object, error) {
	if c.kwargs == nil {
		c.kwargs = map[string]value{}
	}
	if _, named := columnName(c); !named {
		c.kwargs["name"] = text(name)
	}
	g.owners[c] = m.table
	if annotation == nil || lastPart(c.path) == "Column" {
		if annotation == nil {
			return single(c), nil
		}
	}
	v, err := k.body.typeValue(annotation)
	if err != nil {
		if hasType(c.args) || c.kwargs["type_"] != nil {
			if _, given := c.kwargs["nullable"]; given {
				return single(c), nil // then nothing hangs on the annotation
			}
		}
		return nil, err
	}
	var t annotatedType
	t.unwrap(k.body, v, 0)
	full := &object{path: c.path, args: slices.Clone(c.args), kwargs: maps.Clone(c.kwargs), at: c.at}
	for _, more := range t.columns {
		full.merge(more)
	}
	if v, ok := full.kwargs["insert_default"]; ok {
		full.kwargs["default"] = v
	}
	if is, _ := truth(full.kwargs["primary_key"]); !is {
		if _, given := full.kwargs["nullable"]; !given {
			full.kwargs["nullable"] = t.optional
		}
	}
	if !hasType(full.args) && full.kwargs["type_"] == nil && !hasForeignKey(full.args) {
		if full.kwargs["type_"], err = g.mapType(m, k, &t, c.at); err != nil {
			return nil, err
		}
	}
	g.owners[full] = m.table
	return single(full), nil
}

// merge takes over what a mapped_column within Annotated says and the column itself does not; its name is its own.
func (c *object) merge(more *object) {
	args := more.args
	if _, named := first(args).(str); named {
		args = args[1:]
	}
	typed := hasType(c.args) || c.kwargs["type_"] != nil
	for _, arg := range args {
		if o, ok := arg.(*object); typed && !(ok && isSchemaItem(o)) {
			continue
		}
		c.args = append(c.args, arg)
	}
	for key, v := range more.kwargs {
		if _, given := c.kwargs[key]; !given && key != "name" {
			c.kwargs[key] = v
		}
	}
}

// isSchemaItem tells what may stand in a Column beside its type.
func isSchemaItem(o *object) bool {
	return o.recv == nil && isOneOf(lastPart(o.path), "ForeignKey", "CheckConstraint", "Identity", "Computed", "Sequence", "ColumnDefault", "DefaultClause", "FetchedValue")
}

func hasType(args []value) bool {
	if _, named := first(args).(str); named {
		args = args[1:]
	}
	return slices.ContainsFunc(args, func(v value) bool {
		o, ok := v.(*object)
		return v != nil && !(ok && isSchemaItem(o))
	})
}

func hasForeignKey(args []value) bool {
	return slices.ContainsFunc(args, func(v value) bool {
		o, ok := v.(*object)
		return ok && o.recv == nil && lastPart(o.path) == "ForeignKey"
	})
}

// typeValue evaluates an annotation.
func (f *frame) typeValue(e python.Expr) (value, error) {
	switch e := e.(type) {
	case *python.String:
		quoted := quotedType(e)
		if quoted == python.Expr(e) {
			return nil, f.fail(e, "the annotation cannot be read")
		}
		v, err := f.typeValue(quoted)
		if err != nil { // its own place is one within the string
			return nil, f.fail(e, "the annotation %q cannot be read", e.Parts[0].Text.Value)
		}
		return v, nil
	case *python.BinaryOp:
		left, err := f.typeValue(e.Left)
		if err != nil || e.Op != "|" {
			return nil, f.fail(e, "the annotation cannot be read")
		}
		right, err := f.typeValue(e.Right)
		return &object{path: "|", args: []value{left, right}, at: f.place(e)}, err
	case *python.Subscript:
		outer, err := f.typeValue(e.Value)
		if err != nil {
			return nil, err
		}
		items := []python.Expr{e.Index}
		if t, ok := e.Index.(*python.Tuple); ok {
			items = t.Elts
		}
		made := &object{path: ".[]", recv: outer, args: []value{}, at: f.place(e)}
		literal := isNamed(outer, "Literal")
		for i, item := range items {
			var v value
			if literal || i > 0 && isNamed(outer, "Annotated") {
				v, err = f.eval(item)
			} else {
				v, err = f.typeValue(item)
			}
			if err != nil {
				return nil, err
			}
			made.args = append(made.args, v)
		}
		return made, nil
	}
	return f.eval(e)
}

func isNamed(v value, name string) bool {
	r, ok := v.(ref)
	return ok && lastPart(string(r)) == name
}

// annotatedType is an annotation taken apart.
type annotatedType struct {
	typ      value
	optional bool
	columns  []*object // the mapped_column and Field within Annotated, outermost first
	aliases  []value   // the names that the type has on the way
	union    bool
}

func (t *annotatedType) unwrap(f *frame, v value, depth int) {
	if depth > maxDepth {
		return
	}
	if r, ok := v.(ref); ok {
		if found, ok := f.resolve(r); ok {
			v = found
		}
	}
	o, ok := v.(*object)
	if !ok {
		t.set(v)
		return
	}
	items := o.args
	if len(items) == 1 {
		if inner, ok := items[0].(tuple); ok {
			items = inner
		}
	}
	switch {
	case o.path == "|" || isNamed(o.recv, "Union") || isNamed(o.recv, "Optional"):
		t.optional = t.optional || isNamed(o.recv, "Optional")
		for _, item := range items {
			if item == nil {
				t.optional = true
			} else {
				t.unwrap(f, item, depth+1)
			}
		}
	case isNamed(o.recv, "Annotated") && len(items) > 0:
		t.aliases = append(t.aliases, o)
		for _, item := range items[1:] {
			if c, ok := item.(*object); ok && (isOneOf(lastPart(c.path), "mapped_column", "Field")) {
				t.columns = append(t.columns, c)
			}
		}
		t.unwrap(f, items[0], depth+1)
	case lastPart(o.path) == "NewType" && len(o.args) > 1:
		t.aliases = append(t.aliases, o)
		t.unwrap(f, o.args[1], depth+1)
	case isNamed(o.recv, "Mapped") || isNamed(o.recv, "Final"):
		t.unwrap(f, first(items), depth+1)
	default:
		t.set(o)
	}
}

func (t *annotatedType) set(v value) {
	t.union = t.union || t.typ != nil
	t.typ = v
}

// pythonTypes are SQLAlchemy's types of Python's (sqlalchemy.sql.sqltypes._type_map).
var pythonTypes = map[string]string{
	"int": "Integer", "float": "Float", "bool": "Boolean", "str": "String", "bytes": "LargeBinary", "decimal.Decimal": "Numeric",
	"datetime.date": "Date", "datetime.datetime": "DateTime", "datetime.time": "Time", "datetime.timedelta": "Interval", "uuid.UUID": "Uuid",
}

// typeName names a type of an annotation, so that two that are the same have the same name.
func typeName(v value) string {
	switch v := v.(type) {
	case *builtin:
		return v.name
	case ref:
		return string(v)
	case *object:
		if v.path != ".[]" || isNamed(v.recv, "Annotated") {
			break
		}
		items := v.args
		if inner, ok := first(items).(tuple); ok {
			items = inner
		}
		parts := make([]string, len(items))
		for i, item := range items {
			parts[i] = typeName(item)
		}
		return typeName(v.recv) + "[" + strings.Join(parts, ",") + "]"
	}
	if key, ok := hash(v); ok {
		return key
	}
	return describe(v)
}

// mapType is the column type of an annotation: by the type_annotation_map of the base, or SQLAlchemy's own.
func (g *models) mapType(m *model, k *class, t *annotatedType, at place) (value, error) {
	if t.union {
		return nil, k.body.failAt(at, "a column's type cannot be told from a union of several types")
	}
	own := g.annotationMap(m.class)
	for _, candidate := range append(slices.Clone(t.aliases), t.typ) {
		if v, ok := lookUpType(own, typeName(candidate)); ok {
			return v, nil
		}
	}
	if r, ok := t.typ.(ref); ok {
		if found, ok := g.resolve(r); ok {
			t.typ = found
		}
	}
	if c, ok := t.typ.(*class); ok && c.isEnum {
		return enumOf(own, "enum.Enum", []value{c}), nil
	}
	if o, ok := t.typ.(*object); ok && isNamed(o.recv, "Literal") {
		labels := o.args
		if inner, ok := first(labels).(tuple); ok {
			labels = inner
		}
		made := enumOf(own, "typing.Literal", labels)
		if made.kwargs["native_enum"] == nil {
			made.kwargs["native_enum"] = false
		}
		return made, nil
	}
	if name, ok := pythonTypes[typeName(t.typ)]; ok {
		return ref("sqlalchemy." + name), nil
	}
	return nil, k.body.failAt(at, "SQLAlchemy has no column type for the annotation %s; name the type in mapped_column or in type_annotation_map", describeType(t.typ))
}

func describeType(v value) string {
	if o, ok := v.(*object); ok && o.path == ".[]" {
		return typeName(o)
	}
	return describe(v)
}

func lookUpType(types *dict, name string) (value, bool) {
	if types == nil {
		return nil, false
	}
	for _, k := range types.keys {
		if typeName(k) == name {
			return types.at(k), true
		}
	}
	return nil, false
}

// enumOf is the Enum of a Python enum or of literals, set up as the type_annotation_map says for all.
func enumOf(types *dict, template string, labels []value) *object {
	made := &object{path: "sqlalchemy.Enum", args: labels, kwargs: map[string]value{}}
	if v, ok := lookUpType(types, template); ok {
		if o, ok := v.(*object); ok {
			maps.Copy(made.kwargs, o.kwargs)
			made.at = o.at
		}
	}
	return made
}

// annotationMap is the type_annotation_map of a model's base or registry.
func (g *models) annotationMap(c *class) *dict {
	for _, k := range g.order(c, 0) {
		for _, v := range []value{k.names["type_annotation_map"], k.names["registry"]} {
			if r, ok := v.(ref); ok {
				v, _ = g.resolve(r)
			}
			if o, ok := v.(*object); ok && o.recv == nil {
				v = o.kwargs["type_annotation_map"]
			}
			if d, ok := v.(*dict); ok {
				return d
			}
		}
	}
	for _, k := range g.order(c, 0) {
		for _, b := range g.bases(k) {
			if o, ok := b.(*object); ok {
				if d, ok := o.kwargs["type_annotation_map"].(*dict); ok {
					return d
				}
			}
		}
	}
	return nil
}
