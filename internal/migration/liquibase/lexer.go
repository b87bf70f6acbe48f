package liquibase

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// piece is a token of Liquibase's grammar for SQL (SimpleSqlGrammar.jj), text[start:end].
type piece struct {
	start, end int
	kind       kind
}

type kind int

const (
	other kind = iota
	space
	comment
)

// lexer cuts SQL as that grammar does, which is not PostgreSQL's: it knows strings, identifiers, numbers and comments, and no dollar
// quotes. A backslash escapes in every string, and comments do not nest. At each place the longest token holds.
type lexer struct {
	text string
	// stops are the next places of what ends a name in quotes or a comment, so that none is looked for twice.
	stops map[string]int
}

// next is the token at a place, or false where the grammar has none: Liquibase stops there with a "Lexical error".
func (l *lexer) next(at int) (piece, bool) {
	r, size := utf8.DecodeRuneInString(l.text[at:])
	switch {
	case isSpace(r):
		end := at
		for end < len(l.text) && isSpace(r) {
			end += size
			r, size = utf8.DecodeRuneInString(l.text[end:])
		}
		return piece{at, end, space}, true
	case strings.HasPrefix(l.text[at:], "--"):
		return piece{at, l.stop(at, "\r\n"), comment}, true
	case strings.HasPrefix(l.text[at:], "/*"):
		if end := l.find(at+2, "*/"); end < len(l.text) {
			return piece{at, end + 2, comment}, true
		}
	}
	end := max(l.number(at), l.complex(at), l.literal(at))
	if end > at {
		return piece{at, end, other}, true
	}
	return piece{at, at + size, other}, isSymbol(r)
}

// isSpace is WHITESPACE of the grammar.
func isSpace(r rune) bool {
	switch r {
	case ' ', '\t', '\n', '\r', 0x85, 0xa0, 0x1680, 0x180e, 0x2028, 0x2029, 0x202f, 0x205f, 0x2060, 0x3000, 0xfeff:
		return true
	}
	return r >= 0x2000 && r <= 0x200d
}

// isSymbol is SYMBOL of the grammar. It sees a rune beyond 0xffff as two surrogates, which are symbols.
func isSymbol(r rune) bool {
	return r >= '!' && r <= '~' || r >= 0xa1 && r <= 0xffef || r > 0xffff
}

// isLetter is what an identifier begins with. The grammar lists the letters of Unicode 8, without marks, and two whole blocks.
func isLetter(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '$' || r == '_' || r == '@' || r == '#' ||
		r >= 0xc0 && r <= 0xffff && unicode.In(r, unicode.L, unicode.Nl) || r >= 0x3001 && r <= 0x303f || r >= 0xff00 && r <= 0xffef
}

func isDigit(r rune) bool { return r >= '0' && r <= '9' }

func (l *lexer) digits(at int) int {
	for at < len(l.text) && isDigit(rune(l.text[at])) {
		at++
	}
	return at
}

// number is where an S_LONG or an S_DOUBLE ends, or at where there is none.
func (l *lexer) number(at int) int {
	whole := l.digits(at)
	end := whole
	if whole < len(l.text) && l.text[whole] == '.' {
		if fraction := l.digits(whole + 1); whole > at || fraction > whole+1 {
			end = fraction
		}
	}
	if end == at || end >= len(l.text) || l.text[end] != 'e' && l.text[end] != 'E' {
		return end
	}
	exponent := end + 1
	if exponent < len(l.text) && (l.text[exponent] == '+' || l.text[exponent] == '-') {
		exponent++
	}
	if behind := l.digits(exponent); behind > exponent {
		return behind
	}
	return end
}

// complex is where an S_IDENTIFIER, an S_QUOTED_IDENTIFIER or several with dots between them end.
func (l *lexer) complex(at int) int {
	end := l.name(at)
	for end > at {
		dot := l.blank(end)
		if dot >= len(l.text) || l.text[dot] != '.' {
			break
		}
		part := l.blank(dot + 1)
		behind := l.name(part)
		if behind == part {
			break
		}
		end = behind
	}
	return end
}

func (l *lexer) blank(at int) int {
	for at < len(l.text) && (l.text[at] == ' ' || l.text[at] == '\r' || l.text[at] == '\n') {
		at++
	}
	return at
}

// name is where one identifier ends, or at where there is none.
func (l *lexer) name(at int) int {
	if at >= len(l.text) {
		return at
	}
	switch l.text[at] {
	case '"', '`':
		quote := l.text[at : at+1]
		if end := l.stop(at+1, "\r\n"+quote); end < len(l.text) && end > at+1 && l.text[end] == quote[0] {
			return end + 1
		}
		return at
	case '[':
		if at+1 >= len(l.text) || isDigit(rune(l.text[at+1])) || l.text[at+1] == ']' {
			return at
		}
		_, first := utf8.DecodeRuneInString(l.text[at+1:]) // which can end a line
		if end := l.stop(at+1+first, "\r\n]"); end < len(l.text) && l.text[end] == ']' {
			return end + 1
		}
		return at
	}
	end := at
	for end < len(l.text) {
		r, size := utf8.DecodeRuneInString(l.text[end:])
		if !isLetter(r) && (end == at || !isDigit(r)) {
			break
		}
		end += size
	}
	return end
}

// prefixes may stand before the quote of an S_CHAR_LITERAL.
var prefixes = []string{"_utf8", "rb", "u", "e", "n", "r", "b", ""}

// literal is where an S_CHAR_LITERAL ends, or at where there is none. It can end at an escaped quote, where no other one follows.
func (l *lexer) literal(at int) int {
	for _, prefix := range prefixes {
		open := at + len(prefix)
		if open < len(l.text) && (l.text[open] == '\'' || l.text[open] == '"') && strings.EqualFold(l.text[at:open], prefix) {
			return max(l.quoted(open), at)
		}
	}
	return at
}

func (l *lexer) quoted(open int) int {
	quote, end := l.text[open], -1
	for i := open + 1; i < len(l.text); i++ {
		switch l.text[i] {
		case quote:
			end = i + 1
			if end >= len(l.text) || l.text[end] != quote {
				return end
			}
			i++
		case '\\':
			i++
			if i < len(l.text) && l.text[i] == quote {
				end = i + 1
			}
		}
	}
	return end
}

// stop is the first place from at on that has one of the characters, or the text's end.
func (l *lexer) stop(at int, characters string) int {
	return l.remember(at, characters, func(rest string) int { return strings.IndexAny(rest, characters) })
}

// find is the first place from at on that has the string, or the text's end.
func (l *lexer) find(at int, what string) int {
	return l.remember(at, "find "+what, func(rest string) int { return strings.Index(rest, what) })
}

func (l *lexer) remember(at int, key string, index func(rest string) int) int {
	if at >= len(l.text) {
		return len(l.text)
	}
	if known, ok := l.stops[key]; ok && known >= at {
		return known
	}
	found := index(l.text[at:])
	if found < 0 {
		found = len(l.text) - at
	}
	if l.stops == nil {
		l.stops = map[string]int{}
	}
	l.stops[key] = at + found
	return at + found
}
