// Package python parses Python source, of versions 3.8 to 3.14, into a tree, without Python. It is a leaf: it knows
// nothing of migrations or models. The tree follows the reference manual's grammar and the names of CPython's ast module
// (https://docs.python.org/3/library/ast.html) where they fit Go.
package python

import (
	"iter"

	"github.com/headgate/headgate/internal/syntax"
)

// Span is where a node stands in the file: byte offsets, the end exclusive. As in CPython, the parentheses around an
// expression are no part of it, unless they make it what it is (a tuple's, a generator's, a call's). Within a parent,
// children do not overlap.
type Span struct{ Start, End int }

// Range is the span itself. It makes every node that embeds a Span a Node.
func (s Span) Range() Span { return s }

// Node is a node of the tree: an Expr, a Stmt, or one of the parts that are neither (*Keyword, *Param, …).
type Node interface{ Range() Span }

// Expr is an expression: *Name, *Attribute, *Call, *String, *Number, *Constant, *Tuple, *List, *Set, *Dict, *BinaryOp,
// *UnaryOp, *BoolOp, *Compare, *IfExp, *Lambda, *Subscript, *Slice, *Starred, *Comprehension, *Await, *Yield,
// *NamedExpr, and in patterns *AsPattern.
type Expr interface {
	Node
	expr()
}

// Stmt is a statement: *Import, *ImportFrom, *Assign, *AnnAssign, *AugAssign, *ExprStmt, *Return, *If, *For, *While,
// *With, *Try, *FunctionDef, *ClassDef, *Pass, *Break, *Continue, *Raise, *Delete, *Assert, *Global, *Nonlocal, *Match,
// *TypeAlias, *Bad.
type Stmt interface {
	Node
	stmt()
}

// Module is a parsed file.
type Module struct {
	Span
	Body []Stmt
	// Bad lists all statements that could not be parsed, at any depth, in the file's order.
	Bad []*Bad
	// Encoding is what the file's encoding cookie says (PEP 263), in lower case, "utf-8" without one. Only utf-8 and
	// latin-1 are decoded: in a file of another encoding, each byte that is not UTF-8 becomes U+FFFD in strings.
	Encoding string
}

// Ident is a name that is no expression of its own: an attribute's, a keyword's, a parameter's. The zero Ident, with an
// empty Name, says that there is none.
type Ident struct {
	Span
	Name string
}

// Expressions.
type (
	// Name is a variable.
	Name struct {
		Span
		Name string
	}

	// Attribute is Value.Attr.
	Attribute struct {
		Span
		Value Expr
		Attr  Ident
	}

	// Call is Func(Args, Keywords). An argument *x is a *Starred among Args.
	Call struct {
		Span
		Func     Expr
		Args     []Expr
		Keywords []*Keyword
	}

	// Keyword is an argument name=value of a call or a class, or **value, which has an empty Name.
	Keyword struct {
		Span
		Name  Ident
		Value Expr
	}

	// String is a string, bytes or f-string literal; several literals that follow each other are one String.
	String struct {
		Span
		Parts []StringPart // at least one
	}

	// StringPart is one literal of a String, from its prefix to its closing quotes.
	StringPart struct {
		Span
		Prefix string // as written: "", "r", "Rb", "f"
		Quote  string // ' or " or ''' or """
		// Raw, Bytes, Format and Template say what the prefix has: r, b, f, t. The values of bytes are kept as
		// runes U+0000 to U+00FF, one a byte, as in ISO-8859-1.
		Raw, Bytes, Format, Template bool
		// Text is the value of a literal without f or t.
		Text syntax.Text
		// Pieces is what an f-string or a t-string consists of, in order.
		Pieces []StringPiece
	}

	// StringPiece is a stretch of literal text, or a hole.
	StringPiece struct {
		Span
		Text syntax.Text // where Hole is nil; {{ and }} are one character each
		Hole *Hole
	}

	// Hole is a replacement field of an f-string or t-string, with its braces.
	Hole struct {
		Span
		Expr Expr
		// Debug is the text that {expr=} puts before the value, up to and with the = and the space behind it.
		Debug syntax.Text
		// Conversion is 's', 'r', 'a', or 0 for none.
		Conversion byte
		// Spec is what stands behind the colon; HasSpec says that there is a colon.
		Spec    []StringPiece
		HasSpec bool
	}

	// Number is a numeric literal, as written. Int and Float tell its value.
	Number struct {
		Span
		Text string
	}

	// Constant is None, True, False or the ellipsis.
	Constant struct {
		Span
		Kind ConstantKind
	}

	// Tuple is a tuple, with its parentheses if it has them.
	Tuple struct {
		Span
		Elts []Expr
	}

	// List is [Elts].
	List struct {
		Span
		Elts []Expr
	}

	// Set is {Elts}; it is never empty.
	Set struct {
		Span
		Elts []Expr
	}

	// Dict is {Key: Value, **Value}.
	Dict struct {
		Span
		Items []DictItem
	}

	// DictItem is one entry of a Dict. Key is nil for **Value.
	DictItem struct{ Key, Value Expr }

	// BinaryOp is Left Op Right, with Op one of + - * / // % @ ** << >> & ^ |.
	BinaryOp struct {
		Span
		Op          string
		Left, Right Expr
	}

	// UnaryOp is Op Operand, with Op one of - + ~ not.
	UnaryOp struct {
		Span
		Op      string
		Operand Expr
	}

	// BoolOp is two or more Values joined by the same Op: and, or.
	BoolOp struct {
		Span
		Op     string
		Values []Expr
	}

	// Compare is Left Ops[0] Comparators[0] Ops[1] …, with the operators < > == >= <= != in, not in, is, is not.
	Compare struct {
		Span
		Left        Expr
		Ops         []string
		Comparators []Expr
	}

	// IfExp is Body if Test else Else.
	IfExp struct {
		Span
		Body, Test, Else Expr
	}

	// Lambda is lambda Params: Body.
	Lambda struct {
		Span
		Params []*Param
		Body   Expr
	}

	// Subscript is Value[Index]. Several indices are a *Tuple without parentheses.
	Subscript struct {
		Span
		Value, Index Expr
	}

	// Slice is Lower:Upper:Step within a subscript; each may be nil.
	Slice struct {
		Span
		Lower, Upper, Step Expr
	}

	// Starred is *Value.
	Starred struct {
		Span
		Value Expr
	}

	// Comprehension is a list, set or dict comprehension or a generator expression.
	Comprehension struct {
		Span
		Kind ComprehensionKind
		// Elt is the element, for a dict its key.
		Elt Expr
		// Value is a dict's value, else nil.
		Value Expr
		For   []*CompFor
		// bare says that a generator's parentheses are still to be found: a call's.
		bare bool
	}

	// CompFor is one "for Target in Iter if Ifs[0] if Ifs[1]" of a comprehension.
	CompFor struct {
		Span
		Async  bool
		Target Expr
		Iter   Expr
		Ifs    []Expr
	}

	// Await is await Value.
	Await struct {
		Span
		Value Expr
	}

	// Yield is yield Value, Value being nil where there is none, or yield from Value.
	Yield struct {
		Span
		From  bool
		Value Expr
	}

	// NamedExpr is Target := Value.
	NamedExpr struct {
		Span
		Target *Name
		Value  Expr
	}

	// AsPattern is "Pattern as Name" within a case's pattern.
	AsPattern struct {
		Span
		Pattern Expr
		Name    Ident
	}
)

// ConstantKind tells the constants apart.
type ConstantKind uint8

// The constants.
const (
	None ConstantKind = iota
	True
	False
	Ellipsis
)

// String is the constant as Python writes it.
func (k ConstantKind) String() string {
	switch k {
	case None:
		return "None"
	case True:
		return "True"
	case False:
		return "False"
	default:
		return "..."
	}
}

// ComprehensionKind tells the comprehensions apart.
type ComprehensionKind uint8

// The comprehensions.
const (
	ListComp ComprehensionKind = iota
	SetComp
	DictComp
	Generator
)

func (*Name) expr()          {}
func (*Attribute) expr()     {}
func (*Call) expr()          {}
func (*String) expr()        {}
func (*Number) expr()        {}
func (*Constant) expr()      {}
func (*Tuple) expr()         {}
func (*List) expr()          {}
func (*Set) expr()           {}
func (*Dict) expr()          {}
func (*BinaryOp) expr()      {}
func (*UnaryOp) expr()       {}
func (*BoolOp) expr()        {}
func (*Compare) expr()       {}
func (*IfExp) expr()         {}
func (*Lambda) expr()        {}
func (*Subscript) expr()     {}
func (*Slice) expr()         {}
func (*Starred) expr()       {}
func (*Comprehension) expr() {}
func (*Await) expr()         {}
func (*Yield) expr()         {}
func (*NamedExpr) expr()     {}
func (*AsPattern) expr()     {}

// Pieces are the literal stretches and the holes of all parts, in order.
func (s *String) Pieces() iter.Seq[StringPiece] {
	return func(yield func(StringPiece) bool) {
		for i := range s.Parts {
			part := &s.Parts[i]
			if !part.Format && !part.Template {
				if part.Text.Value != "" && !yield(StringPiece{Span: part.Body(), Text: part.Text}) {
					return
				}
				continue
			}
			for _, piece := range part.Pieces {
				if !yield(piece) {
					return
				}
			}
		}
	}
}

// Body is the span of the literal between its quotes.
func (p *StringPart) Body() Span {
	return Span{p.Start + len(p.Prefix) + len(p.Quote), p.End - len(p.Quote)}
}

// Literal is the value of the whole string with its map; false where it has a hole.
func (s *String) Literal() (syntax.Text, bool) {
	if first := &s.Parts[0]; len(s.Parts) == 1 && !first.Format && !first.Template {
		return first.Text, true
	}
	var b syntax.TextBuilder
	for piece := range s.Pieces() {
		if piece.Hole != nil {
			return syntax.Text{}, false
		}
		b.Append(piece.Text)
	}
	return b.Text(), true
}

// Bytes says that the string is a bytes literal.
func (s *String) Bytes() bool { return s.Parts[0].Bytes }
