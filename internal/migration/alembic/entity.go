package alembic

import (
	"regexp"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/headgate/headgate/internal/migration"
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

// replaceable is one of alembic_utils' entities, as its classes write it (pg_function.py, pg_view.py, pg_trigger.py and so on).
type replaceable struct {
	create string // without the verb that makes it a replacement
	drop   string
	// orReplace says that create can be CREATE OR REPLACE, ifExists that replacing drops with IF EXISTS first.
	orReplace, ifExists bool
	lines               str // whose lines those of create are
}

// entityArguments are those of an entity's constructor.
func entityArguments(e *object) *arguments {
	return &arguments{args: e.args, kwargs: e.kwargs, at: e.at}
}

// unquoted is a name as alembic_utils keeps it: without quotes and with single spaces (statement.py).
func unquoted(v value) string {
	s, _ := v.(str)
	return strings.ReplaceAll(strings.Join(strings.Fields(s.s), " "), `"`, "")
}

// readEntity reads an entity; false where its kind is not known.
func readEntity(e *object) (*replaceable, bool) {
	a := entityArguments(e)
	kind := lastPart(e.path)
	schema, signature := unquoted(a.get(0, "schema")), unquoted(a.get(1, "signature"))
	position := 2
	if kind == "PGPolicy" {
		position = -1 // its order of arguments has changed; all write names
	}
	definition, _ := a.get(position, "definition").(str)
	body := strings.TrimSpace(strings.TrimRight(strings.TrimSpace(unescape(definition).s), ";"))
	name := quoteAlways(schema) + "." + quoteAlways(signature)
	entity := unquoted(a.get(3, "on_entity"))
	if kind == "PGPolicy" {
		entity = unquoted(a.kwargs["on_entity"])
	}
	if !strings.Contains(entity, ".") {
		entity = "public." + entity
	}
	r := &replaceable{lines: definition}
	switch kind {
	case "PGFunction":
		name, rest, ok := strings.Cut(signature, "(")
		if !ok {
			return nil, false
		}
		name = quoteAlways(schema) + "." + quoteAlways(strings.TrimSpace(name))
		r.create, r.orReplace = "FUNCTION "+name+"("+rest+" "+body, true
		r.drop = "FUNCTION " + name + "(" + withoutDefaults(rest)
	case "PGView":
		r.create, r.drop, r.orReplace = "VIEW "+name+" AS "+body, "VIEW "+name, true
	case "PGMaterializedView":
		r.create, r.drop, r.ifExists = "MATERIALIZED VIEW "+name+" AS "+body+withData(a), "MATERIALIZED VIEW "+name, true
	case "PGTrigger":
		kind := "TRIGGER "
		if is, _ := truth(a.get(4, "is_constraint")); is {
			kind = "CONSTRAINT TRIGGER "
		}
		r.create = kind + quoteAlways(signature) + " " + onSchema(body, schema)
		r.drop, r.ifExists = "TRIGGER "+quoteAlways(signature)+" ON "+entity, true
	case "PGPolicy":
		r.create, r.drop, r.ifExists = "POLICY "+signature+" ON "+entity+" "+body, "POLICY "+signature+" ON "+entity, true
	case "PGExtension":
		r.create, r.drop = "EXTENSION "+quoteAlways(signature)+" WITH SCHEMA "+quoteAlways(schema), "EXTENSION "+quoteAlways(signature)
	default:
		return nil, false
	}
	return r, signature != "" && (body != "" || kind == "PGExtension")
}

func withData(a *arguments) string {
	if v, ok := a.take(3, "with_data"); ok {
		if is, _ := truth(v); !is {
			return " WITH NO DATA"
		}
	}
	return " WITH DATA"
}

// withoutDefaults is the rest of a function's signature as DROP FUNCTION takes it.
func withoutDefaults(rest string) string {
	list, _, _ := strings.Cut(rest, ")")
	if at := strings.LastIndexByte(rest, ')'); at >= 0 {
		list = rest[:at]
	}
	parameters := strings.Split(list, ",")
	for i, p := range parameters {
		if at := strings.Index(strings.ToLower(p), "default"); at >= 0 {
			p = p[:at]
		}
		parameters[i] = strings.TrimSpace(p)
	}
	return strings.Join(parameters, ", ") + ")"
}

// triggerTable finds the table in a trigger's definition, after the first ON.
var triggerTable = regexp.MustCompile(`(?is)^(.*?\sON\s+)(\S+)(.*)$`)

// onSchema puts a trigger's table into the schema of the trigger.
func onSchema(body, schema string) string {
	m := triggerTable.FindStringSubmatch(body)
	if m == nil {
		return body
	}
	_, table, qualified := strings.Cut(m[2], ".")
	if !qualified {
		table = m[2]
	}
	return m[1] + schema + "." + table + m[3]
}

// replaceableEntity sends the DDL of alembic_utils' entities.
func (o *operations) replaceableEntity(f *frame, operation string, e *object, a *arguments) error {
	if lastPart(e.path) == "PGGrantTable" {
		return o.grant(f, operation, e, a)
	}
	r, ok := readEntity(e)
	if !ok {
		return f.failAt(a.at, "the entity %s cannot be read", describe(e))
	}
	create := "CREATE "
	switch {
	case operation == "drop_entity":
		drop := "DROP " + r.drop
		if cascade, _ := truth(a.get(1, "cascade")); cascade {
			drop += " CASCADE"
		}
		return o.run(f, line(a.at, drop).statement())
	case operation == "replace_entity" && r.ifExists:
		if err := o.run(f, line(a.at, "DROP "+strings.Replace(r.drop, firstKeyword(r.drop), firstKeyword(r.drop)+" IF EXISTS", 1)).statement()); err != nil {
			return err
		}
	case operation == "replace_entity" && lastPart(e.path) == "PGView":
		// Where the columns have changed, the view is made anew.
		sql := "DO $$ BEGIN CREATE OR REPLACE " + r.create + ";\nEXCEPTION WHEN OTHERS THEN DROP " + strings.Replace(r.drop, "VIEW", "VIEW IF EXISTS", 1) +
			"; CREATE " + r.create + ";\nEND; $$"
		return o.run(f, spread(a.at, sql, r.lines))
	case operation == "replace_entity" && r.orReplace:
		create = "CREATE OR REPLACE "
	case operation == "replace_entity":
		return f.failAt(a.at, "alembic_utils cannot replace %s", describe(e))
	}
	return o.run(f, spread(a.at, create+r.create, r.lines))
}

// firstKeyword is the kind of object that a DROP names.
func firstKeyword(drop string) string {
	if strings.HasPrefix(drop, "MATERIALIZED VIEW") {
		return "MATERIALIZED VIEW"
	}
	kind, _, _ := strings.Cut(drop, " ")
	return kind
}

// spread is a statement whose lines are those of the text that it was made of.
func spread(at place, sql string, of str) migration.Statement {
	d := new(ddl)
	skip := strings.Count(of.s[:len(of.s)-len(strings.TrimLeft(of.s, " \t\n"))], "\n")
	for i, l := range strings.Split(sql, "\n") {
		p := at
		if n := of.lineAt(skip + i); n > 0 && i > 0 {
			p = place{line: n}
		}
		d.add(p, l)
	}
	return d.statement()
}

// grant gives or takes a privilege on a table (alembic_utils' PGGrantTable).
func (o *operations) grant(f *frame, operation string, e *object, a *arguments) error {
	args := entityArguments(e)
	table := quoteAlways(unquoted(args.get(0, "schema"))) + "." + quoteAlways(unquoted(args.get(1, "table")))
	role := quoteAlways(unquoted(args.get(2, "role")))
	privilege := ""
	switch v := args.get(3, "grant").(type) {
	case str:
		privilege = v.s
	case ref: // PGGrantTableChoice.SELECT
		privilege = lastPart(string(v))
	}
	if !grants[privilege] {
		return f.failAt(a.at, "the privilege %s cannot be read", describe(args.get(3, "grant")))
	}
	if operation != "create_entity" {
		if err := o.run(f, line(a.at, "REVOKE ", privilege, " ON ", table, " FROM ", role).statement()); err != nil || operation == "drop_entity" {
			return err
		}
	}
	columns := ""
	if v := args.get(4, "columns"); v != nil {
		list, err := f.columnNames(v, a.at)
		if err != nil {
			return err
		}
		slices.Sort(list)
		if len(list) > 0 {
			columns = " (" + strings.Join(list, ", ") + ")"
		}
	}
	option := ""
	if is, _ := truth(args.get(5, "with_grant_option")); is {
		option = " WITH GRANT OPTION"
	}
	return o.run(f, line(a.at, "GRANT ", privilege, columns, " ON ", table, " TO ", role, option).statement())
}

var grants = names("SELECT INSERT UPDATE REFERENCES DELETE TRUNCATE TRIGGER")

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
	renames, err := f.renames(get(4, "enum_values_to_rename"), a)
	if err != nil {
		return err
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
		using := quote(c.column) + "::text" + suffix
		for _, r := range renames {
			if suffix == "" {
				using = "CASE WHEN " + quote(c.column) + "::text = " + literalSQL(r[0]) + " THEN " + literalSQL(r[1]) + " ELSE " + using + " END"
			} else {
				using = "array_replace(" + using + ", " + literalSQL(r[0]) + ", " + literalSQL(r[1]) + ")"
			}
		}
		statements = append(statements, target+" TYPE "+full+suffix+" USING ("+using+")::"+full+suffix)
		if literal, _, ok := strings.Cut(c.fallback, "::"); ok {
			literal = renamed(literal, renames)
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

// renames are the labels that are renamed on the way, old and new.
func (f *frame) renames(v value, a *arguments) ([][2]string, error) {
	if v == nil {
		return nil, nil
	}
	pairs, err := f.iterate(a.node, v)
	if err != nil {
		return nil, err
	}
	var found [][2]string
	for _, p := range pairs {
		pair, _ := sequence(p)
		if len(pair) != 2 {
			return nil, f.fail(a.node, "the renamed label %s cannot be read", describe(p))
		}
		before, ok := pair[0].(str)
		after, ok2 := pair[1].(str)
		if !ok || !ok2 {
			return nil, f.fail(a.node, "the renamed label %s cannot be read", describe(p))
		}
		found = append(found, [2]string{before.s, after.s})
	}
	return found, nil
}

// renamed is a default with the labels renamed, as far as the library does it (sql_commands/column_default.py): where they
// stand in quotes of their own. PostgreSQL refuses the others.
func renamed(literal string, renames [][2]string) string {
	for _, r := range renames {
		literal = strings.ReplaceAll(literal, "'"+r[0]+"'", "'"+r[1]+"'")
		literal = strings.ReplaceAll(literal, `"`+r[0]+`"`, `"`+r[1]+`"`)
	}
	return literal
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
