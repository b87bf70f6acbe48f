package alembic

import (
	"fmt"

	"github.com/jackc/pgx/v5"
)

// inspections are what an inspector is asked, as queries on the catalog of the database that is being built: $1 is the
// schema, or NULL for the first of the search path, $2 the table. Each gives the names.
var inspections = map[string]string{
	"get_table_names":  `SELECT relname::text FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = coalesce($1, current_schema())::regnamespace AND $2::text IS NULL ORDER BY 1`,
	"get_view_names":   `SELECT relname::text FROM pg_class WHERE relkind IN ('v', 'm') AND relnamespace = coalesce($1, current_schema())::regnamespace AND $2::text IS NULL ORDER BY 1`,
	"get_schema_names": `SELECT nspname::text FROM pg_namespace WHERE nspname NOT LIKE 'pg\_%' AND $1::text IS NULL AND $2::text IS NULL ORDER BY 1`,
	"get_columns": `SELECT attname::text FROM pg_attribute WHERE attnum > 0 AND NOT attisdropped
		AND attrelid = (SELECT oid FROM pg_class WHERE relname = $2 AND relnamespace = coalesce($1, current_schema())::regnamespace) ORDER BY attnum`,
	"get_indexes": `SELECT i.relname::text FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
		WHERE NOT x.indisprimary AND t.relname = $2 AND t.relnamespace = coalesce($1, current_schema())::regnamespace ORDER BY 1`,
	"get_foreign_keys":       constraintNames + `'f' ORDER BY 1`,
	"get_unique_constraints": constraintNames + `'u' ORDER BY 1`,
	"get_check_constraints":  constraintNames + `'c' ORDER BY 1`,
	"get_enums":              `SELECT typname::text FROM pg_type WHERE typtype = 'e' AND typnamespace = coalesce($1, current_schema())::regnamespace AND $2::text IS NULL ORDER BY 1`,
}

const constraintNames = `SELECT conname::text FROM pg_constraint k JOIN pg_class t ON t.oid = k.conrelid
	WHERE t.relname = $2 AND t.relnamespace = coalesce($1, current_schema())::regnamespace AND contype = `

// plainNames are the inspections that give strings, not dicts with a name.
var plainNames = names("get_table_names get_view_names get_schema_names")

// inspect answers an inspector's question exactly, from the database that is being built.
func (o *operations) inspect(name string, a *arguments) (value, error) {
	if query, ok := inspections[name]; ok {
		var tableName, schema value
		if plainNames[name] || name == "get_enums" {
			schema = a.get(0, "schema")
		} else {
			tableName, schema = a.get(0, "table_name"), a.get(1, "schema")
		}
		found, err := o.namesOf(query, schema, tableName)
		if err != nil {
			return nil, fmt.Errorf("ask the catalog: %w", err)
		}
		result := &list{}
		for _, n := range found {
			if plainNames[name] {
				result.items = append(result.items, text(n))
				continue
			}
			d := newDict()
			d.set(text("name"), text(n))
			result.items = append(result.items, d)
		}
		return result, nil
	}
	s, isName := a.get(0, "table_name").(str)
	if !isName {
		return &runtime{why: "inspector." + name + "()"}, nil
	}
	switch name {
	case "has_table", "has_sequence":
		target := qualified(s.s, a.kwargs["schema"])
		if schema, given := a.get(1, "schema").(str); given {
			target = qualified(s.s, schema)
		}
		return o.exists("SELECT to_regclass($1) IS NOT NULL", target)
	case "has_type":
		return o.exists("SELECT to_regtype($1) IS NOT NULL", qualified(s.s, a.kwargs["schema"]))
	case "has_schema":
		return o.exists("SELECT to_regnamespace($1) IS NOT NULL", quote(s.s))
	}
	return &runtime{why: "inspector." + name + "()"}, nil
}

func (o *operations) namesOf(query string, schema, tableName value) ([]string, error) {
	args := []any{pgx.QueryExecModeExec, nil, nil}
	for i, v := range []value{schema, tableName} {
		if s, ok := v.(str); ok {
			args[i+1] = s.s
		}
	}
	rows, err := o.conn.Query(o.ctx, query, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}
