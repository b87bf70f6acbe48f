package statement

import "github.com/headgate/headgate/internal/sqltext"

// deepest is how deep statements may stand in each other. PostgreSQL takes data-modifying statements in the
// outermost WITH alone.
const deepest = 16

// writer collects what a statement writes.
type writer struct {
	*reader
	writes []Write
}

// statement reads one statement from here on.
func (w *writer) statement(depth int) {
	if depth > deepest {
		return
	}
	for w.word() == "(" {
		w.at++
	}
	switch w.word() {
	case "with":
		w.ctes(func() { w.statement(depth + 1) })
		if w.word() != "with" {
			w.statement(depth + 1)
		}
	case "insert":
		w.insert()
	case "update":
		w.update()
	case "delete":
		if w.is("delete", "from") {
			w.table(Delete)
		}
	case "merge":
		w.merge()
	case "truncate":
		w.truncate()
	case "copy":
		w.copy(depth)
	case "explain":
		if w.explained() {
			w.statement(depth + 1)
		}
	case "prepare":
		if w.find("as") {
			w.at++
			w.statement(depth + 1)
		}
	case "create":
		// Of all that CREATE makes, a table alone can be filled from a query that writes.
		if (w.token(w.at+1).word == "table" || w.token(w.at+2).word == "table" || w.token(w.at+3).word == "table") && w.find("as") {
			w.at++
			w.statement(depth + 1)
		}
	}
}

// table reads a table's name and adds a Write to it.
func (w *writer) table(verb Verb) (*Write, bool) {
	n, ok := w.relation()
	if !ok {
		return nil, false
	}
	return w.add(Write{Verb: verb, Schema: n.schema, Table: n.name, Start: n.start, End: n.end}), true
}

func (w *writer) add(one Write) *Write {
	w.writes = append(w.writes, one)
	return &w.writes[len(w.writes)-1]
}

func (w *writer) insert() {
	if !w.is("insert", "into") {
		return
	}
	one, ok := w.table(Insert)
	if !ok {
		return
	}
	if w.is("as") {
		w.at++
	}
	w.source(one)
	if !w.onConflict() {
		return
	}
	table := *one
	table.Verb, table.Columns, table.Listed, table.DefaultValues = Update, nil, true, false
	w.setList(w.add(table))
}

// source reads what an INSERT, also MERGE's, gives: the list of columns, and the values or the query.
func (w *writer) source(one *Write) {
	if w.word() == "(" && !w.beginsQuery(w.at+1) {
		one.Listed = true
		w.list(func(_ int, s span) { w.column(one, s) })
	}
	if w.is("overriding") {
		w.at += 2 // USER VALUE, SYSTEM VALUE
	}
	switch {
	case w.is("default", "values"):
		one.DefaultValues = true
		one.Columns = nil
	case w.is("values"):
		w.rows(one)
	case !one.Listed:
		for _, s := range w.selected() {
			w.value(one, s)
		}
	}
}

// beginsQuery tells whether a query begins with the token i. VALUES is a column's name as well.
func (w *writer) beginsQuery(i int) bool {
	word := w.token(i).word
	return beginsStatement[word] && (word != "values" || w.token(i+1).word == "(") && word != "insert" && word != "update" &&
		word != "delete" && word != "merge"
}

// column adds the column that a target names: a, a[1], a.b.
func (w *writer) column(one *Write, s span) {
	if t := w.token(s.from); s.from < s.to && isName(t) {
		one.Columns = append(one.Columns, Column{Name: fold(t.word), Start: t.start, End: t.end})
	}
}

// value adds the column that a value without a list of columns goes to.
func (w *writer) value(one *Write, s span) {
	one.Columns = append(one.Columns, Column{
		Start: w.token(s.from).start, End: max(w.token(s.from).end, w.token(s.to-1).end), Default: w.isDefault(s),
	})
}

func (w *writer) isDefault(s span) bool { return s.to == s.from+1 && w.token(s.from).word == "default" }

// rows reads the rows of VALUES.
func (w *writer) rows(one *Write) {
	known := true
	for row := 0; w.word() == "("; row++ {
		w.list(func(i int, s span) {
			switch {
			case row == 0 && !one.Listed:
				known = known && !w.isStar(s)
				w.value(one, s)
			case i < len(one.Columns) && w.isDefault(s):
				one.Columns[i].Default = true
			}
		})
		if !w.is(",") {
			break
		}
	}
	if !known {
		one.Columns = nil
	}
}

// isStar tells whether an item of a list stands for several columns: *, t.*, (row).*
func (w *writer) isStar(s span) bool {
	last := w.token(s.to - 1)
	return s.to > s.from && last.word == "*" && (s.to == s.from+1 || w.token(s.to-2).word == ".")
}

// selected gives the items that the query from here on selects; none where their number is not in the text.
func (w *writer) selected() []span {
	start, limit := w.at, w.limit
	defer func() { w.at, w.limit = start, limit }()
	for {
		switch {
		case w.word() == "(":
			w.limit = min(w.token(w.at).closes, w.limit)
			w.at++
		case w.word() == "with":
			w.ctes(func() {})
			if w.word() == "with" {
				return nil
			}
		case w.is("values"):
			var items []span
			if w.word() == "(" {
				w.list(func(_ int, s span) { items = append(items, s) })
			}
			return w.withoutStar(items)
		case w.is("select"):
			return w.withoutStar(w.selectList())
		default:
			return nil
		}
	}
}

func (w *writer) withoutStar(items []span) []span {
	for _, s := range items {
		if w.isStar(s) {
			return nil
		}
	}
	return items
}

// selectList reads the items of a SELECT.
func (w *writer) selectList() []span {
	w.is("all")
	if w.is("distinct") && w.is("on") {
		w.skip()
	}
	start, end := w.at, w.at
	for ; !w.done() && !w.endsExpression(endsSelectList); w.skip() {
		if w.word() == "as" {
			w.at++ // any word can be a label
		}
		end = w.after(w.at)
	}
	limit := w.limit
	w.at, w.limit = start, min(end, limit)
	var items []span
	w.items(func(_ int, s span) { items = append(items, s) })
	w.limit = limit
	return items
}

// The reserved words that end a list of expressions, where they stand outside of parentheses.
var (
	endsSelectList = map[string]bool{
		"from": true, "into": true, "where": true, "group": true, "having": true, "window": true, "union": true, "intersect": true,
		"except": true, "order": true, "limit": true, "offset": true, "fetch": true, "for": true, "on": true, "returning": true,
	}
	endsSetList = map[string]bool{"from": true, "where": true, "returning": true}
)

// endsExpression tells whether the current word ends an expression: one of the words, that is no field's name and no part of IS
// DISTINCT FROM.
func (r *reader) endsExpression(words map[string]bool) bool {
	before := r.token(r.at - 1).word
	return words[r.word()] && before != "." && (r.word() != "from" || before != "distinct")
}

// onConflict moves to the SET of ON CONFLICT DO UPDATE; false where there is none.
func (w *writer) onConflict() bool {
	for ; !w.done(); w.skip() {
		if w.word() != "on" || w.token(w.at+1).word != "conflict" {
			continue
		}
		switch w.token(w.at + 2).word {
		case "(", "on", "do": // else it is a column's name in a join's condition
		default:
			continue
		}
		return w.find("do") && w.is("do", "update", "set")
	}
	return false
}

func (w *writer) update() {
	w.is("update")
	one, ok := w.table(Update)
	if !ok {
		return
	}
	one.Listed = true
	if w.is("as") {
		w.at++
	}
	if w.find("set") && w.is("set") {
		w.setList(one)
	}
}

// setList reads the targets and values of SET.
func (w *writer) setList(one *Write) {
	for !w.done() {
		first := len(one.Columns)
		if w.word() == "(" {
			w.list(func(_ int, s span) { w.column(one, s) })
		} else {
			w.column(one, span{w.at, w.at + 1})
		}
		for !w.done() && w.token(w.at).kind != sqltext.Operator && w.word() != "," && !w.endsExpression(endsSetList) {
			w.skip()
		}
		if w.token(w.at).kind == sqltext.Operator {
			w.at++
		}
		w.given(one.Columns[first:])
		if !w.is(",") {
			return
		}
	}
}

// given reads the value that SET gives to the columns, up to the comma or the word behind it.
func (w *writer) given(columns []Column) {
	if w.is("default") && len(columns) == 1 {
		columns[0].Default = true
	}
	w.is("row")
	if w.word() == "(" && !w.beginsQuery(w.at+1) {
		w.list(func(i int, s span) {
			if i < len(columns) && w.isDefault(s) {
				columns[i].Default = true
			}
		})
	}
	for cases := 0; !w.done(); w.skip() {
		switch word := w.word(); {
		case word == "case":
			cases++
		case word == "end":
			cases--
		case cases > 0:
		case word == ",", word == "when", w.endsExpression(endsSetList):
			return
		}
	}
}

// merge reads the actions of a MERGE.
func (w *writer) merge() {
	if !w.is("merge", "into") {
		return
	}
	n, ok := w.relation()
	if !ok {
		return
	}
	table := Write{Schema: n.schema, Table: n.name, Start: n.start, End: n.end}
	for cases := 0; !w.done(); {
		switch {
		case w.is("case"):
			cases++
		case w.is("end"):
			cases--
		case cases <= 0 && w.is("then", "insert"):
			table.Verb, table.Listed = Insert, false
			w.source(w.add(table))
		case cases <= 0 && w.is("then", "update", "set"):
			table.Verb, table.Listed = Update, true
			w.setList(w.add(table))
		case cases <= 0 && w.is("then", "delete"):
			table.Verb, table.Listed = Delete, false
			w.add(table)
		default:
			w.skip()
		}
	}
}

func (w *writer) truncate() {
	w.is("truncate")
	w.is("table")
	for {
		if _, ok := w.table(Truncate); !ok || !w.is(",") {
			return
		}
	}
}

func (w *writer) copy(depth int) {
	w.is("copy")
	if w.word() == "(" {
		w.within(func() { w.statement(depth + 1) })
		return
	}
	if isName(w.token(w.at + 1)) {
		w.is("binary")
	}
	n, ok := w.name()
	if !ok {
		return
	}
	one := Write{Verb: Insert, Schema: n.schema, Table: n.name, Start: n.start, End: n.end}
	if w.word() == "(" {
		one.Listed = true
		w.list(func(_ int, s span) { w.column(&one, s) })
	}
	if w.is("from") {
		w.add(one)
	}
}
