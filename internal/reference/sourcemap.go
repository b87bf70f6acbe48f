package reference

import (
	"sort"
	"strings"
	"unicode/utf8"
)

// Position tells where the rune at runeOffset (from 0) of the SQL stands in the source. The
// server's error positions count from 1, in characters: subtract one. An offset before the text is taken as its
// first rune, one behind it as the place after its last. An empty map gives the zero Position.
func (m SourceMap) Position(runeOffset int) Position {
	if len(m) == 0 {
		return Position{}
	}
	return m[m.segment(runeOffset)].position(runeOffset)
}

// Range tells where the runes from start up to but not including end stand in the source; to is the
// column after the last of them. A range that is empty is taken as its first rune. Where the text
// jumps elsewhere in between (to a constant in another file, or back), the range ends where its
// first run ends, so that to is never before from nor in another file.
func (m SourceMap) Range(start, end int) (from, to Position) {
	if len(m) == 0 {
		return Position{}, Position{}
	}
	last := max(end-1, start)
	i, j := m.segment(start), m.segment(last)
	from = m[i].position(start)
	to = m[j].after(last)
	for k := i + 1; k <= j; k++ {
		if m[k].At.File != from.File || before(m[k].At, m[k-1].At) {
			return from, m[k-1].after(m[k].Start - 1)
		}
	}
	return from, to
}

// segment is the index of the segment that the offset lies in.
func (m SourceMap) segment(runeOffset int) int {
	return max(sort.Search(len(m), func(i int) bool { return m[i].Start > runeOffset })-1, 0)
}

func (s Segment) position(runeOffset int) Position {
	p := s.At
	if !s.Fixed {
		p.Column += max(runeOffset-s.Start, 0)
	}
	return p
}

// after is the place behind the rune at runeOffset.
func (s Segment) after(runeOffset int) Position {
	p := s.position(runeOffset)
	if s.Fixed {
		p.Column += s.Width
	} else {
		p.Column++
	}
	return p
}

func before(a, b Position) bool {
	return a.Line < b.Line || a.Line == b.Line && a.Column < b.Column
}

// Text is a SQL text, or a piece of one, that knows where it stands in the source.
type Text struct {
	SQL string
	Map SourceMap
	// Holes has, for each Hole in SQL in their order, the reason why what stands there cannot be
	// known, in words that make sense after "unchecked: ".
	Holes []string
}

// Hole is the rune that stands in a Text's SQL for what only the running program knows. It is the
// one character that PostgreSQL has no place for, so that no real text holds it.
const Hole = '\x00'

const holeText = string(Hole)

// Builder puts a Text together, piece by piece. The zero Builder is ready to use.
type Builder struct {
	sql   strings.Builder
	runes int
	m     SourceMap
	holes []string
}

// Copy appends text, which stands letter for letter in the source from at on; a new line of the text is
// a new line of the source. It returns the place behind it.
func (b *Builder) Copy(text string, at Position) Position {
	for text != "" {
		line := text
		newline := strings.IndexByte(text, '\n')
		if newline >= 0 {
			line = text[:newline+1]
		}
		text = text[len(line):]
		n := utf8.RuneCountInString(line)
		b.add(Segment{At: at}, line, n)
		if newline >= 0 {
			at.Line, at.Column = at.Line+1, 1
		} else {
			at.Column += n
		}
	}
	return at
}

// Replace appends text that the source writes in another way, width runes wide, at one place: an
// escape sequence, a rewritten placeholder.
func (b *Builder) Replace(text string, at Position, width int) {
	b.add(Segment{At: at, Fixed: true, Width: width}, text, utf8.RuneCountInString(text))
}

// Hole appends a Hole with its reason; width runes at at are what it stands for.
func (b *Builder) Hole(reason string, at Position, width int) {
	b.Replace(holeText, at, width)
	b.holes = append(b.holes, reason)
}

// Append appends a text that was built before.
func (b *Builder) Append(t Text) {
	c := cursor{text: &t}
	c.copyTo(b, len(t.SQL))
	b.holes = append(b.holes, t.Holes...)
}

// Len is the length so far, in bytes.
func (b *Builder) Len() int { return b.sql.Len() }

// ModelInsert is the INSERT that a model stands for, of a quoted table and quoted columns; all of it stands for the model's
// name, width runes at at. Each value is DEFAULT, which every column takes, also one that is generated.
func ModelInsert(table string, columns []string, at Position, width int) Text {
	var b Builder
	values := strings.TrimSuffix(strings.Repeat("DEFAULT, ", len(columns)), ", ")
	b.Replace("INSERT INTO "+table+" ("+strings.Join(columns, ", ")+") VALUES ("+values+")", at, width)
	return b.Text()
}

// Text is what was built.
func (b *Builder) Text() Text {
	return Text{SQL: b.sql.String(), Map: b.m, Holes: b.holes}
}

// add appends n runes of text that the segment s maps; its Start is set here.
func (b *Builder) add(s Segment, text string, n int) {
	if n == 0 {
		return
	}
	s.Start = b.runes
	b.sql.WriteString(text)
	b.runes += n
	if len(b.m) > 0 {
		last := b.m[len(b.m)-1]
		if !s.Fixed && !last.Fixed && last.position(s.Start) == s.At {
			return // it goes on where the last one ends
		}
	}
	b.m = append(b.m, s)
}

// cursor walks through a text from front to back and hands pieces of it to a Builder. It counts
// runes as it goes, so that cutting a text in many pieces is one pass over it.
type cursor struct {
	text    *Text
	byteAt  int
	runeAt  int
	segment int
}

// skipTo moves to the byte offset end.
func (c *cursor) skipTo(end int) {
	c.runeAt += utf8.RuneCountInString(c.text.SQL[c.byteAt:end])
	c.byteAt = end
	for c.segment+1 < len(c.text.Map) && c.text.Map[c.segment+1].Start <= c.runeAt {
		c.segment++
	}
}

// copyTo appends the text up to the byte offset end and moves there. Holes' reasons are the caller's to copy.
func (c *cursor) copyTo(b *Builder, end int) {
	for c.byteAt < end {
		next := end
		if c.segment+1 < len(c.text.Map) {
			next = min(end, c.byteOf(c.text.Map[c.segment+1].Start, end))
		}
		piece := c.text.SQL[c.byteAt:next]
		var s Segment
		if len(c.text.Map) > 0 {
			s = c.text.Map[c.segment]
			s.At = s.position(c.runeAt)
		}
		b.add(s, piece, utf8.RuneCountInString(piece))
		c.skipTo(next)
	}
}

// byteOf is the byte offset of the rune offset, or limit where that comes first.
func (c *cursor) byteOf(runeOffset, limit int) int {
	at := c.byteAt
	for n := c.runeAt; n < runeOffset && at < limit; n++ {
		if c.text.SQL[at] < utf8.RuneSelf {
			at++
			continue
		}
		_, size := utf8.DecodeRuneInString(c.text.SQL[at:])
		at += size
	}
	return at
}

// position is the place of the rune that the cursor stands at.
func (c *cursor) position() Position {
	if len(c.text.Map) == 0 {
		return Position{}
	}
	return c.text.Map[c.segment].position(c.runeAt)
}

// Slice is the text from the byte offset start up to end.
func (t Text) Slice(start, end int) Text {
	var b Builder
	c := cursor{text: &t}
	c.skipTo(start)
	c.copyTo(&b, end)
	cut := b.Text()
	cut.Holes = t.holesIn(start, end)
	return cut
}

func (t Text) holesIn(start, end int) []string {
	if len(t.Holes) == 0 {
		return nil
	}
	first := strings.Count(t.SQL[:start], holeText)
	return t.Holes[first : first+strings.Count(t.SQL[start:end], holeText)]
}
