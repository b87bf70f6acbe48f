package alembic

import (
	"errors"
	"fmt"

	"github.com/headgate/headgate/internal/migration"
	"github.com/headgate/headgate/internal/syntax/python"
)

// An unknown value does no harm until it reaches the schema: a logger, a row, a setting. So what cannot be evaluated in
// a module of the application, or where nothing may change the schema anyway, becomes a *runtime and the rest goes on.
// What was changed by a part that may or may not have run becomes unknown too.

// lasting is an error that no unknown value may stand for: of a change of the schema, or of a limit.
type lasting struct{ error }

func (e lasting) Unwrap() error { return e.error }

// last marks an error as lasting.
func last(err error) error {
	if err == nil || errors.As(err, new(lasting)) {
		return err
	}
	return lasting{err}
}

// lenient tells that what cannot be evaluated here becomes unknown.
func (f *frame) lenient() bool { return !f.mod.migration || f.dataOnly != "" }

// unknown is the value that an error leaves; false where the error has to stop the migration.
func (f *frame) unknown(err error) (value, bool) {
	if !f.lenient() || errors.As(err, new(lasting)) {
		return nil, false
	}
	return &runtime{why: reason(err)}, true
}

// reason is an error as part of another message.
func reason(err error) string {
	var e *migration.Error
	if !errors.As(err, &e) {
		return err.Error()
	}
	return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Problem)
}

// assigned are the names that a part binds, at any depth but that of functions and classes of its own.
func assigned(body []python.Stmt) []string {
	var found []string
	for _, s := range body {
		python.Inspect(s, func(n python.Node) bool {
			switch n := n.(type) {
			case *python.FunctionDef, *python.ClassDef, *python.Lambda, *python.Comprehension:
				return false
			case *python.AugAssign:
				found = append(found, targets(n.Target)...)
			case *python.For:
				found = append(found, targets(n.Target)...)
			case *python.NamedExpr:
				found = append(found, n.Target.Name)
			case *python.With:
				for _, item := range n.Items {
					if item.Target != nil {
						found = append(found, targets(item.Target)...)
					}
				}
			case *python.Assign, *python.AnnAssign:
				if s, ok := n.(python.Stmt); ok {
					found = append(found, boundNames(s)...)
				}
			}
			return true
		})
	}
	return found
}

// targets are the names that an assignment to an expression binds.
func targets(e python.Expr) []string {
	var found []string
	python.Inspect(e, func(n python.Node) bool {
		if name, ok := n.(*python.Name); ok {
			found = append(found, name.Name)
		}
		_, isAttribute := n.(*python.Attribute)
		_, isItem := n.(*python.Subscript)
		return !isAttribute && !isItem
	})
	return found
}

// forget makes unknown what a part may have bound: it may have run, or not, or, where it is a loop, several times. A
// name that was not bound before has no other value than the part's.
func (f *frame) forget(why string, body []python.Stmt, before map[string]value, loop bool) {
	for _, name := range assigned(body) {
		now, bound := f.names[name]
		was, there := before[name]
		if !bound || !there && !loop {
			continue
		}
		if same, known := equal(was, now); there && same && known {
			continue
		}
		known := beginning(now)
		if there {
			known = commonPrefix(known, beginning(was))
		}
		f.names[name] = &runtime{why: why, known: known}
	}
}

// beginning is how a string begins, as far as that is known.
func beginning(v value) string {
	switch v := v.(type) {
	case str:
		return v.s
	case *runtime:
		return v.known
	}
	return ""
}

func commonPrefix(a, b string) string {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return a[:n]
}

// blur notes that a list or a dict was changed where it is open whether that happens.
func (f *frame) blur(v value) {
	switch v := v.(type) {
	case *list:
		v.open = f.dataOnly
	case *dict:
		v.open = f.dataOnly
	}
}

// openWhy is why the items of a value are not known; empty where they are.
func openWhy(v value) string {
	switch v := v.(type) {
	case *list:
		return v.open
	case *dict:
		return v.open
	case *runtime:
		return v.why
	}
	return ""
}
