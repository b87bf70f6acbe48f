package statement

import (
	"strconv"

	"github.com/headgate/headgate/internal/sqltext"
)

// statement asks for one statement from here on. rows says that the code gets what it returns.
func (p *prober) statement(rows bool, depth int) {
	if depth > deepest {
		return
	}
	switch first := p.word(); first {
	case "":
		p.idle = true
	case "select", "insert", "update", "delete", "merge", "with", "values", "table", "call", "(":
		if depth == 0 {
			p.probes = append(p.probes, p.whole(rows))
			return
		}
		p.rest(rows, 0)
	case "explain":
		p.explained()
		p.statement(false, depth+1)
	case "declare":
		if p.find("for") && p.is("for") {
			p.rest(rows, 0)
		}
	case "prepare":
		p.prepare(depth)
	case "do", "import", "reassign", "security":
		p.onlyWhenRun(first)
	default:
		p.command(first)
	}
}

func (p *prober) command(first string) {
	switch read, ok := commands[first]; {
	case ok:
		p.utility = true
		p.at++
		read(p)
	case session[first]:
		p.idle = true
	default:
		p.onlyWhenRun(first)
	}
}

// commands are the utility statements that need something of a schema; each reads on behind its first word.
var commands = map[string]func(*prober){
	"copy": (*prober).copy, "truncate": (*prober).truncate, "lock": (*prober).lock, "refresh": (*prober).refresh,
	"vacuum": (*prober).maintain, "analyze": (*prober).maintain, "analyse": (*prober).maintain, "cluster": (*prober).cluster,
	"reindex": (*prober).reindex, "comment": (*prober).comment, "grant": (*prober).grant, "revoke": (*prober).grant,
	"create": (*prober).create, "alter": (*prober).alter, "drop": (*prober).drop,
}

// session are the statements that need nothing of a schema. What EXECUTE runs was asked for where it was prepared.
var session = map[string]bool{
	"begin": true, "start": true, "commit": true, "end": true, "rollback": true, "abort": true, "savepoint": true, "release": true,
	"set": true, "reset": true, "show": true, "listen": true, "unlisten": true, "notify": true, "discard": true, "deallocate": true,
	"execute": true, "fetch": true, "move": true, "close": true, "checkpoint": true, "load": true,
}

// prepare asks for a prepared statement, with its parameters of the types that it gives them: PREPARE p (int) AS … $1 becomes
// ($1::int).
func (p *prober) prepare(depth int) {
	p.at++
	var types []span
	if p.at++; p.word() == "(" {
		p.list(func(_ int, s span) { types = append(types, s) })
	}
	if !p.is("as") {
		p.onlyWhenRun("prepare")
		return
	}
	if !beginsStatement[p.word()] {
		p.statement(true, depth+1)
		return
	}
	q := p.query()
	from := p.at
	for ; p.at < p.limit; p.at++ {
		t := p.token(p.at)
		if t.kind != sqltext.Parameter {
			continue
		}
		n, err := strconv.Atoi(t.word[1:])
		if err != nil || n < 1 || n > len(types) || p.token(types[n-1].from).word == "unknown" {
			continue
		}
		q.gap(span{from, p.at}, p.at)
		q.words("(", p.at).copy(span{p.at, p.at + 1}).words("::", types[n-1].from).copy(types[n-1]).words(")", p.at)
		from = p.at + 1
	}
	p.add(q.gap(span{from, p.limit}, p.limit), true)
}

// gap appends tokens as they stand, with what stands before and behind them up to their neighbours.
func (q *query) gap(s span, next int) *query {
	if s.to <= s.from {
		return q.words(" ", next)
	}
	return q.words(" ", s.from).copy(s).words(" ", next)
}

// copy asks for COPY's table and columns, or for its query.
func (p *prober) copy() {
	if p.word() == "(" {
		p.utility = false
		p.within(func() { p.rest(true, 0) })
		return
	}
	if isName(p.token(p.at + 1)) {
		p.is("binary")
	}
	n, ok := p.name()
	if !ok {
		p.onlyWhenRun("copy")
		return
	}
	listed := p.word() == "("
	columns := p.columns()
	switch {
	case p.is("to"):
		q := p.query().words("SELECT ", n.from).list(columns)
		if !listed {
			q.words("*", n.from)
		}
		p.add(q.words(" FROM ", n.from).copy(n.span).words(alias, n.from), true)
	case p.is("from"):
		q := p.query().words("INSERT INTO ", n.from).copy(n.span)
		if len(columns) == 0 {
			p.add(q.words(" DEFAULT VALUES", n.from), false)
		} else {
			p.add(q.words(" (", n.from).list(columns).words(") VALUES (", n.from).defaults(len(columns), n.from), false)
		}
		if p.find("where") {
			p.add(p.query().words("SELECT FROM ", n.from).copy(n.span).words(" ", p.at).copy(span{p.at, p.limit}), false)
		}
	default:
		p.onlyWhenRun("copy")
	}
}

// defaults ends a list of VALUES with n times DEFAULT.
func (q *query) defaults(n, at int) *query {
	for range n - 1 {
		q.words("DEFAULT, ", at)
	}
	return q.words("DEFAULT)", at)
}

func (p *prober) truncate() {
	p.is("table")
	p.tables()
}

func (p *prober) lock() {
	p.is("table")
	p.tables()
}

func (p *prober) refresh() {
	if p.is("materialized", "view") {
		p.is("concurrently")
		p.tables()
	}
}

// maintain asks for the tables of VACUUM and ANALYZE.
func (p *prober) maintain() {
	if p.word() == "(" {
		p.skip()
	}
	for p.any("full", "freeze", "verbose", "analyze", "analyse") {
	}
	p.tables()
}

func (p *prober) cluster() {
	if p.word() == "(" {
		p.skip()
	}
	p.is("verbose")
	first, ok := p.name()
	switch {
	case !ok:
	case p.is("on"): // CLUSTER index ON table
		p.literal(first, "regclass")
		p.tables()
	default:
		p.table(first, nil)
		if p.is("using") {
			p.index(first)
		}
	}
}

// index asks for an index of a table, which is in the table's schema.
func (p *prober) index(of name) {
	if n, ok := p.name(); ok && of.schema == "" {
		p.literal(n, "regclass")
	}
}

func (p *prober) reindex() {
	if p.word() == "(" {
		p.skip()
	}
	kind := p.word()
	p.at++
	p.is("concurrently")
	switch kind {
	case "table":
		p.tables()
	case "index":
		p.relations()
	case "schema":
		p.schemas()
	}
}

// comment asks for what COMMENT ON is about.
func (p *prober) comment() {
	if !p.is("on") {
		return
	}
	if !p.is("column") {
		if !p.object() {
			p.onlyWhenRun("comment on " + p.word())
		}
		return
	}
	n, ok := p.name()
	if ok && n.to-n.from >= 3 {
		p.table(name{span: span{n.from, n.to - 2}}, []span{{n.to - 1, n.to}})
	}
}

// grant asks for the tables and columns of GRANT and REVOKE. Roles are no part of a schema, and are not asked for.
func (p *prober) grant() {
	var columns []span
	for ; !p.done() && p.word() != "on"; p.skip() {
		if p.word() == "(" {
			at := p.at
			columns = append(columns, p.columns()...)
			p.at = at
		}
	}
	if !p.is("on") {
		return
	}
	p.is("table")
	next := p.token(p.at + 1)
	switch {
	case p.is("all"):
		if p.find("schema") && p.is("schema") {
			p.schemas()
		}
	case p.is("schema"):
		p.schemas()
	case p.is("sequence"):
		p.relations()
	case p.any("type", "domain"):
		p.types()
	case isName(next) && next.word != "to" && next.word != "from":
		p.onlyWhenRun("a grant on " + p.word())
	default:
		p.names(func(n name) { p.table(n, columns) })
	}
}

func (p *prober) types() { p.names(func(n name) { p.typeOf(n.span) }) }

// object asks for the object that ALTER, DROP and COMMENT ON name by its kind. It stands behind the names; false where it
// cannot ask.
func (p *prober) object() bool {
	switch {
	case p.is("table"), p.is("view"), p.is("materialized", "view"), p.is("foreign", "table"), p.is("sequence"):
		if !p.is("if", "exists") {
			p.tables()
		}
	case p.is("index"):
		p.is("concurrently")
		if !p.is("if", "exists") {
			p.relations()
		}
	case p.any("type", "domain"):
		if !p.is("if", "exists") {
			p.types()
		}
	case p.is("schema"):
		if !p.is("if", "exists") {
			p.schemas()
		}
	case p.any("trigger", "policy", "rule", "constraint"):
		exists := p.is("if", "exists")
		p.at++
		switch {
		case !p.is("on") || exists:
		case p.is("domain"):
			p.types()
		default:
			p.tables()
		}
	default:
		return false
	}
	return true
}

func (p *prober) drop() {
	if what := p.word(); !p.object() {
		p.onlyWhenRun("drop " + what)
	}
}
