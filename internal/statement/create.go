package statement

// create asks for what a new object is built on.
func (p *prober) create() {
	what := p.createdKind()
	switch what {
	case "table":
		p.createTable()
	case "view":
		p.createView()
	case "index":
		p.createIndex()
	case "trigger":
		p.createTrigger()
	case "rule", "policy":
		if what == "rule" {
			p.find("to")
			p.is("to")
		} else {
			p.find("on")
			p.is("on")
		}
		p.tables()
	case "statistics":
		p.createStatistics()
	default:
		p.onlyWhenRun("create " + what)
	}
}

// createdKind moves past the kind of object that CREATE makes, and the words before it.
func (p *prober) createdKind() string {
	for p.any("or", "replace", "global", "local", "temporary", "temp", "unlogged", "materialized", "unique", "constraint", "foreign") {
	}
	what := p.word()
	if what != "recursive" {
		p.at++
	}
	if what == "recursive" && p.token(p.at+1).word == "view" {
		p.at++
		what = "view"
		p.at++
	}
	return what
}

// createTable asks for the query of CREATE TABLE AS, or for the tables that a definition leans on.
func (p *prober) createTable() {
	exists := p.is("if", "not", "exists")
	n, ok := p.name()
	start := p.at
	if ok && p.find("as") && p.is("as") {
		p.utility = false
		p.filledFrom()
		return
	}
	p.at = start
	if ok && !exists {
		d := definer{prober: p, table: n}
		d.define()
	}
	if len(p.probes) == 0 {
		p.onlyWhenRun("create table")
	}
}

// filledFrom asks for the query that fills a table or a materialized view.
func (p *prober) filledFrom() {
	but := 0
	switch {
	case p.token(p.limit-2).word == "with" && p.token(p.limit-1).word == "data":
		but = 2
	case p.token(p.limit-3).word == "with" && p.token(p.limit-2).word == "no" && p.token(p.limit-1).word == "data":
		but = 3
	}
	if p.word() != "execute" {
		p.rest(false, but)
	}
}

// define reads a table's definition.
func (d *definer) define() {
	if d.is("partition", "of") {
		d.tables()
	}
	if d.word() == "(" {
		d.list(func(_ int, s span) { d.in(s, d.element) })
	}
	if d.is("inherits") && d.word() == "(" {
		d.within(d.tables)
	}
}

// element reads a column, a constraint or a LIKE of a definition. Of the types nothing is asked.
func (d *definer) element() {
	if d.is("like") {
		d.tables()
		return
	}
	for d.find("references") {
		if at := d.at; d.is("references") {
			if n, ok := d.name(); ok && n.name != d.table.name {
				d.at = at
				d.references()
			}
		}
	}
}

// createView asks for the query of a view.
func (p *prober) createView() {
	materialized := p.token(p.at-2).word == "materialized"
	recursive := p.token(p.at-2).word == "recursive"
	p.is("if", "not", "exists")
	n, ok := p.name()
	columns := span{p.at, p.at}
	if p.word() == "(" {
		columns.to = p.after(p.at)
	}
	if !ok || !p.find("as") || !p.is("as") {
		p.onlyWhenRun("create view")
		return
	}
	if materialized {
		p.utility = false // it is analysed like CREATE TABLE AS
		p.filledFrom()
		return
	}
	but := 0
	if p.token(p.limit-1).word == "option" && p.token(p.limit-2).word == "check" {
		but = 3
		if w := p.token(p.limit - 3).word; w == "local" || w == "cascaded" {
			but = 4
		}
	}
	if recursive {
		p.add(p.query().words("WITH RECURSIVE ", n.from).copy(span{n.to - 1, n.to}).words(" ", n.from).copy(columns).
			words(" AS (", p.at).copy(span{p.at, p.limit - but}).words(") SELECT FROM ", n.from).copy(span{n.to - 1, n.to}), false)
		return
	}
	p.rest(false, but)
}

// createIndex asks for the table, columns, expressions and condition of an index.
func (p *prober) createIndex() {
	if !p.find("on") || !p.is("on") {
		return
	}
	table, ok := p.relation()
	if !ok {
		return
	}
	if p.is("using") {
		p.at++
	}
	d := definer{prober: p, table: table}
	var expressions []span
	if p.word() == "(" {
		p.list(func(_ int, s span) {
			if e := p.indexed(s); e.to == e.from+1 {
				d.needs(e)
			} else {
				expressions = append(expressions, e)
			}
		})
	}
	if p.is("include") {
		for _, s := range p.columns() {
			d.needs(s)
		}
	}
	p.table(table, d.columns)
	where := span{}
	if p.find("where") {
		where = span{p.at + 1, p.limit}
	}
	d.expressions(expressions, where)
}

// indexed is the column or expression of an index's element, without its collation, operator class and order.
func (p *prober) indexed(s span) span {
	if p.token(s.from).word == "(" {
		return span{s.from, min(p.after(s.from), s.to)}
	}
	end := s.from + 1
	for end+1 < s.to && p.token(end).word == "." {
		end += 2
	}
	if end < s.to && p.token(end).word == "(" {
		end = min(p.after(end), s.to)
	}
	return span{s.from, min(end, s.to)}
}

// createTrigger asks for the table, the columns of UPDATE OF, and the function of a trigger.
func (p *prober) createTrigger() {
	p.at++ // its name
	var columns []span
	for !p.done() && p.word() != "on" {
		if p.is("update", "of") {
			for !p.done() && p.word() != "or" && p.word() != "on" {
				if p.word() != "," {
					columns = append(columns, span{p.at, p.at + 1})
				}
				p.at++
			}
			continue
		}
		p.skip()
	}
	if !p.is("on") {
		return
	}
	if n, ok := p.name(); ok {
		p.table(n, columns)
	}
	if p.is("from") {
		p.tables()
	}
	if p.find("execute") && (p.is("execute", "function") || p.is("execute", "procedure")) {
		if n, ok := p.name(); ok {
			p.add(p.query().words("SELECT ", n.from).copy(n.span).words("()", n.from), false)
		}
	}
}

// createStatistics asks for the table and the columns of extended statistics.
func (p *prober) createStatistics() {
	if !p.find("on") || !p.is("on") {
		return
	}
	from := p.at
	if !p.find("from") {
		return
	}
	listed := span{from, p.at}
	p.is("from")
	table, ok := p.relation()
	if !ok {
		return
	}
	d := definer{prober: p, table: table}
	var expressions []span
	d.in(listed, func() {
		p.items(func(_ int, s span) {
			if s.to == s.from+1 {
				d.needs(s)
			} else {
				expressions = append(expressions, s)
			}
		})
	})
	p.table(table, d.columns)
	d.expressions(expressions, span{})
}
