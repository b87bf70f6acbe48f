package script_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/headgate/headgate/internal/migration"
	"github.com/headgate/headgate/internal/migration/script"
	"github.com/headgate/headgate/internal/postgres/postgrestest"
)

func whole(text string) script.Script {
	return script.Script{Messages: script.Whole(text, 0, len(text))}
}

func oneByOne(text string) script.Script {
	return script.Script{Messages: script.Statements(text, 0, len(text))}
}

func withRows(text string) script.Script {
	return script.Script{Messages: script.StatementsAndRows(text)}
}

func inTransaction(s script.Script) script.Script {
	s.Transaction = true
	return s
}

func pipelined(s script.Script) script.Script {
	s.Pipeline = true
	return s
}

func closed(s script.Script) script.Script {
	s.Closes = true
	s.After = append([]script.Own{{SQL: "COMMIT"}}, s.After...)
	return s
}

// marked notes in the table that every database here has, as tools do, before and after.
func marked(s script.Script) script.Script {
	s.Before = append(s.Before, script.Own{SQL: "INSERT INTO marks VALUES ($1)", Args: []any{"before"}})
	s.After = append(s.After, script.Own{SQL: "INSERT INTO marks VALUES ($1)", Args: []any{"after"}})
	return s
}

// passing lives with refusals of one SQLSTATE.
func passing(code string, s script.Script) script.Script {
	for i := range s.Messages {
		s.Messages[i].Passes = func(e *pgconn.PgError) bool { return e.Code == code }
	}
	return s
}

// TestRun: what the server has after a script, and what is said of one that fails. The file is f.sql.
func TestRun(t *testing.T) {
	config := postgrestest.Database(t, postgrestest.Start(t)).Config()
	for _, c := range []struct {
		name   string
		script script.Script
		// want are the tables and marks that are left. fails is the place and the SQLSTATE of the error; empty where there is none.
		want, fails string
	}{
		{"one message", whole("CREATE TABLE a ();\nCREATE TABLE b ();"), "a b", ""},
		{"one message is one transaction", whole("CREATE TABLE a ();\nCREATE TABLE b ();\nSELECT missing;"), "", "f.sql:3:8 42703"},
		{"what a message commits itself stays", whole("CREATE TABLE a ();\nCOMMIT;\nCREATE TABLE b ();\nSELECT missing"), "a", "f.sql:4:8 42703"},
		{"a transaction of the message's own", whole("BEGIN;\nCREATE TABLE a ();\nCOMMIT;\nCREATE TABLE b ();\nDROP TABLE missing"), "a", "f.sql:5:12 42P01"},
		{"a message leaves a transaction open", whole("\n BEGIN;\nCREATE TABLE a ();"), "", "f.sql:2:2 the migration leaves a transaction open"},
		{"one message without a transaction where it is needed", whole("CREATE TABLE a (n int);\nCREATE INDEX CONCURRENTLY i ON a (n);"), "", "f.sql:2:1 25001"},
		{"no statements", whole("-- nothing\n"), "", ""},

		{"one by one", oneByOne("CREATE TABLE a ();\nCREATE TABLE b ();\nSELECT missing;\nCREATE TABLE c ();"), "a b", "f.sql:3:8 42703"},
		{"one by one, outside of a transaction", oneByOne("CREATE TABLE a (n int);\nCREATE INDEX CONCURRENTLY i ON a (n);\n"), "a", ""},
		{"one by one, the file's own transaction", oneByOne("BEGIN;\nCREATE TABLE a ();\nSELECT missing;\nCOMMIT;"), "", "f.sql:3:8 42703"},
		{"one by one, left open", oneByOne("CREATE TABLE a ();\nBEGIN;\nCREATE TABLE b ();"), "a", "f.sql:2:1 the migration leaves a transaction open"},
		{"one by one, the tool closes", marked(closed(oneByOne("BEGIN;\nCREATE TABLE a ();"))), "a before after", ""},

		{"before and after", marked(oneByOne("CREATE TABLE a ();")), "a before after", ""},
		{"before stays where the script fails", marked(oneByOne("CREATE TABLE a ();\nSELECT missing")), "a before", "f.sql:2:8 42703"},
		{"in a transaction", marked(inTransaction(oneByOne("CREATE TABLE a ();\nCREATE TABLE b ();"))), "a b before after", ""},
		{"in a transaction, nothing stays", marked(inTransaction(oneByOne("CREATE TABLE a ();\nSELECT missing"))), "", "f.sql:2:8 42703"},
		{"in a transaction, what only runs outside of one", inTransaction(oneByOne("CREATE TABLE a (n int);\nCREATE INDEX CONCURRENTLY i ON a (n);")), "", "f.sql:2:1 25001"},

		{"pipeline", marked(pipelined(oneByOne("CREATE TABLE a ();\nCREATE TABLE b ();"))), "a b before after", ""},
		{"pipeline, one transaction", marked(pipelined(oneByOne("CREATE TABLE a ();\nSELECT missing;\nCREATE TABLE b ();"))), "before", "f.sql:2:8 42703"},
		{"pipeline, at its end", marked(pipelined(oneByOne("CREATE TABLE a (n int PRIMARY KEY);\nCREATE TABLE b (n int REFERENCES a DEFERRABLE INITIALLY DEFERRED);\nINSERT INTO b VALUES (1);"))),
			"before", "f.sql:3:13 23503"},
		{"pipeline, a transaction left open", pipelined(oneByOne("BEGIN;\nCREATE TABLE a ();")), "", "f.sql:1:1 the migration leaves a transaction open"},
		{"pipeline, a transaction of the file's own", pipelined(oneByOne("BEGIN;\nCREATE TABLE a ();\nCOMMIT;\nSELECT missing;")), "a", "f.sql:4:8 42703"},

		{"rows", withRows("CREATE TABLE a (n text);\nCOPY a FROM stdin;\nx\n;y\n\\.\nINSERT INTO marks SELECT n FROM a;"), "a x ;y", ""},
		{"rows up to the end", withRows("COPY marks FROM stdin;\r\nx\r\ny\r\n"), "x y", ""},
		{"no rows", withRows("COPY marks FROM stdin;"), "", ""},
		{"rows that do not fit", withRows("CREATE TABLE a (n int);\n  COPY a FROM stdin;\nx\n\\.\nCREATE TABLE b ();"), "a", "f.sql:2:3 22P02"},
		{"rows that no tool sends", marked(oneByOne("CREATE TABLE a (n int);\n COPY a FROM stdin;\n")), "", "f.sql:2:2 COPY … FROM STDIN waits"},
		{"rows that no tool sends, amid a message", marked(whole("CREATE TABLE a (n int); copy a (n) from stdin;\n")), "", "f.sql:1:25 COPY … FROM STDIN waits"},
		{"rows of a query", oneByOne("COPY (SELECT 1 FROM marks) TO STDOUT;"), "", ""},

		{"passed over", passing("42P07", oneByOne("CREATE TABLE marks ();\nCREATE TABLE a ();")), "a", ""},
		{"another refusal is not", passing("42P01", oneByOne("CREATE TABLE marks ();\nCREATE TABLE a ();")), "", "f.sql:1:14 42P07"},
		{"nothing is passed over in a transaction", passing("42P07", oneByOne("BEGIN;\nCREATE TABLE marks ();\nCOMMIT;\nCREATE TABLE a ();")), "", "f.sql:2:14 42P07"},

		{"characters, not bytes", whole("SELECT 'é', 'ü€';\r\nSELECT 'é😀' AS ö, missing;"), "", "f.sql:2:19 42703"},
		{"carriage returns", oneByOne("CREATE TABLE a ();\r\n\r\n/* é\r\n*/ SELECT 1,\r\n  missing;\r\n"), "a", "f.sql:5:3 42703"},
		{"behind another statement of the line", oneByOne("SELECT 'é'; SELECT missing;"), "", "f.sql:1:20 42703"},
		{"a byte order mark is the server's to refuse", whole("\ufeffCREATE TABLE a ();"), "", "f.sql:1:1 42601"},
		{"without a place of the server's, at the name", oneByOne("CREATE TABLE a ();\n\n  ALTER TABLE\n    a DROP COLUMN missing;"), "a", "f.sql:4:19 42703"},
		{"without a place or name, where the statement begins", whole("CREATE TABLE a ();\n  DO $$ BEGIN\n RAISE 'no';\nEND $$;\nCREATE TABLE b ();"), "", "f.sql:2:3 P0001"},
		{"a part of a file", script.Script{Messages: script.Statements("-- up\nSELECT missing;\n-- down\nSELECT nowhere", 22, len("-- up\nSELECT missing;\n-- down\nSELECT nowhere"))}, "", "f.sql:4:8 42703"},
		{"a line of no file", script.Script{Messages: []script.Message{{SQL: "SELECT\nmissing", Lines: []int{7, 0}}}}, "", "f.sql 42703"},
		{"another file", script.Script{Messages: []script.Message{{SQL: "SELECT missing", File: "g.sql", Lines: []int{3}, Indent: 4}}}, "", "g.sql:3:12 42703"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.script.File = "f.sql"
			runner := script.NewRunner(migration.Target{Database: config},
				script.Own{SQL: "DROP SCHEMA public CASCADE"}, script.Own{SQL: "CREATE SCHEMA public"}, script.Own{SQL: "CREATE TABLE marks (mark text)"})
			_, err := runner.Run(t.Context(), c.script)
			if got := place(t, err); got != c.fails && (c.fails == "" || !strings.HasPrefix(got, c.fails)) {
				t.Errorf("the error is %q, and %q was wanted: %v", got, c.fails, err)
			}
			// The connection is fit for the next script, whatever this one left.
			next := oneByOne("CREATE TABLE IF NOT EXISTS marks (mark text)")
			if _, err := runner.Run(t.Context(), next); err != nil {
				t.Errorf("the next script: %v", err)
			}
			if err := runner.Close(); err != nil {
				t.Error(err)
			}
			if diff := cmp.Diff(c.want, left(t, config)); diff != "" {
				t.Errorf("what is left differs (-want +got):\n%s", diff)
			}
		})
	}
}

// place is where an error points, and its SQLSTATE or else what it says.
func place(t *testing.T, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	var e *migration.Error
	if !errors.As(err, &e) {
		t.Fatalf("%v is a %T", err, err)
	}
	at := e.File
	if e.Line > 0 {
		at = fmt.Sprintf("%s:%d:%d", at, e.Line, e.Column)
	}
	if e.SQLState != "" {
		return at + " " + e.SQLState
	}
	return at + " " + e.Problem
}

// left are the names of the tables but marks, and then the marks, in the order in which they were made.
func left(t *testing.T, config *pgx.ConnConfig) string {
	t.Helper()
	conn, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	rows, err := conn.Query(t.Context(), `SELECT name FROM (
		SELECT 1 AS part, oid::bigint AS n, relname::text AS name FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'marks'
		UNION ALL SELECT 2, row_number() OVER (), mark FROM marks) seen ORDER BY part, n`)
	if err != nil {
		t.Fatal(err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(names, " ")
}

// TestRunTells: the statements that ran, each at its place in the file.
func TestRunTells(t *testing.T) {
	config := postgrestest.Database(t, postgrestest.Start(t)).Config()
	const text = "\r\n -- é\r\n é: CREATE TABLE a ();  CREATE TABLE\r\n b (); \r\n\r\nCOPY a FROM stdin;\n\\.\nSELECT 1"
	sql := strings.Replace(text, "é:", "/**/", 1)
	for name, c := range map[string]struct {
		script script.Script
		want   string
	}{
		"whole":       {whole(strings.Replace(sql, "COPY a FROM stdin;\n\\.\n", "", 1)), "3:7 CREATE, 3:27 CREATE, 6:1 SELECT"},
		"one by one":  {oneByOne(strings.Replace(sql, "COPY a FROM stdin;\n\\.\n", "", 1)), "3:7 CREATE, 3:27 CREATE, 6:1 SELECT"},
		"rows":        {withRows(sql), "3:7 CREATE, 3:27 CREATE, 6:1 COPY, 8:1 SELECT"},
		"transaction": {inTransaction(withRows(sql)), "3:7 CREATE, 3:27 CREATE, 6:1 COPY, 8:1 SELECT"},
		"pipeline":    {pipelined(oneByOne("SELECT 1;\nSELECT 2")), "1:1 SELECT, 2:1 SELECT"},
	} {
		t.Run(name, func(t *testing.T) {
			runner := script.NewRunner(migration.Target{Database: config}, script.Own{SQL: "DROP SCHEMA public CASCADE"}, script.Own{SQL: "CREATE SCHEMA public"})
			statements, err := runner.Run(t.Context(), c.script)
			if err != nil {
				t.Fatal(err)
			}
			var places []string
			for _, s := range statements {
				line, column := s.Position(0)
				verb, _, _ := strings.Cut(s.SQL, " ")
				places = append(places, fmt.Sprintf("%d:%d %s", line, column, verb))
			}
			if got := strings.Join(places, ", "); got != c.want {
				t.Errorf("ran %s, and %s was wanted", got, c.want)
			}
			if err := runner.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}
