package alembic

import (
	"fmt"
	"slices"
	"strings"

	"github.com/headgate/headgate/internal/syntax"
	"github.com/headgate/headgate/internal/syntax/python"
)

// models are the tables of the application's metadata, as far as its modules were run.
type models struct {
	*interp
	mapped map[*class]*model
	tables []*modelTable
	// owners are the tables of the Column objects that stand in the bodies of models.
	owners map[*object]*modelTable
	used   map[*object]bool
}

// model is a class that is mapped to a table.
type model struct {
	class  *class
	kind   baseKind
	parent *model
	table  *modelTable
	// names are its attributes' columns.
	names map[string]string
}

// modelTable is a table with what belongs to it, before it is compiled.
type modelTable struct {
	name, schema string
	metadata     value
	frame        *frame
	at           place
	items        []modelItem
	kwargs       map[string]value
	compiled     *table
}

// modelItem is a Column or a constraint, and the module that it stands in.
type modelItem struct {
	*object
	frame *frame
}

// key is how foreign keys name the table.
func (t *modelTable) key() string {
	if t.schema == "" {
		return t.name
	}
	return t.schema + "." + t.name
}

// gather finds the tables of all that the application's modules declared.
func gather(in *interp) (*models, error) {
	g := &models{interp: in, mapped: map[*class]*model{}, owners: map[*object]*modelTable{}, used: map[*object]bool{}}
	for _, o := range slices.Clone(in.declared.objects) {
		if lastPart(o.path) == "Table" {
			g.table(o)
		}
	}
	for _, c := range slices.Clone(in.declared.classes) {
		if _, err := g.model(c, 0); err != nil {
			return nil, err
		}
	}
	in.models = g
	for _, c := range slices.Clone(in.declared.classes) {
		if m := g.mapped[c]; m != nil {
			if err := g.fill(m); err != nil {
				return nil, err
			}
		}
	}
	return g, nil
}

// table takes in a Table(name, metadata, …).
func (g *models) table(o declaredObject) *modelTable {
	a := &arguments{args: o.args, kwargs: o.kwargs}
	name, ok := a.get(0, "name").(str)
	metadata := g.metadataOf(a.get(1, "metadata"), 0)
	if !ok || metadata == nil || len(o.args) < 2 {
		return nil
	}
	f := &frame{interp: g.interp, mod: o.mod, names: o.mod.names}
	t := &modelTable{name: name.s, metadata: metadata, frame: f, at: o.at, kwargs: o.kwargs}
	t.schema = schemaOf(o.kwargs, metadata)
	for _, arg := range o.args[2:] {
		if item, ok := arg.(*object); ok {
			t.items = append(t.items, modelItem{item, f})
			g.owners[item], g.used[item] = t, true
		} else if arg != nil {
			t.items = append(t.items, modelItem{&object{path: describe(arg), at: o.at}, f})
		}
	}
	g.add(t)
	return t
}

func (g *models) add(t *modelTable) { g.tables = append(g.tables, t) }

// schemaOf is the schema that a table is given, or its metadata's.
func schemaOf(kwargs map[string]value, metadata value) string {
	if s, ok := kwargs["schema"].(str); ok {
		return s.s
	}
	if _, given := kwargs["schema"]; !given {
		if o, ok := metadata.(*object); ok {
			if s, ok := o.kwargs["schema"].(str); ok {
				return s.s
			}
		}
	}
	return ""
}

// model is what a class is mapped to, or nil.
func (g *models) model(c *class, depth int) (*model, error) {
	if m, ok := g.mapped[c]; ok || depth > maxDepth {
		return m, nil
	}
	g.mapped[c] = nil // what inherits from itself is nothing
	kind, unknown := g.kindOf(c)
	if kind == notMapped || g.isBase(c) || kind == sqlModel && !isTable(c) {
		return nil, nil
	}
	if is, _ := truth(c.names["__abstract__"]); is {
		return nil, nil
	}
	m := &model{class: c, kind: kind, names: map[string]string{}}
	for _, k := range g.order(c, 0)[1:] {
		var err error
		if m.parent, err = g.model(k, depth+1); err != nil {
			return nil, err
		}
		if m.parent != nil {
			break
		}
	}
	found, err := g.place(m)
	if err != nil || !found {
		return nil, err
	}
	if unknown != nil {
		return nil, c.body.fail(c.def, "what model %s inherits from %s cannot be read", c.name, describe(unknown))
	}
	g.mapped[c] = m
	return m, nil
}

// isTable tells SQLModel's table=True.
func isTable(c *class) bool {
	return slices.ContainsFunc(c.def.Keywords, func(k *python.Keyword) bool {
		constant, ok := k.Value.(*python.Constant)
		return ok && k.Name.Name == "table" && constant.Kind == python.True
	})
}

// place finds the table of a model (sqlalchemy.orm.decl_base); false where the class is none after all.
func (g *models) place(m *model) (bool, error) {
	c := m.class
	if v := c.names["__table__"]; v != nil {
		return g.explicit(m, v)
	}
	v, where, err := g.setting(m, "__tablename__")
	if err != nil {
		return false, err
	}
	name, named := v.(str)
	switch {
	case named:
	case v != nil:
		return false, where.fail(c.def, "the table's name of model %s hangs on what only a run can tell: %s", c.name, describe(v))
	case m.kind == sqlModel:
		name = text(strings.ToLower(c.name))
	case m.kind == flask && (m.parent == nil || g.hasPrimaryKey(c)):
		name = text(syntax.SnakeCase(c.name))
	case m.parent != nil:
		m.table = m.parent.table
		return true, nil
	default:
		return false, nil
	}
	m.table = &modelTable{name: name.s, metadata: g.metadataOf(c, 0), frame: c.body, at: c.body.place(c.def.Name), kwargs: map[string]value{}}
	if err := g.arguments(m); err != nil {
		return false, err
	}
	m.table.schema = schemaOf(m.table.kwargs, m.table.metadata)
	g.add(m.table)
	return true, nil
}

// explicit takes the Table that a class names as its own.
func (g *models) explicit(m *model, v value) (bool, error) {
	if r, ok := v.(ref); ok {
		v, _ = g.resolve(r)
	}
	if o, ok := v.(*object); ok {
		for _, t := range g.tables {
			if t.at == o.at && len(o.args) > 0 && repr(o.args[0]) == repr(text(t.name)) {
				m.table = t
				return true, nil
			}
		}
	}
	return false, m.class.body.fail(m.class.def, "the __table__ of model %s cannot be read", m.class.name)
}

// setting is what a class or a mixin says under one of SQLAlchemy's names; a mapped parent's is its own, unless a function
// makes it.
func (g *models) setting(m *model, name string) (value, *frame, error) {
	for _, k := range g.order(m.class, 0) {
		v, ok := k.names[name]
		fn, isFunction := v.(*function)
		if !ok || k != m.class && g.mapped[k] != nil && !isFunction {
			continue
		}
		if r, isRef := v.(ref); isRef {
			if found, ok := g.resolve(r); ok {
				v = found
			}
		}
		switch {
		case isFunction:
			made, err := g.ask(m.class, fn)
			return made, k.body, err
		case isUnreadable(v):
			bad, _ := v.(*unreadable)
			return nil, k.body, bad.err
		}
		return v, k.body, nil
	}
	return nil, m.class.body, nil
}

func isUnreadable(v value) bool { _, ok := v.(*unreadable); return ok }

// ask calls a declared_attr for a class.
func (g *models) ask(c *class, fn *function) (value, error) {
	bound := *fn
	bound.self = c
	if len(bound.params) == 0 {
		bound.self = nil
	}
	return c.body.callFunction(&bound, &arguments{node: c.def, at: c.body.place(c.def)})
}

// arguments reads __table_args__: a dict, or constraints and a dict.
func (g *models) arguments(m *model) error {
	v, where, err := g.setting(m, "__table_args__")
	if err != nil || v == nil {
		return err
	}
	items, several := sequence(v)
	if !several {
		items = []value{v}
	}
	for _, item := range items {
		switch item := item.(type) {
		case *dict:
			for _, k := range item.keys {
				if key, ok := k.(str); ok {
					m.table.kwargs[key.s] = item.at(k)
				}
			}
		case *object:
			g.used[item] = true
			m.table.items = append(m.table.items, modelItem{item, where})
		case nil:
		default:
			return where.fail(m.class.def, "the __table_args__ of model %s cannot be read: %s", m.class.name, describe(item))
		}
	}
	return nil
}

// hasPrimaryKey tells whether a class's own body has a primary key.
func (g *models) hasPrimaryKey(c *class) bool {
	for _, v := range c.names {
		if o, ok := c.body.isColumn(v); ok {
			if is, _ := truth(o.kwargs["primary_key"]); is {
				return true
			}
		}
	}
	return false
}

// fill gives a model's columns to its table: those of the mixins first, as they were made.
func (g *models) fill(m *model) error {
	var inherited []*class
	if m.parent != nil {
		inherited = g.order(m.parent.class, 0)
	}
	order := g.order(m.class, 0)
	seen := map[string]bool{}
	type attribute struct {
		name string
		of   *class
	}
	var attributes []attribute
	for _, k := range order {
		for _, name := range slices.Backward(k.order) {
			if seen[name] || strings.HasPrefix(name, "__") && strings.HasSuffix(name, "__") {
				continue
			}
			seen[name] = true
			attributes = append(attributes, attribute{name, k})
		}
	}
	slices.Reverse(attributes)
	for _, at := range attributes {
		if fn, ok := at.of.names[at.name].(*function); slices.Contains(inherited, at.of) && (!ok || !fn.cascading) {
			continue
		}
		columns, err := g.columns(m, at.of, at.name)
		if err != nil {
			return err
		}
		for _, c := range columns {
			if err := g.own(m, at.of, at.name, c); err != nil {
				return err
			}
		}
	}
	return nil
}

// own gives a column to the model's table.
func (g *models) own(m *model, of *class, attribute string, c *object) error {
	name, ok := columnName(c)
	if !ok {
		return of.body.failAt(c.at, "the column %s has no name that can be read", attribute)
	}
	m.names[attribute] = name
	if m.class.names["__table__"] != nil {
		return nil
	}
	g.owners[c] = m.table
	for _, have := range m.table.items {
		if other, ok := of.body.isColumn(have.object); ok {
			if taken, _ := columnName(other); taken == name {
				return nil // use_existing_column, or a declared_attr of several classes in one table
			}
		}
	}
	m.table.items = append(m.table.items, modelItem{c, of.body})
	return nil
}

// columnOf is the column that an expression names, and its table as foreign keys name it: Model.name, table.c.name,
// Model.__table__.c.name, or a Column that stands in a model.
func (f *frame) columnOf(o *object) (table, column string, ok bool) {
	g := f.models
	if g != nil && g.owners[o] != nil {
		column, ok = columnName(o)
		return g.owners[o].key(), column, ok
	}
	if c, isClass := o.recv.(*class); isClass && o.args == nil && g != nil {
		m := g.mapped[c]
		if m == nil || m.table == nil {
			return "", "", false
		}
		name := strings.TrimPrefix(o.path, ".")
		for at := m; at != nil; at = at.parent {
			if column, ok := at.names[name]; ok {
				return at.table.key(), column, true
			}
		}
		if m.class.names["__table__"] == nil {
			return "", "", false
		}
		return m.table.key(), name, true
	}
	return f.tableColumn(o)
}

// compile compiles the tables of a metadata.
func (g *models) compile(metadata value) ([]*modelTable, error) {
	var tables []*modelTable
	seen := map[string]*modelTable{}
	for _, t := range g.tables {
		if t.metadata != metadata {
			continue
		}
		if other := seen[t.key()]; other != nil {
			if other.at == t.at && other.frame.mod.file == t.frame.mod.file {
				continue // one statement that ran twice
			}
			if is, _ := truth(t.kwargs["extend_existing"]); !is {
				return nil, t.frame.failAt(t.at, "the table %s is also defined in %s:%d", t.key(), other.frame.mod.file, other.at.line)
			}
			other.items = append(other.items, t.items...)
			continue
		}
		seen[t.key()] = t
		tables = append(tables, t)
	}
	for _, t := range tables {
		if err := t.compile(); err != nil {
			return nil, err
		}
	}
	for _, t := range tables {
		for _, c := range t.compiled.columns {
			if err := t.typed(c, seen, 0); err != nil {
				return nil, err
			}
		}
	}
	return tables, nil
}

func (t *modelTable) compile() error {
	t.compiled = &table{name: t.name, at: t.at, kwargs: t.kwargs}
	if t.schema != "" {
		t.compiled.schema = text(t.schema)
	}
	for _, item := range t.items {
		f := item.frame
		_, isColumn := f.isColumn(item.object)
		switch {
		case isColumn:
			c, err := f.column(item.object, item.at)
			if err != nil {
				return err
			}
			if f.mod != t.frame.mod {
				c.at = t.at // a mixin's, in a file of its own
			}
			if o := c.typ.enum; o != nil && t.schema != "" {
				if inherits, _ := truth(o.kwargs["inherit_schema"]); inherits {
					return f.failAt(item.at, "an enum with inherit_schema cannot be read")
				}
			}
			t.compiled.columns = append(t.compiled.columns, c)
		case constraintKinds[lastPart(item.path)] != "":
			k, err := f.tableConstraint(item.object)
			if err != nil {
				return err
			}
			if f.mod != t.frame.mod {
				k.at = t.at
			}
			t.compiled.constraints = append(t.compiled.constraints, k)
		case lastPart(item.path) == "Index":
			t.compiled.indexes = append(t.compiled.indexes, item.object)
		default:
			return f.failAt(item.at, "%s in table %s cannot be read", describe(item.object), t.name)
		}
	}
	t.compiled.finish()
	t.targets()
	return nil
}

// targets puts the metadata's schema before the tables that foreign keys name without one.
func (t *modelTable) targets() {
	schema := schemaOf(nil, t.metadata)
	for _, k := range t.compiled.constraints {
		if k.kind == "fk" && schema != "" && !strings.Contains(k.target, ".") {
			k.target = schema + "." + k.target
		}
	}
}

// typed gives a column without a type that of the column that it refers to.
func (t *modelTable) typed(c *column, all map[string]*modelTable, depth int) error {
	if c.typ.sql != "" || len(c.foreign) == 0 {
		return nil
	}
	fk := c.foreign[0]
	target := all[fk.target]
	if target == nil || depth > maxDepth {
		return t.frame.failAt(c.at, "column %s of table %s refers to %s, which is no table of the models that can be read", c.name, t.name, fk.target)
	}
	for _, other := range target.compiled.columns {
		if other.name != fk.targets[0] {
			continue
		}
		if err := target.typed(other, all, depth+1); err != nil {
			return err
		}
		c.typ = other.typ
		return nil
	}
	return t.frame.failAt(c.at, "column %s of table %s refers to %s.%s, and that table has no such column", c.name, t.name, fk.target, fk.targets[0])
}

func (t *modelTable) String() string {
	return fmt.Sprintf("%s (%s:%d)", t.key(), t.frame.mod.file, t.at.line)
}
