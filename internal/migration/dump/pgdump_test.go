package dump_test

import (
	"context"
	"net/url"
	"os/exec"
	"slices"
	"strconv"
	"testing"
	"testing/fstest"

	"github.com/jackc/pgx/v5"

	"github.com/headgate/headgate/internal/migration"
	"github.com/headgate/headgate/internal/migration/dump"
	"github.com/headgate/headgate/internal/postgres"
	"github.com/headgate/headgate/internal/postgres/postgrestest"
	"github.com/headgate/headgate/internal/requiretest"
	"github.com/headgate/headgate/internal/schema"
)

// rich is a schema of much that pg_dump writes in ways of its own.
const rich = `
CREATE SCHEMA forest;
CREATE EXTENSION IF NOT EXISTS citext WITH SCHEMA public;
CREATE TYPE forest.species AS ENUM ('oak', 'el''m', 'a;b');
CREATE DOMAIN forest.metres AS numeric(5,2) DEFAULT 1 CONSTRAINT positive CHECK (VALUE > 0);
CREATE TYPE forest.place AS (x int, y int);
CREATE TYPE forest.heights AS RANGE (subtype = numeric);
CREATE TABLE forest.trees (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  species forest.species NOT NULL DEFAULT 'oak',
  height forest.metres,
  "Odd ""name""; --" text COLLATE "C" DEFAULT E'a\\b;\nc',
  name public.citext UNIQUE,
  doubled numeric GENERATED ALWAYS AS (id * 2) STORED,
  spot forest.place
);
CREATE TABLE forest.bushes (id serial PRIMARY KEY, tree bigint REFERENCES forest.trees ON DELETE CASCADE DEFERRABLE,
  EXCLUDE USING btree (tree WITH =));
CREATE TABLE forest.years (year int NOT NULL, tree bigint) PARTITION BY RANGE (year);
CREATE TABLE forest.years_1 PARTITION OF forest.years FOR VALUES FROM (0) TO (2000);
CREATE TABLE forest.years_d PARTITION OF forest.years DEFAULT;
CREATE INDEX years_tree ON forest.years (tree) WHERE year > 10;
CREATE TABLE forest.child (more text) INHERITS (forest.trees);
CREATE FUNCTION forest.grow(n int DEFAULT 1, VARIADIC rest text[] DEFAULT '{}') RETURNS SETOF forest.trees LANGUAGE plpgsql STABLE AS $body$
BEGIN
  -- ; \restrict nothing
  RETURN QUERY SELECT * FROM forest.trees WHERE id = n;
END $body$;
CREATE FUNCTION forest.one() RETURNS int LANGUAGE sql IMMUTABLE BEGIN ATOMIC SELECT 1; END;
CREATE PROCEDURE forest.touch(INOUT n int) LANGUAGE plpgsql AS 'BEGIN n := n + 1; END';
CREATE AGGREGATE forest.total(int) (SFUNC = int4pl, STYPE = int, INITCOND = '0');
CREATE FUNCTION forest.noted() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NEW; END$$;
CREATE TRIGGER noted BEFORE UPDATE OF height ON forest.trees FOR EACH ROW WHEN (OLD.height IS DISTINCT FROM NEW.height) EXECUTE FUNCTION forest.noted();
CREATE VIEW forest.tall AS SELECT id, species FROM forest.trees WHERE height > 10 WITH CHECK OPTION;
CREATE MATERIALIZED VIEW forest.counts AS SELECT species, count(*) AS n FROM forest.trees GROUP BY species WITH NO DATA;
CREATE UNIQUE INDEX counts_species ON forest.counts (species) INCLUDE (n);
CREATE VIEW public.first AS SELECT 1 AS a;
CREATE VIEW public.second AS SELECT a FROM public.first;
CREATE RULE kept AS ON DELETE TO forest.bushes DO INSTEAD NOTHING;
ALTER TABLE forest.trees ENABLE ROW LEVEL SECURITY;
CREATE POLICY mine ON forest.trees USING (id > 0) WITH CHECK (id < 9);
CREATE OPERATOR forest.=== (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq);
CREATE SEQUENCE forest.counter AS smallint INCREMENT 5 CYCLE;
CREATE STATISTICS forest.related ON tree, year FROM forest.years;
COMMENT ON TABLE forest.trees IS E'all; of\\.\n\\.\nthem';
GRANT SELECT ON forest.trees TO PUBLIC;
REVOKE ALL ON FUNCTION forest.one() FROM PUBLIC;
ALTER DEFAULT PRIVILEGES IN SCHEMA forest GRANT SELECT ON TABLES TO PUBLIC;
INSERT INTO forest.trees (species, height) VALUES ('oak', 3), ('a;b', 4);
INSERT INTO forest.bushes (tree) VALUES (1);
`

// TestDumpsOfPostgres dumps a rich schema with the pg_dump of this machine in several of its ways, applies the dump, and
// compares the catalogs.
func TestDumpsOfPostgres(t *testing.T) {
	pgDump, err := exec.LookPath("pg_dump")
	if err != nil {
		requiretest.Skip(t, "local", "there is no pg_dump: "+err.Error())
	}
	server := postgrestest.Start(t)
	source := postgrestest.Database(t, server)
	extend(t, source)
	conn, err := pgx.ConnectConfig(t.Context(), source.Config())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.PgConn().Exec(t.Context(), rich).ReadAll(); err != nil {
		t.Fatal(err)
	}
	want := take(t, source.Config())
	for name, options := range map[string][]string{
		"whole":       nil,
		"schema only": {"--schema-only"},
		"rails":       {"--schema-only", "--no-privileges", "--no-owner"},
		"inserts":     {"--inserts", "--quote-all-identifiers"},
		"clean":       {"--clean", "--if-exists", "--schema-only"},
	} {
		t.Run(name, func(t *testing.T) {
			c := source.AdminConfig()
			from := &url.URL{Scheme: "postgres", Path: "/" + c.Database, RawQuery: url.Values{
				"host": {c.Host}, "port": {strconv.Itoa(int(c.Port))}, "user": {c.User}, "password": {c.Password},
			}.Encode()}
			text, err := exec.CommandContext(t.Context(), pgDump, append(options, from.String())...).Output()
			if err != nil {
				t.Fatal(err)
			}
			into := postgrestest.Database(t, server)
			extend(t, into)
			statements := apply(t, string(text), into)
			changes := schema.Compare(want, take(t, into.Config()), nil)
			for _, c := range changes {
				if c.Object.Kind == schema.Privilege && slices.Contains(options, "--no-privileges") {
					continue
				}
				t.Errorf("%s %s", c.Action, c.Object)
			}
			if len(want) < 60 || statements < 60 {
				t.Errorf("%d objects and %d statements are too few to tell", len(want), statements)
			}
		})
	}
}

func extend(t *testing.T, d *postgres.Database) {
	t.Helper()
	if err := d.CreateExtensions(t.Context(), postgres.Extensions("citext")); err != nil {
		t.Fatal(err)
	}
}

// apply applies a dump, and sees to it that nothing of its settings is left behind.
func apply(t *testing.T, text string, into *postgres.Database) (statements int) {
	t.Helper()
	tree := fstest.MapFS{"db/structure.sql": {Data: []byte(text)}}
	h, err := dump.Format{}.Read(tree, "db/structure.sql")
	if err != nil {
		t.Fatal(err)
	}
	m, err := dump.Format{}.Migrator(tree, h, migration.Target{Database: into.Config(), Provide: into.Provide})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	ran, err := m.Apply(t.Context(), h.Revisions[0])
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.ConnectConfig(t.Context(), into.Config())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	var path string
	if err := conn.QueryRow(t.Context(), "SELECT current_setting('search_path')").Scan(&path); err != nil || path == "" {
		t.Errorf("the search path is %q behind the dump: %v", path, err)
	}
	return len(ran)
}

func take(t *testing.T, config *pgx.ConnConfig) schema.Snapshot {
	t.Helper()
	conn, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	s, err := schema.Take(t.Context(), conn)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
