package script

import (
	"strings"
	"unicode/utf8"
)

// Lines tells where places of a text are. It counts on from the place that it was asked for last, so that all statements of a text
// take no longer than the text, were they all on one line.
type Lines struct {
	text         string
	at           int
	line, indent int
}

// NewLines returns one for a text.
func NewLines(text string) *Lines { return &Lines{text: text, line: 1} }

// At is the line of a byte offset, from 1, and how many runes stand before it on that line.
func (l *Lines) At(offset int) (line, indent int) {
	from, to := min(l.at, offset), max(l.at, offset)
	between := l.text[from:to]
	newlines := strings.Count(between, "\n")
	switch {
	case offset >= l.at && newlines == 0:
		l.indent += utf8.RuneCountInString(between)
	case offset >= l.at:
		l.indent = utf8.RuneCountInString(between[strings.LastIndexByte(between, '\n')+1:])
		l.line += newlines
	case newlines == 0:
		l.indent -= utf8.RuneCountInString(between)
	default:
		l.indent = utf8.RuneCountInString(l.text[strings.LastIndexByte(l.text[:offset], '\n')+1 : offset])
		l.line -= newlines
	}
	l.at = offset
	return l.line, l.indent
}
