package sqltext

import "strings"

// style is a kind of quoting. What is quoted can go on for many lines.
type style uint8

const (
	closed style = iota
	blockComment
	plainString
	escapeString // a backslash escapes the character after it
	bitString    // a quote cannot stand inside
	dollarString
	quotedName
)

// quote is something open: a comment, a string or a quoted identifier.
type quote struct {
	style style
	depth int    // of block comments, which nest (manual, section 4.1.5)
	tag   string // what opened a dollar-quoted string and closes it
}

func (q quote) kind() Kind {
	switch q.style {
	case blockComment:
		return Comment
	case quotedName:
		return QuotedIdentifier
	}
	return String
}

// string is the style of a string constant without letters before it.
func (s *Scanner) string() style {
	if s.escapes {
		return escapeString
	}
	return plainString
}

// enter passes the opening, some bytes long, and what it opens, as far as the text has it.
func (s *Scanner) enter(as style, opening int) Kind {
	s.open.style, s.open.depth = as, 1
	kind := s.open.kind()
	s.pos += opening
	s.finish()
	return kind
}

// finish passes the rest of what is open, and tells whether the text closes it.
func (s *Scanner) finish() bool {
	done := false
	switch s.open.style {
	case blockComment:
		done = s.closeComment()
	case dollarString:
		done = s.closeDollar()
	case quotedName:
		done = s.closeDoubled('"')
	default:
		done = s.closeString()
	}
	if done {
		s.open = quote{}
	}
	return done
}

// closeString passes a string constant and the pieces that continue it: two constants with white space and a newline between
// them are one (manual, section 4.1.2.1). A line comment counts as white space there (quotecontinue in
// src/backend/parser/scan.l).
func (s *Scanner) closeString() bool {
	for {
		done := false
		switch s.open.style {
		case escapeString:
			done = s.closeEscaped()
		case bitString:
			done = s.closeBits()
		default:
			done = s.closeDoubled('\'')
		}
		if !done {
			return false
		}
		next := s.continuation()
		if next < 0 {
			return true
		}
		s.pos = next + 1
	}
}

// closeDoubled passes the rest of a text in quotes whose quote is written twice inside.
func (s *Scanner) closeDoubled(mark byte) bool {
	for {
		i := strings.IndexByte(s.src[s.pos:], mark)
		if i < 0 {
			s.pos = len(s.src)
			return false
		}
		s.pos += i + 1
		if s.peek(0) != mark {
			return true
		}
		s.pos++
	}
}

func (s *Scanner) closeEscaped() bool {
	for s.pos < len(s.src) {
		switch c := s.src[s.pos]; {
		case c == '\\':
			s.pos = min(s.pos+2, len(s.src))
		case c == '\'' && s.peek(1) == '\'':
			s.pos += 2
		case c == '\'':
			s.pos++
			return true
		default:
			s.pos++
		}
	}
	return false
}

func (s *Scanner) closeBits() bool {
	i := strings.IndexByte(s.src[s.pos:], '\'')
	if i < 0 {
		s.pos = len(s.src)
		return false
	}
	s.pos += i + 1
	return true
}

// continuation is the offset of the quote that continues the string that ends here, or -1.
func (s *Scanner) continuation() int {
	newline := false
	for next := s.pos; next < len(s.src); {
		switch c := s.src[next]; {
		case isSpace(c):
			newline = newline || c == '\n' || c == '\r'
			next++
		case c == '-' && strings.HasPrefix(s.src[next:], "--"):
			end := strings.IndexAny(s.src[next:], "\r\n")
			if end < 0 {
				return -1
			}
			next += end
		case c == '\'' && newline:
			return next
		default:
			return -1
		}
	}
	return -1
}

func (s *Scanner) closeComment() bool {
	for s.pos < len(s.src) {
		switch {
		case s.src[s.pos] == '/' && s.peek(1) == '*':
			s.open.depth++
			s.pos += 2
		case s.src[s.pos] == '*' && s.peek(1) == '/':
			s.open.depth--
			s.pos += 2
			if s.open.depth == 0 {
				return true
			}
		default:
			s.pos++
		}
	}
	return false
}

// closeDollar looks for the tag at each dollar sign. The tag has none inside, so that no byte is compared twice.
func (s *Scanner) closeDollar() bool {
	for {
		i := strings.IndexByte(s.src[s.pos:], '$')
		if i < 0 {
			s.pos = len(s.src)
			return false
		}
		s.pos += i
		if strings.HasPrefix(s.src[s.pos:], s.open.tag) {
			s.pos += len(s.open.tag)
			return true
		}
		s.pos++
	}
}
