package alembic

import (
	"context"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"github.com/headgate/headgate/internal/migration"
	"github.com/headgate/headgate/internal/sqltext"
)

// operations do what a migration says to the database.
type operations struct {
	ctx         context.Context
	conn        *pgx.Conn
	interp      *interp
	location    location
	aliases     map[string]string
	conventions map[string]string
	// enums are those that tables brought along, in any migration of this run: alembic makes each only once.
	enums map[string]bool
	// creatingAll says that create_all runs, which looks what is there already.
	creatingAll bool
	// extensions are those that the application's code makes.
	extensions []string
	// called is where a migration calls create_all, which is where it makes all that the models say; the zero place outside of it.
	called place

	file       string
	statements []migration.Statement
	skipped    []migration.Skipped
}

func (o *operations) skip(at place, reason string) {
	o.skipped = append(o.skipped, migration.Skipped{File: o.file, Line: at.line, Reason: reason})
}

// run sends a statement that changes the schema.
func (o *operations) run(f *frame, s migration.Statement) error {
	at := place{}
	at.line, at.column = s.Position(0)
	verb, _, _ := strings.Cut(s.SQL, "\n")
	if err := o.mayChange(f, at, verb); err != nil {
		return err
	}
	o.statements = append(o.statements, o.called.moved(s))
	if _, err := o.conn.Exec(o.ctx, s.SQL, pgx.QueryExecModeSimpleProtocol); err != nil {
		refused := s.Refused(o.file, err)
		if o.creatingAll {
			refused.Problem = strings.Replace(refused.Problem, "the migration fails", "what the model says fails", 1)
		}
		return refused
	}
	return nil
}

// moved is a statement of another file, as one of the place that calls for it.
func (p place) moved(s migration.Statement) migration.Statement {
	if p == (place{}) {
		return s
	}
	at := new(ddl)
	for range strings.Count(s.SQL, "\n") + 1 {
		at.at = append(at.at, p)
	}
	at.lines = []string{s.SQL}
	return at.statement()
}

// dataVerbs begin the statements that are on data.
var dataVerbs = names("insert update delete merge copy truncate vacuum analyze explain table values")

// text is the SQL of what is executed; ok is false where it is an expression on tables.
func (o *operations) text(f *frame, v value) (s str, ok bool, why string) {
	switch v := v.(type) {
	case str:
		return unescape(v), true, ""
	case *runtime:
		if v.known != "" {
			return text(v.known), true, v.why
		}
	case ref:
		if found, ok := f.resolve(v); ok {
			return o.text(f, found)
		}
	case *object:
		if v.recv == nil && (lastPart(v.path) == "text" || lastPart(v.path) == "DDL") && len(v.args) > 0 {
			s, ok, why := o.text(f, v.args[0])
			if ok && lastPart(v.path) == "DDL" {
				s = s.with(strings.ReplaceAll(s.s, "%%", "%"))
			}
			return s, ok, why
		}
		if v.recv != nil && isOneOf(v.path, ".bindparams", ".params", ".execution_options", ".columns") {
			return o.text(f, v.recv)
		}
	}
	return str{}, false, ""
}

// execute runs op.execute and its kin.
func (o *operations) execute(f *frame, v value, a *arguments) error {
	s, ok, why := o.text(f, v)
	if !ok {
		return o.executeObject(f, v, a)
	}
	for span := range sqltext.Statements(s.s) {
		statement := part(s, span, a.at)
		at := place{}
		at.line, at.column = statement.Position(0)
		verb := firstWord(statement.SQL)
		switch {
		case dataVerbs[verb] || verb == "with":
			o.skip(at, strings.ToUpper(verb))
		case why != "":
			return f.failAt(a.at, "the statement %q hangs on what only a run can tell: %s", firstLine(statement.SQL), why)
		case verb == "select" && f.dataOnly != "":
			o.skip(at, "SELECT")
		default:
			if err := o.run(f, statement); err != nil {
				return err
			}
		}
	}
	return nil
}

func firstWord(sql string) string {
	scan := sqltext.NewScanner(sql)
	for t := scan.Next(); t.Kind != sqltext.EOF; t = scan.Next() {
		if t.Kind == sqltext.Identifier {
			return strings.ToLower(sql[t.Start:t.End])
		}
		if sql[t.Start:t.End] != "(" {
			break
		}
	}
	return ""
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	return line
}

// part is one statement of a string, with its lines.
func part(s str, span sqltext.Span, at place) migration.Statement {
	statement := migration.Statement{SQL: s.s[span.Start:span.End]}
	first := strings.Count(s.s[:span.Start], "\n")
	indent := utf8.RuneCountInString(s.s[strings.LastIndexByte(s.s[:span.Start], '\n')+1 : span.Start])
	if first == 0 {
		indent += s.indent
	}
	for i := range strings.Count(statement.SQL, "\n") + 1 {
		line := s.lineAt(first + i)
		if line == 0 {
			line = at.line
		}
		statement.Lines = append(statement.Lines, line)
		statement.Columns = append(statement.Columns, 0)
	}
	switch {
	case s.copied:
		statement.Columns, statement.Indent = nil, indent
	case s.lineAt(first) == 0:
		statement.Columns[0] = at.column
	case first == 0:
		statement.Columns[0] = s.indent + 1
	}
	return statement
}

// dataMethods are SQLAlchemy's statements on data, by the function or the method that makes them.
var dataMethods = names("insert update delete select values on_conflict_do_nothing on_conflict_do_update returning where from_select filter filter_by " +
	"order_by limit union union_all exists join outerjoin select_from group_by options scalar_subquery subquery with_for_update distinct offset having query")

// executeObject runs what SQLAlchemy's constructs stand for.
func (o *operations) executeObject(f *frame, v value, a *arguments) error {
	made, ok := v.(*object)
	if !ok {
		if f.dataOnly != "" {
			return f.failAt(a.at, "what is executed here hangs on what only a run can tell: %s", f.dataOnly)
		}
		return f.failAt(a.at, "what is executed here cannot be read: %s", describe(v))
	}
	for at := made; at != nil; {
		if dataMethods[strings.TrimPrefix(lastPart(at.path), ".")] {
			o.skip(a.at, strings.ToUpper(strings.TrimPrefix(lastPart(made.path), ".")))
			return nil
		}
		next, isObject := at.recv.(*object)
		if !isObject {
			break
		}
		at = next
	}
	if made.recv == nil && len(made.args) > 0 {
		b := &arguments{args: made.args[1:], kwargs: made.kwargs, node: a.node, at: a.at}
		switch lastPart(made.path) {
		case "CreateSequence":
			return o.sequence(f, made.args[0], "create", b)
		case "DropSequence":
			return o.sequence(f, made.args[0], "drop", b)
		case "CreateTable":
			return o.tableMethod(f, made.args[0], "create", b)
		case "DropTable":
			return o.tableMethod(f, made.args[0], "drop", b)
		case "CreateSchema", "DropSchema":
			return o.schema(f, made, a)
		}
	}
	return f.failAt(a.at, "what is executed here cannot be read: %s", describe(v))
}

func (o *operations) schema(f *frame, made *object, a *arguments) error {
	s, ok := made.args[0].(str)
	if !ok {
		return f.failAt(a.at, "the schema's name cannot be read")
	}
	sql := "CREATE SCHEMA "
	if lastPart(made.path) == "DropSchema" {
		sql = "DROP SCHEMA "
	}
	if is, _ := truth(made.kwargs["if_not_exists"]); is {
		sql += "IF NOT EXISTS "
	}
	if is, _ := truth(made.kwargs["if_exists"]); is {
		sql += "IF EXISTS "
	}
	sql += quote(s.s)
	if is, _ := truth(made.kwargs["cascade"]); is {
		sql += " CASCADE"
	}
	return o.run(f, line(a.at, sql).statement())
}

// autocommit leaves the transaction for a block.
func (o *operations) autocommit(f *frame, at place) (exit func() error, err error) {
	send := func(sql string) error {
		_, err := o.conn.Exec(o.ctx, sql, pgx.QueryExecModeSimpleProtocol)
		if err != nil {
			return line(at, sql).statement().Refused(f.mod.file, err)
		}
		return nil
	}
	return func() error { return send("BEGIN") }, send("COMMIT")
}

// handle tells an object that SQL can be executed on: the connection, a session on it, alembic's context.
func handle(v value) bool {
	o, ok := root(v).(*object)
	if !ok {
		return false
	}
	return isOneOf(o.path, "alembic.op.get_bind", "alembic.op.get_context") || isOneOf(lastPart(o.path), "Session", "sessionmaker", "scoped_session", "AsyncSession", "Connection")
}

// catalogOnly are queries that ask for nothing but the catalog, whose answer is that of the database being built.
var catalogOnly = regexp.MustCompile(`(?is)^\s*select\b.*\bfrom\s+"?(information_schema\s*\.|pg_catalog\s*\.|pg_)`)

var tableClause = regexp.MustCompile(`(?i)\b(?:from|join)\s+([\w.]+)`)

// aboutSession are queries on the connection, whose answer is the same for a database that is in use, but for its name.
var aboutSession = regexp.MustCompile(`(?i)^\s*(show\s+(server_version|server_version_num|search_path)|select\s+(current_schema(\s*\(\s*\))?|current_database\s*\(\s*\)|version\s*\(\s*\)|1))\s*;?\s*$`)

func asksCatalog(sql string) bool {
	if aboutSession.MatchString(sql) {
		return true
	}
	if !catalogOnly.MatchString(sql) && !strings.Contains(strings.ToLower(sql), "to_reg") {
		return false
	}
	for _, m := range tableClause.FindAllStringSubmatch(sql, -1) {
		if !hasPrefix(strings.ToLower(m[1]), "pg_", "information_schema.") {
			return false
		}
	}
	return true
}
