// Package sqltext holds PostgreSQL's lexical rules: the tokens of a SQL text and
// where one statement ends and the next begins. It knows words, not grammar; what
// a statement means is the server's to say.
package sqltext

import "strings"

// Kind is what a token is.
type Kind uint8

// The kinds of token (PostgreSQL manual, section 4.1 "Lexical Structure").
const (
	// EOF is the token after the last one.
	EOF Kind = iota
	// Comment is a line comment or a (possibly nested) block comment.
	Comment
	// Identifier is an unquoted identifier or a key word.
	Identifier
	// QuotedIdentifier is "…" or U&"…".
	QuotedIdentifier
	// String is any string constant: '…', E'…', U&'…', B'…', X'…', N'…' or dollar-quoted,
	// with the continuations that follow it on later lines.
	String
	// Number is a numeric constant.
	Number
	// Parameter is a positional parameter, $1.
	Parameter
	// Operator is the longest run of operator characters, as the server's lexer takes it.
	Operator
	// Punctuation is one of ( ) [ ] , ; . or a colon sequence (: :: :=), or a character that
	// has no place in SQL.
	Punctuation
)

// Token is one word of a SQL text.
type Token struct {
	Kind Kind
	// Start and End are byte offsets into the text; End is exclusive.
	Start, End int
	// Unterminated says that the text ended inside the token (an open quote or comment).
	Unterminated bool
}

// Scanner reads the tokens of one text from front to back.
type Scanner struct {
	src string
	pos int
}

// NewScanner returns a scanner over src.
func NewScanner(src string) *Scanner { return &Scanner{src: src} }

// Next returns the next token, comments included and white space left out.
// After the last token it returns EOF for ever.
func (s *Scanner) Next() Token {
	for s.pos < len(s.src) && isSpace(s.src[s.pos]) {
		s.pos++
	}
	start := s.pos
	if start >= len(s.src) {
		return Token{Kind: EOF, Start: len(s.src), End: len(s.src)}
	}
	kind, closed := s.scan()
	return Token{Kind: kind, Start: start, End: s.pos, Unterminated: !closed}
}

// scan moves past one token and tells its kind and whether it was closed.
func (s *Scanner) scan() (Kind, bool) {
	c := s.src[s.pos]
	switch {
	case c == '-' && s.peek(1) == '-':
		s.skipLine()
		return Comment, true
	case c == '/' && s.peek(1) == '*':
		return Comment, s.skipBlockComment()
	case c == '\'':
		return String, s.skipString(false)
	case c == '"':
		return QuotedIdentifier, s.skipQuoted('"')
	case c == '$':
		return s.scanDollar()
	case isIdentStart(c):
		return s.scanWord()
	case isDigit(c), c == '.' && isDigit(s.peek(1)):
		s.skipNumber()
		return Number, true
	case isOperatorChar(c):
		s.skipOperator()
		return Operator, true
	case c == ':':
		s.pos++
		if n := s.peek(0); n == ':' || n == '=' {
			s.pos++
		}
		return Punctuation, true
	}
	s.pos++
	return Punctuation, true
}

func (s *Scanner) peek(n int) byte {
	if s.pos+n < len(s.src) {
		return s.src[s.pos+n]
	}
	return 0
}

func (s *Scanner) skipLine() {
	if i := strings.IndexAny(s.src[s.pos:], "\r\n"); i >= 0 {
		s.pos += i
		return
	}
	s.pos = len(s.src)
}

// skipBlockComment passes a block comment; they nest (manual, section 4.1.5).
func (s *Scanner) skipBlockComment() bool {
	depth := 0
	for s.pos < len(s.src) {
		switch {
		case s.src[s.pos] == '/' && s.peek(1) == '*':
			depth++
			s.pos += 2
		case s.src[s.pos] == '*' && s.peek(1) == '/':
			depth--
			s.pos += 2
			if depth == 0 {
				return true
			}
		default:
			s.pos++
		}
	}
	return false
}

// skipQuoted passes a text in quotes whose quote is written twice inside.
func (s *Scanner) skipQuoted(quote byte) bool {
	s.pos++
	for s.pos < len(s.src) {
		if s.src[s.pos] != quote {
			s.pos++
			continue
		}
		if s.peek(1) != quote {
			s.pos++
			return true
		}
		s.pos += 2
	}
	return false
}

// skipString passes a string constant and the pieces that continue it: two constants with white
// space and a newline between them are one (manual, section 4.1.2.1). A line comment counts as white
// space there (quotecontinue in src/backend/parser/scan.l).
func (s *Scanner) skipString(backslash bool) bool {
	for {
		if !s.skipStringPiece(backslash) {
			return false
		}
		next := s.continuation()
		if next < 0 {
			return true
		}
		s.pos = next
	}
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

func (s *Scanner) skipStringPiece(backslash bool) bool {
	if !backslash {
		return s.skipQuoted('\'')
	}
	s.pos++
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

// scanDollar passes a parameter ($1), a dollar-quoted string, or a lone dollar.
func (s *Scanner) scanDollar() (Kind, bool) {
	if isDigit(s.peek(1)) {
		s.pos++
		for isDigit(s.peek(0)) {
			s.pos++
		}
		return Parameter, true
	}
	end := s.pos + 1
	for end < len(s.src) && isTagChar(s.src[end], end == s.pos+1) {
		end++
	}
	if end >= len(s.src) || s.src[end] != '$' {
		s.pos++
		return Punctuation, true
	}
	tag := s.src[s.pos : end+1]
	if i := strings.Index(s.src[end+1:], tag); i >= 0 {
		s.pos = end + 1 + i + len(tag)
		return String, true
	}
	s.pos = len(s.src)
	return String, false
}

// scanWord passes an identifier, or the string or quoted identifier that its letters introduce.
func (s *Scanner) scanWord() (Kind, bool) {
	switch c := s.src[s.pos] | 0x20; {
	case s.peek(1) == '\'' && (c == 'e' || c == 'b' || c == 'x' || c == 'n'):
		s.pos++
		return String, s.skipString(c == 'e')
	case c == 'u' && s.peek(1) == '&' && s.peek(2) == '\'':
		s.pos += 2
		return String, s.skipString(false)
	case c == 'u' && s.peek(1) == '&' && s.peek(2) == '"':
		s.pos += 2
		return QuotedIdentifier, s.skipQuoted('"')
	}
	for s.pos < len(s.src) && IsIdentifierChar(s.src[s.pos]) {
		s.pos++
	}
	return Identifier, true
}

func (s *Scanner) skipNumber() {
	for s.pos < len(s.src) {
		c := s.src[s.pos]
		exponent := (c|0x20) == 'e' && (isDigit(s.peek(1)) || ((s.peek(1) == '+' || s.peek(1) == '-') && isDigit(s.peek(2))))
		switch {
		case exponent:
			s.pos += 2
		case c == '.' && s.peek(1) == '.':
			return // 1..10 is a range of PL/pgSQL, not a fraction
		case isDigit(c), c == '.', c == '_', isLetter(c):
			s.pos++
		default:
			return
		}
	}
}

// skipOperator passes the longest run of operator characters, cut before a comment. A multi-character
// operator may end in + or - only where it has one of ~ ! @ # % ^ & | ` ? (manual, section 4.1.3).
func (s *Scanner) skipOperator() {
	start := s.pos
	for s.pos < len(s.src) && isOperatorChar(s.src[s.pos]) {
		if s.pos > start && (s.src[s.pos] == '-' && s.peek(1) == '-' || s.src[s.pos] == '/' && s.peek(1) == '*') {
			break
		}
		s.pos++
	}
	if !strings.ContainsAny(s.src[start:s.pos], "~!@#%^&|`?") {
		for s.pos > start+1 && (s.src[s.pos-1] == '+' || s.src[s.pos-1] == '-') {
			s.pos--
		}
	}
}

func isSpace(c byte) bool {
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v'
}
func isDigit(c byte) bool  { return c >= '0' && c <= '9' }
func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
func isOperatorChar(c byte) bool {
	return strings.IndexByte("+-*/<>=~!@#%^&|`?", c) >= 0
}
func isIdentStart(c byte) bool { return isLetter(c) || c == '_' || c >= 0x80 }
func isTagChar(c byte, first bool) bool {
	return isIdentStart(c) || (!first && isDigit(c))
}

// IsIdentifierChar tells whether c may stand inside an unquoted identifier.
func IsIdentifierChar(c byte) bool { return isIdentStart(c) || isDigit(c) || c == '$' }
