package alembic

import (
	"slices"

	"github.com/headgate/headgate/internal/syntax/python"
)

// flow tells how a block ended.
type flow int

const (
	goesOn flow = iota
	returned
	broke
	continued
)

// block executes statements; the value is what it returns.
func (f *frame) block(body []python.Stmt) (flow, value, error) {
	for _, s := range body {
		how, v, err := f.exec(s)
		if err != nil || how != goesOn {
			return how, v, err
		}
	}
	return goesOn, nil, nil
}

func (f *frame) exec(s python.Stmt) (flow, value, error) {
	if err := f.step(s); err != nil {
		return goesOn, nil, err
	}
	switch s := s.(type) {
	case *python.ExprStmt:
		return goesOn, nil, f.expression(s)
	case *python.Assign:
		v, err := f.eval(s.Value)
		for _, target := range s.Targets {
			if err == nil {
				err = f.assign(target, v)
			}
		}
		return goesOn, nil, err
	case *python.AnnAssign:
		if s.Value == nil {
			return goesOn, nil, nil
		}
		v, err := f.eval(s.Value)
		if err == nil {
			err = f.assign(s.Target, v)
		}
		return goesOn, nil, err
	case *python.AugAssign:
		return goesOn, nil, f.augment(s)
	case *python.Return:
		if s.Value == nil {
			return returned, nil, nil
		}
		v, err := f.eval(s.Value)
		return returned, v, err
	case *python.If:
		return f.execIf(s)
	case *python.For:
		return f.execFor(s)
	case *python.While:
		return f.execWhile(s)
	case *python.With:
		return f.execWith(s)
	case *python.Try:
		return f.execTry(s)
	case *python.FunctionDef:
		f.names[s.Name.Name] = f.define(s)
		return goesOn, nil, nil
	case *python.ClassDef:
		f.names[s.Name.Name] = f.defineClass(s)
		return goesOn, nil, nil
	case *python.Import, *python.ImportFrom:
		f.imports(s)
		return goesOn, nil, nil
	case *python.Break:
		return broke, nil, nil
	case *python.Continue:
		return continued, nil, nil
	case *python.Global:
		for _, n := range s.Names {
			if f.global == nil {
				f.global = map[string]bool{}
			}
			f.global[n.Name] = true
		}
		return goesOn, nil, nil
	case *python.Pass, *python.Nonlocal, *python.TypeAlias:
		return goesOn, nil, nil
	case *python.Assert:
		return goesOn, nil, f.assert(s)
	case *python.Raise:
		if f.dataOnly != "" {
			return returned, nil, nil
		}
		return goesOn, nil, f.fail(s, "the migration raises an exception here")
	case *python.Delete:
		for _, target := range s.Targets {
			if name, ok := target.(*python.Name); ok {
				delete(f.names, name.Name)
			}
		}
		return goesOn, nil, nil
	case *python.Bad:
		return goesOn, nil, f.fail(s, "this is no Python that can be read: %s", s.Message)
	}
	return goesOn, nil, f.fail(s, "a statement of this kind cannot be read (%s)", kind(s))
}

// expression runs an expression for what it does.
func (f *frame) expression(s *python.ExprStmt) error {
	if _, docstring := s.Value.(*python.String); docstring {
		return nil
	}
	v, err := f.eval(s.Value)
	if err != nil {
		return err
	}
	return f.discard(s, v)
}

// assert holds where nothing else is known.
func (f *frame) assert(s *python.Assert) error {
	v, err := f.eval(s.Test)
	if err != nil {
		return err
	}
	if is, known := truth(v); known && !is {
		return f.fail(s, "the migration asserts what does not hold here")
	}
	return nil
}

// assign binds a target.
func (f *frame) assign(target python.Expr, v value) error {
	switch t := target.(type) {
	case *python.Name:
		if f.global[t.Name] || f.outer == nil && f.names == nil {
			f.mod.names[t.Name] = v
			return nil
		}
		f.names[t.Name] = v
		return nil
	case *python.Tuple:
		return f.unpack(t, t.Elts, v)
	case *python.List:
		return f.unpack(t, t.Elts, v)
	case *python.Attribute:
		recv, err := f.eval(t.Value)
		if err != nil {
			return err
		}
		switch r := recv.(type) {
		case *instance:
			r.names[t.Attr.Name] = v
		case *class:
			r.names[t.Attr.Name] = v
		case *object:
			if r.final == nil {
				r.final = map[string]value{}
			}
			r.final[t.Attr.Name] = v
		case *runtime:
		default:
			return f.fail(t, "an attribute of %s cannot be set here", describe(recv))
		}
		return nil
	case *python.Subscript:
		return f.assignItem(t, v)
	}
	return f.fail(target, "this cannot be assigned to")
}

func (f *frame) assignItem(t *python.Subscript, v value) error {
	recv, err := f.eval(t.Value)
	if err != nil {
		return err
	}
	index, err := f.eval(t.Index)
	if err != nil {
		return err
	}
	switch r := recv.(type) {
	case *dict:
		if r.set(index, v) {
			return nil
		}
	case *list:
		if i, ok := index.(int64); ok && i >= 0 && i < int64(len(r.items)) {
			r.items[i] = v
			return nil
		}
	}
	if loopsOverData(recv) || isRuntime(index) {
		return nil
	}
	return f.fail(t, "an item of %s cannot be set here", describe(recv))
}

func (f *frame) unpack(n python.Node, targets []python.Expr, v value) error {
	if loopsOverData(v) {
		for _, t := range targets {
			if star, ok := t.(*python.Starred); ok {
				t = star.Value
			}
			if err := f.assign(t, &runtime{why: describe(v)}); err != nil {
				return err
			}
		}
		return nil
	}
	items, err := f.iterate(n, v)
	if err != nil {
		return err
	}
	star := slices.IndexFunc(targets, func(t python.Expr) bool { _, ok := t.(*python.Starred); return ok })
	if len(items) != len(targets) && (star < 0 || len(items) < len(targets)-1) {
		return f.fail(n, "%d values cannot be unpacked into %d", len(items), len(targets))
	}
	for i, t := range targets {
		item := value(nil)
		switch {
		case star < 0 || i < star:
			item = items[i]
		case i == star:
			t = targets[i].(*python.Starred).Value //nolint:errcheck,forcetypeassert // star is the index of one
			item = &list{append([]value(nil), items[i:len(items)-(len(targets)-1-i)]...)}
		default:
			item = items[len(items)-(len(targets)-i)]
		}
		if err := f.assign(t, item); err != nil {
			return err
		}
	}
	return nil
}

func (f *frame) augment(s *python.AugAssign) error {
	left, err := f.eval(s.Target)
	if err != nil {
		return err
	}
	right, err := f.eval(s.Value)
	if err != nil {
		return err
	}
	if l, ok := left.(*list); ok && s.Op == "+" {
		more, err := f.iterate(s, right)
		if err == nil {
			l.items = append(l.items, more...)
		}
		return err
	}
	v, err := f.binary(s, s.Op, left, right)
	if err != nil {
		return err
	}
	return f.assign(s.Target, v)
}

// undecided runs a part that may or may not run, or run any number of times, depending on data. That is exact as long
// as it changes no schema.
func (f *frame) undecided(why string, body []python.Stmt) (flow, error) {
	before := f.dataOnly
	if before == "" {
		f.dataOnly = why
	}
	defer func() { f.dataOnly = before }()
	how, _, err := f.block(body)
	return how, err
}

func (f *frame) execIf(s *python.If) (flow, value, error) {
	unsure := false
	for _, branch := range s.Branches {
		test, err := f.eval(branch.Test)
		if err != nil {
			return goesOn, nil, err
		}
		is, known := truth(test)
		switch {
		case !known:
			unsure = true
			how, err := f.undecided(describe(test), branch.Body)
			if err != nil {
				return goesOn, nil, err
			}
			f.ends(how, describe(test))
		case is && unsure:
			_, err := f.undecided(describe(test), branch.Body)
			return goesOn, nil, err
		case is:
			return f.block(branch.Body)
		}
	}
	if unsure {
		_, err := f.undecided("the condition above", s.Else)
		return goesOn, nil, err
	}
	return f.block(s.Else)
}

// ends looks at how an undecided part ended. A return in it leaves open whether the rest of the function runs: then the
// rest may not change the schema either.
func (f *frame) ends(how flow, why string) {
	if how == returned && f.dataOnly == "" {
		f.dataOnly = "a return that depends on " + why
	}
}

func (f *frame) execFor(s *python.For) (flow, value, error) {
	source, err := f.eval(s.Iter)
	if err != nil {
		return goesOn, nil, err
	}
	if loopsOverData(source) {
		if err := f.assignUnknown(s.Target, source); err != nil {
			return goesOn, nil, err
		}
		_, err := f.undecided(describe(source), s.Body)
		return goesOn, nil, err
	}
	items, err := f.iterate(s.Iter, source)
	if err != nil {
		return goesOn, nil, err
	}
	for _, item := range slices.Clone(items) {
		if err := f.assign(s.Target, item); err != nil {
			return goesOn, nil, err
		}
		how, v, err := f.block(s.Body)
		if err != nil || how == returned {
			return how, v, err
		}
		if how == broke {
			return goesOn, nil, nil
		}
	}
	return f.block(s.Else)
}

func (f *frame) assignUnknown(target python.Expr, source value) error {
	return f.assign(target, &runtime{why: describe(source)})
}

func (f *frame) execWhile(s *python.While) (flow, value, error) {
	for {
		if err := f.step(s); err != nil {
			return goesOn, nil, err
		}
		test, err := f.eval(s.Test)
		if err != nil {
			return goesOn, nil, err
		}
		is, known := truth(test)
		// The end of a "while True" hangs on the rows that it works on.
		if c, constant := s.Test.(*python.Constant); !known || f.dataOnly != "" || constant && c.Kind == python.True {
			_, err := f.undecided(describe(test), s.Body)
			return goesOn, nil, err
		}
		if !is {
			return f.block(s.Else)
		}
		how, v, err := f.block(s.Body)
		if err != nil || how == returned {
			return how, v, err
		}
		if how == broke {
			return goesOn, nil, nil
		}
	}
}

func (f *frame) execTry(s *python.Try) (flow, value, error) {
	how, v, err := f.block(s.Body)
	if err != nil {
		return how, v, err // what the server refuses has also ended the transaction, so no handler could go on
	}
	if how == goesOn {
		how, v, err = f.block(s.Else)
	}
	if err != nil {
		return how, v, err
	}
	if last, w, err := f.block(s.Finally); err != nil || last != goesOn {
		return last, w, err
	}
	return how, v, nil
}

func (f *frame) execWith(s *python.With) (flow, value, error) {
	var leave []func() error
	for _, item := range s.Items {
		context, err := f.eval(item.Context)
		if err != nil {
			return goesOn, nil, err
		}
		entered, exit, err := f.enter(item, context)
		if err != nil {
			return goesOn, nil, err
		}
		if exit != nil {
			leave = append(leave, exit)
		}
		if item.Target != nil {
			if err := f.assign(item.Target, entered); err != nil {
				return goesOn, nil, err
			}
		}
	}
	how, v, err := f.block(s.Body)
	for _, exit := range slices.Backward(leave) {
		if err == nil {
			err = exit()
		}
	}
	return how, v, err
}

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
	target := func(e python.Expr) {
		python.Inspect(e, func(n python.Node) bool {
			if name, ok := n.(*python.Name); ok {
				names = append(names, name.Name)
			}
			_, isAttribute := n.(*python.Attribute)
			_, isItem := n.(*python.Subscript)
			return !isAttribute && !isItem
		})
	}
	switch s := s.(type) {
	case *python.Assign:
		for _, t := range s.Targets {
			target(t)
		}
	case *python.AnnAssign:
		target(s.Target)
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
