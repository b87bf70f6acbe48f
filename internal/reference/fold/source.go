package fold

import (
	"bytes"
	"fmt"
	"io/fs"
	"strings"
	"unicode/utf8"

	"github.com/headgate/headgate/internal/reference"
	"github.com/headgate/headgate/internal/syntax"
)

// largestFile is the most of a file that is read, in bytes. Real files that hold more are generated tables.
const largestFile = 8 << 20

// Source is a file of code.
type Source struct {
	Path  string
	Text  []byte
	lines *syntax.Lines
}

// Load reads a file. The error says what is wrong in words that make sense as the reason for an unchecked reference.
func Load(fsys fs.FS, path string) (*Source, error) {
	text, err := fs.ReadFile(fsys, path)
	if err != nil {
		return nil, fmt.Errorf("the file cannot be read: %w", err)
	}
	if len(text) > largestFile {
		return nil, fmt.Errorf("the file has more than %d MiB", largestFile>>20)
	}
	return &Source{Path: path, Text: text, lines: syntax.NewLines(text)}, nil
}

// Place is where something stands in a file: byte offsets, the end exclusive.
type Place struct {
	In         *Source
	Start, End int
}

// Position is where the place begins.
func (p Place) Position() reference.Position {
	line, column := p.In.lines.Position(p.Start)
	return reference.Position{File: p.In.Path, Line: line, Column: column}
}

// Width is how many columns the place takes on its first line.
func (p Place) Width() int {
	text := p.In.Text[p.Start:p.End]
	if i := bytes.IndexByte(text, '\n'); i >= 0 {
		text = text[:i]
	}
	return utf8.RuneCount(text)
}

// Excerpt is what stands there on one line, cut where it is long.
func (p Place) Excerpt() string {
	const most = 40
	text := strings.Join(strings.Fields(strings.ToValidUTF8(string(p.In.Text[p.Start:p.End]), "\ufffd")), " ")
	if runes := []rune(text); len(runes) > most {
		text = string(runes[:most]) + "…"
	}
	return text
}

const reasonNUL = "the text has a NUL character, which the server refuses"

// appendText appends a literal's value, each rune of it mapped to where it stands.
func (s *Source) appendText(b *reference.Builder, text syntax.Text) {
	for piece := range text.Pieces() {
		place := Place{s, piece.Start, piece.End}
		at, width := place.Position(), place.Width()
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
