package sqltext

import (
	"iter"
	"strings"
)

// Span is a piece of a text, in byte offsets; End is exclusive.
type Span struct{ Start, End int }

// Statements yields the statements of a script, one after the other, each from its first
// token that is no comment to its last, the semicolon left out. Empty statements are left out, and so is a byte order mark
// at the beginning.
//
// The rules are psql's (src/fe_utils/psqlscan.l): a semicolon ends a statement unless it stands
// in parentheses (CREATE RULE … DO (…; …)) or between BEGIN and END of a SQL-standard body of
// CREATE [OR REPLACE] FUNCTION or PROCEDURE. A statement that sets standard_conforming_strings says how those after it are
// read. What only psql understands, its commands and variables, is text like any other here; Script reads it.
func Statements(src string) iter.Seq[Span] {
	return func(yield func(Span) bool) {
		scan := NewScanner(src)
		scan.pos = mark(src)
		settings := stringSetting{wrapped: true}
		var s splitter
		at := Span{Start: -1}
		for {
			t := scan.Next()
			switch {
			case t.Kind == EOF:
				if at.Start >= 0 {
					yield(at)
				}
				return
			case t.Kind == Comment:
			case s.ends(src, t):
				if at.Start >= 0 {
					if !yield(at) {
						return
					}
					settings.follow(src[at.Start:at.End])
					scan.escapes = settings.escapes
				}
				at.Start = -1
			default:
				if at.Start < 0 {
					at.Start = t.Start
				}
				at.End = t.End
			}
		}
	}
}

// mark is the length of the byte order mark that a text begins with.
func mark(src string) int {
	if strings.HasPrefix(src, "\ufeff") {
		return len("\ufeff")
	}
	return 0
}

// splitter is what must be remembered of a statement to know where it ends: paren_depth, identifier_count, identifiers and
// begin_depth of psqlscan.l.
type splitter struct {
	parens int
	words  int     // identifiers since the statement began
	first  [4]byte // the first letters of those among its first four words that can define a routine
	blocks int     // BEGIN and CASE that wait for their END
	// parameter is where the last parameter ended: letters behind it are no identifier.
	parameter int
}

// ends takes one token in and tells whether it is the semicolon that ends the statement.
func (s *splitter) ends(src string, t Token) bool {
	switch t.Kind {
	case Identifier:
		if t.Start != s.parameter || t.Start == 0 {
			s.word(src[t.Start:t.End])
		}
	case Parameter:
		s.parameter = t.End
	case Punctuation:
		switch src[t.Start] {
		case '(':
			s.parens++
		case ')':
			s.parens = max(s.parens-1, 0)
		case ';':
			if s.parens == 0 && s.blocks == 0 {
				s.words = 0
				return true
			}
		}
	}
	return false
}

// word counts an identifier, as the rule {identifier} of psqlscan.l does.
func (s *splitter) word(w string) {
	if s.words == 0 {
		s.first = [4]byte{}
	}
	if s.words < len(s.first) {
		switch {
		case fold(w, "create"), fold(w, "function"), fold(w, "procedure"), fold(w, "or"), fold(w, "replace"):
			s.first[s.words] = w[0] | 0x20
		}
	}
	s.words++
	if s.first[0] != 'c' || s.parens > 0 || !s.definesRoutine() {
		return
	}
	switch {
	case fold(w, "begin"), s.blocks > 0 && fold(w, "case"):
		s.blocks++
	case fold(w, "end"):
		s.blocks = max(s.blocks-1, 0)
	}
}

func (s *splitter) definesRoutine() bool {
	kind := s.first[1]
	if kind == 'o' && s.first[2] == 'r' {
		kind = s.first[3]
	}
	return kind == 'f' || kind == 'p'
}

// fold tells whether w is a lower-case word but for the case of its ASCII letters. strings.EqualFold would take ſ for an s.
func fold(w, lower string) bool {
	if len(w) != len(lower) {
		return false
	}
	for i := range len(w) {
		c := w[i]
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}
