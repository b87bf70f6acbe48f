package gate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/headgate/headgate/internal/schema"
	"github.com/headgate/headgate/internal/statement"
)

// newRestrictions finds what a pending migration newly restricts on a table that released code writes: the statement parses,
// and from then on can fail for values that it could write before.
func (j *judge) newRestrictions(h *hearing) {
	if !h.released {
		return
	}
	for _, c := range j.crossings(&h.use) {
		if !j.meet(codeReleased, c.to) || !j.holds(h, c.from) || !j.holds(h, c.to) {
			continue
		}
		said := map[restriction]bool{}
		for i := range h.writes {
			j.restrictions(h, c, &h.writes[i], said)
		}
	}
}

// restriction is a pending change to what is written at one place. An upsert writes there twice, and is told once.
type restriction struct {
	start  int
	object schema.Object
}

// restrictions looks at the pending changes of one write's table.
func (j *judge) restrictions(h *hearing, c crossing, w *statement.Write, said map[restriction]bool) {
	before, after := j.tableOf(c.from, *w), j.tableOf(c.to, *w)
	if before == nil || after == nil || before.oid() != after.oid() {
		return
	}
	for i := range j.Origins {
		o := &j.Origins[i]
		if !j.happensIn(o, c) {
			continue
		}
		what := j.restricts(o, after, w, c)
		told := restriction{w.Start, o.Object}
		if what == "" || said[told] {
			continue
		}
		said[told] = true
		severity := Warning
		if j.Order == RollbackSafe {
			severity = Error
		}
		f := j.place(h, w.Start, w.End)
		f.Rule, f.Severity, f.Cell = "new-restriction", severity, cellName(codeReleased, j.Schemas[c.to].Name)
		f.Message = fmt.Sprintf("pending migration %s %s; this %s can then fail for values that it could write before", place(o), what, w.Verb)
		f.Remedy = restrictionRemedy(o)
		j.add(f, h, o, &o.Object)
	}
}

// happensIn tells whether a change lies in a step of the deploy, and still stands after it.
func (j *judge) happensIn(o *schema.Origin, c crossing) bool {
	if j.split() && o.Revision.Contract != (j.Schemas[c.to].Name == SchemaProposed) {
		return false
	}
	was, stood := j.Schemas[c.from].Snapshot[o.Object]
	is, stands := j.Schemas[c.to].Snapshot[o.Object]
	if o.Action == schema.Removed {
		return stood && !stands
	}
	return stands && (!stood || was.Definition != is.Definition)
}

func (t *table) oid() uint32 {
	if len(t.columns) == 0 {
		return 0
	}
	return t.columns[0].entry.OID
}

// on tells whether a change is to the table or to something on it.
func (t *table) on(o schema.Object) bool {
	return o.Schema == t.name.Schema && (o.Table == t.name.Name || o.Kind == schema.Table && o.Name == t.name.Name)
}

// names are the columns of these attnums.
func (t *table) names(numbers []int16) []string {
	var names []string
	for _, c := range t.columns {
		if slices.Contains(numbers, c.entry.Number) {
			names = append(names, c.object.Name)
		}
	}
	return names
}

// touches tells whether a write can meet a restriction on these columns: an INSERT always does, an UPDATE where it sets one
// of them (rows that it leaves as they are were held against it), an expression stands for any column.
func (t *table) touches(w *statement.Write, numbers []int16) bool {
	switch w.Verb {
	case statement.Insert:
		return true
	case statement.Update:
		return len(numbers) == 0 || slices.Contains(numbers, 0) ||
			t.writesAny(w, numbers)
	}
	return false
}

// writesAny tells whether a write gives one of these columns a value.
func (t *table) writesAny(w *statement.Write, numbers []int16) bool {
	return slices.ContainsFunc(t.names(numbers), func(name string) bool { return t.writesColumn(w, name) })
}

// requires tells whether an INSERT that leaves one of these columns out fails for that alone.
func (t *table) requires(numbers []int16) bool {
	return slices.ContainsFunc(t.columns, func(c tableColumn) bool {
		return slices.Contains(numbers, c.entry.Number) && c.entry.Column.Required && !c.entry.Column.MayBeFilled
	})
}

// restricts says what a pending change newly demands of a write, as the rest of a sentence; empty if nothing.
func (j *judge) restricts(o *schema.Origin, t *table, w *statement.Write, c crossing) string {
	e := o.After
	if e == nil {
		e = o.Before
	}
	added := o.Action != schema.Removed && o.Renamed == nil
	switch {
	case e.Constraint != nil && added:
		return j.newConstraint(o, e, t, w, c)
	case e.Type != nil && added && o.Action == schema.Changed && o.Object.Kind == schema.Type:
		return t.typed(o.Object, w, fmt.Sprintf("changes %s, which a column of %s has", o.Object, t.name))
	case o.Object.Kind == schema.EnumValue && o.Action == schema.Removed && o.Renamed == nil:
		return t.typed(schema.Object{Kind: schema.Type, Schema: o.Object.Schema, Name: o.Object.Table}, w, fmt.Sprintf("takes %s away", o.Object))
	case !t.on(o.Object):
		return ""
	case e.Index != nil && added && e.Index.Unique && !e.Index.Constraint:
		if t.touches(w, e.Index.Columns) && !j.allNew(c.from, t, e.Index.Columns) && !j.wasUnique(c.from, t, e.Index.Columns, e.Index.Predicate) {
			return fmt.Sprintf("adds the unique %s on %s", o.Object.Kind, t.describe(o.Object, e.Index.Columns))
		}
	case e.Column != nil && o.Action == schema.Changed:
		return newOnColumn(o, t, w)
	case e.Trigger != nil && added && e.Trigger.Enabled && fires(e.Trigger, t, w):
		return fmt.Sprintf("adds %s, which runs on every such %s", o.Object, w.Verb)
	case e.Rule != nil && added && e.Rule.Enabled && e.Rule.Event == string(w.Verb):
		return fmt.Sprintf("adds %s, which rewrites every such %s", o.Object, w.Verb)
	case e.Privilege != nil && o.Action == schema.Removed && e.Privilege.Type == string(w.Verb):
		return fmt.Sprintf("revokes %s on %s from %s", e.Privilege.Type, t.name, e.Privilege.Grantee)
	case e.Relation != nil && o.Action == schema.Changed && o.Before.Relation != nil && e.Relation.RowSecurity && !o.Before.Relation.RowSecurity:
		return fmt.Sprintf("switches row security on for %s", t.name)
	case e.Policy != nil && added && !e.Policy.Permissive && (e.Policy.Command == "ALL" || e.Policy.Command == string(w.Verb)):
		return fmt.Sprintf("adds the restrictive %s", o.Object)
	}
	return ""
}

// describe names an index or constraint with its columns.
func (t *table) describe(o schema.Object, numbers []int16) string {
	names := t.names(numbers)
	if len(names) == 0 {
		return fmt.Sprintf("%s (%s)", t.name, o.Name)
	}
	return fmt.Sprintf("%s of %s (%s)", strings.Join(names, ", "), t.name, o.Name)
}

// constraintWords name the kinds of constraint (pg_constraint.contype).
var constraintWords = map[string]string{"p": "PRIMARY KEY", "u": "UNIQUE", "c": "CHECK", "f": "FOREIGN KEY", "x": "EXCLUDE"}

// newConstraint is a constraint that the schema before the step did not have, under this name or another.
func (j *judge) newConstraint(o *schema.Origin, e *schema.Entry, t *table, w *statement.Write, c crossing) string {
	f := e.Constraint
	word := constraintWords[f.ConType]
	switch {
	case word == "":
		return ""
	case f.ConType == "f" && f.References == t.oid() && !t.on(o.Object):
		referenced := w.Verb == statement.Delete || w.Verb == statement.Truncate || w.Verb == statement.Update && t.touches(w, f.ReferencedColumns)
		if !referenced {
			return ""
		}
		return fmt.Sprintf("adds the FOREIGN KEY %q of %q, which points to the rows of %s", o.Object.Name, o.Object.Table, t.name)
	case !t.on(o.Object) || !t.touches(w, f.Columns) || j.allNew(c.from, t, f.Columns):
		return ""
	case (f.ConType == "u" || f.ConType == "p") && j.wasUnique(c.from, t, f.Columns, ""):
		return ""
	}
	if w.Verb == statement.Insert && f.ConType == "c" && t.requires(f.Columns) && !t.writesAny(w, f.Columns) {
		return "" // required-column says so
	}
	same := func(a, b string) bool { return strings.TrimSuffix(a, notValid) == strings.TrimSuffix(b, notValid) }
	for other, was := range j.Schemas[c.from].Snapshot {
		if other.Kind == schema.Constraint && t.on(other) && same(was.Definition, e.Definition) {
			return "" // the same under another name, made anew, or validated
		}
	}
	return fmt.Sprintf("adds the %s constraint on %s", word, t.describe(o.Object, f.Columns))
}

// allNew tells whether none of the columns was there before: then the released code gives them no value, and their default was
// held against the restriction when it came.
func (j *judge) allNew(at int, t *table, numbers []int16) bool {
	for _, n := range numbers {
		there := slices.IndexFunc(t.columns, func(c tableColumn) bool { return c.entry.Number == n })
		if there < 0 {
			return false // an expression
		}
		if _, stood := j.Schemas[at].Snapshot[t.columns[there].object]; stood {
			return false
		}
	}
	return len(numbers) > 0
}

// notValid ends the definition of a constraint that is held against new rows only (pg_get_constraintdef).
const notValid = " NOT VALID"

// wasUnique tells whether a schema held these columns, or some of them, to be unique already.
func (j *judge) wasUnique(at int, t *table, columns []int16, predicate string) bool {
	for o, e := range j.Schemas[at].Snapshot {
		if o.Kind != schema.Index || e.Index == nil || !e.Index.Unique || e.Index.Table != t.oid() || slices.Contains(e.Index.Columns, 0) {
			continue
		}
		if e.Index.Predicate != "" && e.Index.Predicate != predicate {
			continue
		}
		all := !slices.ContainsFunc(e.Index.Columns, func(n int16) bool { return !slices.Contains(columns, n) })
		if all {
			return true
		}
	}
	return false
}

// newOnColumn is what a changed column newly demands.
func newOnColumn(o *schema.Origin, t *table, w *statement.Write) string {
	was, is := o.Before.Column, o.After.Column
	if was == nil || is == nil || w.Verb != statement.Insert && w.Verb != statement.Update || !t.writesColumn(w, o.Object.Name) {
		return ""
	}
	switch {
	case is.NotNull && !was.NotNull:
		return fmt.Sprintf("makes %s NOT NULL", o.Object)
	case is.Type == was.Type && is.Modifier == was.Modifier: // under whatever name
	case is.TypeName != was.TypeName && !encodesAlike(was.TypeName, is.TypeName) && !roomier(was, is):
		return fmt.Sprintf("makes %s %s where it was %s", o.Object, is.TypeName, was.TypeName)
	}
	return ""
}

// roomier tells whether a type takes every value of another: the same type with a greater length or none, or a text type.
func roomier(was, is *schema.ColumnFacts) bool {
	base := func(name string) string { name, _, _ = strings.Cut(name, "("); return name }
	switch {
	case base(was.TypeName) == base(is.TypeName):
		return is.Modifier < 0 || was.Modifier >= 0 && was.Modifier <= is.Modifier && base(is.TypeName) != "numeric" ||
			base(is.TypeName) == "numeric" && was.Modifier >= 0 && numericFits(was.Modifier, is.Modifier)
	case is.TypeName == "text":
		return true
	}
	return encodesAlike(base(was.TypeName), base(is.TypeName)) && is.Modifier < 0
}

// numericFits compares numeric(p,s) by their modifiers, ((p << 16) | s) + 4 (src/backend/utils/adt/numeric.c, make_numeric_typmod):
// as many digits before the point, and as many after it.
func numericFits(was, is int32) bool {
	split := func(m int32) (before, after int32) { m -= 4; s := m & 0x7ff; return m>>16 - s, s }
	wasBefore, wasAfter := split(was)
	isBefore, isAfter := split(is)
	return isBefore >= wasBefore && isAfter >= wasAfter
}

// typed is the text, if a column that a write gives a value is of the type.
func (t *table) typed(o schema.Object, w *statement.Write, text string) string {
	for _, c := range t.columns {
		name := strings.TrimSuffix(c.entry.Column.TypeName, "[]")
		if (name == o.Name || name == o.Schema+"."+o.Name) && (w.Verb == statement.Insert || w.Verb == statement.Update) && t.writesColumn(w, c.object.Name) {
			return text
		}
	}
	return ""
}

// fires tells whether a trigger runs for a write.
func fires(f *schema.TriggerFacts, t *table, w *statement.Write) bool {
	switch w.Verb {
	case statement.Insert:
		return f.Insert
	case statement.Update:
		return f.Update && (len(f.Columns) == 0 || t.touches(w, f.Columns))
	case statement.Delete:
		return f.Delete
	case statement.Truncate:
		return f.Truncate
	}
	return false
}

// restrictionRemedy is what to do, by what the restriction is.
func restrictionRemedy(o *schema.Origin) string {
	file := called(o.Revision)
	switch o.Object.Kind {
	case schema.Privilege:
		return fmt.Sprintf("keep the privilege until no running code needs it: move %s into a release after the code that does without it", file)
	case schema.EnumValue:
		return fmt.Sprintf("first ship code that no longer writes the value, then %s in a release of its own", file)
	}
	return fmt.Sprintf("first ship code that keeps to it, then %s in a release of its own; if all running code keeps to it already, say so with headgate:ignore new-restriction", file)
}
