package statement

import (
	"unicode/utf8"

	"github.com/headgate/headgate/internal/sqltext"
)

// token is a token with its place in bytes (from, to) and in runes (start, end).
type token struct {
	kind sqltext.Kind
	// word is the token's text: of an unquoted identifier in lower case, of all else as it stands, so that a quoted
	// identifier is never taken for a key word.
	word       string
	from, to   int
	start, end int
	// closes is, for an opening parenthesis or bracket, the index of the token that closes it; where none does, that
	// of the end.
	closes int
}

// reader reads one statement's tokens. It never goes beyond limit, and at the end it sees an EOF for ever.
type reader struct {
	sql    string
	tokens []token
	runes  int // the length of sql
	at     int
	limit  int
}

// newReader takes in the tokens of the first statement of sql, in one pass.
func newReader(sql string) *reader {
	r := &reader{sql: sql, tokens: make([]token, 0, len(sql)/4+4)}
	scan := sqltext.NewScanner(sql)
	var open []int
	bytes := 0
	advance := func(to int) int {
		r.runes += utf8.RuneCountInString(sql[bytes:to])
		bytes = to
		return r.runes
	}
	for t := scan.Next(); t.Kind != sqltext.EOF; t = scan.Next() {
		word := sql[t.Start:t.End]
		if t.Kind == sqltext.Comment || word == ";" && len(r.tokens) == 0 {
			continue
		}
		if word == ";" && len(open) == 0 {
			break
		}
		if t.Kind == sqltext.Identifier {
			word = sqltext.Unquote(word)
		}
		switch word {
		case "(", "[":
			open = append(open, len(r.tokens))
		case ")", "]":
			if n := len(open) - 1; n >= 0 {
				r.tokens[open[n]].closes = len(r.tokens)
				open = open[:n]
			}
		}
		r.tokens = append(r.tokens, token{kind: t.Kind, word: word, from: t.Start, to: t.End, start: advance(t.Start), end: advance(t.End)})
	}
	for _, i := range open {
		r.tokens[i].closes = len(r.tokens)
	}
	advance(len(sql))
	r.limit = len(r.tokens)
	return r
}

// token is the token i, or an EOF beyond the limit.
func (r *reader) token(i int) token {
	if i < 0 || i >= r.limit {
		return token{kind: sqltext.EOF, from: len(r.sql), to: len(r.sql), start: r.runes, end: r.runes}
	}
	return r.tokens[i]
}

// word is the current token's.
func (r *reader) word() string { return r.token(r.at).word }

func (r *reader) done() bool { return r.at >= r.limit }

// is tells whether the words come next, one after the other, and moves past them if so.
func (r *reader) is(words ...string) bool {
	for i, w := range words {
		if r.token(r.at+i).word != w {
			return false
		}
	}
	r.at += len(words)
	return true
}

// any tells whether one of the words comes next, and moves past it if so.
func (r *reader) any(words ...string) bool {
	for _, w := range words {
		if r.is(w) {
			return true
		}
	}
	return false
}

// skip moves past one token, or past all that stands in parentheses or brackets.
func (r *reader) skip() { r.at = r.after(r.at) }

func (r *reader) after(i int) int {
	switch t := r.token(i); t.word {
	case "(", "[":
		return min(t.closes+1, r.limit)
	}
	return min(i+1, r.limit)
}

// find moves to the first of the words that stands outside of parentheses; false, and to the end, where there is none.
func (r *reader) find(words ...string) bool {
	for ; !r.done(); r.skip() {
		for _, w := range words {
			if r.word() == w {
				return true
			}
		}
	}
	return false
}

// within runs read on the tokens from the current parenthesis' first to its last, and moves past it.
func (r *reader) within(read func()) {
	after, limit := r.after(r.at), r.limit
	r.at, r.limit = r.at+1, min(r.token(r.at).closes, r.limit)
	read()
	r.at, r.limit = after, limit
}

// span is a run of tokens, by index.
type span struct{ from, to int }

// list moves past a parenthesised list and yields its items, from comma to comma.
func (r *reader) list(item func(i int, s span)) {
	r.within(func() { r.items(item) })
}

// items yields what stands between commas from here to the limit.
func (r *reader) items(item func(i int, s span)) {
	for i := 0; !r.done(); i++ {
		s := span{from: r.at}
		for !r.done() && r.word() != "," {
			r.skip()
		}
		s.to = r.at
		item(i, s)
		r.is(",")
	}
}

// name is a qualified name.
type name struct {
	span
	schema, name string
	start, end   int
}

// name moves past a name with all its dots; false where none comes next. Of a catalog's name nothing is kept.
func (r *reader) name() (name, bool) {
	if !isName(r.token(r.at)) {
		return name{}, false
	}
	n := name{span: span{from: r.at}, name: fold(r.token(r.at).word)}
	r.at++
	for r.word() == "." && isName(r.token(r.at+1)) {
		n.schema, n.name = n.name, fold(r.token(r.at+1).word)
		r.at += 2
	}
	n.to = r.at
	n.start, n.end = r.token(n.from).start, r.token(n.to-1).end
	return n, true
}

// relation moves past a table's name as most statements take it: ONLY t, ONLY (t), t *.
func (r *reader) relation() (name, bool) {
	if next := r.token(r.at + 1); r.word() == "only" && (isName(next) || next.word == "(") {
		r.at++
	}
	parenthesis := r.is("(")
	n, ok := r.name()
	if parenthesis {
		r.is(")")
	}
	r.is("*")
	return n, ok
}

func isName(t token) bool {
	return t.kind == sqltext.Identifier || t.kind == sqltext.QuotedIdentifier
}

// longestName is the length in bytes that PostgreSQL cuts a name to (manual, section 4.1.1).
const longestName = 63

// fold is the name that a word stands for.
func fold(word string) string {
	text := sqltext.Unquote(word)
	if len(text) <= longestName {
		return text
	}
	cut := longestName
	for cut > 0 && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut]
}

// ctes moves past WITH and its queries, and runs body on each of them.
func (r *reader) ctes(body func()) {
	r.is("with")
	r.is("recursive")
	for !r.done() {
		if _, ok := r.name(); !ok {
			return
		}
		if r.word() == "(" {
			r.skip()
		}
		if !r.is("as") {
			return
		}
		r.is("not")
		r.is("materialized")
		if r.word() != "(" {
			return
		}
		r.within(body)
		r.searchAndCycle()
		if !r.is(",") {
			return
		}
	}
}

// searchAndCycle moves past the SEARCH and CYCLE of a recursive query, which have lists of columns of their own.
func (r *reader) searchAndCycle() {
	for r.word() == "search" || r.word() == "cycle" {
		r.find("set")
		r.at = min(r.at+2, r.limit)
		for !r.done() && r.word() != "," && r.word() != "search" && r.word() != "cycle" && !beginsStatement[r.word()] {
			r.skip()
		}
	}
}

// beginsStatement are the words that can come after WITH's queries.
var beginsStatement = map[string]bool{
	"select": true, "insert": true, "update": true, "delete": true, "merge": true, "values": true, "table": true, "with": true, "(": true,
}

// explained moves past EXPLAIN and its options; analyze says that the statement is run.
func (r *reader) explained() (analyze bool) {
	r.is("explain")
	if r.word() == "(" && !beginsStatement[r.token(r.at+1).word] {
		r.list(func(_ int, s span) {
			if w := r.token(s.from).word; w == "analyze" || w == "analyse" {
				value := r.token(s.from + 1).word
				analyze = s.to == s.from+1 || value != "false" && value != "off" && value != "0" && value != "'false'" && value != "'off'"
			}
		})
	}
	if r.any("analyze", "analyse") {
		analyze = true
	}
	r.is("verbose")
	return analyze
}
