package fold

import (
	"hash/maphash"
	"maps"
	"slices"
	"strings"

	"github.com/headgate/headgate/internal/reference"
	"github.com/headgate/headgate/internal/syntax"
)

// The most that is followed of one text, and of code within code. Code that people write stays far below; code that was
// written to keep the gate busy does not.
const (
	MostPieces       = 2000
	MostNesting      = 200
	mostAlternatives = 16
	mostBytes        = 256 << 10
)

// piece is a part of a text: a stretch of a literal, a text that was worked out, or a hole.
type piece struct {
	// at is what stands for it in the code.
	at Place
	// literal is a stretch of a string literal.
	literal syntax.Text
	// part is a text that is not one stretch.
	part *reference.Text
	// hole is the reason why the piece is not known.
	hole string
}

func (p *piece) appendTo(b *reference.Builder) {
	switch {
	case p.hole != "":
		b.Hole(p.hole, p.at.Position(), p.at.Width())
	case p.part != nil:
		b.Append(*p.part)
	default:
		p.at.In.appendText(b, p.literal)
	}
}

// sql is the piece's text, without where it stands.
func (p *piece) sql() string {
	switch {
	case p.hole != "":
		return string(reference.Hole)
	case p.part != nil:
		return p.part.SQL
	}
	return p.literal.Value
}

// rope is pieces in a row. A text that grows shares what it was before, so that following it statement by statement costs no copies.
type rope struct {
	left, right *rope
	piece       *piece
}

// each visits the pieces from the front, until visit returns false.
func (t *rope) each(visit func(*piece) bool) bool {
	switch {
	case t == nil:
		return true
	case t.piece != nil:
		return visit(t.piece)
	}
	return t.left.each(visit) && t.right.each(visit)
}

// alternative is one text that a value can have.
type alternative struct {
	pieces *rope
	first  *piece
	// count is how many pieces there are; literal tells whether one of them is no hole.
	count   int
	literal bool
	// blank says that there is nothing but white space; begins, that the text can be SQL, by its beginning.
	blank, begins bool
	// tail is what the text goes on with from where a statement can begin, for a text that begins with something else.
	tail *alternative
	// id is the same for the same pieces in the same order, wherever they are put together.
	id uint64
	// joins counts how often the flow of the code came together on the way to this text. After two, the text may
	// come from a combination of branches that never happens.
	joins int
	// size is how many bytes of source it has.
	size int
}

// text puts the pieces together.
func (a alternative) text() reference.Text {
	var b reference.Builder
	a.pieces.each(func(p *piece) bool {
		p.appendTo(&b)
		return true
	})
	return b.Text()
}

// Value is what is known of an expression. The zero Value says that nothing is.
type Value struct {
	// alternatives are the texts that it can have. None: it is no text, or a text that is not known.
	alternatives []alternative
	// Items are the elements of a list, nil where they are not known; Entries are those of a dictionary.
	Items   []Value
	Entries map[string]Value
	// Parameter says that it is what the caller of a function gives.
	Parameter *Parameter
	// Number says that the text is a number's digits.
	Number bool
	// Builder says that it is what texts are written to, and holds the text so far.
	Builder bool
	// Clause says that it went through a library's function that has decided how its placeholders are written.
	Clause bool
	// Unset says that the variable has no value on this way: reading it would be an error, so the other ways decide.
	Unset bool
}

// Known tells whether it is a text, of which some parts may be holes.
func (v Value) Known() bool { return len(v.alternatives) > 0 }

// IsText tells whether it is a text with a literal in it, and no number.
func (v Value) IsText() bool { return v.HasText() && !v.Number }

// HasText tells whether a literal is in it, and not holes alone.
func (v Value) HasText() bool {
	return slices.ContainsFunc(v.alternatives, func(a alternative) bool { return a.literal })
}

// Constant is the text, if it is one that is known to its end.
func (v Value) Constant() (text string, known bool) {
	if len(v.alternatives) != 1 || v.Number {
		return "", false
	}
	t := v.alternatives[0].text()
	return t.SQL, len(t.Holes) == 0
}

// link is what the id of a text is made of.
type link struct {
	before uint64
	path   string
	offset int
	part   int
}

// single is a text of one piece. Pieces that stand at one place have different parts.
func (r *Reader) single(p piece, part int) Value {
	leaf := &struct { // one allocation for the two
		rope
		piece
	}{piece: p}
	leaf.rope.piece = &leaf.piece
	sql := p.sql()
	return Value{alternatives: []alternative{{
		pieces: &leaf.rope, first: &leaf.piece, count: 1, literal: p.hole == "", size: len(sql),
		blank: strings.TrimSpace(sql) == "", begins: reference.BeginsSQL(sql),
		id: maphash.Comparable(r.seed, link{path: p.at.In.Path, offset: p.at.Start, part: part}),
	}}}
}

// Literal is a stretch of a string literal that stands at a place, the part's in its order.
func (r *Reader) Literal(text syntax.Text, at Place, part int) Value {
	return r.single(piece{at: at, literal: text}, part)
}

// Number is a number's digits.
func (r *Reader) Number(digits string, at Place) Value {
	v := r.Literal(syntax.Copied(digits, at.Start), at, 0)
	v.Number = true
	return v
}

// Written is a text that a library puts in for what stands at a place.
func (r *Reader) Written(text string, at Place, part int) Value {
	var b reference.Builder
	b.Replace(text, at.Position(), max(at.Width(), 1))
	return r.worked(b.Text(), at, part)
}

// worked is a text that was worked out at a place.
func (r *Reader) worked(t reference.Text, at Place, part int) Value {
	return r.single(piece{at: at, part: &t}, part)
}

// builtAtRunTime begins the reason for what is not known before the program runs.
const builtAtRunTime = "built at run time: "

// Hole is a text of which nothing is known; reason says what the code puts in.
func (r *Reader) Hole(at Place, reason string) Value {
	return r.single(piece{at: at, hole: builtAtRunTime + reason}, 0)
}

// OrHole is v, or a hole where nothing is known of it. The reason has one %s, for what stands at the place.
func (r *Reader) OrHole(v Value, at Place, reason string) Value {
	if v.Known() {
		return v
	}
	return r.Hole(at, strings.Replace(reason, "%s", at.Excerpt(), 1))
}

// Empty is the text of no pieces.
func Empty() Value { return Value{alternatives: []alternative{{blank: true}}} }

// Concat is a followed by b: each text of a with each of b. It is not known where there are too many.
func (r *Reader) Concat(a, b Value) Value {
	if len(a.alternatives)*len(b.alternatives) > mostAlternatives {
		return Value{Builder: a.Builder}
	}
	out := Value{Builder: a.Builder, Clause: a.Clause}
	for _, x := range a.alternatives {
		for _, y := range b.alternatives {
			if x.count+y.count > MostPieces || x.size+y.size > mostBytes {
				return Value{Builder: a.Builder}
			}
			out.alternatives = append(out.alternatives, r.joined(x, y))
		}
	}
	return out
}

func (r *Reader) joined(x, y alternative) alternative {
	out := x
	switch {
	case x.count == 0:
		out = y
	case y.count > 0:
		out.pieces = &rope{left: x.pieces, right: y.pieces}
		out.id = maphash.Comparable(r.seed, link{before: x.id, offset: int(y.id)})
		out.count, out.size, out.literal = x.count+y.count, x.size+y.size, x.literal || y.literal
		out.blank, out.begins = x.blank && y.blank, x.begins || x.blank && y.begins
		out.tail = r.tail(out.begins, x, y)
	}
	out.joins = x.joins + y.joins
	return out
}

// tail is the tail of x and y in a row.
func (r *Reader) tail(begins bool, x, y alternative) *alternative {
	switch {
	case begins:
		return nil
	case x.tail != nil:
		longer := r.joined(*x.tail, y)
		return &longer
	case y.begins:
		head := y
		return &head
	}
	return y.tail
}

// Join is the value where ways of the code come together.
func Join(values ...Value) Value {
	all := values
	if slices.ContainsFunc(values, func(v Value) bool { return v.Unset }) {
		values = slices.DeleteFunc(slices.Clone(values), func(v Value) bool { return v.Unset })
	}
	if len(values) == 0 {
		return all[0]
	}
	out := values[0]
	out.alternatives, out.Parameter, out.Number = nil, nil, false
	for _, v := range values[1:] {
		if (out.Items == nil) != (v.Items == nil) || !slices.EqualFunc(out.Items, v.Items, sameTexts) {
			out.Items = nil // a list that grew on one of the ways
		}
		if !maps.EqualFunc(out.Entries, v.Entries, sameTexts) {
			out.Entries = nil
		}
	}
	seen := map[uint64]bool{}
	for _, v := range values {
		if !v.Known() || v.Number {
			return Value{Builder: out.Builder, Items: out.Items, Entries: out.Entries, Parameter: oneParameter(values)}
		}
		for _, a := range v.alternatives {
			if !seen[a.id] {
				seen[a.id] = true
				out.alternatives = append(out.alternatives, a)
			}
		}
	}
	if len(out.alternatives) > mostAlternatives {
		return Value{Builder: out.Builder}
	}
	if len(seen) > 1 {
		for i := range out.alternatives {
			out.alternatives[i].joins++
		}
	}
	return out
}

func sameTexts(a, b Value) bool {
	return slices.EqualFunc(a.alternatives, b.alternatives, func(x, y alternative) bool { return x.id == y.id })
}

// oneParameter is the parameter that is among the values where the others are not known: what a function does to a parameter on some of
// its ways (formatting it for a log) leaves it a parameter.
func oneParameter(values []Value) *Parameter {
	var found *Parameter
	for _, v := range values {
		switch {
		case v.Known() || v.Parameter != nil && found != nil && *v.Parameter != *found:
			return nil
		case v.Parameter != nil:
			found = v.Parameter
		}
	}
	return found
}
