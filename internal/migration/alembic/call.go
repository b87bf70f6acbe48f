package alembic

import (
	"strings"

	"github.com/headgate/headgate/internal/syntax/python"
)

// arguments are those of a call.
type arguments struct {
	args   []value
	kwargs map[string]value
	node   python.Node
	at     place
}

// take is the argument at a position or of a name.
func (a *arguments) take(position int, name string) (value, bool) {
	if position >= 0 && position < len(a.args) {
		return a.args[position], true
	}
	v, ok := a.kwargs[name]
	return v, ok
}

func (a *arguments) get(position int, name string) value {
	v, _ := a.take(position, name)
	return v
}

func (f *frame) evalCall(e *python.Call) (value, error) {
	if name, ok := e.Func.(*python.Name); ok && name.Name == "super" && len(e.Args) == 0 {
		return &method{recv: f.self, name: "super"}, nil
	}
	callee, err := f.eval(e.Func)
	if err != nil {
		return nil, err
	}
	if err := f.callable(e.Func); err != nil {
		return nil, err
	}
	args, err := f.evalItems(e.Args)
	if err != nil {
		return nil, err
	}
	a := &arguments{args: args, node: e, at: f.place(e)}
	for _, k := range e.Keywords {
		v, err := f.eval(k.Value)
		if err != nil {
			return nil, err
		}
		if a.kwargs == nil {
			a.kwargs = map[string]value{}
		}
		if k.Name.Name != "" {
			a.kwargs[k.Name.Name] = v
			continue
		}
		more, ok := v.(*dict)
		if !ok {
			return nil, f.fail(k, "the arguments **%s cannot be read", describe(v))
		}
		for _, key := range more.keys {
			if name, ok := key.(str); ok {
				a.kwargs[name.s] = more.at(key)
			}
		}
	}
	return f.call(callee, a)
}

// callable refuses a function of the migration's that could not be read: it may do anything to the schema.
func (f *frame) callable(callee python.Expr) error {
	name, ok := callee.(*python.Name)
	if !ok || f.ops == nil || f.lenient() {
		return nil
	}
	if v, _ := f.lookup(name.Name); v != nil {
		if bad, ok := v.(*unreadable); ok {
			return bad.err
		}
	}
	return nil
}

// call calls anything.
func (f *frame) call(callee value, a *arguments) (value, error) {
	switch c := callee.(type) {
	case *runtime:
		return &runtime{why: c.why}, nil
	case *unreadable:
		return nil, c.err
	case *builtin:
		return f.callBuiltin(c.name, a)
	case *function:
		return f.callFunction(c, a)
	case *class:
		return f.instantiate(c, a)
	case *method:
		return f.callMethod(c, a)
	case ref:
		if v, ok := f.resolve(c); ok {
			return f.call(v, a)
		}
		return f.callRef(string(c), a)
	case *object:
		if strings.HasPrefix(c.path, ".") && c.args == nil {
			return f.callObject(c.recv, c.path[1:], a)
		}
		return &object{path: ".()", recv: c, args: a.args, kwargs: a.kwargs, at: a.at}, nil
	}
	return nil, f.fail(a.node, "%s cannot be called", describe(callee))
}

// callFunction runs a function of the file, or of the application.
func (f *frame) callFunction(fn *function, a *arguments) (value, error) {
	if fn.yields {
		return &runtime{why: "the generator " + fn.name + "()"}, nil
	}
	f.depth++
	defer func() { f.depth-- }()
	if f.depth > maxDepth*4 {
		return nil, f.fail(a.node, "the calls are nested too deeply")
	}
	inner := &frame{interp: f.interp, mod: fn.frame.mod, names: map[string]value{}, class: fn.owner, self: fn.self}
	if fn.frame.outer != nil || fn.frame.names != nil && fn.frame.class == nil {
		inner.outer = fn.frame
	}
	args := a.args
	if fn.self != nil && !fn.static {
		args = append([]value{fn.self}, args...)
	}
	if err := bind(f, inner, fn, args, a); err != nil {
		return nil, err
	}
	if fn.lambda != nil {
		return inner.eval(fn.lambda)
	}
	if len(fn.body) == 0 {
		return nil, nil
	}
	if f.running[fn.body[0]] >= 2 && inner.lenient() {
		return &runtime{why: "the recursion of " + fn.name + "()"}, nil
	}
	f.running[fn.body[0]]++
	before := f.dataOnly
	_, v, err := inner.block(fn.body)
	if f.dataOnly != before { // another return may have come first
		v = &runtime{why: f.dataOnly}
	}
	f.dataOnly = before
	f.running[fn.body[0]]--
	return v, err
}

// bind gives a function's parameters their arguments.
func bind(f, inner *frame, fn *function, args []value, a *arguments) error {
	used := map[string]bool{}
	next := 0
	var rest, more string
	for i, p := range fn.params {
		name := p.Name.Name
		switch p.Kind {
		case python.VarArgs:
			rest = name
			continue
		case python.KwArgs:
			more = name
			continue
		}
		given, byName := a.kwargs[name]
		switch {
		case p.Kind != python.KeywordOnly && next < len(args) && rest == "":
			inner.names[name] = args[next]
			next++
		case byName:
			inner.names[name] = given
			used[name] = true
		default:
			v, ok := fn.defaults[i]
			if !ok {
				return f.fail(a.node, "%s() lacks its argument %s", fn.name, name)
			}
			inner.names[name] = v
		}
	}
	if rest != "" {
		inner.names[rest] = tuple(args[min(next, len(args)):])
	} else if next < len(args) {
		return f.fail(a.node, "%s() has more arguments than parameters", fn.name)
	}
	others := newDict()
	for name, v := range a.kwargs {
		if !used[name] {
			others.set(text(name), v)
		}
	}
	if more != "" {
		inner.names[more] = others
	} else if len(others.keys) > 0 {
		return f.fail(a.node, "%s() has no parameter %s", fn.name, repr(others.keys[0]))
	}
	return nil
}

// instantiate makes an instance of a class of the application.
func (f *frame) instantiate(c *class, a *arguments) (value, error) {
	if c.isEnum && len(a.args) == 1 {
		for _, m := range c.members {
			if same, _ := equal(m.value, a.args[0]); same {
				return m, nil
			}
		}
		return &runtime{why: c.name + "(" + describe(a.args[0]) + ")"}, nil
	}
	i := &instance{class: c, names: map[string]value{}, args: a.args, kwargs: a.kwargs, at: a.at}
	init, ok := c.find("__init__")
	if fn, isFunction := init.(*function); ok && isFunction {
		i.args, i.kwargs = nil, nil
		bound := *fn
		bound.self = i
		if _, err := f.callFunction(&bound, a); err != nil {
			return nil, err
		}
	}
	return i, nil
}

// callMethod calls a method of a built-in type, or super().
func (f *frame) callMethod(m *method, a *arguments) (value, error) {
	if name, ok := strings.CutPrefix(m.name, "super."); ok {
		return f.callSuper(m, name, a)
	}
	switch r := m.recv.(type) {
	case *answer:
		return r.method(m.name), nil
	case str:
		return f.stringMethod(r, m.name, a)
	case *list:
		return f.listMethod(r, m.name, a)
	case *dict:
		return f.dictMethod(r, m.name, a)
	case tuple:
		if m.name == "index" || m.name == "count" {
			return f.listMethod(&list{items: r}, m.name, a)
		}
	case *builtin:
		if r.name == "dict" && m.name == "fromkeys" && len(a.args) > 0 {
			keys, err := f.iterate(a.node, a.args[0])
			if err != nil {
				return nil, err
			}
			d := newDict()
			for _, k := range keys {
				d.set(k, a.get(1, "value"))
			}
			return d, nil
		}
	}
	return nil, f.fail(a.node, "%s.%s() cannot be read", describe(m.recv), m.name)
}

// callSuper calls the method of the class above, or hands the arguments to the library's constructor.
func (f *frame) callSuper(m *method, name string, a *arguments) (value, error) {
	self, ok := m.recv.(*instance)
	if !ok || f.class == nil {
		return &runtime{why: "super()." + name + "()"}, nil
	}
	for _, b := range f.class.bases {
		base, ok := b.(*class)
		if !ok {
			continue
		}
		if v, ok := base.find(name); ok {
			if fn, isFunction := v.(*function); isFunction {
				bound := *fn
				bound.self = self
				return f.callFunction(&bound, a)
			}
		}
	}
	if name == "__init__" {
		self.args, self.kwargs = a.args, a.kwargs
	}
	return nil, nil
}

// callObject calls a method of what a library made.
func (f *frame) callObject(recv value, name string, a *arguments) (value, error) {
	if name == "Table" && isFlask(recv) && len(a.args) > 0 {
		return f.callRef("sqlalchemy.Table", &arguments{args: append([]value{a.args[0], recv}, a.args[1:]...), kwargs: a.kwargs, node: a.node, at: a.at})
	}
	made := &object{path: "." + name, recv: recv, args: a.args, kwargs: a.kwargs, at: a.at}
	if made.args == nil {
		made.args = []value{}
	}
	if f.ops == nil {
		return made, nil
	}
	v, err := f.ops.method(f, made, name, a)
	return v, last(err)
}

// callRef calls a library's function.
func (f *frame) callRef(path string, a *arguments) (value, error) {
	if name, ok := strings.CutPrefix(path, "alembic.op."); ok && !strings.Contains(name, ".") {
		if f.ops == nil {
			return &runtime{why: path + "()"}, nil
		}
		v, err := f.ops.call(f, name, a)
		return v, last(err)
	}
	if path == "alembic.context.config.get_main_option" && f.ops != nil {
		return f.ops.mainOption(a), nil
	}
	if lastPart(path) == "create_all" && f.ops != nil {
		return nil, f.ops.createAll(f, f.metadataOf(ref(strings.TrimSuffix(path, ".create_all")), 0), a)
	}
	if lastPart(path) == "drop_all" && f.ops != nil {
		return nil, f.failAt(a.at, "the migration drops the tables of the models as they are when it runs")
	}
	if v, done, err := f.standard(path, a); done {
		return v, err
	}
	args := a.args
	if args == nil {
		args = []value{}
	}
	o := &object{path: path, args: args, kwargs: a.kwargs, at: a.at}
	f.declared.object(f.mod, o)
	if lastPart(path) == "namedtuple" {
		return nil, f.fail(a.node, "a namedtuple cannot be read")
	}
	return o, nil
}

func lastPart(path string) string { return path[strings.LastIndexByte(path, '.')+1:] }

func firstPart(path string) string {
	first, _, _ := strings.Cut(path, ".")
	return first
}

func lower(s string) string { return strings.ToLower(s) }
