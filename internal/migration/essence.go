package migration

import (
	"io/fs"
	"slices"
	"strings"

	"github.com/headgate/headgate/internal/sqltext"
)

// Essence is what a tool runs upwards from a file: the tokens, without what changes nothing in a database, such as
// comments, white space, and the way down.
type Essence []Token

// Token is a piece of it that cannot be divided, with its line in the file, from 1.
type Token struct {
	Text string
	Line int
}

// Same tells whether two files run the same.
func (e Essence) Same(other Essence) bool {
	return slices.EqualFunc(e, other, func(a, b Token) bool { return a.Text == b.Text })
}

// Departs is the line of e at which it begins to differ from an earlier one.
func (e Essence) Departs(earlier Essence) int {
	for i, t := range e {
		if i >= len(earlier) || earlier[i].Text != t.Text {
			return t.Line
		}
	}
	if len(e) == 0 {
		return 1
	}
	return e[len(e)-1].Line
}

// SQL is the essence of a script whose first line is the file's line of that number. What PostgreSQL takes as the same
// name is the same; a dollar-quoted string, which most often holds a function's body, is looked into.
func SQL(script string, line int) Essence {
	var e Essence
	counted := 0
	for span := range sqltext.Statements(script) {
		line += strings.Count(script[counted:span.Start], "\n")
		counted = span.Start
		e = appendTokens(e, script[span.Start:span.End], line)
		e = append(e, Token{";", e[len(e)-1].Line})
	}
	return e
}

// FileSQL is the essence of a revision whose whole file is SQL.
func FileSQL(fsys fs.FS, r Revision) (Essence, error) {
	text, err := fs.ReadFile(fsys, r.File)
	if err != nil {
		return nil, err
	}
	return SQL(string(text), 1), nil
}

func appendTokens(e Essence, sql string, line int) Essence {
	scan := sqltext.NewScanner(sql)
	counted := 0
	for t := scan.Next(); t.Kind != sqltext.EOF; t = scan.Next() {
		line += strings.Count(sql[counted:t.Start], "\n")
		counted = t.Start
		text := sql[t.Start:t.End]
		switch {
		case t.Kind == sqltext.Comment:
			continue
		case t.Kind == sqltext.Identifier:
			text = sqltext.Unquote(text)
		case t.Kind == sqltext.String && text[0] == '$' && !t.Unterminated:
			tag := strings.IndexByte(text[1:], '$') + 2
			e = append(e, Token{"$$", line})
			e = appendTokens(e, text[tag:len(text)-tag], line)
			e = append(e, Token{"$$", line + strings.Count(text, "\n")})
			continue
		}
		e = append(e, Token{text, line})
	}
	return e
}
