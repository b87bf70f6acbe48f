package golang

import (
	"go/ast"
	"go/token"
	"hash/maphash"
	"slices"
	"strings"

	"github.com/headgate/headgate/internal/reference"
)

// The most that is followed of one text. Code that people write stays far below; code that was
// written to keep the gate busy does not.
const (
	mostPieces       = 2000
	mostAlternatives = 16
	mostNesting      = 200
	mostBytes        = 256 << 10
)

// piece is a part of a text: a string literal, a part of one, or a hole.
type piece struct {
	from *source
	lit  *ast.BasicLit
	// part is the text where it is not all of lit.
	part *reference.Text
	// hole is the reason why the piece is not known; node is what stands for it.
	hole string
	node ast.Node
}

func (p piece) appendTo(b *reference.Builder) {
	switch {
	case p.hole != "":
		b.Hole(p.hole, p.from.position(p.node.Pos()), p.from.width(p.node))
	case p.part != nil:
		b.Append(*p.part)
	default:
		p.from.appendLiteral(b, p.lit)
	}
}

func (p piece) size() int {
	switch {
	case p.part != nil:
		return len(p.part.SQL)
	case p.lit != nil:
		return len(p.lit.Value)
	}
	return 1
}

// alternative is one text that a value can have.
type alternative struct {
	pieces []piece
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
	// items are the elements of a slice of strings.
	items []value
	// number is a decimal literal.
	number *ast.BasicLit
	// parameter says that it is what the caller of a function gives.
	parameter *parameter
	// builder says that it is a strings.Builder or bytes.Buffer that holds the text.
	builder bool
}

func (v value) known() bool { return len(v.alternatives) > 0 }

// hasText tells whether a literal is in it, and not holes alone.
func (v value) hasText() bool {
	return slices.ContainsFunc(v.alternatives, func(a alternative) bool {
		return slices.ContainsFunc(a.pieces, func(p piece) bool { return p.hole == "" })
	})
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
	node := p.node
	if node == nil {
		node = p.lit
	}
	l := link{path: p.from.path, offset: p.from.offset(node.Pos()), part: part}
	return value{alternatives: []alternative{{pieces: []piece{p}, id: maphash.Comparable(id.seed, l), size: p.size()}}}
}

func (id identity) literal(from *source, lit *ast.BasicLit) value {
	return id.text(piece{from: from, lit: lit}, 0)
}

func (id identity) hole(from *source, node ast.Node, reason string) value {
	return id.text(piece{from: from, node: node, hole: reason}, 0)
}

// empty is the text of no pieces.
func (id identity) empty() value { return value{alternatives: []alternative{{}}} }

// concat is a followed by b: each text of a with each of b. It is not known where there are too many.
func (id identity) concat(a, b value) value {
	if len(a.alternatives)*len(b.alternatives) > mostAlternatives {
		return value{builder: a.builder}
	}
	out := value{builder: a.builder}
	for _, x := range a.alternatives {
		for _, y := range b.alternatives {
			if len(x.pieces)+len(y.pieces) > mostPieces || x.size+y.size > mostBytes {
				return value{builder: a.builder}
			}
			joined := alternative{pieces: slices.Concat(x.pieces, y.pieces), id: x.id, joins: x.joins + y.joins, size: x.size + y.size}
			switch {
			case len(x.pieces) == 0:
				joined.id = y.id
			case len(y.pieces) > 0:
				joined.id = maphash.Comparable(id.seed, link{before: x.id, offset: int(y.id)})
			}
			out.alternatives = append(out.alternatives, joined)
		}
	}
	return out
}

// join is the value where paths of the code come together.
func join(values []value) value {
	first := values[0]
	out := value{builder: first.builder, items: first.items}
	for _, v := range values {
		if len(v.items) != len(first.items) {
			out.items = nil // a list that grew on one of the ways
		}
	}
	seen := map[uint64]bool{}
	for _, v := range values {
		if !v.known() || v.number != nil {
			return value{builder: first.builder, items: out.items, parameter: oneParameter(values)}
		}
		for _, a := range v.alternatives {
			if !seen[a.id] {
				seen[a.id] = true
				out.alternatives = append(out.alternatives, a)
			}
		}
	}
	if len(out.alternatives) > mostAlternatives {
		return value{builder: first.builder}
	}
	if len(out.alternatives) > len(first.alternatives) || len(seen) > 1 {
		for i := range out.alternatives {
			out.alternatives[i].joins++
		}
	}
	return out
}

// oneParameter is the parameter that is among the values where the others are not known: what a function does to a parameter on some of
// its ways (formatting it for a log) leaves it a parameter.
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
	for _, p := range a.pieces {
		p.appendTo(&b)
	}
	return b.Text()
}

// begins gives enough of the text's beginning to see whether it can be SQL.
func (a alternative) begins() string {
	var b reference.Builder
	for _, p := range a.pieces {
		if p.hole == "" && p.part == nil && plainBeginning(p.lit.Value) {
			return p.lit.Value[1 : len(p.lit.Value)-1]
		}
		p.appendTo(&b)
		if text := b.Text().SQL; strings.TrimSpace(text) != "" {
			return text
		}
	}
	return ""
}

// plainBeginning tells whether a literal can be looked at as it stands in the source: no escape near its
// beginning, and not white space alone.
func plainBeginning(lit string) bool {
	for i := 1; i < len(lit)-1; i++ {
		switch lit[i] {
		case ' ', '\t', '\n', '\r', '(':
		case '\\':
			return false
		default:
			return true
		}
	}
	return false
}

func isString(e ast.Expr) (*ast.BasicLit, bool) {
	lit, ok := e.(*ast.BasicLit)
	return lit, ok && lit.Kind == token.STRING
}
