package statement

import (
	"sort"
	"strings"
	"unicode/utf8"
)

// Probe is a query that PostgreSQL analyses when it parses it, and that holds where a statement, or a part of it, does.
type Probe struct {
	// SQL is the query. Its parameters have the statement's numbers.
	SQL string
	// Rows says that the rows that the query returns are those that the code gets when it runs the statement, or
	// fetches from it. Where it is false (an EXPLAIN, a CREATE VIEW, a TRUNCATE), the columns of the query say nothing
	// about the code.
	Rows bool
	// pieces lead from SQL to the statement, sorted. There is one at 0.
	pieces []piece
	// runes is the statement's length.
	runes int
}

// piece is a run of a probe: copied letter for letter from the statement, or fixed, all of it standing for one place.
type piece struct {
	// start is the rune offset in the probe, at the one in the statement.
	start, at int
	fixed     bool
}

// Offset leads from a rune offset in the probe's SQL to the one in the statement where the same name stands. The server's
// error positions count from 1: subtract one.
func (p Probe) Offset(at int) int {
	i := sort.Search(len(p.pieces), func(i int) bool { return p.pieces[i].start > at }) - 1
	if i < 0 {
		return 0
	}
	to := p.pieces[i].at
	if !p.pieces[i].fixed {
		to += at - p.pieces[i].start
	}
	return min(to, p.runes)
}

// Probes lists the queries to ask for a statement. One that PostgreSQL analyses itself when it parses it is its own only
// probe (SELECT, INSERT, UPDATE, DELETE, MERGE, WITH, VALUES, TABLE, CALL: transformStmt in src/backend/parser/analyze.c); of EXPLAIN,
// DECLARE and CREATE TABLE AS, which it analyses too, the query inside is, so that it can be planned.
//
// Any other statement is stood for by several. The first is the statement itself, of which PostgreSQL takes the grammar
// alone: where it does not, the text is no SQL and the others say nothing. Then comes a query for each table with
// the columns that the statement names. Each says by itself what is missing.
//
// A query names only what the statement itself needs to find: nothing where IF EXISTS or IF NOT EXISTS makes do without.
//
// reason says why there is nothing to ask, in words that make sense after "unchecked: ". It is empty where there are
// probes, and where nothing needs asking since such a statement needs nothing of a schema (BEGIN, SET).
func Probes(sql string) (probes []Probe, reason string) {
	p := prober{reader: newReader(sql)}
	p.statement(true, 0)
	switch {
	case p.idle:
		return nil, ""
	case p.unread != "" && len(p.probes) == 0:
		return nil, p.unread
	case p.utility || len(p.probes) == 0:
		return append([]Probe{p.whole(false)}, p.probes...), ""
	}
	return p.probes, ""
}

// prober collects what stands for a statement.
type prober struct {
	*reader
	probes []Probe
	// utility says that PostgreSQL does not analyse the statement itself.
	utility bool
	// idle says that the statement needs nothing of a schema.
	idle bool
	// unread is the reason why the statement, or some of it, cannot be asked about.
	unread string
}

// whole is the statement as its own probe.
func (p *prober) whole(rows bool) Probe {
	return Probe{SQL: p.sql, Rows: rows, pieces: []piece{{}}, runes: p.runes}
}

// onlyWhenRun leaves a statement unasked.
func (p *prober) onlyWhenRun(what string) {
	if strings.Trim(what, "abcdefghijklmnopqrstuvwxyz ") != "" || len(what) > 40 {
		what = "this"
	}
	p.unread = "PostgreSQL looks into " + strings.ToUpper(what) + " only when it runs it"
}

// query puts a probe together, piece by piece.
type query struct {
	from  *reader
	sql   strings.Builder
	probe Probe
	runes int
}

func (p *prober) query() *query {
	return &query{from: p.reader, probe: Probe{runes: p.runes}}
}

// words appends text of the probe's own, which stands for the place of the token i.
func (q *query) words(text string, i int) *query {
	q.piece(text, q.from.token(i).start, true)
	return q
}

// copy appends tokens as they stand.
func (q *query) copy(s span) *query {
	if s.to > s.from {
		first, last := q.from.token(s.from), q.from.token(s.to-1)
		q.piece(q.from.sql[first.from:last.to], first.start, false)
	}
	return q
}

// list appends several runs of tokens with commas between them.
func (q *query) list(items []span) *query {
	for i, s := range items {
		if i > 0 {
			q.words(", ", s.from)
		}
		q.copy(s)
	}
	return q
}

func (q *query) piece(text string, at int, fixed bool) {
	q.probe.pieces = append(q.probe.pieces, piece{start: q.runes, at: at, fixed: fixed})
	q.sql.WriteString(text)
	q.runes += utf8.RuneCountInString(text)
}

// add ends a query and keeps it.
func (p *prober) add(q *query, rows bool) {
	q.probe.SQL, q.probe.Rows = q.sql.String(), rows
	p.probes = append(p.probes, q.probe)
}

// rest asks what stands from here to the end, but for its last words.
func (p *prober) rest(rows bool, but int) {
	p.add(p.query().copy(span{p.at, p.limit - but}), rows)
	p.at = p.limit
}

// alias is a name for the table of a query, so that a column that has the table's name is not taken for the whole row
// where it is missing.
const alias = ` AS "?"`

// table asks for a table, and for columns of it where there are some.
func (p *prober) table(n name, columns []span) {
	if n.to <= n.from {
		return
	}
	q := p.query().words("SELECT ", n.from).list(columns).words(" FROM ", n.from).copy(n.span)
	if len(columns) > 0 {
		q.words(alias, n.from)
	}
	p.add(q, false)
}

// tables asks for each table of a list. Each may have a list of columns in parentheses.
func (p *prober) tables() {
	for {
		n, ok := p.relation()
		if !ok {
			return
		}
		p.table(n, p.columns())
		if !p.is(",") {
			return
		}
	}
}

// columns moves past a list of columns in parentheses, if one comes next. Of an item the name alone is kept.
func (p *prober) columns() []span {
	if p.word() != "(" {
		return nil
	}
	var columns []span
	p.list(func(_ int, s span) {
		if p.token(s.from).word == "period" && s.to > s.from+1 {
			s.from++
		}
		if s.from < s.to && isName(p.token(s.from)) {
			columns = append(columns, span{s.from, s.from + 1})
		}
	})
	return columns
}

// literal asks for an object by a name in quotes, of one of the types that PostgreSQL has for that (manual, section 8.19).
func (p *prober) literal(n name, of string) {
	text := ""
	if n.to > n.from {
		text = p.sql[p.token(n.from).from:p.token(n.to-1).to]
	}
	if text == "" || strings.ContainsAny(text, `\`) || strings.Contains(text, "--") || strings.Contains(text, "/*") {
		return
	}
	p.add(p.query().words("SELECT '"+strings.ReplaceAll(text, "'", "''")+"'::pg_catalog."+of, n.from), false)
}

// typeOf asks for a type.
func (p *prober) typeOf(s span) {
	if s.to > s.from && !serial[p.token(s.from).word] {
		p.add(p.query().words("SELECT NULL::", s.from).copy(s), false)
	}
}

// serial are the notations for a type that are none (manual, section 8.1.4).
var serial = map[string]bool{
	"serial": true, "serial2": true, "serial4": true, "serial8": true, "smallserial": true, "bigserial": true,
}

// names runs ask on each name of a list.
func (p *prober) names(ask func(name)) {
	for {
		n, ok := p.name()
		if !ok {
			return
		}
		ask(n)
		if !p.is(",") {
			return
		}
	}
}

func (p *prober) relations() { p.names(func(n name) { p.literal(n, "regclass") }) }
func (p *prober) schemas()   { p.names(func(n name) { p.literal(n, "regnamespace") }) }
