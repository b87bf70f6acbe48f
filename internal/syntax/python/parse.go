package python

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxDepth is how deep expressions may be nested, and maxChain how many operations may follow each other in one of
// them: so deep can the tree become. Both are far above what CPython's own parser takes ("too many nested
// parentheses", "parser stack overflow").
const (
	maxDepth = 1000
	maxChain = 20000
)

// Parse parses a file. It always returns a module: what it cannot parse is a Bad statement, and parsing goes on with the
// next line that is indented like the statement, or less.
func Parse(text []byte) *Module {
	source := string(text)
	p := &parser{lex: newLexer(source), text: source}
	m := &Module{Span: Span{0, len(text)}, Encoding: encoding(source)}
	p.latin1 = m.Encoding == "latin-1"
	p.plain = !p.latin1 && strings.IndexByte(source, '\r') < 0 && utf8.ValidString(source)
	p.buffer = make([]token, 0, 64)
	p.advance()
	m.Body = p.statements(0)
	m.Bad = p.bad
	return m
}

var cookie = regexp.MustCompile(`^[ \t\f]*#.*?coding[:=][ \t]*([-_.a-zA-Z0-9]+)`)

// encoding is what the cookie in one of the first two lines says (PEP 263), by its usual name.
func encoding(text string) string {
	text = strings.TrimPrefix(text, "\ufeff")
	for range 2 {
		line, rest, _ := strings.Cut(text, "\n")
		if m := cookie.FindStringSubmatch(line); m != nil {
			name := strings.ReplaceAll(strings.ToLower(m[1]), "_", "-")
			switch {
			case name == "utf-8" || name == "utf8" || strings.HasPrefix(name, "utf-8-"):
				return "utf-8"
			case name == "latin-1" || name == "iso-8859-1" || name == "iso-latin-1" || name == "latin1" || name == "iso8859-1" ||
				strings.HasPrefix(name, "latin-1-") || strings.HasPrefix(name, "iso-8859-1-") || strings.HasPrefix(name, "iso-latin-1-"):
				return "latin-1"
			}
			return name
		}
		if trimmed := strings.Trim(line, " \t\f\r"); trimmed != "" && trimmed[0] != '#' {
			break
		}
		text = rest
	}
	return "utf-8"
}

// parser is a recursive-descent parser with precedence climbing. It looks one token ahead; where the grammar needs more
// (with items in parentheses, match), the tokens of the current statement stay in the buffer.
type parser struct {
	lex    *lexer
	text   string
	buffer []token // the statement's tokens, of which the one at at is the current one
	at     int
	tok    token  // buffer[at]
	end    int    // where the token before the current one ends
	said   string // the lexer's message, if the last token of the buffer is a tokError

	// blocks are the indentations of the blocks that the statement at hand stands in. The lexer may be ahead.
	blocks []indent

	// stack holds the elements of the lists that are being parsed, the innermost last, until their number is known.
	stack []Expr

	depth   int
	chain   int
	pattern bool // in the pattern of a case
	latin1  bool
	plain   bool // the file is UTF-8 without a carriage return, so that a value is what is written, but for escapes
	bad     []*Bad
}

// failure is what a parsing function panics with; the block around it recovers.
type failure struct {
	at      int
	message string
}

func (p *parser) advance() {
	if k := p.tok.kind; k != tokNewline && k != tokIndent && k != tokDedent {
		p.end = p.tok.end
	}
	p.at++
	if p.at >= len(p.buffer) {
		t := p.lex.next()
		if t.kind == tokError {
			p.said = p.lex.message
		}
		p.buffer = append(p.buffer, t)
		p.at = len(p.buffer) - 1
	}
	p.tok = p.buffer[p.at]
}

// ahead is the kind of the token behind the current one.
func (p *parser) ahead() kind {
	if p.at+1 == len(p.buffer) {
		t := p.lex.next()
		if t.kind == tokError {
			p.said = p.lex.message
		}
		p.buffer = append(p.buffer, t)
	}
	return p.buffer[p.at+1].kind
}

// forget drops the tokens before the current one.
func (p *parser) forget() {
	n := copy(p.buffer, p.buffer[p.at:])
	p.buffer, p.at = p.buffer[:n], 0
}

// mark is a place in the statement's tokens to come back to.
type mark struct {
	at, end, depth, chain, stack int
}

func (p *parser) mark() mark { return mark{p.at, p.end, p.depth, p.chain, len(p.stack)} }

func (p *parser) back(m mark) {
	p.at, p.end, p.depth, p.chain = m.at, m.end, m.depth, m.chain
	p.tok, p.stack = p.buffer[p.at], p.stack[:m.stack]
}

// popped cuts the stack to n elements and gives back those that stood above.
func (p *parser) popped(n int) []Expr {
	if len(p.stack) == n {
		return nil
	}
	list := slices.Clone(p.stack[n:])
	clear(p.stack[n:])
	p.stack = p.stack[:n]
	return list
}

func (p *parser) fail(at int, format string, args ...any) {
	panic(failure{at, fmt.Sprintf(format, args...)})
}

// unexpected refuses the current token.
func (p *parser) unexpected(want string) {
	if p.tok.kind == tokError {
		p.fail(p.tok.start, "%s", p.said)
	}
	p.fail(p.tok.start, "expected %s, found %s", want, p.describe(p.tok))
}

func (p *parser) describe(t token) string {
	switch t.kind {
	case tokEOF:
		return "the end of the file"
	case tokNewline:
		return "the end of the line"
	case tokIndent:
		return "a line that is indented further"
	case tokDedent:
		return "a line that is indented less"
	}
	text, _, _ := strings.Cut(p.text[t.start:t.end], "\n")
	return clip(strings.TrimSuffix(text, "\r"))
}

// take moves behind the current token if it is of the kind.
func (p *parser) take(k kind) bool {
	if p.tok.kind != k {
		return false
	}
	p.advance()
	return true
}

func (p *parser) expect(k kind, want string) {
	if !p.take(k) {
		p.unexpected(want)
	}
}

// since is the span from start up to what was taken last.
func (p *parser) since(start int) Span { return Span{start, p.end} }

func (p *parser) source(t token) string { return p.text[t.start:t.end] }

// statements parses the statements of the block that is n levels of indentation deep, up to the dedent or the end of the
// file, which is not taken.
func (p *parser) statements(n int) []Stmt {
	var body []Stmt
	for p.tok.kind != tokDedent && p.tok.kind != tokEOF {
		body = p.statementsUntilBad(body, n)
	}
	return body
}

// statementsUntilBad parses statements up to the end of the block, or to behind the first one that fails.
func (p *parser) statementsUntilBad(body []Stmt, n int) (all []Stmt) {
	all = body
	start, whole, bads := p.tok.start, len(body), 0
	defer func() {
		switch r := recover().(type) {
		case nil:
		case failure:
			p.bad = p.bad[:bads] // those inside go with the statement that they stand in
			bad := p.recoverFrom(r, start, n)
			all = append(all[:whole], bad)
			p.bad = append(p.bad, bad)
		default:
			panic(r)
		}
	}()
	for p.tok.kind != tokDedent && p.tok.kind != tokEOF {
		p.forget()
		p.depth, p.chain, p.stack, p.pattern = 0, 0, p.stack[:0], false
		start, whole, bads = p.tok.start, len(all), len(p.bad)
		all = p.statement(all, n)
	}
	return all
}

// recoverFrom makes the Bad statement of a failure in the statement that begins at start, n levels of indentation deep, and
// goes on with the next line behind the failure that is indented as that level, or less.
func (p *parser) recoverFrom(f failure, start, n int) *Bad {
	bad := &Bad{Span: Span{start, max(f.at, start)}, At: f.at, Message: f.message}
	base := 0
	if n > 0 {
		base = p.blocks[n-1].column
	}
	// The failing token may lie before the current one.
	for p.at > 0 && p.buffer[p.at].start > f.at {
		p.at--
	}
	p.tok = p.buffer[p.at]
	for p.tok.kind != tokEOF {
		t := p.tok
		if t.first && t.kind != tokFMiddle && t.kind != tokFEnd && t.kind != tokIndent &&
			p.lineOf(t.start) > start && !p.inTripleQuotes() && p.column(t.start) <= base {
			break
		}
		if t.kind != tokNewline && t.kind != tokIndent && t.kind != tokDedent {
			bad.End = max(bad.End, t.end)
		}
		p.forget()
		p.advance()
	}
	p.end = bad.End
	next := len(p.text)
	if p.tok.kind != tokEOF {
		next = p.lineOf(p.tok.start)
	}
	p.lex.restart(next, p.blocks[:n])
	p.buffer, p.at, p.tok = p.buffer[:0], 0, token{kind: tokNewline}
	p.advance()
	return bad
}

// inTripleQuotes says whether the lexer is within an f-string of several lines, where no statement begins.
func (p *parser) inTripleQuotes() bool {
	for _, f := range p.lex.frames {
		if f.string != nil && f.string.triple {
			return true
		}
	}
	return false
}

// lineOf is the beginning of the line of the byte offset.
func (p *parser) lineOf(at int) int {
	start := strings.LastIndexAny(p.text[:at], "\r\n") + 1
	if start == 0 && strings.HasPrefix(p.text, "\ufeff") {
		return len("\ufeff")
	}
	return start
}

// column is the indentation of the line of the byte offset.
func (p *parser) column(at int) int {
	column := 0
	for _, c := range []byte(p.text[p.lineOf(at):at]) {
		switch c {
		case '\t':
			column = (column/8 + 1) * 8
		case '\f':
			column = 0
		default:
			column++
		}
	}
	return column
}

// block parses what stands behind the colon of a compound statement: an indented block, or simple statements on the
// same line.
func (p *parser) block(n int) []Stmt {
	p.expect(tokColon, "a colon")
	if p.tok.kind != tokNewline {
		return p.simpleStatements(nil)
	}
	p.advance()
	p.indent(n)
	body := p.statements(n + 1)
	if p.tok.kind == tokDedent {
		p.advance()
	}
	return body
}

// indent takes the beginning of the block that is one level deeper than n.
func (p *parser) indent(n int) {
	if p.tok.kind == tokIndent {
		p.blocks = append(p.blocks[:n], p.lex.indents[n])
	}
	p.expect(tokIndent, "an indented block")
}
