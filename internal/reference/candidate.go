package reference

import (
	"strings"

	"github.com/headgate/headgate/internal/sqltext"
)

// Class is what kind of statement a text can be.
type Class uint8

// The classes of statement, as far as a check is concerned.
const (
	// NotSQL is a text that cannot be a SQL statement.
	NotSQL Class = iota
	// Query is a statement that reads or writes tables, or names them: what a check is for.
	Query
	// SchemaChange is DDL: CREATE, ALTER, DROP, GRANT, COMMENT ON, DO and their like.
	SchemaChange
	// Maintenance is VACUUM, ANALYZE, REINDEX or CLUSTER.
	Maintenance
	// Session is a statement that needs no schema: BEGIN, SET, LISTEN and their like.
	Session
)

// CanBeSQL tells whether text can be a statement that a check is for (a Query). It looks at the first
// key word and at the shape that must follow it, and is quick to say no. Prose that happens to have
// the shape ("select a file from the list") passes: the server is the judge of that.
func CanBeSQL(text string) bool { return Classify(text) == Query }

// Classify tells what kind of statement the text's first one can be. A Hole may stand for any
// name or value, but not for the first key word.
func Classify(text string) Class {
	start := firstLetter(text)
	if start < 0 {
		return NotSQL
	}
	class, known := firstWords[keyWord(text[start:])]
	if !known {
		return NotSQL
	}
	if class == Query && !newShape(text[start:]).query() {
		return NotSQL
	}
	if class != Query && !newShape(text[start:]).command() {
		return NotSQL
	}
	return class
}

// BeginsSQL tells whether the first word of text is a key word that begins a statement. It costs next to nothing, for
// readers that look at every string of a file; text need not be complete.
func BeginsSQL(text string) bool {
	start := firstLetter(text)
	if start < 0 {
		return false
	}
	_, known := firstWords[keyWord(text[start:])]
	return known
}

// firstWords are the key words that begin a statement (PostgreSQL manual, part VI, "SQL Commands").
var firstWords = map[string]Class{
	"select": Query, "insert": Query, "update": Query, "delete": Query, "merge": Query, "with": Query,
	"values": Query, "table": Query, "copy": Query, "truncate": Query, "lock": Query, "refresh": Query,
	"call": Query, "explain": Query, "declare": Query, "prepare": Query,

	"create": SchemaChange, "alter": SchemaChange, "drop": SchemaChange, "grant": SchemaChange,
	"revoke": SchemaChange, "comment": SchemaChange, "security": SchemaChange, "import": SchemaChange,
	"reassign": SchemaChange, "do": SchemaChange,

	"vacuum": Maintenance, "analyze": Maintenance, "analyse": Maintenance, "reindex": Maintenance, "cluster": Maintenance,

	"begin": Session, "start": Session, "commit": Session, "end": Session, "rollback": Session, "abort": Session,
	"savepoint": Session, "release": Session, "set": Session, "reset": Session, "show": Session,
	"listen": Session, "unlisten": Session, "notify": Session, "discard": Session, "deallocate": Session,
	"execute": Session, "fetch": Session, "move": Session, "close": Session, "checkpoint": Session, "load": Session,
}

const longestFirstWord = len("checkpoint")

// firstLetter is the offset of the first key word: white space, comments, opening parentheses and
// semicolons may stand before it. It is -1 where something else does.
func firstLetter(text string) int {
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == ' ', c == '\n', c == '\t', c == '\r', c == '(', c == ';', c == '\f', c == '\v':
		case c|0x20 >= 'a' && c|0x20 <= 'z':
			return i
		case c == '-' || c == '/':
			comment := sqltext.NewScanner(text[i:]).Next()
			if comment.Kind != sqltext.Comment {
				return -1
			}
			i += comment.End - 1
		default:
			return -1
		}
	}
	return -1
}

// keyWord is the word that text begins with, in lower case; empty where it is longer than any first word.
func keyWord(text string) string {
	end := 0
	for end < len(text) && sqltext.IsIdentifierChar(text[end]) {
		end++
		if end > longestFirstWord {
			return ""
		}
	}
	return strings.ToLower(text[:end])
}

// shape looks at the first tokens of a statement.
type shape struct {
	src  string
	scan *sqltext.Scanner
	// kind and word are the current token's; word is in lower case for unquoted words.
	kind       sqltext.Kind
	word       string
	start, end int
}

func newShape(src string) *shape {
	s := &shape{src: src, scan: sqltext.NewScanner(src)}
	s.next()
	return s
}

func (s *shape) next() {
	t := s.scan.Next()
	for t.Kind == sqltext.Comment {
		t = s.scan.Next()
	}
	s.kind, s.word, s.start, s.end = t.Kind, s.src[t.Start:t.End], t.Start, t.End
	if t.Kind == sqltext.Identifier {
		s.word = strings.ToLower(s.word)
	}
}

// is tells whether the current token is one of the words, and moves past it if so.
func (s *shape) is(words ...string) bool {
	if s.kind != sqltext.Identifier && s.kind != sqltext.Punctuation {
		return false
	}
	for _, w := range words {
		if s.word == w {
			s.next()
			return true
		}
	}
	return false
}

// name moves past a name, which may be qualified or quoted, and may have a Hole or a library's own
// placeholder in it: all that stands close together.
func (s *shape) name() bool {
	switch s.kind {
	case sqltext.Identifier, sqltext.QuotedIdentifier, sqltext.Operator:
	case sqltext.Punctuation:
		if !strings.Contains(holeText+":{", s.word) {
			return false
		}
	default:
		return false
	}
	for {
		end := s.end
		s.next()
		if s.start != end || s.kind == sqltext.EOF || strings.Contains("(),;", s.word) {
			return true
		}
	}
}

// done tells whether the statement ends here.
func (s *shape) done() bool { return s.kind == sqltext.EOF || s.word == ";" }

// query tells whether a statement that begins with one of Query's words has the shape for it.
func (s *shape) query() bool {
	first := s.word
	s.next()
	switch first {
	case "select":
		return s.selectList()
	case "insert":
		return s.is("into") && s.name() && !s.done() && !s.plainWord()
	case "delete":
		return s.is("from") && s.name()
	case "update":
		return s.within(8, "set")
	case "with":
		return s.with()
	case "merge":
		return s.is("into") && s.name() && s.within(5, "using")
	case "values":
		return s.word == "("
	case "table":
		return s.name() && (s.done() || s.is("order", "limit", "offset", "fetch", "union", "except", "intersect", "for"))
	case "copy":
		return s.word == "(" || s.name() && (s.word == "(" || s.is("from", "to"))
	case "truncate":
		return s.truncate()
	case "lock":
		return s.is("table") || s.name() && (s.done() || s.is("in", "nowait"))
	case "refresh":
		return s.is("materialized") && s.is("view")
	case "call":
		return s.name() && s.word == "("
	case "explain":
		return s.explain()
	case "declare":
		return s.within(6, "cursor")
	default: // prepare
		return s.name() && (s.word == "(" || s.is("as"))
	}
}

// command tells whether DDL, maintenance or a session command can be more than a word of prose.
func (s *shape) command() bool {
	first := s.word
	s.next()
	switch first {
	case "comment", "security":
		return s.is("on", "label")
	case "do":
		return s.kind == sqltext.String || s.is("language")
	case "import":
		return s.is("foreign")
	case "reassign":
		return s.is("owned")
	}
	return true
}

// plainWord tells whether the current token is a word that has no place after INSERT INTO t.
func (s *shape) plainWord() bool {
	if s.kind != sqltext.Identifier {
		return false
	}
	switch s.word {
	case "values", "select", "default", "with", "as", "overriding", "table":
		return false
	}
	return true
}

// selectList turns down what is no select list: nothing at all; three plain words in a row, of which SQL
// has at most two (a column and its alias); and a list that begins with a column's name where no FROM follows
// ("select an item").
func (s *shape) selectList() bool {
	s.is("distinct", "all")
	if s.done() || s.kind == sqltext.Identifier && !continuesExpression[s.word] && !mayHaveFrom(s.src) {
		return false
	}
	if s.kind == sqltext.Punctuation && !strings.Contains("(:$\x00{[", s.word) {
		return false
	}
	for range 3 {
		if s.kind != sqltext.Identifier || continuesExpression[s.word] {
			return true
		}
		s.next()
	}
	return s.kind != sqltext.EOF && s.kind != sqltext.Identifier && s.word == "("
}

// mayHaveFrom tells whether a text has a FROM, a Hole that may bring one, or a call, which can do without.
func mayHaveFrom(text string) bool {
	if strings.ContainsAny(text, "("+holeText) {
		return true
	}
	for i := 0; i+len("from") <= len(text); i++ {
		if strings.EqualFold(text[i:i+len("from")], "from") {
			return true
		}
	}
	return false
}

func (s *shape) with() bool {
	s.is("recursive")
	if !s.name() {
		return false
	}
	if s.word == "(" {
		for !s.done() && s.word != ")" {
			s.next()
		}
		s.next()
	}
	if !s.is("as") {
		return false
	}
	s.is("not")
	s.is("materialized")
	return s.word == "("
}

func (s *shape) truncate() bool {
	s.is("table")
	s.is("only")
	if !s.name() {
		return false
	}
	return s.done() || s.word == "," || s.word == "*" || s.is("restart", "continue", "cascade", "restrict")
}

func (s *shape) explain() bool {
	if s.word == "(" {
		for !s.done() && s.word != ")" {
			s.next()
		}
		s.next()
	}
	for s.is("analyze", "analyse", "verbose") {
	}
	class, known := firstWords[s.word]
	return known && class == Query && s.word != "explain" && s.query()
}

// within tells whether one of the next n tokens is the word.
func (s *shape) within(n int, word string) bool {
	for range n {
		if s.done() {
			return false
		}
		if s.is(word) {
			return true
		}
		s.next()
	}
	return false
}
