package python

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/headgate/headgate/internal/syntax"
)

// What CPython's tokenizer allows (Parser/tokenizer.h: MAXLEVEL, MAXINDENT), so that no file that runs is refused.
const (
	maxBrackets = 200
	maxIndents  = 100
)

// frame is what a bracket of the lexer's stack was opened by: one of ( [ {, or a part of an f-string.
type frame struct {
	kind byte
	// string is the f-string that the frame is a part of.
	string *fstring
}

const (
	frameLiteral = 'l' // in the text of an f-string
	frameHole    = 'h' // behind the brace of a hole
	frameSpec    = 's' // behind the colon of a hole
)

type fstring struct {
	quote  byte
	triple bool
	raw    bool
}

// indent is the indentation of a block: its column with tabs to the next multiple of eight, and with tabs as one
// (Language Reference, "Indentation": blocks that compare differently in the two are refused).
type indent struct{ column, alternate int }

// lexer cuts a file into tokens, one at a time, as the Language Reference's "Lexical analysis" has it.
type lexer struct {
	syntax.Cursor
	frames  []frame
	indents []indent // of the open blocks; the file's own, 0, is not among them
	// lineStart says that the next token is the first of a logical line, whose indentation counts.
	lineStart bool
	// first says that the next token is the first of its physical line.
	first   bool
	dedents int // still to be given out
	// inLine says that the logical line has a token, so that its end is one, too.
	inLine bool
	// message says what is wrong, where the last token is a tokError.
	message string
}

func newLexer(text string) *lexer {
	l := &lexer{Cursor: syntax.Cursor{Text: text}, lineStart: true, first: true}
	if strings.HasPrefix(text, "\ufeff") {
		l.At = len("\ufeff")
	}
	return l
}

// restart goes on with the logical line that begins at the byte offset start, within the blocks.
func (l *lexer) restart(start int, blocks []indent) {
	l.At, l.frames, l.indents = start, l.frames[:0], append(l.indents[:0], blocks...)
	l.lineStart, l.first, l.inLine, l.dedents = true, true, false, 0
}

// block is the indentation of the innermost n-th block.
func (l *lexer) block(n int) indent {
	if n == 0 {
		return indent{}
	}
	return l.indents[n-1]
}

// open says whether brackets are open, within which line ends do not count.
func (l *lexer) open() bool { return len(l.frames) > 0 }

func (l *lexer) top() frame {
	if len(l.frames) == 0 {
		return frame{}
	}
	return l.frames[len(l.frames)-1]
}

func (l *lexer) token(k kind, start int) token {
	t := token{kind: k, first: l.first, start: start, end: l.At}
	l.first = false
	return t
}

func (l *lexer) fail(start int, format string, args ...any) token {
	l.message = fmt.Sprintf(format, args...)
	return l.token(tokError, start)
}

// next is the next token. Behind the last one it is tokEOF for ever.
func (l *lexer) next() token {
	if top := l.top().kind; top == frameLiteral || top == frameSpec {
		return l.inString()
	}
	if l.lineStart && l.dedents == 0 {
		if t, ok := l.indentation(); ok {
			return t
		}
	}
	if l.dedents > 0 {
		l.dedents--
		l.indents = l.indents[:len(l.indents)-1]
		return token{kind: tokDedent, first: true, start: l.At, end: l.At}
	}
	if t, ok := l.space(); ok {
		return t
	}
	if l.End() {
		return l.end()
	}
	l.inLine = true
	return l.visible()
}

// end gives out what is open at the end of the file.
func (l *lexer) end() token {
	at := len(l.Text)
	switch {
	case l.open():
		return token{kind: tokEOF, start: at, end: at}
	case l.inLine:
		l.inLine = false
		return token{kind: tokNewline, start: at, end: at}
	case len(l.indents) > 0:
		l.indents = l.indents[:len(l.indents)-1]
		return token{kind: tokDedent, first: true, start: at, end: at}
	}
	return token{kind: tokEOF, start: at, end: at}
}

// measure is the indentation at the cursor, which moves behind it.
func (l *lexer) measure() indent {
	var in indent
	for ; ; l.At++ {
		switch l.Peek(0) {
		case ' ':
			in.column++
			in.alternate++
		case '\t':
			in.column = (in.column/8 + 1) * 8
			in.alternate++
		case '\f':
			in = indent{}
		case '\\': // a line that is continued before it began keeps its indentation
			n := l.continuation()
			if n == 0 {
				return in
			}
			kept := in
			l.At += n
			if rest := l.measure(); rest.column > 0 && kept.column == 0 {
				return rest
			}
			return kept
		default:
			return in
		}
	}
}

// indentation reads the beginning of a logical line. Lines without a token are skipped.
func (l *lexer) indentation() (token, bool) {
	var in indent
	for {
		in = l.measure()
		if l.Peek(0) == '#' {
			l.SkipLine()
		}
		n := l.LineEnd()
		if n == 0 {
			break
		}
		l.At += n
	}
	l.first = true
	if l.End() {
		return token{}, false
	}
	l.lineStart = false
	current := l.block(len(l.indents))
	switch {
	case in.column == current.column:
		if in.alternate != current.alternate {
			return l.fail(l.At, "tabs and spaces are mixed"), true
		}
	case in.column > current.column:
		if in.alternate <= current.alternate {
			return l.fail(l.At, "tabs and spaces are mixed"), true
		}
		if len(l.indents) >= maxIndents {
			return l.fail(l.At, "more than %d levels of indentation", maxIndents), true
		}
		l.indents = append(l.indents, in)
		return token{kind: tokIndent, first: true, start: l.At, end: l.At}, true
	default:
		for n := len(l.indents); n > 0 && l.block(n).column > in.column; n-- {
			l.dedents++
		}
		if rest := l.block(len(l.indents) - l.dedents); rest != in {
			l.dedents = 0
			return l.fail(l.At, "the indentation matches no outer block"), true
		}
	}
	return token{}, false
}

// continuation is the length of a backslash and the line end behind it, 0 where there is none.
func (l *lexer) continuation() int {
	if l.Peek(0) != '\\' {
		return 0
	}
	l.At++
	n := l.LineEnd()
	l.At--
	if n == 0 {
		return 0
	}
	return 1 + n
}

// space skips what separates tokens. The end of a logical line is a token.
func (l *lexer) space() (token, bool) {
	for !l.End() {
		switch l.Peek(0) {
		case ' ', '\t', '\f':
			l.At++
		case '#':
			l.SkipLine()
		case '\\':
			n := l.continuation()
			if n == 0 {
				l.At++
				return l.fail(l.At-1, "a backslash that does not end its line"), true
			}
			l.At += n
			l.first = true
		case '\r', '\n':
			start := l.At
			l.At += l.LineEnd()
			if !l.open() {
				l.lineStart, l.inLine = true, false
				t := token{kind: tokNewline, start: start, end: l.At}
				return t, true
			}
			l.first = true
		default:
			return token{}, false
		}
	}
	return token{}, false
}

var (
	identifierBytes = syntax.SetOf("_").Or('a', 'z').Or('A', 'Z').Or('0', '9')
	identifierStart = syntax.SetOf("_").Or('a', 'z').Or('A', 'Z').Or(utf8.RuneSelf, 0xff)
)

// visible takes the token at the cursor.
func (l *lexer) visible() token {
	start := l.At
	c := l.Text[start]
	switch {
	case identifierStart[c]:
		return l.identifier()
	case '0' <= c && c <= '9', c == '.' && isDigit(l.Peek(1)):
		return l.number()
	case c == '"' || c == '\'':
		return l.quoted(start)
	}
	return l.mark()
}

// identifier takes a name, a keyword, or a string with a prefix.
func (l *lexer) identifier() token {
	start := l.At
	l.SkipIn(identifierBytes)
	if c := l.Peek(0); c >= utf8.RuneSelf {
		if !l.unicodeIdentifier(start) {
			_, size := utf8.DecodeRuneInString(l.Rest())
			l.At = max(l.At, start) + size
			return l.fail(start, "a character that no name may have: %q", l.Text[l.At-size:l.At])
		}
	} else if (c == '"' || c == '\'') && isPrefix(l.Text[start:l.At]) {
		return l.quoted(start)
	}
	return l.token(keyword(l.Text[start:l.At]), start)
}

// unicodeIdentifier takes the rest of a name that has letters beyond ASCII (PEP 3131).
func (l *lexer) unicodeIdentifier(start int) bool {
	for {
		l.SkipIn(identifierBytes)
		if l.Peek(0) < utf8.RuneSelf {
			return l.At > start
		}
		r, size := utf8.DecodeRuneInString(l.Rest())
		letter := unicode.IsLetter(r) || unicode.Is(unicode.Nl, r) || unicode.Is(unicode.Other_ID_Start, r)
		inner := unicode.In(r, unicode.Mn, unicode.Mc, unicode.Nd, unicode.Pc, unicode.Other_ID_Continue)
		if r == utf8.RuneError && size == 1 || !letter && (!inner || l.At == start) {
			return false
		}
		l.At += size
	}
}

// mark takes an operator, a bracket or another mark, and keeps the stack of what is open.
func (l *lexer) mark() token {
	start := l.At
	top := l.top()
	if top.kind == frameHole && l.Text[start] == ':' {
		l.At++
		l.frames = append(l.frames, frame{frameSpec, top.string})
		return l.token(tokColon, start)
	}
	k, n := operator(l.Text[start:])
	l.At += n
	switch k {
	case tokError:
		_, size := utf8.DecodeRuneInString(l.Text[start:])
		l.At = start + size
		return l.fail(start, "a character that has no meaning: %q", l.Text[start:l.At])
	case tokExclamation:
		if top.kind != frameHole {
			return l.fail(start, "a character that has no meaning: %q", "!")
		}
	case tokLParen, tokLBracket, tokLBrace:
		if len(l.frames) >= maxBrackets {
			return l.fail(start, "more than %d open brackets", maxBrackets)
		}
		l.frames = append(l.frames, frame{kind: l.Text[start]})
	case tokRParen, tokRBracket, tokRBrace:
		if !closes(top.kind, k) {
			return l.fail(start, "%s closes nothing", l.Text[start:l.At])
		}
		l.frames = l.frames[:len(l.frames)-1]
	}
	return l.token(k, start)
}

func closes(open byte, k kind) bool {
	switch k {
	case tokRParen:
		return open == '('
	case tokRBracket:
		return open == '['
	default:
		return open == '{' || open == frameHole
	}
}

// clip shortens what a message shows.
func clip(s string) string {
	const most = 40
	n := 0
	for i := range s {
		if n++; n > most {
			return s[:i] + "…"
		}
	}
	return s
}
