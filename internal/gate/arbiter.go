package gate

import (
	"cmp"
	"slices"

	"github.com/headgate/headgate/internal/schema"
	"github.com/headgate/headgate/internal/statement"
)

// noArbiter is what the planner answers to an ON CONFLICT for which there is no unique index (manual, appendix A:
// invalid_column_reference).
const noArbiter = "42P10"

// arbiter is the pending change that brings or removes the unique index that an ON CONFLICT needs.
func (j *judge) arbiter(h *hearing, d drift) *schema.Origin {
	if d.refused.Code != noArbiter {
		return nil
	}
	action := schema.Removed
	if d.rule == "code-ahead" {
		action = schema.Added
	}
	target := conflictTarget(h.SQL)
	var other *schema.Origin
	for i := range j.Origins {
		o := &j.Origins[i]
		at := slices.IndexFunc(h.writes, func(w statement.Write) bool { return w.Table == o.Object.Table })
		columns, unique := uniqueColumns(cmp.Or(o.After, o.Before))
		if o.Action != action || !unique || at < 0 {
			continue
		}
		for s := range j.Schemas {
			t := j.tableOf(s, h.writes[at])
			if t != nil && sameNames(t.names(columns), target) {
				return o
			}
		}
		other = cmp.Or(other, o)
	}
	return other
}

// uniqueColumns are the columns that an index or a constraint holds to be unique; false where it is another kind of object.
func uniqueColumns(e *schema.Entry) ([]int16, bool) {
	switch {
	case e.Index != nil && e.Index.Unique:
		return e.Index.Columns, true
	case e.Constraint != nil && (e.Constraint.ConType == "u" || e.Constraint.ConType == "p"):
		return e.Constraint.Columns, true
	}
	return nil, false
}

// conflictTarget are the names in the parentheses after ON CONFLICT.
func conflictTarget(sql string) []string {
	w := readWords(sql)
	for i := 0; i+1 < len(w); i++ {
		if w[i] != "on" || w[i+1] != "conflict" {
			continue
		}
		var names []string
		for _, name := range w[i+2:] {
			if name == "do" || name == "where" {
				break
			}
			if name != "" {
				names = append(names, name)
			}
		}
		return names
	}
	return nil
}

func sameNames(a, b []string) bool {
	return len(a) == len(b) && !slices.ContainsFunc(a, func(name string) bool { return !slices.Contains(b, name) })
}
