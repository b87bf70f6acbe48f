package alembic

import (
	"strings"

	"github.com/jackc/pgx/v5"
)

// entityOperations are those that alembic_utils and alembic_postgresql_enum add to alembic.op.
var entityOperations = names("create_entity replace_entity drop_entity sync_enum_values create_enum drop_enum")

// entity runs such an operation; handled is false for any other.
func (o *operations) entity(f *frame, name string, a *arguments) (handled bool, err error) {
	if !entityOperations[name] {
		return false, nil
	}
	if err := o.mayChange(f, a.at, "op."+name); err != nil {
		return true, err
	}
	switch name {
	case "sync_enum_values":
		return true, o.syncEnum(f, a)
	case "create_enum", "drop_enum":
		return true, f.fail(a.node, "the operation op.%s is not known", name)
	}
	e, ok := a.get(0, "target").(*object)
	if !ok {
		return true, f.fail(a.node, "the entity %s cannot be read", describe(a.get(0, "target")))
	}
	return true, o.replaceableEntity(f, name, e, a)
}

// entityText is an argument of an entity.
func entityText(e *object, position int, name string) str {
	s, _ := (&arguments{args: e.args, kwargs: e.kwargs}).get(position, name).(str)
	return s
}

// replaceableEntity sends the DDL of alembic_utils' replaceable_entity classes.
func (o *operations) replaceableEntity(f *frame, operation string, e *object, a *arguments) error {
	schema, signature, definition := entityText(e, 0, "schema"), entityText(e, 1, "signature"), entityText(e, 2, "definition")
	dropping := operation == "drop_entity"
	replacing := operation == "replace_entity"
	body := strings.TrimSpace(unescape(definition).s)
	name := quoteAlways(schema.s) + "." + quoteAlways(signature.s)
	var create, drop string
	switch lastPart(e.path) {
	case "PGFunction":
		fn, rest, _ := strings.Cut(signature.s, "(")
		name = quoteAlways(schema.s) + "." + quoteAlways(strings.TrimSpace(fn)) + "(" + rest
		create = "CREATE OR REPLACE FUNCTION " + name + " " + body
		drop = "DROP FUNCTION " + name
	case "PGView":
		create = "CREATE OR REPLACE VIEW " + name + " AS " + body
		if !replacing {
			create = "CREATE VIEW " + name + " AS " + body
		}
		drop = "DROP VIEW " + name
	case "PGMaterializedView":
		data := "WITH DATA"
		if v, ok := (&arguments{args: e.args, kwargs: e.kwargs}).take(3, "with_data"); ok {
			if is, _ := truth(v); !is {
				data = "WITH NO DATA"
			}
		}
		create = "CREATE MATERIALIZED VIEW " + name + " AS " + strings.TrimSuffix(body, ";") + " " + data
		drop = "DROP MATERIALIZED VIEW " + name
	case "PGTrigger":
		table := entityText(e, 3, "on_entity").s
		create = "CREATE TRIGGER " + quoteAlways(signature.s) + " " + body
		if is, _ := truth(e.kwargs["is_constraint"]); is {
			create = "CREATE CONSTRAINT TRIGGER " + quoteAlways(signature.s) + " " + body
		}
		drop = "DROP TRIGGER " + quoteAlways(signature.s) + " ON " + table
	case "PGPolicy":
		table := entityText(e, 2, "on_entity").s
		body = strings.TrimSpace(unescape(entityText(e, 3, "definition")).s)
		if !strings.Contains(table, ".") {
			table = schema.s + "." + table
		}
		create = "CREATE POLICY " + quote(signature.s) + " ON " + table + " " + body
		drop = "DROP POLICY " + quote(signature.s) + " ON " + table
	case "PGExtension":
		create = "CREATE EXTENSION " + quoteAlways(signature.s) + " WITH SCHEMA " + quote(schema.s)
		drop = "DROP EXTENSION " + quoteAlways(signature.s)
	default:
		return f.failAt(a.at, "the entity %s cannot be read", describe(e))
	}
	if cascade, _ := truth(e.kwargs["cascade"]); cascade && dropping {
		drop += " CASCADE"
	}
	at := definition
	if len(at.lines) == 0 {
		at = str{lines: []int{a.at.line}}
	}
	if (dropping || replacing && !isOneOf(lastPart(e.path), "PGFunction", "PGView")) && drop != "" {
		if err := o.run(f, line(a.at, drop).statement()); err != nil || dropping {
			return err
		}
	}
	d := new(ddl)
	for i, l := range strings.Split(create, "\n") {
		p := a.at
		if n := at.lineAt(i); n > 0 && i > 0 {
			p = place{line: n}
		}
		d.add(p, l)
	}
	return o.run(f, d.statement())
}

func quoteAlways(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// column of a table whose type is an enum that is changed.
type enumColumn struct{ schema, table, column, fallback string }

// syncEnum gives an enum new labels as alembic_postgresql_enum's sync_enum_values does: the old type is renamed, a new one
// made, the columns are turned over, and the old one goes.
func (o *operations) syncEnum(f *frame, a *arguments) error {
	get := func(i int, keys ...string) value {
		for _, k := range keys {
			if v, ok := a.take(-1, k); ok {
				return v
			}
		}
		return a.get(i, "")
	}
	schema, _ := get(0, "enum_schema", "schema").(str)
	name, ok := get(1, "enum_name").(str)
	items, ok2 := sequence(get(2, "new_values"))
	if !ok || !ok2 {
		return f.fail(a.node, "the enum or its new labels cannot be read")
	}
	labels := make([]string, len(items))
	for i, item := range items {
		s, ok := item.(str)
		if !ok {
			return f.fail(a.node, "the enum's label %s cannot be read", describe(item))
		}
		labels[i] = literalSQL(s.s)
	}
	columns, err := o.enumColumns(schema.s, name.s)
	if err != nil {
		return err
	}
	full, old := qualified(name.s, schema), qualified(name.s+"_old", schema)
	statements := []string{"ALTER TYPE " + full + " RENAME TO " + quote(name.s+"_old"), "CREATE TYPE " + full + " AS ENUM (" + strings.Join(labels, ", ") + ")"}
	for _, c := range columns {
		target := "ALTER TABLE " + quote(c.schema) + "." + quote(c.table) + " ALTER COLUMN " + quote(c.column)
		suffix := ""
		if strings.HasPrefix(c.fallback, "[]") {
			suffix, c.fallback = "[]", c.fallback[2:]
		}
		if c.fallback != "" {
			statements = append(statements, target+" DROP DEFAULT")
		}
		statements = append(statements, target+" TYPE "+full+suffix+" USING "+quote(c.column)+"::text"+suffix+"::"+full+suffix)
		if literal, _, ok := strings.Cut(c.fallback, "::"); ok {
			statements = append(statements, target+" SET DEFAULT "+literal+"::"+full+suffix)
		}
	}
	statements = append(statements, "DROP TYPE "+old)
	for _, sql := range statements {
		if err := o.run(f, line(a.at, sql).statement()); err != nil {
			return err
		}
	}
	return nil
}

// enumColumns asks the database that is being built which columns have the enum's type, or an array of it.
func (o *operations) enumColumns(schema, name string) ([]enumColumn, error) {
	rows, err := o.conn.Query(o.ctx, `
		SELECT n.nspname::text, c.relname::text, a.attname::text,
			CASE WHEN t.typelem <> 0 AND t.typcategory = 'A' THEN '[]' ELSE '' END || coalesce(pg_get_expr(d.adbin, d.adrelid), '')
		FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
			JOIN pg_type t ON t.oid = a.atttypid JOIN pg_type e ON e.oid = t.oid OR e.oid = t.typelem AND t.typcategory = 'A'
			LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
		WHERE c.relkind IN ('r', 'p') AND NOT a.attisdropped AND e.typtype = 'e' AND e.typname = $1
			AND e.typnamespace = coalesce(nullif($2, ''), current_schema())::regnamespace
		ORDER BY 1, 2, 3`, pgx.QueryExecModeExec, name, schema)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (enumColumn, error) {
		var c enumColumn
		err := row.Scan(&c.schema, &c.table, &c.column, &c.fallback)
		return c, err
	})
}
