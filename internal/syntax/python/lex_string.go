package python

import (
	"strings"

	"github.com/headgate/headgate/internal/syntax"
)

// isPrefix says whether the letters may stand before a string: one or two of b, r, u, f, t.
func isPrefix(s string) bool {
	switch len(s) {
	case 1:
		return strings.ContainsAny(s, "bBrRuUfFtT")
	case 2:
		if !strings.ContainsAny(s, "rR") {
			return false
		}
		return strings.ContainsAny(s, "bBfFtT")
	}
	return false
}

var (
	endsPlain       = [2]*syntax.ByteSet{syntax.SetOf("\\\r\n'"), syntax.SetOf("\\\r\n\"")}
	endsTriple      = [2]*syntax.ByteSet{syntax.SetOf("\\'"), syntax.SetOf("\\\"")}
	endsInterpolate = [2]*syntax.ByteSet{syntax.SetOf("\\\r\n'{}"), syntax.SetOf("\\\r\n\"{}")}
)

func quoteIndex(quote byte) int {
	if quote == '"' {
		return 1
	}
	return 0
}

// quoted takes the string whose quote is at the cursor and whose prefix begins at start; of an f-string, its beginning.
func (l *lexer) quoted(start int) token {
	prefix := l.Text[start:l.At]
	quote := l.Text[l.At]
	triple := l.Peek(1) == quote && l.Peek(2) == quote
	l.At++
	if triple {
		l.At += 2
	}
	if strings.ContainsAny(prefix, "fFtT") {
		if len(l.frames) >= maxBrackets {
			return l.fail(start, "more than %d open brackets", maxBrackets)
		}
		raw := strings.ContainsAny(prefix, "rR")
		l.frames = append(l.frames, frame{frameLiteral, &fstring{quote: quote, triple: triple, raw: raw}})
		return l.token(tokFStart, start)
	}
	ends := endsPlain[quoteIndex(quote)]
	if triple {
		ends = endsTriple[quoteIndex(quote)]
	}
	for {
		l.SkipNotIn(ends)
		switch c := l.Peek(0); {
		case l.End():
			return l.fail(start, "a string that is never closed")
		case c == '\\':
			l.At++
			l.Skip(max(l.LineEnd(), 1))
		case c != quote:
			return l.fail(start, "a string that its line does not close")
		case !triple:
			l.At++
			return l.token(tokString, start)
		case l.Peek(1) == quote && l.Peek(2) == quote:
			l.At += 3
			return l.token(tokString, start)
		default:
			l.At++
		}
	}
}

// inString takes a piece of an f-string, outside its holes.
func (l *lexer) inString() token {
	start := l.At
	top := l.top()
	in := top.string
	ends := endsInterpolate[quoteIndex(in.quote)]
	for {
		l.SkipNotIn(ends)
		c := l.Peek(0)
		switch {
		case l.End():
			l.frames = l.frames[:0]
			return l.fail(start, "a string that is never closed")
		case c == '\\':
			l.stringEscape(in)
			continue
		case c == '\r' || c == '\n':
			if in.triple {
				l.At++
				continue
			}
		case c == in.quote:
			if in.triple && (l.Peek(1) != c || l.Peek(2) != c) {
				l.At++
				continue
			}
		case top.kind == frameLiteral && l.Peek(1) == c: // {{ and }}
			l.At += 2
			continue
		}
		break
	}
	if l.At > start {
		return l.token(tokFMiddle, start)
	}
	return l.stringMark(top)
}

// stringEscape takes a backslash and what belongs to it.
func (l *lexer) stringEscape(in *fstring) {
	l.At++
	switch c := l.Peek(0); {
	case c == '{' || c == '}':
	case c == 'N' && !in.raw && l.Peek(1) == '{':
		if n := strings.IndexAny(l.Rest(), "}\n"+string(in.quote)); n >= 0 && l.Rest()[n] == '}' {
			l.At += n
		}
		l.At++
	default:
		l.Skip(max(l.LineEnd(), 1))
	}
}

// stringMark takes the brace or the quotes that end a piece of an f-string.
func (l *lexer) stringMark(top frame) token {
	start := l.At
	switch c := l.Peek(0); {
	case c == '{':
		l.At++
		if len(l.frames) >= maxBrackets {
			return l.fail(start, "more than %d open brackets", maxBrackets)
		}
		l.frames = append(l.frames, frame{frameHole, top.string})
		return l.token(tokLBrace, start)
	case c == '}' && top.kind == frameSpec:
		l.At++
		l.frames = l.frames[:len(l.frames)-2] // the hole with its specification
		return l.token(tokRBrace, start)
	case c == '}':
		l.At++
		return l.fail(start, "a single } in an f-string")
	case c == '\r' || c == '\n':
		l.leaveString()
		return l.fail(start, "a string that its line does not close")
	default:
		l.At++
		if top.string.triple {
			l.At += 2
		}
		if top.kind == frameSpec {
			l.leaveString()
			return l.fail(start, "a replacement field that is never closed")
		}
		l.frames = l.frames[:len(l.frames)-1]
		return l.token(tokFEnd, start)
	}
}

// leaveString closes all frames of the innermost f-string, after an error in it.
func (l *lexer) leaveString() {
	in := l.top().string
	for n := len(l.frames); n > 0; n-- {
		f := l.frames[n-1]
		l.frames = l.frames[:n-1]
		if f.kind == frameLiteral && f.string == in {
			return
		}
	}
}
