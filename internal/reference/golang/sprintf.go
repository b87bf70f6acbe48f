package golang

import (
	"go/ast"
	"strconv"
	"strings"

	"github.com/headgate/headgate/internal/reference"
)

// sprintf is fmt.Sprintf: the format's text with the arguments that are known put in, and holes for the others.
func (r *reader) sprintf(args []ast.Expr, call ast.Expr, spread bool) value {
	if len(args) == 0 {
		return value{}
	}
	format := r.expr(args[0], true)
	values := make([]value, len(args)-1)
	for i, arg := range args[1:] {
		values[i] = r.expr(arg, true)
	}
	if !format.hasText() || format.number != nil {
		r.recordAll(values, args[1:])
		return value{}
	}
	out := value{}
	for _, a := range format.alternatives {
		f := formatter{reader: r, call: call, args: args[1:], values: values, spread: spread, format: a.text()}
		v := f.run()
		for i := range v.alternatives {
			v.alternatives[i].joins += a.joins
		}
		out.alternatives = append(out.alternatives, v.alternatives...)
	}
	if len(out.alternatives) > mostAlternatives {
		return value{}
	}
	return out
}

// recordAll notes the texts among arguments that went into nothing larger.
func (r *reader) recordAll(values []value, at []ast.Expr) {
	for i, v := range values {
		if v.number == nil {
			r.record(v, at[i])
		}
	}
}

// formatter follows one format's verbs (package fmt).
type formatter struct {
	reader *reader
	call   ast.Expr
	args   []ast.Expr
	values []value
	spread bool
	format reference.Text

	out   value
	parts int
	next  int // the argument of the next verb
}

func (f *formatter) run() value {
	f.out = f.reader.id.empty()
	text := f.format.SQL
	at := 0
	for {
		percent := strings.IndexByte(text[at:], '%')
		if percent < 0 || percent+at == len(text)-1 {
			f.literal(at, len(text))
			return f.out
		}
		percent += at
		f.literal(at, percent)
		at = f.verb(percent)
		if !f.out.known() {
			return f.out
		}
	}
}

// literal takes over a part of the format as it is.
func (f *formatter) literal(start, end int) {
	if start < end {
		f.add(f.format.Slice(start, end))
	}
}

func (f *formatter) add(part reference.Text) {
	f.parts++
	p := piece{from: f.reader.src, node: f.call, part: &part}
	f.out = f.reader.id.concat(f.out, f.reader.id.text(p, f.parts))
}

// verb puts in what the verb at the offset start stands for, and gives the offset behind it.
func (f *formatter) verb(start int) int {
	text := f.format.SQL
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
			f.next++ // the width is an argument too
		}
		end++
	}
	if end == len(text) {
		f.literal(start, end)
		return end
	}
	verb := text[end]
	end++
	if verb == '%' {
		f.literal(end-1, end)
		return end
	}
	if index < 0 {
		index = f.next
	}
	f.next = index + 1
	f.argument(start, end, index, verb)
	return end
}

// argument puts in an argument: its text if that is known, else a hole.
func (f *formatter) argument(start, end, index int, verb byte) {
	known := !f.spread && index >= 0 && index < len(f.values)
	plain := end-start == 2 || strings.HasSuffix(f.format.SQL[start:end], "]"+string(verb))
	if known && plain && f.values[index].hasText() {
		v := f.values[index]
		if verb == 's' && v.number == nil || verb == 'v' || verb == 'd' && v.number != nil {
			f.out = f.reader.id.concat(f.out, f.ofArgument(v))
			return
		}
	}
	written := f.format.Slice(start, end)
	at, width := written.Map.Position(0), end-start
	var b reference.Builder
	b.Hole("built at run time: fmt.Sprintf puts a value at "+f.format.SQL[start:end], at, width)
	f.add(b.Text())
}

// ofArgument is an argument's text; a number's is its digits.
func (f *formatter) ofArgument(v value) value {
	if v.number == nil {
		return v
	}
	p := v.alternatives[0].pieces[0]
	var b reference.Builder
	b.Copy(p.lit.Value, p.from.position(p.lit.Pos()))
	part := b.Text()
	return f.reader.id.text(piece{from: p.from, node: p.lit, part: &part}, 0)
}
