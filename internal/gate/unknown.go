package gate

import (
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/headgate/headgate/internal/schema"
)

// unknown is a reference that every schema refuses. That is no drift: a broad net catches prose that looks like
// SQL, other dialects and fragments. Only where the server says that an object is missing is it held against the
// code, and the less sure it is that the text goes to this database, the quieter.
func (j *judge) unknown(h *hearing, i int, refused *pgconn.PgError) bool {
	reason := "both schemas refuse it: " + refused.Message
	lacks, ok := readMissing(refused)
	if !ok || !h.proposed {
		j.unchecked(&h.use, reason)
		return false
	}
	if j.made.makes(lacks.kind, lacks.name) {
		j.unchecked(&h.use, fmt.Sprintf("the code makes the %s %s itself", lacks.kind, lacks.name))
		return false
	}
	severity := j.unknownSeverity(h, lacks)
	if severity == "" {
		j.unchecked(&h.use, reason)
		return false
	}
	d := drift{rule: "unknown-reference", severity: severity, cell: cellEnd, at: len(j.Schemas) - 1, refused: refused}
	f := j.finding(h, i, d, int(refused.Position))
	f.Message, f.Remedy = unknownWords(refused, lacks, j.namesakes(lacks), h.released)
	object := schema.Object{Kind: lacks.kind, Schema: lacks.schema, Table: lacks.table, Name: lacks.name}
	if t := j.tableBehind(lacks, readWords(h.SQL)); t != nil {
		object.Schema, object.Table = t.Schema, t.Name
	}
	j.add(f, h, nil, &object)
	return true
}

// unknownSeverity is how much it weighs that no schema has an object; empty where it says nothing about this database.
func (j *judge) unknownSeverity(h *hearing, lacks missing) Severity {
	relation := lacks.kind == schema.Table || lacks.kind == schema.Namespace
	switch {
	case relation && h.Certain && !h.released:
		return Warning
	case relation || !j.mentionsTable(h.SQL):
		return "" // it may live in another database
	case !h.released:
		return Error
	case h.Certain:
		return Warning
	}
	return ""
}

// tableBehind is the table of which a statement asks an unknown column: the one that the error names, itself or by its alias, or the
// only one that the statement names. It is nil where that cannot be told.
func (j *judge) tableBehind(lacks missing, w words) *schema.Object {
	if lacks.kind != schema.Column {
		return nil
	}
	var found *schema.Object
	for o := range j.last() {
		if o.Kind != schema.Table && o.Kind != schema.View || !slices.Contains(w, o.Name) {
			continue
		}
		if lacks.table != "" && lacks.table != o.Name && !w.aliases(o.Name, lacks.table) {
			continue
		}
		if found != nil {
			return nil
		}
		found = &o
	}
	return found
}

// namesakes are the proposed schema's functions that have the name of a missing one and take other arguments, sorted.
func (j *judge) namesakes(lacks missing) []string {
	var found []string
	if lacks.kind == schema.Function {
		for o := range j.last() {
			if lacks.matches(o) {
				found = append(found, o.Name)
			}
		}
	}
	slices.Sort(found)
	return found
}

// mentionsTable tells whether the statement names a table or view of the proposed schema.
func (j *judge) mentionsTable(sql string) bool {
	if j.tables == nil {
		j.tables = tableNames(j.last())
	}
	return mentions(sql, j.tables)
}

// tableNames are the names of a schema's tables and views.
func tableNames(s schema.Snapshot) map[string]bool {
	names := map[string]bool{}
	for o := range s {
		if o.Kind == schema.Table || o.Kind == schema.View {
			names[o.Name] = true
		}
	}
	return names
}

// mentions tells whether a statement names one of the tables.
func mentions(sql string, tables map[string]bool) bool {
	return slices.ContainsFunc(readWords(sql), func(w string) bool { return tables[w] })
}
