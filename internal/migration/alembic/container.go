package alembic

import (
	"math"
	"slices"

	"github.com/headgate/headgate/internal/syntax/python"
)

// newSet keeps the order in which its items were written; Python's order is arbitrary.
func newSet(items []value) value {
	d := newDict()
	for _, item := range items {
		d.set(item, item)
	}
	return &list{items: d.keys}
}

func (f *frame) evalItems(elts []python.Expr) ([]value, error) {
	items := make([]value, 0, len(elts))
	for _, elt := range elts {
		star, starred := elt.(*python.Starred)
		if starred {
			elt = star.Value
		}
		v, err := f.eval(elt)
		if err != nil {
			return nil, err
		}
		if !starred {
			items = append(items, v)
			continue
		}
		more, err := f.iterate(elt, v)
		if err != nil {
			return nil, err
		}
		items = append(items, more...)
	}
	return items, nil
}

func (f *frame) evalDict(e *python.Dict) (value, error) {
	d := newDict()
	for _, item := range e.Items {
		v, err := f.eval(item.Value)
		if err != nil {
			return nil, err
		}
		if item.Key == nil {
			more, ok := v.(*dict)
			if !ok || more.open != "" {
				return &runtime{why: "a dict made of " + describe(v)}, nil
			}
			for _, k := range more.keys {
				d.set(k, more.at(k))
			}
			continue
		}
		k, err := f.eval(item.Key)
		if err != nil {
			return nil, err
		}
		if !d.set(k, v) {
			return &runtime{why: "a dict with the key " + describe(k)}, nil
		}
	}
	return d, nil
}

func (f *frame) evalComprehension(e *python.Comprehension) (value, error) {
	inner := &frame{interp: f.interp, mod: f.mod, names: map[string]value{}, outer: f, class: f.class, self: f.self}
	var items []value
	d := newDict()
	unknown := ""
	var loop func(depth int) error
	loop = func(depth int) error {
		if depth == len(e.For) {
			v, err := inner.eval(e.Elt)
			if err != nil {
				return err
			}
			if e.Kind == python.DictComp {
				w, err := inner.eval(e.Value)
				if err == nil && !d.set(v, w) {
					unknown = describe(v)
				}
				return err
			}
			items = append(items, v)
			return nil
		}
		part := e.For[depth]
		source, err := inner.eval(part.Iter)
		if err != nil {
			return err
		}
		if loopsOverData(source) {
			unknown = describe(source)
			return nil
		}
		elements, err := inner.iterate(part.Iter, source)
		if err != nil {
			return err
		}
		for _, element := range elements {
			if err := inner.assign(part.Target, element); err != nil {
				return err
			}
			holds := true
			for _, test := range part.Ifs {
				v, err := inner.eval(test)
				if err != nil {
					return err
				}
				is, known := truth(v)
				if !known {
					unknown = describe(v)
				}
				holds = holds && is
			}
			if holds {
				if err := loop(depth + 1); err != nil {
					return err
				}
			}
		}
		return nil
	}
	if err := loop(0); err != nil {
		return nil, err
	}
	switch {
	case unknown != "":
		return &runtime{why: unknown}, nil
	case e.Kind == python.DictComp:
		return d, nil
	case e.Kind == python.SetComp:
		return newSet(items), nil
	}
	return &list{items: items}, nil
}

// loopsOverData tells that the items of a value are rows, or hang on them.
func loopsOverData(v value) bool {
	switch v.(type) {
	case *runtime, *object:
		return true
	}
	return openWhy(v) != ""
}

func (f *frame) evalSubscript(e *python.Subscript) (value, error) {
	recv, err := f.eval(e.Value)
	if err != nil {
		return nil, err
	}
	if slice, ok := e.Index.(*python.Slice); ok {
		return f.slice(e, recv, slice)
	}
	index, err := f.eval(e.Index)
	if err != nil {
		return nil, err
	}
	if why := openWhy(recv); why != "" {
		return &runtime{why: why}, nil
	}
	switch r := recv.(type) {
	case *dict:
		if isRuntime(index) {
			return index, nil
		}
		if v, ok := r.get(index); ok {
			return v, nil
		}
		if r.partial != "" {
			return &runtime{why: r.partial}, nil
		}
		return nil, f.fail(e, "the key %s is not in the dict", repr(index))
	case *builtin: // a type with its parameter
		return &object{path: ".[]", recv: recv, args: []value{index}, at: f.place(e)}, nil
	case *class:
		if r.isEnum {
			for _, m := range r.members {
				if name, ok := index.(str); ok && m.name == name.s {
					return m, nil
				}
			}
		}
		return r, nil // a generic class with its parameter
	case *object, ref:
		if recv == ref("os.environ") {
			return f.environment(index, nil, false), nil
		}
		return &object{path: ".[]", recv: recv, args: []value{index}, at: f.place(e)}, nil
	}
	i, isInt := index.(int64)
	if s, ok := recv.(str); ok && isInt {
		runes := []rune(s.s)
		if i < 0 {
			i += int64(len(runes))
		}
		if i >= 0 && i < int64(len(runes)) {
			return text(string(runes[i])), nil
		}
	}
	if items, ok := sequence(recv); ok && isInt {
		if i < 0 {
			i += int64(len(items))
		}
		if i >= 0 && i < int64(len(items)) {
			return items[i], nil
		}
	}
	if isRuntime(index) {
		return index, nil
	}
	return nil, f.fail(e, "%s[%s] cannot be read", describe(recv), repr(index))
}

func sequence(v value) ([]value, bool) {
	switch v := v.(type) {
	case tuple:
		return v, true
	case *list:
		return v.items, v.open == ""
	}
	return nil, false
}

func (f *frame) slice(e *python.Subscript, recv value, s *python.Slice) (value, error) {
	bounds := [2]int64{0, math.MaxInt32}
	for i, bound := range []python.Expr{s.Lower, s.Upper} {
		if bound == nil {
			continue
		}
		v, err := f.eval(bound)
		if err != nil {
			return nil, err
		}
		n, ok := v.(int64)
		if !ok {
			return &runtime{why: describe(v)}, nil
		}
		bounds[i] = n
	}
	cut := func(length int) (int, int) {
		from, to := bounds[0], bounds[1]
		if from < 0 {
			from += int64(length)
		}
		if to < 0 {
			to += int64(length)
		}
		from = min(max(from, 0), int64(length))
		return int(from), int(max(min(max(to, 0), int64(length)), from))
	}
	if s.Step == nil && openWhy(recv) == "" {
		switch r := recv.(type) {
		case str:
			runes := []rune(r.s)
			from, to := cut(len(runes))
			return r.with(string(runes[from:to])), nil
		case tuple:
			from, to := cut(len(r))
			return r[from:to:to], nil
		case *list:
			from, to := cut(len(r.items))
			return &list{items: append([]value(nil), r.items[from:to]...)}, nil
		}
	}
	if loopsOverData(recv) {
		return &runtime{why: describe(recv)}, nil
	}
	return nil, f.fail(e, "this part of %s cannot be read", describe(recv))
}

// listChanges and dictChanges are the methods that change a list or a set, and a dict.
var (
	listChanges = names("append add extend update insert pop reverse sort remove clear discard")
	dictChanges = names("pop setdefault update clear popitem")
)

func (f *frame) listMethod(l *list, name string, a *arguments) (value, error) {
	if f.dataOnly != "" && listChanges[name] {
		l.open = f.dataOnly
	}
	if l.open != "" {
		return &runtime{why: l.open}, nil
	}
	switch name {
	case "append", "add":
		if len(l.items) >= maxItems {
			return nil, f.fail(a.node, "the list grows too long")
		}
		l.items = append(l.items, a.get(0, ""))
		if name == "add" {
			l.items, _ = sequence(newSet(l.items))
		}
		return nil, nil
	case "extend", "update":
		if loopsOverData(a.get(0, "")) {
			l.open = describe(a.get(0, ""))
			return nil, nil
		}
		more, err := f.iterate(a.node, a.get(0, ""))
		l.items = append(l.items, more...)
		return nil, err
	case "insert":
		if i, ok := a.get(0, "").(int64); ok && i >= 0 {
			l.items = slices.Insert(l.items, min(int(i), len(l.items)), a.get(1, ""))
			return nil, nil
		}
	case "copy":
		return &list{items: slices.Clone(l.items)}, nil
	case "pop":
		i := int64(len(l.items) - 1)
		if n, ok := a.get(0, "").(int64); ok {
			i = n
		}
		if i >= 0 && i < int64(len(l.items)) {
			v := l.items[i]
			l.items = slices.Delete(l.items, int(i), int(i)+1)
			return v, nil
		}
	case "reverse":
		slices.Reverse(l.items)
		return nil, nil
	case "sort":
		if sortValues(l.items, func(v value) value { return v }) {
			return nil, nil
		}
	case "index", "count", "remove":
		n := int64(0)
		for i, item := range l.items {
			same, _ := equal(item, a.get(0, ""))
			switch {
			case same && name == "index":
				return int64(i), nil
			case same && name == "remove":
				l.items = slices.Delete(l.items, i, i+1)
				return nil, nil
			case same:
				n++
			}
		}
		if name == "count" {
			return n, nil
		}
	case "union":
		return f.binary(a.node, "|", l, a.get(0, ""))
	case "difference":
		return f.binary(a.node, "-", l, a.get(0, ""))
	}
	if listChanges[name] {
		l.open = "the method " + name + "() of a list"
	}
	return nil, f.fail(a.node, "the method %s() of a list cannot be read", name)
}

func (f *frame) dictMethod(d *dict, name string, a *arguments) (value, error) {
	if f.dataOnly != "" && dictChanges[name] {
		d.open = f.dataOnly
	}
	if d.open != "" {
		return &runtime{why: d.open}, nil
	}
	result := &list{}
	switch name {
	case "items":
		for _, k := range d.keys {
			result.items = append(result.items, tuple{k, d.at(k)})
		}
		return result, nil
	case "keys":
		return &list{items: slices.Clone(d.keys)}, nil
	case "values":
		for _, k := range d.keys {
			result.items = append(result.items, d.at(k))
		}
		return result, nil
	case "get", "pop", "setdefault":
		if isRuntime(a.get(0, "")) {
			return a.get(0, ""), nil
		}
		v, ok := d.get(a.get(0, ""))
		if !ok && d.partial != "" {
			return &runtime{why: d.partial}, nil
		}
		if !ok {
			v = a.get(1, "default")
		}
		switch name {
		case "pop":
			d.delete(a.get(0, ""))
		case "setdefault":
			d.set(a.get(0, ""), v)
		}
		return v, nil
	case "update":
		if loopsOverData(a.get(0, "")) {
			d.open = describe(a.get(0, ""))
		} else if more, ok := a.get(0, "").(*dict); ok {
			for _, k := range more.keys {
				d.set(k, more.at(k))
			}
		}
		for _, k := range sortedKeys(a.kwargs) {
			d.set(text(k), a.kwargs[k])
		}
		return nil, nil
	case "copy":
		return f.makeDict(&arguments{args: []value{d}, node: a.node, at: a.at})
	}
	if dictChanges[name] {
		d.open = "the method " + name + "() of a dict"
	}
	return nil, f.fail(a.node, "the method %s() of a dict cannot be read", name)
}
