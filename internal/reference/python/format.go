package python

import (
	"strconv"
	"strings"

	"github.com/headgate/headgate/internal/reference/fold"
	py "github.com/headgate/headgate/internal/syntax/python"
)

// arguments are the values that are put into a text's places.
type arguments struct {
	*reader
	how       string // what puts values in, for the reason
	positions []argument
	names     map[string]argument
}

// argument is one of the values that are put in.
type argument struct {
	fold.Value
	at py.Expr
}

// format is text % arguments (Python library reference, "printf-style String Formatting").
func (r *reader) format(format fold.Value, right py.Expr, at py.Node) fold.Value {
	args := &arguments{reader: r, how: "%", names: map[string]argument{}}
	switch right := right.(type) {
	case *py.Tuple:
		for _, e := range right.Elts {
			args.positions = append(args.positions, argument{r.expr(e, true), e})
		}
	case *py.Dict:
		for _, item := range right.Items {
			v := argument{r.expr(item.Value, true), item.Value}
			if s, ok := item.Key.(*py.String); ok {
				if key, ok := s.Literal(); ok {
					args.names[key.Value] = v
				}
			}
		}
	default:
		v := r.expr(right, true)
		if v.Items != nil {
			for _, item := range v.Items {
				args.positions = append(args.positions, argument{item, right})
			}
			break
		}
		for k, entry := range v.Entries {
			args.names[k] = argument{entry, right}
		}
		args.positions = append(args.positions, argument{v, right})
	}
	if !format.IsText() {
		for _, a := range args.positions {
			r.record(a.Value, a.at)
		}
		return fold.Value{}
	}
	return r.Format(format, r.place(at), "%", args.percent)
}

// percent puts in what the place at the offset start stands for.
func (a *arguments) percent(f *fold.Formatter, start int) int {
	text := f.Text
	end := start + 1
	arg, known := argument{}, false
	named := strings.HasPrefix(text[end:], "(")
	if named {
		closing := strings.IndexByte(text[end:], ')')
		if closing < 0 {
			f.Literal(start, len(text))
			return len(text)
		}
		arg, known = a.names[text[end+1:end+closing]]
		end += closing + 1
	}
	plain := end
	for end < len(text) && strings.IndexByte("#0- +123456789.*lhL", text[end]) >= 0 {
		end++
	}
	if end >= len(text) {
		f.Literal(start, len(text))
		return len(text)
	}
	verb := text[end]
	end++
	if verb == '%' {
		f.Literal(end-1, end)
		return end
	}
	if !named && f.Next < len(a.positions) {
		arg, known = a.positions[f.Next], true
	}
	f.Next++
	fits := plain == end-1 && (verb == 's' || arg.Number && (verb == 'd' || verb == 'i'))
	a.put(f, start, end, arg, known && fits)
	return end
}

// field puts in what the replacement field at the offset start stands for (Python library reference, "Format String Syntax").
func (a *arguments) field(f *fold.Formatter, start int) int {
	text := f.Text
	if start+1 < len(text) && text[start+1] == text[start] {
		f.Literal(start, start+1)
		return start + 2
	}
	closing := strings.IndexByte(text[start:], '}')
	if text[start] == '}' || closing < 0 {
		f.Literal(start, start+1)
		return start + 1
	}
	end := start + closing + 1
	name := text[start+1 : end-1]
	var arg argument
	known := false
	switch n, err := strconv.Atoi(name); {
	case name == "" && f.Next < len(a.positions):
		arg, known = a.positions[f.Next], true
		f.Next++
	case err == nil && n >= 0 && n < len(a.positions):
		arg, known = a.positions[n], true
	default:
		arg, known = a.names[name]
	}
	a.put(f, start, end, arg, known)
	return end
}

// put puts in an argument: its text if that is known, else a hole.
func (a *arguments) put(f *fold.Formatter, start, end int, arg argument, fits bool) {
	switch {
	case fits && arg.Known():
		f.Put(arg.Value)
	case arg.at != nil:
		f.Hole(start, end, a.how+" puts in the value of "+a.place(arg.at).Excerpt())
	default:
		f.Hole(start, end, a.how+" puts in a value at "+f.Text[start:end])
	}
}

// formatCall is text.format(…).
func (r *reader) formatCall(format fold.Value, call *py.Call) fold.Value {
	args := &arguments{reader: r, how: "format", names: map[string]argument{}}
	spread := false
	for _, e := range call.Args {
		_, isSpread := e.(*py.Starred)
		spread = spread || isSpread
		v := r.expr(e, true)
		if !spread {
			args.positions = append(args.positions, argument{v, e})
		}
	}
	for _, k := range call.Keywords {
		v := r.expr(k.Value, true)
		if k.Name.Name != "" {
			args.names[k.Name.Name] = argument{v, k.Value}
			continue
		}
		for name, entry := range v.Entries {
			args.names[name] = argument{entry, k.Value}
		}
	}
	return r.Format(format, r.place(call), "{}", args.field)
}
