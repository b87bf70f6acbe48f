package statement

// alter asks for the object of ALTER, and for what its actions name.
func (p *prober) alter() {
	what := p.word()
	switch {
	case p.is("table"), p.is("foreign", "table"):
		p.alterTable()
	case p.is("view"), p.is("materialized", "view"):
		p.alterTable()
	case p.any("type", "domain"):
		p.alterType()
	case !p.object():
		p.onlyWhenRun("alter " + what)
	}
}

// alterTable asks for a table, the columns that the actions need to find, and what these are about.
func (p *prober) alterTable() {
	if p.is("if", "exists") || p.word() == "all" {
		return
	}
	table, ok := p.relation()
	if !ok {
		return
	}
	var actions []span
	p.items(func(_ int, s span) { actions = append(actions, s) })
	d := definer{prober: p, table: table, added: map[string]bool{}}
	for _, s := range actions {
		d.in(s, d.adds)
	}
	for _, s := range actions {
		d.in(s, d.action)
	}
	p.table(table, d.columns)
}

// definer asks for what the columns and constraints of a table's definition need.
type definer struct {
	*prober
	table name
	// added are the columns that the statement itself adds, which need not be there.
	added map[string]bool
	// columns are those of the table that must be there.
	columns []span
}

// in runs read on some of the tokens.
func (d *definer) in(s span, read func()) {
	at, limit := d.at, d.limit
	d.at, d.limit = s.from, s.to
	read()
	d.at, d.limit = at, limit
}

// adds notes the column that an action adds.
func (d *definer) adds() {
	if d.is("add") && !startsConstraint[d.word()] {
		d.is("column")
		d.is("if", "not", "exists")
		d.added[fold(d.word())] = true
	}
}

var startsConstraint = map[string]bool{
	"constraint": true, "check": true, "unique": true, "primary": true, "foreign": true, "exclude": true, "not": true, "table": true,
}

// action reads one action of ALTER TABLE.
func (d *definer) action() {
	switch {
	case d.is("add"):
		if startsConstraint[d.word()] {
			d.constraint()
			return
		}
		d.is("column")
		if !d.is("if", "not", "exists") {
			d.at++
			d.column()
		}
	case d.is("drop"), d.is("alter"), d.is("rename"):
		if d.word() == "constraint" || d.word() == "to" && d.token(d.at-1).word == "rename" {
			return
		}
		d.is("column")
		if !d.is("if", "exists") && !d.done() {
			d.needs(span{d.at, d.at + 1})
			d.at++
			d.change()
		}
	case d.is("attach", "partition"), d.is("detach", "partition"), d.is("inherit"), d.is("no", "inherit"):
		if n, ok := d.name(); ok {
			d.prober.table(n, nil)
		}
	case d.is("set", "schema"):
		d.schemas()
	}
}

// change reads what ALTER COLUMN does: a new type, and the expression that leads to it.
func (d *definer) change() {
	d.is("set", "data")
	if !d.is("type") {
		return
	}
	from := d.at
	d.find("using", "collate")
	d.typeOf(span{from, d.at})
	if d.find("using") {
		d.expressions([]span{{d.at + 1, d.limit}}, span{})
	}
}

// column reads what follows the name of a column that is defined: its type and its constraints.
func (d *definer) column() {
	from := d.at
	for !d.done() && !endsType[d.word()] {
		d.skip()
	}
	d.typeOf(span{from, d.at})
	for d.find("references") {
		d.references()
	}
}

// endsType are the words that can follow a column's type.
var endsType = map[string]bool{
	"constraint": true, "not": true, "null": true, "default": true, "check": true, "unique": true, "primary": true, "references": true,
	"collate": true, "generated": true, "storage": true, "compression": true, "options": true, "deferrable": true, "initially": true,
}

// references asks for the table and columns of REFERENCES, unless it is the table itself.
func (d *definer) references() {
	if !d.is("references") {
		return
	}
	n, ok := d.name()
	if !ok {
		return
	}
	columns := d.prober.columns()
	if n.name == d.table.name {
		for _, s := range columns {
			d.needs(s)
		}
		return
	}
	d.prober.table(n, columns)
}

// constraint reads a constraint of the table.
func (d *definer) constraint() {
	if d.is("constraint") {
		d.at++
	}
	switch {
	case d.is("check"):
		if d.word() == "(" {
			d.within(func() { d.expressions(nil, span{d.at, d.limit}) })
		}
	case d.is("unique"), d.is("primary", "key"), d.is("foreign", "key"):
		d.is("nulls", "not", "distinct")
		d.is("nulls", "distinct")
		for {
			for _, s := range d.prober.columns() {
				d.needs(s)
			}
			if !d.is("include") {
				break
			}
		}
		d.references()
	}
}

// needs notes a column that must be there.
func (d *definer) needs(column span) {
	if t := d.token(column.from); isName(t) && !d.added[fold(t.word)] {
		d.columns = append(d.columns, column)
	}
}

// expressions asks for expressions over the table's columns, and for a condition. Those that use a column that the
// statement itself adds are left out.
func (d *definer) expressions(list []span, where span) {
	var known []span
	for _, s := range list {
		if d.known(s) {
			known = append(known, s)
		}
	}
	where.from = min(where.from, where.to)
	if !d.known(where) {
		where.to = where.from
	}
	if len(known) == 0 && where.to == where.from || d.table.to <= d.table.from {
		return
	}
	q := d.query().words("SELECT ", d.table.from).list(known).words(" FROM ", d.table.from).copy(d.table.span)
	if where.to > where.from {
		q.words(" WHERE ", where.from).copy(where)
	}
	d.add(q, false)
}

func (d *definer) known(s span) bool {
	for i := s.from; i < s.to; i++ {
		if t := d.token(i); isName(t) && d.added[fold(t.word)] {
			return false
		}
	}
	return true
}

// alterType asks for a type and the label of an enum that is renamed, or that a new one is put next to.
func (p *prober) alterType() {
	n, ok := p.name()
	if !ok {
		return
	}
	p.typeOf(n.span)
	label := p.is("rename", "value") || p.is("add", "value") && !p.is("if", "not", "exists") && p.find("before", "after") && p.any("before", "after")
	if label {
		p.add(p.query().words("SELECT ", p.at).copy(span{p.at, p.at + 1}).words("::", n.from).copy(n.span), false)
	}
}
