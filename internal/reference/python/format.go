package python

import (
	"strconv"
	"strings"

	"github.com/headgate/headgate/internal/reference"
	py "github.com/headgate/headgate/internal/syntax/python"
)

// formatter puts arguments into a text's places.
type formatter struct {
	*reader
	at    py.Node
	text  reference.Text
	how   string // what puts values in, for the reason
	out   value
	parts int
	next  int // the argument of the next place without a name

	positions []argument
	names     map[string]argument
}

// argument is one of the values that are put in.
type argument struct {
	value
	at py.Expr
}

// format is text % arguments (Python library reference, "printf-style String Formatting").
func (r *reader) format(format value, right py.Expr, at py.Node) value {
	args := []argument{}
	names := map[string]argument{}
	switch right := right.(type) {
	case *py.Tuple:
		for _, e := range right.Elts {
			args = append(args, argument{r.expr(e, true), e})
		}
	case *py.Dict:
		for _, item := range right.Items {
			v := argument{r.expr(item.Value, true), item.Value}
			if s, ok := item.Key.(*py.String); ok {
				if key, ok := s.Literal(); ok {
					names[key.Value] = v
				}
			}
		}
	default:
		v := r.expr(right, true)
		if v.items != nil {
			for _, item := range v.items {
				args = append(args, argument{item, right})
			}
			break
		}
		for k, entry := range v.entries {
			names[k] = argument{entry, right}
		}
		args = append(args, argument{v, right})
	}
	if !format.isText() {
		for _, a := range args {
			r.record(a.value, a.at)
		}
		return value{}
	}
	return r.formatted(format, at, "%", args, names, (*formatter).percent)
}

// formatted runs a formatter over each text that a format can be.
func (r *reader) formatted(
	format value, at py.Node, how string, args []argument, names map[string]argument, place func(*formatter, int) int,
) value {
	out := value{clause: format.clause}
	for _, a := range format.alternatives {
		f := formatter{reader: r, at: at, text: a.text(), how: how, out: r.id.empty(), positions: args, names: names}
		f.run(place)
		for i := range f.out.alternatives {
			f.out.alternatives[i].joins += a.joins
		}
		out.alternatives = append(out.alternatives, f.out.alternatives...)
	}
	if len(out.alternatives) > mostAlternatives {
		return value{}
	}
	return out
}

// run calls place at each character that begins a place; it puts in what belongs there and gives the offset behind it.
func (f *formatter) run(place func(*formatter, int) int) {
	chars := "%"
	if f.how != "%" {
		chars = "{}"
	}
	at := 0
	for {
		next := strings.IndexAny(f.text.SQL[at:], chars)
		if next < 0 || f.parts > mostPieces {
			f.literal(at, len(f.text.SQL))
			return
		}
		f.literal(at, at+next)
		at = place(f, at+next)
		if !f.out.known() {
			return
		}
	}
}

// literal takes over a part of the format as it is.
func (f *formatter) literal(start, end int) {
	if start < end {
		f.add(f.text.Slice(start, end))
	}
}

func (f *formatter) add(part reference.Text) {
	f.parts++
	f.out = f.id.concat(f.out, f.id.ofText(part, f.src, f.at.Range(), f.parts))
}

// percent puts in what the place at the offset start stands for.
func (f *formatter) percent(start int) int {
	text := f.text.SQL
	end := start + 1
	arg, known := argument{}, false
	named := strings.HasPrefix(text[end:], "(")
	if named {
		closing := strings.IndexByte(text[end:], ')')
		if closing < 0 {
			f.literal(start, len(text))
			return len(text)
		}
		arg, known = f.names[text[end+1:end+closing]]
		end += closing + 1
	}
	plain := end
	for end < len(text) && strings.IndexByte("#0- +123456789.*lhL", text[end]) >= 0 {
		end++
	}
	if end >= len(text) {
		f.literal(start, len(text))
		return len(text)
	}
	verb := text[end]
	end++
	if verb == '%' {
		f.literal(end-1, end)
		return end
	}
	if !named && f.next < len(f.positions) {
		arg, known = f.positions[f.next], true
	}
	f.next++
	fits := plain == end-1 && (verb == 's' || arg.number && (verb == 'd' || verb == 'i'))
	f.put(start, end, arg, known && fits)
	return end
}

// field puts in what the replacement field at the offset start stands for (Python library reference, "Format String Syntax").
func (f *formatter) field(start int) int {
	text := f.text.SQL
	if start+1 < len(text) && text[start+1] == text[start] {
		f.literal(start, start+1)
		return start + 2
	}
	closing := strings.IndexByte(text[start:], '}')
	if text[start] == '}' || closing < 0 {
		f.literal(start, start+1)
		return start + 1
	}
	end := start + closing + 1
	name := text[start+1 : end-1]
	var arg argument
	known := false
	switch n, err := strconv.Atoi(name); {
	case name == "" && f.next < len(f.positions):
		arg, known = f.positions[f.next], true
		f.next++
	case err == nil && n >= 0 && n < len(f.positions):
		arg, known = f.positions[n], true
	default:
		arg, known = f.names[name]
	}
	f.put(start, end, arg, known)
	return end
}

// put puts in an argument: its text if that is known, else a hole.
func (f *formatter) put(start, end int, arg argument, fits bool) {
	if fits && arg.known() {
		f.out = f.id.concat(f.out, arg.value)
		return
	}
	what := "a value at " + f.text.SQL[start:end]
	if arg.at != nil {
		what = "the value of " + f.src.excerpt(arg.at)
	}
	written := f.text.Slice(start, end)
	var b reference.Builder
	b.Hole("built at run time: "+f.how+" puts in "+what, written.Map.Position(0), end-start)
	f.add(b.Text())
}

// formatCall is text.format(…).
func (r *reader) formatCall(format value, call *py.Call) value {
	var args []argument
	names := map[string]argument{}
	spread := false
	for _, e := range call.Args {
		_, isSpread := e.(*py.Starred)
		spread = spread || isSpread
		v := r.expr(e, true)
		if !spread {
			args = append(args, argument{v, e})
		}
	}
	for _, k := range call.Keywords {
		v := r.expr(k.Value, true)
		if k.Name.Name != "" {
			names[k.Name.Name] = argument{v, k.Value}
			continue
		}
		for name, entry := range v.entries {
			names[name] = argument{entry, k.Value}
		}
	}
	return r.formatted(format, call, "format", args, names, (*formatter).field)
}
