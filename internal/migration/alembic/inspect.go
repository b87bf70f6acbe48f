package alembic

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5"
)

// inspections are what an inspector is asked, as queries on the catalog of the database that is being built: $1 is the
// schema, or NULL for the first of the search path, $2 the table. Each gives the name and, as JSON, what else SQLAlchemy's
// ReflectedColumn, ReflectedIndex and so on (engine/interfaces.py) have of it.
var inspections = map[string]string{
	"get_table_names":  `SELECT relname::text, NULL::json FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = coalesce($1, current_schema())::regnamespace AND $2::text IS NULL ORDER BY 1`,
	"get_view_names":   `SELECT relname::text, NULL::json FROM pg_class WHERE relkind IN ('v', 'm') AND relnamespace = coalesce($1, current_schema())::regnamespace AND $2::text IS NULL ORDER BY 1`,
	"get_schema_names": `SELECT nspname::text, NULL::json FROM pg_namespace WHERE nspname NOT LIKE 'pg\_%' AND $1::text IS NULL AND $2::text IS NULL ORDER BY 1`,
	"get_columns": `SELECT attname::text, json_build_object('type', format_type(atttypid, atttypmod), 'nullable', NOT attnotnull,
			'default', pg_get_expr(adbin, adrelid), 'comment', col_description(attrelid, attnum))
		FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
		WHERE attnum > 0 AND NOT attisdropped AND attrelid = ` + inspected + ` ORDER BY attnum`,
	"get_indexes": `SELECT i.relname::text, json_build_object('unique', x.indisunique, 'column_names',
			(SELECT json_agg(a.attname ORDER BY k.n) FROM unnest(x.indkey[:x.indnkeyatts - 1]) WITH ORDINALITY k(attnum, n)
				LEFT JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = k.attnum AND k.attnum > 0))
		FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid WHERE NOT x.indisprimary AND x.indrelid = ` + inspected + ` ORDER BY 1`,
	"get_foreign_keys": `SELECT conname::text, json_build_object('constrained_columns', ` + columnsOf("conrelid", "conkey") + `,
			'referred_columns', ` + columnsOf("confrelid", "confkey") + `, 'referred_table', t.relname,
			'referred_schema', CASE WHEN t.relnamespace <> current_schema()::regnamespace THEN t.relnamespace::regnamespace::text END)
		FROM pg_constraint JOIN pg_class t ON t.oid = confrelid WHERE contype = 'f' AND conrelid = ` + inspected + ` ORDER BY 1`,
	"get_unique_constraints": `SELECT conname::text, json_build_object('column_names', ` + columnsOf("conrelid", "conkey") + `)
		FROM pg_constraint WHERE contype = 'u' AND conrelid = ` + inspected + ` ORDER BY 1`,
	"get_pk_constraint": `SELECT conname::text, json_build_object('constrained_columns', ` + columnsOf("conrelid", "conkey") + `)
		FROM pg_constraint WHERE contype = 'p' AND conrelid = ` + inspected,
	"get_check_constraints": `SELECT conname::text, json_build_object('sqltext', regexp_replace(pg_get_expr(conbin, conrelid), '^\s*\((.+)\)\s*$', '\1'))
		FROM pg_constraint WHERE contype = 'c' AND conrelid = ` + inspected + ` ORDER BY 1`,
	"get_enums": `SELECT typname::text, json_build_object('schema', typnamespace::regnamespace::text,
			'labels', (SELECT json_agg(enumlabel ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = pg_type.oid))
		FROM pg_type WHERE typtype = 'e' AND typnamespace = coalesce($1, current_schema())::regnamespace AND $2::text IS NULL ORDER BY 1`,
}

// inspected is the table that an inspector is asked about.
const inspected = `(SELECT oid FROM pg_class WHERE relname = $2 AND relnamespace = coalesce($1, current_schema())::regnamespace)`

func columnsOf(table, keys string) string {
	return `(SELECT json_agg(a.attname ORDER BY k.n) FROM unnest(` + keys + `) WITH ORDINALITY k(attnum, n)
		JOIN pg_attribute a ON a.attrelid = ` + table + ` AND a.attnum = k.attnum)`
}

// plainNames are the inspections that give strings, not dicts with a name.
var plainNames = names("get_table_names get_view_names get_schema_names")

// columnType is the type of a column that an inspector told of.
type columnType struct{ sql string }

// typeNames are how SQLAlchemy writes PostgreSQL's types; those that it writes otherwise are left unknown.
var typeNames = map[string]string{"character varying": "VARCHAR", "character": "CHAR", "timestamp with time zone": "TIMESTAMP",
	"timestamp without time zone": "TIMESTAMP", "double precision": "DOUBLE PRECISION"}

var simpleType = regexp.MustCompile(`^(uuid|integer|bigint|smallint|text|boolean|jsonb|json|date|bytea|inet|citext|tsvector|real|character varying|character|timestamp with(out)? time zone|double precision)(\(\d+\))?$`)

// text is str() of the type.
func (t *columnType) text() value {
	m := simpleType.FindStringSubmatch(t.sql)
	if m == nil {
		return &runtime{why: "the column type " + t.sql}
	}
	if name, ok := typeNames[m[1]]; ok {
		return text(name + m[3])
	}
	return text(strings.ToUpper(t.sql))
}

// inspect answers an inspector's question exactly, from the database that is being built.
func (o *operations) inspect(name string, a *arguments) (value, error) {
	if query, ok := inspections[name]; ok {
		return o.reflect(name, query, a)
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

func (o *operations) reflect(name, query string, a *arguments) (value, error) {
	var tableName, schema value
	if plainNames[name] || name == "get_enums" {
		schema = a.get(0, "schema")
	} else {
		tableName, schema = a.get(0, "table_name"), a.get(1, "schema")
	}
	args := []any{pgx.QueryExecModeExec, nil, nil}
	for i, v := range []value{schema, tableName} {
		switch v := v.(type) {
		case nil:
		case str:
			args[i+1] = v.s
		default:
			return &runtime{why: "inspector." + name + "() of " + describe(v)}, nil
		}
	}
	rows, err := o.conn.Query(o.ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("ask the catalog: %w", err)
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (value, error) {
		var own string
		var more map[string]any
		if err := row.Scan(&own, &more); err != nil || plainNames[name] {
			return text(own), err
		}
		return reflected(own, more), nil
	})
	if err != nil {
		return nil, fmt.Errorf("ask the catalog: %w", err)
	}
	if name != "get_pk_constraint" {
		return &list{items: found}, nil
	}
	if len(found) == 0 {
		return reflected("", map[string]any{"constrained_columns": []any{}}), nil
	}
	return found[0], nil
}

// reflected is the dict of a reflected object. What it has beside is not known.
func reflected(name string, more map[string]any) *dict {
	d := newDict()
	d.partial = "what an inspector tells of " + name
	d.set(text("name"), text(name))
	if name == "" {
		d.set(text("name"), nil)
	}
	for k, v := range more {
		if s, ok := v.(string); ok && k == "type" {
			d.set(text(k), &columnType{s})
			continue
		}
		d.set(text(k), fromJSON(v))
	}
	return d
}

func fromJSON(v any) value {
	switch v := v.(type) {
	case nil:
		return nil
	case bool:
		return v
	case string:
		return text(v)
	case json.Number:
		n, _ := v.Int64()
		return n
	case []any:
		l := &list{}
		for _, item := range v {
			l.items = append(l.items, fromJSON(item))
		}
		return l
	}
	return &runtime{why: "a value of the catalog"}
}
