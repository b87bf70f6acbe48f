package python

// The levels of precedence, the loosest first (Language Reference, "Operator precedence").
const (
	levelNone = iota
	levelOr
	levelAnd
	levelNot
	levelCompare
	levelBitOr
	levelBitXor
	levelBitAnd
	levelShift
	levelSum
	levelTerm
	levelUnary
)

// levels has the level of each kind that is a binary operator.
var levels = [kinds]uint8{
	tokOr: levelOr, tokAnd: levelAnd,
	tokLess: levelCompare, tokGreater: levelCompare, tokEqual: levelCompare, tokNotEqual: levelCompare,
	tokLessEqual: levelCompare, tokGreaterEqual: levelCompare, tokIn: levelCompare, tokIs: levelCompare, tokNot: levelCompare,
	tokBar: levelBitOr, tokCaret: levelBitXor, tokAmpersand: levelBitAnd,
	tokShiftLeft: levelShift, tokShiftRight: levelShift,
	tokPlus: levelSum, tokMinus: levelSum,
	tokStar: levelTerm, tokSlash: levelTerm, tokDoubleSlash: levelTerm, tokPercent: levelTerm, tokAt: levelTerm,
}

// begins has the kinds that an expression can begin with, a starred one included.
var begins = [kinds]bool{
	tokName: true, tokNumber: true, tokString: true, tokFStart: true, tokLParen: true, tokLBracket: true, tokLBrace: true,
	tokEllipsis: true, tokPlus: true, tokMinus: true, tokStar: true, tokTilde: true, tokAwait: true, tokFalse: true,
	tokLambda: true, tokNone: true, tokNot: true, tokTrue: true, tokError: true,
}

func (p *parser) beginsExpression() bool { return begins[p.tok.kind] }

// enter counts a level of nesting; leave takes it back.
func (p *parser) enter() {
	if p.depth++; p.depth > maxDepth {
		p.fail(p.tok.start, "an expression that is nested too deep")
	}
}

func (p *parser) leave() { p.depth-- }

// link counts an operation that makes the tree one higher without nesting.
func (p *parser) link() {
	if p.chain++; p.chain > maxChain {
		p.fail(p.tok.start, "an expression with too many operations")
	}
}

// nested parses operators of the level and tighter ones as an expression of its own.
func (p *parser) nested(least uint8) Expr {
	p.enter()
	outer := p.chain
	p.chain = 0
	e := p.binary(least)
	p.chain = max(p.chain, outer)
	p.leave()
	return e
}

// expression parses "expression" of the grammar: a conditional expression or a lambda.
func (p *parser) expression() Expr {
	p.enter()
	outer := p.chain
	p.chain = 0
	start := p.tok.start
	var e Expr
	if p.tok.kind == tokLambda {
		e = p.lambda()
	} else {
		e = p.binary(levelOr)
		// In a case, the if belongs to the guard.
		if p.tok.kind == tokIf && !p.pattern {
			p.advance()
			c := &IfExp{Body: e, Test: p.binary(levelOr)}
			p.expect(tokElse, "else")
			c.Else = p.expression()
			c.Span = p.since(start)
			e = c
		}
	}
	p.chain = max(p.chain, outer)
	p.leave()
	return e
}

// namedExpression parses an expression that may be an assignment expression, or in a case a pattern with a name.
func (p *parser) namedExpression() Expr {
	start := p.tok.start
	e := p.expression()
	switch p.tok.kind {
	case tokWalrus:
		target, ok := e.(*Name)
		if !ok || target.End != p.end || target.Start != start {
			p.unexpected("the end of the expression")
		}
		p.advance()
		value := p.expression()
		return &NamedExpr{p.since(start), target, value}
	case tokAs:
		if p.pattern {
			p.advance()
			name := p.ident()
			return &AsPattern{p.since(start), e, name}
		}
	}
	return e
}

// starred parses *value.
func (p *parser) starred() Expr {
	start := p.tok.start
	p.advance()
	value := p.nested(levelBitOr)
	return &Starred{p.since(start), value}
}

// element parses an expression that may be starred and, if named, an assignment expression.
func (p *parser) element(named bool) Expr {
	switch {
	case p.tok.kind == tokStar:
		return p.starred()
	case named:
		return p.namedExpression()
	default:
		return p.expression()
	}
}

// expressions parses one expression, or several as a tuple without parentheses.
func (p *parser) expressions() Expr {
	return p.tupleOf(false)
}

// expressionsNamed is expressions where assignment expressions may stand among them.
func (p *parser) expressionsNamed() Expr {
	return p.tupleOf(true)
}

func (p *parser) tupleOf(named bool) Expr {
	start := p.tok.start
	first := p.element(named)
	if p.tok.kind != tokComma {
		if s, ok := first.(*Starred); ok {
			p.fail(s.Start, "a starred expression stands alone")
		}
		return first
	}
	n := len(p.stack)
	p.stack = append(p.stack, first)
	for p.take(tokComma) && p.beginsExpression() {
		p.stack = append(p.stack, p.element(named))
	}
	return &Tuple{p.since(start), p.popped(n)}
}

func (p *parser) expressionsOrYield() Expr {
	if p.tok.kind == tokYield {
		return p.yield()
	}
	return p.expressions()
}

func (p *parser) yield() Expr {
	start := p.tok.start
	p.advance()
	y := &Yield{From: p.take(tokFrom)}
	if y.From {
		y.Value = p.expression()
	} else if p.beginsExpression() {
		y.Value = p.expressions()
	}
	y.Span = p.since(start)
	return y
}

func (p *parser) lambda() Expr {
	start := p.tok.start
	p.advance()
	l := &Lambda{Params: p.params(tokColon)}
	p.expect(tokColon, "a colon")
	l.Body = p.expression()
	l.Span = p.since(start)
	return l
}

// targets parses what a for assigns to, up to its in.
func (p *parser) targets() Expr {
	start := p.tok.start
	first := p.target()
	if p.tok.kind != tokComma {
		if s, ok := first.(*Starred); ok {
			p.fail(s.Start, "a starred target stands alone")
		}
		return first
	}
	t := &Tuple{Elts: []Expr{first}}
	for p.take(tokComma) && p.beginsExpression() {
		t.Elts = append(t.Elts, p.target())
	}
	t.Span = p.since(start)
	return t
}

func (p *parser) target() Expr {
	start := p.tok.start
	starred := p.take(tokStar)
	e := p.primary()
	p.checkTarget(e)
	if starred {
		return &Starred{p.since(start), e}
	}
	return e
}

// binary parses operators of the level and tighter ones.
func (p *parser) binary(least uint8) Expr {
	start := p.tok.start
	var left Expr
	if p.tok.kind == tokNot && least <= levelNot {
		p.enter()
		p.advance()
		operand := p.binary(levelNot)
		left = &UnaryOp{p.since(start), "not", operand}
		p.leave()
		least = min(least, levelNot)
	} else {
		left = p.unary()
	}
	for {
		op := p.tok.kind
		level := levels[op]
		if level < least || level == levelNone {
			return left
		}
		switch level {
		case levelOr, levelAnd:
			b := &BoolOp{Op: p.source(p.tok), Values: []Expr{left}}
			for p.take(op) {
				b.Values = append(b.Values, p.binary(level+1))
			}
			b.Span = p.since(start)
			left = b
		case levelCompare:
			c := p.comparison(start, left)
			if c == nil {
				return left
			}
			left = c
		default:
			p.link()
			b := &BinaryOp{Op: p.source(p.tok), Left: left}
			p.advance()
			b.Right = p.binary(level + 1)
			b.Span = p.since(start)
			left = b
		}
	}
}

// comparison parses the operators and the operands behind left; nil if a not is not that of "not in".
func (p *parser) comparison(start int, left Expr) Expr {
	if p.tok.kind == tokNot && p.ahead() != tokIn {
		return nil
	}
	c := &Compare{Left: left, Ops: make([]string, 0, 1), Comparators: make([]Expr, 0, 1)}
	for levels[p.tok.kind] == levelCompare {
		op := p.source(p.tok)
		switch first := p.tok.kind; {
		case first == tokNot:
			if p.ahead() != tokIn {
				p.unexpected("an operator")
			}
			p.advance()
			op = "not in"
		case first == tokIs && p.ahead() == tokNot:
			p.advance()
			op = "is not"
		}
		p.advance()
		c.Ops = append(c.Ops, op)
		c.Comparators = append(c.Comparators, p.binary(levelCompare+1))
	}
	c.Span = p.since(start)
	return c
}

// unary parses + - ~ and what binds tighter: **, await, and the rest.
func (p *parser) unary() Expr {
	start := p.tok.start
	switch p.tok.kind {
	case tokPlus, tokMinus, tokTilde:
		p.enter()
		u := &UnaryOp{Op: p.source(p.tok)}
		p.advance()
		u.Operand = p.unary()
		u.Span = p.since(start)
		p.leave()
		return u
	}
	var e Expr
	if p.tok.kind == tokAwait {
		p.advance()
		value := p.primary()
		e = &Await{p.since(start), value}
	} else {
		e = p.primary()
	}
	if p.tok.kind == tokDoubleStar {
		p.enter()
		p.advance()
		b := &BinaryOp{Op: "**", Left: e, Right: p.unary()}
		b.Span = p.since(start)
		p.leave()
		return b
	}
	return e
}

// primary parses an atom with the attributes, calls and subscripts behind it.
func (p *parser) primary() Expr {
	start := p.tok.start
	e := p.atom()
	for {
		switch p.tok.kind {
		case tokDot:
			p.link()
			p.advance()
			attr := p.ident()
			e = &Attribute{p.since(start), e, attr}
		case tokLParen:
			p.link()
			c := &Call{Func: e}
			open := p.tok.start
			p.advance()
			c.Args, c.Keywords = p.arguments()
			p.expect(tokRParen, "a comma or a closing parenthesis")
			if len(c.Args) == 1 {
				// A generator that is the only argument shares the call's parentheses.
				if g, ok := c.Args[0].(*Comprehension); ok && g.Kind == Generator && g.bare {
					g.Span, g.bare = p.since(open), false
				}
			}
			c.Span = p.since(start)
			e = c
		case tokLBracket:
			p.link()
			p.advance()
			s := &Subscript{Value: e, Index: p.index()}
			p.expect(tokRBracket, "a closing bracket")
			s.Span = p.since(start)
			e = s
		default:
			return e
		}
	}
}

// arguments parses the arguments of a call or a class up to the closing parenthesis.
func (p *parser) arguments() (args []Expr, keywords []*Keyword) {
	if p.tok.kind == tokRParen {
		return nil, nil
	}
	unpacked := false
	n := len(p.stack)
	for p.tok.kind != tokRParen {
		start := p.tok.start
		switch p.tok.kind {
		case tokStar:
			if unpacked {
				p.fail(start, "an unpacked sequence behind unpacked keywords")
			}
			p.advance()
			value := p.expression()
			p.stack = append(p.stack, &Starred{p.since(start), value})
		case tokDoubleStar:
			p.advance()
			value := p.expression()
			keywords = append(keywords, &Keyword{Span: p.since(start), Value: value})
			unpacked = true
		default:
			if p.tok.kind == tokName && p.ahead() == tokAssign {
				k := &Keyword{Name: p.ident()}
				p.advance()
				k.Value = p.argument()
				k.Span = p.since(start)
				keywords = append(keywords, k)
				break
			}
			if len(keywords) > 0 {
				p.fail(start, "a positional argument behind a keyword")
			}
			e := p.namedExpression()
			if p.tok.kind == tokFor || p.tok.kind == tokAsync {
				g := &Comprehension{Kind: Generator, Elt: e, For: p.compFor(), bare: true}
				g.Span = p.since(start)
				e = g
				if len(p.stack) > n || p.tok.kind != tokRParen {
					p.fail(start, "a generator among other arguments needs parentheses")
				}
			}
			p.stack = append(p.stack, e)
		}
		if !p.take(tokComma) {
			break
		}
	}
	return p.popped(n), keywords
}

// argument parses a keyword's value; in a case it is a pattern.
func (p *parser) argument() Expr {
	if p.pattern {
		return p.namedExpression()
	}
	return p.expression()
}

// index parses what stands between the brackets of a subscript.
func (p *parser) index() Expr {
	start := p.tok.start
	first := p.slice()
	if p.tok.kind != tokComma {
		if _, ok := first.(*Starred); !ok {
			return first
		}
		return &Tuple{p.since(start), []Expr{first}} // PEP 646
	}
	t := &Tuple{Elts: []Expr{first}}
	for p.take(tokComma) && p.tok.kind != tokRBracket {
		t.Elts = append(t.Elts, p.slice())
	}
	t.Span = p.since(start)
	return t
}

func (p *parser) slice() Expr {
	start := p.tok.start
	var lower Expr
	if p.tok.kind != tokColon {
		lower = p.element(true)
		if p.tok.kind != tokColon {
			return lower
		}
		if _, ok := lower.(*Starred); ok {
			p.unexpected("a comma or a closing bracket")
		}
	}
	s := &Slice{Lower: lower}
	p.advance()
	if k := p.tok.kind; k != tokColon && k != tokComma && k != tokRBracket {
		s.Upper = p.expression()
	}
	if p.take(tokColon) {
		if k := p.tok.kind; k != tokComma && k != tokRBracket {
			s.Step = p.expression()
		}
	}
	s.Span = p.since(start)
	return s
}
