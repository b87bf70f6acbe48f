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
	raised
)

// block executes statements; the value is what it returns.
func (f *frame) block(body []python.Stmt) (flow, value, error) {
	for _, s := range body {
		how, v, err := f.exec(s)
		if err != nil {
			unknown, ok := f.unknown(err)
			if !ok {
				return how, v, err
			}
			for _, name := range assigned([]python.Stmt{s}) {
				f.names[name] = unknown
			}
			continue
		}
		if how != goesOn {
			return how, v, nil
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
		if f.lenient() {
			return raised, &runtime{why: "a function that raises an exception"}, nil
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

// perhaps is a value that is assigned to what outlives this part, which may or may not run.
func (f *frame) perhaps(v value) value {
	if f.dataOnly != "" {
		return &runtime{why: f.dataOnly}
	}
	return v
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
			r.names[t.Attr.Name] = f.perhaps(v)
		case *class:
			r.names[t.Attr.Name] = f.perhaps(v)
		case *object:
			if r.final == nil {
				r.final = map[string]value{}
			}
			r.final[t.Attr.Name] = f.perhaps(v)
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
	if f.dataOnly != "" {
		f.blur(recv)
	}
	switch r := recv.(type) {
	case *dict:
		if isRuntime(index) {
			r.open = describe(index)
		} else if r.set(index, v) {
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
			item = &list{items: append([]value(nil), items[i:len(items)-(len(targets)-1-i)]...)}
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
		if f.dataOnly != "" {
			l.open = f.dataOnly
		}
		if loopsOverData(right) {
			l.open = describe(right)
		}
		if l.open != "" {
			return nil
		}
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
