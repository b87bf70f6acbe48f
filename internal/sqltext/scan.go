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
	// Number is a numeric constant, with the letters that stand right behind it, which the server refuses since version 15.
	Number
	// Parameter is a positional parameter, $1. Letters that stand right behind it, which the server refuses since version 15,
	// are an Identifier.
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

// Scanner reads the tokens of one text from front to back. Its rules are those of src/backend/parser/scan.l, with which
// src/fe_utils/psqlscan.l agrees pattern for pattern, of version 15. Newer ones differ in what version 15 refuses: from 16 on,
// \v is white space and numbers may have underscores, both of which are taken here too.
type Scanner struct {
	src string
	pos int
	// escapes says that a backslash in '…' escapes, as it does while standard_conforming_strings is off.
	escapes bool
	// psql says that psql's variables are tokens: :name, :'name', :"name", :{?name}.
	psql bool
	// open is what the text up to pos has opened and not closed.
	open quote
	// parameter is where the last parameter ended.
	parameter int
	run       operators
}

// NewScanner returns a scanner over src. It takes standard_conforming_strings to be on.
func NewScanner(src string) *Scanner { return &Scanner{src: src, parameter: -1} }

// Next returns the next token, comments included and white space left out.
// After the last token it returns EOF for ever.
func (s *Scanner) Next() Token {
	if s.open.style != closed && s.pos < len(s.src) {
		start, kind := s.pos, s.open.kind()
		return Token{Kind: kind, Start: start, Unterminated: !s.finish(), End: s.pos}
	}
	for s.pos < len(s.src) && classes[s.src[s.pos]]&space != 0 {
		s.pos++
	}
	start := s.pos
	if start >= len(s.src) {
		return Token{Kind: EOF, Start: len(s.src), End: len(s.src)}
	}
	kind := s.scan()
	return Token{Kind: kind, Start: start, End: s.pos, Unterminated: s.open.style != closed}
}

// scan moves past one token and tells its kind.
func (s *Scanner) scan() Kind {
	c := s.src[s.pos]
	class := classes[c]
	switch {
	case class&identStart != 0:
		return s.scanWord()
	case class&digit != 0, c == '.' && isDigit(s.peek(1)):
		s.skipNumber()
		return Number
	case c == '-' && s.peek(1) == '-':
		s.skipLine()
		return Comment
	case c == '/' && s.peek(1) == '*':
		return s.enter(blockComment, 2)
	case class&operatorChar != 0:
		s.skipOperator()
		return Operator
	case c == '\'':
		return s.enter(s.string(), 1)
	case c == '"':
		return s.enter(quotedName, 1)
	case c == '$':
		return s.scanDollar()
	case c == ':':
		s.scanColon()
		return Punctuation
	}
	s.pos++
	return Punctuation
}

func (s *Scanner) peek(n int) byte {
	if s.pos+n < len(s.src) {
		return s.src[s.pos+n]
	}
	return 0
}

func (s *Scanner) skipLine() {
	for s.pos < len(s.src) && s.src[s.pos] != '\n' && s.src[s.pos] != '\r' {
		s.pos++
	}
}

// scanDollar passes a parameter ($1), a dollar-quoted string, or a lone dollar.
func (s *Scanner) scanDollar() Kind {
	if isDigit(s.peek(1)) {
		s.pos++
		for isDigit(s.peek(0)) {
			s.pos++
		}
		s.parameter = s.pos
		return Parameter
	}
	end := s.pos + 1
	for end < len(s.src) && isTagChar(s.src[end], end == s.pos+1) {
		end++
	}
	if end >= len(s.src) || s.src[end] != '$' {
		s.pos++
		return Punctuation
	}
	s.open.tag = s.src[s.pos : end+1]
	return s.enter(dollarString, end+1-s.pos)
}

// scanWord passes an identifier, or the string or quoted identifier that its letters introduce. What stands right behind a
// parameter introduces nothing (param_junk).
func (s *Scanner) scanWord() Kind {
	if q := s.peek(1); (q == '\'' || q == '&') && s.pos != s.parameter {
		switch c := s.src[s.pos] | 0x20; {
		case q == '\'' && c == 'e':
			return s.enter(escapeString, 2)
		case q == '\'' && (c == 'b' || c == 'x'):
			return s.enter(bitString, 2)
		case q == '\'' && c == 'n':
			return s.enter(s.string(), 2)
		case q == '&' && c == 'u' && s.peek(2) == '\'':
			return s.enter(plainString, 3)
		case q == '&' && c == 'u' && s.peek(2) == '"':
			return s.enter(quotedName, 3)
		}
	}
	s.skipWord()
	return Identifier
}

func (s *Scanner) skipWord() {
	for s.pos < len(s.src) && classes[s.src[s.pos]]&identChar != 0 {
		s.pos++
	}
}

// scanColon passes ::, := or a lone colon, and one of psql's variables where those count.
func (s *Scanner) scanColon() {
	if n := s.peek(1); n == ':' || n == '=' {
		s.pos += 2
		return
	}
	s.pos++
	if s.psql {
		s.pos += variable(s.src[s.pos:])
	}
}

// variable is the length of the reference to a variable of psql that text, which a colon precedes, begins with.
func variable(text string) int {
	name := func(from int, closing string) int {
		end := from
		for end < len(text) && classes[text[end]]&variableChar != 0 {
			end++
		}
		if end == from || !strings.HasPrefix(text[end:], closing) {
			return 0
		}
		return end + len(closing)
	}
	switch {
	case strings.HasPrefix(text, "'"):
		return name(1, "'")
	case strings.HasPrefix(text, `"`):
		return name(1, `"`)
	case strings.HasPrefix(text, "{?"):
		return name(2, "}")
	}
	return name(0, "")
}

// skipNumber passes integer, decimal and real constants, and the identifier that may follow one (integer_junk and so on).
func (s *Scanner) skipNumber() {
	s.skipDigits()
	if s.peek(0) == '.' && s.peek(1) != '.' { // 1..10 is a range of PL/pgSQL, not a fraction
		s.pos++
		s.skipDigits()
	}
	if s.peek(0)|0x20 == 'e' {
		sign := s.peek(1) == '+' || s.peek(1) == '-'
		switch {
		case sign && !isDigit(s.peek(2)): // realfail
			s.pos += 2
			return
		case sign, isDigit(s.peek(1)):
			s.pos += 2
			s.skipDigits()
		}
	}
	if s.pos < len(s.src) && classes[s.src[s.pos]]&identStart != 0 {
		s.skipWord()
	}
}

func (s *Scanner) skipDigits() {
	for isDigit(s.peek(0)) || s.peek(0) == '_' && isDigit(s.peek(1)) {
		s.pos++
	}
}

// operators is what is known of a run of operator characters, so that a long one is looked through once.
type operators struct {
	// end is where it ends: before a comment at the latest.
	end int
	// special is one past the last of ~ ! @ # % ^ & | ` ? in it, or 0.
	special int
	// signs is where the + and - begin that it ends in.
	signs int
}

// skipOperator passes the longest run of operator characters, cut before a comment. A multi-character
// operator may end in + or - only where it has one of ~ ! @ # % ^ & | ` ? (manual, section 4.1.3).
func (s *Scanner) skipOperator() {
	if s.run.end <= s.pos || s.run.end > len(s.src) {
		s.run = s.operators()
	}
	if s.run.special > s.pos {
		s.pos = s.run.end
		return
	}
	s.pos = max(s.pos+1, s.run.signs)
}

func (s *Scanner) operators() operators {
	run := operators{signs: s.pos}
	at := s.pos
	for ; at < len(s.src) && classes[s.src[at]]&operatorChar != 0; at++ {
		rest := s.src[at:]
		if at > s.pos && (strings.HasPrefix(rest, "--") || strings.HasPrefix(rest, "/*")) {
			break
		}
		if classes[s.src[at]]&specialOperator != 0 {
			run.special = at + 1
		}
		if s.src[at] != '+' && s.src[at] != '-' {
			run.signs = at + 1
		}
	}
	run.end = at
	return run
}

// The classes of characters that the rules speak of.
const (
	space = 1 << iota
	digit
	identStart
	identChar
	variableChar
	operatorChar
	specialOperator
)

// classes says of each byte which classes it is in. Bytes of characters beyond ASCII are letters.
var classes = func() (of [256]uint8) {
	for i := range of {
		c := byte(i)
		switch {
		case c|0x20 >= 'a' && c|0x20 <= 'z', c == '_', c >= 0x80:
			of[i] = identStart | identChar | variableChar
		case c >= '0' && c <= '9':
			of[i] = digit | identChar | variableChar
		case c == '$':
			of[i] = identChar
		case strings.IndexByte(" \t\n\r\f\v", c) >= 0:
			of[i] = space
		case strings.IndexByte("~!@#%^&|`?", c) >= 0:
			of[i] = operatorChar | specialOperator
		case strings.IndexByte("+-*/<>=", c) >= 0:
			of[i] = operatorChar
		}
	}
	return of
}()

func isSpace(c byte) bool { return classes[c]&space != 0 }
func isDigit(c byte) bool { return classes[c]&digit != 0 }
func isTagChar(c byte, first bool) bool {
	return classes[c]&identStart != 0 || !first && isDigit(c)
}

// IsIdentifierChar tells whether c may stand inside an unquoted identifier.
func IsIdentifierChar(c byte) bool { return classes[c]&identChar != 0 }
