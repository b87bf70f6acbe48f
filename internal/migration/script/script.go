// Package script runs migrations that are SQL text: in the messages in which their tool sends them, inside or outside of a
// transaction, so that the server does with them what it does for the tool.
package script

import (
	"cmp"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/headgate/headgate/internal/migration"
	"github.com/headgate/headgate/internal/sqltext"
)

// Message is SQL that a tool sends at once. Several statements in one message run in one transaction, unless they say
// otherwise themselves (PostgreSQL manual, section 55.2.2.1 "Multiple Statements in a Simple Query").
type Message struct {
	SQL string
	// File is where SQL is from, where that is another file than the script's own.
	File string
	// Lines are the file's lines, from 1, of each line of SQL; 0 where a line is in no file. Indent is how many runes of the
	// file's line stand before the first one of SQL.
	Lines  []int
	Indent int
	// Pieces are set instead of File, Lines and Indent where a tool puts the SQL together out of several places.
	Pieces []migration.Piece
	// Copies says that SQL is one COPY … FROM STDIN and that the tool sends Rows after it.
	Copies bool
	Rows   string
	// Passes tells of a refusal of the server that whoever runs such files lives with: the script goes on behind it. It is not
	// asked inside of a transaction, which the refusal ends. It can be nil.
	Passes func(refused *pgconn.PgError) bool
}

// Script is one migration, one way.
type Script struct {
	// File is what the messages are from, by its path from the repository's top.
	File     string
	Messages []Message
	// Transaction says that the tool puts one transaction around all messages, and what stands Before and After them.
	Transaction bool
	// Closes says that what comes After ends a transaction that the file leaves open, as a COMMIT of the tool's own does.
	Closes bool
	// Pipeline says that the tool sends all messages and what comes After through the extended protocol with one Sync, which is
	// one transaction unless a statement says otherwise (manual, section 55.2.4 "Pipelining"). Before comes ahead of it.
	Pipeline bool
	// Before and After are what the tool sends itself, on its version table.
	Before, After []Own
}

// Own is a statement of a tool's own, with its parameters.
type Own struct {
	SQL  string
	Args []any
}

// Whole makes one message of all statements in text[start:end], where text is a file's; none where there are no statements. A
// comment at the end that nothing ends is a part of it: the server refuses it.
func Whole(text string, start, end int) []Message {
	whole := sqltext.Span{Start: -1}
	for span := range sqltext.Statements(text[start:end]) {
		if whole.Start < 0 {
			whole.Start = span.Start
		}
		whole.End = span.End
	}
	if open := openComment(text[start:end], whole.End); open >= 0 {
		if whole.Start < 0 {
			whole.Start = open
		}
		whole.End = end - start
	}
	if whole.Start < 0 {
		return nil
	}
	at := newLocator(text)
	return []Message{at.message(start+withMark(text[start:end], whole.Start), start+whole.End)}
}

// openComment is where a comment without an end begins, behind the last statement; -1 where there is none.
func openComment(text string, behind int) int {
	scan := sqltext.NewScanner(text[behind:])
	for t := scan.Next(); t.Kind != sqltext.EOF; t = scan.Next() {
		if t.Kind == sqltext.Comment && t.Unterminated {
			return behind + t.Start
		}
	}
	return -1
}

// Statements makes a message of each statement in text[start:end], where text is a file's.
func Statements(text string, start, end int) []Message {
	var messages []Message
	at := newLocator(text)
	for span := range sqltext.Statements(text[start:end]) {
		if len(messages) == 0 {
			span.Start = withMark(text[start:end], span.Start)
		}
		messages = append(messages, at.message(start+span.Start, start+span.End))
	}
	return messages
}

// withMark is where the first message begins: psql passes over a byte order mark, and the server refuses one. A format whose
// tool does as psql cuts it off.
func withMark(text string, start int) int {
	if strings.HasPrefix(text, "\ufeff") {
		return 0
	}
	return start
}

// locator cuts messages out of a file, front to back.
type locator struct {
	text  string
	lines *Lines
}

func newLocator(text string) *locator { return &locator{text: text, lines: NewLines(text)} }

func (l *locator) message(start, end int) Message {
	m := Message{SQL: l.text[start:end]}
	line, indent := l.lines.At(start)
	m.Indent = indent
	for i := range strings.Count(m.SQL, "\n") + 1 {
		m.Lines = append(m.Lines, line+i)
	}
	return m
}

// statement is the message as one.
func (m Message) statement() migration.Statement {
	return migration.Statement{SQL: m.SQL, File: m.File, Lines: m.Lines, Indent: m.Indent, Pieces: m.Pieces}
}

// statements are those of the message.
func (m Message) statements() []migration.Statement {
	var statements []migration.Statement
	lines := NewLines(m.SQL)
	for span := range sqltext.Statements(m.SQL) {
		line, indent := lines.At(span.Start)
		line--
		s := migration.Statement{SQL: m.SQL[span.Start:span.End], File: m.File, Indent: indent}
		if s.Pieces = piecesOf(m.SQL, m.Pieces, span.Start, span.End); s.Pieces != nil {
			s.Indent = 0
			statements = append(statements, s)
			continue
		}
		if line == 0 {
			s.Indent += m.Indent
		}
		last := min(line+strings.Count(s.SQL, "\n")+1, len(m.Lines))
		s.Lines = m.Lines[min(line, last):last]
		statements = append(statements, s)
	}
	return statements
}

// Part is the message of SQL[start:end], of one that has Pieces.
func (m Message) Part(start, end int) Message {
	return Message{SQL: m.SQL[start:end], Pieces: piecesOf(m.SQL, m.Pieces, start, end)}
}

// piecesOf are the pieces of sql[start:end], counted from there; none where sql has none.
func piecesOf(sql string, pieces []migration.Piece, start, end int) []migration.Piece {
	if len(pieces) == 0 {
		return nil
	}
	first := migration.Piece{Literal: true}
	at := migration.Statement{SQL: sql, Pieces: pieces}
	first.File, first.Line, first.Column = at.Place(start)
	next, exact := slices.BinarySearchFunc(pieces, start, func(p migration.Piece, at int) int { return cmp.Compare(p.Offset, at) })
	if exact {
		next++
	}
	first.Literal = next > 0 && pieces[next-1].Literal
	cut := []migration.Piece{first}
	for ; next < len(pieces) && pieces[next].Offset < end; next++ {
		p := pieces[next]
		p.Offset -= start
		cut = append(cut, p)
	}
	return cut
}

// awaitsData tells whether a statement would have the server wait for rows from the client, which no tool sends.
func awaitsData(sql string) bool {
	scan := sqltext.NewScanner(sql)
	depth, first, from := 0, true, false
	for t := scan.Next(); t.Kind != sqltext.EOF; t = scan.Next() {
		word := sql[t.Start:t.End]
		switch {
		case t.Kind == sqltext.Comment:
			continue
		case first && !strings.EqualFold(word, "copy"):
			return false
		case word == "(":
			depth++
		case word == ")":
			depth--
		case depth == 0 && from:
			return strings.EqualFold(word, "stdin")
		case depth == 0 && strings.EqualFold(word, "from"):
			from = true
		}
		first = false
	}
	return false
}

// NeedsNoTransaction tells whether one of the statements is one that PostgreSQL refuses inside of a transaction (PostgreSQL
// manual: CREATE INDEX CONCURRENTLY, VACUUM, … "cannot be executed inside a transaction block"), or one that begins a
// transaction itself.
func NeedsNoTransaction(messages []Message) bool {
	for _, m := range messages {
		for _, s := range m.statements() {
			if refusesTransaction(s.SQL) {
				return true
			}
		}
	}
	return false
}

func refusesTransaction(sql string) bool {
	var words []string
	scan := sqltext.NewScanner(sql)
	for t := scan.Next(); t.Kind != sqltext.EOF && len(words) < 6; t = scan.Next() {
		if t.Kind == sqltext.Comment {
			continue
		}
		words = append(words, strings.ToLower(sql[t.Start:t.End]))
		if words[len(words)-1] == "concurrently" {
			return words[0] == "create" || words[0] == "drop" || words[0] == "reindex" || words[0] == "alter"
		}
	}
	two := strings.Join(words[:min(2, len(words))], " ")
	switch two {
	case "start transaction", "create database", "drop database", "create tablespace", "drop tablespace", "alter system", "reindex database", "reindex system":
		return true
	}
	return words[0] == "vacuum" || words[0] == "begin"
}
