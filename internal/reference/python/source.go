package python

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"github.com/headgate/headgate/internal/reference"
	"github.com/headgate/headgate/internal/syntax"
	py "github.com/headgate/headgate/internal/syntax/python"
)

// source is one parsed file.
type source struct {
	path  string
	text  []byte
	lines *syntax.Lines
	tree  *py.Module
}

func parse(path string, text []byte) *source {
	return &source{path: path, text: text, lines: syntax.NewLines(text), tree: py.Parse(text)}
}

// position is where the byte offset stands.
func (s *source) position(offset int) reference.Position {
	line, column := s.lines.Position(offset)
	return reference.Position{File: s.path, Line: line, Column: column}
}

// width is how many columns the span takes on its first line.
func (s *source) width(span py.Span) int {
	text := s.text[span.Start:span.End]
	if i := bytes.IndexByte(text, '\n'); i >= 0 {
		text = text[:i]
	}
	return utf8.RuneCount(text)
}

// excerpt is the source of a node on one line, cut where it is long.
func (s *source) excerpt(n py.Node) string {
	const most = 40
	span := n.Range()
	text := strings.Join(strings.Fields(strings.ToValidUTF8(string(s.text[span.Start:span.End]), "\ufffd")), " ")
	if runes := []rune(text); len(runes) > most {
		text = string(runes[:most]) + "…"
	}
	return text
}

const reasonNUL = "the text has a NUL character, which the server refuses"

// appendText appends a literal's value, each rune of it mapped to where it stands.
func (s *source) appendText(b *reference.Builder, text syntax.Text) {
	for piece := range text.Pieces() {
		at := s.position(piece.Start)
		width := s.width(py.Span{Start: piece.Start, End: piece.End})
		for {
			plain, rest, nul := strings.Cut(piece.Value, string(reference.Hole))
			if piece.Fixed {
				b.Replace(plain, at, width)
			} else {
				at = b.Copy(plain, at)
			}
			if !nul {
				break
			}
			b.Hole(reasonNUL, at, max(width, 1))
			if !piece.Fixed {
				at.Column++
			}
			piece.Value = rest
		}
	}
}
