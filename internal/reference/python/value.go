package python

import (
	"hash/maphash"
	"slices"
	"strings"

	"github.com/headgate/headgate/internal/reference"
	"github.com/headgate/headgate/internal/syntax"
	py "github.com/headgate/headgate/internal/syntax/python"
)

// The most that is followed of one text. Code that people write stays far below; code that was
// written to keep the gate busy does not.
const (
	mostPieces       = 2000
	mostAlternatives = 16
	mostNesting      = 200
	mostBytes        = 256 << 10
)

// piece is a part of a text: a stretch of a literal, a text that was worked out, or a hole.
type piece struct {
	from *source
	// literal is a stretch of a string literal.
	literal *syntax.Text
	// part is a text that is not one stretch.
	part *reference.Text
	// hole is the reason why the piece is not known; at is what stands for it.
	hole string
	at   py.Span
}

func (p piece) appendTo(b *reference.Builder) {
	switch {
	case p.hole != "":
		b.Hole(p.hole, p.from.position(p.at.Start), p.from.width(p.at))
	case p.part != nil:
		b.Append(*p.part)
	default:
		p.from.appendText(b, *p.literal)
	}
}

func (p piece) size() int {
	switch {
	case p.part != nil:
		return len(p.part.SQL)
	case p.literal != nil:
		return len(p.literal.Value)
	}
	return 1
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
	// count is how many pieces there are; literal tells whether one of them is no hole.
	count   int
	literal bool
	// id is the same for the same pieces in the same order, wherever they are put together.
	id uint64
	// joins counts how often the flow of the code came together on the way to this text. After two, the text may
	// come from a combination of branches that never happens.
	joins int
	// size is how many bytes of source it has.
	size int
}

// value is what is known of an expression.
type value struct {
	// alternatives are the texts that it can have. None: it is no text, or a text that is not known.
	alternatives []alternative
	// items are the elements of a list or a tuple; entries those of a dictionary.
	items   []value
	entries map[string]value
	// number says that the text is a number's.
	number bool
	// clause says that it went through text(…), which has decided how its placeholders are written.
	clause bool
	// parameter says that it is what the caller of a function gives.
	parameter *parameter
	// unset says that the variable has no value on this way: reading it would be an error, so the others decide.
	unset bool
}

func (v value) known() bool { return len(v.alternatives) > 0 }

// isText tells whether it is a text, and no number.
func (v value) isText() bool { return v.hasText() && !v.number }

// hasText tells whether a literal is in it, and not holes alone.
func (v value) hasText() bool {
	return slices.ContainsFunc(v.alternatives, func(a alternative) bool { return a.literal })
}

// identity gives texts their ids.
type identity struct{ seed maphash.Seed }

type link struct {
	before uint64
	path   string
	offset int
	part   int
}

// text is a value of one piece.
func (id identity) text(p piece, part int) value {
	l := link{path: p.from.path, offset: p.at.Start, part: part}
	return value{alternatives: []alternative{{
		pieces: &rope{piece: &p}, count: 1, literal: p.hole == "", id: maphash.Comparable(id.seed, l), size: p.size(),
	}}}
}

// ofText is a value of one text that was put together at a node.
func (id identity) ofText(t reference.Text, from *source, at py.Span, part int) value {
	return id.text(piece{from: from, at: at, part: &t}, part)
}

func (id identity) hole(from *source, node py.Node, reason string) value {
	return id.text(piece{from: from, at: node.Range(), hole: reason}, 0)
}

// empty is the text of no pieces.
func (id identity) empty() value { return value{alternatives: []alternative{{}}} }

// concat is a followed by b: each text of a with each of b. It is not known where there are too many.
func (id identity) concat(a, b value) value {
	if len(a.alternatives)*len(b.alternatives) > mostAlternatives {
		return value{}
	}
	out := value{clause: a.clause}
	for _, x := range a.alternatives {
		for _, y := range b.alternatives {
			if x.count+y.count > mostPieces || x.size+y.size > mostBytes {
				return value{}
			}
			out.alternatives = append(out.alternatives, id.joined(x, y))
		}
	}
	return out
}

func (id identity) joined(x, y alternative) alternative {
	out := alternative{
		count: x.count + y.count, literal: x.literal || y.literal, joins: x.joins + y.joins, size: x.size + y.size,
	}
	switch {
	case x.count == 0:
		out.id, out.pieces = y.id, y.pieces
	case y.count == 0:
		out.id, out.pieces = x.id, x.pieces
	default:
		out.pieces = &rope{left: x.pieces, right: y.pieces}
		out.id = maphash.Comparable(id.seed, link{before: x.id, offset: int(y.id)})
	}
	return out
}

// join is the value where paths of the code come together.
func join(values []value) value {
	all := values
	values = slices.DeleteFunc(slices.Clone(values), func(v value) bool { return v.unset })
	if len(values) == 0 {
		return all[0]
	}
	out := value{clause: values[0].clause, items: values[0].items, entries: values[0].entries}
	seen := map[uint64]bool{}
	for _, v := range values[1:] {
		if !sameItems(out.items, v.items) {
			out.items = nil
		}
		if len(v.entries) != len(out.entries) {
			out.entries = nil
		}
	}
	for _, v := range values {
		if !v.known() || v.number {
			return value{items: out.items, entries: out.entries, parameter: oneParameter(values)}
		}
		for _, a := range v.alternatives {
			if !seen[a.id] {
				seen[a.id] = true
				out.alternatives = append(out.alternatives, a)
			}
		}
	}
	if len(out.alternatives) > mostAlternatives {
		return value{}
	}
	if len(seen) > 1 {
		for i := range out.alternatives {
			out.alternatives[i].joins++
		}
	}
	return out
}

// sameItems tells whether two lists have the same texts.
func sameItems(a, b []value) bool {
	return slices.EqualFunc(a, b, func(x, y value) bool {
		return slices.EqualFunc(x.alternatives, y.alternatives, func(x, y alternative) bool { return x.id == y.id })
	})
}

// oneParameter is the parameter that is among the values where the others are not known.
func oneParameter(values []value) *parameter {
	var found *parameter
	for _, v := range values {
		switch {
		case v.known() || v.parameter != nil && found != nil && *v.parameter != *found:
			return nil
		case v.parameter != nil:
			found = v.parameter
		}
	}
	return found
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

// beginsSQL tells whether the text can be SQL, by its beginning.
func (a alternative) beginsSQL() (begins bool) {
	a.pieces.each(func(p *piece) bool {
		text := ""
		switch {
		case p.hole != "":
			return false
		case p.part != nil:
			text = p.part.SQL
		default:
			text = p.literal.Value
		}
		if strings.TrimSpace(text) == "" {
			return true
		}
		begins = reference.BeginsSQL(text)
		return false
	})
	return begins
}
