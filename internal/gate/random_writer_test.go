package gate_test

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/headgate/headgate/internal/schema"
)

// writer makes random statements for one schema. A few names in them are of no schema.
type writer struct {
	*rand.Rand
	*world
	from []*relation // what it reads and writes
	s    *random
	wild bool // one name of the statement is to be unknown
}

func (w *writer) oneIn(n int) bool { return w.IntN(n) == 0 }

// say adds parts.
func (w *writer) say(parts ...string) { w.s.parts = append(w.s.parts, parts...) }

// name adds a part that names an object.
func (w *writer) name(text string, u use) {
	u.part = len(w.s.parts)
	w.say(text)
	w.s.uses = append(w.s.uses, u)
}

// source is a relation in a statement, under the name that the statement gives it.
type source struct {
	*relation
	alias string // empty where it has none
}

func (s source) prefix() string {
	if s.alias != "" {
		return quote(s.alias)
	}
	return quote(s.name)
}

// relationPart names a relation, maybe with an alias.
func (w *writer) relationPart(r *relation, aliases ...string) source {
	n := r.relationName
	text := n.sql()
	switch {
	case w.wild && w.oneIn(3):
		n.name, w.wild = "nowhere", false
		text = n.sql()
	case n.schema == "public" && w.oneIn(6):
		text = "public." + text
	}
	w.name(text, use{kind: schema.Table, scope: []relationName{n}})
	s := source{relation: r}
	if len(aliases) > 0 && w.oneIn(2) {
		s.alias = aliases[0]
		if w.oneIn(2) {
			w.say("AS")
		}
		w.say(quote(s.alias))
	}
	return s
}

// column names a column of the first of the sources, qualified where another one has it too.
func (w *writer) column(of source, others ...source) column {
	c := pick(w.Rand, of.columns)
	w.columnNamed(c.name, of, others...)
	return c
}

func (w *writer) columnNamed(name string, of source, others ...source) {
	u := use{kind: schema.Column, name: name, scope: []relationName{of.relationName}}
	if w.wild && w.oneIn(3) {
		u.name, w.wild = "nothing", false
	}
	shared := slices.ContainsFunc(others, func(o source) bool { return o.column(name) != nil })
	if shared || w.oneIn(2) {
		w.name(of.prefix()+"."+quote(u.name), u)
		return
	}
	for _, o := range others {
		u.scope = append(u.scope, o.relationName)
	}
	w.name(quote(u.name), u)
}

// bare names a column that cannot be qualified: one of the table that is written.
func (w *writer) bare(t *relation, name string) {
	w.name(quote(name), use{kind: schema.Column, name: name, scope: []relationName{t.relationName}})
}

// value is one that a column takes; at is the column's place where the statement does not name it, or -1.
func (w *writer) value(t *relation, c column, at int) {
	u := use{kind: schema.EnumValue, scope: []relationName{t.relationName}, column: c.name, place: at}
	if at >= 0 {
		u.column = ""
	}
	e := w.typeNamed(c.typ)
	switch {
	case e != nil && !e.domain:
		u.name = pick(w.Rand, e.labels)
		w.name("'"+u.name+"'", u)
	case w.oneIn(3):
		w.s.arguments = append(w.s.arguments, dummy(c.typ))
		w.say(fmt.Sprintf("$%d", len(w.s.arguments)))
	default:
		w.say("'" + dummy(c.typ) + "'")
	}
}

// condition compares columns of the sources.
func (w *writer) condition(sources ...source) {
	for i, s := range sources {
		if i > 0 {
			w.say(pick(w.Rand, []string{"AND", "OR"}))
		}
		w.compare(s, slices.Delete(slices.Clone(sources), i, i+1)...)
	}
}

// compare compares a column of one source; the others are there too.
func (w *writer) compare(s source, others ...source) {
	switch w.IntN(5) {
	case 0:
		w.column(s, others...)
		w.say("IS NOT NULL")
	case 1:
		w.call()
		w.say("> 0")
	case 2:
		w.exists(s, others...)
	default:
		c := w.column(s, others...)
		w.say("=")
		w.value(s.relation, c, -1)
	}
}

// exists is a sub-select that looks at the statement around it.
func (w *writer) exists(outer source, others ...source) {
	w.say("EXISTS", "(", "SELECT", "1", "FROM")
	inner := w.relationPart(pick(w.Rand, w.from), "inside")
	w.say("WHERE")
	if inner.prefix() == outer.prefix() || slices.ContainsFunc(others, func(o source) bool { return o.prefix() == inner.prefix() }) {
		w.say("true", ")")
		return
	}
	w.column(inner, slices.Concat([]source{outer}, others)...)
	w.say("IS NULL", "AND")
	name := pick(w.Rand, outer.columns).name
	w.name(outer.prefix()+"."+quote(name), use{kind: schema.Column, name: name, scope: []relationName{outer.relationName}})
	w.say("IS NULL", ")")
}

// call calls a function of the schema.
func (w *writer) call() {
	if len(w.functions) == 0 {
		w.say("length", "(", "'a'", ")")
		return
	}
	f := pick(w.Rand, w.functions)
	w.name(quote(f.name), use{kind: schema.Function, name: f.name, argument: f.argument})
	if f.argument == "text" {
		w.say("(", "'1'", "::", "text", ")")
		return
	}
	w.say("(", "1", ")")
}

// cast writes a value of a type of the schema.
func (w *writer) cast() {
	if len(w.types) == 0 {
		w.say("1")
		return
	}
	t := pick(w.Rand, w.types)
	if t.domain {
		w.say("'1'")
	} else {
		label := pick(w.Rand, t.labels)
		w.name("'"+label+"'", use{kind: schema.EnumValue, name: label, typ: t.name})
	}
	w.say("::")
	w.name(quote(t.name), use{kind: schema.Type, name: t.name})
}

// statement makes one.
func (w *writer) statement() *random {
	w.s = &random{}
	w.wild = w.oneIn(12)
	switch w.IntN(12) {
	case 0, 1, 2:
		w.choose()
	case 3:
		w.with()
	case 4:
		w.aggregate()
	case 5, 6, 7, 8:
		w.insert()
	case 9, 10:
		w.update()
	default:
		w.delete()
	}
	return w.s
}

// choose is a SELECT of one or two relations.
func (w *writer) choose() {
	a, b := pick(w.Rand, w.from), pick(w.Rand, w.from)
	join := w.oneIn(2) && a != b
	// The names come before what they stand for, so the sources are decided first.
	sources := []source{{relation: a}}
	if w.oneIn(2) || join {
		sources[0].alias = "x"
	}
	if join {
		sources = append(sources, source{relation: b, alias: pick(w.Rand, []string{"y", "T"})})
	}
	w.say("SELECT")
	w.selectList(sources)
	w.say("FROM")
	for i, s := range sources {
		if i > 0 {
			w.say(pick(w.Rand, []string{"JOIN", "LEFT JOIN"}))
		}
		w.name(s.sql(), use{kind: schema.Table, scope: []relationName{s.relationName}})
		if s.alias != "" {
			w.say(quote(s.alias))
		}
		if i > 0 {
			w.say("ON")
			w.compare(s, sources[0])
		}
	}
	if w.oneIn(2) {
		w.say("WHERE")
		w.condition(sources...)
	}
	if w.oneIn(3) {
		w.say("ORDER BY")
		w.column(sources[0], sources[1:]...)
	}
	if w.oneIn(6) {
		w.say("LIMIT", "3")
	}
}

func (w *writer) selectList(sources []source) {
	if w.oneIn(3) {
		w.say(pick(w.Rand, []string{"*", sources[0].prefix() + ".*"}))
		return
	}
	for i := range 1 + w.IntN(3) {
		if i > 0 {
			w.say(",")
		}
		switch w.IntN(6) {
		case 0:
			w.call()
		case 1:
			w.cast()
		default:
			at := w.IntN(len(sources))
			w.column(sources[at], slices.Delete(slices.Clone(sources), at, at+1)...)
		}
	}
}

// with reads a relation through a common table expression or a sub-select that says *, or names a column again.
func (w *writer) with() {
	r := pick(w.Rand, w.from)
	c := pick(w.Rand, r.columns)
	outer := use{kind: schema.Column, name: c.name, scope: []relationName{r.relationName}}
	inner := func() {
		w.say("SELECT")
		if w.oneIn(2) {
			w.say("*")
		} else {
			w.columnNamed(c.name, source{relation: r})
			w.say("AS", quote(c.name))
			outer.scope = nil
		}
		w.say("FROM")
		w.name(r.sql(), use{kind: schema.Table, scope: []relationName{r.relationName}})
	}
	read := func(text string) {
		if outer.scope == nil {
			w.say(text) // the statement itself brings it
			return
		}
		w.name(text, outer)
	}
	if w.oneIn(2) {
		w.say("WITH", "q", "AS", "(")
		inner()
		w.say(")", "SELECT")
		read("q." + quote(c.name))
		w.say("FROM", "q")
		return
	}
	// What stands before the sub-select is known only behind it.
	at := len(w.s.parts) + 1
	w.say("SELECT", "", "FROM", "(")
	inner()
	w.say(")", "AS", "q")
	w.s.parts[at] = quote(c.name)
	if outer.scope != nil {
		outer.part = at
		w.s.uses = append(w.s.uses, outer)
	}
}

func (w *writer) aggregate() {
	s := source{relation: pick(w.Rand, w.from)}
	by := pick(w.Rand, s.columns).name
	w.say("SELECT")
	w.columnNamed(by, s)
	w.say(",", pick(w.Rand, []string{"count", "max", "array_agg"}), "(")
	w.column(s)
	w.say(")", "FROM")
	w.name(s.sql(), use{kind: schema.Table, scope: []relationName{s.relationName}})
	w.say("GROUP BY")
	w.columnNamed(by, s)
}

// written is a table that the writer may write.
func (w *writer) written() *relation {
	tables := slices.DeleteFunc(slices.Clone(w.from), func(r *relation) bool { return r.view })
	if len(tables) == 0 {
		return nil
	}
	return pick(w.Rand, tables)
}

func (w *writer) insert() {
	t := w.written()
	if t == nil {
		w.choose()
		return
	}
	inside := w.oneIn(6)
	if inside {
		w.say("WITH", "done", "AS", "(")
	}
	w.say("INSERT INTO")
	s := w.relationPart(t)
	into := write{into: t.relationName}
	switch w.IntN(6) {
	case 0:
		w.say("DEFAULT VALUES")
	case 1, 2:
		into.first = w.unlisted(t)
	default:
		into.columns = w.listed(t)
	}
	w.s.writes = append(w.s.writes, into)
	if w.oneIn(4) {
		w.onConflict(t)
	}
	if inside || w.oneIn(4) {
		w.say("RETURNING")
		if w.oneIn(4) {
			w.say("*")
		} else {
			w.column(s)
		}
	}
	if inside {
		w.say(")", "SELECT", "1", "FROM", "done")
	}
}

// unlisted gives values to the first columns.
func (w *writer) unlisted(t *relation) int {
	n := len(t.columns)
	if w.oneIn(2) {
		n = 1 + w.IntN(n)
	}
	w.say("VALUES", "(")
	for i, c := range t.columns[:n] {
		if i > 0 {
			w.say(",")
		}
		if c.always {
			w.say("DEFAULT")
			continue
		}
		w.value(t, c, i)
	}
	w.say(")")
	return n
}

// listed gives values to some columns by their names, and tells which of them get a value in every row.
func (w *writer) listed(t *relation) []string {
	var list []column
	for _, c := range t.columns {
		if !w.oneIn(4) && (!c.filled || w.oneIn(2)) {
			list = append(list, c)
		}
	}
	if len(list) == 0 {
		list = t.columns[:1]
	}
	w.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	w.say("(")
	for i, c := range list {
		if i > 0 {
			w.say(",")
		}
		w.bare(t, c.name)
	}
	w.say(")")
	if w.oneIn(5) {
		return w.selected(t, list)
	}
	w.say("VALUES")
	lacking := map[string]bool{}
	for row := range 1 + w.IntN(2) {
		if row > 0 {
			w.say(",")
		}
		w.say("(")
		for i, c := range list {
			if i > 0 {
				w.say(",")
			}
			if c.always || c.filled && w.oneIn(3) {
				lacking[c.name] = true
				w.say("DEFAULT")
				continue
			}
			w.value(t, c, -1)
		}
		w.say(")")
	}
	var given []string
	for _, c := range list {
		if !lacking[c.name] {
			given = append(given, c.name)
		}
	}
	return given
}

// selected gives the values by a query without a table, so that there is a row.
func (w *writer) selected(t *relation, list []column) []string {
	w.say("SELECT")
	var given []string
	for i, c := range list {
		if i > 0 {
			w.say(",")
		}
		w.value(t, c, -1)
		given = append(given, c.name)
	}
	return given
}

func (w *writer) onConflict(t *relation) {
	w.say("ON CONFLICT")
	if len(t.uniques) == 0 || w.oneIn(4) {
		w.say("DO NOTHING")
		return
	}
	w.say("(")
	for i, name := range pick(w.Rand, t.uniques) {
		if i > 0 {
			w.say(",")
		}
		w.bare(t, name)
	}
	w.say(")")
	c := pick(w.Rand, t.columns)
	if c.always || w.oneIn(2) {
		w.say("DO NOTHING")
		return
	}
	w.say("DO UPDATE SET")
	w.bare(t, c.name)
	w.say("=")
	w.name("excluded."+quote(c.name), use{kind: schema.Column, name: c.name, scope: []relationName{t.relationName}})
}

func (w *writer) update() {
	t := w.written()
	if t == nil {
		w.choose()
		return
	}
	w.say("UPDATE")
	s := w.relationPart(t, "x")
	w.say("SET")
	c := pick(w.Rand, t.columns)
	w.bare(t, c.name)
	w.say("=")
	if c.always {
		w.say("DEFAULT")
	} else {
		w.value(t, c, -1)
	}
	w.rest("FROM", s)
}

func (w *writer) delete() {
	t := w.written()
	if t == nil {
		w.choose()
		return
	}
	w.say("DELETE FROM")
	w.rest("USING", w.relationPart(t, "x"))
}

// rest is another relation, a condition, and what an UPDATE or a DELETE returns.
func (w *writer) rest(with string, s source) {
	sources := []source{s}
	if other := pick(w.Rand, w.from); other != s.relation && w.oneIn(3) {
		w.say(with)
		sources = append(sources, w.relationPart(other, "y"))
	}
	w.say("WHERE")
	w.condition(sources...)
	if w.oneIn(4) {
		w.say("RETURNING")
		w.column(s, sources[1:]...)
	}
}
