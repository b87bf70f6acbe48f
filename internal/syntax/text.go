// Package syntax is what the lexers and parsers of several languages share: a cursor over a file's bytes, the
// line and column of a byte offset, and the value of a string literal that knows where each of its characters stands
// in the file. Each language is a folder below.
package syntax

import (
	"iter"
	"sort"
	"strings"
	"unicode/utf8"
)

// Text is the value of a string literal, or of a piece of one, with the place of each of its characters in the file.
// The zero Text is empty.
type Text struct {
	Value string
	// start is where the value stands in the file if runs is empty: letter for letter, from here on.
	start int
	runs  []run
}

// run is a stretch of a Text: from its offset in the value up to the next run's.
type run struct {
	value int // byte offset in the value
	start int // byte offset in the file
	// width is how many bytes of the file the whole run is written with where that is not letter for letter (an escape
	// sequence); zero says that the file has the same bytes.
	width int
}

// Copied is a text that stands letter for letter in the file, from the byte offset start on.
func Copied(value string, start int) Text { return Text{Value: value, start: start} }

// Piece is a stretch of a Text.
type Piece struct {
	Value string
	// Start and End are the byte offsets in the file of what the value is written with.
	Start, End int
	// Fixed says that the file writes the value in another way (an escape sequence), so that all of the value
	// belongs to the whole of Start to End. Otherwise the file has the value letter for letter.
	Fixed bool
}

// Pieces are the stretches of the text from front to back. A fixed piece may be empty: a line continuation.
func (t Text) Pieces() iter.Seq[Piece] {
	return func(yield func(Piece) bool) {
		if len(t.runs) == 0 {
			if t.Value != "" {
				yield(Piece{Value: t.Value, Start: t.start, End: t.start + len(t.Value)})
			}
			return
		}
		for i := range t.runs {
			if !yield(t.piece(i)) {
				return
			}
		}
	}
}

func (t Text) piece(i int) Piece {
	r, end := t.runs[i], len(t.Value)
	if i+1 < len(t.runs) {
		end = t.runs[i+1].value
	}
	p := Piece{Value: t.Value[r.value:end], Start: r.start, End: r.start + r.width, Fixed: r.width > 0}
	if !p.Fixed {
		p.End = r.start + len(p.Value)
	}
	return p
}

// Offset is the byte offset in the file of what the byte at the offset i of the value is written with; an i at or
// behind the value's end gives the place behind the text. Walking a long text from front to back is Pieces' business.
func (t Text) Offset(i int) int {
	if len(t.runs) == 0 {
		return t.start + min(max(i, 0), len(t.Value))
	}
	n := max(sort.Search(len(t.runs), func(n int) bool { return t.runs[n].value > i })-1, 0)
	p := t.piece(n)
	switch into := max(i-t.runs[n].value, 0); {
	case into >= len(p.Value):
		return p.End
	case p.Fixed:
		return p.Start
	default:
		return p.Start + into
	}
}

// RuneOffset is Offset for the rune at the offset n, counted in runes from 0.
func (t Text) RuneOffset(n int) int {
	at := 0
	for ; n > 0 && at < len(t.Value); n-- {
		_, size := utf8.DecodeRuneInString(t.Value[at:])
		at += size
	}
	return t.Offset(at)
}

// TextBuilder puts a Text together from front to back. The zero TextBuilder is ready to use.
type TextBuilder struct {
	value strings.Builder
	runs  []run
}

// Copy appends value, which the file has letter for letter from the byte offset start on.
func (b *TextBuilder) Copy(value string, start int) {
	if value == "" {
		return
	}
	if n := len(b.runs); n == 0 || b.runs[n-1].width > 0 || b.runs[n-1].start+b.value.Len()-b.runs[n-1].value != start {
		b.runs = append(b.runs, run{value: b.value.Len(), start: start})
	}
	b.value.WriteString(value)
}

// Replace appends value, which the file writes in another way, in the bytes from start up to end.
func (b *TextBuilder) Replace(value string, start, end int) {
	b.runs = append(b.runs, run{value: b.value.Len(), start: start, width: end - start})
	b.value.WriteString(value)
}

// Append appends a text that was built before.
func (b *TextBuilder) Append(t Text) {
	for p := range t.Pieces() {
		if p.Fixed {
			b.Replace(p.Value, p.Start, p.End)
		} else {
			b.Copy(p.Value, p.Start)
		}
	}
}

// Text is what was built.
func (b *TextBuilder) Text() Text {
	if len(b.runs) == 1 && b.runs[0].width == 0 {
		return Copied(b.value.String(), b.runs[0].start)
	}
	return Text{Value: b.value.String(), runs: b.runs}
}
