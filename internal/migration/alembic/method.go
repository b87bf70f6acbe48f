package alembic

import (
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/headgate/headgate/internal/syntax/python"
)

// method calls a method of what a library made: of the connection, an inspector, a type, a table, a batch.
func (o *operations) method(f *frame, made *object, name string, a *arguments) (value, error) {
	recv, _ := made.recv.(*object)
	switch {
	case recv == nil:
		return made, nil
	case recv.path == "batch":
		return o.batch(f, recv, name, a)
	case name == "type_descriptor" || name == "with_variant" || name == "autocommit_block":
		return made, nil
	case recv.path == "inspector" || recv.path == ".dialect" && strings.HasPrefix(name, "has_"):
		if recv.path == ".dialect" && len(a.args) > 0 {
			a.args = a.args[1:] // the connection
		}
		return o.inspect(name, a)
	}
	if name == "get_main_option" && recv.path == ".config" {
		return o.mainOption(a), nil
	}
	if metadata := f.metadataOf(recv, 0); metadata != nil && name == "create_all" {
		return nil, o.createAll(f, metadata, a)
	} else if metadata != nil && name == "drop_all" {
		return nil, f.failAt(a.at, "the migration drops the tables of the models as they are when it runs")
	}
	if recv.recv == nil && isOneOf(name, "create", "drop") {
		if done, err := o.create(f, recv, name, a); done {
			return nil, err
		}
	}
	if isOneOf(name, "execute", "exec_driver_sql", "scalar", "scalars") && handle(recv) {
		return o.ask(f, name, a)
	}
	return made, nil
}

// create makes or drops a type, a sequence, a table or an index by its own method.
func (o *operations) create(f *frame, recv *object, name string, a *arguments) (done bool, err error) {
	switch lastPart(recv.path) {
	case "Enum", "ENUM":
		return true, o.enum(f, recv, name, a)
	case "Sequence":
		return true, o.sequence(f, recv, name, a)
	case "Table":
		return true, o.tableMethod(f, recv, name, a)
	case "Index":
		if name == "drop" {
			return false, nil
		}
		return true, f.failAt(a.at, "an index that is made by its own method cannot be read")
	}
	return false, nil
}

// enum is the create and drop of an Enum. A generic one looks first only where it is told to, PostgreSQL's own always.
func (o *operations) enum(f *frame, e *object, name string, a *arguments) error {
	checkfirst := lastPart(e.path) == "ENUM"
	if v, ok := a.take(1, "checkfirst"); ok {
		checkfirst, _ = truth(v)
	}
	if v, ok := e.kwargs["native_enum"]; ok {
		if is, _ := truth(v); !is {
			return nil
		}
	}
	return o.makeEnum(f, e, name, checkfirst, a.at)
}

func (o *operations) makeEnum(f *frame, e *object, name string, checkfirst bool, at place) error {
	typeName, err := f.enumName(e)
	if err != nil {
		return err
	}
	if checkfirst {
		exists, err := o.exists("SELECT to_regtype($1) IS NOT NULL", typeName)
		if err != nil || exists == (name == "create") {
			return err
		}
	}
	if name == "drop" {
		return o.run(f, line(at, "DROP TYPE ", typeName).statement())
	}
	labels, err := f.enumLabels(e)
	if err != nil {
		return err
	}
	quoted := make([]string, len(labels))
	for i, l := range labels {
		quoted[i] = literalSQL(l)
	}
	return o.run(f, line(at, "CREATE TYPE ", typeName, " AS ENUM (", strings.Join(quoted, ", "), ")").statement())
}

// enumOfTable makes the type of a column of a table that is about to be made, once in a run (PostgreSQL's
// ENUM._on_table_create). Only ENUM heeds create_type.
func (f *frame) enumOfTable(e *object) error {
	if v, ok := e.kwargs["create_type"]; ok && lastPart(e.path) == "ENUM" {
		if is, _ := truth(v); !is {
			return nil
		}
	}
	if v := e.kwargs["metadata"]; v != nil && !f.ops.creatingAll {
		return nil
	}
	typeName, err := f.enumName(e)
	if err != nil {
		return err
	}
	if f.ops.enums[typeName] {
		return nil
	}
	f.ops.enums[typeName] = true
	return f.ops.makeEnum(f, e, "create", f.ops.creatingAll, e.at)
}

// sequence creates or drops a Sequence.
func (o *operations) sequence(f *frame, v value, name string, a *arguments) error {
	s, ok := v.(*object)
	if !ok || len(s.args) == 0 {
		return f.failAt(a.at, "the sequence cannot be read")
	}
	own, ok := s.args[0].(str)
	if !ok {
		return f.failAt(a.at, "the sequence's name cannot be read")
	}
	target := qualified(own.s, s.kwargs["schema"])
	if is, _ := truth(a.kwargs["checkfirst"]); is {
		exists, err := o.exists("SELECT to_regclass($1) IS NOT NULL", target)
		if err != nil || exists == (name == "create") {
			return err
		}
	}
	if name == "drop" {
		return o.run(f, line(a.at, "DROP SEQUENCE ", ifExists(a), target).statement())
	}
	sql := "CREATE SEQUENCE " + target
	if t := s.kwargs["data_type"]; t != nil {
		typ, err := f.typeOf(t, a.at)
		if err != nil {
			return err
		}
		sql += " AS " + typ.sql
	}
	if options := identityOptions(&arguments{args: s.args, kwargs: s.kwargs}, 1, false); options != "" {
		sql += " " + options
	}
	return o.run(f, line(a.at, sql).statement())
}

// tableMethod creates or drops a sa.Table.
func (o *operations) tableMethod(f *frame, v value, name string, a *arguments) error {
	t, ok := v.(*object)
	if !ok || len(t.args) == 0 || lastPart(t.path) != "Table" {
		return f.failAt(a.at, "the table cannot be read")
	}
	made, err := f.table(t.args[0], t.args[1:], t.kwargs, t.at)
	if err != nil {
		return err
	}
	if checkfirst, given := a.take(1, "checkfirst"); given {
		if is, _ := truth(checkfirst); is {
			exists, err := o.exists("SELECT to_regclass($1) IS NOT NULL", qualified(made.name, made.schema))
			if err != nil || exists == (name == "create") {
				return err
			}
		}
	}
	if name == "drop" {
		return o.run(f, line(a.at, "DROP TABLE ", qualified(made.name, made.schema)).statement())
	}
	return f.createTable(made, false)
}

// exists asks the database that is being built.
func (o *operations) exists(sql string, args ...any) (found bool, err error) {
	args = append([]any{pgx.QueryExecModeExec}, args...)
	err = o.conn.QueryRow(o.ctx, sql, args...).Scan(&found)
	return found, err
}

// ask runs bind.execute(…), whose result the migration may look at.
func (o *operations) ask(f *frame, name string, a *arguments) (value, error) {
	statement := a.get(0, "statement")
	if s, ok, why := o.text(f, statement); ok {
		verb := firstWord(s.s)
		if verb == "select" || verb == "with" || verb == "show" || verb == "values" {
			if why == "" && len(a.args) == 1 && len(a.kwargs) == 0 && asksCatalog(s.s) {
				return o.catalog(f, s.s, name, a)
			}
			o.skip(a.at, strings.ToUpper(verb)+", whose result is data")
			return &runtime{why: "the result of " + firstLine(s.s)}, nil
		}
	}
	err := o.execute(f, statement, a)
	return &runtime{why: "the result of a statement"}, err
}

// catalog answers a query on the catalog from the database that is being built.
func (o *operations) catalog(f *frame, sql, name string, a *arguments) (value, error) {
	rows, err := o.conn.Query(o.ctx, sql, pgx.QueryExecModeSimpleProtocol)
	if err != nil {
		return nil, line(a.at, sql).statement().Refused(f.mod.file, err)
	}
	defer rows.Close()
	result := &object{path: "rows", args: []value{}, at: a.at}
	for rows.Next() {
		values, err := rows.Values()
		if err != nil {
			return nil, f.failAt(a.at, "the answer cannot be read: %v", err)
		}
		row := tuple{}
		for _, v := range values {
			row = append(row, fromDatabase(v))
		}
		result.args = append(result.args, row)
	}
	if err := rows.Err(); err != nil {
		return nil, line(a.at, sql).statement().Refused(f.mod.file, err)
	}
	if name == "scalar" {
		return scalar(result), nil
	}
	return &answer{result.args}, nil
}

// answer is the result of a query on the catalog.
type answer struct{ rows []value }

func scalar(o *object) value {
	if len(o.args) == 0 {
		return nil
	}
	if row, ok := o.args[0].(tuple); ok && len(row) > 0 {
		return row[0]
	}
	return nil
}

func fromDatabase(v any) value {
	switch v := v.(type) {
	case nil:
		return nil
	case bool:
		return v
	case string:
		return text(v)
	case int16:
		return int64(v)
	case int32:
		return int64(v)
	case int64:
		return v
	}
	return &runtime{why: "a value of the catalog"}
}

// method is a method of a query's result.
func (r *answer) method(name string) value {
	first := func() tuple {
		if len(r.rows) == 0 {
			return nil
		}
		row, _ := r.rows[0].(tuple)
		return row
	}
	switch name {
	case "fetchall", "all":
		return &list{items: r.rows}
	case "fetchone", "first", "one_or_none", "one":
		if row := first(); row != nil {
			return row
		}
		return nil
	case "scalar", "scalar_one", "scalar_one_or_none":
		if row := first(); len(row) > 0 {
			return row[0]
		}
		return nil
	case "scalars":
		items := make([]value, 0, len(r.rows))
		for _, row := range r.rows {
			if t, ok := row.(tuple); ok && len(t) > 0 {
				items = append(items, t[0])
			}
		}
		return &answer{items}
	}
	return &runtime{why: name + "() of a query on the catalog"}
}

// discard looks at what an expression statement leaves: a call of a library that nobody knows may have done anything.
func (f *frame) discard(n python.Node, v value) error {
	o, ok := v.(*object)
	if !ok || f.ops == nil {
		return nil
	}
	if handle(o) {
		if name := strings.TrimPrefix(o.path, "."); isOneOf(name, "add", "add_all", "delete", "merge", "bulk_save_objects", "bulk_insert_mappings", "bulk_update_mappings", "update") {
			f.ops.skip(f.place(n), "session."+name)
		}
		return nil
	}
	top, ok := root(o).(*object)
	if !ok || knownTypes(top.path) || top.path == "inspector" || top.path == "batch" || strings.HasPrefix(top.path, ".") ||
		strings.HasSuffix(top.path, "Exception") || strings.HasSuffix(top.path, "Error") {
		return nil
	}
	return f.fail(n, "what %s does to the schema cannot be read", describe(o))
}
