package gate

import (
	"bytes"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/headgate/headgate/internal/sqltext"
)

// IgnoreComment is a comment that asks for findings to be ignored:
//
//	headgate:ignore RULE[, RULE…] [until=YYYY-MM-DD] -- reason
type IgnoreComment struct {
	File string
	Line int
	// First and Last are the lines that it speaks of: its own, and what follows where it has a line to itself.
	First, Last int
	Rules       []string
	// Until is the first day on which it ignores no more, UTC; zero is never.
	Until  time.Time
	Reason string
	// Malformed says what is wrong with it; then it ignores nothing.
	Malformed string
}

const marker = "headgate:ignore"

// opener begins a comment in one of the languages that Headgate meets; end is what ends it on the same line, if anything.
type opener struct{ begin, end string }

// openers include the star that continues a block comment, at the beginning of a line.
var openers = []opener{{"<!--", "-->"}, {"/*", "*/"}, {"{-", "-}"}, {"//", ""}, {"--", ""}, {"#", ""}, {star, "*/"}}

const star = "* "

// IgnoreComments reads the comments of one file's text that ask for findings to be ignored. What stands in a string and
// looks like one counts, since SQL in a string has its comments there.
func IgnoreComments(file string, text []byte) []IgnoreComment {
	if !bytes.Contains(text, []byte(marker)) {
		return nil
	}
	lines := strings.Split(string(text), "\n")
	var found []IgnoreComment
	for i, line := range lines {
		c, alone, ok := readComment(line)
		if !ok {
			continue
		}
		c.File, c.Line = file, i+1
		c.First, c.Last = reach(lines, i, alone)
		found = append(found, c)
	}
	if path.Ext(file) == ".sql" {
		widen(found, string(text))
	}
	return found
}

// readComment reads a line; alone says that the comment has it to itself.
func readComment(line string) (c IgnoreComment, alone, ok bool) {
	at := strings.Index(line, marker)
	if at < 0 {
		return c, false, false
	}
	rest := line[at+len(marker):]
	if at > 0 && sqltext.IsIdentifierChar(line[at-1]) || rest != "" && (sqltext.IsIdentifierChar(rest[0]) || rest[0] == '-' && !strings.HasPrefix(rest, "--")) {
		return c, false, false // another word
	}
	start, end := commentStart(line[:at])
	if start < 0 {
		return c, false, false
	}
	if end != "" {
		rest, _, _ = strings.Cut(rest, end)
	}
	c.parse(rest)
	return c, strings.TrimSpace(line[:start]) == "", true
}

// commentStart is where the comment begins that a line ends in, and what would end it; -1 where there is none.
func commentStart(before string) (start int, end string) {
	start = -1
	for _, o := range openers {
		at := strings.Index(before, o.begin)
		if o.begin == star && at >= 0 && strings.TrimSpace(before[:at]) != "" {
			continue
		}
		if at >= 0 && (start < 0 || at < start) && (o.end == "" || !strings.Contains(before[at:], o.end)) {
			start, end = at, o.end
		}
	}
	return start, end
}

var ruleName = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)

// parse reads what follows the marker.
func (c *IgnoreComment) parse(rest string) {
	asked, reason, hasReason := strings.Cut(rest, "--")
	if c.Reason = strings.TrimSpace(reason); !hasReason || c.Reason == "" {
		c.Malformed = "it gives no reason; write " + marker + " RULE -- reason"
		return
	}
	for _, word := range strings.FieldsFunc(asked, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' || r == '\r' }) {
		if day, isUntil := strings.CutPrefix(word, "until="); isUntil {
			until, err := time.Parse(time.DateOnly, day)
			if err != nil {
				c.Malformed = fmt.Sprintf("%q is no date; write until=YYYY-MM-DD", day)
				return
			}
			c.Until = until
			continue
		}
		if !ruleName.MatchString(word) || !slices.ContainsFunc(Rules, func(r Rule) bool { return r.Name == word }) {
			c.Malformed = fmt.Sprintf("there is no rule %q; headgate explain lists them", word)
			return
		}
		if !slices.Contains(c.Rules, word) {
			c.Rules = append(c.Rules, word)
		}
	}
	if len(c.Rules) == 0 {
		c.Malformed = "it names no rule; write " + marker + " RULE -- reason"
	}
}

// maxReach is how many lines of a statement are looked through for its end, in case that brackets do not pair.
const maxReach = 100

// reach is the lines that a comment on the line of index i speaks of, from 1: its own, or where it has that to itself, also
// the next one that is no comment; and further as long as brackets that were opened there are open.
func reach(lines []string, i int, alone bool) (first, last int) {
	last = i
	if alone {
		for last+1 < len(lines) && onlyComment(lines[last]) {
			last++
		}
	}
	until := min(len(lines)-1, last+maxReach)
	for open := brackets(lines[last]); last < until && (open > 0 || endsOpen(lines[last])); open += brackets(lines[last]) {
		last++
	}
	return i + 1, last + 1
}

// onlyComment tells whether a line holds a comment and nothing before it.
func onlyComment(line string) bool {
	line = strings.TrimSpace(line)
	if line == "*" || strings.HasPrefix(line, "*/") {
		return true
	}
	return slices.ContainsFunc(openers, func(o opener) bool { return strings.HasPrefix(line, o.begin) })
}

// codeOf is a line without the comment at its end.
func codeOf(line string) string {
	if start, _ := commentStart(line); start >= 0 {
		line = line[:start]
	}
	return strings.TrimSpace(line)
}

// endsOpen tells whether a line ends in what cannot end a statement.
func endsOpen(line string) bool {
	code := codeOf(line)
	return code != "" && strings.IndexByte("=+\\", code[len(code)-1]) >= 0
}

var tripleQuotes = strings.NewReplacer(`"""`, "", "'''", "")

// brackets is how many more brackets a line opens than it closes, those in short strings left out.
func brackets(line string) int {
	code, open := tripleQuotes.Replace(codeOf(line)), 0
	for i := 0; i < len(code); i++ {
		switch c := code[i]; c {
		case '(', '[':
			open++
		case ')', ']':
			open--
		case '"', '\'':
			i += max(0, strings.IndexByte(code[i+1:], c)+1)
		}
	}
	return open
}

// widen lets the comments of a SQL file speak of the whole statement that they stand in, behind or above.
func widen(comments []IgnoreComment, text string) {
	line, at := 1, 0
	lineOf := func(offset int) int {
		line += strings.Count(text[at:offset], "\n")
		at = offset
		return line
	}
	reached := make([]int, len(comments)) // the last line of what each reached before it was widened
	for i, c := range comments {
		reached[i] = c.Last
	}
	for statement := range sqltext.Statements(text) {
		first, last := lineOf(statement.Start), lineOf(statement.End)
		for i := range comments {
			c := &comments[i]
			if c.Line <= last && first <= reached[i] {
				c.First, c.Last = min(c.First, first), max(c.Last, last)
			}
		}
	}
}
