package python

// atom parses what has no operators of its own: a name, a literal, something in brackets.
func (p *parser) atom() Expr {
	span := Span{p.tok.start, p.tok.end}
	switch p.tok.kind {
	case tokName:
		n := &Name{span, p.name(p.source(p.tok))}
		p.advance()
		return n
	case tokNumber:
		n := &Number{span, p.source(p.tok)}
		p.advance()
		return n
	case tokString, tokFStart:
		return p.string()
	case tokNone:
		p.advance()
		return &Constant{span, None}
	case tokTrue:
		p.advance()
		return &Constant{span, True}
	case tokFalse:
		p.advance()
		return &Constant{span, False}
	case tokEllipsis:
		p.advance()
		return &Constant{span, Ellipsis}
	case tokLParen:
		return p.parentheses()
	case tokLBracket:
		return p.brackets()
	case tokLBrace:
		return p.braces()
	}
	p.unexpected("an expression")
	return nil
}

// parentheses parses a tuple, a generator, or an expression in parentheses, which is the expression itself.
func (p *parser) parentheses() Expr {
	start := p.tok.start
	p.advance()
	if p.take(tokRParen) {
		return &Tuple{Span: p.since(start)}
	}
	if p.tok.kind == tokYield {
		e := p.yield()
		p.expect(tokRParen, "a closing parenthesis")
		return e
	}
	first := p.element(true)
	switch p.tok.kind {
	case tokComma:
		t := &Tuple{Elts: p.elements(first, tokRParen)}
		p.expect(tokRParen, "a comma or a closing parenthesis")
		t.Span = p.since(start)
		return t
	case tokFor, tokAsync:
		g := p.comprehension(Generator, first)
		p.expect(tokRParen, "a closing parenthesis")
		g.Span = p.since(start)
		return g
	}
	p.expect(tokRParen, "a comma or a closing parenthesis")
	if s, ok := first.(*Starred); ok {
		p.fail(s.Start, "a starred expression stands alone")
	}
	return first
}

// elements parses the elements behind the first up to the closing bracket.
func (p *parser) elements(first Expr, end kind) []Expr {
	n := len(p.stack)
	p.stack = append(p.stack, first)
	for p.take(tokComma) && p.tok.kind != end {
		p.stack = append(p.stack, p.element(true))
	}
	return p.popped(n)
}

// brackets parses a list or a list comprehension.
func (p *parser) brackets() Expr {
	start := p.tok.start
	p.advance()
	if p.take(tokRBracket) {
		return &List{Span: p.since(start)}
	}
	first := p.element(true)
	if p.tok.kind == tokFor || p.tok.kind == tokAsync {
		c := p.comprehension(ListComp, first)
		p.expect(tokRBracket, "a closing bracket")
		c.Span = p.since(start)
		return c
	}
	l := &List{Elts: p.elements(first, tokRBracket)}
	p.expect(tokRBracket, "a comma or a closing bracket")
	l.Span = p.since(start)
	return l
}

// braces parses a dict, a set, or a comprehension of one of them.
func (p *parser) braces() Expr {
	start := p.tok.start
	p.advance()
	if p.take(tokRBrace) {
		return &Dict{Span: p.since(start)}
	}
	if p.tok.kind == tokDoubleStar {
		return p.dict(start, p.dictItem())
	}
	first := p.element(true)
	if p.tok.kind == tokColon {
		if _, ok := first.(*Starred); ok {
			p.unexpected("a comma or a closing brace")
		}
		p.advance()
		item := DictItem{first, p.argument()}
		if p.tok.kind == tokFor || p.tok.kind == tokAsync {
			c := p.comprehension(DictComp, first)
			c.Value = item.Value
			p.expect(tokRBrace, "a closing brace")
			c.Span = p.since(start)
			return c
		}
		return p.dict(start, item)
	}
	if p.tok.kind == tokFor || p.tok.kind == tokAsync {
		c := p.comprehension(SetComp, first)
		p.expect(tokRBrace, "a closing brace")
		c.Span = p.since(start)
		return c
	}
	s := &Set{Elts: p.elements(first, tokRBrace)}
	p.expect(tokRBrace, "a comma or a closing brace")
	s.Span = p.since(start)
	return s
}

func (p *parser) dict(start int, first DictItem) Expr {
	d := &Dict{Items: []DictItem{first}}
	for p.take(tokComma) && p.tok.kind != tokRBrace {
		d.Items = append(d.Items, p.dictItem())
	}
	p.expect(tokRBrace, "a comma or a closing brace")
	d.Span = p.since(start)
	return d
}

func (p *parser) dictItem() DictItem {
	if p.take(tokDoubleStar) {
		return DictItem{Value: p.nested(levelBitOr)}
	}
	key := p.expression()
	p.expect(tokColon, "a colon")
	return DictItem{key, p.argument()}
}

// comprehension parses the for clauses behind the element.
func (p *parser) comprehension(kind ComprehensionKind, elt Expr) *Comprehension {
	if s, ok := elt.(*Starred); ok {
		p.fail(s.Start, "a comprehension cannot unpack")
	}
	return &Comprehension{Kind: kind, Elt: elt, For: p.compFor()}
}

func (p *parser) compFor() []*CompFor {
	var clauses []*CompFor
	for p.tok.kind == tokFor || p.tok.kind == tokAsync {
		start := p.tok.start
		c := &CompFor{Async: p.take(tokAsync)}
		p.expect(tokFor, "for")
		c.Target = p.targets()
		p.expect(tokIn, "in")
		c.Iter = p.nested(levelOr)
		for p.take(tokIf) {
			// No conditional expression: its else would be taken for the end of the clause.
			c.Ifs = append(c.Ifs, p.nested(levelOr))
		}
		c.Span = p.since(start)
		clauses = append(clauses, c)
	}
	return clauses
}
