package golang

import (
	"go/ast"
	"go/token"
	"strings"

	"github.com/headgate/headgate/internal/reference/fold"
)

// call reads a call: the functions that put texts together are run, those that hand a text to a database are noted.
func (r *reader) call(e *ast.CallExpr, operand bool) fold.Value {
	on, name := callee(e)
	if on != nil {
		if pkg, ok := on.(*ast.Ident); ok && r.Local(pkg.Name) == nil {
			if v, done := r.libraryCall(pkg.Name, name, e, operand); done {
				return v
			}
		} else if ok {
			if v, done := r.builderCall(r.Local(pkg.Name), name, e); done {
				return v
			}
		}
		r.expr(on, false)
	} else {
		switch {
		case name == "string" && len(e.Args) == 1:
			if v := r.expr(e.Args[0], operand); !v.Number {
				return v
			}
			return fold.Value{}
		case name == "append" && len(e.Args) > 0:
			return r.appendCall(e)
		case name == "new" && len(e.Args) == 1:
			return r.newBuilder(e.Args[0])
		case isMessage("", name):
			r.message(e)
			return fold.Value{}
		case name == "":
			r.expr(e.Fun, false)
		}
	}
	return r.otherCall(e, on, name)
}

// libraryCall runs the functions of the standard library that work on texts.
func (r *reader) libraryCall(pkg, name string, e *ast.CallExpr, operand bool) (fold.Value, bool) {
	if isMessage(pkg, name) {
		r.message(e)
		return fold.Value{}, true
	}
	switch pkg + "." + name {
	case "fmt.Sprintf":
		v := r.sprintf(e.Args, e, e.Ellipsis != token.NoPos)
		if !operand {
			r.record(v, e)
		}
		return v, true
	case "fmt.Fprintf":
		if len(e.Args) < 2 {
			return fold.Value{}, false
		}
		if b := r.builder(e.Args[0]); b != nil {
			r.write(b, r.sprintf(e.Args[1:], e, e.Ellipsis != token.NoPos), e)
			return fold.Value{}, true
		}
	case "strings.Join":
		if len(e.Args) == 2 {
			v := r.joinCall(e)
			if !operand {
				r.record(v, e)
			}
			return v, true
		}
	}
	return fold.Value{}, false
}

// message reads a call whose literals are for people: they are not SQL, but a function literal among the arguments may hold some.
func (r *reader) message(e *ast.CallExpr) {
	for _, arg := range e.Args {
		if lit, ok := arg.(*ast.BasicLit); !ok || lit.Kind != token.STRING {
			r.Mute(func() { r.expr(arg, true) })
		}
	}
}

// joinCall is strings.Join of a list that is known.
func (r *reader) joinCall(e *ast.CallExpr) fold.Value {
	list := r.expr(e.Args[0], true)
	separator := r.OrHole(r.expr(e.Args[1], true), r.place(e.Args[1]), "strings.Join puts %s in")
	return r.JoinItems(list, separator, r.place(e.Args[0]), "strings.Join puts parts of %s in")
}

func (r *reader) appendCall(e *ast.CallExpr) fold.Value {
	list := r.expr(e.Args[0], true)
	var added []fold.Value
	for _, arg := range e.Args[1:] {
		added = append(added, r.expr(arg, false))
	}
	if list.Items == nil || e.Ellipsis != token.NoPos || len(list.Items)+len(added) > fold.MostPieces {
		return fold.Value{}
	}
	return fold.Value{Items: append(append([]fold.Value{}, list.Items...), added...)}
}

// builder is the variable of a strings.Builder that e stands for, or its address.
func (r *reader) builder(e ast.Expr) *fold.Variable {
	if u, ok := e.(*ast.UnaryExpr); ok && u.Op == token.AND {
		e = u.X
	}
	if name, ok := e.(*ast.Ident); ok {
		if v := r.Local(name.Name); v != nil && v.Value.Builder {
			return v
		}
	}
	return nil
}

// builderCall runs the methods of a strings.Builder or bytes.Buffer.
func (r *reader) builderCall(b *fold.Variable, name string, e *ast.CallExpr) (fold.Value, bool) {
	if b == nil || !b.Value.Builder {
		return fold.Value{}, false
	}
	switch name {
	case "WriteString", "WriteByte", "WriteRune", "Write":
		if len(e.Args) != 1 {
			return fold.Value{}, false
		}
		r.write(b, r.expr(e.Args[0], true), e.Args[0])
	case "String":
		v := b.Value
		v.Builder = false
		r.Use(v)
		return v, true
	case "Reset":
		v := fold.Empty()
		v.Builder = true
		r.Set(b, v)
	case "Len", "Grow", "Cap":
	default:
		return fold.Value{}, false
	}
	return fold.Value{}, true
}

func (r *reader) write(b *fold.Variable, added fold.Value, at ast.Expr) {
	if !b.Value.Known() {
		r.record(added, at)
		return
	}
	r.Set(b, r.Add(b.Value, added, r.place(at), r.place(at), "the value of %s is written"))
}

// otherCall reads the arguments, and sees whether one of them is the text of a database call.
func (r *reader) otherCall(e *ast.CallExpr, on ast.Expr, name string) fold.Value {
	values := make([]fold.Value, len(e.Args))
	for i, arg := range e.Args {
		values[i] = r.expr(arg, false)
	}
	if on == nil && name != "In" && name != "Named" {
		r.give(name, false, values)
		return fold.Value{}
	}
	if name == "ToSql" && len(e.Args) == 0 && r.imports(squirrel) {
		r.Unknown(r.place(e), "built at run time by squirrel")
		return fold.Value{}
	}
	for _, i := range passesThrough[name] {
		if i < len(values) && (values[i].Parameter != nil || values[i].IsText()) {
			v := values[i]
			v.Items, v.Builder = nil, false
			return v
		}
	}
	positions, known := databaseCalls[name]
	if !known {
		r.give(name, true, values)
		return fold.Value{}
	}
	for _, i := range positions {
		if i < len(values) && values[i].Parameter != nil {
			r.Wrap(*values[i].Parameter, r.place(e.Args[i]), unmistakable[name] && r.src.database)
			return fold.Value{}
		}
		if i < len(values) && values[i].IsText() {
			if r.looksLikeText(name, i, e, values) {
				r.HandOver(values[i], 0)
			}
			return fold.Value{}
		}
	}
	if unmistakable[name] && r.src.database {
		r.unknownText(positions, e)
	}
	return fold.Value{}
}

// looksLikeText tells whether the text of a call is a statement. pgx's Prepare has a name before it: Prepare(ctx, name, sql).
func (r *reader) looksLikeText(name string, i int, e *ast.CallExpr, values []fold.Value) bool {
	if name == "Prepare" && i == 1 && len(values) > 2 && values[2].HasText() {
		r.HandOver(values[2], 0)
		return false
	}
	return e != nil
}

// unknownText counts a database call whose text is not in sight: it comes in as a parameter or is
// put together elsewhere.
func (r *reader) unknownText(positions []int, e *ast.CallExpr) {
	i := positions[0]
	if len(positions) > 1 && len(e.Args) > 0 && isContext(e.Args[0]) {
		i = positions[1]
	}
	if i >= len(e.Args) {
		return
	}
	switch e.Args[i].(type) {
	case *ast.Ident, *ast.SelectorExpr, *ast.CallExpr, *ast.IndexExpr, *ast.BinaryExpr:
		at := r.place(e.Args[i])
		r.Unknown(at, "built at run time: the text is in "+at.Excerpt())
	}
}

// isContext tells whether an argument is a context, by the names that Go code gives to one.
func isContext(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.Ident:
		return strings.HasSuffix(strings.ToLower(e.Name), "ctx") || strings.HasSuffix(strings.ToLower(e.Name), "context")
	case *ast.SelectorExpr:
		return isContext(e.Sel)
	case *ast.CallExpr:
		_, name := callee(e)
		return name == "Context" || name == "Background" || name == "TODO" || name == "WithoutCancel"
	}
	return false
}

func (r *reader) imports(path string) bool {
	for _, to := range r.src.imports {
		if to == path {
			return true
		}
	}
	return false
}
