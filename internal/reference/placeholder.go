package reference

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/headgate/headgate/internal/sqltext"
)

// Placeholders are the ways in which a library writes the values that it sends apart from the
// text. They are a set: add them up.
type Placeholders uint8

// The ways to write a placeholder.
const (
	// Question is ? (database/sql wrappers, GORM, squirrel, JDBC), ?1 (bun, JPA), and ?? for the operator ? (pgjdbc).
	Question Placeholders = 1 << iota
	// Colon is :name (sqlx, SQLAlchemy), and :'name' (psql).
	Colon
	// At is @name (pgx.NamedArgs, GORM, sqlc).
	At
	// Calls is sqlc's sqlc.arg(x), sqlc.narg(x), sqlc.slice(x) and sqlc.embed(t).
	Calls
	// Percent is %s and %(name)s, and %% for the operator % (psycopg; PEP 249 calls them format and pyformat). psycopg 3 has %b and
	// %t for %s.
	Percent
)

// Rewrite gives the text of one statement with its placeholders as PostgreSQL's own, $1, $2, …, and with the map kept.
// Each ? has a number of its own, each name one. What PostgreSQL gives a meaning is left alone: casts, :=, array
// slices, strings, quoted names, comments, and the operators with ? and @ in them. Where ? or @x could
// be either, what stands on both sides decides. A text that has $n parameters has no others, apart from those of
// sqlc, whose queries may mix them: its calls, and @name where its calls are looked for.
//
// Holes are filled as Statements says; a Hole that is part of a name stays. "$" and a Hole is a parameter of which
// only the number is not known, and gets one of its own.
func (t Text) Rewrite(styles Placeholders) Text {
	if !strings.ContainsAny(t.SQL, "?:@%"+holeText) && !(styles&Calls != 0 && strings.Contains(t.SQL, "sqlc")) {
		return t
	}
	r := rewriter{src: t.SQL, styles: styles, from: cursor{text: &t}, numbers: map[string]int{}}
	r.read()
	for i := 0; i < len(r.tokens); {
		i += r.token(i)
	}
	r.from.copyTo(&r.out, len(t.SQL))
	return r.out.Text()
}

// rewriter goes through the tokens of one statement and writes the new text.
type rewriter struct {
	src    string
	styles Placeholders
	tokens []sqltext.Token // without comments
	from   cursor
	out    Builder

	numbers map[string]int // by name
	last    int            // the highest number given

	// names says that there is an @name in the text about which there is no doubt: then a<@x is a < @x.
	names bool
	// operand says that what was written last ends an operand, after which an operator must come.
	operand bool
	// in says that what was written last is the key word IN.
	in bool
	// open are the brackets and parentheses that are open.
	open []bracket
}

type bracket struct {
	// colons says that a colon has a meaning inside: between the bounds of an array's slice, between the key and value of JSON_OBJECT.
	colons bool
}

// read collects the tokens, and what the whole statement says about its placeholders.
func (r *rewriter) read() {
	scan := sqltext.NewScanner(r.src)
	for t := scan.Next(); t.Kind != sqltext.EOF; t = scan.Next() {
		switch t.Kind {
		case sqltext.Comment:
			continue
		case sqltext.Parameter:
			if n, err := strconv.Atoi(r.src[t.Start+1 : t.End]); err == nil && n < 1<<16 {
				r.last = max(r.last, n)
			}
			// sqlc takes $1 and @name in one query; no other library does.
			if r.styles&Calls == 0 {
				r.styles = 0
			}
			r.styles &= Calls | At
		}
		if last := len(r.tokens) - 1; last >= 0 && t.Kind == sqltext.Identifier && r.tokens[last].End == t.Start {
			before := r.text(last)
			r.names = r.names || before == "@" || before == "=@"
		}
		r.tokens = append(r.tokens, t)
	}
}

// token writes the token i, and gives how many tokens were used up.
func (r *rewriter) token(i int) int {
	t := r.tokens[i]
	word := r.src[t.Start:t.End]
	switch t.Kind {
	case sqltext.Identifier:
		if n := r.call(i); n > 0 {
			return n
		}
		lower := strings.ToLower(word)
		r.keep(t.End, !expectsOperand[lower])
		r.in = lower == "in"
		return 1
	case sqltext.Operator:
		return r.operator(i)
	case sqltext.Punctuation:
		return r.punctuation(i, word)
	case sqltext.String:
		for k := strings.IndexByte(word, Hole); k >= 0; k = strings.IndexByte(word, Hole) {
			r.replace(t.Start+k, t.Start+k+1, "")
			t.Start, word = t.Start+k+1, word[k+1:]
		}
	}
	r.keep(t.End, true)
	return 1
}

// keep copies the text up to end.
func (r *rewriter) keep(end int, operand bool) {
	r.from.copyTo(&r.out, end)
	r.operand, r.in = operand, false
}

// placeholder writes a parameter for the text from start to end. Without a key it gets a number of its own.
func (r *rewriter) placeholder(start, end int, key string) {
	n := r.numbers[key]
	if n == 0 {
		r.last++
		n = r.last
		if key != "" {
			r.numbers[key] = n
		}
	}
	text := "$" + strconv.Itoa(n)
	if r.in {
		text = "(" + text + ")" // a list that the library expands; IN wants parentheses
	}
	r.replace(start, end, text)
	r.operand = true
}

// replace writes text for what stands from start to end.
func (r *rewriter) replace(start, end int, text string) {
	r.keep(start, false)
	at := r.from.position()
	first := r.from.runeAt
	r.from.skipTo(end)
	width := r.from.runeAt - first
	if from, to := r.from.text.Map.Range(first, r.from.runeAt); from.Line == to.Line && to.Column > from.Column {
		width = to.Column - from.Column
	}
	r.out.Replace(text, at, width)
}

// adjacent gives the token after i where nothing stands between the two.
func (r *rewriter) adjacent(i int) (sqltext.Token, bool) {
	if i+1 < len(r.tokens) && r.tokens[i+1].Start == r.tokens[i].End {
		return r.tokens[i+1], true
	}
	return sqltext.Token{}, false
}

func (r *rewriter) punctuation(i int, word string) int {
	t := r.tokens[i]
	switch word {
	case "(":
		r.open = append(r.open, bracket{colons: i > 0 && r.isJSONObject(r.tokens[i-1])})
	case "[":
		r.open = append(r.open, bracket{colons: true})
	case ")", "]":
		if len(r.open) > 0 {
			r.open = r.open[:len(r.open)-1]
		}
	case ":":
		if n := r.colon(i); n > 0 {
			return n
		}
	case "::":
		// sqlx takes :: for an escaped colon, so that its users write a cast as ::::
		if next, ok := r.adjacent(i); ok && r.styles&Colon != 0 && r.src[next.Start:next.End] == "::" {
			r.replace(t.Start, next.End, "::")
			return 2
		}
	case `\`:
		// SQLAlchemy's text() takes \: for a colon that begins no name
		if next, ok := r.adjacent(i); ok && r.styles&Colon != 0 && r.src[next.Start] == ':' {
			r.replace(t.Start, next.End, r.src[next.Start:next.End])
			return 2
		}
	case holeText:
		r.hole(i)
		return 1
	case "$":
		// "$" + strconv.Itoa(n): the number is known at run time alone, but that it is a parameter is known now.
		if next, ok := r.adjacent(i); ok && r.src[next.Start:next.End] == holeText {
			r.placeholder(t.Start, next.End, "")
			return 2
		}
	}
	r.keep(t.End, word == ")" || word == "]")
	return 1
}

func (r *rewriter) isJSONObject(t sqltext.Token) bool {
	word := strings.ToLower(r.src[t.Start:t.End])
	return word == "json_object" || word == "json_objectagg"
}

// colon rewrites :name and gives how many tokens it has; 0 if it is none.
func (r *rewriter) colon(i int) int {
	name, ok := r.adjacent(i)
	if !ok || r.styles&Colon == 0 || name.Unterminated {
		return 0
	}
	if r.operand && len(r.open) > 0 && r.open[len(r.open)-1].colons {
		return 0
	}
	switch {
	case name.Kind == sqltext.String && r.src[name.Start] == '\'':
		r.placeholder(r.tokens[i].Start, name.End, r.src[name.Start+1:name.End-1])
		return 2
	case name.Kind != sqltext.Identifier:
		return 0
	}
	used := 2
	for { // sqlx reaches into a struct by :user.name
		dot, ok := r.adjacent(i + used - 1)
		if !ok || r.src[dot.Start:dot.End] != "." {
			break
		}
		field, ok := r.adjacent(i + used)
		if !ok || field.Kind != sqltext.Identifier {
			break
		}
		name.End = field.End
		used += 2
	}
	r.placeholder(r.tokens[i].Start, name.End, r.src[name.Start:name.End])
	return used
}

// operatorsWithQuestion are PostgreSQL's own: jsonb, hstore, jsonpath and the geometric types (manual, sections 9.11 and 9.16).
var operatorsWithQuestion = wordSet(`? ?| ?& @? ?# ?- ?|| ?-|`)

// operator writes an operator token, which can hold placeholders: the lexer takes the longest run
// of operator characters, so that a=? has the token =? and a=@x the token =@.
func (r *rewriter) operator(i int) int {
	t := r.tokens[i]
	op := r.src[t.Start:t.End]
	name, named := r.adjacent(i)
	named = named && r.styles&At != 0 && name.Kind == sqltext.Identifier && r.endsInAt(op)
	if named {
		op = op[:len(op)-1]
	}
	if r.styles&Percent != 0 && strings.Contains(op, "%") && !named {
		return r.percents(i, op)
	}
	used := 1
	if r.styles&Question != 0 && strings.Contains(op, "?") {
		used = r.questions(i, op, named)
	} else if op != "" {
		r.keep(t.Start+len(op), false)
	}
	if named {
		r.placeholder(t.End-1, name.End, r.src[name.Start:name.End])
		return 2
	}
	return used
}

// percents writes an operator token with % in it: the lexer takes =%s for the operator =% and a name.
func (r *rewriter) percents(i int, op string) int {
	at := r.tokens[i].Start
	for k := 0; k < len(op); k++ {
		switch {
		case op[k] != '%':
			r.keep(at+k+1, false)
		case k+1 < len(op) && op[k+1] == '%':
			r.replace(at+k, at+k+2, "%")
			k++
		case k == len(op)-1:
			if used := r.percent(i); used > 0 {
				return used
			}
			r.keep(at+k+1, false)
		default:
			r.keep(at+k+1, false)
		}
	}
	return 1
}

// percent rewrites %s or %(name)s, whose % is the last character of the token i, and gives how many tokens were used up; 0 if it
// is neither.
func (r *rewriter) percent(i int) int {
	start := r.tokens[i].End - 1
	next, ok := r.adjacent(i)
	if !ok {
		return 0
	}
	if isConversion(r.text(i + 1)) {
		if columns := r.rowOf(i); columns > 0 {
			r.row(start, next.End, columns)
		} else {
			r.placeholder(start, next.End, "")
		}
		return 2
	}
	if r.text(i+1) != "(" {
		return 0
	}
	closing := i + 2
	for closing < len(r.tokens) && r.text(closing) != ")" {
		closing++
	}
	conversion, ok := r.adjacent(min(closing, len(r.tokens)-1))
	if !ok || !isConversion(r.src[conversion.Start:conversion.End]) {
		return 0
	}
	r.placeholder(start, conversion.End, r.src[next.End:r.tokens[closing].Start])
	return closing + 2 - i
}

// rowOf is how many columns a row has that psycopg's execute_values fills in for the %s of the token i: those of the list in
// INSERT INTO t (a, b) VALUES %s. It is 0 where the %s is nothing of the kind.
func (r *rewriter) rowOf(i int) int {
	if i < 3 || !strings.EqualFold(r.text(i-1), "values") || r.text(i-2) != ")" || r.src[r.tokens[i].Start] != '%' {
		return 0
	}
	columns := 1
	for k := i - 3; k > 0; k-- {
		switch r.text(k) {
		case ",":
			columns++
		case "(":
			return columns
		}
	}
	return 0
}

// row writes one row of parameters for the text from start to end.
func (r *rewriter) row(start, end, columns int) {
	numbers := make([]string, columns)
	for k := range numbers {
		r.last++
		numbers[k] = "$" + strconv.Itoa(r.last)
	}
	r.replace(start, end, "("+strings.Join(numbers, ", ")+")")
	r.operand = true
}

func isConversion(word string) bool { return word == "s" || word == "b" || word == "t" || word == "d" }

// endsInAt tells whether the @ at an operator's end belongs to the name after it, and is no part
// of an operator: <@ (is contained by) and @@ (matches). No other operator of PostgreSQL ends in @ except for @
// itself, which as a placeholder stands close to its name.
func (r *rewriter) endsInAt(op string) bool {
	if !strings.HasSuffix(op, "@") || op == "@@" {
		return false
	}
	return op != "<@" || r.names
}

// questions writes an operator token with ? in it, op, which the name after it may have cut short.
func (r *rewriter) questions(i int, op string, named bool) int {
	at := r.tokens[i].Start
	follows := named || r.beginsOperand(i+1)
	if r.operand && follows {
		if operatorsWithQuestion[op] {
			r.keep(at+len(op), false)
			return 1
		}
		if strings.HasPrefix(op, "??") {
			r.replace(at, at+2, "?")
			r.keep(at+len(op), false)
			return 1
		}
	}
	for k := 0; k < len(op); k++ {
		if op[k] != '?' {
			r.keep(at+k+1, false)
			continue
		}
		if r.operand && (k > 0 || follows) {
			r.keep(at+len(op), false) // an operator that an extension made
			return 1
		}
		if k == len(op)-1 && !named {
			if number, ok := r.adjacent(i); ok && number.Kind == sqltext.Number {
				r.placeholder(at+k, number.End, r.src[at+k:number.End])
				return 2
			}
		}
		r.placeholder(at+k, at+k+1, "")
	}
	return 1
}

// beginsOperand tells whether an operand begins with the token i.
func (r *rewriter) beginsOperand(i int) bool {
	if i >= len(r.tokens) {
		return false
	}
	t := r.tokens[i]
	word := r.src[t.Start:t.End]
	switch t.Kind {
	case sqltext.Identifier:
		return !neverBeginsOperand[strings.ToLower(word)]
	case sqltext.Operator:
		return word[0] == '?' || word[0] == '@' || word == "-" || word == "+"
	case sqltext.Punctuation:
		return word == "(" || word == ":" || word == holeText
	}
	return true
}

// call rewrites one of sqlc's calls and gives how many tokens it has; 0 if it is none.
func (r *rewriter) call(i int) int {
	const tokens = 6 // sqlc . arg ( name )
	if r.styles&Calls == 0 || i+tokens > len(r.tokens) || r.text(i) != "sqlc" || r.text(i+1) != "." ||
		r.text(i+3) != "(" || r.text(i+5) != ")" {
		return 0
	}
	start, argument, end := r.tokens[i].Start, r.tokens[i+4], r.tokens[i+5].End
	switch strings.ToLower(r.text(i + 2)) {
	case "arg", "narg", "slice":
		r.in = false // the parentheses of IN (sqlc.slice(x)) are written out
		r.placeholder(start, end, strings.Trim(r.text(i+4), `'"`))
	case "embed":
		r.keep(start, false)
		r.from.skipTo(argument.Start)
		r.keep(argument.End, true)
		at := r.from.position()
		r.from.skipTo(end)
		r.out.Replace(".*", at, utf8.RuneCountInString(r.src[argument.End:end]))
		r.operand = true
	default:
		return 0
	}
	return tokens
}

func (r *rewriter) text(i int) string { return r.src[r.tokens[i].Start:r.tokens[i].End] }

// hole fills a Hole: with a parameter where a value is wanted, with a space where an operand is
// complete and a clause may follow. One that is part of a name stays, because nothing can be said about it.
func (r *rewriter) hole(i int) {
	t := r.tokens[i]
	before := t.Start > 0 && partOfName(r.src[t.Start-1])
	after := t.End < len(r.src) && partOfName(r.src[t.End])
	switch {
	case before || after:
		r.keep(t.End, true)
	case r.operand:
		r.replace(t.Start, t.End, " ")
		r.operand = true
	default:
		r.placeholder(t.Start, t.End, "")
	}
}

func partOfName(c byte) bool { return sqltext.IsIdentifierChar(c) || c == '.' || c == '"' || c == Hole }
