package alembic

import (
	"slices"
	"strconv"
	"strings"

	"github.com/headgate/headgate/internal/syntax/python"
)

// builtins are the functions and types of Python that can be called.
var builtins = names("len range enumerate zip list tuple set frozenset dict sorted str int float bool print isinstance " +
	"issubclass getattr hasattr setattr any all min max sum map filter reversed repr super type abs object property staticmethod classmethod " +
	"open next iter Exception ValueError RuntimeError NotImplementedError KeyError TypeError AttributeError bytes round vars globals locals id " +
	"__file__ __name__ NotImplemented")

func names(list string) map[string]bool {
	set := map[string]bool{}
	for name := range strings.FieldsSeq(list) {
		set[name] = true
	}
	return set
}

// iterate lists the items of a value.
func (f *frame) iterate(n python.Node, v value) ([]value, error) {
	if why := openWhy(v); why != "" {
		return nil, f.fail(n, "the items of %s cannot be read", describe(v))
	}
	switch v := v.(type) {
	case tuple:
		return v, nil
	case *list:
		return v.items, nil
	case *dict:
		return v.keys, nil
	case *answer:
		return v.rows, nil
	case str:
		var items []value
		for _, r := range v.s {
			items = append(items, text(string(r)))
		}
		return items, nil
	case *class:
		if v.isEnum {
			items := make([]value, len(v.members))
			for i, m := range v.members {
				items[i] = m
			}
			return items, nil
		}
	case ref:
		if found, ok := f.resolve(v); ok {
			return f.iterate(n, found)
		}
	}
	return nil, f.fail(n, "the items of %s cannot be read", describe(v))
}

func (f *frame) callBuiltin(name string, a *arguments) (value, error) {
	for _, arg := range a.args {
		if why := openWhy(arg); why != "" && name != "print" && name != "getattr" && name != "hasattr" && name != "isinstance" {
			return &runtime{why: why}, nil
		}
		if o, ok := arg.(*object); ok && slices.Contains([]string{"len", "list", "set", "tuple", "sorted", "dict", "int", "any", "all", "next", "iter", "min", "max", "sum", "map", "filter", "zip", "enumerate"}, name) {
			return &runtime{why: describe(o)}, nil
		}
	}
	switch name {
	case "len":
		if s, ok := a.get(0, "").(str); ok {
			return int64(len([]rune(s.s))), nil
		}
		items, err := f.iterate(a.node, a.get(0, ""))
		return int64(len(items)), err
	case "range":
		return f.rangeOf(a)
	case "list", "tuple", "set", "frozenset", "reversed", "sorted", "sum", "min", "max", "any", "all", "enumerate", "iter":
		return f.callSequence(name, a)
	case "zip":
		return f.zip(a)
	case "map", "filter":
		return f.mapOrFilter(name, a)
	case "dict":
		return f.makeDict(a)
	case "str", "repr":
		if len(a.args) == 0 {
			return text(""), nil
		}
		if t, ok := a.args[0].(*columnType); ok {
			return t.text(), nil
		}
		if name == "repr" {
			return text(repr(a.args[0])), nil
		}
		if s, ok := format(a.args[0], ""); ok {
			return s, nil
		}
	case "int":
		if s, ok := a.get(0, "").(str); ok {
			if n, err := strconv.ParseInt(strings.TrimSpace(s.s), 10, 64); err == nil {
				return n, nil
			}
		}
		if n, ok := number(a.get(0, "")); ok {
			return int64(n), nil
		}
	case "float":
		if n, ok := number(a.get(0, "")); ok {
			return n, nil
		}
	case "bool":
		is, known := truth(a.get(0, ""))
		if known {
			return is, nil
		}
		return &runtime{why: describe(a.get(0, ""))}, nil
	case "print", "setattr", "property":
		return nil, nil
	case "getattr":
		return f.getattr(a)
	case "hasattr":
		if len(a.args) == 2 {
			name, _ := a.args[1].(str)
			_, err := f.attribute(a.node, a.args[0], name.s)
			return err == nil, nil
		}
	case "isinstance":
		return f.isinstance(a), nil
	case "abs":
		if n, ok := a.get(0, "").(int64); ok {
			return max(n, -n), nil
		}
	case "object":
		return &object{path: "object", args: []value{}, at: a.at}, nil
	}
	return &runtime{why: name + "()"}, nil
}

func (f *frame) getattr(a *arguments) (value, error) {
	name, ok := a.get(1, "").(str)
	if !ok {
		return nil, f.fail(a.node, "getattr() of %s cannot be read", describe(a.get(1, "")))
	}
	v, err := f.attribute(a.node, a.args[0], name.s)
	if err != nil && len(a.args) == 3 {
		return a.args[2], nil
	}
	return v, err
}

func (f *frame) isinstance(a *arguments) value {
	kinds, ok := a.get(1, "").(tuple)
	if !ok {
		kinds = tuple{a.get(1, "")}
	}
	for _, k := range kinds {
		b, ok := k.(*builtin)
		if !ok {
			return &runtime{why: "isinstance() of " + describe(k)}
		}
		is := false
		switch a.get(0, "").(type) {
		case str:
			is = b.name == "str"
		case *list:
			is = b.name == "list"
		case tuple:
			is = b.name == "tuple"
		case *dict:
			is = b.name == "dict"
		case bool:
			is = b.name == "bool" || b.name == "int"
		case int64:
			is = b.name == "int"
		case *runtime, *object, *columnType:
			return &runtime{why: "isinstance()"}
		}
		if is {
			return true
		}
	}
	return false
}

func (f *frame) rangeOf(a *arguments) (value, error) {
	bounds := []int64{0, 0, 1}
	for i, arg := range a.args {
		n, ok := arg.(int64)
		if !ok || i > 2 {
			return nil, f.fail(a.node, "range() of %s cannot be read", describe(arg))
		}
		bounds[i] = n
	}
	if len(a.args) == 1 {
		bounds[0], bounds[1] = 0, bounds[0]
	}
	if bounds[2] == 0 || (bounds[1]-bounds[0])/bounds[2] > maxItems {
		return nil, f.fail(a.node, "the range is too long")
	}
	var items []value
	for n := bounds[0]; bounds[2] > 0 && n < bounds[1] || bounds[2] < 0 && n > bounds[1]; n += bounds[2] {
		items = append(items, n)
	}
	return &list{items: items}, nil
}

func (f *frame) callSequence(name string, a *arguments) (value, error) {
	var items []value
	if len(a.args) > 0 {
		var err error
		source := a.args[0]
		if len(a.args) > 1 && (name == "min" || name == "max") {
			source = &list{items: a.args}
		}
		if items, err = f.iterate(a.node, source); err != nil {
			return nil, err
		}
	}
	items = slices.Clone(items)
	switch name {
	case "tuple":
		return tuple(items), nil
	case "set", "frozenset":
		return newSet(items), nil
	case "reversed":
		slices.Reverse(items)
	case "sorted", "min", "max":
		var failed error
		key := func(v value) value { return v }
		if fn := a.kwargs["key"]; fn != nil {
			key = func(v value) value {
				k, err := f.call(fn, &arguments{args: []value{v}, node: a.node, at: a.at})
				if err != nil {
					failed = err
				}
				return k
			}
		}
		if !sortValues(items, key) || failed != nil {
			return nil, f.fail(a.node, "%s() cannot compare the items", name)
		}
		if is, _ := truth(a.kwargs["reverse"]); is {
			slices.Reverse(items)
		}
		if name != "sorted" {
			if len(items) == 0 {
				return &runtime{why: name + "() of nothing"}, nil
			}
			if name == "min" {
				return items[0], nil
			}
			return items[len(items)-1], nil
		}
	case "enumerate":
		start, _ := a.get(1, "start").(int64)
		for i := range items {
			items[i] = tuple{start + int64(i), items[i]}
		}
	case "any", "all":
		for _, item := range items {
			is, known := truth(item)
			if !known {
				return &runtime{why: describe(item)}, nil
			}
			if is == (name == "any") {
				return is, nil
			}
		}
		return name == "all", nil
	case "sum":
		var total value = int64(0)
		for _, item := range items {
			sum, ok := arithmetic("+", total, item)
			if !ok {
				return &runtime{why: "sum()"}, nil
			}
			total = sum
		}
		return total, nil
	}
	return &list{items: items}, nil
}

func (f *frame) zip(a *arguments) (value, error) {
	var columns [][]value
	shortest := maxItems
	for _, arg := range a.args {
		items, err := f.iterate(a.node, arg)
		if err != nil {
			return nil, err
		}
		columns = append(columns, items)
		shortest = min(shortest, len(items))
	}
	result := &list{}
	for i := 0; i < shortest && len(columns) > 0; i++ {
		row := tuple{}
		for _, c := range columns {
			row = append(row, c[i])
		}
		result.items = append(result.items, row)
	}
	return result, nil
}

func (f *frame) mapOrFilter(name string, a *arguments) (value, error) {
	if len(a.args) != 2 {
		return nil, f.fail(a.node, "%s() with these arguments cannot be read", name)
	}
	items, err := f.iterate(a.node, a.args[1])
	if err != nil {
		return nil, err
	}
	result := &list{}
	for _, item := range items {
		v := item
		if a.args[0] != nil {
			if v, err = f.call(a.args[0], &arguments{args: []value{item}, node: a.node, at: a.at}); err != nil {
				return nil, err
			}
		}
		if name == "map" {
			result.items = append(result.items, v)
			continue
		}
		is, known := truth(v)
		if !known {
			return &runtime{why: describe(v)}, nil
		}
		if is {
			result.items = append(result.items, item)
		}
	}
	return result, nil
}

func (f *frame) makeDict(a *arguments) (value, error) {
	d := newDict()
	if len(a.args) > 0 {
		if source, ok := a.args[0].(*dict); ok {
			for _, k := range source.keys {
				d.set(k, source.at(k))
			}
		} else {
			pairs, err := f.iterate(a.node, a.args[0])
			if err != nil {
				return nil, err
			}
			for _, p := range pairs {
				pair, ok := sequence(p)
				if !ok || len(pair) != 2 {
					return nil, f.fail(a.node, "dict() of this cannot be read")
				}
				d.set(pair[0], pair[1])
			}
		}
	}
	for _, k := range sortedKeys(a.kwargs) {
		d.set(text(k), a.kwargs[k])
	}
	return d, nil
}

func sortedKeys(m map[string]value) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
