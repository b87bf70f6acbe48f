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

	"github.com/headgate/headgate/internal/reference/fold"
	"github.com/headgate/headgate/internal/syntax"
)

// source is one parsed file.
type source struct {
	*fold.Source
	file *token.File
	ast  *ast.File
	// imports are the import paths by the name that the file gives them; named[""] is unused.
	// An import without a name stands under the last element of its path.
	imports map[string]string
	// database says that the file imports a library that talks to databases.
	database bool
}

// parse parses a file. The error is the parser's first, with its place.
func parse(text *fold.Source) (*source, *scanner.Error) {
	fset := token.NewFileSet()
	// Comments and object resolution are not needed, and skipping them saves a third of the time.
	tree, err := parser.ParseFile(fset, text.Path, text.Text, parser.SkipObjectResolution)
	if err != nil {
		first := &scanner.Error{Msg: err.Error()}
		if list := (scanner.ErrorList)(nil); errors.As(err, &list) && len(list) > 0 {
			first = list[0]
		}
		return nil, first
	}
	s := &source{Source: text, ast: tree, file: fset.File(tree.FileStart), imports: map[string]string{}}
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

// at is where a node stands. //line directives are of no interest: the file is what is shown.
func (s *source) at(n ast.Node) fold.Place {
	return fold.Place{In: s.Source, Start: s.file.Offset(n.Pos()), End: s.file.Offset(n.End())}
}

// literal is the value of a string literal.
func (s *source) literal(lit *ast.BasicLit) syntax.Text {
	start := s.file.Offset(lit.Pos()) + 1
	if len(lit.Value) < 2 {
		return syntax.Text{}
	}
	body := lit.Value[1 : len(lit.Value)-1]
	var b syntax.TextBuilder
	switch {
	case lit.Value[0] == '`':
		// The parser has taken the carriage returns out of the value (language specification, "String
		// literals"); in the file they are characters.
		raw, _, _ := bytes.Cut(s.Text[start:], []byte{'`'})
		for line := range bytes.SplitSeq(raw, []byte{'\r'}) {
			b.Copy(string(line), start)
			start += len(line) + 1
		}
	case strings.Contains(body, `\`):
		interpret(&b, body, start)
	default:
		return syntax.Copied(body, start)
	}
	return b.Text()
}

// interpret appends the value of what stands between double quotes.
func interpret(b *syntax.TextBuilder, body string, start int) {
	for body != "" {
		plain := strings.IndexByte(body, '\\')
		if plain < 0 {
			plain = len(body)
		}
		b.Copy(body[:plain], start)
		if start += plain; plain == len(body) {
			return
		}
		value, rest := unescape(body[plain:])
		end := start + len(body) - plain - len(rest)
		b.Replace(value, start, end)
		body, start = rest, end
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
