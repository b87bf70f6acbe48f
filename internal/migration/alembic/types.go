package alembic

import (
	"fmt"
	"strings"

	"github.com/headgate/headgate/internal/migration"
)

// affinity is what a type is, as far as SERIAL asks.
type affinity int

const (
	other affinity = iota
	integer
	smallInteger
	bigInteger
	numeric
)

// sqlType is a column's type, compiled.
type sqlType struct {
	sql      string
	affinity affinity
	// enum is the object of a native enum, which has a type of its own in the database.
	enum *object
	// array says that enum is the element's.
	array bool
	// labels are those of an enum that is no type of its own but a VARCHAR with a CHECK.
	labels    []string
	checkName value
}

func (f *frame) failAt(p place, problem string, args ...any) error {
	return &migration.Error{File: f.mod.file, Line: p.line, Column: p.column, Problem: fmt.Sprintf(problem, args...), Remedy: f.ways()}
}

// typeOf compiles a type as SQLAlchemy's PGTypeCompiler does.
func (f *frame) typeOf(v value, at place) (sqlType, error) {
	f.depth++
	defer func() { f.depth-- }()
	if f.depth > maxDepth*4 {
		return sqlType{}, f.failAt(at, "the type is nested too deeply")
	}
	switch t := v.(type) {
	case ref:
		if alias, ok := f.alias(string(t)); ok {
			return sqlType{sql: alias}, nil
		}
		if found, ok := f.resolve(t); ok {
			return f.typeOf(found, at)
		}
		return f.libraryType(&object{path: string(t), at: at}, at)
	case *class:
		if alias, ok := f.alias(t.name); ok {
			return sqlType{sql: alias}, nil
		}
		return f.applicationType(&instance{class: t, names: map[string]value{}, at: at}, at)
	case *instance:
		if alias, ok := f.alias(t.class.name); ok {
			return sqlType{sql: alias}, nil
		}
		return f.applicationType(t, at)
	case *object:
		if alias, ok := f.alias(t.path); ok && t.recv == nil {
			return sqlType{sql: alias}, nil
		}
		if nameLast(t.path) == "as_mutable" && len(t.args) > 0 { // Mutable.as_mutable(type) watches values and is that type
			return f.typeOf(t.args[0], at)
		}
		if t.path == ".with_variant" {
			return f.variant(t, at)
		}
		if t.recv == nil {
			return f.libraryType(t, at)
		}
		if t.path == "." || strings.HasPrefix(t.path, ".") && t.args == nil {
			if c, ok := t.recv.(*class); ok {
				return sqlType{}, f.failAt(at, "the column type %s%s cannot be followed", c.name, t.path)
			}
		}
	case *unreadable:
		return sqlType{}, t.err
	case nil:
		return sqlType{}, f.failAt(at, "the column has no type")
	}
	return sqlType{}, f.failAt(at, "%s is no column type that can be read", describe(v))
}

func (f *frame) alias(name string) (string, bool) {
	if f.ops == nil {
		return "", false
	}
	if t, ok := f.ops.aliases[name]; ok {
		return t, true
	}
	t, ok := f.ops.aliases[lastPart(name)]
	return t, ok
}

// variant is a type that is another one on some dialects.
func (f *frame) variant(o *object, at place) (sqlType, error) {
	for _, dialect := range o.args[min(1, len(o.args)):] {
		if s, ok := dialect.(str); ok && s.s == "postgresql" {
			return f.typeOf(o.args[0], at)
		}
	}
	if s, ok := o.kwargs["dialect_name"].(str); ok && s.s == "postgresql" && len(o.args) > 0 {
		return f.typeOf(o.args[0], at)
	}
	return f.typeOf(o.recv, at)
}

// applicationType follows a type of the application: a TypeDecorator's load_dialect_impl or impl, a UserDefinedType's
// get_col_spec, or the library's type that the class extends.
func (f *frame) applicationType(i *instance, at place) (sqlType, error) {
	a := &arguments{at: at, node: spanAt{}}
	if v, ok := i.class.find("load_dialect_impl"); ok {
		if fn, isFunction := v.(*function); isFunction {
			bound := *fn
			bound.self = i
			a.args = []value{&object{path: ".dialect", args: nil, at: at}}
			made, err := f.callFunction(&bound, a)
			if err != nil {
				return sqlType{}, err
			}
			return f.implementation(i, made, at)
		}
	}
	if v, ok := i.class.find("get_col_spec"); ok {
		if fn, isFunction := v.(*function); isFunction {
			bound := *fn
			bound.self = i
			made, err := f.callFunction(&bound, a)
			if err != nil {
				return sqlType{}, err
			}
			if s, ok := made.(str); ok {
				return sqlType{sql: s.s}, nil
			}
		}
	}
	if impl, ok := i.names["impl"]; ok {
		return f.implementation(i, impl, at)
	}
	if impl, ok := i.class.find("impl"); ok {
		return f.implementation(i, impl, at)
	}
	for _, base := range i.class.library(0) {
		if isOneOf(lastPart(base), "TypeDecorator", "UserDefinedType", "Generic") {
			continue
		}
		return f.libraryType(&object{path: base, args: i.args, kwargs: i.kwargs, at: at}, at)
	}
	return sqlType{}, f.failAt(at, "the column type %s says nowhere what it is in PostgreSQL (impl, load_dialect_impl, get_col_spec)", i.class.name)
}

// implementation is the type that a decorator stands on; a class is made with the decorator's own arguments.
func (f *frame) implementation(i *instance, impl value, at place) (sqlType, error) {
	switch t := impl.(type) {
	case ref:
		if found, ok := f.resolve(t); ok {
			return f.implementation(i, found, at)
		}
		return f.libraryType(&object{path: string(t), args: i.args, kwargs: i.kwargs, at: at}, at)
	case *class:
		if t == i.class {
			break
		}
		return f.applicationType(&instance{class: t, names: map[string]value{}, args: i.args, kwargs: i.kwargs, at: at}, at)
	case *object:
		if t.path == ".impl" || t.path == ".load_dialect_impl" {
			if v, ok := i.class.find("impl"); ok {
				return f.implementation(i, v, at)
			}
		}
		if t.path == ".type_descriptor" && len(t.args) > 0 {
			return f.implementation(i, t.args[0], at)
		}
	}
	return f.typeOf(impl, at)
}

// plainTypes are those whose name alone makes the SQL type.
var plainTypes = map[string]string{
	"Boolean": "BOOLEAN", "BOOLEAN": "BOOLEAN", "Date": "DATE", "DATE": "DATE", "JSON": "JSON", "JSONB": "JSONB", "Uuid": "UUID", "UUID": "UUID",
	"LargeBinary": "BYTEA", "BYTEA": "BYTEA", "PickleType": "BYTEA", "CITEXT": "CITEXT", "TSVECTOR": "TSVECTOR", "TSQUERY": "TSQUERY",
	"INET": "INET", "CIDR": "CIDR", "MACADDR": "MACADDR", "MACADDR8": "MACADDR8", "MONEY": "MONEY", "OID": "OID", "REGCLASS": "REGCLASS",
	"REGCONFIG": "REGCONFIG", "HSTORE": "HSTORE", "JSONPATH": "JSONPATH", "INT4RANGE": "INT4RANGE", "INT8RANGE": "INT8RANGE", "NUMRANGE": "NUMRANGE",
	"DATERANGE": "DATERANGE", "TSRANGE": "TSRANGE", "TSTZRANGE": "TSTZRANGE", "INT4MULTIRANGE": "INT4MULTIRANGE", "INT8MULTIRANGE": "INT8MULTIRANGE",
	"NUMMULTIRANGE": "NUMMULTIRANGE", "DATEMULTIRANGE": "DATEMULTIRANGE", "TSMULTIRANGE": "TSMULTIRANGE", "TSTZMULTIRANGE": "TSTZMULTIRANGE",
	"Double": "DOUBLE PRECISION", "DOUBLE": "DOUBLE", "DOUBLE_PRECISION": "DOUBLE PRECISION", "REAL": "REAL", "BLOB": "BLOB", "CLOB": "CLOB", "DATETIME": "DATETIME",
}

// stringTypes are VARCHAR and its kin, with a length and a collation.
var stringTypes = map[string]string{
	"String": "VARCHAR", "Unicode": "VARCHAR", "VARCHAR": "VARCHAR", "NVARCHAR": "NVARCHAR", "AutoString": "VARCHAR",
	"Text": "TEXT", "TEXT": "TEXT", "UnicodeText": "TEXT", "CHAR": "CHAR", "NCHAR": "NCHAR",
}

// utilTypes are the types of sqlalchemy_utils on PostgreSQL, from its types' load_dialect_impl and impl.
var utilTypes = map[string]string{
	"UUIDType": "UUID", "EmailType": "CITEXT", "URLType": "TEXT", "PasswordType": "BYTEA", "ColorType": "VARCHAR(20)", "CountryType": "VARCHAR(2)",
	"CurrencyType": "VARCHAR(3)", "LocaleType": "VARCHAR(10)", "TimezoneType": "VARCHAR(50)", "ScalarListType": "TEXT", "JSONType": "JSON",
	"IPAddressType": "VARCHAR(50)", "TSVectorType": "TSVECTOR", "LtreeType": "LTREE", "IntRangeType": "INT4RANGE", "Int8RangeType": "INT8RANGE",
	"NumericRangeType": "NUMRANGE", "DateRangeType": "DATERANGE", "DateTimeRangeType": "TSRANGE", "EncryptedType": "BYTEA", "StringEncryptedType": "VARCHAR",
	"WeekDaysType": "BIT(7)", "GUID": "UUID",
}

// knownTypes says of which libraries a type is known by its last name.
func knownTypes(path string) bool {
	return hasPrefix(path, "sqlalchemy.", "sqlmodel.", "alembic.", "sqlalchemy_utils.", "fastapi_users_db_sqlalchemy.", "geoalchemy2.", "pgvector.", "flask_sqlalchemy.", "sqlalchemy_searchable.", "sqlalchemy_json.")
}

// libraryType compiles a type of SQLAlchemy or of a library on it.
func (f *frame) libraryType(o *object, at place) (sqlType, error) {
	base := lastPart(o.path)
	a := &arguments{args: o.args, kwargs: o.kwargs, at: at}
	if !knownTypes(o.path) {
		return sqlType{}, f.failAt(at, "what the column type %s is in PostgreSQL cannot be found in the repository", o.path)
	}
	if sql, ok := utilTypes[base]; ok && !strings.HasPrefix(o.path, "sqlalchemy.") {
		return sqlType{sql: sql}, nil
	}
	if sql, ok := plainTypes[base]; ok {
		return sqlType{sql: sql}, nil
	}
	if sql, ok := stringTypes[base]; ok {
		return sqlType{sql: stringSQL(sql, a)}, nil
	}
	switch base {
	case "Integer", "INTEGER":
		return sqlType{sql: "INTEGER", affinity: integer}, nil
	case "BigInteger", "BIGINT":
		return sqlType{sql: "BIGINT", affinity: bigInteger}, nil
	case "SmallInteger", "SMALLINT":
		return sqlType{sql: "SMALLINT", affinity: smallInteger}, nil
	case "Numeric", "NUMERIC", "DECIMAL":
		return sqlType{sql: numericSQL(base, a), affinity: numeric}, nil
	case "Float", "FLOAT":
		sql := "FLOAT"
		if n, ok := a.get(0, "precision").(int64); ok {
			sql = fmt.Sprintf("FLOAT(%d)", n)
		}
		return sqlType{sql: sql, affinity: numeric}, nil
	case "DateTime", "TIMESTAMP", "TIMESTAMPAware", "Time", "TIME", "ArrowType", "EnrichedDateTimeType":
		return sqlType{sql: timeSQL(base, a)}, nil
	case "Interval", "INTERVAL":
		return sqlType{sql: intervalSQL(base, a)}, nil
	case "BIT":
		return sqlType{sql: bitSQL(a)}, nil
	case "ARRAY":
		return f.arrayType(a, at)
	case "Enum", "ENUM":
		return f.enumType(o, a)
	case "DOMAIN":
		if s, ok := a.get(0, "name").(str); ok {
			return sqlType{sql: qualified(s.s, a.kwargs["schema"])}, nil
		}
	case "TypeDecorator", "MutableType":
		return f.typeOf(a.get(0, "impl"), at)
	case "Variant":
		return f.typeOf(a.get(0, "base"), at)
	case "ChoiceType":
		if impl, ok := a.take(1, "impl"); ok {
			return f.typeOf(impl, at)
		}
		return sqlType{sql: "VARCHAR(255)"}, nil
	case "PhoneNumberType":
		length := int64(20)
		if n, ok := a.get(1, "max_length").(int64); ok {
			length = n
		}
		return sqlType{sql: fmt.Sprintf("VARCHAR(%d)", length)}, nil
	case "Vector", "VECTOR", "HALFVEC", "Halfvec":
		sql := strings.ToUpper(base)
		if n, ok := a.get(0, "dim").(int64); ok {
			sql += fmt.Sprintf("(%d)", n)
		}
		return sqlType{sql: sql}, nil
	case "Geometry", "Geography":
		return sqlType{sql: geometrySQL(base, a)}, nil
	}
	return sqlType{}, f.failAt(at, "the column type %s is not known", o.path)
}

func stringSQL(sql string, a *arguments) string {
	if n, ok := a.get(0, "length").(int64); ok && n != 0 {
		sql += fmt.Sprintf("(%d)", n)
	}
	if c, ok := a.get(1, "collation").(str); ok && c.s != "" {
		sql += ` COLLATE "` + strings.ReplaceAll(c.s, `"`, `""`) + `"`
	}
	return sql
}

func numericSQL(base string, a *arguments) string {
	sql := strings.ToUpper(base)
	precision, ok := a.get(0, "precision").(int64)
	if !ok {
		return sql
	}
	if scale, ok := a.get(1, "scale").(int64); ok {
		return fmt.Sprintf("%s(%d, %d)", sql, precision, scale)
	}
	return fmt.Sprintf("%s(%d)", sql, precision)
}

func timeSQL(base string, a *arguments) string {
	sql := "TIMESTAMP"
	if strings.EqualFold(base, "time") {
		sql = "TIME"
	}
	if n, ok := a.get(1, "precision").(int64); ok {
		sql += fmt.Sprintf("(%d)", n)
	}
	zone, _ := truth(a.get(0, "timezone"))
	if zone || base == "TIMESTAMPAware" {
		return sql + " WITH TIME ZONE"
	}
	return sql + " WITHOUT TIME ZONE"
}

// intervalSQL is sqlalchemy.Interval(native, second_precision, day_precision) or postgresql.INTERVAL(precision, fields).
func intervalSQL(base string, a *arguments) string {
	sql := "INTERVAL"
	precision := a.get(0, "precision")
	if base == "Interval" {
		precision = a.get(1, "second_precision")
	} else if s, ok := a.get(1, "fields").(str); ok {
		sql += " " + s.s
	}
	if n, ok := precision.(int64); ok {
		sql += fmt.Sprintf(" (%d)", n)
	}
	return sql
}

func bitSQL(a *arguments) string {
	n, ok := a.get(0, "length").(int64)
	varying, _ := truth(a.get(1, "varying"))
	switch {
	case varying && ok:
		return fmt.Sprintf("BIT VARYING(%d)", n)
	case varying:
		return "BIT VARYING"
	case !ok:
		n = 1
	}
	return fmt.Sprintf("BIT(%d)", n)
}

func geometrySQL(base string, a *arguments) string {
	sql := strings.ToLower(base)
	kind, given := a.take(0, "geometry_type")
	s, isString := kind.(str)
	if given && !isString {
		return sql
	}
	if !given {
		s.s = "GEOMETRY"
	}
	srid := int64(-1)
	if n, ok := a.get(1, "srid").(int64); ok {
		srid = n
	}
	return fmt.Sprintf("%s(%s,%d)", sql, strings.ToUpper(s.s), srid)
}

func (f *frame) arrayType(a *arguments, at place) (sqlType, error) {
	inner, err := f.typeOf(a.get(0, "item_type"), at)
	if err != nil {
		return sqlType{}, err
	}
	dimensions := int64(1)
	if n, ok := a.get(2, "dimensions").(int64); ok && n > 0 && n <= 6 { // PostgreSQL's MAXDIM
		dimensions = n
	}
	suffix := strings.Repeat("[]", int(dimensions))
	sql, collation, collated := strings.Cut(inner.sql, " COLLATE")
	if collated {
		suffix += " COLLATE" + collation
	}
	return sqlType{sql: sql + suffix, enum: inner.enum, array: true}, nil
}

// enumType is a type of its own, or a VARCHAR as long as the longest label.
func (f *frame) enumType(o *object, a *arguments) (sqlType, error) {
	native, given := a.kwargs["native_enum"]
	if is, _ := truth(native); !given || is {
		name, err := f.enumName(o)
		return sqlType{sql: name, enum: o}, err
	}
	labels, err := f.enumLabels(o)
	if err != nil {
		return sqlType{}, err
	}
	length := int64(0)
	for _, l := range labels {
		length = max(length, int64(len([]rune(l))))
	}
	if n, ok := a.kwargs["length"].(int64); ok {
		length = n
	}
	t := sqlType{sql: fmt.Sprintf("VARCHAR(%d)", length)}
	if check, _ := truth(a.kwargs["create_constraint"]); check {
		t.labels, t.checkName = labels, a.kwargs["name"]
	}
	return t, nil
}

// enumName is the quoted name of an enum's type: given, or that of the Python enum in lower case.
func (f *frame) enumName(o *object) (string, error) {
	if s, ok := o.kwargs["name"].(str); ok {
		return qualified(s.s, o.kwargs["schema"]), nil
	}
	if len(o.args) == 1 {
		if c, ok := f.enumClass(o.args[0]); ok {
			return qualified(strings.ToLower(c.name), o.kwargs["schema"]), nil
		}
	}
	return "", f.failAt(o.at, "the enum has no name that can be read")
}

func (f *frame) enumClass(v value) (*class, bool) {
	if r, ok := v.(ref); ok {
		v, _ = f.resolve(r)
	}
	c, ok := v.(*class)
	return c, ok && c.isEnum
}

// enumLabels are an enum's labels: strings, or the names of a Python enum's members, or what values_callable makes of it.
func (f *frame) enumLabels(o *object) ([]string, error) {
	var labels []string
	items := o.args
	if c, ok := f.enumClass(first(items)); ok && len(items) == 1 {
		fn := o.kwargs["values_callable"]
		if fn == nil {
			for _, m := range c.members {
				labels = append(labels, m.name)
			}
			return labels, nil
		}
		v, err := f.call(fn, &arguments{args: []value{c}, at: o.at, node: spanAt{}})
		if err != nil {
			return nil, err
		}
		if items, err = f.iterate(spanAt{}, v); err != nil {
			return nil, f.failAt(o.at, "the labels of the enum cannot be read")
		}
	}
	for _, item := range items {
		if m, ok := item.(*member); ok && m.class.isText {
			item = m.value
		}
		s, ok := item.(str)
		if !ok {
			return nil, f.failAt(o.at, "the enum's label %s cannot be read", describe(item))
		}
		labels = append(labels, s.s)
	}
	return labels, nil
}

func first(items []value) value {
	if len(items) == 0 {
		return nil
	}
	return items[0]
}
