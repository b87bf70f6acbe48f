package alembic

import (
	"fmt"
	"math"
	"sort"
	"strconv"
	"strings"

	"github.com/headgate/headgate/internal/syntax/python"
)

// value is a value of the Python that migrations are written in: nil (None), bool, int64, float64, str, tuple, *list,
// *dict, *function, *class, *instance, *member, and of what is not in the file: ref (a name of a library), *object (what a
// library's function made of its arguments), *method, *builtin and *runtime (what only a run can tell).
type value any

type (
	// str is a string that knows the file's lines that its own lines stand on; nil where it is in no file.
	str struct {
		s     string
		lines []int
		// indent is how many runes stand before the first one on its line; copied says that the file has the string
		// letter for letter, so that columns can be told too.
		indent int
		copied bool
		// final says that a constraint's name is not subject to the naming convention (op.f).
		final bool
	}
	tuple []value
	// open is why only a run can tell what a list or a dict holds; empty where it is known.
	list struct {
		items []value
		open  string
	}
	dict struct {
		open string
		// partial says that a dict has more keys than are known, and where from.
		partial string
		keys    []value
		values  map[string]value
	}
	// ref is a dotted name of a library, "sqlalchemy.Column".
	ref string
	// object is what a library made: a call's result, or an expression of SQLAlchemy's.
	object struct {
		path   string // the function, or "." and the method's or attribute's name, or an operator
		recv   value  // what the method or the attribute belongs to
		args   []value
		kwargs map[string]value
		at     place
		final  map[string]value // attributes that were assigned
		maker  *instance        // whose object of the library's it is
	}
	method struct {
		recv value
		name string
	}
	builtin  struct{ name string }
	function struct {
		name   string
		params []*python.Param
		// defaults are the values of the parameters' defaults, by index.
		defaults map[int]value
		body     []python.Stmt
		lambda   python.Expr
		frame    *frame
		self     value // of a bound method
		owner    *class
		property bool
		static   bool
		classy   bool // a class method
		yields   bool
		// declared says that it is a declared_attr, whose class asks for its result; returns is its annotation.
		declared  bool
		cascading bool
		returns   python.Expr
	}
	class struct {
		name    string
		bases   []value
		names   map[string]value
		order   []string
		isEnum  bool
		isText  bool // an enum of strings whose text is its value
		mod     *module
		members []*member
		// def is its definition, and body where the names of its own are looked up.
		def  *python.ClassDef
		body *frame
	}
	member struct {
		class *class
		name  string
		value value
	}
	instance struct {
		class  *class
		names  map[string]value
		args   []value // what __init__ handed to the library's own
		kwargs map[string]value
		at     place
	}
	// runtime is a value that depends on the data or on the machine that a migration runs on. Of a string, known is how
	// it begins.
	runtime struct {
		why   string
		known string
	}
	// unreadable is what could not be evaluated, which matters only to those who use it.
	unreadable struct{ err error }
)

// place is where a value was made. The zero place is nowhere.
type place struct{ line, column int }

func text(s string) str { return str{s: s} }

// lineAt is the file's line of the string's line n.
func (s str) lineAt(n int) int {
	if n < len(s.lines) {
		return s.lines[n]
	}
	return 0
}

// concat joins strings, each line keeping its place.
func concat(parts ...str) str {
	if len(parts) == 1 {
		return parts[0]
	}
	var b strings.Builder
	result := str{}
	first := true
	for _, p := range parts {
		if p.s == "" {
			continue
		}
		b.WriteString(p.s)
		for i := range strings.Count(p.s, "\n") + 1 {
			n := p.lineAt(i)
			switch {
			case first:
				result.indent = p.indent
			case i == 0:
				if last := len(result.lines) - 1; result.lines[last] == 0 {
					result.lines[last] = n
				}
				continue
			}
			first = false
			result.lines = append(result.lines, n)
		}
	}
	result.s = b.String()
	return result
}

// with gives a changed string the lines of the one that it was made of.
func (s str) with(changed string) str {
	if changed == s.s {
		return s
	}
	result := str{s: changed, indent: s.indent, final: s.final}
	n := strings.Count(changed, "\n") + 1
	if cut := strings.Index(s.s, changed); cut >= 0 { // a part of it, as strip and split give it
		skip := strings.Count(s.s[:cut], "\n")
		for i := range n {
			result.lines = append(result.lines, s.lineAt(skip+i))
		}
		if skip > 0 {
			result.indent = 0
		}
		result.indent += len([]rune(s.s[strings.LastIndexByte(s.s[:cut], '\n')+1 : cut]))
		result.copied = s.copied
		return result
	}
	same := n == strings.Count(s.s, "\n")+1
	for i := range n {
		if same {
			result.lines = append(result.lines, s.lineAt(i))
		} else {
			result.lines = append(result.lines, s.lineAt(0))
		}
	}
	return result
}

func newDict() *dict { return &dict{values: map[string]value{}} }

func (d *dict) set(k, v value) bool {
	key, ok := hash(k)
	if !ok {
		return false
	}
	if _, there := d.values[key]; !there {
		d.keys = append(d.keys, k)
	}
	d.values[key] = v
	return true
}

func (d *dict) get(k value) (value, bool) {
	key, ok := hash(k)
	if !ok {
		return nil, false
	}
	v, there := d.values[key]
	return v, there
}

func (d *dict) text(name string) (value, bool) { return d.get(text(name)) }

func (d *dict) delete(k value) {
	key, _ := hash(k)
	delete(d.values, key)
	for i, have := range d.keys {
		if h, _ := hash(have); h == key {
			d.keys = append(d.keys[:i:i], d.keys[i+1:]...)
			return
		}
	}
}

func (d *dict) at(k value) value { v, _ := d.get(k); return v }

// hash is a key for equal values; false where a value cannot be a key.
func hash(v value) (string, bool) {
	switch v := v.(type) {
	case nil:
		return "n", true
	case bool:
		if v {
			return "i1", true
		}
		return "i0", true
	case int64:
		return "i" + strconv.FormatInt(v, 10), true
	case float64:
		if v == math.Trunc(v) && math.Abs(v) < 1<<53 {
			return "i" + strconv.FormatInt(int64(v), 10), true
		}
		return "f" + strconv.FormatFloat(v, 'g', -1, 64), true
	case str:
		return "s" + v.s, true
	case ref:
		return "r" + string(v), true
	case tuple:
		key := "t"
		for _, item := range v {
			h, ok := hash(item)
			if !ok {
				return "", false
			}
			key += strconv.Itoa(len(h)) + ":" + h
		}
		return key, true
	case *member:
		return fmt.Sprintf("m%p", v), true
	case *class, *function, *instance, *object, *builtin:
		return fmt.Sprintf("p%p", v), true
	}
	return "", false
}

// equal is Python's == ; known is false where a run-time value is involved.
func equal(a, b value) (same, known bool) {
	if openWhy(a) != "" || openWhy(b) != "" {
		return false, false
	}
	switch x := a.(type) {
	case *list:
		y, ok := b.(*list)
		if !ok {
			return false, true
		}
		return equalItems(x.items, y.items)
	case tuple:
		y, ok := b.(tuple)
		if !ok {
			return false, true
		}
		return equalItems(x, y)
	case *dict:
		y, ok := b.(*dict)
		if !ok || len(x.keys) != len(y.keys) {
			return false, true
		}
		for _, k := range x.keys {
			other, there := y.get(k)
			if !there {
				return false, true
			}
			if same, known := equal(x.at(k), other); !same || !known {
				return same, known
			}
		}
		return true, true
	case *member:
		if y, ok := b.(*member); ok {
			return x == y, true
		}
		if x.class.isText {
			return equal(x.value, b)
		}
		return false, true
	}
	if m, ok := b.(*member); ok && m.class.isText {
		return equal(a, m.value)
	}
	h, ok := hash(a)
	g, ok2 := hash(b)
	return ok && ok2 && h == g, true
}

func equalItems(a, b []value) (same, known bool) {
	if len(a) != len(b) {
		return false, true
	}
	for i := range a {
		if same, known := equal(a[i], b[i]); !same || !known {
			return same, known
		}
	}
	return true, true
}

func isRuntime(v value) bool { _, ok := v.(*runtime); return ok }

// truth is Python's truth of a value; known is false where only a run can tell.
func truth(v value) (is, known bool) {
	switch v := v.(type) {
	case nil:
		return false, true
	case bool:
		return v, true
	case int64:
		return v != 0, true
	case float64:
		return v != 0, true
	case str:
		return v.s != "", true
	case tuple:
		return len(v) > 0, true
	case *list:
		return len(v.items) > 0, v.open == ""
	case *dict:
		return len(v.keys) > 0, v.open == ""
	case *runtime, ref:
		return false, false
	case *object:
		return true, !strings.HasPrefix(v.path, ".") && !isOperator(v.path)
	case *unreadable:
		return false, false
	}
	return true, true
}

func isOperator(path string) bool {
	return path != "" && strings.ContainsRune("=!<>+-*/%&|~^", rune(path[0]))
}

// root is the library's call that a chain of methods and attributes begins with.
func root(v value) value {
	for {
		o, ok := v.(*object)
		if !ok || o.recv == nil {
			return v
		}
		v = o.recv
	}
}

// sortValues sorts numbers or strings; false where Python could not compare them.
func sortValues(items []value, key func(value) value) bool {
	fine := true
	sort.SliceStable(items, func(i, j int) bool {
		c, ok := compare(key(items[i]), key(items[j]))
		fine = fine && ok
		return c < 0
	})
	return fine
}

// compare orders two numbers, two strings or two sequences.
func compare(a, b value) (int, bool) {
	switch x := a.(type) {
	case str:
		y, ok := b.(str)
		return strings.Compare(x.s, y.s), ok
	case tuple:
		y, ok := b.(tuple)
		if !ok {
			return 0, false
		}
		for i := range min(len(x), len(y)) {
			if c, ok := compare(x[i], y[i]); c != 0 || !ok {
				return c, ok
			}
		}
		return len(x) - len(y), true
	}
	x, ok := number(a)
	y, ok2 := number(b)
	switch {
	case !ok || !ok2:
		return 0, false
	case x < y:
		return -1, true
	case x > y:
		return 1, true
	}
	return 0, true
}

func number(v value) (float64, bool) {
	switch v := v.(type) {
	case int64:
		return float64(v), true
	case float64:
		return v, true
	case bool:
		if v {
			return 1, true
		}
		return 0, true
	}
	return 0, false
}
