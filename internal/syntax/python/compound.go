package python

func (p *parser) ifStatement(n int) Stmt {
	start := p.tok.start
	s := &If{}
	for p.tok.kind == tokElif || len(s.Branches) == 0 {
		b := &Branch{}
		from := p.tok.start
		p.advance()
		b.Test = p.namedExpression()
		b.Body = p.block(n)
		b.Span = p.since(from)
		s.Branches = append(s.Branches, b)
	}
	s.Else = p.elseBlock(n)
	s.Span = p.since(start)
	return s
}

func (p *parser) elseBlock(n int) []Stmt {
	if !p.take(tokElse) {
		return nil
	}
	return p.block(n)
}

func (p *parser) forStatement(n, start int) *For {
	p.advance()
	f := &For{Target: p.targets()}
	p.expect(tokIn, "in")
	f.Iter = p.expressions()
	f.Body = p.block(n)
	f.Else = p.elseBlock(n)
	f.Span = p.since(start)
	return f
}

func (p *parser) whileStatement(n int) Stmt {
	start := p.tok.start
	p.advance()
	w := &While{Test: p.namedExpression()}
	w.Body = p.block(n)
	w.Else = p.elseBlock(n)
	w.Span = p.since(start)
	return w
}

func (p *parser) tryStatement(n int) Stmt {
	start := p.tok.start
	p.advance()
	t := &Try{Body: p.block(n)}
	for p.tok.kind == tokExcept {
		from := p.tok.start
		p.advance()
		star := p.take(tokStar)
		if len(t.Handlers) > 0 && star != t.Star {
			p.fail(from, "except and except* are mixed")
		}
		t.Star = star
		h := &Handler{}
		if p.tok.kind != tokColon {
			h.Type = p.handled()
			if p.take(tokAs) {
				h.Name = p.ident()
			}
		} else if star {
			p.unexpected("an exception type")
		}
		h.Body = p.block(n)
		h.Span = p.since(from)
		t.Handlers = append(t.Handlers, h)
	}
	if len(t.Handlers) > 0 {
		t.Else = p.elseBlock(n)
	}
	if p.take(tokFinally) {
		t.Finally = p.block(n)
	} else if len(t.Handlers) == 0 {
		p.unexpected("except or finally")
	}
	t.Span = p.since(start)
	return t
}

// handled parses the exception types of a handler: one expression, or several without parentheses (PEP 758).
func (p *parser) handled() Expr {
	start := p.tok.start
	first := p.expression()
	if p.tok.kind != tokComma {
		return first
	}
	t := &Tuple{Elts: []Expr{first}}
	for p.take(tokComma) {
		t.Elts = append(t.Elts, p.expression())
	}
	t.Span = p.since(start)
	return t
}

func (p *parser) withStatement(n, start int) *With {
	p.advance()
	w := &With{}
	if p.tok.kind == tokLParen {
		w.Items = p.withParentheses()
	}
	for len(w.Items) == 0 || p.take(tokComma) {
		w.Items = append(w.Items, p.withItem())
	}
	w.Body = p.block(n)
	w.Span = p.since(start)
	return w
}

func (p *parser) withItem() *WithItem {
	start := p.tok.start
	item := &WithItem{Context: p.expression()}
	if p.take(tokAs) {
		item.Target = p.target()
	}
	item.Span = p.since(start)
	return item
}

// withParentheses parses items in parentheses (3.9). There are none, and nothing is taken, where the parenthesis is
// only the beginning of an expression.
func (p *parser) withParentheses() (items []*WithItem) {
	before := p.mark()
	defer func() {
		switch r := recover().(type) {
		case nil:
		case failure:
			p.back(before)
			items = nil
		default:
			panic(r)
		}
	}()
	p.advance()
	for p.tok.kind != tokRParen {
		items = append(items, p.withItem())
		if !p.take(tokComma) {
			break
		}
	}
	p.expect(tokRParen, "a closing parenthesis")
	if p.tok.kind != tokColon {
		p.back(before)
		return nil
	}
	return items
}

// definition parses a function or a class with its decorators.
func (p *parser) definition(n int) Stmt {
	start := p.tok.start
	var decorators []Expr
	for p.take(tokAt) {
		decorators = append(decorators, p.namedExpression())
		p.expect(tokNewline, "the end of the line")
	}
	def := p.tok.start
	if p.tok.kind == tokClass {
		c := p.classDef(n)
		c.Decorators, c.Def, c.Span = decorators, def, p.since(start)
		return c
	}
	async := p.take(tokAsync)
	p.expect(tokDef, "def")
	f := &FunctionDef{Async: async, Decorators: decorators, Def: def, Name: p.ident()}
	f.TypeParams = p.typeParams()
	p.expect(tokLParen, "the parameters")
	f.Params = p.params(tokRParen)
	p.expect(tokRParen, "a closing parenthesis")
	if p.take(tokArrow) {
		f.Returns = p.expression()
	}
	f.Body = p.block(n)
	f.Span = p.since(start)
	return f
}

func (p *parser) classDef(n int) *ClassDef {
	p.advance()
	c := &ClassDef{Name: p.ident()}
	c.TypeParams = p.typeParams()
	if p.take(tokLParen) {
		c.Bases, c.Keywords = p.arguments()
		p.expect(tokRParen, "a closing parenthesis")
	}
	c.Body = p.block(n)
	return c
}

// params parses the parameters of a function up to its closing parenthesis, or of a lambda up to its colon.
func (p *parser) params(end kind) []*Param {
	var params []*Param
	kind := Positional
	defaults := false
	for p.tok.kind != end {
		start := p.tok.start
		switch p.tok.kind {
		case tokSlash:
			if len(params) == 0 || kind != Positional || params[0].Kind == PositionalOnly {
				p.unexpected("a parameter")
			}
			for _, earlier := range params {
				earlier.Kind = PositionalOnly
			}
			p.advance()
		case tokStar:
			if kind != Positional {
				p.unexpected("a parameter")
			}
			kind = KeywordOnly
			p.advance()
			if p.tok.kind == tokComma {
				if p.ahead() != tokName {
					p.fail(p.tok.start, "expected a parameter behind the bare *")
				}
				break
			}
			params = append(params, p.param(&Param{Span: Span{Start: start}, Kind: VarArgs}, end))
		case tokDoubleStar:
			p.advance()
			params = append(params, p.param(&Param{Span: Span{Start: start}, Kind: KwArgs}, end))
			p.take(tokComma)
			if p.tok.kind != end {
				p.unexpected("the end of the parameters")
			}
			return params
		default:
			param := p.param(&Param{Span: Span{Start: start}, Kind: kind}, end)
			if kind == Positional && defaults && param.Default == nil {
				p.fail(start, "a parameter without a default behind one that has it")
			}
			defaults = defaults || param.Default != nil
			params = append(params, param)
		}
		if !p.take(tokComma) {
			break
		}
	}
	return params
}

// param parses the rest of a parameter. That of a lambda, which ends at a colon, has no annotation.
func (p *parser) param(param *Param, end kind) *Param {
	param.Name = p.ident()
	if end == tokRParen && p.take(tokColon) {
		if param.Kind == VarArgs && p.tok.kind == tokStar {
			param.Annotation = p.starred()
		} else {
			param.Annotation = p.expression()
		}
	}
	if (param.Kind != VarArgs && param.Kind != KwArgs) && p.take(tokAssign) {
		param.Default = p.expression()
	}
	param.Span = p.since(param.Start)
	return param
}

// typeParams parses the type parameters in brackets, if there are any (PEP 695, PEP 696).
func (p *parser) typeParams() []*TypeParam {
	if !p.take(tokLBracket) {
		return nil
	}
	var params []*TypeParam
	for p.tok.kind != tokRBracket || len(params) == 0 {
		start := p.tok.start
		t := &TypeParam{}
		switch p.tok.kind {
		case tokStar:
			t.Stars = 1
			p.advance()
		case tokDoubleStar:
			t.Stars = 2
			p.advance()
		}
		t.Name = p.ident()
		if t.Stars == 0 && p.take(tokColon) {
			t.Bound = p.expression()
		}
		if p.take(tokAssign) {
			if t.Stars == 1 && p.tok.kind == tokStar {
				t.Default = p.starred()
			} else {
				t.Default = p.expression()
			}
		}
		t.Span = p.since(start)
		params = append(params, t)
		if !p.take(tokComma) {
			break
		}
	}
	p.expect(tokRBracket, "a closing bracket")
	return params
}

// beginsMatch says whether the name at hand is the keyword match.
func (p *parser) beginsMatch() bool {
	if p.source(p.tok) != "match" {
		return false
	}
	switch p.ahead() {
	case tokName, tokNumber, tokString, tokFStart, tokLBrace, tokTilde, tokNone, tokTrue, tokFalse, tokEllipsis, tokAwait,
		tokLambda, tokNot:
		return true // behind a variable, none of these could stand
	case tokLParen, tokLBracket, tokMinus, tokPlus, tokStar:
		return p.triesMatch()
	}
	return false
}

// triesMatch parses the line as an expression, a call of match for example, and says whether it is none: it fails, or
// a colon and a block follow. Nothing is taken.
func (p *parser) triesMatch() (is bool) {
	before := p.mark()
	defer func() {
		switch r := recover().(type) {
		case nil:
		case failure:
			is = true
		default:
			panic(r)
		}
		p.back(before)
	}()
	p.expressions()
	return p.tok.kind == tokColon && p.ahead() == tokNewline
}

func (p *parser) matchStatement(n int) Stmt {
	start := p.tok.start
	p.advance()
	m := &Match{Subject: p.expressionsNamed()}
	p.expect(tokColon, "a colon")
	p.expect(tokNewline, "the end of the line")
	p.indent(n)
	for p.tok.kind == tokName && p.source(p.tok) == "case" {
		c := &Case{}
		from := p.tok.start
		p.advance()
		p.pattern = true
		c.Pattern = p.expressionsNamed()
		p.pattern = false
		if p.take(tokIf) {
			c.Guard = p.namedExpression()
		}
		c.Body = p.block(n + 1)
		c.Span = p.since(from)
		m.Cases = append(m.Cases, c)
	}
	if len(m.Cases) == 0 || p.tok.kind != tokDedent && p.tok.kind != tokEOF {
		p.unexpected("case")
	}
	p.take(tokDedent)
	m.Span = p.since(start)
	return m
}
