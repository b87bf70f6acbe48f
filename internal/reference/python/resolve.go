package python

import (
	"path"
	"slices"

	py "github.com/headgate/headgate/internal/syntax/python"
)

// deepest is how many steps are followed from a name to what it stands for.
const deepest = 40

// mostSteps is how many names are followed for one question. Code that people write stays far below; code that was written to keep
// the gate busy does not.
const mostSteps = 5000

// entity is what an expression stands for, as far as the code says it without being run: one of the fields is set.
type entity struct {
	// external is the dotted name of something outside of the repository; "()" after a part says that it was called, so
	// that db.Model of db = SQLAlchemy() is flask_sqlalchemy.SQLAlchemy().Model.
	external string
	module   *module
	class    *class
	// instance is the class of an object.
	instance *class
	function *function
	// value is an expression that stands for itself: a literal, or what cannot be followed. Beside external it is the
	// call that made the object.
	value py.Expr
	// env is where value stands.
	env *env
	// several says that a name on the way has more than one value, of which this is the last.
	several bool
}

func (e entity) known() bool { return e != entity{} }

// function is a function of the repository.
type function struct {
	def *py.FunctionDef
	env *env
}

// env is where an expression stands, and so what its names mean.
type env struct {
	mod *module
	// class is the class in whose body it stands.
	class *class
	// names are the local names of the function in which it stands, and args what it was called with.
	names *names
	args  map[string]entity
	outer *env
	// self is the class as which a declared_attr's cls or a method's self is to be taken.
	self     *class
	selfName string
}

// resolver follows names through the repository. It is used by one reader at a time.
type resolver struct {
	tree    *tree
	classes map[*py.ClassDef]*class
	// bodies are what functions bind, and inside their parameters, of which nothing is known where they are read.
	bodies map[*py.FunctionDef]*names
	inside map[*py.FunctionDef]map[string]entity
	envs   map[*module]*env
	depth  int
	fuel   int
	// height is how many classes are being put in order, each for the one before.
	height int
}

// mostBindings is how many of a name's values are looked at.
const mostBindings = 16

func newResolver(t *tree) *resolver {
	return &resolver{
		tree: t, classes: map[*py.ClassDef]*class{}, envs: map[*module]*env{}, bodies: map[*py.FunctionDef]*names{},
		inside: map[*py.FunctionDef]map[string]entity{},
	}
}

func (r *resolver) env(m *module) *env {
	e := r.envs[m]
	if e == nil {
		e = &env{mod: m}
		r.envs[m] = e
	}
	return e
}

func (r *resolver) classOf(def *py.ClassDef, in *env) *class {
	c := r.classes[def]
	if c == nil {
		c = &class{def: def, env: in, names: bind(def.Body)}
		r.classes[def] = c
	}
	return c
}

// body is what a function's body binds.
func (r *resolver) body(def *py.FunctionDef) *names {
	n := r.bodies[def]
	if n == nil {
		n = bind(def.Body)
		r.bodies[def] = n
	}
	return n
}

// read is the inside of a function that is read, and not called.
func (r *resolver) read(def *py.FunctionDef, outer *env) *env {
	args := r.inside[def]
	if args == nil {
		args = make(map[string]entity, len(def.Params))
		for _, p := range def.Params {
			args[p.Name.Name] = entity{}
		}
		r.inside[def] = args
	}
	return &env{mod: outer.mod, names: r.body(def), args: args, outer: outer}
}

// resolve tells what an expression stands for.
func (r *resolver) resolve(e py.Expr, in *env) entity {
	if e == nil || r.depth > deepest {
		return entity{}
	}
	if r.depth == 0 {
		r.fuel = mostSteps
	}
	if r.fuel--; r.fuel < 0 {
		return entity{}
	}
	r.depth++
	defer func() { r.depth-- }()
	switch e := e.(type) {
	case *py.Name:
		return r.name(e, in)
	case *py.Attribute:
		if found := r.member(r.resolve(e.Value, in), e.Attr.Name); found.known() {
			return found
		}
	case *py.Call:
		return r.call(e, in)
	case *py.Subscript:
		if base := r.resolve(e.Value, in); base.external != "" || base.class != nil {
			return base
		}
	case *py.Await:
		return r.resolve(e.Value, in)
	case *py.NamedExpr:
		return r.resolve(e.Value, in)
	}
	return entity{value: e, env: in}
}

// name tells what a name stands for.
func (r *resolver) name(n *py.Name, in *env) entity {
	name := n.Name
	for e := in; e != nil; e = e.outer {
		if e.self != nil && name == e.selfName {
			return entity{class: e.self}
		}
		if found, ok := e.args[name]; ok {
			return found
		}
		if e.names != nil && e.names.bound[name] != nil {
			return r.bound(e.names, name, n, e)
		}
		if e.class != nil && e.class.names.bound[name] != nil {
			if found := r.bound(e.class.names, name, n, e); found.known() {
				return found
			}
		}
		if e.outer == nil && e.mod != nil {
			if found := r.lookUpFrom(e.mod, name, n); found.known() {
				return found
			}
		}
	}
	if name == "object" {
		return entity{external: "builtins.object"}
	}
	return entity{}
}

// lookUp tells what a module has under a name.
func (r *resolver) lookUp(m *module, name string) entity { return r.lookUpFrom(m, name, nil) }

// lookUpFrom tells what a module has under a name that stands in it; from is nil where it stands elsewhere.
func (r *resolver) lookUpFrom(m *module, name string, from *py.Name) entity {
	if r.depth > deepest {
		return entity{}
	}
	r.depth++
	defer func() { r.depth-- }()
	if m.names.bound[name] != nil {
		if found := r.bound(m.names, name, from, r.env(m)); found.known() {
			return found
		}
	}
	if m.dir != "" {
		if sub := r.tree.at(path.Join(m.dir, name)); sub != nil {
			return entity{module: sub}
		}
	}
	if m.src == nil {
		return entity{}
	}
	for _, star := range slices.Backward(m.names.stars) {
		if from := r.tree.importedBy(m.src.Path, star); from != nil && from != m {
			if found := r.lookUp(from, name); found.known() {
				return found
			}
		} else if from == nil && star.level == 0 && libraries[firstPart(star.module)] && name != "" {
			if dotted := star.module + "." + name; constructOf(dotted) != unknownConstruct || isNamed(name) {
				return entity{external: dotted}
			}
		}
	}
	return entity{}
}

// isNamed tells whether SQLAlchemy and its kin have something of this name that a "from … import *" may have brought.
func isNamed(name string) bool {
	switch name {
	case "text", "SQLModel", "DeclarativeBase", "declarative_base", "declared_attr", "Mapped", "SQLAlchemy", "registry", "as_declarative":
		return true
	}
	return false
}

// bound tells what a name stands for in a body: its last value at run time for which that can be told.
//
// What the name is part of does not give it its value: in x = x.copy() it is the x before.
func (r *resolver) bound(n *names, name string, from *py.Name, in *env) entity {
	for _, typing := range []bool{false, true} {
		bindings := n.bound[name]
		for _, b := range slices.Backward(bindings[max(0, len(bindings)-mostBindings):]) {
			if b.typing != typing || from != nil && b.hasPart(from.Span) {
				continue
			}
			if found := r.binding(b, in); found.known() {
				found.several = found.several || len(n.bound[name]) > 1 || n.changed[name]
				return found
			}
		}
	}
	return entity{}
}

// hasPart tells whether what stands at the span is worked out before the binding is made.
func (b binding) hasPart(at py.Span) bool {
	switch {
	case b.value != nil:
		whole := b.value.Range()
		return whole.Start <= at.Start && at.End <= whole.End
	case b.class != nil:
		return b.class.Start <= at.Start && len(b.class.Body) > 0 && at.End <= b.class.Body[0].Range().Start
	}
	return false
}

func (r *resolver) binding(b binding, in *env) entity {
	switch {
	case b.class != nil:
		return entity{class: r.classOf(b.class, in)}
	case b.function != nil:
		return entity{function: &function{b.function, in}}
	case b.imported != nil:
		return r.imported(*b.imported, in)
	case b.value != nil:
		return r.resolve(b.value, in)
	}
	return entity{}
}

// imported tells what an import brings.
func (r *resolver) imported(i importing, in *env) entity {
	if in.mod.src == nil {
		return entity{}
	}
	if m := r.tree.importedBy(in.mod.src.Path, i); m != nil {
		if i.name == "" {
			return entity{module: m}
		}
		return r.lookUp(m, i.name)
	}
	if i.level > 0 {
		return entity{}
	}
	if i.name == "" {
		return entity{external: i.module}
	}
	return entity{external: i.module + "." + i.name}
}

// member tells what of.name stands for.
func (r *resolver) member(of entity, name string) entity {
	switch {
	case of.external != "":
		return entity{external: of.external + "." + name, value: of.value, env: of.env}
	case of.module != nil:
		return r.lookUp(of.module, name)
	case of.class != nil:
		return r.attribute(of.class, name, "")
	case of.instance != nil:
		found := r.attribute(of.instance, name, "()")
		if found.external != "" && found.value == nil {
			found.value, found.env = of.value, of.env // the call that made the object has its settings
		}
		return found
	}
	return entity{}
}

// attribute tells what a class has under a name; called is "()" for the attribute of an object.
func (r *resolver) attribute(c *class, name, called string) entity {
	order, outside := r.order(c)
	for _, k := range order {
		if k.names.bound[name] != nil {
			return r.bound(k.names, name, nil, &env{mod: k.env.mod, class: k, outer: k.env})
		}
	}
	for _, f := range outside {
		if f.external != "" && (baseOf(f.external) != plainBase || mapping(firstPart(f.external))) {
			return entity{external: f.external + called + "." + name, value: f.value, env: f.env}
		}
	}
	return entity{}
}

// call tells what a call gives.
func (r *resolver) call(e *py.Call, in *env) entity {
	callee := r.resolve(e.Func, in)
	switch {
	case r.constructOf(callee) != unknownConstruct:
		return entity{value: e, env: in} // the call itself is what is looked at
	case callee.external != "":
		return entity{external: callee.external + "()", value: e, env: in}
	case callee.class != nil:
		return entity{instance: callee.class, value: e, env: in}
	case callee.function != nil:
		if returned, where := r.returned(callee.function, e, in); returned != nil {
			return r.resolve(returned, where)
		}
	}
	return entity{value: e, env: in}
}

// returned is the one expression that a function returns, and where it stands once the function is called.
func (r *resolver) returned(f *function, call *py.Call, in *env) (py.Expr, *env) {
	var found py.Expr
	for _, s := range f.def.Body {
		switch s := s.(type) {
		case *py.Return:
			if found != nil {
				return nil, nil
			}
			found = s.Value
		case *py.If, *py.For, *py.While, *py.Try, *py.Match:
			if returns(s) {
				return nil, nil
			}
		}
	}
	if found == nil {
		return nil, nil
	}
	return found, &env{mod: f.env.mod, names: r.body(f.def), args: r.arguments(f.def, call, in), outer: f.env}
}

func returns(s py.Stmt) bool {
	found := false
	py.Inspect(s, func(n py.Node) bool {
		_, is := n.(*py.Return)
		found = found || is
		_, inner := n.(*py.FunctionDef)
		return !found && !inner
	})
	return found
}

// arguments are what a call gives to a function's parameters.
func (r *resolver) arguments(def *py.FunctionDef, call *py.Call, in *env) map[string]entity {
	args := map[string]entity{}
	position := 0
	for _, p := range def.Params {
		args[p.Name.Name] = entity{}
		if p.Default != nil {
			args[p.Name.Name] = entity{value: p.Default, env: in}
		}
		if call == nil {
			continue
		}
		if (p.Kind == py.Positional || p.Kind == py.PositionalOnly) && position < len(call.Args) {
			if _, spread := call.Args[position].(*py.Starred); !spread {
				args[p.Name.Name] = r.resolve(call.Args[position], in)
			}
			position++
			continue
		}
		if value := keyword(call, p.Name.Name); value != nil {
			args[p.Name.Name] = r.resolve(value, in)
		}
	}
	return args
}

// keyword is the value of a call's argument of a name, or nil.
func keyword(call *py.Call, name string) py.Expr {
	for _, k := range call.Keywords {
		if k.Name.Name == name {
			return k.Value
		}
	}
	return nil
}

func firstPart(dotted string) string {
	library, _ := split(dotted)
	return library
}
