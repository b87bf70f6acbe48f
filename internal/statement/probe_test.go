package statement_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/headgate/headgate/internal/statement"
)

// run runs a statement and, where wanted is set, demands that it succeeds.
func run(t *testing.T, conn *pgx.Conn, sql string, wanted bool) error {
	t.Helper()
	var err error
	upper := strings.ToUpper(sql)
	switch {
	case strings.HasPrefix(upper, "COPY") && strings.Contains(upper, "FROM STDIN"):
		rows := "7"
		if strings.Contains(sql, "(") && !strings.Contains(sql, "FORMAT") {
			rows = "7\t8"
		}
		if strings.Contains(sql, "FORMAT") {
			rows = `7,8,{},"(1,2)"`
		}
		_, err = conn.PgConn().CopyFrom(t.Context(), strings.NewReader(rows+"\n"), sql)
	case strings.HasPrefix(upper, "COPY"):
		_, err = conn.PgConn().CopyTo(t.Context(), io.Discard, sql)
	default:
		_, err = conn.Exec(t.Context(), sql, pgx.QueryExecModeSimpleProtocol)
	}
	if wanted && err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return err
}

const probed = `
CREATE SCHEMA app;
CREATE TYPE app.mood AS ENUM ('calm', 'wild');
CREATE DOMAIN app.small AS int;
CREATE TABLE trees (id int PRIMARY KEY, name text, height int, parent int);
CREATE TABLE "Größen" (id int PRIMARY KEY, "größe" int);
CREATE TABLE app.parks (id int PRIMARY KEY, name text);
CREATE TABLE app.part (id int, name text, height int, parent int);
CREATE VIEW tall AS SELECT id AS tall_id FROM trees;
CREATE MATERIALIZED VIEW counts AS SELECT 1 AS n;
CREATE SEQUENCE ids;
CREATE INDEX trees_height ON trees (height);
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER touched BEFORE INSERT ON trees FOR EACH ROW EXECUTE FUNCTION touch();
CREATE ROLE headgate_statement_reader;`

// probes are statements that hold on the schema above. Without what lacks takes away, the probes say that what stands in
// the statement at the last occurrence of name is missing.
var probes = []struct{ sql, lacks, name string }{
	{"SELECT name, height FROM trees", "ALTER TABLE trees DROP height", "height"},
	{"  SELECT 1 FROM app.parks;", "DROP TABLE app.parks", "app.parks"},
	{"EXPLAIN (COSTS off) SELECT height FROM trees", "ALTER TABLE trees DROP height", "height"},
	{"EXPLAIN ANALYZE DELETE FROM app.parks", "DROP TABLE app.parks", "app.parks"},
	{"EXPLAIN CREATE TABLE x AS SELECT name FROM app.parks", "DROP TABLE app.parks", "app.parks"},
	{"DECLARE c SCROLL CURSOR FOR SELECT height FROM trees", "ALTER TABLE trees DROP height", "height"},
	{"SELECT height INTO TEMP x FROM trees", "ALTER TABLE trees DROP height", "height"},
	{"COPY trees (id, height) FROM STDIN", "ALTER TABLE trees DROP height", "height"},
	{"COPY trees (\"name\", /* of it */ height) TO STDOUT", "ALTER TABLE trees DROP height", "height"},
	{"COPY app.parks TO STDOUT (FORMAT csv)", "DROP TABLE app.parks", "app.parks"},
	{"COPY \"Größen\" (\"größe\", id) TO STDOUT", "ALTER TABLE \"Größen\" DROP \"größe\"", "\"größe\""},
	{"COPY trees (id, name) FROM STDIN WHERE height > 1", "ALTER TABLE trees DROP height", "height"},
	{"COPY (SELECT 'é', height FROM trees) TO STDOUT", "ALTER TABLE trees DROP height", "height"},
	{"TRUNCATE trees, ONLY app.parks RESTART IDENTITY", "DROP TABLE app.parks", "app.parks"},
	{"TRUNCATE TABLE \"Größen\" *, app.parks", "DROP TABLE app.parks", "app.parks"},
	{"LOCK TABLE trees, app.parks IN ACCESS SHARE MODE NOWAIT", "DROP TABLE app.parks", "app.parks"},
	{"LOCK app.parks", "DROP TABLE app.parks", "app.parks"},
	{"REFRESH MATERIALIZED VIEW counts WITH NO DATA", "DROP MATERIALIZED VIEW counts", "counts"},
	{"CREATE TABLE x AS SELECT height FROM trees WITH NO DATA", "ALTER TABLE trees DROP height", "height"},
	{"CREATE TEMP TABLE IF NOT EXISTS x (a) ON COMMIT DROP AS VALUES ((SELECT count(*) FROM app.parks)) WITH DATA", "DROP TABLE app.parks", "app.parks"},
	{"CREATE OR REPLACE VIEW v (a) AS SELECT height FROM trees WITH LOCAL CHECK OPTION", "ALTER TABLE trees DROP height", "height"},
	{"CREATE MATERIALIZED VIEW IF NOT EXISTS v AS SELECT height FROM trees WITH NO DATA", "ALTER TABLE trees DROP height", "height"},
	{"CREATE RECURSIVE VIEW v (n) AS SELECT height FROM trees UNION ALL SELECT n + 1 FROM v WHERE n < 3", "ALTER TABLE trees DROP height", "height"},
	{"PREPARE p (int, text) AS SELECT height FROM trees WHERE id = $1 + $1 AND name = $2 || 'x'", "ALTER TABLE trees DROP height", "height"},
	{"PREPARE p (app.mood) AS SELECT $1, name FROM trees WHERE id = $2", "DROP TYPE app.mood", "app.mood"},
	{"PREPARE p AS UPDATE trees SET height = $1", "ALTER TABLE trees DROP height", "height"},
	{"CREATE UNIQUE INDEX IF NOT EXISTS i ON ONLY trees USING btree (lower(name) COLLATE \"C\" text_pattern_ops DESC, (height + 1), id NULLS LAST) INCLUDE (parent) WHERE id > 0",
		"ALTER TABLE trees DROP height", "height"},
	{"CREATE INDEX ON trees (height DESC) INCLUDE (parent)", "ALTER TABLE trees DROP parent", "parent"},
	{"CREATE INDEX ON trees (id) WHERE height > 0", "ALTER TABLE trees DROP height", "height"},
	{"CREATE INDEX ON trees (pg_catalog.lower(name))", "ALTER TABLE trees DROP name", "name"},
	{"CREATE INDEX i ON app.parks (id)", "DROP TABLE app.parks", "app.parks"},
	{"DROP TABLE trees, app.parks CASCADE", "DROP TABLE app.parks", "app.parks"},
	{"DROP TABLE IF EXISTS nothing", "", ""},
	{"DROP VIEW tall", "DROP VIEW tall", "tall"},
	{"DROP MATERIALIZED VIEW counts", "DROP MATERIALIZED VIEW counts", "counts"},
	{"DROP SEQUENCE ids", "DROP SEQUENCE ids", "ids"},
	{"DROP INDEX trees_height", "DROP INDEX trees_height", "trees_height"},
	{"DROP INDEX IF EXISTS nothing", "", ""},
	{"DROP TYPE app.mood", "DROP TYPE app.mood", "app.mood"},
	{"DROP DOMAIN app.small", "DROP DOMAIN app.small", "app.small"},
	{"DROP SCHEMA app CASCADE", "DROP SCHEMA app CASCADE", "app"},
	{"DROP TRIGGER touched ON trees", "DROP TABLE trees CASCADE", "trees"},
	{"ALTER TABLE ONLY trees DROP COLUMN height", "ALTER TABLE trees DROP height", "height"},
	{"ALTER TABLE trees DROP height, ADD h int", "ALTER TABLE trees DROP height", "height"},
	{"ALTER TABLE trees DROP COLUMN IF EXISTS nothing", "", ""},
	{"ALTER TABLE IF EXISTS nothing DROP COLUMN no", "", ""},
	{"ALTER TABLE trees RENAME height TO h", "ALTER TABLE trees DROP height", "height"},
	{"ALTER TABLE trees RENAME TO oaks", "DROP TABLE trees CASCADE", "trees"},
	{"ALTER TABLE trees ALTER COLUMN height TYPE bigint USING height + id, ALTER name SET NOT NULL", "ALTER TABLE trees DROP height", "height "},
	{"ALTER TABLE trees ALTER COLUMN height SET DEFAULT 3, ALTER parent DROP NOT NULL", "ALTER TABLE trees DROP parent", "parent"},
	{"ALTER TABLE trees ADD a int, ADD COLUMN b int DEFAULT 1, ADD CHECK (a > b), ADD CONSTRAINT c UNIQUE (a, height)", "ALTER TABLE trees DROP height", "height"},
	{"ALTER TABLE trees ADD COLUMN IF NOT EXISTS height int", "DROP TABLE trees CASCADE", "trees"},
	{"ALTER TABLE trees ADD feeling app.mood NOT NULL DEFAULT 'calm'", "DROP TYPE app.mood", "app.mood"},
	{"ALTER TABLE trees ADD n bigserial, ADD CONSTRAINT f FOREIGN KEY (parent) REFERENCES app.parks (id) ON DELETE CASCADE", "DROP TABLE app.parks", "app.parks"},
	{"ALTER TABLE trees ADD CHECK (height > 0)", "ALTER TABLE trees DROP height", "height"},
	{"ALTER TABLE trees ADD FOREIGN KEY (parent) REFERENCES trees", "ALTER TABLE trees DROP parent", "parent"},
	{"ALTER TABLE trees ADD p int REFERENCES app.parks", "DROP TABLE app.parks", "app.parks"},
	{"ALTER TABLE trees ADD CONSTRAINT c CHECK (height > 0) NOT VALID, OWNER TO CURRENT_USER", "ALTER TABLE trees DROP height", "height"},
	{"ALTER TABLE trees SET SCHEMA app", "DROP SCHEMA app CASCADE", "app"},
	{"ALTER VIEW tall RENAME COLUMN tall_id TO id", "DROP VIEW tall", "tall"},
	{"ALTER TYPE app.mood ADD VALUE 'quiet' BEFORE 'wild'", "ALTER TYPE app.mood RENAME VALUE 'wild' TO 'mad'", "'wild'"},
	{"ALTER TYPE app.mood RENAME VALUE 'wild' TO 'mad'", "ALTER TYPE app.mood RENAME VALUE 'wild' TO 'mad'", "'wild'"},
	{"ALTER SEQUENCE ids RESTART", "DROP SEQUENCE ids", "ids"},
	{"ALTER INDEX trees_height RENAME TO th", "DROP INDEX trees_height", "trees_height"},
	{"VACUUM (ANALYZE) trees (name, height)", "ALTER TABLE trees DROP height", "height"},
	{"VACUUM FULL VERBOSE app.parks", "DROP TABLE app.parks", "app.parks"},
	{"ANALYZE", "", ""},
	{"ANALYZE VERBOSE trees (height)", "ALTER TABLE trees DROP height", "height"},
	{"CLUSTER trees USING trees_height", "DROP INDEX trees_height", "trees_height"},
	{"REINDEX TABLE app.parks", "DROP TABLE app.parks", "app.parks"},
	{"REINDEX (VERBOSE) INDEX trees_height", "DROP INDEX trees_height", "trees_height"},
	{"REINDEX SCHEMA app", "DROP SCHEMA app CASCADE", "app"},
	{"COMMENT ON TABLE app.parks IS 'x'", "DROP TABLE app.parks", "app.parks"},
	{"COMMENT ON COLUMN trees.height IS NULL", "ALTER TABLE trees DROP height", "height"},
	{"COMMENT ON COLUMN app.parks.name IS NULL", "DROP TABLE app.parks", "app.parks"},
	{"COMMENT ON TRIGGER touched ON trees IS 'x'", "DROP TABLE trees CASCADE", "trees"},
	{"GRANT SELECT, UPDATE (height, name) ON TABLE trees TO headgate_statement_reader", "ALTER TABLE trees DROP height", "height"},
	{"GRANT ALL ON trees, app.parks TO headgate_statement_reader", "DROP TABLE app.parks", "app.parks"},
	{"REVOKE GRANT OPTION FOR SELECT ON app.parks FROM headgate_statement_reader", "DROP TABLE app.parks", "app.parks"},
	{"GRANT USAGE ON SCHEMA app TO headgate_statement_reader", "DROP SCHEMA app CASCADE", "app"},
	{"GRANT SELECT ON ALL TABLES IN SCHEMA app TO headgate_statement_reader", "DROP SCHEMA app CASCADE", "app"},
	{"GRANT USAGE ON SEQUENCE ids TO headgate_statement_reader", "DROP SEQUENCE ids", "ids"},
	{"GRANT pg_monitor TO headgate_statement_reader", "", ""},
	{"CREATE TRIGGER x AFTER INSERT OR UPDATE OF name, height ON trees FOR EACH ROW WHEN (NEW.id > 0) EXECUTE FUNCTION touch()", "ALTER TABLE trees DROP height", "height"},
	{"CREATE TRIGGER x BEFORE DELETE ON app.parks EXECUTE PROCEDURE public.touch()", "DROP FUNCTION touch CASCADE", "public.touch"},
	{"CREATE RULE r AS ON DELETE TO app.parks WHERE true DO INSTEAD NOTHING", "DROP TABLE app.parks", "app.parks"},
	{"CREATE POLICY p ON app.parks", "DROP TABLE app.parks", "app.parks"},
	{"CREATE STATISTICS st (dependencies) ON name, height FROM trees", "ALTER TABLE trees DROP height", "height"},
	{"CREATE STATISTICS st ON lower(name), height FROM trees", "ALTER TABLE trees DROP name", "name"},
	{"CREATE TABLE x (id int PRIMARY KEY, up int REFERENCES x, park int REFERENCES app.parks (id) ON DELETE SET NULL, CHECK (id > 0))", "DROP TABLE app.parks", "app.parks"},
	{"CREATE TABLE x (LIKE app.parks INCLUDING ALL)", "DROP TABLE app.parks", "app.parks"},
	{"CREATE TABLE x (a int) INHERITS (app.parks)", "DROP TABLE app.parks", "app.parks"},
	{"SET search_path = app", "", ""},
}

// TestProbes holds the probes of each statement against PostgreSQL, where the statement holds and where it does not.
func TestProbes(t *testing.T) {
	conn := connect(t)
	run(t, conn, probed, true)
	t.Cleanup(func() {
		run(t, conn, "DROP OWNED BY headgate_statement_reader; DROP ROLE headgate_statement_reader", false)
	})
	for _, test := range probes {
		t.Run(test.sql, func(t *testing.T) {
			list, reason := statement.Probes(test.sql)
			if reason != "" {
				t.Fatalf("unchecked: %s", reason)
			}
			begin(t, conn)
			for _, p := range list {
				if err := parse(t, conn, p.SQL); err != nil {
					t.Errorf("where the statement holds: %s: %v", p.SQL, err)
				}
			}
			transactional := run(t, conn, test.sql, false)
			run(t, conn, "ROLLBACK; DEALLOCATE ALL", true)
			if pg := (*pgconn.PgError)(nil); errors.As(transactional, &pg) && pg.Code == "25001" {
				run(t, conn, test.sql, true)
			} else if transactional != nil {
				t.Errorf("the statement itself: %v", transactional)
			}
			if test.lacks == "" {
				return
			}
			lacking(t, conn, test.sql, test.lacks, test.name, list)
		})
	}
}

func lacking(t *testing.T, conn *pgx.Conn, sql, lacks, name string, list []statement.Probe) {
	t.Helper()
	begin(t, conn)
	defer run(t, conn, "ROLLBACK; DEALLOCATE ALL", true)
	run(t, conn, lacks, true)
	found := false
	for _, p := range list {
		refused := parse(t, conn, p.SQL)
		if refused == nil {
			continue
		}
		at := p.Offset(int(refused.Position) - 1)
		if refused.Position == 0 || !strings.HasPrefix(string([]rune(sql)[at:]), name) {
			t.Errorf("%s: %v points to %q, not to %s", p.SQL, refused, string([]rune(sql)[at:]), name)
		}
		bare := strings.Trim(name[strings.LastIndexByte(name, '.')+1:], `"'`)
		bare = strings.TrimSpace(bare)
		if !strings.Contains(refused.Message, bare) && refused.Code != "3F000" {
			t.Errorf("%s: %v does not name %s", p.SQL, refused, bare)
		}
		found = true
	}
	if !found {
		t.Errorf("no probe fails without it: %v", list)
	}
	if err := run(t, conn, sql, false); err == nil {
		t.Error("the statement itself holds")
	}
}

func begin(t *testing.T, conn *pgx.Conn) {
	t.Helper()
	run(t, conn, "BEGIN", true)
}

// parse has the server parse a query, and leaves the transaction as it was.
func parse(t *testing.T, conn *pgx.Conn, sql string) *pgconn.PgError {
	t.Helper()
	run(t, conn, "SAVEPOINT p", true)
	_, err := conn.PgConn().Prepare(t.Context(), "", sql, nil)
	run(t, conn, "ROLLBACK TO p", true)
	var refused *pgconn.PgError
	if err != nil && !errors.As(err, &refused) {
		t.Fatal(err)
	}
	return refused
}

// TestProbesOfOther looks at what nothing is asked about, and at what the server is to refuse.
func TestProbesOfOther(t *testing.T) {
	for sql, want := range map[string]string{
		"":                   "",
		"BEGIN":              "",
		"EXECUTE p(1)":       "",
		"DO $$ BEGIN END $$": "PostgreSQL looks into DO only when it runs it",
		"CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'": "PostgreSQL looks into CREATE FUNCTION only when it runs it",
		"CREATE TABLE x (a int)":                                     "PostgreSQL looks into CREATE TABLE only when it runs it",
		"DROP FUNCTION f":                                            "PostgreSQL looks into DROP FUNCTION only when it runs it",
		"GRANT EXECUTE ON FUNCTION f() TO r":                         "PostgreSQL looks into A GRANT ON FUNCTION only when it runs it",
		"DROP \"\x1b\" x":                                            "PostgreSQL looks into THIS only when it runs it",
		"frobnicate":                                                 "PostgreSQL looks into FROBNICATE only when it runs it",
		"TRUNCATE":                                                   "TRUNCATE",
		"COPY trees":                                                 "PostgreSQL looks into COPY only when it runs it",
		"declare victory":                                            "declare victory",
		"DECLARE c CURSOR FOR SELECT 1":                              "SELECT 1 rows",
		"TABLE t":                                                    "TABLE t rows",
		"TRUNCATE a":                                                 "TRUNCATE a|SELECT  FROM a",
		"COPY t TO STDOUT":                                           `COPY t TO STDOUT|SELECT * FROM t AS "?" rows`,
		"COPY t (a) FROM STDIN":                                      `COPY t (a) FROM STDIN|INSERT INTO t (a) VALUES (DEFAULT)`,
		"PREPARE p(int) AS SELECT $1":                                "SELECT ($1::int)  rows",
	} {
		list, got := statement.Probes(sql)
		var all []string
		for _, p := range list {
			text := strings.TrimLeft(p.SQL, " ")
			if p.Rows {
				text += " rows"
			}
			all = append(all, text)
		}
		if got += strings.Join(all, "|"); got != want {
			t.Errorf("%s: %q, want %q", sql, got, want)
		}
	}
}

func TestCreates(t *testing.T) {
	for sql, want := range map[string]string{
		"CREATE TEMP TABLE IF NOT EXISTS slots AS SELECT 1":                                             "relation slots",
		`CREATE /* x */ UNLOGGED TABLE app."My Slots" (id int)`:                                         "relation app.My Slots",
		"CREATE OR REPLACE RECURSIVE VIEW a.B (c) AS SELECT 1":                                          "relation a.b",
		"CREATE MATERIALIZED VIEW m AS SELECT 1":                                                        "relation m",
		"CREATE UNIQUE INDEX CONCURRENTLY i ON t (a)":                                                   "relation i",
		"CREATE INDEX ON t (a)":                                                                         "",
		"CREATE SEQUENCE s":                                                                             "relation s",
		"CREATE TYPE mood AS ENUM ('a')":                                                                "type mood",
		"CREATE OR REPLACE FUNCTION app.f(a int) RETURNS int LANGUAGE c":                                "function app.f",
		"CREATE SCHEMA IF NOT EXISTS app":                                                               "schema app",
		"CREATE TRIGGER table AFTER INSERT ON t EXECUTE FUNCTION f()":                                   "",
		"ALTER TABLE a.t ADD COLUMN IF NOT EXISTS h int, ADD CHECK (h>0), ADD \"W\" int, RENAME x TO y": "column a.t.h, column a.t.W, column a.t.y",
		"ALTER TABLE t RENAME TO u":                                                                     "relation u",
		"SELECT a INTO TEMP TABLE x FROM t":                                                             "relation x",
		"SELECT a FROM t":                                                                               "",
		"CREATE TABLE":                                                                                  "",
		"":                                                                                              "",
	} {
		var all []string
		for _, c := range statement.Creates(sql) {
			name := c.Name
			for _, q := range []string{c.Table, c.Schema} {
				if q != "" {
					name = q + "." + name
				}
			}
			all = append(all, string(c.Kind)+" "+name)
		}
		if got := strings.Join(all, ", "); got != want {
			t.Errorf("%s: %q, want %q", sql, got, want)
		}
	}
}

func FuzzStatement(f *testing.F) {
	for _, test := range writes {
		f.Add(test.sql)
	}
	for _, test := range probes {
		f.Add(test.sql)
	}
	f.Fuzz(func(t *testing.T, sql string) {
		n := utf8.RuneCountInString(sql)
		inside := func(what string, start, end int) {
			if start < 0 || end < start || end > n {
				t.Errorf("%q: %s from %d to %d of %d", sql, what, start, end, n)
			}
		}
		for _, w := range statement.Writes(sql) {
			inside("a table", w.Start, w.End)
			for _, c := range w.Columns {
				inside("a column", c.Start, c.End)
			}
		}
		list, _ := statement.Probes(sql)
		for _, p := range list {
			for at := -1; at <= utf8.RuneCountInString(p.SQL)+1; at++ {
				if got := p.Offset(at); got < 0 || got > n {
					t.Errorf("%q: %d of %q leads to %d of %d", sql, at, p.SQL, got, n)
				}
			}
		}
		statement.Creates(sql)
	})
}

func BenchmarkStatement(b *testing.B) {
	size := 0
	for _, test := range writes {
		size += len(test.sql)
	}
	for _, test := range probes {
		size += len(test.sql)
	}
	b.SetBytes(int64(size))
	for b.Loop() {
		for _, test := range writes {
			statement.Writes(test.sql)
		}
		for _, test := range probes {
			statement.Probes(test.sql)
		}
	}
}

// BenchmarkRows writes many rows in one statement.
func BenchmarkRows(b *testing.B) {
	sql := "INSERT INTO t (a, b) VALUES (1, 2)" + strings.Repeat(", (1, ARRAY[2, 3])", 50_000)
	b.SetBytes(int64(len(sql)))
	for b.Loop() {
		statement.Writes(sql)
	}
}
