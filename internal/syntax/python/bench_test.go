package python

import (
	"bytes"
	"os"
	"testing"
)

// sample is a file of models, as often as makes about a hundred kilobytes. BENCH_FILE names another one.
func sample(b *testing.B) []byte {
	b.Helper()
	if path := os.Getenv("BENCH_FILE"); path != "" {
		text, err := os.ReadFile(path)
		if err != nil {
			b.Fatal(err)
		}
		return text
	}
	text, err := os.ReadFile("testdata/models.py")
	if err != nil {
		b.Fatal(err)
	}
	return bytes.Repeat(text, 100_000/len(text))
}

func BenchmarkLex(b *testing.B) {
	text := string(sample(b))
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		for l := newLexer(text); l.next().kind != tokEOF; {
		}
	}
}

func BenchmarkParse(b *testing.B) {
	text := sample(b)
	if bad := Parse(text).Bad; len(bad) > 0 {
		b.Fatal(bad[0].Message)
	}
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		Parse(text)
	}
}
