package gate

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/headgate/headgate/internal/postgres"
	"github.com/headgate/headgate/internal/schema"
	"github.com/headgate/headgate/internal/sqltext"
)

// typeKey is a type as a statement's description gives it.
type typeKey struct {
	oid      uint32
	modifier int32
}

// typeFacts is a type in words, and for a row type what its columns are, which change with its table.
type typeFacts struct{ name, columns string }

// typesSQL names types. The columns of an array's row type count as the array's own.
const typesSQL = `
SELECT k.oid::int8, k.modifier, pg_catalog.format_type(k.oid, k.modifier), coalesce((
    SELECT pg_catalog.string_agg(a.attname || ' ' || pg_catalog.format_type(a.atttypid, a.atttypmod), ', ' ORDER BY a.attnum)
    FROM pg_catalog.pg_attribute a
    WHERE a.attrelid = CASE WHEN t.typrelid <> 0 THEN t.typrelid ELSE e.typrelid END AND a.attnum > 0 AND NOT a.attisdropped), '')
FROM ROWS FROM (pg_catalog.unnest($1::oid[]), pg_catalog.unnest($2::int4[])) AS k(oid, modifier)
JOIN pg_catalog.pg_type t ON t.oid = k.oid
LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem`

// findTypes reads, for each schema, the types of what the statements return and take there.
func (j *judge) findTypes(ctx context.Context, cases []hearing) error {
	if j.Schemas[0].Config == j.Schemas[len(j.Schemas)-1].Config {
		return nil // there is one schema, and nothing to compare
	}
	j.types = make([]map[typeKey]typeFacts, len(j.Schemas))
	for s := range j.Schemas {
		wanted := map[typeKey]typeFacts{}
		for c := range cases {
			for _, row := range cases[c].answers {
				for _, column := range row[s].Columns {
					wanted[typeKey{column.Type, column.Modifier}] = typeFacts{}
				}
				for _, oid := range row[s].Parameters {
					wanted[typeKey{oid, -1}] = typeFacts{}
				}
			}
		}
		if err := j.readTypes(ctx, &j.Schemas[s], wanted); err != nil {
			return fmt.Errorf("read the types of the %s schema: %w", j.Schemas[s].adjective(), err)
		}
		j.types[s] = wanted
	}
	return nil
}

func (j *judge) readTypes(ctx context.Context, s *Schema, wanted map[typeKey]typeFacts) error {
	conn, err := j.sessions.to(ctx, s)
	if err != nil {
		return err
	}
	oids, modifiers := make([]uint32, 0, len(wanted)), make([]int32, 0, len(wanted))
	for k := range wanted {
		oids, modifiers = append(oids, k.oid), append(modifiers, k.modifier)
	}
	rows, err := conn.Query(ctx, typesSQL, oids, modifiers)
	if err != nil {
		return err
	}
	var oid int64
	var k typeKey
	var facts typeFacts
	_, err = pgx.ForEachRow(rows, []any{&oid, &k.modifier, &facts.name, &facts.columns}, func() error {
		k.oid = uint32(oid)
		wanted[k] = facts
		return nil
	})
	return err
}

// crossing is a step of the deploy over which a code version lives: it meets the schemas on both sides. The cells are those
// after the step.
type crossing struct {
	from, to int
	cell     string
	cells    []string // both code versions', where both cross
}

// crossings are the steps over which a use lives, in the order of the deploy. Where a cell weighs no more than a notice, the
// order keeps the code from the schema, and so it does not live to see the step.
func (j *judge) crossings(u *use) []crossing {
	var all []crossing
	for to := 1; to < len(j.Schemas); to++ {
		d, crosses := j.weigh(func(m meeting) bool {
			return m.schema == to && u.in(m.code) && j.meet(m.code, to-1) && j.weight(m.code, to-1) != Notice
		})
		if crosses {
			all = append(all, crossing{from: to - 1, to: to, cell: d.cell, cells: d.cells})
		}
	}
	return all
}

// shapeChanges finds statements that return other columns or types after a step that the code lives over. A connection that
// prepared the statement before then answers «cached plan must not change result type» (src/backend/utils/cache/plancache.c,
// RevalidateCachedQuery), and code that reads by position reads something else.
func (j *judge) shapeChanges(h *hearing) {
	for _, c := range j.crossings(&h.use) {
		for i, row := range h.answers {
			before, after := row[c.from], row[c.to]
			if !h.probes[i].Rows || before == after || refused(before) != nil || refused(after) != nil {
				continue
			}
			differences, at, on := j.compareShapes(c, before.Columns, after.Columns)
			if len(differences) == 0 {
				continue
			}
			inRow := sameColumns(before.Columns, after.Columns)
			start, isStar := starOf(h.probes[i].SQL)
			end := start + 1
			if !isStar {
				start, end = pointed(h.probes[i].SQL, 0)
			}
			f := j.placeIn(h, i, start, end)
			f.Rule, f.Severity, f.Cell, f.Cells = "result-shape", Warning, c.cell, c.cells
			object, origin := j.columnBehind(on, at)
			f.Message, f.Remedy = j.shapeWords(c, differences, isStar, inRow, origin)
			j.add(f, h, origin, object)
		}
	}
}

// sameColumns tells whether two results are the same to the server, so that what differs lies within a row type: its oid stays.
func sameColumns(before, after []postgres.Column) bool {
	return slices.EqualFunc(before, after, func(a, b postgres.Column) bool {
		return a.Name == b.Name && a.Type == b.Type && a.Modifier == b.Modifier
	})
}

// compareShapes says in words what differs, and gives the table column behind the first difference and the schema that has it.
func (j *judge) compareShapes(c crossing, before, after []postgres.Column) (differences []string, at postgres.Column, on int) {
	note := func(column postgres.Column, schema int, text string, args ...any) {
		if len(differences) == 0 {
			at, on = column, schema
		}
		differences = append(differences, fmt.Sprintf(text, args...))
	}
	named := func(list []postgres.Column, name string) int {
		return slices.IndexFunc(list, func(c postgres.Column) bool { return c.Name == name })
	}
	for _, column := range after {
		if named(before, column.Name) < 0 {
			note(column, c.to, "it adds %q (%s)", column.Name, j.typeAt(c.to, column).name)
		}
	}
	for _, column := range before {
		if named(after, column.Name) < 0 {
			note(column, c.from, "it no longer has %q", column.Name)
		}
	}
	if len(differences) > 0 {
		return differences, at, on
	}
	if len(before) != len(after) {
		note(after[min(len(after), len(before)+1)-1], c.to, "it has %d columns where it had %d", len(after), len(before))
		return differences, at, on
	}
	for i, old := range before {
		column := after[i]
		was, is := j.typeAt(c.from, old), j.typeAt(c.to, column)
		same := old.Type == column.Type && old.Modifier == column.Modifier // under whatever name
		stored, stores := j.storedType(c.from, old), j.storedType(c.to, column)
		switch {
		case old.Name != column.Name:
			note(column, c.to, "column %d is %q where it was %q", i+1, column.Name, old.Name)
		case !same && was.name != is.name:
			note(column, c.to, "%q is %s where it was %s", column.Name, is.name, was.name)
		case was.columns != is.columns:
			note(column, c.to, "the row %q is (%s) where it was (%s)", column.Name, is.columns, was.columns)
		case !same:
			note(column, c.to, "the type %s of %q was made anew", is.name, column.Name)
		case stored == nil || stores == nil || stored.Type == stores.Type:
		case stored.TypeName != stores.TypeName:
			note(column, c.to, "%q is %s where it was %s", column.Name, stores.TypeName, stored.TypeName)
		default:
			note(column, c.to, "the type %s of %q was made anew", stores.TypeName, column.Name)
		}
	}
	return differences, at, on
}

func (j *judge) typeAt(at int, c postgres.Column) typeFacts {
	return j.types[at][typeKey{c.Type, c.Modifier}]
}

// columnBehind is the table's column that a statement returns, or a column that changes in the row that it returns, and
// the pending change to it or to its type; nil where there is none.
func (j *judge) columnBehind(on int, c postgres.Column) (*schema.Object, *schema.Origin) {
	typeName := strings.TrimSuffix(j.typeAt(on, c).name, "[]")
	is := func(o *schema.Origin, kind schema.Kind, name string) bool {
		return o.Object.Kind == kind && (name == typeName || o.Object.Schema+"."+name == typeName)
	}
	object := j.columnAt(on, c)
	origin := j.changeOf(object)
	for i := len(j.Origins) - 1; i >= 0 && origin == nil; i-- {
		switch o := &j.Origins[i]; {
		case object == nil && is(o, schema.Column, o.Object.Table):
			return &o.Object, o
		case is(o, schema.Type, o.Object.Name), is(o, schema.EnumValue, o.Object.Table):
			origin = o
		}
	}
	return object, origin
}

// storedType is what the catalog says of the table's column that a statement returns, nil where it is none: the description gives
// what a domain is made from in place of the domain (src/backend/access/common/printtup.c, SendRowDescriptionMessage).
func (j *judge) storedType(at int, c postgres.Column) *schema.ColumnFacts {
	o := j.columnAt(at, c)
	if o == nil {
		return nil
	}
	return j.Schemas[at].Snapshot[*o].Column
}

// columnAt is the table's column that a statement returns, nil where it is none.
func (j *judge) columnAt(on int, c postgres.Column) *schema.Object {
	if c.Table == 0 {
		return nil
	}
	if j.columns == nil {
		j.columns = make([]map[columnKey]schema.Object, len(j.Schemas))
	}
	if j.columns[on] == nil {
		j.columns[on] = map[columnKey]schema.Object{}
		for o, e := range j.Schemas[on].Snapshot {
			if o.Kind == schema.Column {
				j.columns[on][columnKey{e.OID, e.Number}] = o
			}
		}
	}
	if o, ok := j.columns[on][columnKey{c.Table, c.Number}]; ok {
		return &o
	}
	return nil
}

// columnKey is a column's identity: its table's oid and its attnum.
type columnKey struct {
	table  uint32
	number int16
}

// starOf is the rune offset of the first * that stands for columns.
func starOf(sql string) (offset int, found bool) {
	scan := sqltext.NewScanner(sql)
	before := ""
	for t := scan.Next(); t.Kind != sqltext.EOF; t = scan.Next() {
		text := sql[t.Start:t.End]
		if text == "*" && (before == "." || before == "," || startsColumns[strings.ToLower(before)]) {
			return len([]rune(sql[:t.Start])), true
		}
		if t.Kind != sqltext.Comment {
			before = text
		}
	}
	return 0, false
}

// startsColumns are the words after which a * stands for columns (PostgreSQL manual, SELECT and INSERT).
var startsColumns = map[string]bool{"select": true, "returning": true, "distinct": true, "all": true}

// parameterTypes finds parameters whose type changes over a step that the code lives over in a way that a driver, which
// encodes by the type, may not follow.
func (j *judge) parameterTypes(h *hearing) {
	for _, c := range j.crossings(&h.use) {
		for i, row := range h.answers {
			before, after := row[c.from], row[c.to]
			if before == after || refused(before) != nil || refused(after) != nil {
				continue
			}
			for n := range min(len(before.Parameters), len(after.Parameters)) {
				was, is := j.types[c.from][typeKey{before.Parameters[n], -1}].name, j.types[c.to][typeKey{after.Parameters[n], -1}].name
				if was == is || before.Parameters[n] == after.Parameters[n] || encodesAlike(was, is) {
					continue
				}
				start, end := parameterIn(h.probes[i].SQL, n+1)
				f := j.placeIn(h, i, start, end)
				f.Rule, f.Severity, f.Cell, f.Cells = "parameter-type", Warning, c.cell, c.cells
				origin := j.retyped(was, is, readWords(h.SQL))
				var object *schema.Object
				if origin != nil {
					object = &origin.Object
				}
				f.Message, f.Remedy = j.parameterWords(c, n+1, was, is, origin)
				j.add(f, h, origin, object)
			}
		}
	}
}

// encodesAlike tells whether a value that a driver sends for the one type is right for the other: text among texts, and numbers
// that have more room.
func encodesAlike(was, is string) bool {
	texts := []string{"text", "character varying", "character", "bpchar", "name", "citext", `"char"`}
	if slices.Contains(texts, was) && slices.Contains(texts, is) {
		return true
	}
	for _, wider := range [][]string{{"smallint", "integer", "bigint", "numeric"}, {"real", "double precision"}} {
		from, to := slices.Index(wider, was), slices.Index(wider, is)
		if from >= 0 && to > from {
			return true
		}
	}
	return false
}

// parameterIn is the span, in runes from 0, of the first $n.
func parameterIn(sql string, n int) (start, end int) {
	wanted := fmt.Sprintf("$%d", n)
	scan := sqltext.NewScanner(sql)
	for t := scan.Next(); t.Kind != sqltext.EOF; t = scan.Next() {
		if sql[t.Start:t.End] == wanted {
			start = len([]rune(sql[:t.Start]))
			return start, start + len(wanted)
		}
	}
	return 0, 1
}

// retyped is the change of a column that the statement names from one type to another.
func (j *judge) retyped(was, is string, w words) *schema.Origin {
	alike := func(f *schema.ColumnFacts, parameter string) bool {
		base, _, _ := strings.Cut(f.TypeName, "(")
		return base == parameter || encodesAlike(base, parameter)
	}
	for i := range j.Origins {
		o := &j.Origins[i]
		if o.Action == schema.Changed && o.Object.Kind == schema.Column && slices.Contains(w, o.Object.Table) && slices.Contains(w, o.Object.Name) &&
			alike(o.Before.Column, was) && alike(o.After.Column, is) {
			return o
		}
	}
	return j.touches(w)
}
