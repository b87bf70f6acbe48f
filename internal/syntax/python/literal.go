package python

import (
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/headgate/headgate/internal/syntax"
)

// name is an identifier as Python compares it: in the normal form NFKC (PEP 3131).
func (p *parser) name(text string) string {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return norm.NFKC.String(text)
		}
	}
	return text
}

// string parses the literals that follow each other.
func (p *parser) string() Expr {
	start := p.tok.start
	// Nearly all strings have one part: the two are one allocation.
	one := &struct {
		String
		part [1]StringPart
	}{}
	s := &one.String
	s.Parts = one.part[:0]
	for p.tok.kind == tokString || p.tok.kind == tokFStart {
		at := p.tok.start
		part := newPart(p.source(p.tok))
		if p.tok.kind == tokString {
			part.Start, part.End = p.tok.start, p.tok.end
			body := part.Body()
			part.Text = p.decode(body.Start, body.End, part.Raw, part.Bytes, false)
			p.advance()
		} else {
			p.advance()
			part.Pieces = p.pieces(&part, false)
			p.expect(tokFEnd, "the end of the string")
			part.Span = p.since(at)
		}
		if len(s.Parts) > 0 && s.Parts[0].Bytes != part.Bytes {
			p.fail(at, "bytes and strings are joined")
		}
		if len(s.Parts) > 0 && s.Parts[0].Template != part.Template {
			p.fail(at, "a template string is joined with a string of another kind")
		}
		s.Parts = append(s.Parts, part)
	}
	s.Span = p.since(start)
	return s
}

// newPart reads prefix and quotes off the beginning of a literal.
func newPart(text string) StringPart {
	n := strings.IndexAny(text, `'"`)
	part := StringPart{Prefix: text[:n]}
	quotes := 1
	if len(text) >= n+3 && text[n+1] == text[n] && text[n+2] == text[n] {
		quotes = 3
	}
	part.Quote = text[n : n+quotes]
	for _, c := range part.Prefix {
		switch c {
		case 'r', 'R':
			part.Raw = true
		case 'b', 'B':
			part.Bytes = true
		case 'f', 'F':
			part.Format = true
		case 't', 'T':
			part.Template = true
		}
	}
	return part
}

// pieces parses what an f-string, or the format specification of a hole, consists of.
func (p *parser) pieces(part *StringPart, spec bool) []StringPiece {
	var pieces []StringPiece
	for {
		switch p.tok.kind {
		case tokFMiddle:
			span := Span{p.tok.start, p.tok.end}
			pieces = append(pieces, StringPiece{Span: span, Text: p.decode(span.Start, span.End, part.Raw, false, !spec)})
			p.advance()
		case tokLBrace:
			hole := p.hole(part)
			pieces = append(pieces, StringPiece{Span: hole.Span, Hole: hole})
		default:
			return pieces
		}
	}
}

// hole parses a replacement field (Language Reference, "f-strings").
func (p *parser) hole(part *StringPart) *Hole {
	p.enter()
	start, first := p.tok.start, p.at
	p.advance()
	h := &Hole{Expr: p.holeExpression()}
	if p.tok.kind == tokAssign {
		p.advance()
		h.Debug = p.debug(p.buffer[first : p.at+1])
	}
	if p.take(tokExclamation) {
		switch name := p.source(p.tok); {
		case p.tok.kind == tokName && (name == "s" || name == "r" || name == "a"):
			h.Conversion = name[0]
			p.advance()
		default:
			p.unexpected("one of the conversions s, r, a")
		}
	}
	if p.take(tokColon) {
		h.HasSpec = true
		h.Spec = p.pieces(part, true)
	}
	p.expect(tokRBrace, "a closing brace")
	h.Span = p.since(start)
	p.leave()
	return h
}

// debug is the source from behind the first of the tokens up to the last, without comments.
func (p *parser) debug(tokens []token) syntax.Text {
	start, end := tokens[0].end, tokens[len(tokens)-1].start
	if strings.IndexByte(p.text[start:end], '#') < 0 {
		return p.decode(start, end, true, false, false)
	}
	var b syntax.TextBuilder
	for i, t := range tokens[1:] {
		// A # between tokens begins a comment; one in a token belongs to a string.
		for at := tokens[i].end; at < t.start; {
			gap := p.text[at:t.start]
			n := strings.IndexByte(gap, '#')
			if n < 0 {
				n = len(gap)
			}
			b.Append(p.decode(at, at+n, true, false, false))
			at += n
			if n = strings.IndexAny(gap[n:], "\r\n"); n < 0 {
				break
			}
			at += n
		}
		if t.start < end {
			b.Append(p.decode(t.start, t.end, true, false, false))
		}
	}
	return b.Text()
}

func (p *parser) holeExpression() Expr {
	if p.tok.kind == tokYield {
		return p.yield()
	}
	return p.expressions()
}

// decode is the value of the file's text from start up to end, which stands within quotes. braces says that {{ and }} stand
// for one character each.
func (p *parser) decode(start, end int, raw, bytes, braces bool) syntax.Text {
	text := p.text[start:end]
	if p.plain && (raw || strings.IndexByte(text, '\\') < 0) && !(braces && strings.ContainsAny(text, "{}")) {
		return syntax.Copied(text, start)
	}
	d := decoder{text: text, offset: start, raw: raw, bytes: bytes, braces: braces, latin1: p.latin1}
	for d.at < len(text) {
		d.step()
	}
	d.flush(len(text))
	return d.Text()
}

// decoder decodes the inside of a literal.
type decoder struct {
	syntax.TextBuilder
	text               string
	offset             int // of text in the file
	at                 int
	copied             int // up to here, text is in the builder
	raw, bytes, braces bool
	latin1             bool
}

// flush appends what stands letter for letter before the byte offset end.
func (d *decoder) flush(end int) {
	d.Copy(d.text[d.copied:end], d.offset+d.copied)
	d.copied = end
}

// replace appends value for the next n bytes.
func (d *decoder) replace(value string, n int) {
	d.flush(d.at)
	d.Replace(value, d.offset+d.at, d.offset+d.at+n)
	d.at += n
	d.copied = d.at
}

func (d *decoder) step() {
	switch c := d.text[d.at]; {
	case c == '\r':
		// A line end is one \n, however the file writes it.
		if strings.HasPrefix(d.text[d.at:], "\r\n") {
			d.replace("\n", 2)
		} else {
			d.replace("\n", 1)
		}
	case c == '\\' && !d.raw:
		d.escape()
	case d.braces && (c == '{' || c == '}') && strings.HasPrefix(d.text[d.at+1:], string(c)):
		d.replace(string(c), 2)
	case c >= utf8.RuneSelf:
		_, size := utf8.DecodeRuneInString(d.text[d.at:])
		switch {
		case d.latin1:
			d.replace(string(rune(c)), 1)
		case size == 1:
			d.replace("\ufffd", 1)
		default:
			d.at += size
		}
	default:
		d.at++
	}
}

// escape decodes the escape sequence at hand (Language Reference, "Escape sequences").
func (d *decoder) escape() {
	rest := d.text[d.at+1:]
	if rest == "" {
		d.at++
		return
	}
	if n := strings.IndexByte(`\'"abfnrtv`, rest[0]); n >= 0 {
		d.replace("\\'\"\a\b\f\n\r\t\v"[n:n+1], 2)
		return
	}
	switch c := rest[0]; {
	case c == '\n':
		d.replace("", 2)
	case c == '\r':
		if strings.HasPrefix(rest, "\r\n") {
			d.replace("", 3)
		} else {
			d.replace("", 2)
		}
	case '0' <= c && c <= '7':
		r, n := syntax.Digits(rest, 8, 3)
		if d.bytes {
			r &= 0xff
		}
		d.replace(string(r), 1+n)
	case c == 'x':
		d.hex(rest, 2)
	case c == 'u' && !d.bytes:
		d.hex(rest, 4)
	case c == 'U' && !d.bytes:
		d.hex(rest, 8)
	case c == 'N' && !d.bytes && strings.HasPrefix(rest, "N{"):
		if n := strings.IndexByte(rest, '}'); n >= 0 {
			// Which character has the name is of no interest; it is one, and no ASCII.
			d.replace("\ufffd", 1+n+1)
			return
		}
		d.at++
	default:
		d.at++ // an unknown sequence stands for itself
	}
}

// hex decodes n hexadecimal digits behind one letter. Too few of them are an error in Python; here they stand for
// themselves. What is no character of UTF-8 (a surrogate) becomes U+FFFD.
func (d *decoder) hex(rest string, n int) {
	r, got := syntax.Digits(rest[1:], 16, n)
	if got < n {
		d.at++
		return
	}
	d.replace(string(r), 2+n)
}

// Int is the value of an integer literal; false for a float or an imaginary number.
func (n *Number) Int() (*big.Int, bool) {
	text := n.Text
	if c := strings.TrimLeft(text, "0_"); c == "" {
		return new(big.Int), true
	}
	if len(text) < 2 || text[0] != '0' || isDigit(text[1]) || text[1] == '_' {
		if strings.ContainsAny(text, ".eEjJ") {
			return nil, false
		}
		return new(big.Int).SetString(strings.ReplaceAll(text, "_", ""), 10)
	}
	return new(big.Int).SetString(text, 0)
}

// Float is the value of a float literal, or of an integer literal that is taken as one; false for an imaginary number.
// What is too large is an infinity, as in Python.
func (n *Number) Float() (float64, bool) {
	if i, ok := n.Int(); ok {
		f, _ := new(big.Float).SetInt(i).Float64()
		return f, true
	}
	f, err := strconv.ParseFloat(strings.ReplaceAll(n.Text, "_", ""), 64)
	if err != nil && f == 0 {
		return 0, false
	}
	return f, true
}
