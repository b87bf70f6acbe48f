package sqltext

import (
	"iter"
	"strings"
)

// Span is a piece of a text, in byte offsets; End is exclusive.
type Span struct{ Start, End int }

// Statements yields the statements of a script, one after the other, each from its first
// token that is no comment to its last, the semicolon left out. Empty statements are left out.
//
// The rules are psql's (src/fe_utils/psqlscan.l): a semicolon ends a statement unless it stands
// in parentheses (CREATE RULE … DO (…; …)) or between BEGIN and END of a SQL-standard body of
// CREATE [OR REPLACE] FUNCTION or PROCEDURE.
func Statements(src string) iter.Seq[Span] {
	return func(yield func(Span) bool) {
		scan := NewScanner(src)
		var s splitter
		s.reset()
		for {
			t := scan.Next()
			switch {
			case t.Kind == EOF:
				if s.start >= 0 {
					yield(Span{s.start, s.end})
				}
				return
			case t.Kind == Comment:
			case s.ends(src, t):
				if s.start >= 0 && !yield(Span{s.start, s.end}) {
					return
				}
				s.reset()
			default:
				if s.start < 0 {
					s.start = t.Start
				}
				s.end = t.End
			}
		}
	}
}

// splitter is what must be remembered of a statement to know where it ends.
type splitter struct {
	start, end int
	parens     int
	words      []string // its first words, enough to know a routine's definition
	routine    bool
	blocks     int // BEGIN and CASE that wait for their END
}

func (s *splitter) reset() {
	*s = splitter{start: -1, words: s.words[:0]}
}

// ends takes one token in and tells whether it is the semicolon that ends the statement.
func (s *splitter) ends(src string, t Token) bool {
	switch {
	case t.Kind == Identifier:
		s.word(src[t.Start:t.End])
	case t.Kind == Punctuation && src[t.Start] == '(':
		s.parens++
	case t.Kind == Punctuation && src[t.Start] == ')':
		s.parens = max(s.parens-1, 0)
	case t.Kind == Punctuation && src[t.Start] == ';':
		return s.parens == 0 && s.blocks == 0
	}
	return false
}

func (s *splitter) word(w string) {
	if len(s.words) < 4 {
		s.words = append(s.words, strings.ToLower(w))
		s.routine = definesRoutine(s.words)
	}
	if !s.routine || s.parens > 0 {
		return
	}
	switch {
	case strings.EqualFold(w, "begin"), strings.EqualFold(w, "case") && s.blocks > 0:
		s.blocks++
	case strings.EqualFold(w, "end"):
		s.blocks = max(s.blocks-1, 0)
	}
}

func definesRoutine(words []string) bool {
	if words[0] != "create" {
		return false
	}
	rest := words[1:]
	if len(rest) >= 2 && rest[0] == "or" && rest[1] == "replace" {
		rest = rest[2:]
	}
	return len(rest) > 0 && (rest[0] == "function" || rest[0] == "procedure")
}
