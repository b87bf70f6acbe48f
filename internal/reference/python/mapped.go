package python

import (
	"slices"
	"strings"

	"github.com/headgate/headgate/internal/syntax"
	py "github.com/headgate/headgate/internal/syntax/python"
)

// mapped is what is known of a class that SQLAlchemy maps to a table.
type mapped struct {
	class *class
	base  base
	table table
	// parent is the mapped class that it inherits from; its columns are the parent's own to bring.
	parent *mapped
	// single says that its columns are in the parent's table.
	single bool
	// explicit is the table that the class has written out as __table__.
	explicit bool
}

// table is a table's name. Unknown is the reason why it cannot be told, empty where it can.
type table struct {
	schema, name string
	unknown      string
}

// mapping gives what a class is mapped to, or nil where it is no mapped class: a mixin, an abstract class, the declarative base,
// or something else altogether.
func (r *reader) mapping(c *class) *mapped {
	if m, ok := r.mapped[c]; ok {
		return m
	}
	if r.height > mostBases {
		return nil
	}
	r.height++
	defer func() { r.height-- }()
	r.mapped[c] = nil // what inherits from itself is nothing
	m := r.readMapping(c)
	r.mapped[c] = m
	return m
}

func (r *reader) readMapping(c *class) *mapped {
	kind := r.baseOf(c)
	if kind == foreignBase || kind == plainBase {
		return nil
	}
	if kind == sqlModelBase && !isTrue(classKeyword(c, "table")) {
		return nil
	}
	if b := last(c.names.bound["__abstract__"]); b != nil && isTrue(b.value) || r.isDeclarativeBase(c) {
		return nil
	}
	m := &mapped{class: c, base: kind}
	order, _ := r.order(c)
	for _, k := range order[1:] {
		if m.parent = r.mapping(k); m.parent != nil {
			break
		}
	}
	for _, k := range order {
		if b := last(k.names.bound["__bind_key__"]); b != nil && !isNone(b.value) {
			m.table.unknown = "model " + c.def.Name.Name + " lives in another database: __bind_key__"
			return m
		}
	}
	m.explicit = c.names.bound["__table__"] != nil
	if !m.explicit {
		r.readName(m)
		if m.table.name == "" && m.table.unknown == "" {
			return nil
		}
	}
	return m
}

// baseOf tells what kind of declarative base a class has. A class with a __tablename__ and columns whose base is not
// known is taken for a mapped one all the same: nothing else looks like that.
func (r *reader) baseOf(c *class) base {
	order, outside := r.order(c)
	kind := plainBase
	for _, f := range outside {
		switch b := baseOf(f.external); b {
		case sqlModelBase, flaskBase:
			return b
		case declarativeBase:
			kind = b
		case foreignBase:
			if kind == plainBase {
				kind = b
			}
		}
	}
	if kind == declarativeBase {
		return kind
	}
	for _, k := range order {
		for _, d := range k.def.Decorators {
			if isMapper(r.decorator(d, k.env)) {
				return declarativeBase
			}
		}
	}
	if kind == foreignBase && c.names.bound["__tablename__"] != nil && r.hasColumns(c) {
		return declarativeBase
	}
	return kind
}

// isMapper tells whether a class decorator maps the class, or makes it a declarative base.
func isMapper(dotted string) bool {
	library, name := split(dotted)
	switch strings.TrimSuffix(name, "()") {
	case "as_declarative", "as_declarative_base", "mapped", "mapped_as_dataclass":
		return library == "sqlalchemy"
	}
	return false
}

// decorator is the dotted name of a decorator from outside of the repository, a call or not.
func (r *reader) decorator(d py.Expr, in *env) string { return r.resolve(d, in).external }

// isDeclarativeBase tells whether a class is the base that models derive from, and no model itself.
func (r *reader) isDeclarativeBase(c *class) bool {
	for _, d := range c.def.Decorators {
		if _, name := split(r.decorator(d, c.env)); strings.HasPrefix(name, "as_declarative") {
			return true
		}
	}
	for _, b := range r.basesOf(c) {
		if library, name := split(b.external); library == "sqlalchemy" && strings.HasPrefix(name, "DeclarativeBase") {
			return true
		}
	}
	return false
}

// readName finds the table of a mapped class (sqlalchemy.orm.decl_base: _ClassScanMapperConfig). Like an attribute,
// __tablename__ comes from the class or from a mixin, but a mapped parent's is its own, unless a function makes it.
func (r *reader) readName(m *mapped) {
	order, _ := r.order(m.class)
	for _, k := range order {
		b := last(k.names.bound["__tablename__"])
		if b == nil || k != m.class && b.function == nil && r.mapping(k) != nil {
			continue
		}
		name, none, ok := r.classText(b, k, m.class)
		switch {
		case none:
		case !ok:
			m.table.unknown = "the table's name of model " + m.class.def.Name.Name + " is known only at run time"
			return
		case name != "":
			m.table.name = name
			r.readSchema(m)
			return
		}
		break
	}
	switch {
	case m.base == sqlModelBase:
		m.table.name = strings.ToLower(m.class.def.Name.Name)
	case m.base == flaskBase && (m.parent == nil || r.hasPrimaryKey(m.class)):
		m.table.name = syntax.SnakeCase(m.class.def.Name.Name)
	case m.parent != nil:
		m.single, m.table = true, m.parent.table
		return
	case r.hasColumns(m.class):
		m.table.unknown = "the table's name of model " + m.class.def.Name.Name + " is not in its code"
		return
	default:
		return
	}
	r.readSchema(m)
}

// classText is the text that a class attribute or a declared_attr gives, for the class of; none says that it is None.
func (r *reader) classText(b *binding, in, of *class) (text string, none, ok bool) {
	where := &env{mod: in.env.mod, class: in, outer: in.env}
	if b.function == nil {
		if isNone(b.value) {
			return "", true, true
		}
		text, ok = r.evaluate(b.value, where)
		return text, false, ok
	}
	where = r.asClass(b.function, in, of)
	v := evaluator{resolver: r.resolver}
	r.fuel = mostSteps
	text, ok = v.run(&function{b.function, where}, nil, nil).(string)
	return text, false, ok
}

// asClass is the inside of a declared_attr, whose cls is the class of.
func (r *reader) asClass(def *py.FunctionDef, in, of *class) *env {
	e := &env{mod: in.env.mod, outer: in.env, self: of}
	if len(def.Params) > 0 {
		e.selfName = def.Params[0].Name.Name
	}
	return e
}

// readSchema finds a table's schema: in __table_args__, else in the metadata.
func (r *reader) readSchema(m *mapped) {
	order, _ := r.order(m.class)
	for _, k := range order {
		b := last(k.names.bound["__table_args__"])
		if b == nil || k != m.class && b.function == nil && r.mapping(k) != nil {
			continue
		}
		args, where := b.value, &env{mod: k.env.mod, class: k, outer: k.env}
		if b.function != nil {
			where = r.asClass(b.function, k, m.class)
			args, where = r.returned(&function{b.function, where}, nil, where)
			if where != nil {
				where.outer = r.asClass(b.function, k, m.class)
				where.args = nil
			}
		}
		if found, said := r.schemaIn(args, where, 0); said {
			m.setSchema(found)
			return
		}
		break
	}
	for _, name := range []string{"metadata", "registry"} {
		if found, said := r.metadataSchema(r.attribute(m.class, name, "")); said {
			m.setSchema(found)
			return
		}
	}
}

func (m *mapped) setSchema(found *string) {
	if found == nil {
		m.table.unknown = "the schema of model " + m.class.def.Name.Name + " is known only at run time"
		return
	}
	m.table.schema = *found
}

// schemaIn looks for "schema" in table arguments: a dictionary, or a tuple that ends in one. Found is nil where it is not known; said tells
// whether there is one.
func (r *reader) schemaIn(e py.Expr, in *env, depth int) (found *string, said bool) {
	if e == nil || in == nil || depth > deepest {
		return nil, false
	}
	switch e := e.(type) {
	case *py.Tuple:
		if len(e.Elts) > 0 {
			return r.schemaIn(e.Elts[len(e.Elts)-1], in, depth+1)
		}
	case *py.Starred:
		return r.schemaIn(e.Value, in, depth+1)
	case *py.BinaryOp:
		if found, said = r.schemaIn(e.Right, in, depth+1); !said {
			found, said = r.schemaIn(e.Left, in, depth+1)
		}
		return found, said
	case *py.Dict:
		return r.schemaOf(e, in, depth)
	case *py.Name, *py.Attribute:
		if to := r.resolve(e, in); to.external == "" && to.value != nil && to.value != e {
			return r.schemaIn(to.value, to.env, depth+1)
		}
	case *py.Call:
		if name, ok := e.Func.(*py.Name); ok && name.Name == "dict" {
			return r.schemaText(keyword(e, "schema"), in)
		}
	}
	return nil, false
}

func (r *reader) schemaOf(e *py.Dict, in *env, depth int) (*string, bool) {
	if value := entryOf(e, "schema"); value != nil {
		return r.schemaText(value, in)
	}
	for _, item := range e.Items {
		if item.Key == nil {
			if found, said := r.schemaIn(item.Value, in, depth+1); said {
				return found, said
			}
		}
	}
	return nil, false
}

func (r *reader) schemaText(e py.Expr, in *env) (*string, bool) {
	if e == nil || isNone(e) {
		return nil, false
	}
	if text, ok := r.evaluate(e, in); ok {
		return &text, true
	}
	return nil, true
}

// metadataSchema is the schema that a MetaData gives to the tables that have none of their own.
func (r *reader) metadataSchema(of entity) (*string, bool) {
	for range deepest {
		call, ok := of.value.(*py.Call)
		if !ok {
			return nil, false
		}
		if of.external == "" {
			return r.schemaText(keyword(call, "schema"), of.env) // MetaData(schema=…)
		}
		e := keyword(call, "metadata")
		method, isMethod := call.Func.(*py.Attribute)
		switch {
		case e != nil: // declarative_base(metadata=…), SQLAlchemy(metadata=…), registry(metadata=…)
			of = r.resolve(e, of.env)
		case isMethod: // registry(…).generate_base()
			of = r.resolve(method.Value, of.env)
		default:
			return nil, false
		}
	}
	return nil, false
}

// hasColumns tells whether a class's own body has a column.
func (r *reader) hasColumns(c *class) bool {
	return r.anyColumn(c, func(made, *binding) bool { return true })
}

// hasPrimaryKey tells whether a class's own body has a primary key.
func (r *reader) hasPrimaryKey(c *class) bool {
	return r.anyColumn(c, func(m made, _ *binding) bool { return m.call != nil && isTrue(keyword(m.call, "primary_key")) })
}

func (r *reader) anyColumn(c *class, is func(made, *binding) bool) bool {
	where := &env{mod: c.env.mod, class: c, outer: c.env}
	for name, bindings := range c.names.bound {
		if strings.HasPrefix(name, "__") {
			continue
		}
		for i := range bindings {
			b := &bindings[i]
			if b.value == nil {
				if b.annotation != nil && r.isMappedAnnotation(b.annotation, where) == columnAnnotation && is(made{}, b) {
					return true
				}
				continue
			}
			if m := r.construct(b.value, where); m.construct == columnConstruct && is(m, b) {
				return true
			}
		}
	}
	return false
}

func last(bindings []binding) *binding {
	for i := range slices.Backward(bindings) {
		if !bindings[i].typing {
			return &bindings[i]
		}
	}
	return nil
}

func isTrue(e py.Expr) bool {
	c, ok := e.(*py.Constant)
	return ok && c.Kind == py.True
}

func isNone(e py.Expr) bool {
	c, ok := e.(*py.Constant)
	return ok && c.Kind == py.None
}

func classKeyword(c *class, name string) py.Expr {
	for _, k := range c.def.Keywords {
		if k.Name.Name == name {
			return k.Value
		}
	}
	return nil
}
