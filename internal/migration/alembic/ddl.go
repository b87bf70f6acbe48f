package alembic

import (
	"strings"

	"github.com/headgate/headgate/internal/migration"
)

// ddl is a statement that is being compiled: a line of SQL for each construct of the migration, with its place.
type ddl struct {
	lines []string
	at    []place
}

func (d *ddl) add(at place, parts ...string) *ddl {
	for line := range strings.SplitSeq(strings.Join(parts, ""), "\n") {
		d.lines = append(d.lines, line)
		d.at = append(d.at, at)
	}
	return d
}

// line is a statement of one construct.
func line(at place, parts ...string) *ddl { return new(ddl).add(at, parts...) }

func (d *ddl) statement() migration.Statement {
	s := migration.Statement{SQL: strings.Join(d.lines, "\n")}
	for _, p := range d.at {
		s.Lines = append(s.Lines, p.line)
		s.Columns = append(s.Columns, p.column)
	}
	return s
}

// columnSQL is PGDDLCompiler.get_column_specification.
func (f *frame) columnSQL(c *column, serial bool) (string, error) {
	if c.typ.sql == "" {
		return "", f.failAt(c.at, "column %s has no type", c.name)
	}
	sql := quote(c.name)
	if serial && c.identity == nil {
		switch c.typ.affinity {
		case bigInteger:
			sql += " BIGSERIAL"
		case smallInteger:
			sql += " SMALLSERIAL"
		default:
			sql += " SERIAL"
		}
	} else {
		sql += " " + c.typ.sql
		if c.server != nil {
			d, err := f.defaultSQL(c.server, c.at)
			if err != nil {
				return "", err
			}
			sql += " DEFAULT " + d
		}
	}
	if c.computed != nil {
		a := &arguments{args: c.computed.args, kwargs: c.computed.kwargs}
		expression, err := f.conditionSQL(a.get(0, "sqltext"), c.at)
		if err != nil {
			return "", err
		}
		sql += " GENERATED ALWAYS AS (" + expression + ") STORED"
	}
	if c.identity != nil {
		a := &arguments{args: c.identity.args, kwargs: c.identity.kwargs}
		how := "BY DEFAULT"
		if is, _ := truth(a.get(0, "always")); is {
			how = "ALWAYS"
		}
		sql += " GENERATED " + how + " AS IDENTITY"
		if options := identityOptions(a, 2, false); options != "" {
			sql += " (" + options + ")"
		}
	}
	switch {
	case !c.nullable && c.identity == nil:
		sql += " NOT NULL"
	case c.nullable && c.identity != nil:
		sql += " NULL"
	}
	return sql, nil
}

// columnChecks are the CHECK constraints within a column's definition.
func (f *frame) columnChecks(c *column, t *table) (string, error) {
	sql := ""
	for _, check := range c.checks {
		if check.useAlter {
			continue
		}
		text, err := f.constraintSQL(check, t)
		if err != nil {
			return "", err
		}
		sql += " " + text
	}
	return sql, nil
}

// createTable is visit_create_table with what comes before and after: the enums, the indexes and the comments.
func (f *frame) createTable(t *table, ifNotExists bool) error {
	for _, c := range t.columns {
		if c.typ.enum != nil {
			if err := f.enumOfTable(c.typ.enum); err != nil {
				return err
			}
		}
	}
	d := new(ddl)
	head := "CREATE TABLE "
	if prefixes, ok := sequence(t.kwargs["prefixes"]); ok {
		head = "CREATE "
		for _, p := range prefixes {
			if s, ok := p.(str); ok {
				head += s.s + " "
			}
		}
		head += "TABLE "
	}
	if ifNotExists {
		head += "IF NOT EXISTS "
	}
	d.add(t.at, head, qualified(t.name, t.schema), " (")
	auto := t.autoincrement()
	var parts []struct {
		sql string
		at  place
	}
	for _, c := range t.columns {
		sql, err := f.columnSQL(c, c == auto)
		if err != nil {
			return err
		}
		checks, err := f.columnChecks(c, t)
		if err != nil {
			return err
		}
		parts = append(parts, struct {
			sql string
			at  place
		}{sql + checks, c.at})
	}
	for _, c := range t.constraints {
		if c.useAlter || (c.kind == "pk" || c.kind == "uq") && len(c.columns) == 0 {
			continue // SQLAlchemy leaves them to a later ALTER, which alembic does not send
		}
		sql, err := f.constraintSQL(c, t)
		if err != nil {
			return err
		}
		parts = append(parts, struct {
			sql string
			at  place
		}{sql, c.at})
	}
	for i, p := range parts {
		if i < len(parts)-1 {
			p.sql += ","
		}
		d.add(p.at, p.sql)
	}
	options, err := f.tableOptions(t)
	if err != nil {
		return err
	}
	d.add(t.at, ")"+options)
	if err := f.ops.run(f, d.statement()); err != nil {
		return err
	}
	return f.afterTable(t)
}

func (f *frame) afterTable(t *table) error {
	for _, c := range t.columns {
		if err := f.columnIndex(t, c); err != nil {
			return err
		}
	}
	for _, index := range t.indexes {
		a := &arguments{args: index.args, kwargs: index.kwargs, at: index.at}
		rest := tuple(nil)
		if len(index.args) > 0 {
			rest = tuple(index.args[1:])
		}
		if err := f.createIndex(a.get(0, "name"), t.name, t.schema, rest, index.kwargs, index.at); err != nil {
			return err
		}
	}
	if err := f.comment("TABLE "+qualified(t.name, t.schema), t.kwargs["comment"], t.at); err != nil {
		return err
	}
	for _, c := range t.columns {
		if err := f.comment("COLUMN "+qualified(t.name, t.schema)+"."+quote(c.name), c.comment, c.at); err != nil {
			return err
		}
	}
	return nil
}

// comment sends a COMMENT; an empty one is none.
func (f *frame) comment(object string, v value, at place) error {
	if s, ok := v.(str); ok && s.s != "" {
		return f.ops.run(f, line(at, "COMMENT ON ", object, " IS ", literalSQL(s.s)).statement())
	}
	return nil
}

// tableOptions is PGDDLCompiler.post_create_table.
func (f *frame) tableOptions(t *table) (string, error) {
	sql := ""
	if v := t.kwargs["postgresql_inherits"]; v != nil {
		parents, err := f.columnNames(v, t.at)
		if err != nil {
			return "", err
		}
		sql += " INHERITS ( " + quoteAll(parents) + " )"
	}
	if s, ok := t.kwargs["postgresql_partition_by"].(str); ok {
		sql += " PARTITION BY " + s.s
	}
	if d, ok := t.kwargs["postgresql_with"].(*dict); ok {
		sql += " WITH (" + storage(d) + ")"
	}
	if s, ok := t.kwargs["postgresql_on_commit"].(str); ok {
		sql += " ON COMMIT " + strings.ToUpper(strings.ReplaceAll(s.s, "_", " "))
	}
	if s, ok := t.kwargs["postgresql_tablespace"].(str); ok {
		sql += " TABLESPACE " + quote(s.s)
	}
	return sql, nil
}

func storage(d *dict) string {
	parts := make([]string, 0, len(d.keys))
	for _, k := range d.keys {
		name, _ := k.(str)
		v, _ := format(d.at(k), "")
		parts = append(parts, name.s+" = "+v.s)
	}
	return strings.Join(parts, ", ")
}

// constraintSQL is what follows ADD, or stands in CREATE TABLE.
func (f *frame) constraintSQL(c *constraint, t *table) (string, error) {
	sql := ""
	name, named, err := f.constraintName(c, t)
	if err != nil {
		return "", err
	}
	if named {
		sql = "CONSTRAINT " + quote(name) + " "
	}
	switch c.kind {
	case "pk":
		sql += "PRIMARY KEY (" + quoteAll(c.columns) + ")"
	case "uq":
		sql += "UNIQUE"
		if is, _ := truth(c.kwargs["postgresql_nulls_not_distinct"]); is {
			sql += " NULLS NOT DISTINCT"
		}
		sql += " (" + quoteAll(c.columns) + ")"
	case "ck":
		sql += "CHECK (" + c.sql + ")"
	case "ex":
		sql += c.sql
	case "fk":
		sql += "FOREIGN KEY(" + quoteAll(c.columns) + ") REFERENCES " + c.referred() + " (" + quoteAll(c.targets) + ")"
		if s, ok := c.kwargs["match"].(str); ok {
			sql += " MATCH " + s.s
		}
		if s, ok := c.kwargs["ondelete"].(str); ok {
			sql += " ON DELETE " + s.s
		}
		if s, ok := c.kwargs["onupdate"].(str); ok {
			sql += " ON UPDATE " + s.s
		}
	}
	if include, ok := sequence(c.kwargs["postgresql_include"]); ok {
		columns, err := f.columnNames(tuple(include), c.at)
		if err != nil {
			return "", err
		}
		sql += " INCLUDE (" + quoteAll(columns) + ")"
	}
	if v := c.kwargs["deferrable"]; v != nil {
		if is, _ := truth(v); is {
			sql += " DEFERRABLE"
		} else {
			sql += " NOT DEFERRABLE"
		}
	}
	if s, ok := c.kwargs["initially"].(str); ok {
		sql += " INITIALLY " + s.s
	}
	if is, _ := truth(c.kwargs["postgresql_not_valid"]); is {
		sql += " NOT VALID"
	}
	return sql, nil
}

// referred is the quoted table that a foreign key refers to.
func (c *constraint) referred() string {
	if s, ok := c.schema.(str); ok && s.s != "" {
		return quote(s.s) + "." + quote(c.target)
	}
	if at := strings.LastIndexByte(c.target, '.'); at >= 0 {
		return quote(c.target[:at]) + "." + quote(c.target[at+1:])
	}
	return quote(c.target)
}

// addConstraint sends ALTER TABLE … ADD.
func (f *frame) addConstraint(c *constraint, t *table) error {
	sql, err := f.constraintSQL(c, t)
	if err != nil {
		return err
	}
	return f.ops.run(f, line(c.at, "ALTER TABLE ", qualified(t.name, t.schema), " ADD ", sql).statement())
}

// columnIndex makes the index of a column with index=True.
func (f *frame) columnIndex(t *table, c *column) error {
	if !c.index {
		return nil
	}
	kwargs := map[string]value{}
	if c.unique {
		kwargs["unique"] = true
	}
	return f.createIndex(nil, t.name, t.schema, tuple{text(c.name)}, kwargs, c.at)
}

// createIndex is PGDDLCompiler.visit_create_index.
func (f *frame) createIndex(name value, tableName string, schema value, elements []value, kwargs map[string]value, at place) error {
	columns := []string{}
	var parts []string
	ops, _ := kwargs["postgresql_ops"].(*dict)
	for _, e := range elements {
		sql, key, err := f.indexElement(e, at)
		if err != nil {
			return err
		}
		if key != "" {
			columns = append(columns, key)
		}
		if ops != nil {
			if class, ok := ops.at(text(key)).(str); ok && key != "" {
				sql += " " + class.s
			}
		}
		parts = append(parts, sql)
	}
	t := &table{name: tableName, schema: schema, at: at}
	indexName, named, err := f.constraintName(&constraint{kind: "ix", name: name, columns: columns, at: at}, t)
	if err != nil {
		return err
	}
	if !named {
		return f.failAt(at, "the index has no name")
	}
	sql := "CREATE "
	if is, _ := truth(kwargs["unique"]); is {
		sql += "UNIQUE "
	}
	sql += "INDEX "
	if is, _ := truth(kwargs["postgresql_concurrently"]); is {
		sql += "CONCURRENTLY "
	}
	if is, _ := truth(kwargs["if_not_exists"]); is {
		sql += "IF NOT EXISTS "
	}
	sql += quote(indexName) + " ON " + qualified(tableName, schema) + " "
	if s, ok := kwargs["postgresql_using"].(str); ok && s.s != "" {
		sql += "USING " + strings.ToLower(s.s) + " "
	}
	sql += "(" + strings.Join(parts, ", ") + ")"
	if include, ok := sequence(kwargs["postgresql_include"]); ok && len(include) > 0 {
		names, err := f.columnNames(tuple(include), at)
		if err != nil {
			return err
		}
		sql += " INCLUDE (" + quoteAll(names) + ")"
	}
	if is, _ := truth(kwargs["postgresql_nulls_not_distinct"]); is {
		sql += " NULLS NOT DISTINCT"
	}
	if d, ok := kwargs["postgresql_with"].(*dict); ok && len(d.keys) > 0 {
		sql += " WITH (" + storage(d) + ")"
	}
	if s, ok := kwargs["postgresql_tablespace"].(str); ok {
		sql += " TABLESPACE " + quote(s.s)
	}
	if where := kwargs["postgresql_where"]; where != nil {
		condition, err := f.conditionSQL(where, at)
		if err != nil {
			return err
		}
		sql += " WHERE " + condition
	}
	return f.ops.run(f, line(at, sql).statement())
}

// indexElement is a column's name, or an expression; key is the column where it is one.
func (f *frame) indexElement(e value, at place) (sql, key string, err error) {
	switch e := e.(type) {
	case str:
		return quote(e.s), e.s, nil
	case *object:
		if isOneOf(lastPart(e.path), "text", "literal_column") {
			sql, err = f.expressionSQL(e, at)
			return sql, "", err
		}
		base, _ := f.columnNames(e, at)
		sql, err = f.expressionSQL(e, at)
		if len(base) == 1 {
			key = base[0]
		}
		if isOperator(e.path) || e.path == ".op" || strings.HasSuffix(e.path, "cast") {
			sql = "(" + sql + ")"
		}
		return sql, key, err
	}
	return "", "", f.failAt(at, "the element %s of the index cannot be read", describe(e))
}

// addColumn is alembic's add_column: the column, then the constraints, the index and the comment that it carries.
func (f *frame) addColumn(tableName string, schema, v value, kwargs map[string]value, at place) error {
	c, err := f.column(v, at)
	if err != nil {
		return err
	}
	t := &table{name: tableName, schema: schema, at: at, columns: []*column{c}}
	spec, err := f.columnSQL(c, c.primary && t.autoincrement() == c)
	if err != nil {
		return err
	}
	checks, err := f.columnChecks(c, t)
	if err != nil {
		return err
	}
	exists := ""
	if is, _ := truth(kwargs["if_not_exists"]); is {
		exists = "IF NOT EXISTS "
	}
	if err := f.ops.run(f, line(c.at, "ALTER TABLE ", qualified(tableName, schema), " ADD COLUMN ", exists, spec, checks).statement()); err != nil {
		return err
	}
	for _, k := range c.flagged() {
		if err := f.addConstraint(k, t); err != nil {
			return err
		}
	}
	if err := f.columnIndex(t, c); err != nil {
		return err
	}
	return f.comment("COLUMN "+qualified(tableName, schema)+"."+quote(c.name), c.comment, c.at)
}
