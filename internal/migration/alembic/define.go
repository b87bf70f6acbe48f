package alembic

import (
	"slices"

	"github.com/headgate/headgate/internal/syntax/python"
)

// define makes a function of its definition.
func (f *frame) define(s *python.FunctionDef) *function {
	fn := f.newFunction(s.Name.Name, s.Params, s.Body, nil)
	fn.returns = s.Returns
	for _, d := range s.Decorators {
		fn.declared = fn.declared || isDeclaredAttr(d)
		if attr, ok := d.(*python.Attribute); ok {
			fn.cascading = fn.cascading || attr.Attr.Name == "cascading"
		}
		f.listens(d, fn)
		if name, ok := d.(*python.Name); ok {
			fn.property = fn.property || name.Name == "property"
			fn.static = fn.static || name.Name == "staticmethod"
			fn.classy = fn.classy || name.Name == "classmethod"
		}
	}
	python.Inspect(s, func(n python.Node) bool {
		if _, ok := n.(*python.Yield); ok {
			fn.yields = true
		}
		return true
	})
	return fn
}

func (f *frame) newFunction(name string, params []*python.Param, body []python.Stmt, lambda python.Expr) *function {
	fn := &function{name: name, params: params, body: body, lambda: lambda, frame: f, defaults: map[int]value{}}
	for i, p := range params {
		if p.Default == nil {
			continue
		}
		v, err := f.eval(p.Default)
		if err != nil {
			v = &unreadable{err}
		}
		fn.defaults[i] = v
	}
	return fn
}

// defineClass makes a class; an enum's names become its members.
func (f *frame) defineClass(s *python.ClassDef) *class {
	c := &class{name: s.Name.Name, names: map[string]value{}, mod: f.mod}
	for _, b := range s.Bases {
		v, err := f.eval(b)
		if err != nil {
			v = &unreadable{err}
		}
		if r, ok := v.(ref); ok {
			if found, ok := f.resolve(r); ok {
				v = found
			}
		}
		c.bases = append(c.bases, v)
		c.inherit(v)
	}
	body := &frame{interp: f.interp, mod: f.mod, names: c.names, outer: f, class: c}
	c.def, c.body = s, body
	f.declared.class(f.mod, c)
	for _, stmt := range s.Body {
		for _, name := range body.tolerate(stmt) {
			if !slices.Contains(c.order, name) {
				c.order = append(c.order, name)
			}
		}
	}
	for _, v := range c.names {
		if fn, ok := v.(*function); ok {
			fn.owner = c
		}
	}
	if c.isEnum {
		c.enumerate()
	}
	return c
}

// inherit takes over what a base makes of a class.
func (c *class) inherit(base value) {
	switch b := base.(type) {
	case ref:
		switch lastPart(string(b)) {
		case "Enum", "IntEnum", "Flag", "IntFlag":
			c.isEnum = true
		case "StrEnum":
			c.isEnum, c.isText = true, true
		}
	case *builtin:
		c.isText = c.isText || b.name == "str"
	case *class:
		c.isEnum = c.isEnum || b.isEnum
		c.isText = c.isText || b.isText
	}
}

// enumerate makes the members of an enum, in the order of their definition. A second name of a value is an alias.
func (c *class) enumerate() {
	count := int64(0)
	for _, name := range c.order {
		v := c.names[name]
		if name[0] == '_' {
			continue
		}
		switch o := v.(type) {
		case *function:
			continue
		case *object:
			if lastPart(o.path) == "auto" {
				count++
				v = count
				if c.isText {
					v = text(lower(name))
				}
			}
		}
		alias := slices.IndexFunc(c.members, func(m *member) bool { same, _ := equal(m.value, v); return same })
		if alias >= 0 {
			c.names[name] = c.members[alias]
			continue
		}
		m := &member{class: c, name: name, value: v}
		c.names[name] = m
		c.members = append(c.members, m)
	}
}

// tolerate executes a statement of a module or a class; what cannot be read fails only for who uses it. It returns the
// names that were bound.
func (f *frame) tolerate(s python.Stmt) []string {
	bound := boundNames(s)
	if _, _, err := f.exec(s); err != nil {
		for _, name := range bound {
			f.names[name] = &unreadable{err}
		}
	}
	return bound
}

// boundNames are the names that a statement binds.
func boundNames(s python.Stmt) []string {
	var names []string
	switch s := s.(type) {
	case *python.Assign:
		for _, t := range s.Targets {
			names = append(names, targets(t)...)
		}
	case *python.AnnAssign:
		names = append(names, targets(s.Target)...)
	case *python.FunctionDef:
		names = append(names, s.Name.Name)
	case *python.ClassDef:
		names = append(names, s.Name.Name)
	case *python.If:
		for _, b := range s.Branches {
			for _, inner := range b.Body {
				names = append(names, boundNames(inner)...)
			}
		}
	case *python.Try:
		for _, inner := range s.Body {
			names = append(names, boundNames(inner)...)
		}
	}
	return names
}
