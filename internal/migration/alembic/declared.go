package alembic

import (
	"slices"
	"strings"

	"github.com/headgate/headgate/internal/syntax/python"
)

// declarations are what running the application's modules has made that MetaData.create_all looks at, in order.
type declarations struct {
	classes   []*class
	objects   []declaredObject
	listeners []listener
}

// declaredObject is a Table, an Index, or a listener to the making of tables, and the module that made it.
type declaredObject struct {
	*object
	mod *module
}

// listener is a function that runs before or after tables are made (sqlalchemy.events.DDLEvents).
type listener struct {
	frame  *frame
	target value
	when   string
	fn     value
	at     place
}

func (d *declarations) class(mod *module, c *class) {
	if !mod.migration {
		d.classes = append(d.classes, c)
	}
}

func (d *declarations) object(mod *module, o *object) {
	if !mod.migration && isOneOf(lastPart(o.path), "Table", "Index", "UniqueConstraint", "listen", "create_view", "create_materialized_view") {
		d.objects = append(d.objects, declaredObject{o, mod})
	}
}

// creates tells the events of the making of tables.
func creates(event value) (string, bool) {
	s, ok := event.(str)
	return s.s, ok && isOneOf(s.s, "before_create", "after_create")
}

// listens notes a function that a decorator makes a listener to the making of tables.
func (f *frame) listens(decorator python.Expr, fn *function) {
	call, ok := decorator.(*python.Call)
	if !ok || len(call.Args) < 2 || nameOf(call.Func) != "listens_for" || f.mod.migration {
		return
	}
	event, err := f.eval(call.Args[1])
	if when, ok := creates(event); ok && err == nil {
		target, err := f.eval(call.Args[0])
		if err != nil {
			target = &unreadable{err}
		}
		f.declared.listeners = append(f.declared.listeners, listener{f, target, when, fn, f.place(call)})
	}
}

// nameOf is the last name of what is called or named.
func nameOf(e python.Expr) string {
	switch e := e.(type) {
	case *python.Name:
		return e.Name
	case *python.Attribute:
		return e.Attr.Name
	case *python.Call:
		return nameOf(e.Func)
	}
	return ""
}

// isDeclaredAttr tells declared_attr, declared_attr.directive and declared_attr.cascading.
func isDeclaredAttr(e python.Expr) bool {
	if attr, ok := e.(*python.Attribute); ok && isOneOf(attr.Attr.Name, "directive", "cascading") {
		e = attr.Value
	}
	return nameOf(e) == "declared_attr"
}

// flaskClass is Flask-SQLAlchemy's extension, which hands out SQLAlchemy's names as its own.
const flaskClass = "flask_sqlalchemy.SQLAlchemy"

// flaskOwn are the extension's own attributes (flask_sqlalchemy/extension.py).
var flaskOwn = names("Model Table metadata metadatas session engine engines create_all drop_all reflect init_app Query make_declarative_base get_engine " +
	"paginate get_or_404 first_or_404 one_or_404 app get_app get_binds apply_driver_hacks make_connector")

// isFlask tells Flask-SQLAlchemy's db.
func isFlask(v value) bool {
	switch v := v.(type) {
	case *object:
		return v.recv == nil && strings.HasPrefix(v.path, "flask_sqlalchemy") && lastPart(v.path) == "SQLAlchemy"
	case *instance:
		return slices.ContainsFunc(v.class.library(0), func(base string) bool {
			return strings.HasPrefix(base, "flask_sqlalchemy") && lastPart(base) == "SQLAlchemy"
		})
	}
	return false
}

// baseKind is what makes a class a mapped one.
type baseKind int

const (
	notMapped baseKind = iota
	declarative
	flask
	sqlModel
)

// bases are a class's bases; what declarative_base(cls=…) and SQLAlchemy(model_class=…) build on is one too.
func (in *interp) bases(c *class) []value {
	var result []value
	for _, b := range c.bases {
		if o, ok := b.(*object); ok {
			if b = value(o); o.path == ".[]" { // a generic class with its parameter
				b = o.recv
			}
			if made, ok := in.baseOf(o); ok {
				result = append(result, made)
			}
		}
		result = append(result, b)
	}
	return result
}

// baseOf is the class that a made base builds on.
func (in *interp) baseOf(o *object) (*class, bool) {
	if o.path == ".Model" {
		switch db := o.recv.(type) {
		case *object:
			o = db
		case *instance:
			o = &object{kwargs: db.kwargs}
		}
	}
	for _, key := range []string{"cls", "model_class"} {
		v := o.kwargs[key]
		if r, ok := v.(ref); ok {
			v, _ = in.resolve(r)
		}
		if c, ok := v.(*class); ok {
			return c, true
		}
	}
	return nil, false
}

// order is the class and its bases of the application in the order in which Python looks for an attribute
// (https://docs.python.org/3/howto/mro.html). Bases that contradict each other, which Python refuses, stand as they come.
func (in *interp) order(c *class, depth int) []*class {
	if depth > maxDepth {
		return nil
	}
	var lists [][]*class
	var direct []*class
	for _, b := range in.bases(c) {
		if base, ok := b.(*class); ok && base != c {
			lists = append(lists, in.order(base, depth+1))
			direct = append(direct, base)
		}
	}
	lists = append(lists, direct)
	result := []*class{c}
	for {
		lists = slices.DeleteFunc(lists, func(l []*class) bool { return len(l) == 0 })
		if len(lists) == 0 {
			return result
		}
		next := lists[0][0]
		for _, l := range lists {
			if !slices.ContainsFunc(lists, func(other []*class) bool { return slices.Contains(other[1:], l[0]) }) {
				next = l[0]
				break
			}
		}
		result = append(result, next)
		for i := range lists {
			lists[i] = slices.DeleteFunc(slices.Clone(lists[i]), func(k *class) bool { return k == next })
		}
	}
}

// plainLibraries are those whose classes bring no columns to a model.
var plainLibraries = names("abc typing typing_extensions enum collections dataclasses functools builtins json logging threading contextlib datetime uuid " +
	"decimal flask_login pydantic pydantic_core attr attrs itsdangerous strawberry graphene object sqlalchemy flask_sqlalchemy sqlmodel flask_appbuilder")

// kindOf tells whether and how a class is mapped; unknown is a base that cannot be looked into, or nil.
func (in *interp) kindOf(c *class) (kind baseKind, unknown value) {
	for _, k := range in.order(c, 0) {
		if isMapper(k) {
			kind = max(kind, declarative)
		}
		for _, b := range in.bases(k) {
			switch b := b.(type) {
			case ref:
				made := refKind(string(b))
				kind = max(kind, made)
				if made == notMapped && (!plainLibraries[firstPart(string(b))] || isColumnMixin(string(b))) {
					unknown = b
				}
			case *object:
				switch lastPart(b.path) {
				case "declarative_base", "generate_base", "as_declarative_base":
					kind = max(kind, declarative)
				case "Model":
					kind = max(kind, flask)
				case "namedtuple", "with_metaclass":
				default:
					unknown = b
				}
			case *unreadable, *runtime:
				unknown = b
			}
		}
	}
	return kind, unknown
}

func refKind(path string) baseKind {
	switch {
	case strings.HasPrefix(path, "sqlmodel.") && lastPart(path) == "SQLModel":
		return sqlModel
	case strings.HasPrefix(path, "sqlalchemy.") && strings.HasPrefix(lastPart(path), "DeclarativeBase"),
		strings.HasPrefix(path, "flask_appbuilder.") && lastPart(path) == "Model":
		return declarative
	}
	return notMapped
}

// isColumnMixin tells SQLAlchemy's classes that change what a model's table is.
func isColumnMixin(path string) bool {
	return isOneOf(lastPart(path), "DeferredReflection", "AbstractConcreteBase", "ConcreteBase")
}

// isMapper tells a class whose decorator maps it, or makes it a declarative base.
func isMapper(c *class) bool {
	return slices.ContainsFunc(c.def.Decorators, func(d python.Expr) bool {
		return isOneOf(nameOf(d), "mapped", "mapped_as_dataclass") || makesBase(d)
	})
}

func makesBase(d python.Expr) bool {
	return isOneOf(nameOf(d), "as_declarative", "as_declarative_base")
}

// isBase tells the declarative base that models derive from, which is no model.
func (in *interp) isBase(c *class) bool {
	if slices.ContainsFunc(c.def.Decorators, makesBase) {
		return true
	}
	return slices.ContainsFunc(in.bases(c), func(b value) bool {
		r, ok := b.(ref)
		return ok && refKind(string(r)) == declarative && !strings.HasPrefix(string(r), "flask_appbuilder.")
	})
}

// metadataOf is what stands for the MetaData that a value is, has or makes: an object, a class, a library's name; nil for none.
func (in *interp) metadataOf(v value, depth int) value {
	if depth > maxDepth {
		return nil
	}
	switch v := v.(type) {
	case ref:
		if found, ok := in.resolve(v); ok {
			return in.metadataOf(found, depth+1)
		}
		if path := strings.TrimSuffix(string(v), ".metadata"); refKind(path) == sqlModel {
			return ref("sqlmodel.SQLModel")
		} else if refKind(path) == declarative && strings.HasPrefix(path, "flask_appbuilder.") {
			return ref("flask_appbuilder.Model")
		}
	case *object:
		return in.objectMetadata(v, depth)
	case *instance:
		if isFlask(v) {
			return in.objectMetadata(&object{path: flaskClass, kwargs: v.kwargs, maker: v}, depth)
		}
	case *class:
		return in.classMetadata(v, depth)
	}
	return nil
}

func (in *interp) objectMetadata(o *object, depth int) value {
	if o.recv != nil {
		if isOneOf(o.path, ".metadata", ".Model", ".generate_base", ".as_declarative_base", ".mapped", ".mapped_as_dataclass", ".registry") {
			return in.metadataOf(o.recv, depth+1)
		}
		return nil
	}
	switch lastPart(o.path) {
	case "MetaData":
		return o
	case "declarative_base", "registry", "SQLAlchemy", "as_declarative":
		if given := in.metadataOf(o.kwargs["metadata"], depth+1); given != nil {
			return given
		}
		if c, ok := in.baseOf(o); ok {
			if given := in.metadataOf(c, depth+1); given != nil {
				return given
			}
		}
		if o.maker != nil {
			return o.maker
		}
		return o
	}
	return nil
}

func (in *interp) classMetadata(c *class, depth int) value {
	order := in.order(c, 0)
	for _, k := range order {
		for _, name := range []string{"metadata", "registry"} {
			if found := in.metadataOf(k.names[name], depth+1); found != nil {
				return found
			}
		}
	}
	for _, k := range order {
		for _, d := range k.def.Decorators {
			if !isMapper(k) {
				continue
			}
			v, err := k.body.eval(d)
			found := in.metadataOf(v, depth+1)
			if made, ok := found.(*object); ok && lastPart(made.path) == "as_declarative" {
				found = k // the decorator makes a MetaData of its own
			}
			if err == nil && found != nil {
				return found
			}
		}
		if in.isBase(k) {
			return k
		}
		for _, b := range in.bases(k) {
			if _, inner := b.(*class); !inner {
				if found := in.metadataOf(b, depth+1); found != nil {
					return found
				}
			}
		}
	}
	return nil
}
