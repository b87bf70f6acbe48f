package syntax

import (
	"fmt"
	"slices"
	"testing"
)

// build makes the value of the literal that stands in `x = "aé\n` + `\` + newline + `b{{c"` from its offset 5 on.
func build() Text {
	var b TextBuilder
	b.Copy("aé", 5)        // 5, 6 to 7
	b.Replace("\n", 8, 10) // \n
	b.Replace("", 10, 12)  // a continued line
	b.Copy("b", 12)
	b.Copy("", 13)
	b.Replace("{", 13, 15)
	b.Copy("c", 15)
	b.Copy("d", 16)
	return b.Text()
}

func TestTextOffset(t *testing.T) {
	text := build()
	if text.Value != "aé\nb{cd" {
		t.Fatalf("the value is %q", text.Value)
	}
	for i, want := range []int{5, 6, 7, 8, 12, 13, 15, 16, 17, 17} {
		if got := text.Offset(i); got != want {
			t.Errorf("Offset(%d) = %d, want %d", i, got, want)
		}
	}
	for n, want := range []int{5, 6, 8, 12, 13, 15, 16, 17, 17} {
		if got := text.RuneOffset(n); got != want {
			t.Errorf("RuneOffset(%d) = %d, want %d", n, got, want)
		}
	}
	if got := text.Offset(-1); got != 5 {
		t.Errorf("Offset(-1) = %d, want that of the first byte", got)
	}
	plain := Copied("abc", 7)
	for i, want := range map[int]int{-1: 7, 0: 7, 2: 9, 3: 10, 9: 10} {
		if got := plain.Offset(i); got != want {
			t.Errorf("Offset(%d) of a copied text = %d, want %d", i, got, want)
		}
	}
}

func TestTextPieces(t *testing.T) {
	list := func(text Text) []string {
		var out []string
		for p := range text.Pieces() {
			out = append(out, fmt.Sprintf("%q %d-%d %t", p.Value, p.Start, p.End, p.Fixed))
		}
		return out
	}
	want := []string{`"aé" 5-8 false`, `"\n" 8-10 true`, `"" 10-12 true`, `"b" 12-13 false`, `"{" 13-15 true`, `"cd" 15-17 false`}
	if got := list(build()); !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	var b TextBuilder
	b.Append(build())
	b.Append(Copied("e", 17)) // goes on where the text ends
	b.Append(Copied("f", 30))
	want[5] = `"cde" 15-18 false`
	if got := list(b.Text()); !slices.Equal(got, append(want, `"f" 30-31 false`)) {
		t.Errorf("joined: %q", got)
	}
	for range build().Pieces() {
		break // an early end is allowed
	}
	if got := list(Text{}); got != nil {
		t.Errorf("the zero text has the pieces %q", got)
	}
}

func TestLines(t *testing.T) {
	text := "\ufeffab\né\xffx\r\n\n\rz"
	lines := NewLines([]byte(text))
	tests := []struct{ offset, line, column int }{
		{-1, 1, 1},
		{0, 1, 1},
		{3, 1, 1},    // a
		{4, 1, 2},    // b
		{5, 1, 3},    // its line end
		{6, 2, 1},    // é
		{8, 2, 2},    // a byte that is no rune
		{9, 2, 3},    // x
		{10, 2, 4},   // \r
		{12, 3, 1},   // an empty line
		{13, 4, 1},   // a lone \r ends no line
		{14, 4, 2},   // z
		{15, 4, 3},   // the end
		{1000, 4, 3}, // behind it
	}
	for _, test := range tests {
		if line, column := lines.Position(test.offset); line != test.line || column != test.column {
			t.Errorf("the byte %d is at %d:%d, want %d:%d", test.offset, line, column, test.line, test.column)
		}
	}
	if got := lines.Count(); got != 4 {
		t.Errorf("%d lines, want 4", got)
	}
	if got := lines.Width(6, 10); got != 3 {
		t.Errorf("é, a byte and x are %d wide, want 3", got)
	}
	if got := NewLines(nil).Count(); got != 1 {
		t.Errorf("an empty file has %d lines, want 1", got)
	}
}

func TestCursor(t *testing.T) {
	c := Cursor{Text: "ab12 x\r\ny\rz\n"}
	letters := SetOf("_").Or('a', 'z')
	c.SkipIn(letters)
	if c.At != 2 || c.Peek(0) != '1' || c.Peek(-1) != 'b' || c.Peek(100) != 0 {
		t.Errorf("behind the letters: at %d", c.At)
	}
	c.SkipNotIn(letters)
	if c.At != 5 || c.LineEnd() != 0 {
		t.Errorf("before the letters: at %d", c.At)
	}
	var ends []int
	for c.SkipLine(); !c.End(); c.SkipLine() {
		ends = append(ends, c.At, c.LineEnd())
		c.Skip(c.LineEnd())
	}
	if want := []int{6, 2, 9, 1, 11, 1}; !slices.Equal(ends, want) {
		t.Errorf("line ends %v, want %v", ends, want)
	}
	if c.Skip(5); c.At != len(c.Text) || c.Rest() != "" || c.Peek(0) != 0 {
		t.Errorf("behind the end: at %d", c.At)
	}
	if letters['-'] || !letters['_'] || !letters['q'] {
		t.Error("the set has other bytes")
	}
}

func TestDigits(t *testing.T) {
	tests := []struct {
		text   string
		base   rune
		most   int
		value  rune
		length int
	}{
		{"41z", 16, 2, 0x41, 2},
		{"fFfF", 16, 3, 0xfff, 3},
		{"1018", 8, 3, 65, 3},
		{"18", 8, 3, 1, 1},
		{"9", 8, 3, 0, 0},
		{"", 16, 4, 0, 0},
		{"g", 16, 4, 0, 0},
	}
	for _, test := range tests {
		if value, length := Digits(test.text, test.base, test.most); value != test.value || length != test.length {
			t.Errorf("%q in base %d: %d in %d digits, want %d in %d", test.text, test.base, value, length, test.value, test.length)
		}
	}
}
