package golang

import (
	"bytes"
	"errors"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/headgate/headgate/internal/reference"
)

// source is one parsed file.
type source struct {
	path string
	text []byte
	file *token.File
	ast  *ast.File
	// imports are the import paths by the name that the file gives them; named[""] is unused.
	// An import without a name stands under the last element of its path.
	imports map[string]string
	// database says that the file imports a library that talks to databases.
	database bool
}

// parse parses a file. The error is the parser's first, with its place.
func parse(path string, text []byte) (*source, *scanner.Error) {
	fset := token.NewFileSet()
	// Comments and object resolution are not needed, and skipping them saves a third of the time.
	tree, err := parser.ParseFile(fset, path, text, parser.SkipObjectResolution)
	if err != nil {
		first := &scanner.Error{Msg: err.Error()}
		if list := (scanner.ErrorList)(nil); errors.As(err, &list) && len(list) > 0 {
			first = list[0]
		}
		return nil, first
	}
	s := &source{path: path, text: text, ast: tree, file: fset.File(tree.FileStart), imports: map[string]string{}}
	for _, spec := range tree.Imports {
		to, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue
		}
		name := importName(to)
		if spec.Name != nil {
			name = spec.Name.Name
		}
		s.imports[name] = to
		s.database = s.database || isDatabaseLibrary(to)
	}
	return s, nil
}

// importName is the name that a package most likely has: the last element of its path without a
// major version, which is no part of the name.
func importName(path string) string {
	elements := strings.Split(path, "/")
	last := elements[len(elements)-1]
	if len(elements) > 1 && len(last) > 1 && last[0] == 'v' && strings.Trim(last[1:], "0123456789") == "" {
		last = elements[len(elements)-2]
	}
	last, _, _ = strings.Cut(last, ".v") // gopkg.in/yaml.v3
	return strings.TrimPrefix(last, "go-")
}

// position is where p stands. //line directives are of no interest: the file is what is shown.
func (s *source) position(p token.Pos) reference.Position {
	at := s.file.PositionFor(p, false)
	start := at.Offset - (at.Column - 1)
	return reference.Position{File: s.path, Line: at.Line, Column: 1 + utf8.RuneCount(s.text[start:at.Offset])}
}

func (s *source) offset(p token.Pos) int { return s.file.Offset(p) }

// excerpt is the source of a node on one line, cut where it is long.
func (s *source) excerpt(n ast.Node) string {
	const most = 40
	text := strings.Join(strings.Fields(string(s.text[s.offset(n.Pos()):s.offset(n.End())])), " ")
	if runes := []rune(text); len(runes) > most {
		text = string(runes[:most]) + "…"
	}
	return text
}

// width is how many runes wide the node is on its first line.
func (s *source) width(n ast.Node) int {
	text := s.text[s.offset(n.Pos()):s.offset(n.End())]
	if i := bytes.IndexByte(text, '\n'); i >= 0 {
		text = text[:i]
	}
	return utf8.RuneCount(text)
}

// appendLiteral appends the value of a string literal, each rune of it mapped to where it stands.
func (s *source) appendLiteral(b *reference.Builder, lit *ast.BasicLit) {
	if len(lit.Value) < 2 {
		return
	}
	at := s.position(lit.Pos() + 1)
	body := lit.Value[1 : len(lit.Value)-1]
	if lit.Value[0] != '`' {
		appendInterpreted(b, body, at)
		return
	}
	// The parser has taken the carriage returns out of the value (language specification, "String
	// literals"); in the file they are columns.
	raw := string(s.text[s.offset(lit.Pos())+1:])
	if end := strings.IndexByte(raw, '`'); end >= 0 {
		raw = raw[:end]
	}
	for {
		line, rest, found := strings.Cut(raw, "\r")
		at = b.Copy(line, at)
		if !found {
			return
		}
		at.Column++
		raw = rest
	}
}

const reasonNUL = "the text has a NUL character, which the server refuses"

// appendInterpreted appends the value of what stands between double quotes.
func appendInterpreted(b *reference.Builder, body string, at reference.Position) {
	for body != "" {
		plain := strings.IndexByte(body, '\\')
		if plain < 0 {
			plain = len(body)
		}
		at = b.Copy(body[:plain], at)
		body = body[plain:]
		if body == "" {
			return
		}
		value, rest := unescape(body)
		width := len(body) - len(rest)
		if strings.ContainsRune(value, reference.Hole) {
			b.Hole(reasonNUL, at, width)
		} else {
			b.Replace(value, at, width)
		}
		at.Column += width
		body = rest
	}
}

// unescape takes the escape sequence at the beginning of body. Byte escapes (\xc3\xa9) that follow
// each other are one piece, because together they may be one rune.
func unescape(body string) (value, rest string) {
	var out []byte
	for strings.HasPrefix(body, `\`) {
		r, multibyte, tail, err := strconv.UnquoteChar(body, '"')
		if err != nil {
			return string(out), "" // the parser has refused such a literal already
		}
		if r < utf8.RuneSelf || multibyte {
			if len(out) > 0 {
				break
			}
			return string(r), tail
		}
		out = append(out, byte(r))
		body = tail
	}
	return string(out), body
}
