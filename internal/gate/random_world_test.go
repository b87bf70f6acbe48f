package gate_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// world is what the generator knows of a database. It is read from the catalog by the test itself, and so owes nothing to what the
// gate reads.
type world struct {
	namespaces []string
	relations  []relation
	types      []userType
	functions  []function
}

type relationName struct{ schema, name string }

func (n relationName) sql() string {
	if n.schema == "public" {
		return quote(n.name)
	}
	return quote(n.schema) + "." + quote(n.name)
}

type relation struct {
	relationName
	oid     uint32
	view    bool
	columns []column
	uniques [][]string // the columns of each unique index
	indexes []string   // their names
}

type column struct {
	name     string
	typ      string
	nullable bool
	filled   bool // by a default, an identity or as generated
	always   bool // takes no value but DEFAULT
	modifier int  // the n of varchar(n)
}

// userType is an enum with its labels, or a domain.
type userType struct {
	name   string
	oid    uint32
	domain bool
	labels []string
}

type function struct {
	name, argument string
	oid            uint32
}

func quote(name string) string { return pgx.Identifier{name}.Sanitize() }

const worldColumns = `
SELECT n.nspname, c.relname, c.oid, c.relkind = 'v', a.attname, t.typname, NOT (a.attnotnull OR t.typnotnull),
    a.atthasdef OR a.attidentity <> '' OR t.typdefault IS NOT NULL, a.attgenerated <> '' OR a.attidentity = 'a', a.atttypmod
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_type t ON t.oid = a.atttypid
WHERE n.nspname !~ '^(pg_|information_schema)' AND c.relkind IN ('r', 'v')
ORDER BY n.nspname, c.relname, a.attnum`

const worldIndexes = `
SELECT c.relnamespace::regnamespace::text, c.relname, x.relname,
    (SELECT array_agg(a.attname::text ORDER BY a.attname) FROM pg_attribute a WHERE a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey))
FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_class x ON x.oid = i.indexrelid
WHERE i.indisunique AND c.relnamespace::regnamespace::text !~ '^(pg_|information_schema)' ORDER BY 1, 2, 3`

const worldTypes = `
SELECT typname, oid, typtype = 'd', coalesce((SELECT array_agg(e.enumlabel::text ORDER BY enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid), '{}')
FROM pg_type t WHERE typnamespace = 'public'::regnamespace AND typtype IN ('e', 'd') ORDER BY 1`

const worldFunctions = `SELECT proname, oidvectortypes(proargtypes), oid FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY 1, 2`

func readWorld(ctx context.Context, conn *pgx.Conn) (*world, error) {
	w := &world{}
	var r relation
	var c column
	var index string
	var names []string
	var t userType
	var f function
	batch := &pgx.Batch{}
	batch.Queue(worldColumns).Query(func(rows pgx.Rows) error {
		_, err := pgx.ForEachRow(rows, []any{&r.schema, &r.name, &r.oid, &r.view, &c.name, &c.typ, &c.nullable, &c.filled, &c.always, &c.modifier}, func() error {
			if at := len(w.relations) - 1; at >= 0 && w.relations[at].oid == r.oid {
				w.relations[at].columns = append(w.relations[at].columns, c)
				return nil
			}
			r.columns = []column{c}
			w.relations = append(w.relations, r)
			return nil
		})
		return err
	})
	batch.Queue(worldIndexes).Query(func(rows pgx.Rows) error {
		_, err := pgx.ForEachRow(rows, []any{&r.schema, &r.name, &index, &names}, func() error {
			on := w.relation(r.relationName)
			if on == nil {
				return nil // a table without a column
			}
			on.uniques, on.indexes = append(on.uniques, slices.Clone(names)), append(on.indexes, index)
			return nil
		})
		return err
	})
	batch.Queue(worldTypes).Query(func(rows pgx.Rows) error {
		_, err := pgx.ForEachRow(rows, []any{&t.name, &t.oid, &t.domain, &names}, func() error {
			t.labels = slices.Clone(names)
			w.types = append(w.types, t)
			return nil
		})
		return err
	})
	batch.Queue(worldFunctions).Query(func(rows pgx.Rows) error {
		_, err := pgx.ForEachRow(rows, []any{&f.name, &f.argument, &f.oid}, func() error {
			w.functions = append(w.functions, f)
			return nil
		})
		return err
	})
	batch.Queue("SELECT nspname FROM pg_namespace WHERE nspname !~ '^(pg_|information_schema)'").Query(func(rows pgx.Rows) (err error) {
		w.namespaces, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	})
	return w, conn.SendBatch(ctx, batch).Close()
}

func (w *world) relation(n relationName) *relation {
	for i := range w.relations {
		if w.relations[i].relationName == n {
			return &w.relations[i]
		}
	}
	return nil
}

func (w *world) typeNamed(name string) *userType {
	for i := range w.types {
		if w.types[i].name == name {
			return &w.types[i]
		}
	}
	return nil
}

func (w *world) hasFunction(name, argument string) bool {
	return slices.ContainsFunc(w.functions, func(f function) bool { return f.name == name && f.argument == argument })
}

func (r *relation) column(name string) *column {
	for i := range r.columns {
		if r.columns[i].name == name {
			return &r.columns[i]
		}
	}
	return nil
}

// The names that a random schema draws from. They are few, so that tables share columns and what goes can come back under its
// old name.
var (
	tableNames    = []string{"trees", "plots", "owners", "Order", "user", "Grünfläche", "tree log", "notes"}
	columnNames   = []string{"id", "name", "kind", "amount", "Size", "order", "label", "state", "käse", "a b"}
	viewNames     = []string{"tall_trees", "Overview", "recent"}
	enumNames     = []string{"color", "Mood"}
	domainNames   = []string{"code", "Title"}
	labelNames    = []string{"red", "green", "Dark blue", "käse", "old"}
	functionNames = []string{"score", "Rank", "digest_of"}
	builtinTypes  = []string{"integer", "bigint", "text", "character varying(20)", "boolean", "numeric", "timestamp with time zone"}
)

// migrator makes random statements that change a schema.
type migrator struct{ *rand.Rand }

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

func (m migrator) oneIn(n int) bool { return m.IntN(n) == 0 }

func (m migrator) typ(w *world) string {
	if len(w.types) > 0 && m.oneIn(3) {
		return quote(pick(m.Rand, w.types).name)
	}
	return pick(m.Rand, builtinTypes)
}

// column is a column's definition.
func (m migrator) column(w *world, name string) string {
	typ := m.typ(w)
	words := []string{quote(name), typ}
	switch m.IntN(8) {
	case 0:
		if typ == "integer" || typ == "bigint" {
			return strings.Join(append(words, "GENERATED", pick(m.Rand, []string{"ALWAYS", "BY DEFAULT"}), "AS IDENTITY"), " ")
		}
	case 1:
		if typ == "integer" {
			return strings.Join(append(words, "GENERATED ALWAYS AS (1 + 1) STORED"), " ")
		}
	case 2, 3:
		if slices.Contains(builtinTypes, typ) {
			words = append(words, "DEFAULT", "'"+dummy(typ)+"'")
		}
	}
	if m.oneIn(3) {
		words = append(words, "NOT NULL")
	}
	if m.oneIn(6) {
		words = append(words, "UNIQUE")
	}
	return strings.Join(words, " ")
}

// dummy is the text of a value that a type takes, and any type that it is changed to.
func dummy(typ string) string {
	if strings.HasPrefix(typ, "timestamp") {
		return "2024-01-01"
	}
	return "1"
}

func (m migrator) createTable(w *world) string {
	names := slices.Clone(columnNames)
	m.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	var columns []string
	for _, name := range names[:2+m.IntN(5)] {
		columns = append(columns, m.column(w, name))
	}
	n := relationName{"public", pick(m.Rand, tableNames)}
	if m.oneIn(5) {
		n.schema = "depot"
	}
	return "CREATE TABLE " + n.sql() + " (" + strings.Join(columns, ", ") + ")"
}

// createView shows some columns of a table, some of them under other names.
func (m migrator) createView(w *world, name string) string {
	of := pick(m.Rand, w.tables())
	var columns []string
	for _, c := range of.columns {
		switch {
		case m.oneIn(4):
			columns = append(columns, quote(c.name)+" AS "+quote(pick(m.Rand, columnNames)))
		case !m.oneIn(4):
			columns = append(columns, quote(c.name))
		}
	}
	if m.oneIn(5) || len(columns) == 0 {
		columns = []string{"*"}
	}
	return "CREATE VIEW " + quote(name) + " AS SELECT " + strings.Join(columns, ", ") + " FROM " + of.sql()
}

func (m migrator) createEnum(name string) string {
	var labels []string
	for _, l := range labelNames {
		if m.oneIn(2) {
			labels = append(labels, "'"+l+"'")
		}
	}
	return "CREATE TYPE " + quote(name) + " AS ENUM (" + strings.Join(append(labels, "'last'"), ", ") + ")"
}

func (m migrator) createDomain(name string) string {
	sql := "CREATE DOMAIN " + quote(name) + " AS text"
	if m.oneIn(3) {
		sql += " DEFAULT '1'"
	}
	if m.oneIn(2) {
		sql += " NOT NULL"
	}
	return sql
}

func (m migrator) createFunction(name string) string {
	return fmt.Sprintf("CREATE FUNCTION %s(%s) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 1'", quote(name), pick(m.Rand, []string{"integer", "text"}))
}

func (w *world) tables() []*relation { return w.pick(func(r *relation) bool { return !r.view }) }

func (w *world) pick(keep func(*relation) bool) []*relation {
	var all []*relation
	for i := range w.relations {
		if keep(&w.relations[i]) {
			all = append(all, &w.relations[i])
		}
	}
	return all
}

// schema makes the statements of a first schema, which the server may refuse one by one.
func (m migrator) schema(w *world, step int) string {
	switch step {
	case 0:
		return "CREATE SCHEMA depot"
	case 1, 2:
		return m.createEnum(enumNames[step-1])
	case 3:
		return m.createDomain(pick(m.Rand, domainNames))
	case 4, 5:
		return m.createFunction(pick(m.Rand, functionNames))
	case 6, 7, 8, 9, 10:
		return m.createTable(w)
	}
	return m.createView(w, pick(m.Rand, viewNames))
}

// firstSteps is how many statements make a first schema.
const firstSteps = 13

// change makes a random statement that changes the schema. It can be one that the server refuses, because the name is taken or
// something depends on what goes. Where some relations are spared, they and what they can use stay as they are.
func (m migrator) change(w *world, sparing bool, spared func(*relation) bool) string {
	tables := w.pick(func(r *relation) bool { return !r.view && !spared(r) })
	views := w.pick(func(r *relation) bool { return r.view && !spared(r) })
	if len(tables) == 0 {
		return m.createTable(w)
	}
	t := pick(m.Rand, tables)
	if kind := m.IntN(30); kind < 20 {
		if kind == 18 && sparing {
			return "DROP TABLE " + t.sql() // without what shows it
		}
		return m.changeTable(w, t, kind)
	} else if kind < 24 {
		return m.changeView(w, views)
	}
	if sparing {
		return m.createTable(w) // types and functions may be used by what is spared
	}
	return m.changeOther(w)
}

func (m migrator) changeTable(w *world, t *relation, kind int) string {
	c := pick(m.Rand, t.columns)
	alter := "ALTER TABLE " + t.sql() + " "
	column := alter + "ALTER COLUMN " + quote(c.name) + " "
	switch kind {
	case 0, 1, 2, 3:
		return alter + "ADD COLUMN " + m.column(w, pick(m.Rand, columnNames))
	case 4, 5:
		return alter + "DROP COLUMN " + quote(c.name)
	case 6, 7:
		return alter + "RENAME COLUMN " + quote(c.name) + " TO " + quote(pick(m.Rand, columnNames))
	case 8:
		return alter + "RENAME TO " + quote(pick(m.Rand, tableNames))
	case 9:
		return "DROP TABLE " + t.sql()
	case 10, 11:
		return m.createTable(w)
	case 12, 13:
		return column + "TYPE " + pick(m.Rand, []string{"bigint", "numeric", "text", "character varying(20)", "character varying(40)"})
	case 14:
		return column + "SET NOT NULL"
	case 15:
		return column + pick(m.Rand, []string{"DROP NOT NULL", "DROP DEFAULT"})
	case 16:
		return column + "SET DEFAULT '" + dummy(c.typ) + "'"
	case 17:
		return "CREATE UNIQUE INDEX ON " + t.sql() + " (" + quote(c.name) + ")"
	case 18:
		if len(t.indexes) > 0 {
			return "DROP INDEX " + relationName{t.schema, pick(m.Rand, t.indexes)}.sql()
		}
		return "DROP TABLE " + t.sql() + " CASCADE"
	}
	return alter + "SET SCHEMA " + pick(m.Rand, []string{"public", "depot"})
}

func (m migrator) changeView(w *world, views []*relation) string {
	if len(views) == 0 {
		return m.createView(w, pick(m.Rand, viewNames))
	}
	v := pick(m.Rand, views)
	switch m.IntN(5) {
	case 0:
		return m.createView(w, pick(m.Rand, slices.Concat(viewNames, tableNames)))
	case 1:
		return "ALTER VIEW " + v.sql() + " RENAME TO " + quote(pick(m.Rand, viewNames))
	case 2:
		return "ALTER VIEW " + v.sql() + " RENAME COLUMN " + quote(pick(m.Rand, v.columns).name) + " TO " + quote(pick(m.Rand, columnNames))
	case 3:
		return "DROP VIEW " + v.sql()
	}
	return "DROP VIEW " + v.sql() + "; " + m.createView(w, v.name)
}

func (m migrator) changeOther(w *world) string {
	if len(w.functions) > 0 && m.oneIn(3) {
		f := pick(m.Rand, w.functions)
		routine := quote(f.name) + "(" + f.argument + ")"
		switch m.IntN(3) {
		case 0:
			return m.createFunction(pick(m.Rand, functionNames))
		case 1:
			return "ALTER FUNCTION " + routine + " RENAME TO " + quote(pick(m.Rand, functionNames))
		}
		return "DROP FUNCTION " + routine
	}
	if slices.Contains(w.namespaces, "depot") && m.oneIn(8) {
		return "ALTER SCHEMA depot RENAME TO yard"
	}
	if len(w.types) == 0 {
		return m.createEnum(pick(m.Rand, enumNames))
	}
	t := pick(m.Rand, w.types)
	switch kind := m.IntN(6); {
	case kind == 0:
		return "ALTER TYPE " + quote(t.name) + " RENAME TO " + quote(pick(m.Rand, slices.Concat(enumNames, domainNames)))
	case kind == 1:
		return "DROP TYPE " + quote(t.name)
	case t.domain && kind == 2:
		return "ALTER DOMAIN " + quote(t.name) + " SET NOT NULL"
	case t.domain && kind == 3:
		return "ALTER DOMAIN " + quote(t.name) + " DROP NOT NULL"
	case t.domain:
		return m.createDomain(pick(m.Rand, domainNames))
	case kind <= 3:
		return "ALTER TYPE " + quote(t.name) + " ADD VALUE '" + pick(m.Rand, labelNames) + "'"
	}
	return "ALTER TYPE " + quote(t.name) + " RENAME VALUE '" + pick(m.Rand, t.labels) + "' TO '" + pick(m.Rand, labelNames) + "'"
}
