package syntax

import "strings"

// Cursor walks over a file's bytes. A lexer embeds one.
type Cursor struct {
	Text string
	// At is the byte offset of the next byte.
	At int
}

// End says that nothing is left.
func (c *Cursor) End() bool { return c.At >= len(c.Text) }

// Peek is the byte n places on, 0 behind the end.
func (c *Cursor) Peek(n int) byte {
	if at := c.At + n; at < len(c.Text) {
		return c.Text[at]
	}
	return 0
}

// Rest is what is left.
func (c *Cursor) Rest() string { return c.Text[min(c.At, len(c.Text)):] }

// Skip moves on by at most n bytes.
func (c *Cursor) Skip(n int) { c.At = min(c.At+n, len(c.Text)) }

// SkipIn moves behind the bytes that are in the set.
func (c *Cursor) SkipIn(set *ByteSet) {
	for c.At < len(c.Text) && set[c.Text[c.At]] {
		c.At++
	}
}

// SkipNotIn moves to the next byte that is in the set, or to the end.
func (c *Cursor) SkipNotIn(set *ByteSet) {
	for c.At < len(c.Text) && !set[c.Text[c.At]] {
		c.At++
	}
}

// SkipLine moves to the next line end, which is not taken, or to the end.
func (c *Cursor) SkipLine() {
	if n := strings.IndexAny(c.Rest(), "\r\n"); n >= 0 {
		c.At += n
	} else {
		c.At = len(c.Text)
	}
}

// LineEnd is how long the line end at the cursor is: 2 for "\r\n", 1 for '\n' or a lone '\r', else 0.
func (c *Cursor) LineEnd() int {
	switch c.Peek(0) {
	case '\n':
		return 1
	case '\r':
		if c.Peek(1) == '\n' {
			return 2
		}
		return 1
	}
	return 0
}

// ByteSet is a set of bytes.
type ByteSet [256]bool

// SetOf is the set of the bytes of s.
func SetOf(s string) *ByteSet {
	set := new(ByteSet)
	for i := range len(s) {
		set[s[i]] = true
	}
	return set
}

// Or is the set with the bytes from first to last in addition.
func (set *ByteSet) Or(first, last byte) *ByteSet {
	more := *set
	for b := int(first); b <= int(last); b++ {
		more[b] = true
	}
	return &more
}

// Digits is the value of the digits at the beginning of s, at most n of them, in base 8 or 16, and how many there are.
func Digits(s string, base rune, n int) (value rune, length int) {
	for length < min(n, len(s)) {
		d := rune(-1)
		switch c := rune(s[length]); {
		case '0' <= c && c <= '9':
			d = c - '0'
		case 'a' <= c && c <= 'f':
			d = c - 'a' + 10
		case 'A' <= c && c <= 'F':
			d = c - 'A' + 10
		}
		if d < 0 || d >= base {
			break
		}
		value = value*base + d
		length++
	}
	return value, length
}
