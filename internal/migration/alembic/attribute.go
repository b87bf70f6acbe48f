package alembic

import (
	"github.com/headgate/headgate/internal/syntax/python"
)

// find looks a name up in a class and the classes of the application that it inherits.
func (c *class) find(name string) (value, bool) {
	if v, ok := c.names[name]; ok {
		return v, true
	}
	for _, b := range c.bases {
		if base, ok := b.(*class); ok {
			if v, ok := base.find(name); ok {
				return v, true
			}
		}
	}
	return nil, false
}

// library are the names of the library's classes that a class inherits.
func (c *class) library(seen int) []string {
	var names []string
	for _, b := range c.bases {
		switch b := b.(type) {
		case ref:
			names = append(names, string(b))
		case *class:
			if seen < maxDepth {
				names = append(names, b.library(seen+1)...)
			}
		case *object: // a generic class with its parameter
			if r, ok := b.recv.(ref); ok {
				names = append(names, string(r))
			}
		}
	}
	return names
}

// attribute is Python's dot.
func (f *frame) attribute(n python.Node, recv value, name string) (value, error) {
	switch r := recv.(type) {
	case *runtime:
		return &runtime{why: r.why}, nil
	case *columnType:
		return &runtime{why: describe(r) + "." + name}, nil
	case *unreadable:
		return nil, r.err
	case ref:
		if v, ok := f.resolve(r); ok {
			return f.attribute(n, v, name)
		}
		return ref(string(r) + "." + name), nil
	case *module:
		if v, ok := r.names[name]; ok {
			if bad, isBad := v.(*unreadable); isBad {
				return &runtime{why: reason(bad.err)}, nil
			}
			return v, nil
		}
		if v, ok := f.submodule(r, name); ok {
			return v, nil
		}
		return nil, f.fail(n, "%s has no name %s", r.file, name)
	case *object:
		return f.objectAttribute(r, name, f.place(n)), nil
	case *member:
		switch name {
		case "name", "_name_":
			return text(r.name), nil
		case "value", "_value_":
			return r.value, nil
		}
		if r.class.isText {
			return f.attribute(n, r.value, name)
		}
		return f.classAttribute(n, r.class, r, name)
	case *class:
		return f.classAttribute(n, r, nil, name)
	case *instance:
		if v, ok := r.names[name]; ok {
			return v, nil
		}
		if _, own := r.class.find(name); !own && isFlask(r) {
			return f.objectAttribute(&object{path: flaskClass, recv: nil, args: r.args, kwargs: r.kwargs, at: r.at, maker: r}, name, f.place(n)), nil
		}
		return f.classAttribute(n, r.class, r, name)
	case *method:
		if r.name == "super" {
			return &method{recv: r.recv, name: "super." + name}, nil
		}
	case tuple:
		if name != "index" && name != "count" {
			return &runtime{why: "the column " + name + " of a row"}, nil // a row is a tuple with names, which are not kept
		}
		return &method{recv: recv, name: name}, nil
	case str, *list, *dict, *builtin, *answer:
		return &method{recv: recv, name: name}, nil
	case *function:
		if name == "__name__" {
			return text(r.name), nil
		}
	}
	return nil, f.fail(n, "the attribute %s of %s cannot be read", name, describe(recv))
}

func (f *frame) classAttribute(n python.Node, c *class, self value, name string) (value, error) {
	switch name {
	case "__members__":
		d := newDict()
		for _, m := range c.members {
			d.set(text(m.name), m)
		}
		return d, nil
	case "__name__":
		return text(c.name), nil
	case "__class__":
		return c, nil
	}
	v, ok := c.find(name)
	_, isColumn := f.isColumn(v)
	if !ok || isColumn && self == nil {
		if c.isEnum {
			return nil, f.fail(n, "the enum %s has no member %s", c.name, name)
		}
		return &object{path: "." + name, recv: value(c), at: f.place(n)}, nil // what a library's base class gives it
	}
	switch v := v.(type) {
	case *unreadable:
		return nil, v.err
	case *function:
		bound := *v
		switch {
		case v.declared && self == nil:
			bound.self = c
			return f.callFunction(&bound, &arguments{node: n, at: f.place(n)})
		case v.classy:
			bound.self = c
		case self != nil:
			bound.self = self
		}
		if v.property && self != nil {
			return f.callFunction(&bound, &arguments{node: n, at: f.place(n)})
		}
		return &bound, nil
	}
	return v, nil
}

// objectAttribute is an attribute of what a library made.
func (f *frame) objectAttribute(o *object, name string, at place) value {
	if v, ok := o.final[name]; ok {
		return v
	}
	if isFlask(o) && name != "Table" && !flaskOwn[name] {
		return ref("sqlalchemy." + name)
	}
	if name == "name" && o.path == ".dialect" {
		return text("postgresql")
	}
	if name == "name" || name == "enums" || name == "key" {
		if v, ok := f.typeAttribute(o, name); ok {
			return v
		}
	}
	return &object{path: "." + name, recv: o, at: at}
}

// typeAttribute is what a type was made of.
func (f *frame) typeAttribute(o *object, name string) (value, bool) {
	switch lastPart(o.path) {
	case "Enum", "ENUM":
		if name == "enums" {
			labels, err := f.enumLabels(o)
			if err != nil {
				return nil, false
			}
			items := make([]value, len(labels))
			for i, l := range labels {
				items[i] = text(l)
			}
			return &list{items: items}, true
		}
		v, ok := o.kwargs["name"]
		return v, ok
	case "Column", "Table", "table", "column":
		if len(o.args) > 0 && name != "enums" {
			if s, ok := o.args[0].(str); ok {
				return s, true
			}
		}
	}
	return nil, false
}
