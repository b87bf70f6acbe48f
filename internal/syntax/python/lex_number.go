package python

import (
	"strings"

	"github.com/headgate/headgate/internal/syntax"
)

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// number takes a numeric literal (Language Reference, "Numeric literals").
func (l *lexer) number() token {
	start := l.At
	ok := true
	float := false
	if digits := baseDigits(l.Peek(0), l.Peek(1)); digits != nil {
		l.At += 2
		if l.Peek(0) == '_' {
			l.At++
		}
		ok = l.digits(digits)
	} else {
		if l.Peek(0) != '.' {
			ok = l.digits(decimalDigits)
		}
		if l.Peek(0) == '.' {
			float = true
			l.At++
			ok = ok && (!isDigit(l.Peek(0)) || l.digits(decimalDigits))
		}
		if c := l.Peek(0); c == 'e' || c == 'E' {
			n := 1
			if c := l.Peek(1); c == '+' || c == '-' {
				n = 2
			}
			if isDigit(l.Peek(n)) {
				float = true
				l.At += n
				ok = ok && l.digits(decimalDigits)
			}
		}
		if c := l.Peek(0); c == 'j' || c == 'J' {
			float = true
			l.At++
		}
		// 007 is refused, 000 and 007.5 are not.
		if text := l.Text[start:l.At]; !float && text[0] == '0' && strings.Trim(text, "0_") != "" {
			ok = false
		}
	}
	if !l.numberEnds() {
		l.SkipIn(identifierBytes)
		ok = false
	}
	if !ok {
		return l.fail(start, "an invalid number: %s", clip(l.Text[start:l.At]))
	}
	return l.token(tokNumber, start)
}

var (
	decimalDigits = syntax.SetOf("0123456789")
	hexDigits     = syntax.SetOf("0123456789abcdefABCDEF")
	octalDigits   = syntax.SetOf("01234567")
	binaryDigits  = syntax.SetOf("01")
)

func baseDigits(zero, letter byte) *syntax.ByteSet {
	if zero != '0' {
		return nil
	}
	switch letter {
	case 'x', 'X':
		return hexDigits
	case 'o', 'O':
		return octalDigits
	case 'b', 'B':
		return binaryDigits
	}
	return nil
}

// digits takes digits with single underscores between them.
func (l *lexer) digits(set *syntax.ByteSet) bool {
	for {
		start := l.At
		l.SkipIn(set)
		if l.At == start {
			return false
		}
		if l.Peek(0) != '_' {
			return true
		}
		l.At++
	}
}

// numberEnds says whether a number may end here: before what is no letter, or before one of the keywords that CPython
// still allows there ("1if x else 2").
func (l *lexer) numberEnds() bool {
	c := l.Peek(0)
	if !identifierStart[c] && !isDigit(c) {
		return true
	}
	at := l.At
	l.SkipIn(identifierBytes)
	word := l.Text[at:l.At]
	l.At = at
	switch keyword(word) {
	case tokAnd, tokElse, tokFor, tokIf, tokIn, tokIs, tokNot, tokOr:
		return true
	}
	return false
}
