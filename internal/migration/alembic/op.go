package alembic

import (
	"github.com/headgate/headgate/internal/syntax/python"
)

// batched are the operations of a batch_alter_table that take the table as their second argument; the others take it first.
var batchedSecond = names("create_index drop_index create_foreign_key drop_constraint create_unique_constraint create_check_constraint create_primary_key create_exclude_constraint")

// batch hands an operation of `with op.batch_alter_table(…) as batch_op` on, with the table that it belongs to.
func (o *operations) batch(f *frame, b *object, name string, a *arguments) (value, error) {
	if name == "f" {
		return o.call(f, name, a)
	}
	if name == "get_bind" || name == "execute" {
		return o.call(f, name, a)
	}
	at := 0
	if batchedSecond[name] {
		at = 1
	}
	args := append([]value(nil), a.args[:min(at, len(a.args))]...)
	if at == 1 && len(args) == 0 {
		for _, key := range []string{"constraint_name", "index_name"} {
			if v, ok := a.kwargs[key]; ok {
				args = append(args, v)
			}
		}
	}
	args = append(append(args, b.args[0]), a.args[min(at, len(a.args)):]...)
	kwargs := map[string]value{}
	for k, v := range a.kwargs {
		kwargs[k] = v
	}
	if s := b.kwargs["schema"]; s != nil {
		kwargs["schema"] = s
		if name == "create_foreign_key" {
			kwargs["source_schema"] = s
		}
	}
	return o.call(f, name, &arguments{args: args, kwargs: kwargs, node: a.node, at: a.at})
}

// call runs an operation of alembic.op.
func (o *operations) call(f *frame, name string, a *arguments) (value, error) {
	switch name {
	case "f":
		if s, ok := a.get(0, "name").(str); ok {
			s.final = true
			return s, nil
		}
		return a.get(0, "name"), nil
	case "get_bind", "get_context":
		return &object{path: "alembic.op." + name, args: []value{}, at: a.at}, nil
	case "inline_literal":
		return &object{path: "sqlalchemy.literal", args: a.args, at: a.at}, nil
	case "batch_alter_table":
		if s, ok := a.kwargs["recreate"].(str); ok && s.s == "always" {
			return nil, f.failAt(a.at, "a batch that makes the table anew cannot be read")
		}
		if len(a.args) == 0 {
			a.args = []value{a.kwargs["table_name"]}
		}
		if len(a.args) > 1 {
			a.kwargs = map[string]value{"schema": a.args[1]}
		}
		return &object{path: "batch", args: a.args, kwargs: a.kwargs, at: a.at}, nil
	case "bulk_insert":
		o.skip(a.at, "bulk_insert")
		return nil, nil
	case "execute":
		return nil, o.execute(f, a.get(0, "sqltext"), a)
	}
	if handled, err := o.entity(f, name, a); handled {
		return nil, err
	}
	operation := schemaOperation(name)
	if operation == nil {
		return nil, f.fail(a.node, "the operation op.%s is not known", name)
	}
	if err := o.mayChange(f, a.at, "op."+name); err != nil {
		return nil, err
	}
	return operation(f, a)
}

// mayChange refuses a change of the schema that hangs on data.
func (o *operations) mayChange(f *frame, at place, what string) error {
	if f.dataOnly != "" {
		return f.failAt(at, "whether %s runs hangs on what only a run can tell: %s", what, f.dataOnly)
	}
	return nil
}

// schemaOperation is one of alembic.op's, or nil.
func schemaOperation(name string) func(f *frame, a *arguments) (value, error) {
	switch name {
	case "create_table":
		return opCreateTable
	case "drop_table":
		return opDropTable
	case "rename_table":
		return opRenameTable
	case "add_column":
		return opAddColumn
	case "drop_column":
		return opDropColumn
	case "alter_column":
		return opAlterColumn
	case "create_index":
		return opCreateIndex
	case "drop_index":
		return opDropIndex
	case "create_foreign_key":
		return opForeignKey
	case "create_unique_constraint":
		return opUnique
	case "create_primary_key":
		return opPrimaryKey
	case "create_check_constraint":
		return opCheck
	case "create_exclude_constraint":
		return opExclude
	case "drop_constraint":
		return opDropConstraint
	case "create_table_comment":
		return opTableComment
	case "drop_table_comment":
		return opDropTableComment
	}
	return nil
}

func opExclude(f *frame, a *arguments) (value, error) {
	t, err := f.tableOf(a, 1, "table_name", "schema")
	if err != nil {
		return nil, err
	}
	sql, err := f.exclusion(a.args[min(2, len(a.args)):], a.kwargs, a.at)
	if err != nil {
		return nil, err
	}
	return nil, f.addConstraint(&constraint{kind: "ex", name: a.get(0, "constraint_name"), sql: sql, at: a.at, kwargs: a.kwargs}, t)
}

func opDropTableComment(f *frame, a *arguments) (value, error) {
	t, err := f.tableOf(a, 0, "table_name", "schema")
	if err != nil {
		return nil, err
	}
	return nil, f.ops.run(f, line(a.at, "COMMENT ON TABLE ", qualified(t.name, t.schema), " IS NULL").statement())
}

// tableOf reads the table that an operation is about.
func (f *frame) tableOf(a *arguments, position int, name, schema string) (*table, error) {
	s, ok := a.get(position, name).(str)
	if !ok {
		return nil, f.fail(a.node, "the table's name %s cannot be read", describe(a.get(position, name)))
	}
	return &table{name: s.s, schema: a.kwargs[schema], at: a.at}, nil
}

func (f *frame) textOf(a *arguments, position int, name string) (string, error) {
	s, ok := a.get(position, name).(str)
	if !ok {
		return "", f.fail(a.node, "the argument %s cannot be read: %s", name, describe(a.get(position, name)))
	}
	return s.s, nil
}

func opCreateTable(f *frame, a *arguments) (value, error) {
	items := a.args
	if len(items) > 0 {
		items = items[1:]
	}
	t, err := f.table(a.get(0, "table_name"), items, a.kwargs, a.at)
	if err != nil {
		return nil, err
	}
	exists, _ := truth(a.kwargs["if_not_exists"])
	made := &object{path: "sqlalchemy.Table", args: append([]value{text(t.name)}, items...), kwargs: a.kwargs, at: a.at}
	return made, f.createTable(t, exists)
}

func opDropTable(f *frame, a *arguments) (value, error) {
	t, err := f.tableOf(a, 0, "table_name", "schema")
	if err != nil {
		return nil, err
	}
	return nil, f.ops.run(f, line(a.at, "DROP TABLE ", ifExists(a), qualified(t.name, t.schema)).statement())
}

func ifExists(a *arguments) string {
	if is, _ := truth(a.kwargs["if_exists"]); is {
		return "IF EXISTS "
	}
	return ""
}

func opRenameTable(f *frame, a *arguments) (value, error) {
	t, err := f.tableOf(a, 0, "old_table_name", "schema")
	if err != nil {
		return nil, err
	}
	if len(a.args) > 2 {
		t.schema = a.args[2]
	}
	renamed, err := f.textOf(a, 1, "new_table_name")
	if err != nil {
		return nil, err
	}
	return nil, f.ops.run(f, line(a.at, "ALTER TABLE ", qualified(t.name, t.schema), " RENAME TO ", quote(renamed)).statement())
}

func opAddColumn(f *frame, a *arguments) (value, error) {
	t, err := f.tableOf(a, 0, "table_name", "schema")
	if err != nil {
		return nil, err
	}
	return nil, f.addColumn(t.name, t.schema, a.get(1, "column"), a.kwargs, a.at)
}

func opDropColumn(f *frame, a *arguments) (value, error) {
	t, err := f.tableOf(a, 0, "table_name", "schema")
	if err != nil {
		return nil, err
	}
	c, err := f.textOf(a, 1, "column_name")
	if err != nil {
		return nil, err
	}
	return nil, f.ops.run(f, line(a.at, "ALTER TABLE ", qualified(t.name, t.schema), " DROP COLUMN ", ifExists(a), quote(c)).statement())
}

func opCreateIndex(f *frame, a *arguments) (value, error) {
	t, err := f.tableOf(a, 1, "table_name", "schema")
	if err != nil {
		return nil, err
	}
	elements, ok := sequence(a.get(2, "columns"))
	if !ok {
		return nil, f.fail(a.node, "the columns of the index cannot be read")
	}
	return nil, f.createIndex(a.get(0, "index_name"), t.name, t.schema, elements, a.kwargs, a.at)
}

func opDropIndex(f *frame, a *arguments) (value, error) {
	name := a.get(0, "index_name")
	tableName, _ := a.get(1, "table_name").(str)
	resolved, named, err := f.constraintName(&constraint{kind: "ix", name: name, at: a.at}, &table{name: tableName.s, schema: a.kwargs["schema"]})
	if err != nil {
		return nil, err
	}
	if !named {
		return nil, f.fail(a.node, "the index has no name that can be read")
	}
	sql := "DROP INDEX "
	if is, _ := truth(a.kwargs["postgresql_concurrently"]); is {
		sql += "CONCURRENTLY "
	}
	return nil, f.ops.run(f, line(a.at, sql, ifExists(a), qualified(resolved, a.kwargs["schema"])).statement())
}

func opForeignKey(f *frame, a *arguments) (value, error) {
	t, err := f.tableOf(a, 1, "source_table", "source_schema")
	if err != nil {
		return nil, err
	}
	target, err := f.textOf(a, 2, "referent_table")
	if err != nil {
		return nil, err
	}
	c := &constraint{kind: "fk", name: a.get(0, "constraint_name"), target: target, schema: a.kwargs["referent_schema"], at: a.at}
	if c.columns, err = f.columnNames(a.get(3, "local_cols"), a.at); err != nil {
		return nil, err
	}
	if c.targets, err = f.columnNames(a.get(4, "remote_cols"), a.at); err != nil {
		return nil, err
	}
	c.kwargs = map[string]value{}
	for k, v := range a.kwargs {
		c.kwargs[k] = v
	}
	for i, key := range []string{"onupdate", "ondelete", "deferrable", "initially", "match"} {
		if v, ok := a.take(5+i, key); ok {
			c.kwargs[key] = v
		}
	}
	return nil, f.addConstraint(c, t)
}

func opUnique(f *frame, a *arguments) (value, error) { return f.keyConstraint("uq", a) }

func opPrimaryKey(f *frame, a *arguments) (value, error) { return f.keyConstraint("pk", a) }

func (f *frame) keyConstraint(kind string, a *arguments) (value, error) {
	t, err := f.tableOf(a, 1, "table_name", "schema")
	if err != nil {
		return nil, err
	}
	columns, err := f.columnNames(a.get(2, "columns"), a.at)
	if err != nil {
		return nil, err
	}
	return nil, f.addConstraint(&constraint{kind: kind, name: a.get(0, "constraint_name"), columns: columns, at: a.at, kwargs: a.kwargs}, t)
}

func opCheck(f *frame, a *arguments) (value, error) {
	t, err := f.tableOf(a, 1, "table_name", "schema")
	if err != nil {
		return nil, err
	}
	sql, err := f.conditionSQL(a.get(2, "condition"), a.at)
	if err != nil {
		return nil, err
	}
	return nil, f.addConstraint(&constraint{kind: "ck", name: a.get(0, "constraint_name"), sql: sql, at: a.at, kwargs: a.kwargs}, t)
}

// generic are the kinds of constraint that drop_constraint names; only with its kind is a name subject to the convention.
var generic = map[string]string{"foreignkey": "fk", "primary": "pk", "unique": "uq", "check": "ck"}

func opDropConstraint(f *frame, a *arguments) (value, error) {
	t, err := f.tableOf(a, 1, "table_name", "schema")
	if err != nil {
		return nil, err
	}
	kind, _ := a.get(2, "type_").(str)
	name, named, err := f.constraintName(&constraint{kind: generic[kind.s], name: a.get(0, "constraint_name"), at: a.at}, t)
	if err != nil {
		return nil, err
	}
	if !named {
		return nil, f.fail(a.node, "the constraint to drop has no name; PostgreSQL's own choice of a name must be written out")
	}
	return nil, f.ops.run(f, line(a.at, "ALTER TABLE ", qualified(t.name, t.schema), " DROP CONSTRAINT ", ifExists(a), quote(name)).statement())
}

func opTableComment(f *frame, a *arguments) (value, error) {
	t, err := f.tableOf(a, 0, "table_name", "schema")
	if err != nil {
		return nil, err
	}
	return nil, f.comment("TABLE "+qualified(t.name, t.schema), a.get(1, "comment"), a.at)
}

// alteration is one ALTER TABLE … ALTER COLUMN.
type alteration struct {
	f     *frame
	name  string
	a     *arguments
	table string
}

func (x *alteration) send(what ...string) error {
	return x.f.ops.run(x.f, line(x.a.at, append([]string{"ALTER TABLE ", x.table, " "}, what...)...).statement())
}

// opAlterColumn sends the alterations in alembic's order: type, nullability, default, comment, name.
func opAlterColumn(f *frame, a *arguments) (value, error) {
	t, err := f.tableOf(a, 0, "table_name", "schema")
	if err != nil {
		return nil, err
	}
	name, err := f.textOf(a, 1, "column_name")
	if err != nil {
		return nil, err
	}
	x := &alteration{f: f, name: name, a: a, table: qualified(t.name, t.schema)}
	if v := a.get(6, "type_"); v != nil {
		if err := x.changeType(v); err != nil {
			return nil, err
		}
	}
	if v := a.kwargs["nullable"]; v != nil {
		is, known := truth(v)
		if !known {
			return nil, f.fail(a.node, "the argument nullable cannot be read: %s", describe(v))
		}
		verb := "SET NOT NULL"
		if is {
			verb = "DROP NOT NULL"
		}
		if err := x.send("ALTER COLUMN ", quote(name), " ", verb); err != nil {
			return nil, err
		}
	}
	if v, ok := a.kwargs["server_default"]; ok && v != false {
		if err := x.changeDefault(v); err != nil {
			return nil, err
		}
	}
	if v, ok := a.kwargs["comment"]; ok && v != false {
		comment := "NULL"
		if s, isText := v.(str); isText {
			comment = literalSQL(s.s)
		}
		if err := f.ops.run(f, line(a.at, "COMMENT ON COLUMN ", x.table, ".", quote(name), " IS ", comment).statement()); err != nil {
			return nil, err
		}
	}
	if s, ok := a.kwargs["new_column_name"].(str); ok && s.s != name {
		return nil, x.send("RENAME ", quote(name), " TO ", quote(s.s))
	}
	return nil, nil
}

func (x *alteration) changeType(v value) error {
	t, err := x.f.typeOf(v, x.a.at)
	if err != nil {
		return err
	}
	using := ""
	if u := x.a.kwargs["postgresql_using"]; u != nil {
		sql, err := x.f.conditionSQL(u, x.a.at)
		if err != nil {
			return err
		}
		using = " USING " + sql
	}
	return x.send("ALTER COLUMN ", quote(x.name), " TYPE ", t.sql, using)
}

func (x *alteration) changeDefault(v value) error {
	if o, ok := v.(*object); ok && o.recv == nil && isOneOf(lastPart(o.path), "Identity", "Computed") {
		if lastPart(o.path) == "Computed" {
			return x.f.failAt(x.a.at, "alembic refuses to make an existing column a computed one")
		}
		a := &arguments{args: o.args, kwargs: o.kwargs}
		how := "BY DEFAULT"
		if is, _ := truth(a.get(0, "always")); is {
			how = "ALWAYS"
		}
		options := identityOptions(a, 2, false)
		if options != "" {
			options = " (" + options + ")"
		}
		return x.send("ALTER COLUMN ", quote(x.name), " ADD GENERATED ", how, " AS IDENTITY", options)
	}
	if v == nil {
		if o, ok := x.a.kwargs["existing_server_default"].(*object); ok && lastPart(o.path) == "Identity" {
			return x.send("ALTER COLUMN ", quote(x.name), " DROP IDENTITY")
		}
		return x.send("ALTER COLUMN ", quote(x.name), " DROP DEFAULT")
	}
	sql, err := x.f.defaultSQL(v, x.a.at)
	if err != nil {
		return err
	}
	return x.send("ALTER COLUMN ", quote(x.name), " SET DEFAULT ", sql)
}

// enter begins a with block; what it returns is bound by as, and exit ends it.
func (f *frame) enter(item *python.WithItem, context value) (entered value, exit func() error, err error) {
	o, ok := context.(*object)
	if !ok {
		return &runtime{why: describe(context)}, nil, nil
	}
	if o.path == ".autocommit_block" && f.ops != nil {
		if err := f.ops.mayChange(f, f.place(item), "an autocommit_block"); err != nil {
			return nil, nil, err
		}
		exit, err := f.ops.autocommit(f, f.place(item))
		return nil, exit, err
	}
	return o, nil, nil
}
