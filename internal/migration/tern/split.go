package tern

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/headgate/headgate/internal/migration/script"
	"github.com/headgate/headgate/internal/sqltext"
)

// split cuts SQL where tern does to send it without a transaction: simply at semicolons outside of strings, names and comments, so
// also inside of BEGIN ATOMIC. What follows a rune that is none is lost (migrate/internal/sqlsplit).
func split(whole script.Message) []script.Message {
	s := splitter{sql: whole.SQL}
	s.cut()
	if len(s.statements) == 0 {
		return []script.Message{whole}
	}
	messages := make([]script.Message, len(s.statements))
	for i, span := range s.statements {
		messages[i] = whole.Part(span.Start, span.End)
	}
	return messages
}

type splitter struct {
	sql        string
	at, start  int
	statements []sqltext.Span
}

// end ends a statement here.
func (s *splitter) end() {
	text := s.sql[s.start:s.at]
	if trimmed := strings.TrimSpace(text); trimmed != "" {
		from := s.start + len(text) - len(strings.TrimLeftFunc(text, unicode.IsSpace))
		s.statements = append(s.statements, sqltext.Span{Start: from, End: from + len(trimmed)})
	}
	s.start = s.at
}

// next is the rune here, and goes behind it. It is utf8.RuneError at the end.
func (s *splitter) next() rune {
	r, width := utf8.DecodeRuneInString(s.sql[s.at:])
	s.at += width
	return r
}

// then tells whether a rune comes next, and goes behind it if so.
func (s *splitter) then(r rune) bool {
	next, width := utf8.DecodeRuneInString(s.sql[s.at:])
	if next != r || width == 0 {
		return false
	}
	s.at += width
	return true
}

func (s *splitter) cut() {
	nested := 0 // tern does not begin anew with each comment
	for {
		going := true
		switch r := s.next(); {
		case (r == 'e' || r == 'E') && s.then('\''):
			going = s.quoted('\'', true)
		case r == '\'', r == '"':
			going = s.quoted(r, false)
		case r == '$':
			if tag, ok := s.tag(); ok {
				s.at += len(tag) + 1
				going = s.dollarQuoted(tag)
			}
		case r == ';':
			s.end()
		case r == '-' && s.then('-'):
			going = s.lineComment()
		case r == '/' && s.then('*'):
			going = s.comment(&nested)
		case r == utf8.RuneError:
			going = false
		}
		if !going {
			s.end()
			return
		}
	}
}

// quoted goes behind the end of a string or a name; false where it has none.
func (s *splitter) quoted(quote rune, escapes bool) bool {
	for {
		switch r := s.next(); {
		case r == '\\' && escapes:
			s.next()
		case r == quote && !s.then(quote):
			return true
		case r == utf8.RuneError:
			return false
		}
	}
}

// tag reads what stands between the dollars that begin a string.
func (s *splitter) tag() (string, bool) {
	rest := s.sql[s.at:]
	for i, r := range rest {
		switch {
		case r == '$':
			return rest[:i], true
		case unicode.IsLetter(r), r == '_', i > 0 && '0' <= r && r <= '9':
		default:
			return "", false
		}
	}
	return "", false
}

func (s *splitter) dollarQuoted(tag string) bool {
	for {
		switch s.next() {
		case '$':
			if other, ok := s.tag(); ok && other == tag {
				s.at += len(tag) + 1
				return true
			}
			s.at = min(s.at+1, len(s.sql)) // tern passes over a byte there
		case utf8.RuneError:
			return false
		}
	}
}

func (s *splitter) lineComment() bool {
	for {
		switch s.next() {
		case '\\':
			s.next()
		case '\n', '\r':
			return true
		case utf8.RuneError:
			return false
		}
	}
}

func (s *splitter) comment(nested *int) bool {
	for {
		switch s.next() {
		case '/':
			if s.then('*') {
				*nested++
			}
		case '*':
			if !s.then('/') {
				continue
			}
			if *nested == 0 {
				return true
			}
			*nested--
		case utf8.RuneError:
			return false
		}
	}
}
