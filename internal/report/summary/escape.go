package summary

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/headgate/headgate/internal/report"
)

// maxField is how many runes of a name or a place are shown, maxMessage of a sentence.
const maxField, maxMessage = 300, 3000

// printable is what is shown of text: one line of at most limit runes. It is cut first, so that a
// huge text costs no more than a short one.
func printable(text string, limit int) string {
	return strings.TrimSpace(report.Clip(report.Printable(report.Clip(text, limit)), limit))
}

// inline is text as GitHub Flavored Markdown that means itself, in a table cell too. An entity
// cannot be structure (CommonMark 0.31, 2.5), and a backslash before ASCII punctuation makes it
// literal (2.4). The pipe must be an entity, because tables are split before anything else; the
// parts of "://" and "www." that make links are broken, and a zero-width space after an at sign
// keeps it from calling a person.
func inline(text string, limit int) string {
	text = printable(text, limit)
	number := 0 // digits that begin the text: with a point or parenthesis they could begin a list
	for number < len(text) && '0' <= text[number] && text[number] <= '9' {
		number++
	}
	var b strings.Builder
	b.Grow(len(text) + 16)
	for i := 0; i < len(text); i++ {
		c := text[i]
		list := i > 0 && i == number && (c == '.' || c == ')') && (i+1 == len(text) || text[i+1] == ' ')
		if list || i == 0 && strings.IndexByte("-+=", c) >= 0 {
			b.WriteByte('\\')
			b.WriteByte(c)
			continue
		}
		switch c {
		case '&':
			b.WriteString("&amp;")
		case '<':
			b.WriteString("&lt;")
		case '>':
			b.WriteString("&gt;")
		case '|', '$':
			b.WriteString("&#" + strconv.Itoa(int(c)) + ";")
		case '@':
			b.WriteString("&#64;&#8203;")
		case '\\', '`', '*', '_', '[', ']', '~', '!', '#':
			b.WriteByte('\\')
			b.WriteByte(c)
		case ':':
			if strings.HasPrefix(text[i:], "://") {
				b.WriteString("&#58;")
			} else {
				b.WriteByte(c)
			}
		case '.':
			if i >= 3 && strings.EqualFold(text[i-3:i], "www") {
				b.WriteString("&#46;")
			} else {
				b.WriteByte(c)
			}
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// code is text as a code span. Backticks do where nothing in the text can end the span or the
// table cell; else it is the HTML element around escaped text.
func code(text string) string {
	text = printable(text, maxField)
	if text == "" {
		return ""
	}
	if strings.ContainsAny(text, "`|") {
		return "<code>" + inline(text, maxField) + "</code>"
	}
	return "`" + text + "`"
}

// block is a source line as a fenced block. The fence is longer than any run of backticks in it
// (CommonMark 0.31, 4.5).
func block(source string) string {
	line, _, _ := strings.Cut(source, "\n")
	line = strings.ReplaceAll(strings.TrimSpace(line), "\t", "    ")
	line = printable(line, maxField)
	longest, run := 2, 0
	for i := range len(line) {
		if line[i] == '`' {
			run++
			longest = max(longest, run)
		} else {
			run = 0
		}
	}
	fence := strings.Repeat("`", longest+1)
	return fence + "\n" + line + "\n" + fence + "\n"
}

// place is "file:line" as a code span, linked to the file at the commit where that is known.
func (l Links) place(file string, line, column int) string {
	if file == "" {
		return ""
	}
	shown := code(report.Place(file, line, column))
	if l.ServerURL == "" || l.Repository == "" || l.Commit == "" || len(file) > maxField {
		return shown
	}
	segments := strings.Split(file, "/")
	for i, s := range segments {
		segments[i] = url.PathEscape(s)
	}
	address := strings.TrimRight(l.ServerURL, "/") + "/" + l.Repository + "/blob/" + l.Commit + "/" + strings.Join(segments, "/")
	if line > 0 {
		address += "#L" + strconv.Itoa(line)
	}
	return "[" + shown + "](" + address + ")"
}
