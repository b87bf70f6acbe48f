package schema_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/headgate/headgate/internal/postgres"
	"github.com/headgate/headgate/internal/postgres/postgrestest"
	"github.com/headgate/headgate/internal/schema"
)

// connect gives an empty database on the server.
func connect(t testing.TB, server *postgres.Server) *pgx.Conn {
	t.Helper()
	conn, err := pgx.ConnectConfig(t.Context(), postgrestest.Database(t, server).AdminConfig())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(t.Context()) })
	return conn
}

func exec(t testing.TB, conn *pgx.Conn, sql string) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func take(t testing.TB, conn *pgx.Conn) schema.Snapshot {
	t.Helper()
	s, err := schema.Take(t.Context(), conn)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// spell writes a change on one line: "changed column "height" of table "trees": integer -> bigint".
func spell(c schema.Change) string {
	line := fmt.Sprintf("%s %s", c.Action, c.Object)
	switch {
	case c.Renamed != nil && c.Action == schema.Added:
		line += fmt.Sprintf(" was %s", c.Renamed)
	case c.Renamed != nil:
		line += fmt.Sprintf(" is %s", c.Renamed)
	case c.Action == schema.Changed:
		line += ": " + c.Before.Definition + " -> " + c.After.Definition
	case c.Action == schema.Added && c.After.Definition != "":
		line += ": " + c.After.Definition
	}
	return strings.Join(strings.Fields(line), " ")
}

const trees = "CREATE TABLE trees (id bigint PRIMARY KEY, height integer); "

func TestDiff(t *testing.T) {
	server := postgrestest.Start(t)
	cases := []struct{ name, before, after, want string }{
		{"column", trees, `ALTER TABLE trees ADD age int NOT NULL DEFAULT 0, ALTER height TYPE numeric(5,2), ADD kind text COLLATE "C",
			ADD n int GENERATED ALWAYS AS IDENTITY, ADD twice int GENERATED ALWAYS AS (id::int * 2) STORED`, `
			added sequence "trees_n_seq": sequence integer start 1 increment 1 min 1 max 2147483647 owned by public.trees.n
			added column "age" of table "trees": integer not null default 0
			changed column "height" of table "trees": integer -> numeric(5,2)
			added column "kind" of table "trees": text collate "C"
			added column "n" of table "trees": integer not null identity a
			added column "twice" of table "trees": integer generated s default ((id)::integer * 2)`},
		{"rename column", trees, "ALTER TABLE trees RENAME height TO tallness", `
			removed column "height" of table "trees" is column "tallness" of table "trees"
			added column "tallness" of table "trees" was column "height" of table "trees"`},
		{"rename table", trees + "GRANT SELECT ON trees TO pg_monitor", "ALTER TABLE trees RENAME TO plants", `
			added table "plants" was table "trees"
			removed table "trees" is table "plants"
			added column "height" of table "plants" was column "height" of table "trees"
			added column "id" of table "plants" was column "id" of table "trees"
			added constraint "trees_pkey" of table "plants" was constraint "trees_pkey" of table "trees"
			added index "trees_pkey" of table "plants" was index "trees_pkey" of table "trees"
			added privilege "SELECT for pg_monitor" on "plants" was privilege "SELECT for pg_monitor" on "trees"
			removed column "height" of table "trees" is column "height" of table "plants"
			removed column "id" of table "trees" is column "id" of table "plants"
			removed constraint "trees_pkey" of table "trees" is constraint "trees_pkey" of table "plants"
			removed index "trees_pkey" of table "trees" is index "trees_pkey" of table "plants"
			removed privilege "SELECT for pg_monitor" on "trees" is privilege "SELECT for pg_monitor" on "plants"`},
		{"replace column", trees, "ALTER TABLE trees DROP height, ADD height integer", ``},
		{"constraints", trees, `ALTER TABLE trees ADD CONSTRAINT tall CHECK (height > 0) NOT VALID;
			ALTER TABLE trees ADD UNIQUE (height) DEFERRABLE; CREATE UNIQUE INDEX one ON trees ((height % 2)) WHERE height > 5`, `
			added constraint "tall" of table "trees": CHECK ((height > 0)) NOT VALID
			added constraint "trees_height_key" of table "trees": UNIQUE (height) DEFERRABLE
			added index "one" of table "trees": CREATE UNIQUE INDEX one ON public.trees USING btree (((height % 2))) WHERE (height > 5)
			added index "trees_height_key" of table "trees": CREATE UNIQUE INDEX trees_height_key ON public.trees USING btree (height)`},
		{"validate", trees + "ALTER TABLE trees ADD CONSTRAINT tall CHECK (height > 0) NOT VALID", "ALTER TABLE trees VALIDATE CONSTRAINT tall", `
			changed constraint "tall" of table "trees": CHECK ((height > 0)) NOT VALID -> CHECK ((height > 0))`},
		{"table", trees, "ALTER TABLE trees SET UNLOGGED; ALTER TABLE trees ENABLE ROW LEVEL SECURITY; ALTER TABLE trees FORCE ROW LEVEL SECURITY", `
			changed table "trees": table -> unlogged table row security forced`},
		{"policy", trees, "CREATE POLICY tall ON trees AS RESTRICTIVE FOR UPDATE TO PUBLIC USING (height > 1) WITH CHECK (height > 2)", `
			added policy "tall" of table "trees": restrictive for UPDATE to {public} using (height > 1) with check (height > 2)`},
		{"partitions", "CREATE TABLE logs (at date) PARTITION BY RANGE (at); CREATE TABLE old (at date)", "ALTER TABLE logs ATTACH PARTITION old FOR VALUES FROM (MINVALUE) TO ('2020-01-01')", `
			changed table "old": table -> table child of logs FOR VALUES FROM (MINVALUE) TO ('2020-01-01')`},
		{"partitioned", "SELECT 1", "CREATE TABLE logs (at date) PARTITION BY RANGE (at)", `
			added table "logs": partitioned table partition by RANGE (at)
			added column "at" of table "logs": date`},
		{"views", trees + "CREATE VIEW v AS SELECT id FROM trees", "CREATE OR REPLACE VIEW v WITH (security_barrier) AS SELECT id FROM trees WHERE height > 1; CREATE MATERIALIZED VIEW m AS SELECT 1 AS one", `
			added view "m": materialized view SELECT 1 AS one;
			changed view "v": view SELECT trees.id FROM trees; -> view with (security_barrier=true) SELECT trees.id FROM trees WHERE (trees.height > 1);
			added column "one" of table "m": integer`},
		{"sequence", "CREATE SEQUENCE s", "ALTER SEQUENCE s AS int INCREMENT 2 CYCLE", `
			changed sequence "s": sequence bigint start 1 increment 1 min 1 max 9223372036854775807 -> sequence integer start 1 increment 2 min 1 max 2147483647 cycle`},
		{"enum", "CREATE TYPE mood AS ENUM ('calm', 'wild')", "ALTER TYPE mood ADD VALUE 'brisk' BEFORE 'wild'", `
			added enum value "brisk" of type "mood"`},
		{"rename enum value", "CREATE TYPE mood AS ENUM ('calm', 'wild')", "ALTER TYPE mood RENAME VALUE 'calm' TO 'quiet'", `
			removed enum value "calm" of type "mood" is enum value "quiet" of type "mood"
			added enum value "quiet" of type "mood" was enum value "calm" of type "mood"`},
		{"domain", "CREATE DOMAIN d AS int", "ALTER DOMAIN d SET NOT NULL; ALTER DOMAIN d SET DEFAULT 1; ALTER DOMAIN d ADD CONSTRAINT c CHECK (value > 0)", `
			changed type "d": d integer -> d integer not null default 1 constraint c CHECK ((VALUE > 0))`},
		{"types", "SELECT 1", "CREATE TYPE pair AS (a int, b text); CREATE TYPE mood AS ENUM ('calm')", `
			added type "mood": e
			added type "pair": c
			added enum value "calm" of type "mood"
			added column "a" of table "pair": integer
			added column "b" of table "pair": text`},
		{"function body", "CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT 1'", "CREATE OR REPLACE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT 2'", `
			changed function "f(a integer)": CREATE OR REPLACE FUNCTION public.f(a integer) RETURNS integer LANGUAGE sql AS $function$SELECT 1$function$ -> CREATE OR REPLACE FUNCTION public.f(a integer) RETURNS integer LANGUAGE sql AS $function$SELECT 2$function$`},
		{"function attributes", "CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT 1'", "CREATE OR REPLACE FUNCTION f(a int DEFAULT 1) RETURNS int LANGUAGE sql STABLE STRICT SECURITY DEFINER AS 'SELECT 1'", `
			changed function "f(a integer)": CREATE OR REPLACE FUNCTION public.f(a integer) RETURNS integer LANGUAGE sql AS $function$SELECT 1$function$ -> CREATE OR REPLACE FUNCTION public.f(a integer DEFAULT 1) RETURNS integer LANGUAGE sql STABLE STRICT SECURITY DEFINER AS $function$SELECT 1$function$`},
		{"a new function's privileges go without saying", "SELECT 1", "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; GRANT EXECUTE ON FUNCTION f() TO pg_monitor", `
			added function "f()": CREATE OR REPLACE FUNCTION public.f() RETURNS integer LANGUAGE sql AS $function$SELECT 1$function$`},
		{"aggregate", "SELECT 1", "CREATE AGGREGATE total(int) (sfunc = int4pl, stype = int, initcond = '0')", `
			added function "total(integer)": n int4pl - - integer 0 integer`},
		{"triggers", trees + "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE TRIGGER off BEFORE DELETE ON trees FOR EACH ROW EXECUTE FUNCTION f()",
			"CREATE TRIGGER t BEFORE INSERT OR UPDATE OF height ON trees FOR EACH ROW EXECUTE FUNCTION f(); ALTER TABLE trees DISABLE TRIGGER off; CREATE RULE r AS ON DELETE TO trees DO INSTEAD NOTHING", `
			added rule "r" of table "trees": CREATE RULE r AS ON DELETE TO public.trees DO INSTEAD NOTHING;
			changed trigger "off" of table "trees": CREATE TRIGGER off BEFORE DELETE ON public.trees FOR EACH ROW EXECUTE FUNCTION f() -> CREATE TRIGGER off BEFORE DELETE ON public.trees FOR EACH ROW EXECUTE FUNCTION f() disabled
			added trigger "t" of table "trees": CREATE TRIGGER t BEFORE INSERT OR UPDATE OF height ON public.trees FOR EACH ROW EXECUTE FUNCTION f()`},
		{"privileges", trees + "CREATE SEQUENCE s; CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE SCHEMA app; GRANT SELECT ON trees TO pg_monitor; CREATE TYPE mood AS ENUM ()",
			`GRANT UPDATE (height) ON trees TO pg_monitor; GRANT SELECT ON trees TO pg_monitor WITH GRANT OPTION; GRANT USAGE ON SEQUENCE s TO PUBLIC;
			REVOKE EXECUTE ON FUNCTION f() FROM PUBLIC; GRANT USAGE ON SCHEMA app TO pg_monitor; REVOKE USAGE ON TYPE mood FROM PUBLIC`, `
			added privilege "USAGE for pg_monitor" on schema "app"
			removed privilege "EXECUTE for PUBLIC" on "f()"
			removed privilege "USAGE for PUBLIC" on "mood"
			added privilege "USAGE for PUBLIC" on "s"
			changed privilege "SELECT for pg_monitor" on "trees": -> with grant option
			added privilege "UPDATE (height) for pg_monitor" on "trees"`},
		{"others", "CREATE TYPE mood AS ENUM ('calm'); CREATE FUNCTION f(mood, int) RETURNS bool LANGUAGE sql AS 'SELECT true'; CREATE FUNCTION g(mood) RETURNS int LANGUAGE sql AS 'SELECT 1'",
			`CREATE OPERATOR === (leftarg = mood, rightarg = int, function = f); CREATE CAST (mood AS int) WITH FUNCTION g(mood); CREATE COLLATION c (locale = 'C'); CREATE SCHEMA app`, `
			added cast "mood AS integer": f e g(mood)
			added schema "app"
			added collation "c": c C C
			added operator "===(mood, integer)": boolean f`},
		{"search_path of the database", trees + "CREATE SCHEMA app; CREATE TYPE app.mood AS ENUM (); ALTER TABLE trees ADD mood app.mood",
			"DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = app', current_database()); END $$; SET search_path = app", ``},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			conn := connect(t, server)
			exec(t, conn, c.before)
			before := take(t, conn)
			exec(t, conn, c.after)
			var got, want []string
			for _, change := range schema.Diff(before, take(t, conn)) {
				got = append(got, spell(change))
			}
			for line := range strings.Lines(c.want) {
				if line = strings.TrimSpace(line); line != "" {
					want = append(want, line)
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestRequired asks the server too: an INSERT that leaves out all columns but the key fails with not_null_violation,
// or check_violation, where a column is required.
func TestRequired(t *testing.T) {
	server := postgrestest.Start(t)
	conn := connect(t, server)
	exec(t, conn, `
		CREATE DOMAIN must AS text NOT NULL;
		CREATE DOMAIN deep AS must CHECK (value <> '');
		CREATE DOMAIN given AS text NOT NULL DEFAULT 'x';
		CREATE DOMAIN below AS given;
		CREATE DOMAIN checked AS text CHECK (VALUE IS NOT NULL);
		CREATE DOMAIN free AS text;`)
	cases := []struct {
		column   string
		required bool
	}{
		{"c text", false}, {"c text NOT NULL", true}, {"c text NOT NULL DEFAULT 'x'", false}, {"c text NOT NULL DEFAULT NULL", true},
		{"c must", true}, {"c deep", true}, {"c must DEFAULT 'x'", false}, {"c given", false}, {"c below", false}, {"c given DEFAULT NULL", true},
		{"c checked", true}, {"c free", false}, {"c free NOT NULL", true},
		{"c int GENERATED ALWAYS AS IDENTITY", false}, {"c int GENERATED BY DEFAULT AS IDENTITY", false},
		{"c int NOT NULL GENERATED ALWAYS AS (1) STORED", false}, {"c serial", false}, {"c bigserial NOT NULL", false},
		{"c text CHECK (c IS NOT NULL)", true}, {"c text DEFAULT 'x' CHECK (c IS NOT NULL)", false}, {"c text CHECK (c IS NOT NULL OR id > 0)", false},
		{"c text CHECK (c <> '')", false}, {"c int CHECK (c > 0)", false},
		{`"C ""of"" it" text, CHECK ("C ""of"" it" IS NOT NULL)`, true},
		{"c text, CONSTRAINT later CHECK (c IS NOT NULL) NO INHERIT", true},
		{"c text, PRIMARY KEY (c)", true}, {"c text UNIQUE", false},
	}
	for i, c := range cases {
		table := fmt.Sprintf("t%d", i)
		exec(t, conn, fmt.Sprintf("CREATE TABLE %s (id int, %s)", table, c.column))
		_, err := conn.Exec(t.Context(), fmt.Sprintf("INSERT INTO %s (id) VALUES (1)", table))
		if fails := err != nil; fails != c.required {
			t.Errorf("%s: the server says %v", c.column, err)
		}
	}
	exec(t, conn, "CREATE TABLE parted (id int, c text NOT NULL) PARTITION BY LIST (id); ALTER TABLE t0 ADD CONSTRAINT later CHECK (c IS NOT NULL) NOT VALID")
	snapshot := take(t, conn)
	for i, c := range cases {
		name := "c"
		if strings.HasPrefix(c.column, `"`) {
			name = `C "of" it`
		}
		o := schema.Object{Kind: schema.Column, Schema: "public", Table: fmt.Sprintf("t%d", i), Name: name}
		if required := snapshot[o].Column.Required; required != c.required && i > 0 {
			t.Errorf("%s: required %v", c.column, required)
		}
	}
	for _, table := range []string{"parted", "t0"} {
		if !snapshot[schema.Object{Kind: schema.Column, Schema: "public", Table: table, Name: "c"}].Column.Required {
			t.Errorf("c of %s is required", table)
		}
	}
}

func TestMayBeFilled(t *testing.T) {
	server := postgrestest.Start(t)
	cases := []struct {
		name, body string // of the function, and the trigger's beginning
		trigger    string
		filled     string
	}{
		{"named", "BEGIN NEW.Height := 1; RETURN NEW; END", "BEFORE INSERT", "height"},
		{"a part of a word is none", "BEGIN NEW.heights := 1; RETURN NEW; END", "BEFORE INSERT", ""},
		{"quoted", `BEGIN NEW."Full Name" := 1; RETURN NEW; END`, "BEFORE INSERT OR UPDATE", "Full Name"},
		{"on update", "BEGIN NEW.height := 1; RETURN NEW; END", "BEFORE UPDATE", ""},
		{"after", "BEGIN NEW.height := 1; RETURN NEW; END", "AFTER INSERT", ""},
		{"whole row", "BEGIN NEW := jsonb_populate_record(NEW, '{}'); RETURN NEW; END", "BEFORE INSERT", "Full Name height"},
		{"whole row by query", "BEGIN SELECT * INTO NEW FROM trees; RETURN NEW; END", "BEFORE INSERT", "Full Name height"},
		{"whole row returned", "BEGIN RETURN fill(NEW); END", "BEFORE INSERT", "Full Name height"},
		{"one by query", "BEGIN SELECT 1 INTO NEW.height; RETURN NEW; END", "BEFORE INSERT", "height"},
		{"compared", "BEGIN IF NEW.height = 1 THEN RETURN NULL; END IF; RETURN NEW; END", "BEFORE INSERT", "height"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			conn := connect(t, server)
			exec(t, conn, `CREATE TABLE trees (height int NOT NULL, "Full Name" text NOT NULL);
				CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$`+c.body+`$$;
				CREATE TRIGGER t `+c.trigger+` ON trees FOR EACH ROW EXECUTE FUNCTION f()`)
			if got := filled(take(t, conn)); got != c.filled {
				t.Errorf("filled: %q, want %q", got, c.filled)
			}
			exec(t, conn, "ALTER TABLE trees DISABLE TRIGGER t")
			if got := filled(take(t, conn)); got != "" {
				t.Errorf("filled by a trigger that is off: %q", got)
			}
			exec(t, conn, "CREATE RULE r AS ON INSERT TO trees DO INSTEAD NOTHING")
			if got := filled(take(t, conn)); got != "Full Name height" {
				t.Errorf("filled by a rule: %q", got)
			}
		})
	}
}

func filled(s schema.Snapshot) string {
	var names []string
	for o, e := range s {
		if e.Column != nil && e.Column.MayBeFilled {
			names = append(names, o.Name)
		}
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

func TestFacts(t *testing.T) {
	server := postgrestest.Start(t)
	conn := connect(t, server)
	exec(t, conn, `
		CREATE TABLE parks (id int, zone int, PRIMARY KEY (zone, id));
		CREATE TABLE trees (gone int, id int PRIMARY KEY, name varchar(20) UNIQUE, park int, zone int, at tstzrange,
			CONSTRAINT x EXCLUDE USING gist (at WITH &&), CONSTRAINT c CHECK (zone > 1));
		ALTER TABLE trees ADD CONSTRAINT fk FOREIGN KEY (zone, park) REFERENCES parks (zone, id) DEFERRABLE NOT VALID;
		ALTER TABLE trees DROP gone;
		CREATE UNIQUE INDEX u ON trees (name, lower(name)) INCLUDE (park) WHERE park > 1;
		CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
		CREATE TRIGGER t AFTER UPDATE OF name, park OR DELETE ON trees FOR EACH STATEMENT EXECUTE FUNCTION f();
		CREATE VIEW v AS SELECT id FROM trees;
		CREATE TRIGGER i INSTEAD OF INSERT ON v FOR EACH ROW EXECUTE FUNCTION f();
		CREATE RULE r AS ON UPDATE TO trees WHERE false DO INSTEAD NOTHING;
		CREATE POLICY p ON trees FOR SELECT USING (true);
		GRANT SELECT (name) ON trees TO pg_monitor WITH GRANT OPTION;
		CREATE TYPE mood AS ENUM ('wild', 'calm');
		ALTER TYPE mood ADD VALUE 'brisk' BEFORE 'calm';
		CREATE EXTENSION pg_trgm;`)
	s := take(t, conn)
	get := func(kind schema.Kind, table, name string) schema.Entry {
		t.Helper()
		e, ok := s[schema.Object{Kind: kind, Schema: "public", Table: table, Name: name}]
		if !ok {
			t.Fatalf("no %s %q of %q", kind, name, table)
		}
		return e
	}
	same := func(want, got any) {
		t.Helper()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
	parks, trees := get(schema.Table, "", "parks").OID, get(schema.Table, "", "trees").OID
	same(&schema.ConstraintFacts{ConType: "f", Columns: []int16{5, 4}, References: parks, ReferencedColumns: []int16{2, 1}, Deferrable: true}, get(schema.Constraint, "trees", "fk").Constraint)
	same(&schema.ConstraintFacts{ConType: "p", Columns: []int16{2}, Validated: true}, get(schema.Constraint, "trees", "trees_pkey").Constraint)
	same(&schema.ConstraintFacts{ConType: "x", Columns: []int16{6}, Validated: true}, get(schema.Constraint, "trees", "x").Constraint)
	same(&schema.ConstraintFacts{ConType: "c", Columns: []int16{5}, Validated: true}, get(schema.Constraint, "trees", "c").Constraint)
	same(&schema.IndexFacts{Table: trees, Unique: true, Columns: []int16{3, 0}, Predicate: "(park > 1)", Valid: true}, get(schema.Index, "trees", "u").Index)
	same(&schema.IndexFacts{Table: trees, Unique: true, Columns: []int16{3}, Valid: true, Constraint: true}, get(schema.Index, "trees", "trees_name_key").Index)
	f := get(schema.Function, "", "f()")
	same(&schema.TriggerFacts{Timing: "AFTER", Update: true, Delete: true, Columns: []int16{3, 4}, Enabled: true, Function: f.OID}, get(schema.Trigger, "trees", "t").Trigger)
	same(&schema.TriggerFacts{Timing: "INSTEAD OF", Insert: true, Row: true, Enabled: true, Function: f.OID}, get(schema.Trigger, "v", "i").Trigger)
	same(&schema.RelationFacts{RelKind: "v", InsertTrigger: true}, get(schema.View, "", "v").Relation)
	same(&schema.RelationFacts{RelKind: "r"}, get(schema.Table, "", "trees").Relation)
	same(&schema.RuleFacts{Event: "UPDATE", Instead: true, Enabled: true}, get(schema.Rule, "trees", "r").Rule)
	same(&schema.PolicyFacts{Command: "SELECT", Permissive: true}, get(schema.Policy, "trees", "p").Policy)
	same(&schema.PrivilegeFacts{Grantee: "pg_monitor", Type: "SELECT", On: schema.Column, Column: "name", Grantable: true}, get(schema.Privilege, "trees", "SELECT (name) for pg_monitor").Privilege)
	same(&schema.TypeFacts{TypType: "e", Labels: []string{"wild", "brisk", "calm"}}, get(schema.Type, "", "mood").Type)
	name := get(schema.Column, "trees", "name")
	same(&schema.ColumnFacts{RelKind: "r", Type: 1043, Modifier: 24, TypeName: "character varying(20)"}, name.Column)
	same(int16(3), name.Number)
	for o, e := range s {
		if ours := o.Table == "trees" || o.Name == "f()" || o.Name == "mood"; ours && e.Extension {
			t.Errorf("%s belongs to no extension", o)
		}
		if strings.Contains(o.Name, "trgm") && !e.Extension {
			t.Errorf("%s belongs to an extension", o)
		}
	}
}

func TestCompare(t *testing.T) {
	server := postgrestest.Start(t)
	cases := []struct{ name, a, b, want string }{
		{"column order and oids", trees, "CREATE TABLE other (); DROP TABLE other; CREATE TABLE trees (height integer, id bigint PRIMARY KEY)", ``},
		{"version tables", trees + "CREATE TABLE goose_db_version (id serial PRIMARY KEY, v int)", trees + "CREATE SCHEMA app; CREATE TABLE app.migrations (id int PRIMARY KEY)", `
			added schema "app"`},
		{"default", trees, trees + "ALTER TABLE trees ALTER height SET DEFAULT 1", `
			changed column "height" of table "trees": integer -> integer default 1`},
		{"enum order", "CREATE TYPE mood AS ENUM ('calm', 'wild')", "CREATE TYPE mood AS ENUM ('wild', 'calm')", `
			changed type "mood": e -> e`},
		{"missing", trees + "CREATE INDEX i ON trees (height)", trees, `
			removed index "i" of table "trees"`},
		{"same", trees + "CREATE VIEW v AS SELECT * FROM trees; CREATE SEQUENCE s OWNED BY trees.id", trees + "CREATE VIEW v AS SELECT id, height FROM trees; CREATE SEQUENCE s OWNED BY trees.id", ``},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			a, b := connect(t, server), connect(t, server)
			exec(t, a, c.a)
			exec(t, b, c.b)
			var got []string
			for _, change := range schema.Compare(take(t, a), take(t, b), []string{"goose_db_version", "app.migrations"}) {
				got = append(got, spell(change))
			}
			if diff := cmp.Diff(strings.TrimSpace(c.want), strings.Join(got, "\n")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestRenameSQL renames one object after the other, under an empty search_path, and sees that it is then there by its new name.
func TestRenameSQL(t *testing.T) {
	server := postgrestest.Start(t)
	conn := connect(t, server)
	exec(t, conn, `
		CREATE SCHEMA "My app";
		SET search_path = "My app";
		CREATE TYPE "Mood" AS ENUM ('it''s \ calm', 'wild');
		CREATE DOMAIN d AS "Mood";
		CREATE TYPE pair AS (a int, "B b" text);
		CREATE TABLE "a ""table" (id int PRIMARY KEY, "B b" int, CONSTRAINT "c c" CHECK (id > 0));
		CREATE INDEX "i i" ON "a ""table" (id);
		CREATE VIEW v AS SELECT 1 AS "B b";
		CREATE MATERIALIZED VIEW m AS SELECT 1 AS one;
		CREATE SEQUENCE s;
		CREATE FUNCTION "f(x"(INOUT a "Mood"[], VARIADIC "B b" int[] DEFAULT '{}') LANGUAGE sql AS 'SELECT a';
		CREATE FUNCTION o(a d, OUT x int) LANGUAGE sql AS 'SELECT 1';
		CREATE PROCEDURE p(a varchar) LANGUAGE sql AS 'SELECT 1';
		CREATE AGGREGATE total(int) (sfunc = int4pl, stype = int, initcond = '0');
		CREATE AGGREGATE zero(*) (sfunc = int8inc, stype = int8, initcond = '0');
		CREATE FUNCTION t() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
		CREATE TRIGGER "t t" BEFORE INSERT ON "a ""table" FOR EACH ROW EXECUTE FUNCTION t();
		CREATE RULE "r r" AS ON INSERT TO "a ""table" DO INSTEAD NOTHING;
		CREATE POLICY "p p" ON "a ""table";
		CREATE COLLATION c (locale = 'C');
		CREATE TABLE child () INHERITS ("a ""table");
		CREATE FOREIGN DATA WRAPPER w; CREATE SERVER far FOREIGN DATA WRAPPER w; CREATE FOREIGN TABLE ft (a int) SERVER far;
		SET search_path = ''`)
	snapshot := take(t, conn)
	tried := map[schema.Kind]int{}
	for o, e := range snapshot {
		if o.Schema != "My app" && o.Name != "My app" {
			continue
		}
		inherited := (e.Column != nil || e.Constraint != nil) && o.Table == "child"
		sql, ok := schema.RenameSQL(o, e, `new "name'`)
		if wanted := o.Kind != schema.Privilege && !inherited; ok != wanted {
			t.Errorf("%s: %v %q", o, ok, sql)
		}
		if !ok {
			continue
		}
		tried[o.Kind]++
		exec(t, conn, "BEGIN")
		exec(t, conn, sql)
		exec(t, conn, "COMMIT")
		found := false
		after := take(t, conn)
		for _, c := range schema.Diff(snapshot, after) {
			if c.Object == o && c.Renamed != nil && strings.HasPrefix(c.Renamed.Name, `new "name'`) {
				found = true
			}
		}
		if !found {
			t.Errorf("%s is not renamed by %s", o, sql)
		}
		for renamed, entry := range after {
			if entry.OID == e.OID && entry.Number == e.Number && renamed.Kind == o.Kind {
				back := o.Name
				if e.Function != nil {
					back = e.Function.Name
				}
				sql, _ := schema.RenameSQL(renamed, entry, back)
				exec(t, conn, sql)
			}
		}
	}
	if diff := cmp.Diff(snapshot, take(t, conn)); diff != "" {
		t.Errorf("renamed there and back: %s", diff)
	}
	want := []schema.Kind{schema.Collation, schema.Column, schema.Constraint, schema.EnumValue, schema.Function, schema.Index, schema.Policy,
		schema.Rule, schema.Namespace, schema.Sequence, schema.Table, schema.Trigger, schema.Type, schema.View}
	if got := slices.Sorted(maps.Keys(tried)); !slices.Equal(got, slices.Sorted(slices.Values(want))) {
		t.Errorf("tried %v", tried)
	}
}

// BenchmarkTake reads a schema of 500 tables.
func BenchmarkTake(b *testing.B) {
	server := postgrestest.Start(b)
	conn := connect(b, server)
	var sql strings.Builder
	for i := range 500 {
		fmt.Fprintf(&sql, `CREATE TABLE t%[1]d (id bigserial PRIMARY KEY, name varchar(20) UNIQUE NOT NULL, at timestamptz DEFAULT now(), a int, b bigint, c text,
			d text, e jsonb NOT NULL DEFAULT '{}', CHECK (a > 0), FOREIGN KEY (b) REFERENCES t%[1]d (id));`, i)
	}
	exec(b, conn, sql.String())
	for b.Loop() {
		take(b, conn)
	}
}
