package python

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// dumper writes a tree as S-expressions. testdata/dump.py writes the same of CPython's tree.
type dumper struct {
	strings.Builder
	text  string
	spans bool
	// quiet is above zero where spans are left out: within f-strings, whose positions CPython got right only in 3.12, and
	// within patterns, which CPython gives nodes of their own.
	quiet   int
	pattern bool
}

// dump is the module's tree, a line a top-level statement.
func dump(m *Module, text []byte, spans bool) string {
	d := &dumper{text: string(text), spans: spans}
	for _, s := range m.Body {
		d.stmt(s)
		d.WriteByte('\n')
	}
	return d.String()
}

func (d *dumper) open(tag string, s Span) {
	d.WriteByte('(')
	d.WriteString(tag)
	if d.spans && d.quiet == 0 {
		d.WriteByte('@')
		d.WriteString(strconv.Itoa(s.Start))
		d.WriteByte(':')
		d.WriteString(strconv.Itoa(s.End))
	}
}

func (d *dumper) close() { d.WriteByte(')') }

func (d *dumper) word(s string) {
	d.WriteByte(' ')
	d.WriteString(s)
}

func (d *dumper) quote(s string) {
	d.WriteString(` "`)
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			d.WriteByte('\\')
			d.WriteRune(r)
		case r < ' ':
			fmt.Fprintf(d, `\x%02x`, r)
		default:
			d.WriteRune(r)
		}
	}
	d.WriteByte('"')
}

func (d *dumper) exprs(list []Expr) {
	for _, e := range list {
		d.expr(e)
	}
}

func (d *dumper) simple(tag string, s Span, children ...Expr) {
	d.open(tag, s)
	d.exprs(children)
	d.close()
}

// expr writes an expression behind a space; - stands for none.
func (d *dumper) expr(e Expr) {
	d.WriteByte(' ')
	switch e := e.(type) {
	case nil:
		d.WriteByte('-')
	case *Name:
		d.open("name", e.Span)
		d.word(e.Name)
		d.close()
	case *Attribute:
		d.open("attr", e.Span)
		d.expr(e.Value)
		d.word(e.Attr.Name)
		d.close()
	case *Call:
		d.open("call", e.Span)
		d.expr(e.Func)
		d.exprs(e.Args)
		d.keywords(e.Keywords)
		d.close()
	case *String:
		d.str(e)
	case *Number:
		d.number(e)
	case *Constant:
		d.open("const", e.Span)
		d.word(e.Kind.String())
		d.close()
	case *Tuple:
		d.sequence("tuple", e.Span, e.Elts)
	case *List:
		d.sequence("list", e.Span, e.Elts)
	case *Set:
		d.simple("set", e.Span, e.Elts...)
	case *Dict:
		d.open("dict", e.Span)
		for _, item := range e.Items {
			d.expr(item.Key)
			d.expr(item.Value)
		}
		d.close()
	case *BinaryOp:
		d.binary(e)
	case *UnaryOp:
		d.simple("unary "+e.Op, e.Span, e.Operand)
	case *BoolOp:
		d.simple(e.Op, e.Span, e.Values...)
	case *Compare:
		d.open("compare", e.Span)
		d.expr(e.Left)
		for i, op := range e.Ops {
			d.word(op)
			d.expr(e.Comparators[i])
		}
		d.close()
	default:
		d.rare(e)
	}
}

func (d *dumper) rare(e Expr) {
	switch e := e.(type) {
	case *IfExp:
		d.simple("ifexp", e.Span, e.Test, e.Body, e.Else)
	case *Lambda:
		d.open("lambda", e.Span)
		d.params(e.Params)
		d.expr(e.Body)
		d.close()
	case *Subscript:
		d.simple("index", e.Span, e.Value, e.Index)
	case *Slice:
		d.simple("slice", e.Span, e.Lower, e.Upper, e.Step)
	case *Starred:
		d.simple("star", e.Span, e.Value)
	case *Comprehension:
		d.open([]string{"listcomp", "setcomp", "dictcomp", "generator"}[e.Kind], e.Span)
		d.expr(e.Elt)
		d.expr(e.Value)
		for _, c := range e.For {
			if c.Async {
				d.word("async")
			}
			d.WriteString(" (for")
			d.expr(c.Target)
			d.expr(c.Iter)
			d.exprs(c.Ifs)
			d.close()
		}
		d.close()
	case *Await:
		d.simple("await", e.Span, e.Value)
	case *Yield:
		tag := "yield"
		if e.From {
			tag = "yieldfrom"
		}
		d.simple(tag, e.Span, e.Value)
	case *NamedExpr:
		d.simple("named", e.Span, e.Target, e.Value)
	case *AsPattern:
		d.open("as", e.Span)
		d.expr(e.Pattern)
		d.word(e.Name.Name)
		d.close()
	default:
		panic(fmt.Sprintf("no dump of %T", e))
	}
}

func (d *dumper) sequence(tag string, s Span, elts []Expr) {
	if d.pattern {
		tag = "seq"
	}
	d.simple(tag, s, elts...)
}

// binary flattens the alternatives of a pattern, as CPython does.
func (d *dumper) binary(e *BinaryOp) {
	if !d.pattern || e.Op != "|" {
		d.simple("binary "+e.Op, e.Span, e.Left, e.Right)
		return
	}
	var alternatives []Expr
	var collect func(x Expr)
	collect = func(x Expr) {
		if b, ok := x.(*BinaryOp); ok && b.Op == "|" && b.Start == e.Start {
			collect(b.Left)
			alternatives = append(alternatives, b.Right)
			return
		}
		alternatives = append(alternatives, x)
	}
	collect(e)
	d.simple("alternatives", e.Span, alternatives...)
}

func (d *dumper) number(n *Number) {
	d.open("number", n.Span)
	if i, ok := n.Int(); ok {
		d.word(i.Text(16))
	} else {
		tag := "f"
		text := strings.TrimRight(n.Text, "jJ")
		if text != n.Text {
			tag = "j"
		}
		f, _ := (&Number{Text: text}).Float()
		if text != n.Text && !strings.ContainsAny(text, ".eE") { // 077j is a decimal
			f, _ = strconv.ParseFloat(strings.ReplaceAll(text, "_", ""), 64)
		}
		d.word(fmt.Sprintf("%s%016x", tag, math.Float64bits(f)))
	}
	d.close()
}

// str writes a string. Where it has a character by its name, its value is left out.
func (d *dumper) str(s *String) {
	tag := "str"
	for _, part := range s.Parts {
		switch {
		case part.Template:
			tag = "tstr"
		case part.Format:
			tag = "fstr"
		case part.Bytes:
			tag = "bytes"
		}
		if tag == "fstr" || tag == "tstr" {
			break
		}
	}
	d.open(tag, s.Span)
	d.quiet++
	switch {
	case strings.Contains(d.text[s.Start:s.End], `\N{`):
		d.word("?")
	case tag == "str" || tag == "bytes":
		text, _ := s.Literal()
		d.quote(text.Value)
	default:
		var pieces []StringPiece
		for piece := range s.Pieces() {
			pieces = append(pieces, piece)
		}
		d.pieces(pieces)
	}
	d.quiet--
	d.close()
}

func (d *dumper) pieces(pieces []StringPiece) {
	var text strings.Builder
	flush := func() {
		if text.Len() > 0 {
			d.quote(text.String())
			text.Reset()
		}
	}
	for _, piece := range pieces {
		if piece.Hole == nil {
			text.WriteString(piece.Text.Value)
			continue
		}
		h := piece.Hole
		text.WriteString(h.Debug.Value)
		flush()
		d.WriteString(" (hole")
		d.expr(h.Expr)
		switch {
		case h.Conversion != 0:
			d.word(string(h.Conversion))
		case h.Debug.Value != "" && !h.HasSpec:
			d.word("r")
		default:
			d.word("-")
		}
		if h.HasSpec {
			d.WriteString(" (spec")
			d.pieces(h.Spec)
			d.close()
		}
		d.close()
	}
	flush()
}

func (d *dumper) keywords(list []*Keyword) {
	for _, k := range list {
		d.WriteByte(' ')
		name := k.Name.Name
		if name == "" {
			name = "**"
		}
		d.open("keyword", k.Span)
		d.word(name)
		d.expr(k.Value)
		d.close()
	}
}

func (d *dumper) params(list []*Param) {
	d.WriteString(" (params")
	for _, p := range list {
		d.WriteString(" (" + []string{"plain", "positional", "*", "keyword", "**"}[p.Kind])
		d.word(p.Name.Name)
		d.expr(p.Annotation)
		d.expr(p.Default)
		d.close()
	}
	d.close()
}

func (d *dumper) typeParams(list []*TypeParam) {
	for _, t := range list {
		d.WriteByte(' ')
		d.open("typeparam", t.Span)
		d.word(strings.Repeat("*", t.Stars) + t.Name.Name)
		d.expr(t.Bound)
		d.expr(t.Default)
		d.close()
	}
}

func (d *dumper) body(tag string, list []Stmt) {
	if tag != "body" && len(list) == 0 {
		return
	}
	d.WriteString(" (" + tag)
	for _, s := range list {
		d.WriteByte(' ')
		d.stmt(s)
	}
	d.close()
}

func (d *dumper) aliases(list []*Alias) {
	for _, a := range list {
		d.WriteByte(' ')
		d.open("alias", a.Span)
		d.word(a.Name.Name)
		if a.As.Name != "" {
			d.word(a.As.Name)
		}
		d.close()
	}
}

func (d *dumper) idents(tag string, s Span, names []Ident) {
	d.open(tag, s)
	for _, n := range names {
		d.word(n.Name)
	}
	d.close()
}

func (d *dumper) stmt(s Stmt) {
	switch s := s.(type) {
	case *Import:
		d.open("import", s.Span)
		d.aliases(s.Names)
		d.close()
	case *ImportFrom:
		d.open("from", s.Span)
		d.word(strings.Repeat(".", s.Level) + s.Module.Name)
		d.aliases(s.Names)
		d.close()
	case *Assign:
		d.simple("assign", s.Span, append(append([]Expr(nil), s.Targets...), s.Value)...)
	case *AnnAssign:
		d.simple("annassign", s.Span, s.Target, s.Annotation, s.Value)
	case *AugAssign:
		d.simple("augassign "+s.Op, s.Span, s.Target, s.Value)
	case *ExprStmt:
		d.simple("expr", s.Span, s.Value)
	case *Return:
		d.simple("return", s.Span, s.Value)
	case *Pass:
		d.simple("pass", s.Span)
	case *Break:
		d.simple("break", s.Span)
	case *Continue:
		d.simple("continue", s.Span)
	case *Raise:
		d.simple("raise", s.Span, s.Exc, s.Cause)
	case *Delete:
		d.simple("del", s.Span, s.Targets...)
	case *Assert:
		d.simple("assert", s.Span, s.Test, s.Msg)
	case *Global:
		d.idents("global", s.Span, s.Names)
	case *Nonlocal:
		d.idents("nonlocal", s.Span, s.Names)
	case *TypeAlias:
		d.open("type", s.Span)
		d.word(s.Name.Name)
		d.typeParams(s.TypeParams)
		d.expr(s.Value)
		d.close()
	case *Bad:
		d.open("bad", s.Span)
		d.quote(s.Message)
		d.close()
	default:
		d.compound(s)
	}
}

func (d *dumper) compound(s Stmt) {
	switch s := s.(type) {
	case *If:
		d.branches(s, s.Branches)
	case *For:
		d.open(async("for", s.Async), s.Span)
		d.expr(s.Target)
		d.expr(s.Iter)
		d.body("body", s.Body)
		d.body("else", s.Else)
		d.close()
	case *While:
		d.open("while", s.Span)
		d.expr(s.Test)
		d.body("body", s.Body)
		d.body("else", s.Else)
		d.close()
	case *With:
		d.open(async("with", s.Async), s.Span)
		for _, item := range s.Items {
			d.WriteString(" (item")
			d.expr(item.Context)
			d.expr(item.Target)
			d.close()
		}
		d.body("body", s.Body)
		d.close()
	case *Try:
		d.try(s)
	case *FunctionDef:
		d.open(async("def", s.Async), Span{s.Def, s.End})
		d.word(s.Name.Name)
		d.decorators(s.Decorators)
		d.typeParams(s.TypeParams)
		d.params(s.Params)
		d.expr(s.Returns)
		d.body("body", s.Body)
		d.close()
	case *ClassDef:
		d.open("class", Span{s.Def, s.End})
		d.word(s.Name.Name)
		d.decorators(s.Decorators)
		d.typeParams(s.TypeParams)
		d.exprs(s.Bases)
		d.keywords(s.Keywords)
		d.body("body", s.Body)
		d.close()
	case *Match:
		d.match(s)
	default:
		panic(fmt.Sprintf("no dump of %T", s))
	}
}

func async(tag string, yes bool) string {
	if yes {
		return "async" + tag
	}
	return tag
}

func (d *dumper) decorators(list []Expr) {
	for _, e := range list {
		d.word("@")
		d.expr(e)
	}
}

// branches nests each elif in the else before it, as CPython does.
func (d *dumper) branches(s *If, rest []*Branch) {
	d.open("if", Span{rest[0].Start, s.End})
	d.expr(rest[0].Test)
	d.body("body", rest[0].Body)
	if len(rest) > 1 {
		d.WriteString(" (else ")
		d.branches(s, rest[1:])
		d.close()
	} else {
		d.body("else", s.Else)
	}
	d.close()
}

func (d *dumper) try(s *Try) {
	tag := "try"
	if s.Star {
		tag = "try*"
	}
	d.open(tag, s.Span)
	d.body("body", s.Body)
	for _, h := range s.Handlers {
		d.WriteByte(' ')
		d.open("except", h.Span)
		d.expr(h.Type)
		if h.Name.Name != "" {
			d.word(h.Name.Name)
		}
		d.body("body", h.Body)
		d.close()
	}
	d.body("else", s.Else)
	d.body("finally", s.Finally)
	d.close()
}

func (d *dumper) match(s *Match) {
	d.open("match", s.Span)
	d.expr(s.Subject)
	for _, c := range s.Cases {
		d.WriteString(" (case")
		d.quiet++
		d.pattern = true
		d.expr(c.Pattern)
		d.pattern = false
		d.quiet--
		d.expr(c.Guard)
		d.body("body", c.Body)
		d.close()
	}
	d.close()
}

// countsAlike says whether CPython's byte offsets are those of the file: it counts in UTF-8 whatever the file's encoding is.
func countsAlike(text []byte) bool { return utf8.Valid(text) }
