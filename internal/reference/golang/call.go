package golang

import (
	"fmt"
	"go/ast"
	"go/token"
	"strings"

	"github.com/headgate/headgate/internal/reference"
)

// orHole is v, or a hole where nothing is known of it. The reason has one %s, for what the code puts in.
func (r *reader) orHole(v value, e ast.Expr, reason string) value {
	if v.known() {
		return v
	}
	return r.id.hole(r.src, e, "built at run time: "+fmt.Sprintf(reason, r.src.excerpt(e)))
}

// call reads a call: the functions that put texts together are run, those that hand a text to a database are noted.
func (r *reader) call(e *ast.CallExpr, operand bool) value {
	on, name := callee(e)
	if on != nil {
		if pkg, ok := on.(*ast.Ident); ok && r.local(pkg.Name) == nil {
			if v, done := r.libraryCall(pkg.Name, name, e, operand); done {
				return v
			}
		} else if ok {
			if v, done := r.builderCall(r.local(pkg.Name), name, e); done {
				return v
			}
		}
		r.expr(on, false)
	} else {
		switch {
		case name == "string" && len(e.Args) == 1:
			if v := r.expr(e.Args[0], operand); v.number == nil {
				return v
			}
			return value{}
		case name == "append" && len(e.Args) > 0:
			return r.appendCall(e)
		case name == "new" && len(e.Args) == 1:
			return r.newBuilder(e.Args[0])
		case isMessage("", name):
			r.message(e)
			return value{}
		case name == "":
			r.expr(e.Fun, false)
		}
	}
	return r.otherCall(e, on, name)
}

// libraryCall runs the functions of the standard library that work on texts.
func (r *reader) libraryCall(pkg, name string, e *ast.CallExpr, operand bool) (value, bool) {
	if isMessage(pkg, name) {
		r.message(e)
		return value{}, true
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
			return value{}, false
		}
		if b := r.builder(e.Args[0]); b != nil {
			r.write(b, r.sprintf(e.Args[1:], e, e.Ellipsis != token.NoPos), e)
			return value{}, true
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
	return value{}, false
}

// message reads a call whose literals are for people: they are not SQL, but a function literal among the arguments may hold some.
func (r *reader) message(e *ast.CallExpr) {
	for _, arg := range e.Args {
		if _, ok := isString(arg); !ok {
			r.mute++
			r.expr(arg, true)
			r.mute--
		}
	}
}

// joinCall is strings.Join of a list that is known.
func (r *reader) joinCall(e *ast.CallExpr) value {
	list := r.expr(e.Args[0], true)
	separator := r.expr(e.Args[1], true)
	if list.items == nil {
		return value{}
	}
	out := r.id.empty()
	for i, item := range list.items {
		if i > 0 {
			out = r.id.concat(out, r.orHole(separator, e.Args[1], "strings.Join puts %s in"))
		}
		r.absorb(item)
		out = r.id.concat(out, r.orHole(item, e.Args[0], "strings.Join puts parts of %s in"))
	}
	return out
}

func (r *reader) appendCall(e *ast.CallExpr) value {
	list := r.expr(e.Args[0], true)
	var added []value
	for _, arg := range e.Args[1:] {
		added = append(added, r.expr(arg, false))
	}
	if list.items == nil || e.Ellipsis != token.NoPos || len(list.items)+len(added) > mostPieces {
		return value{}
	}
	return value{items: append(append([]value{}, list.items...), added...)}
}

// builder is the variable of a strings.Builder that e stands for, or its address.
func (r *reader) builder(e ast.Expr) *variable {
	if u, ok := e.(*ast.UnaryExpr); ok && u.Op == token.AND {
		e = u.X
	}
	if name, ok := e.(*ast.Ident); ok {
		if v := r.local(name.Name); v != nil && v.value.builder {
			return v
		}
	}
	return nil
}

// builderCall runs the methods of a strings.Builder or bytes.Buffer.
func (r *reader) builderCall(b *variable, name string, e *ast.CallExpr) (value, bool) {
	if b == nil || !b.value.builder {
		return value{}, false
	}
	switch name {
	case "WriteString", "WriteByte", "WriteRune", "Write":
		if len(e.Args) != 1 {
			return value{}, false
		}
		r.write(b, r.expr(e.Args[0], true), e.Args[0])
	case "String":
		v := b.value
		v.builder = false
		r.use(v)
		return v, true
	case "Reset":
		v := r.id.empty()
		v.builder = true
		r.set(b, v)
	case "Len", "Grow", "Cap":
	default:
		return value{}, false
	}
	return value{}, true
}

func (r *reader) write(b *variable, added value, at ast.Expr) {
	if !b.value.known() {
		r.record(added, at)
		return
	}
	r.absorb(b.value)
	sum := r.id.concat(b.value, r.orHole(added, at, "the value of %s is written"))
	r.record(sum, at)
	r.set(b, sum)
}

// otherCall reads the arguments, and sees whether one of them is the text of a database call.
func (r *reader) otherCall(e *ast.CallExpr, on ast.Expr, name string) value {
	values := make([]value, len(e.Args))
	for i, arg := range e.Args {
		values[i] = r.expr(arg, false)
	}
	if on == nil && name != "In" && name != "Named" {
		r.give(name, false, values)
		return value{}
	}
	if name == "ToSql" && len(e.Args) == 0 && r.imports(squirrel) {
		r.unknown(e, "built at run time by squirrel")
		return value{}
	}
	for _, i := range passesThrough[name] {
		if i < len(values) && (values[i].parameter != nil || values[i].hasText() && values[i].number == nil) {
			v := values[i]
			v.items, v.builder = nil, false
			return v
		}
	}
	positions, known := databaseCalls[name]
	if !known {
		r.give(name, true, values)
		return value{}
	}
	for _, i := range positions {
		if i < len(values) && values[i].parameter != nil && r.mute == 0 {
			r.wrap(*values[i].parameter, e.Args[i], name)
			return value{}
		}
		if i < len(values) && values[i].hasText() && values[i].number == nil {
			if r.looksLikeText(name, i, e, values) {
				r.handOver(values[i])
			}
			return value{}
		}
	}
	if unmistakable[name] && r.src.database {
		r.unknownText(positions, e)
	}
	return value{}
}

// looksLikeText tells whether the text of a call is a statement. pgx's Prepare has a name before it: Prepare(ctx, name, sql).
func (r *reader) looksLikeText(name string, i int, e *ast.CallExpr, values []value) bool {
	if name == "Prepare" && i == 1 && len(values) > 2 && values[2].hasText() {
		r.handOver(values[2])
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
		r.unknown(e.Args[i], "built at run time: the text is in "+r.src.excerpt(e.Args[i]))
	}
}

// wrap notes that a parameter of the function that is being read goes to a database.
func (r *reader) wrap(p parameter, arg ast.Expr, name string) {
	r.marks.wrappers.Known[p] = true
	if unmistakable[name] && r.src.database {
		r.unknown(arg, "built at run time: the text is parameter "+r.src.excerpt(arg)+" of "+p.function+
			"; what its callers write out is checked where they do")
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

// unknown emits a reference of which nothing but its place is known.
func (r *reader) unknown(at ast.Node, reason string) {
	if r.mute > 0 {
		return
	}
	r.ready = append(r.ready, located{reference.Reference{
		Place: r.src.position(at.Pos()), Certain: true, Unchecked: reason,
	}, r.src.path})
}

func (r *reader) imports(path string) bool {
	for _, to := range r.src.imports {
		if to == path {
			return true
		}
	}
	return false
}
