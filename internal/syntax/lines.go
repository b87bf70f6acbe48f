package syntax

import (
	"bytes"
	"sort"
	"unicode/utf8"
)

// Lines tells the line and the column of a byte offset of a file. A line ends behind its '\n', whatever the language
// says of a lone '\r': that is how reports and editors count.
type Lines struct {
	text   []byte
	starts []int
}

var byteOrderMark = []byte("\xef\xbb\xbf")

// NewLines indexes the lines of a file. The text is kept, not copied.
func NewLines(text []byte) *Lines {
	l := &Lines{text: text, starts: make([]int, 1, 1+bytes.Count(text, []byte{'\n'}))}
	for at := 0; ; {
		n := bytes.IndexByte(text[at:], '\n')
		if n < 0 {
			return l
		}
		at += n + 1
		l.starts = append(l.starts, at)
	}
}

// Position is the line and the column of the byte offset, both from 1. Columns count runes, a byte that is not
// UTF-8 as one, and a byte order mark as none. An offset outside the text is taken as its nearer end.
func (l *Lines) Position(offset int) (line, column int) {
	offset = min(max(offset, 0), len(l.text))
	line = sort.Search(len(l.starts), func(i int) bool { return l.starts[i] > offset })
	return line, 1 + l.Width(l.starts[line-1], offset)
}

// Width is how many columns the bytes from start up to end take, those of a line end among them.
func (l *Lines) Width(start, end int) int {
	text := l.text[start:max(start, end)]
	if start == 0 {
		text = bytes.TrimPrefix(text, byteOrderMark)
	}
	return utf8.RuneCount(text)
}

// Count is the number of lines, a last one without a line end, or empty, included.
func (l *Lines) Count() int { return len(l.starts) }
