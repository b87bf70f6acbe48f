package liquibase

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/headgate/headgate/internal/migration/script"
)

// body is SQL of a file: the lines of a changeset, or its way down.
type body struct {
	text string
	// lines are the file's, from 1, of each line of text. indent is how many runes of the file's line stand before the first.
	lines  []int
	indent int
}

// trimmed takes white space off both ends, as Java's String.trim does: what is not above a blank.
func (b body) trimmed() body {
	rest := strings.TrimLeftFunc(b.text, isTrimmed)
	gone := b.text[:len(b.text)-len(rest)]
	if n := strings.Count(gone, "\n"); n > 0 {
		b.lines = b.lines[min(n, len(b.lines)):]
		b.indent = 0
		gone = gone[strings.LastIndexByte(gone, '\n')+1:]
	}
	b.indent += utf8.RuneCountInString(gone)
	b.text = strings.TrimRightFunc(rest, isTrimmed)
	return b
}

func isTrimmed(r rune) bool { return r <= ' ' }

// gathered are lines on the way to a body.
type gathered struct {
	text    strings.Builder
	numbers []int
	indent  int
	open    bool // what comes next goes on in the line
}

// add appends a line that the file has at a number, from a rune on.
func (g *gathered) add(line string, number, indent int) {
	g.begin(line, number, indent)
	g.text.WriteByte('\n')
	g.open = false
}

// begin appends a line, and leaves it open.
func (g *gathered) begin(line string, number, indent int) {
	if len(g.numbers) == 0 {
		g.indent = indent
	}
	if !g.open {
		g.numbers = append(g.numbers, number)
	}
	g.text.WriteString(line)
	g.open = true
}

func (g *gathered) body() body {
	return body{text: g.text.String(), lines: append(slices.Clip(g.numbers), 0), indent: g.indent}
}

func (g *gathered) blank() bool { return strings.TrimFunc(g.text.String(), isTrimmed) == "" }

// cutting says how the SQL of a changeset is cut into statements.
type cutting struct {
	strip, split bool
	// delimiter is a regular expression as well as a text, or nil for Liquibase's own: a semicolon, and GO or / alone on a line.
	delimiter *string
}

// statements cuts SQL as Liquibase does (StringUtil.java, processMultiLineSQL; StandardSqlParser.java). The error says why it would
// not.
func (b body) statements(c cutting) ([]script.Message, error) {
	b.text = strings.ReplaceAll(b.text, "\r", "") // AbstractSQLChange.java, normalizeLineEndings
	pieces, err := b.pieces(c)
	if err != nil {
		return nil, err
	}
	is, err := c.delimits()
	if err != nil {
		return nil, err
	}
	s := splitter{body: b, lineAt: lineStarts(b.text)}
	previous, some := "", false
	afterDelimiter, depth := false, 0
	following := b.following(pieces)
	for i, p := range pieces {
		text := b.text[p.start:p.end]
		blank := strings.TrimFunc(text, isTrimmed) == ""
		switch {
		case strings.EqualFold(text, "begin") && !slices.Contains(notBlocks, following[i]):
			depth++
		case strings.EqualFold(text, "end") && depth > 0 && !slices.Contains(notBlocks[:3], following[i]):
			depth--
		}
		switch {
		case depth == 0 && c.split && is(text, previous, some):
			s.end()
			afterDelimiter = true
		case blank && (afterDelimiter || s.empty()):
			afterDelimiter = false
		default:
			s.take(p)
			afterDelimiter = false
		}
		previous, some = text, true
	}
	s.end()
	return s.messages, nil
}

// notBlocks are the words after which BEGIN opens no block; the first three are also those after which END closes none.
var notBlocks = []string{"transaction", "trans", "tran", "dialog", "conversation", "distributed"}

// pieces are the tokens, with those of a delimiter of several put together (mergeTokens). What could still have become a delimiter
// at the end is lost, as it is there.
func (b body) pieces(c cutting) ([]piece, error) {
	lex := lexer{text: b.text}
	var all, waiting []piece
	for at := 0; at < len(b.text); {
		p, ok := lex.next(at)
		if !ok {
			r, _ := utf8.DecodeRuneInString(b.text[at:])
			line := b.lines[min(strings.Count(b.text[:at], "\n"), len(b.lines)-1)]
			return nil, &cutError{line, fmt.Sprintf("Liquibase's grammar for SQL has no token for the character %U", r)}
		}
		at = p.end
		if p.kind == comment && c.strip {
			continue
		}
		if c.delimiter == nil {
			all = append(all, p)
			continue
		}
		all, waiting = merge(b.text, *c.delimiter, all, waiting, p)
	}
	return all, nil
}

func merge(text, delimiter string, all, waiting []piece, p piece) (merged, still []piece) {
	if len(waiting) == 0 {
		if strings.HasPrefix(delimiter, text[p.start:p.end]) {
			return all, append(waiting, p)
		}
		return append(all, p), waiting
	}
	var possible strings.Builder
	for _, w := range append(slices.Clip(waiting), p) {
		possible.WriteString(text[w.start:w.end])
	}
	switch {
	case possible.String() == delimiter:
		return append(all, piece{waiting[0].start, p.end, other}), nil
	case strings.HasPrefix(delimiter, possible.String()):
		return all, append(waiting, p)
	}
	return append(append(all, waiting...), p), nil
}

// following is, for each piece, the next one that is no white space, in lower case.
func (b body) following(pieces []piece) []string {
	next := make([]string, len(pieces))
	word := ""
	for i, p := range slices.Backward(pieces) {
		next[i] = word
		if text := strings.TrimFunc(b.text[p.start:p.end], isTrimmed); text != "" {
			word = ""
			if len(text) <= len("conversation") {
				word = strings.ToLower(text)
			}
		}
	}
	return next
}

// delimits tells whether a piece ends a statement (isDelimiter). Before the first piece there is a "null".
func (c cutting) delimits() (func(text, previous string, some bool) bool, error) {
	if c.delimiter == nil {
		return func(text, previous string, some bool) bool {
			return text == ";" || (strings.EqualFold(text, "go") || text == "/") && (!some || strings.HasSuffix(previous, "\n"))
		}, nil
	}
	delimiter := *c.delimiter
	if utf8.RuneCountInString(delimiter) == 1 {
		return func(text, previous string, some bool) bool {
			if delimiter == "/" && some && !strings.HasSuffix(previous, "\n") {
				return false
			}
			return strings.EqualFold(text, delimiter)
		}, nil
	}
	pattern, err := regexp.Compile(`\A(?:[\s\n\r]*` + strings.ToLower(delimiter) + `)\z`)
	if err != nil {
		return nil, &cutError{0, fmt.Sprintf("the delimiter %q is no regular expression that can be read here", delimiter)}
	}
	longest := 4 * (len(delimiter) + 16)
	return func(text, previous string, some bool) bool {
		if !some {
			previous = "null"
		}
		if strings.EqualFold(text, delimiter) {
			return true
		}
		both := previous + text
		if len(both) > longest { // white space aside, a delimiter is short
			both = strings.TrimLeft(both, " \t\n\r\f\v")
			if len(both) > longest {
				return false
			}
		}
		return pattern.MatchString(strings.ToLower(both))
	}, nil
}

// cutError is why Liquibase, or we, cannot cut SQL: at a line of the file, or 0 for the changeset's.
type cutError struct {
	line    int
	problem string
}

func (e *cutError) Error() string { return e.problem }

// splitter puts pieces together to statements, and remembers where they are from.
type splitter struct {
	body     body
	lineAt   []int // where each line of the body begins
	taken    []piece
	messages []script.Message
}

func (s *splitter) empty() bool { return len(s.taken) == 0 }

func (s *splitter) take(p piece) {
	if n := len(s.taken); n > 0 && s.taken[n-1].end == p.start {
		s.taken[n-1].end = p.end
		return
	}
	s.taken = append(s.taken, p)
}

// end makes a message of what was taken, without the white space at both ends.
func (s *splitter) end() {
	defer func() { s.taken = nil }()
	var sql strings.Builder
	m := script.Message{}
	for _, p := range s.taken {
		text := s.body.text[p.start:p.end]
		if sql.Len() == 0 {
			text = strings.TrimLeftFunc(text, isTrimmed)
			if text == "" {
				continue
			}
			p.start = p.end - len(text)
			line := s.line(p.start)
			m.Lines = append(m.Lines, s.body.lines[line])
			m.Indent = utf8.RuneCountInString(s.body.text[s.lineAt[line]:p.start])
			if line == 0 {
				m.Indent += s.body.indent
			}
		}
		first := s.line(p.start)
		for i := range strings.Count(text, "\n") {
			m.Lines = append(m.Lines, s.body.lines[min(first+i+1, len(s.body.lines)-1)])
		}
		sql.WriteString(text)
	}
	m.SQL = strings.TrimRightFunc(sql.String(), isTrimmed)
	if m.SQL == "" {
		return
	}
	m.Lines = m.Lines[:strings.Count(m.SQL, "\n")+1]
	s.messages = append(s.messages, m)
}

// line is the number, from 0, of the body's line that has an offset.
func (s *splitter) line(offset int) int {
	i, exact := slices.BinarySearch(s.lineAt, offset)
	if !exact {
		i--
	}
	return min(i, len(s.body.lines)-1)
}

func lineStarts(text string) []int {
	starts := []int{0}
	for i := range len(text) {
		if text[i] == '\n' {
			starts = append(starts, i+1)
		}
	}
	return starts
}
