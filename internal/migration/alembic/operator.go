package alembic

import (
	"math"
	"strings"

	"github.com/headgate/headgate/internal/syntax/python"
)

func (f *frame) evalUnary(e *python.UnaryOp) (value, error) {
	v, err := f.eval(e.Operand)
	if err != nil {
		return nil, err
	}
	switch n := v.(type) {
	case *runtime:
		return n, nil
	case int64:
		if e.Op == "-" {
			return -n, nil
		}
	case float64:
		if e.Op == "-" {
			return -n, nil
		}
	case *object, ref:
		if e.Op != "not" {
			return &object{path: e.Op, args: []value{v}, at: f.place(e)}, nil
		}
	}
	switch e.Op {
	case "not":
		is, known := truth(v)
		if !known {
			return &runtime{why: describe(v)}, nil
		}
		return !is, nil
	case "+":
		return v, nil
	}
	return nil, f.fail(e, "%s%s cannot be read", e.Op, describe(v))
}

func (f *frame) evalBool(e *python.BoolOp) (value, error) {
	var unknown *runtime
	var last value
	for _, operand := range e.Values {
		v, err := f.eval(operand)
		if err != nil {
			return nil, err
		}
		is, known := truth(v)
		if !known {
			unknown = &runtime{why: describe(v)}
			continue
		}
		if is == (e.Op == "or") {
			return v, nil // it decides, whatever the unknown ones are, as far as truth goes
		}
		last = v
	}
	if unknown != nil {
		return unknown, nil
	}
	return last, nil
}

func (f *frame) evalIfExp(e *python.IfExp) (value, error) {
	test, err := f.eval(e.Test)
	if err != nil {
		return nil, err
	}
	is, known := truth(test)
	switch {
	case !known:
		return &runtime{why: describe(test)}, nil
	case is:
		return f.eval(e.Body)
	}
	return f.eval(e.Else)
}

func (f *frame) evalBinary(e *python.BinaryOp) (value, error) {
	left, err := f.eval(e.Left)
	if err != nil {
		return nil, err
	}
	right, err := f.eval(e.Right)
	if err != nil {
		return nil, err
	}
	return f.binary(e, e.Op, left, right)
}

func (f *frame) binary(n python.Node, op string, left, right value) (value, error) {
	if s, ok := left.(str); ok && op == "%" {
		return f.percent(n, s, right)
	}
	if r, ok := left.(*runtime); ok {
		return r, nil
	}
	if r, ok := right.(*runtime); ok {
		known := ""
		if s, ok := left.(str); ok {
			known = s.s
		}
		return &runtime{why: r.why, known: known}, nil
	}
	if isExpression(left) || isExpression(right) {
		return &object{path: op, args: []value{left, right}, at: f.place(n)}, nil
	}
	switch l := left.(type) {
	case str:
		if r, ok := right.(str); ok && op == "+" && len(l.s)+len(r.s) < maxString {
			joined := concat(l, r)
			joined.copied = false
			return joined, nil
		}
		if r, ok := right.(int64); ok && op == "*" && r >= 0 && int64(len(l.s))*r < maxString {
			return text(strings.Repeat(l.s, int(r))), nil
		}
	case tuple:
		if r, ok := right.(tuple); ok && op == "+" {
			return append(l[:len(l):len(l)], r...), nil
		}
	case *list:
		if r, ok := right.(*list); ok && len(l.items)+len(r.items) < maxItems {
			switch op {
			case "+":
				return &list{items: append(l.items[:len(l.items):len(l.items)], r.items...)}, nil
			case "|":
				return newSet(append(l.items[:len(l.items):len(l.items)], r.items...)), nil
			case "-", "&":
				return setOperation(l.items, r.items, op == "&"), nil
			}
		}
	case *dict:
		if r, ok := right.(*dict); ok && op == "|" {
			merged := newDict()
			for _, d := range []*dict{l, r} {
				for _, k := range d.keys {
					merged.set(k, d.at(k))
				}
			}
			return merged, nil
		}
	}
	if v, ok := arithmetic(op, left, right); ok {
		return v, nil
	}
	return nil, f.fail(n, "%s %s %s cannot be read", describe(left), op, describe(right))
}

func setOperation(a, b []value, both bool) value {
	var kept []value
	for _, item := range a {
		found := false
		for _, other := range b {
			same, _ := equal(item, other)
			found = found || same
		}
		if found == both {
			kept = append(kept, item)
		}
	}
	return newSet(kept)
}

// arithmetic computes with numbers; false where an operand is none or the result would not be exact.
func arithmetic(op string, left, right value) (value, bool) {
	a, aInt := left.(int64)
	b, bInt := right.(int64)
	if aInt && bInt {
		const big = 1 << 31
		if a > big || a < -big || b > big || b < -big {
			return nil, false
		}
		switch op {
		case "+":
			return a + b, true
		case "-":
			return a - b, true
		case "*":
			return a * b, true
		case "//", "%":
			if b == 0 {
				return nil, false
			}
			q := int64(math.Floor(float64(a) / float64(b)))
			if op == "%" {
				return a - q*b, true
			}
			return q, true
		case "**":
			if p := math.Pow(float64(a), float64(b)); b >= 0 && p < 1<<53 {
				return int64(p), true
			}
			return nil, false
		case "|":
			return a | b, true
		case "&":
			return a & b, true
		}
	}
	x, ok := number(left)
	y, ok2 := number(right)
	if !ok || !ok2 {
		return nil, false
	}
	switch op {
	case "+":
		return x + y, true
	case "-":
		return x - y, true
	case "*":
		return x * y, true
	case "/":
		return x / y, y != 0
	}
	return nil, false
}

// isExpression tells what SQLAlchemy's operators make an SQL expression of.
func isExpression(v value) bool {
	switch v.(type) {
	case *object, ref:
		return true
	}
	return false
}

func (f *frame) evalCompare(e *python.Compare) (value, error) {
	left, err := f.eval(e.Left)
	if err != nil {
		return nil, err
	}
	var result value = true
	for i, op := range e.Ops {
		right, err := f.eval(e.Comparators[i])
		if err != nil {
			return nil, err
		}
		result, err = f.compare(e, op, left, right)
		if err != nil {
			return nil, err
		}
		if is, known := truth(result); known && !is {
			return result, nil
		}
		left = right
	}
	return result, nil
}

func (f *frame) compare(n python.Node, op string, left, right value) (value, error) {
	switch op {
	case "is", "is not":
		same := left == nil && right == nil
		switch {
		case isRuntime(left) || isRuntime(right):
			return &runtime{why: describe(left)}, nil
		case left != nil && right != nil:
			same, _ = equal(left, right)
		}
		return same == (op == "is"), nil
	case "in", "not in":
		found, known, err := f.contains(n, right, left)
		if err != nil || !known {
			return &runtime{why: describe(right)}, err
		}
		return found == (op == "in"), nil
	}
	if isExpression(left) || isExpression(right) {
		if _, isRef := left.(ref); isRef && (op == "==" || op == "!=") {
			same, _ := equal(left, right)
			return same == (op == "=="), nil
		}
		return &object{path: op, args: []value{left, right}, at: f.place(n)}, nil
	}
	if op == "==" || op == "!=" {
		same, known := equal(left, right)
		if !known {
			return &runtime{why: describe(left)}, nil
		}
		return same == (op == "=="), nil
	}
	if isRuntime(left) || isRuntime(right) {
		return &runtime{why: describe(left)}, nil
	}
	c, ok := compare(left, right)
	if !ok {
		return nil, f.fail(n, "%s %s %s cannot be read", describe(left), op, describe(right))
	}
	switch op {
	case "<":
		return c < 0, nil
	case ">":
		return c > 0, nil
	case "<=":
		return c <= 0, nil
	}
	return c >= 0, nil
}

// contains is Python's in.
func (f *frame) contains(n python.Node, container, item value) (found, known bool, err error) {
	if isRuntime(item) {
		return false, false, nil
	}
	switch c := container.(type) {
	case *runtime:
		return false, false, nil
	case str:
		s, ok := item.(str)
		return ok && strings.Contains(c.s, s.s), true, nil
	case *dict:
		_, there := c.get(item)
		return there, true, nil
	}
	items, err := f.iterate(n, container)
	if err != nil {
		return false, false, err
	}
	known = true
	for _, have := range items {
		same, sure := equal(have, item)
		if same {
			return true, true, nil
		}
		known = known && sure
	}
	return false, known, nil
}
