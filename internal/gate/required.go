package gate

import (
	"cmp"
	"slices"
	"strings"

	"github.com/headgate/headgate/internal/postgres"
	"github.com/headgate/headgate/internal/schema"
	"github.com/headgate/headgate/internal/statement"
)

// table is a table of one schema by its columns.
type table struct {
	name    schema.Object
	columns []tableColumn // by attnum
}

type tableColumn struct {
	object schema.Object
	entry  schema.Entry
}

// tableOf is the table that a write names, on one schema: by the schema that is spelled out, or the first of the search path
// that has it.
func (j *judge) tableOf(at int, w statement.Write) *table {
	if j.tablesOn == nil {
		j.tablesOn = make([]map[schema.Object]*table, len(j.Schemas))
	}
	if j.tablesOn[at] == nil {
		j.tablesOn[at] = tablesOf(j.Schemas[at].Snapshot)
	}
	if w.Schema != "" {
		return j.tablesOn[at][schema.Object{Kind: schema.Table, Schema: w.Schema, Name: w.Table}]
	}
	for _, name := range j.Schemas[at].SearchPath {
		if t := j.tablesOn[at][schema.Object{Kind: schema.Table, Schema: name, Name: w.Table}]; t != nil {
			return t
		}
	}
	return nil
}

func tablesOf(s schema.Snapshot) map[schema.Object]*table {
	tables := map[schema.Object]*table{}
	for o := range s {
		if o.Kind == schema.Table {
			tables[o] = &table{name: o}
		}
	}
	for o, e := range s {
		if o.Kind != schema.Column {
			continue
		}
		if t := tables[schema.Object{Kind: schema.Table, Schema: o.Schema, Name: o.Table}]; t != nil {
			t.columns = append(t.columns, tableColumn{o, e})
		}
	}
	for _, t := range tables {
		slices.SortFunc(t.columns, func(a, b tableColumn) int { return cmp.Compare(a.entry.Number, b.entry.Number) })
	}
	return tables
}

// writesColumn tells whether a write gives the column a value: by its name, by its place where there is no list, or any column
// where the text does not say how many values there are.
func (t *table) writesColumn(w *statement.Write, name string) bool {
	switch {
	case w.DefaultValues:
		return false
	case w.Listed || w.Verb != statement.Insert:
		return slices.ContainsFunc(w.Columns, func(c statement.Column) bool { return c.Name == name && !c.Default })
	case len(w.Columns) == 0:
		return true
	}
	at := slices.IndexFunc(t.columns, func(c tableColumn) bool { return c.object.Name == name })
	return at >= 0 && at < len(w.Columns) && !w.Columns[at].Default
}

// leftOut are the columns that a schema requires and an INSERT does not give a value.
func (j *judge) leftOut(at int, w *statement.Write) []schema.Object {
	t := j.tableOf(at, *w)
	if t == nil || w.Verb != statement.Insert {
		return nil
	}
	var found []schema.Object
	for _, c := range t.columns {
		if c.entry.Column.Required && !c.entry.Column.MayBeFilled && !t.writesColumn(w, c.object.Name) {
			found = append(found, c.object)
		}
	}
	return found
}

// requiredColumns finds the columns that an INSERT leaves out, and that one schema requires where another does not: it is
// parsed, and fails when it runs (SQLSTATE 23502). What every schema requires is no drift.
func (j *judge) requiredColumns(h *hearing) {
	for i := range h.writes {
		w := &h.writes[i]
		if w.Verb != statement.Insert {
			continue
		}
		out := make([][]schema.Object, len(j.Schemas))
		for at := range j.Schemas {
			if j.holds(h, at) {
				out[at] = j.leftOut(at, w)
			}
		}
		for _, o := range distinctObjects(out) {
			j.requiredColumn(h, w, out, o)
		}
	}
}

// holds tells whether all of a use holds on a schema.
func (j *judge) holds(h *hearing, at int) bool {
	return !slices.ContainsFunc(h.answers, func(row []*postgres.Answer) bool { return refused(row[at]) != nil })
}

func distinctObjects(lists [][]schema.Object) []schema.Object {
	var all []schema.Object
	for _, list := range lists {
		for _, o := range list {
			if !slices.Contains(all, o) {
				all = append(all, o)
			}
		}
	}
	return all
}

// requiredColumn weighs one column by the cells in which it is required and was or will not be in another.
func (j *judge) requiredColumn(h *hearing, w *statement.Write, out [][]schema.Object, o schema.Object) {
	free := slices.IndexFunc(out, func(list []schema.Object) bool { return !slices.Contains(list, o) })
	if free < 0 || !j.holds(h, free) {
		return
	}
	d, matters := j.weigh(func(m meeting) bool {
		before := m.code == codeReleased && slices.Contains(out[0], o)
		// Another model of the table may write it, and this one only read.
		elsewhere := h.Model && j.mapped[m.code][mapping{w.Schema, w.Table, o.Name}]
		return h.in(m.code) && slices.Contains(out[m.schema], o) && !before && !elsewhere
	})
	if !matters {
		return
	}
	if d.released() && j.Order == RollbackSafe {
		d.severity = Error
	}
	f := j.place(h, w.Start, w.End)
	f.Rule, f.Severity, f.Cell, f.Cells, f.SQLState = "required-column", d.severity, d.cell, d.cells, notNullViolation
	origin := j.changeOf(&o)
	if origin == nil {
		origin = j.checkOf(o)
	}
	f.Message, f.Remedy = j.requiredWords(d, o, origin, free < d.at)
	j.add(f, h, origin, &o)
}

// mapping is a column that a model maps, with its table as the model names it.
type mapping struct{ schema, table, column string }

// mappings are the columns that the models of each code version map: a table can have several models, of which some only read.
func mappings(uses []use) map[string]map[mapping]bool {
	all := map[string]map[mapping]bool{codeReleased: {}, codeProposed: {}}
	for i := range uses {
		u := &uses[i]
		m, ok := mappingOf(u)
		for code, list := range all {
			if ok && u.in(code) {
				list[m] = true
			}
		}
	}
	return all
}

// mappingOf reads SELECT "column" FROM "schema"."table", which stands for a column of a model.
func mappingOf(u *use) (m mapping, ok bool) {
	w := readWords(u.SQL)
	if !u.Model || len(u.writes) > 0 || len(w) < 4 || w[2] != "from" {
		return mapping{}, false
	}
	m = mapping{table: w[len(w)-1], column: w[1]}
	if len(w) > 5 {
		m.schema = w[3]
	}
	return m, true
}

// checkOf is the last pending change to a CHECK on a column, which can require it as NOT NULL does.
func (j *judge) checkOf(o schema.Object) *schema.Origin {
	number := cmp.Or(j.last()[o].Number, j.Schemas[0].Snapshot[o].Number)
	for i := len(j.Origins) - 1; i >= 0; i-- {
		c := &j.Origins[i]
		e := cmp.Or(c.After, c.Before)
		isCheck := e.Constraint != nil && e.Constraint.ConType == "c" && c.Object.Schema == o.Schema && c.Object.Table == o.Table
		if isCheck && slices.Contains(e.Constraint.Columns, number) {
			return c
		}
	}
	return nil
}

// notNullViolation is what the server answers when such an INSERT runs (manual, appendix A).
const notNullViolation = "23502"

func (d drift) released() bool { return strings.HasPrefix(d.cell, codeReleased) }
