package python

import "strings"

// statement parses one statement, or the simple statements of one line, and appends them.
func (p *parser) statement(body []Stmt, n int) []Stmt {
	switch p.tok.kind {
	case tokIf:
		return append(body, p.ifStatement(n))
	case tokFor:
		return append(body, p.forStatement(n, p.tok.start))
	case tokWhile:
		return append(body, p.whileStatement(n))
	case tokTry:
		return append(body, p.tryStatement(n))
	case tokWith:
		return append(body, p.withStatement(n, p.tok.start))
	case tokDef, tokClass, tokAt:
		return append(body, p.definition(n))
	case tokAsync:
		start := p.tok.start
		switch p.ahead() {
		case tokFor:
			p.advance()
			f := p.forStatement(n, start)
			f.Async = true
			return append(body, f)
		case tokWith:
			p.advance()
			w := p.withStatement(n, start)
			w.Async = true
			return append(body, w)
		}
		return append(body, p.definition(n))
	case tokName:
		if p.beginsMatch() {
			return append(body, p.matchStatement(n))
		}
	}
	return p.simpleStatements(body)
}

// simpleStatements parses the statements of one line up to and with its end.
func (p *parser) simpleStatements(body []Stmt) []Stmt {
	for {
		body = append(body, p.simpleStatement())
		if p.tok.kind == tokSemicolon {
			p.advance()
			if p.tok.kind != tokNewline {
				continue
			}
		}
		p.expect(tokNewline, "the end of the statement")
		return body
	}
}

func (p *parser) simpleStatement() Stmt {
	start := p.tok.start
	switch p.tok.kind {
	case tokImport:
		return p.importStatement()
	case tokFrom:
		return p.importFrom()
	case tokReturn:
		p.advance()
		r := &Return{}
		if p.beginsExpression() {
			r.Value = p.expressions()
		}
		r.Span = p.since(start)
		return r
	case tokRaise:
		return p.raiseStatement()
	case tokPass:
		p.advance()
		return &Pass{p.since(start)}
	case tokBreak:
		p.advance()
		return &Break{p.since(start)}
	case tokContinue:
		p.advance()
		return &Continue{p.since(start)}
	case tokDel:
		return p.deleteStatement()
	case tokAssert:
		p.advance()
		a := &Assert{Test: p.expression()}
		if p.take(tokComma) {
			a.Msg = p.expression()
		}
		a.Span = p.since(start)
		return a
	case tokGlobal:
		p.advance()
		names := p.names()
		return &Global{p.since(start), names}
	case tokNonlocal:
		p.advance()
		names := p.names()
		return &Nonlocal{p.since(start), names}
	case tokName:
		if p.source(p.tok) == "type" && p.ahead() == tokName {
			return p.typeAlias()
		}
	}
	return p.expressionStatement()
}

// expressionStatement parses an expression alone, or an assignment.
func (p *parser) expressionStatement() Stmt {
	start := p.tok.start
	first := p.expressionsOrYield()
	switch p.tok.kind {
	case tokAssign:
		a := &Assign{Targets: make([]Expr, 0, 1), Value: first}
		for p.take(tokAssign) {
			p.checkTarget(a.Value)
			a.Targets = append(a.Targets, a.Value)
			a.Value = p.expressionsOrYield()
		}
		a.Span = p.since(start)
		return a
	case tokAugAssign:
		switch first.(type) {
		case *Name, *Attribute, *Subscript:
		default:
			p.fail(first.Range().Start, "this cannot be assigned to with an operator")
		}
		a := &AugAssign{Op: strings.TrimSuffix(p.source(p.tok), "="), Target: first}
		p.advance()
		a.Value = p.expressionsOrYield()
		a.Span = p.since(start)
		return a
	case tokColon:
		switch first.(type) {
		case *Name, *Attribute, *Subscript:
		default:
			p.fail(p.tok.start, "expected the end of the statement, found :")
		}
		p.advance()
		a := &AnnAssign{Target: first, Annotation: p.expression()}
		if p.take(tokAssign) {
			a.Value = p.expressionsOrYield()
		}
		a.Span = p.since(start)
		return a
	}
	return &ExprStmt{p.since(start), first}
}

// checkTarget refuses what cannot be assigned to.
func (p *parser) checkTarget(e Expr) {
	switch e := e.(type) {
	case *Name, *Attribute, *Subscript:
	case *Starred:
		p.checkTarget(e.Value)
	case *Tuple:
		for _, elt := range e.Elts {
			p.checkTarget(elt)
		}
	case *List:
		for _, elt := range e.Elts {
			p.checkTarget(elt)
		}
	default:
		p.fail(e.Range().Start, "this cannot be assigned to: %s", p.describe(token{kind: tokName, start: e.Range().Start, end: e.Range().End}))
	}
}

// ident takes a name.
func (p *parser) ident() Ident {
	if p.tok.kind != tokName {
		p.unexpected("a name")
	}
	id := Ident{Span{p.tok.start, p.tok.end}, p.name(p.source(p.tok))}
	p.advance()
	return id
}

func (p *parser) names() []Ident {
	names := []Ident{p.ident()}
	for p.take(tokComma) {
		names = append(names, p.ident())
	}
	return names
}

// dotted takes a module's name.
func (p *parser) dotted() Ident {
	id := p.ident()
	if p.tok.kind != tokDot {
		return id
	}
	var b strings.Builder
	b.WriteString(id.Name)
	for p.take(tokDot) {
		b.WriteByte('.')
		b.WriteString(p.ident().Name)
	}
	return Ident{p.since(id.Start), b.String()}
}

func (p *parser) importStatement() Stmt {
	start := p.tok.start
	p.advance()
	im := &Import{}
	for {
		a := &Alias{Name: p.dotted()}
		p.asName(a)
		im.Names = append(im.Names, a)
		if !p.take(tokComma) {
			break
		}
	}
	im.Span = p.since(start)
	return im
}

func (p *parser) asName(a *Alias) {
	if p.take(tokAs) {
		a.As = p.ident()
	}
	a.Span = p.since(a.Name.Start)
}

func (p *parser) importFrom() Stmt {
	start := p.tok.start
	p.advance()
	im := &ImportFrom{}
	for ; p.tok.kind == tokDot || p.tok.kind == tokEllipsis; p.advance() {
		im.Level += p.tok.end - p.tok.start
	}
	if im.Level == 0 || p.tok.kind != tokImport {
		im.Module = p.dotted()
	}
	p.expect(tokImport, "import")
	if p.tok.kind == tokStar {
		id := Ident{Span{p.tok.start, p.tok.end}, "*"}
		im.Names = []*Alias{{Span: id.Span, Name: id}}
		p.advance()
		im.Span = p.since(start)
		return im
	}
	parenthesised := p.take(tokLParen)
	for {
		a := &Alias{Name: p.ident()}
		p.asName(a)
		im.Names = append(im.Names, a)
		if !p.take(tokComma) || parenthesised && p.tok.kind == tokRParen {
			break
		}
	}
	if parenthesised {
		p.expect(tokRParen, "a closing parenthesis")
	}
	im.Span = p.since(start)
	return im
}

func (p *parser) raiseStatement() Stmt {
	start := p.tok.start
	p.advance()
	r := &Raise{}
	if p.beginsExpression() {
		r.Exc = p.expression()
		if p.take(tokFrom) {
			r.Cause = p.expression()
		}
	}
	r.Span = p.since(start)
	return r
}

func (p *parser) deleteStatement() Stmt {
	start := p.tok.start
	p.advance()
	d := &Delete{}
	for {
		target := p.primary()
		p.checkDeleted(target)
		d.Targets = append(d.Targets, target)
		if !p.take(tokComma) || p.tok.kind == tokNewline || p.tok.kind == tokSemicolon {
			break
		}
	}
	d.Span = p.since(start)
	return d
}

func (p *parser) checkDeleted(e Expr) {
	if _, ok := e.(*Starred); ok {
		p.fail(e.Range().Start, "a starred expression cannot be deleted")
	}
	p.checkTarget(e)
}

func (p *parser) typeAlias() Stmt {
	start := p.tok.start
	p.advance()
	t := &TypeAlias{Name: p.ident()}
	t.TypeParams = p.typeParams()
	p.expect(tokAssign, "=")
	t.Value = p.expression()
	t.Span = p.since(start)
	return t
}
