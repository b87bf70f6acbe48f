package golang

import (
	"go/ast"
	"strconv"
	"strings"

	"github.com/headgate/headgate/internal/reference/fold"
)

// sprintf is fmt.Sprintf: the format's text with the arguments that are known put in, and holes for the others.
func (r *reader) sprintf(args []ast.Expr, call ast.Expr, spread bool) fold.Value {
	if len(args) == 0 {
		return fold.Value{}
	}
	format := r.expr(args[0], true)
	values := make([]fold.Value, len(args)-1)
	for i, arg := range args[1:] {
		values[i] = r.expr(arg, true)
	}
	if !format.IsText() {
		r.RecordAll(values, func(i int) fold.Place { return r.place(args[1+i]) })
		return fold.Value{}
	}
	if spread {
		values = nil // which values they are is not known
	}
	return r.Format(format, r.place(call), "%", func(f *fold.Formatter, start int) int { return verb(f, start, values) })
}

// verb puts in what the verb at the offset start stands for (package fmt), and gives the offset behind it.
func verb(f *fold.Formatter, start int, values []fold.Value) int {
	text := f.Text
	end := start + 1
	index := -1
	for end < len(text) && strings.IndexByte("+-# 0123456789.[]*", text[end]) >= 0 {
		if text[end] == '[' {
			if closing := strings.IndexByte(text[end:], ']'); closing > 0 {
				if n, err := strconv.Atoi(text[end+1 : end+closing]); err == nil {
					index = n - 1
				}
			}
		}
		if text[end] == '*' {
			f.Next++ // the width is an argument too
		}
		end++
	}
	if end == len(text) {
		f.Literal(start, end)
		return end
	}
	verb := text[end]
	end++
	if verb == '%' {
		f.Literal(end-1, end)
		return end
	}
	if index < 0 {
		index = f.Next
	}
	f.Next = index + 1
	written := text[start:end]
	plain := len(written) == 2 || strings.HasSuffix(written, "]"+string(verb))
	if plain && index >= 0 && index < len(values) && writes(verb, values[index]) {
		f.Put(values[index])
	} else {
		f.Hole(start, end, "fmt.Sprintf puts a value at "+written)
	}
	return end
}

// writes tells whether a verb writes a value's text as it is.
func writes(verb byte, v fold.Value) bool {
	return v.HasText() && (verb == 'v' || verb == 's' && !v.Number || verb == 'd' && v.Number)
}
