package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
)

// analysed gives a database with a schema in it.
func analysed(t *testing.T, schema string) *Database {
	t.Helper()
	requireLocal(t)
	srv, err := Start(t.Context(), options(t, Local))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { srv.Close(context.Background()) })
	db, err := srv.CreateDatabase(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	run(t, db, schema)
	return db
}

func run(t *testing.T, db *Database, sql string) {
	t.Helper()
	conn, err := pgx.ConnectConfig(t.Context(), db.Config())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
}

const treesSchema = `
	CREATE TYPE mood AS ENUM ('calm', 'wild');
	CREATE DOMAIN something AS text NOT NULL;
	CREATE DOMAIN label AS something CHECK (value <> '');
	CREATE TABLE trees (id bigint PRIMARY KEY, species varchar(20) NOT NULL, height numeric(5,2), mood mood, label label);
	CREATE TABLE parks (id bigint PRIMARY KEY, tree bigint);
	CREATE VIEW tall AS SELECT id, species FROM trees WHERE height > 10;
	CREATE MATERIALIZED VIEW filled AS SELECT id FROM trees;
	CREATE MATERIALIZED VIEW never AS SELECT id FROM trees WITH NO DATA;
	CREATE FUNCTION tallest() RETURNS numeric LANGUAGE sql STABLE AS 'SELECT girth FROM stumps';
	CREATE FUNCTION raises() RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '42501'; END $$;
	CREATE FUNCTION leaves() RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM set_config('search_path', 'nowhere', false); PERFORM public.writes(); RETURN 1; END $$;
	CREATE FUNCTION writes() RETURNS void LANGUAGE plpgsql AS $$ BEGIN DROP TABLE IF EXISTS parks; END $$;
	CREATE TABLE tenants (id int, who text);
	ALTER TABLE tenants ENABLE ROW LEVEL SECURITY;
	ALTER TABLE tenants FORCE ROW LEVEL SECURITY;
	CREATE POLICY own ON tenants USING (who = current_setting('app.tenant'));`

func TestAnalyse(t *testing.T) {
	setup := strings.Replace(treesSchema, "CREATE FUNCTION tallest", "CREATE TABLE stumps (girth numeric); CREATE FUNCTION tallest", 1) + "DROP TABLE stumps;"
	db := analysed(t, setup)
	cases := []struct {
		sql              string
		refused, planned string // SQLSTATE
		columns          string // names and types
		parameters       string
	}{
		{sql: "SELECT id, species, height, mood FROM trees WHERE id = $1", columns: "id bigint, species character varying(20), height numeric(5,2), mood mood", parameters: "bigint"},
		{sql: "SELECT girth FROM trees", refused: "42703"},
		{sql: "SELECT count(*) AS n, 1 FROM trees", columns: "n bigint, ?column? integer"},
		{sql: "", columns: "", parameters: ""},
		{sql: "  -- nothing", columns: ""},
		{sql: "DELETE FROM trees WHERE mood = $1"},
		{sql: "DELETE FROM trees WHERE mood = $2 AND id = $1 RETURNING id", columns: "id bigint", parameters: "bigint, mood"},
		{sql: "SELECT '$9', $1::int, \"$7\" FROM (SELECT 1 AS \"$7\") x -- $8", columns: "?column? text, int4 integer, $7 integer", parameters: "integer"},
		{sql: "SELECT $2::int", refused: "42P18"},
		{sql: "SELECT $99999999999", refused: "42P02"},
		{sql: "SELECT $70000::int", refused: "42P18"},

		// what planning finds
		{sql: "INSERT INTO trees (id, species) VALUES ($1, $2) ON CONFLICT (species) DO NOTHING", planned: "42P10", parameters: "bigint, character varying"},
		{sql: "INSERT INTO trees (id, label) VALUES ($1, $2) ON CONFLICT (species) DO NOTHING", planned: "42P10", parameters: "bigint, label"},
		{sql: "INSERT INTO trees (id, label) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING", parameters: "bigint, label"},
		{sql: "SELECT t.id FROM parks p LEFT JOIN trees t ON t.id = p.tree FOR UPDATE", planned: "0A000", columns: "id bigint"},
		{sql: "SELECT t.id FROM parks p LEFT JOIN trees t ON t.id = p.tree WHERE t.id = $1 FOR UPDATE OF t", columns: "id bigint", parameters: "bigint"},
		{sql: "SELECT id FROM filled FOR UPDATE", planned: "42809", columns: "id bigint"},
		{sql: "SELECT id FROM never", planned: "55000", columns: "id bigint"},
		{sql: "SELECT tallest()", planned: "42P01", columns: "tallest numeric"},
		{sql: "UPDATE parks SET tree = tallest()", planned: "42P01"},

		// what comes of values and of the session
		{sql: "SELECT 1/0", columns: "?column? integer"},
		{sql: "SELECT 'x' || raises()", columns: "?column? text"},
		{sql: "SELECT who FROM tenants", columns: "who text"},
		{sql: "SELECT 'green'::mood", refused: "22P02"},
		{sql: "SELECT $1::label", columns: "label text", parameters: "label"},

		// utility statements
		{sql: "BEGIN"}, {sql: "COMMIT"}, {sql: "DISCARD ALL"}, {sql: "DROP TABLE trees"}, {sql: "SET search_path = nowhere"},
		{sql: "COPY trees (id) FROM STDIN"}, {sql: "LISTEN x"}, {sql: "VACUUM"}, {sql: "CREATE DATABASE x"},
		{sql: "PREPARE p AS SELECT $1::int"}, {sql: "EXECUTE p"},
		{sql: "DECLARE c CURSOR WITH HOLD FOR SELECT id FROM trees"}, {sql: "FETCH c"},
		{sql: "EXPLAIN SELECT id FROM trees WHERE id = $1", columns: "QUERY PLAN text", parameters: "bigint"},
		{sql: "SHOW search_path", columns: "search_path text"},
		{sql: "SELECT 1; SELECT 2", refused: "42601"},

		// nothing is left
		{sql: "SELECT leaves()", columns: "leaves integer"},
		{sql: "SELECT id, tree FROM parks", columns: "id bigint, tree bigint"},
	}
	statements := make([]string, len(cases))
	for i, c := range cases {
		statements[i] = c.sql
	}
	answers, err := Analyse(t.Context(), db.Config(), statements)
	if err != nil {
		t.Fatal(err)
	}
	names := nameAll(t, db, answers)
	for i, c := range cases {
		a := answers[i]
		got := c
		got.refused, got.planned, got.columns, got.parameters = "", "", "", ""
		if a.Refused != nil {
			got.refused = a.Refused.Code
		}
		if a.Planned != nil {
			got.planned = a.Planned.Code
		}
		var columns, parameters []string
		for _, col := range a.Columns {
			columns = append(columns, col.Name+" "+names[typeOf{col.Type, col.Modifier}])
		}
		for _, oid := range a.Parameters {
			parameters = append(parameters, names[typeOf{oid, -1}])
		}
		got.columns, got.parameters = strings.Join(columns, ", "), strings.Join(parameters, ", ")
		if c.parameters == "" && !strings.Contains(c.sql, "$") || c.refused != "" || strings.HasPrefix(c.sql, "DELETE FROM trees WHERE mood = $1") {
			got.parameters = c.parameters
		}
		if got != c {
			t.Errorf("%s:\n got %+v\nwant %+v\n%v %v", c.sql, got, c, a.Refused, a.Planned)
		}
	}
}

func nameAll(t *testing.T, db *Database, answers []Answer) map[typeOf]string {
	t.Helper()
	var types []typeOf
	for _, a := range answers {
		for _, c := range a.Columns {
			types = append(types, typeOf{c.Type, c.Modifier})
		}
		for _, oid := range a.Parameters {
			types = append(types, typeOf{oid, -1})
		}
	}
	names, err := typeNames(t.Context(), db.Config(), types)
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// A column that is shown as it is says which one it is.
func TestAnalyseSource(t *testing.T) {
	db := analysed(t, "CREATE TABLE trees (gone int, id bigint, name text); ALTER TABLE trees DROP gone")
	answers, err := Analyse(t.Context(), db.Config(), []string{"SELECT name, id AS key, id + 1 FROM trees"})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range answers[0].Columns {
		got = append(got, fmt.Sprint(c.Name, " ", c.Number, " ", c.Table != 0))
	}
	if diff := cmp.Diff([]string{"name 3 true", "key 2 true", "?column? 0 false"}, got); diff != "" {
		t.Error(diff)
	}
}

// Answers and questions are both longer than any buffer between here and the server.
func TestAnalyseLong(t *testing.T) {
	columns := make([]string, 1600)
	for i := range columns {
		columns[i] = fmt.Sprintf("column_with_a_long_name_%d int", i)
	}
	db := analysed(t, "CREATE TABLE wide ("+strings.Join(columns, ",")+")")
	statements := make([]string, 300)
	for i := range statements {
		statements[i] = "SELECT * FROM wide"
		if i%3 == 0 {
			statements[i] += " WHERE column_with_a_long_name_1 IN (1" + strings.Repeat(", 1", 5_000) + ")"
		}
		if i%3 == 1 {
			statements[i] = "SELECT nothing FROM wide"
		}
	}
	answers, err := Analyse(t.Context(), db.Config(), statements)
	if err != nil {
		t.Fatal(err)
	}
	for i, a := range answers {
		if refused := a.Refused != nil; refused != (i%3 == 1) || !refused && len(a.Columns) != 1600 {
			t.Fatalf("statement %d: %v, %d columns", i, a.Refused, len(a.Columns))
		}
	}
}

// The end of the caller's context, and of the session, end the asking.
func TestAnalyseEnds(t *testing.T) {
	db := analysed(t, `CREATE FUNCTION sleeps() RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM pg_sleep(60); RETURN 1; END $$;
		CREATE FUNCTION ends() RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN 1; END $$`)
	statements := []string{"SELECT sleeps()"}
	for range 20_000 {
		statements = append(statements, "SELECT 1 /* so that the server's buffers are full while it sleeps */")
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	stopped := errors.New("the user stopped it")
	go func() {
		conn, err := pgx.ConnectConfig(t.Context(), db.AdminConfig())
		defer cancel(stopped)
		if err != nil {
			return
		}
		defer conn.Close(t.Context())
		for asleep := false; !asleep && err == nil; {
			err = conn.QueryRow(t.Context(), "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep')").Scan(&asleep)
		}
	}()
	if _, err := Analyse(ctx, db.Config(), statements); !errors.Is(err, stopped) {
		t.Errorf("it ended with %v", err)
	}
	if _, err := Analyse(t.Context(), db.Config(), append([]string{"SELECT ends()"}, statements[1:]...)); err == nil || !strings.Contains(err.Error(), "terminating connection") {
		t.Errorf("it ended with %v", err)
	}
}

// typeOf names a type as a catalog does: by its oid and its modifier, -1 where it has none.
type typeOf struct {
	oid      uint32
	modifier int32
}

// typeNames gives types the names that SQL has for them, "character varying(20)", in one query. A type that is
// not there is "???", and oid 0 "-" (format_type, manual, section 9.26).
func typeNames(ctx context.Context, config *pgx.ConnConfig, types []typeOf) (names map[typeOf]string, err error) {
	names = make(map[typeOf]string, len(types))
	if len(types) == 0 {
		return names, nil
	}
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("connect to name types: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	oids, modifiers := make([]uint32, len(types)), make([]int32, len(types))
	for i, t := range types {
		oids[i], modifiers[i] = t.oid, t.modifier
	}
	rows, err := conn.Query(ctx, `SELECT oid, modifier, pg_catalog.format_type(oid, modifier)
		FROM unnest($1::pg_catalog.oid[], $2::pg_catalog.int4[]) AS t (oid, modifier)`, oids, modifiers)
	if err != nil {
		return nil, fmt.Errorf("name types: %w", err)
	}
	var t typeOf
	var name string
	if _, err := pgx.ForEachRow(rows, []any{&t.oid, &t.modifier, &name}, func() error { names[t] = name; return nil }); err != nil {
		return nil, fmt.Errorf("name types: %w", err)
	}
	return names, nil
}
