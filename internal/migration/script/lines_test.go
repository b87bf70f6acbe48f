package script_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/headgate/headgate/internal/migration/script"
)

// FuzzLines holds places that are asked for in any order against what counting from the beginning gives.
func FuzzLines(f *testing.F) {
	f.Add("é\nab\r\n\nü;", []byte{3, 9, 1, 0, 5, 5, 2})
	f.Add("ab€cd", []byte{4, 1, 7})
	f.Fuzz(func(t *testing.T, text string, asked []byte) {
		if !utf8.ValidString(text) {
			return
		}
		lines := script.NewLines(text)
		for _, n := range asked {
			at := int(n) % (len(text) + 1)
			for at < len(text) && !utf8.RuneStart(text[at]) {
				at++
			}
			before := text[:at]
			wantLine := strings.Count(before, "\n") + 1
			wantIndent := utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:])
			if line, indent := lines.At(at); line != wantLine || indent != wantIndent {
				t.Fatalf("byte %d of %q is at %d:%d, and %d:%d was wanted", at, text, line, indent, wantLine, wantIndent)
			}
		}
	})
}

// BenchmarkOneLine is a text of very many statements on one line: twice as many must take twice as long.
func BenchmarkOneLine(b *testing.B) {
	for _, n := range []int{100_000, 200_000} {
		text := strings.Repeat("SELECT 1;", n)
		b.Run(strings.Repeat("I", n/100_000), func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				if got := script.Statements(text, 0, len(text)); len(got) != n {
					b.Fatal(len(got))
				}
			}
		})
	}
}
