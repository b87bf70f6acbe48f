package alembic

import (
	"slices"
	"strings"
)

// column is a sa.Column.
type column struct {
	name     string
	typ      sqlType
	at       place
	primary  bool
	nullable bool
	// nullableGiven says that nullable was written.
	nullableGiven bool
	autoincrement value
	// hasDefault says that the client makes the value, so that the column is no SERIAL.
	hasDefault         bool
	server             value
	unique, index      bool
	foreign, checks    []*constraint
	comment            value
	identity, computed *object
}

// constraint is one of a table's; kind is the key of the naming convention: pk, fk, uq, ck, or ex.
type constraint struct {
	kind     string
	name     value // a str, or nil
	columns  []string
	at       place
	sql      string // a check's condition, an exclusion's elements
	target   string // the table that a foreign key refers to, "schema.name"
	schema   value  // its schema where given apart
	targets  []string
	kwargs   map[string]value
	useAlter bool
}

// table is a sa.Table, as far as op.create_table and the like make one.
type table struct {
	name        string
	schema      value
	at          place
	columns     []*column
	constraints []*constraint
	indexes     []*object
	kwargs      map[string]value
}

func (f *frame) isColumn(v value) (*object, bool) {
	o, ok := v.(*object)
	return o, ok && o.recv == nil && isOneOf(lastPart(o.path), "Column", "mapped_column", "MappedColumn")
}

// column reads a sa.Column.
func (f *frame) column(v value, at place) (*column, error) {
	o, ok := f.isColumn(v)
	if !ok {
		if m, isMethod := v.(*object); isMethod && m.path == ".copy" {
			return f.column(m.recv, at)
		}
		return nil, f.failAt(at, "%s is no column that can be read", describe(v))
	}
	c := &column{at: o.at, autoincrement: text("auto"), server: nil, comment: o.kwargs["comment"]}
	args := o.args
	if len(args) > 0 {
		if s, isName := args[0].(str); isName {
			c.name, args = s.s, args[1:]
		}
	}
	if name, ok := columnName(o); ok {
		c.name = name
	}
	if c.name == "" {
		return nil, f.failAt(o.at, "the column has no name that can be read")
	}
	typ, hasType := o.kwargs["type_"]
	for i, arg := range args {
		done, err := f.columnArgument(c, arg)
		switch {
		case err != nil:
			return nil, err
		case !done && i == 0 && !hasType:
			typ, hasType = arg, true
		case !done:
			return nil, f.failAt(o.at, "the argument %s of column %s cannot be read", describe(arg), c.name)
		}
	}
	if err := f.columnOptions(c, o); err != nil {
		return nil, err
	}
	if !hasType {
		return c, nil // as a foreign key may have it; who compiles the column looks at that
	}
	var err error
	c.typ, err = f.typeOf(typ, o.at)
	if c.typ.labels != nil {
		quoted := make([]string, len(c.typ.labels))
		for i, l := range c.typ.labels {
			quoted[i] = literalSQL(l)
		}
		c.checks = append(c.checks, &constraint{kind: "ck", name: c.typ.checkName, columns: []string{c.name}, at: o.at, useAlter: true,
			sql: quote(c.name) + " IN (" + strings.Join(quoted, ", ") + ")"})
	}
	return c, err
}

// columnName is the name that a Column has.
func columnName(o *object) (string, bool) {
	if s, ok := o.kwargs["name"].(str); ok {
		return s.s, true
	}
	s, ok := first(o.args).(str)
	return s.s, ok
}

// columnArgument takes a ForeignKey, a constraint, Identity, Computed or Sequence; done is false for a type.
func (f *frame) columnArgument(c *column, v value) (done bool, err error) {
	if v == nil {
		return true, nil
	}
	o, ok := v.(*object)
	if !ok || o.recv != nil {
		return false, nil
	}
	switch lastPart(o.path) {
	case "ForeignKey":
		fk, err := f.foreignKey(o, c.name)
		c.foreign = append(c.foreign, fk)
		return true, err
	case "CheckConstraint":
		ck, err := f.tableConstraint(o)
		c.checks = append(c.checks, ck)
		return true, err
	case "Identity":
		c.identity = o
	case "Computed":
		c.computed = o
	case "Sequence":
		c.hasDefault = true
		if is, _ := truth(o.kwargs["optional"]); is {
			c.hasDefault = false
		}
	case "ColumnDefault":
		c.hasDefault = true
	case "DefaultClause":
		c.server = o
	case "FetchedValue":
	default:
		return false, nil
	}
	return true, nil
}

func (f *frame) columnOptions(c *column, o *object) error {
	flag := func(name string) bool { is, _ := truth(o.kwargs[name]); return is }
	c.primary, c.unique, c.index = flag("primary_key"), flag("unique"), flag("index")
	if v, ok := o.kwargs["autoincrement"]; ok {
		c.autoincrement = v
	}
	if v, ok := o.kwargs["default"]; ok && v != nil {
		c.hasDefault = true
		if s, isObject := v.(*object); isObject && lastPart(s.path) == "Sequence" {
			if is, _ := truth(s.kwargs["optional"]); is {
				c.hasDefault = false
			}
		}
	}
	if v, ok := o.kwargs["server_default"]; ok && v != nil {
		s, isObject := v.(*object)
		switch {
		case isObject && s.recv == nil && lastPart(s.path) == "Identity":
			c.identity = s
		case isObject && s.recv == nil && lastPart(s.path) == "Computed":
			c.computed = s
		case isObject && s.recv == nil && lastPart(s.path) == "FetchedValue":
		default:
			c.server = v
		}
	}
	c.nullable = !c.primary
	if v, ok := o.kwargs["nullable"]; ok {
		is, known := truth(v)
		if !known {
			return f.failAt(o.at, "whether column %s may be null hangs on %s", c.name, describe(v))
		}
		c.nullable, c.nullableGiven = is, true
	} else if c.identity != nil {
		c.nullable = false
	}
	return nil
}

func (f *frame) foreignKey(o *object, local string) (*constraint, error) {
	fk := &constraint{kind: "fk", columns: []string{local}, at: o.at, kwargs: o.kwargs, name: o.kwargs["name"]}
	fk.useAlter, _ = truth(o.kwargs["use_alter"])
	a := &arguments{args: o.args, kwargs: o.kwargs}
	s, ok := a.get(0, "column").(str)
	if !ok {
		if attr, isObject := a.get(0, "column").(*object); isObject {
			if t, column, found := f.columnOf(attr); found {
				s, ok = text(t+"."+column), true
			}
		}
	}
	at := strings.LastIndexByte(s.s, '.')
	if !ok || at < 0 {
		return nil, f.failAt(o.at, "the target of the foreign key cannot be read")
	}
	fk.target, fk.targets = s.s[:at], []string{s.s[at+1:]}
	return fk, nil
}

// tableColumn reads table.c.name and Model.__table__.c.name.
func (f *frame) tableColumn(o *object) (table, column string, ok bool) {
	parent, isObject := o.recv.(*object)
	if !isObject || !isOneOf(parent.path, ".c", ".columns") {
		return "", "", false
	}
	t, isObject := parent.recv.(*object)
	if !isObject {
		return "", "", false
	}
	if c, ok := t.recv.(*class); ok && t.path == ".__table__" && f.models != nil && f.models.mapped[c] != nil {
		return f.models.mapped[c].table.key(), strings.TrimPrefix(o.path, "."), true
	}
	name, isName := first(t.args).(str)
	if s, ok := t.kwargs["schema"].(str); ok {
		name.s = s.s + "." + name.s
	}
	return name.s, strings.TrimPrefix(o.path, "."), isName
}

// strings are a value's items as names of columns.
func (f *frame) columnNames(v value, at place) ([]string, error) {
	return f.namesOf(v, at, false)
}

// namesOf are the names, with their tables where they are those of another table.
func (f *frame) namesOf(v value, at place, remote bool) ([]string, error) {
	items, ok := sequence(v)
	if !ok {
		items = []value{v}
	}
	result := make([]string, len(items))
	for i, item := range items {
		switch item := item.(type) {
		case str:
			result[i] = item.s
		case *object:
			if c, ok := f.isColumn(item); ok {
				if name, ok := columnName(c); ok {
					result[i] = name
					continue
				}
			}
			if t, column, ok := f.columnOf(item); ok {
				if result[i] = column; remote {
					result[i] = t + "." + column
				}
				continue
			}
			if lastPart(item.path) == "column" && len(item.args) > 0 {
				if s, ok := item.args[0].(str); ok {
					result[i] = s.s
					continue
				}
			}
			if parent, ok := item.recv.(*object); ok && parent.path == ".c" {
				result[i] = strings.TrimPrefix(item.path, ".")
				continue
			}
			return nil, f.failAt(at, "the column %s cannot be read", describe(item))
		default:
			return nil, f.failAt(at, "the column %s cannot be read", describe(item))
		}
	}
	return result, nil
}

// constraintKinds are SQLAlchemy's classes.
var constraintKinds = map[string]string{"PrimaryKeyConstraint": "pk", "ForeignKeyConstraint": "fk", "UniqueConstraint": "uq",
	"CheckConstraint": "ck", "ExcludeConstraint": "ex"}

// tableConstraint reads sa.UniqueConstraint and its kin.
func (f *frame) tableConstraint(o *object) (*constraint, error) {
	c := &constraint{kind: constraintKinds[lastPart(o.path)], name: o.kwargs["name"], at: o.at, kwargs: o.kwargs}
	a := &arguments{args: o.args, kwargs: o.kwargs, at: o.at}
	var err error
	switch c.kind {
	case "pk", "uq":
		c.columns, err = f.columnNames(tuple(o.args), o.at)
	case "ck":
		if len(o.args) > 1 {
			c.name = o.args[1]
		}
		c.sql, err = f.conditionSQL(a.get(0, "sqltext"), o.at)
	case "ex":
		c.sql, err = f.exclusion(o.args, o.kwargs, o.at)
	case "fk":
		if c.columns, err = f.columnNames(a.get(0, "columns"), o.at); err != nil {
			return nil, err
		}
		if len(o.args) > 2 {
			c.name = o.args[2]
		}
		c.useAlter, _ = truth(o.kwargs["use_alter"])
		var remote []string
		if remote, err = f.namesOf(a.get(1, "refcolumns"), o.at, true); err != nil {
			return nil, err
		}
		for _, r := range remote {
			at := strings.LastIndexByte(r, '.')
			if at < 0 {
				return nil, f.failAt(o.at, "the target %s of the foreign key names no table", r)
			}
			c.target = r[:at]
			c.targets = append(c.targets, r[at+1:])
		}
	default:
		return nil, f.failAt(o.at, "%s is no constraint that can be read", describe(o))
	}
	return c, err
}

// exclusion writes the elements of an EXCLUDE constraint.
func (f *frame) exclusion(elements []value, kwargs map[string]value, at place) (string, error) {
	using := "gist"
	if s, ok := kwargs["using"].(str); ok {
		using = strings.ToLower(s.s)
	}
	ops, _ := kwargs["ops"].(*dict)
	var parts []string
	for _, e := range elements {
		pair, ok := sequence(e)
		if !ok || len(pair) != 2 {
			return "", f.failAt(at, "the element %s of the exclusion constraint cannot be read", describe(e))
		}
		operator, _ := pair[1].(str)
		var sql string
		var err error
		if s, isName := pair[0].(str); isName {
			sql = quote(s.s)
			if ops != nil {
				if class, ok := ops.at(s).(str); ok {
					sql += " " + class.s
				}
			}
		} else if sql, err = f.expressionSQL(pair[0], at); err != nil {
			return "", err
		}
		parts = append(parts, sql+" WITH "+operator.s)
	}
	sql := "EXCLUDE USING " + using + " (" + strings.Join(parts, ", ") + ")"
	if where := kwargs["where"]; where != nil {
		condition, err := f.conditionSQL(where, at)
		if err != nil {
			return "", err
		}
		sql += " WHERE (" + condition + ")"
	}
	return sql, nil
}

// table reads the arguments of op.create_table or sa.Table.
func (f *frame) table(name value, items []value, kwargs map[string]value, at place) (*table, error) {
	n, ok := name.(str)
	if !ok {
		return nil, f.failAt(at, "the table's name %s cannot be read", describe(name))
	}
	t := &table{name: n.s, schema: kwargs["schema"], at: at, kwargs: kwargs}
	for _, item := range items {
		if item == nil {
			continue
		}
		o, ok := item.(*object)
		if !ok {
			return nil, f.failAt(at, "%s in table %s cannot be read", describe(item), t.name)
		}
		switch {
		case isOneOf(lastPart(o.path), "Column", "mapped_column") || o.path == ".copy":
			c, err := f.column(o, at)
			if err != nil {
				return nil, err
			}
			t.columns = append(t.columns, c)
		case constraintKinds[lastPart(o.path)] != "":
			c, err := f.tableConstraint(o)
			if err != nil {
				return nil, err
			}
			t.constraints = append(t.constraints, c)
		case lastPart(o.path) == "Index":
			t.indexes = append(t.indexes, o)
		case lastPart(o.path) == "MetaData" || strings.HasSuffix(o.path, ".metadata"):
		default:
			return nil, f.failAt(o.at, "%s in table %s cannot be read", describe(o), t.name)
		}
	}
	t.finish()
	return t, nil
}

// finish does what attaching columns and constraints to a table does: the primary key's columns are not null, and a
// column's flags become constraints after those that were written.
func (t *table) finish() {
	var pk *constraint
	for _, c := range t.constraints {
		if c.kind == "pk" {
			pk = c
		}
	}
	if pk != nil {
		for _, c := range t.columns {
			if slices.Contains(pk.columns, c.name) {
				c.primary = true
				if !c.nullableGiven {
					c.nullable = false
				}
			}
		}
	}
	// PrimaryKeyConstraint() without columns takes those that say primary_key, as no constraint at all does.
	if pk == nil || len(pk.columns) == 0 {
		var columns []string
		for _, c := range t.columns {
			if c.primary {
				columns = append(columns, c.name)
			}
		}
		if auto := t.autoincrement(); auto != nil && len(columns) > 1 && pk == nil { // columns_autoinc_first
			columns = append([]string{auto.name}, slices.DeleteFunc(columns, func(n string) bool { return n == auto.name })...)
		}
		switch {
		case pk != nil:
			pk.columns = columns
		case len(columns) > 0:
			t.constraints = append([]*constraint{{kind: "pk", columns: columns, at: t.at}}, t.constraints...)
		}
	}
	for _, c := range t.columns {
		t.constraints = append(t.constraints, c.flagged()...)
	}
	slices.SortStableFunc(t.constraints, func(a, b *constraint) int { return primaryFirst(a) - primaryFirst(b) })
}

func primaryFirst(c *constraint) int {
	if c.kind == "pk" {
		return 0
	}
	return 1
}

// flagged are the constraints that a column's flags and foreign keys make.
func (c *column) flagged() []*constraint {
	result := slices.Clone(c.foreign)
	if c.unique && !c.index {
		result = append(result, &constraint{kind: "uq", columns: []string{c.name}, at: c.at})
	}
	for _, check := range c.checks {
		if check.useAlter { // of an enum's type: a constraint of the table
			own := *check
			own.useAlter = false
			result = append(result, &own)
		}
	}
	return result
}

// autoincrement is the column that is a SERIAL (PrimaryKeyConstraint._autoincrement_column), or nil.
func (t *table) autoincrement() *column {
	var primary []*column
	for _, c := range t.columns {
		if c.primary {
			primary = append(primary, c)
		}
	}
	for _, c := range primary {
		if c.autoincrement == true && c.typ.affinity != other {
			return c
		}
	}
	if len(primary) != 1 {
		return nil
	}
	c := primary[0]
	how, isString := c.autoincrement.(str)
	refers := len(c.foreign) > 0 || slices.ContainsFunc(t.constraints, func(k *constraint) bool {
		return k.kind == "fk" && slices.Contains(k.columns, c.name)
	})
	if !isString || c.typ.affinity == other || c.hasDefault || c.server != nil || refers && how.s != "ignore_fk" {
		return nil
	}
	return c
}
