package python

// kind is what a token is. Every operator and every keyword is a kind of its own.
type kind uint8

const (
	tokEOF kind = iota
	tokNewline
	tokIndent
	tokDedent
	tokError
	tokName
	tokNumber
	tokString  // without f or t, prefix and quotes included
	tokFStart  // prefix and opening quotes of an f-string
	tokFMiddle // literal text of an f-string or of a format specification
	tokFEnd    // closing quotes

	// Brackets and marks.
	tokLParen
	tokRParen
	tokLBracket
	tokRBracket
	tokLBrace
	tokRBrace
	tokComma
	tokColon
	tokSemicolon
	tokDot
	tokEllipsis
	tokArrow
	tokAt
	tokWalrus
	tokExclamation // only in holes of f-strings
	tokAssign
	tokAugAssign // any of += -= …

	// Operators.
	tokPlus
	tokMinus
	tokStar
	tokSlash
	tokDoubleSlash
	tokPercent
	tokDoubleStar
	tokShiftLeft
	tokShiftRight
	tokAmpersand
	tokCaret
	tokBar
	tokTilde
	tokLess
	tokGreater
	tokEqual
	tokNotEqual
	tokLessEqual
	tokGreaterEqual

	// Keywords. match, case, type and _ are keywords by their place only: they are names here.
	tokAnd
	tokAs
	tokAssert
	tokAsync
	tokAwait
	tokBreak
	tokClass
	tokContinue
	tokDef
	tokDel
	tokElif
	tokElse
	tokExcept
	tokFalse
	tokFinally
	tokFor
	tokFrom
	tokGlobal
	tokIf
	tokImport
	tokIn
	tokIs
	tokLambda
	tokNone
	tokNonlocal
	tokNot
	tokOr
	tokPass
	tokRaise
	tokReturn
	tokTrue
	tokTry
	tokWhile
	tokWith
	tokYield

	kinds
)

// token is one token; its text is what the file has from start up to end. first says that it is the first of its line.
type token struct {
	kind       kind
	first      bool
	start, end int
}

// keyword is the kind of an identifier.
func keyword(name string) kind {
	if len(name) < 2 || len(name) > 8 {
		return tokName
	}
	switch name {
	case "and":
		return tokAnd
	case "as":
		return tokAs
	case "assert":
		return tokAssert
	case "async":
		return tokAsync
	case "await":
		return tokAwait
	case "break":
		return tokBreak
	case "class":
		return tokClass
	case "continue":
		return tokContinue
	case "def":
		return tokDef
	case "del":
		return tokDel
	case "elif":
		return tokElif
	case "else":
		return tokElse
	case "except":
		return tokExcept
	case "False":
		return tokFalse
	case "finally":
		return tokFinally
	case "for":
		return tokFor
	case "from":
		return tokFrom
	case "global":
		return tokGlobal
	case "if":
		return tokIf
	case "import":
		return tokImport
	case "in":
		return tokIn
	case "is":
		return tokIs
	case "lambda":
		return tokLambda
	case "None":
		return tokNone
	case "nonlocal":
		return tokNonlocal
	case "not":
		return tokNot
	case "or":
		return tokOr
	case "pass":
		return tokPass
	case "raise":
		return tokRaise
	case "return":
		return tokReturn
	case "True":
		return tokTrue
	case "try":
		return tokTry
	case "while":
		return tokWhile
	case "with":
		return tokWith
	case "yield":
		return tokYield
	}
	return tokName
}

// operator is the operator, bracket or mark at the beginning of s, and its length; tokError if there is none.
func operator(s string) (kind, int) {
	var b [3]byte
	copy(b[:], s)
	switch b[0] {
	case '(':
		return tokLParen, 1
	case ')':
		return tokRParen, 1
	case '[':
		return tokLBracket, 1
	case ']':
		return tokRBracket, 1
	case '{':
		return tokLBrace, 1
	case '}':
		return tokRBrace, 1
	case ',':
		return tokComma, 1
	case ';':
		return tokSemicolon, 1
	case '~':
		return tokTilde, 1
	case ':':
		return either(b[1] == '=', tokWalrus, tokColon)
	case '.':
		if b[1] == '.' && b[2] == '.' {
			return tokEllipsis, 3
		}
		return tokDot, 1
	case '=':
		return either(b[1] == '=', tokEqual, tokAssign)
	case '!':
		return either(b[1] == '=', tokNotEqual, tokExclamation)
	case '-':
		if b[1] == '>' {
			return tokArrow, 2
		}
		return either(b[1] == '=', tokAugAssign, tokMinus)
	case '+':
		return either(b[1] == '=', tokAugAssign, tokPlus)
	case '%':
		return either(b[1] == '=', tokAugAssign, tokPercent)
	case '&':
		return either(b[1] == '=', tokAugAssign, tokAmpersand)
	case '|':
		return either(b[1] == '=', tokAugAssign, tokBar)
	case '^':
		return either(b[1] == '=', tokAugAssign, tokCaret)
	case '@':
		return either(b[1] == '=', tokAugAssign, tokAt)
	case '*':
		return doubled(b, tokStar, tokDoubleStar)
	case '/':
		return doubled(b, tokSlash, tokDoubleSlash)
	case '<':
		if b[1] == '=' {
			return tokLessEqual, 2
		}
		return doubled(b, tokLess, tokShiftLeft)
	case '>':
		if b[1] == '=' {
			return tokGreaterEqual, 2
		}
		return doubled(b, tokGreater, tokShiftRight)
	}
	return tokError, 1
}

func either(two bool, long, short kind) (kind, int) {
	if two {
		return long, 2
	}
	return short, 1
}

// doubled takes an operator that may be doubled, and then be followed by =.
func doubled(b [3]byte, single, double kind) (kind, int) {
	switch {
	case b[1] == b[0] && b[2] == '=':
		return tokAugAssign, 3
	case b[1] == b[0]:
		return double, 2
	case b[1] == '=':
		return tokAugAssign, 2
	}
	return single, 1
}
