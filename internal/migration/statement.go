package migration

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/headgate/headgate/internal/sqltext"
)

// Statement is one statement of a migration as it was sent to the server.
type Statement struct {
	SQL string
	// File is where it stands, where that is another file than the migration's own: one that the migration includes.
	File string
	// Lines are the file's lines, from 1, of each line of SQL; an element is 0 where the line is in no file.
	Lines []int
	// Indent is how many runes of the file's line stand before the first rune of SQL.
	Indent int
	// Columns are set where the file does not hold SQL letter for letter (it was compiled from something else): the
	// file's column, from 1, of what each line of SQL was made of; 0 is unknown.
	Columns []int
	// Pieces are set where the SQL was put together out of several places, as a template is. Then they say where it stands, and
	// not File, Lines, Indent and Columns.
	Pieces []Piece
}

// Piece is where SQL comes from, from a byte offset in it up to the next piece.
type Piece struct {
	Offset int
	File   string
	// Line and Column count from 1, the column in runes.
	Line, Column int
	// Literal says that the file holds the piece letter for letter. Otherwise the place is that of what stands for all of it.
	Literal bool
}

// Position leads from a byte offset in the statement to the file's line and column, both from 1, the column in runes.
func (s Statement) Position(offset int) (line, column int) {
	_, line, column = s.Place(offset)
	return line, column
}

// Place is the position with its file, which is empty where that is the migration's own.
func (s Statement) Place(offset int) (file string, line, column int) {
	if len(s.Pieces) > 0 {
		return s.pieced(offset)
	}
	line, column = s.lined(offset)
	return s.File, line, column
}

// pieced is the place by the pieces.
func (s Statement) pieced(offset int) (file string, line, column int) {
	offset = min(max(offset, 0), len(s.SQL))
	after, _ := slices.BinarySearchFunc(s.Pieces, offset+1, func(p Piece, at int) int { return cmp.Compare(p.Offset, at) })
	p := s.Pieces[max(after-1, 0)]
	if !p.Literal || offset < p.Offset {
		return p.File, p.Line, p.Column
	}
	between := s.SQL[p.Offset:offset]
	lines := strings.Count(between, "\n")
	if lines == 0 {
		return p.File, p.Line, p.Column + utf8.RuneCountInString(between)
	}
	return p.File, p.Line + lines, utf8.RuneCountInString(between[strings.LastIndexByte(between, '\n')+1:]) + 1
}

// lined is the position by the lines.
func (s Statement) lined(offset int) (line, column int) {
	before := s.SQL[:min(max(offset, 0), len(s.SQL))]
	n := strings.Count(before, "\n")
	if n >= len(s.Lines) {
		return 0, 0
	}
	if n < len(s.Columns) {
		return s.Lines[n], s.Columns[n]
	}
	column = utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:]) + 1
	if n == 0 {
		column += s.Indent
	}
	return s.Lines[n], column
}

// Refused makes the error of a statement that the server refused, at the place that the server names or else
// where the statement begins.
func (s Statement) Refused(file string, err error) *Error {
	e := &Error{Problem: "the migration fails: " + err.Error(), Err: err}
	s.put(e, file, 0)
	var refused *pgconn.PgError
	if !errors.As(err, &refused) {
		return e
	}
	e.SQLState = refused.Code
	e.Problem = fmt.Sprintf("the migration fails: %s (SQLSTATE %s)", refused.Message, refused.Code)
	if refused.Hint != "" {
		e.Problem += "; PostgreSQL's hint: " + refused.Hint
	}
	e.Remedy = s.remedy(refused)
	if refused.Position > 0 {
		// The server counts characters (manual, section 55.8, field P), Position bytes.
		s.put(e, file, runeOffset(s.SQL, int(refused.Position)-1))
	} else if at := s.firstNamed(refused.Message); at >= 0 {
		s.put(e, file, at)
	}
	return e
}

// put puts an error at a byte offset in the statement, which is in the given file unless it says otherwise.
func (s Statement) put(e *Error, file string, offset int) {
	e.File, e.Line, e.Column = s.Place(offset)
	e.File = cmp.Or(e.File, file)
}

// remedy is what to do about errors that come from the throwaway server and not from the migration.
func (s Statement) remedy(refused *pgconn.PgError) string {
	if advice := extensionRemedy(refused.Message); advice != "" {
		return advice
	}
	if refused.Code == "42601" && refused.Position > 0 && variable.MatchString(s.SQL[runeOffset(s.SQL, int(refused.Position)-1):]) {
		return "this looks like the variable of a template: give it a value with `placeholders`, as NAME=VALUE"
	}
	if refused.Code == "42704" && strings.HasPrefix(refused.Message, "role ") {
		return "if the platform brings it, make it in a SQL file that `setup` names"
	}
	return remedies[refused.Code]
}

// variable is what some tool puts a value in place of, at the beginning of a text.
var variable = regexp.MustCompile(`^(\$\{|\{\{?|\$\w+\$?)`)

// quoted are the names in a message of the server.
var quoted = regexp.MustCompile(`"([^"]+)"`)

// firstNamed is the byte offset of the first name of the message that the statement has, or -1. The server gives no
// position where it finds out while it runs a statement, as it does an ALTER TABLE.
func (s Statement) firstNamed(message string) int {
	for _, name := range quoted.FindAllStringSubmatch(message, -1) {
		scan := sqltext.NewScanner(s.SQL)
		for t := scan.Next(); t.Kind != sqltext.EOF; t = scan.Next() {
			isName := t.Kind == sqltext.Identifier || t.Kind == sqltext.QuotedIdentifier
			if isName && sqltext.Unquote(s.SQL[t.Start:t.End]) == name[1] {
				return t.Start
			}
		}
	}
	return -1
}

// remedies are by SQLSTATE.
var remedies = map[string]string{
	"42501": "migrations run as an ordinary owner role here; if this one needs a superuser, set `superuser: true`",
	"3F000": "if the platform brings the schema, make it in a SQL file that `setup` names",
}

func runeOffset(s string, runes int) int {
	for i := range s {
		if runes == 0 {
			return i
		}
		runes--
	}
	return len(s)
}

// Locator finds the statements that a tool sends in the file that they were cut from, front to back. It knows
// a tool's own statements (on its version table) by their not being there.
type Locator struct {
	lines []string
	next  int // index of the first line that no statement has used
}

// NewLocator returns a locator for the text of one migration.
func NewLocator(text string) *Locator {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = strings.TrimSuffix(lines[i], "\r")
	}
	return &Locator{lines: lines}
}

// Locate finds the next statement. It is false where the file does not hold it after the one before.
func (l *Locator) Locate(sql string) (Statement, bool) {
	wanted := strings.Split(sql, "\n")
	s := Statement{SQL: sql, Lines: make([]int, len(wanted))}
	at := l.next
	for i, line := range wanted {
		found := l.find(at, strings.TrimSpace(line))
		if found < 0 {
			return Statement{}, false
		}
		if i == 0 {
			text := l.lines[found]
			s.Indent = utf8.RuneCountInString(text[:len(text)-len(strings.TrimLeft(text, " \t\f\v"))])
		}
		s.Lines[i] = found + 1
		at = found + 1
	}
	l.next = at
	return s, true
}

func (l *Locator) find(from int, line string) int {
	for i := from; i < len(l.lines); i++ {
		if strings.TrimSpace(l.lines[i]) == line {
			return i
		}
	}
	return -1
}

// Recorder notes what a tool's library sends over a connection, for tools that do not tell. It is a pgx.QueryTracer.
type Recorder struct {
	locator    *Locator
	statements []Statement
	last       bool // the statement that is running is the last of statements
	failed     error
}

// Begin makes the recorder ready for the migration of the given text.
func (r *Recorder) Begin(text string) {
	*r = Recorder{locator: NewLocator(text)}
}

// Statements are those that ran since Begin, the failing one included.
func (r *Recorder) Statements() []Statement { return r.statements }

// Failed is the error of the last statement, if it is the migration's own and was refused.
func (r *Recorder) Failed() (Statement, error) {
	if r.failed == nil {
		return Statement{}, nil
	}
	return r.statements[len(r.statements)-1], r.failed
}

// TraceQueryStart notes a statement of the migration.
func (r *Recorder) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	r.last = false
	if r.locator == nil || len(data.Args) > 0 {
		return ctx // a migration's statements have no arguments
	}
	if s, ok := r.locator.Locate(data.SQL); ok {
		r.statements = append(r.statements, s)
		r.last = true
	}
	return ctx
}

// TraceQueryEnd notes whether it was refused.
func (r *Recorder) TraceQueryEnd(_ context.Context, _ *pgx.Conn, data pgx.TraceQueryEndData) {
	if r.last && data.Err != nil && r.failed == nil {
		r.failed = data.Err
	}
}
