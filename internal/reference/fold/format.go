package fold

import (
	"slices"
	"strings"

	"github.com/headgate/headgate/internal/reference"
)

// Operands are those of a chain of one operator that binds to the left, such as a + b + c, from left to right. split
// takes an operation apart, and says no to what is none. A chain may be longer than a call stack can be deep.
func Operands[E any](e E, split func(E) (left, right E, ok bool)) []E {
	var out []E
	for {
		left, right, ok := split(e)
		if !ok {
			out = append(out, e)
			slices.Reverse(out)
			return out
		}
		out = append(out, right)
		e = left
	}
}

// Sum is values that are added up, which stand at the places. The sum stands at whole, and as an operand it is noted by
// the caller. Sums of numbers have no text in them and give nothing.
func (r *Reader) Sum(values []Value, at func(i int) Place, whole Place, operand bool) Value {
	if !slices.ContainsFunc(values, Value.IsText) {
		return Value{}
	}
	out := Empty()
	for i, v := range values {
		out = r.Concat(out, r.orHole(v, at, i, "the value of %s is added"))
	}
	if !out.Known() {
		r.RecordAll(values, at) // too much for one text
	} else if !operand {
		r.Record(out, whole)
	}
	return out
}

func (r *Reader) orHole(v Value, at func(i int) Place, i int, reason string) Value {
	if v.Known() {
		return v
	}
	return r.OrHole(v, at(i), reason)
}

// Add is what a variable's text becomes when a value is added to it, which stands at from: the statement that adds is at.
// The reason is OrHole's.
func (r *Reader) Add(to, added Value, from, at Place, reason string) Value {
	r.Absorb(to)
	sum := r.Concat(to, r.OrHole(added, from, reason))
	r.Record(sum, at)
	return sum
}

// JoinItems is the items of a list with a separator between them; it is not known where the items are not. The reason is
// OrHole's, for items that are not known.
func (r *Reader) JoinItems(list, separator Value, at Place, reason string) Value {
	if list.Items == nil {
		return Value{}
	}
	out := Empty()
	for i, item := range list.Items {
		if i > 0 {
			out = r.Concat(out, separator)
		}
		r.Absorb(item)
		out = r.Concat(out, r.OrHole(item, at, reason))
	}
	return out
}

// Formatter puts values into the places of a format's text, from front to back.
type Formatter struct {
	// Text is the format's.
	Text string
	// Next is the number of the argument for the next place that names none; it is the language's to count.
	Next int

	r      *Reader
	at     Place
	format reference.Text
	out    Value
	parts  int
}

// Format is a format with its places filled in, which is done at the place at. A place of the format begins with one of chars.
// fill puts in what belongs to the place at the offset start, and gives the offset behind it.
func (r *Reader) Format(format Value, at Place, chars string, fill func(f *Formatter, start int) (end int)) Value {
	out := Value{Clause: format.Clause}
	for _, a := range format.alternatives {
		text := a.text()
		f := Formatter{Text: text.SQL, r: r, at: at, format: text, out: Empty()}
		f.run(chars, fill)
		for i := range f.out.alternatives {
			f.out.alternatives[i].joins += a.joins
		}
		out.alternatives = append(out.alternatives, f.out.alternatives...)
	}
	if len(out.alternatives) > mostAlternatives {
		return Value{}
	}
	return out
}

func (f *Formatter) run(chars string, fill func(f *Formatter, start int) (end int)) {
	for at := 0; f.out.Known(); {
		next := strings.IndexAny(f.Text[at:], chars)
		if next < 0 {
			f.Literal(at, len(f.Text))
			return
		}
		f.Literal(at, at+next)
		at = fill(f, at+next)
	}
}

// Literal takes over the part of the format from start up to end as it is.
func (f *Formatter) Literal(start, end int) {
	if start < end {
		f.add(f.format.Slice(start, end))
	}
}

// Put puts a value that is known in the next place.
func (f *Formatter) Put(v Value) { f.out = f.r.Concat(f.out, v) }

// Hole leaves a hole in the place from start up to end. The reason says what the code puts in.
func (f *Formatter) Hole(start, end int, reason string) {
	var b reference.Builder
	b.Hole(builtAtRunTime+reason, f.format.Slice(start, end).Map.Position(0), end-start)
	f.add(b.Text())
}

func (f *Formatter) add(part reference.Text) {
	f.parts++
	f.out = f.r.Concat(f.out, f.r.worked(part, f.at, f.parts))
}
