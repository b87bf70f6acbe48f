package python

import "strings"

// libraries are packages that are never looked for in the repository, though a folder of it may have the name of one.
var libraries = wordSet(`sqlalchemy sqlmodel flask_sqlalchemy flask_sqlalchemy_lite psycopg psycopg2 psycopg_pool asyncpg aiopg
	django typing typing_extensions abc enum dataclasses functools collections pydantic flask fastapi databases re`)

func wordSet(words string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(words) {
		set[w] = true
	}
	return set
}

// split gives the package and the last part of a dotted name: the libraries offer one thing under several paths
// (sqlalchemy.Column, sqlalchemy.schema.Column, sqlalchemy.sql.schema.Column).
func split(dotted string) (library, name string) {
	library, _, _ = strings.Cut(dotted, ".")
	library = strings.TrimSuffix(library, "()")
	if i := strings.LastIndexByte(dotted, '.'); i >= 0 {
		name = dotted[i+1:]
	}
	return library, name
}

// mapping are the libraries that map classes to tables with SQLAlchemy's names.
func mapping(library string) bool {
	switch library {
	case "sqlalchemy", "sqlmodel", "flask_sqlalchemy", "flask_appbuilder":
		return true
	}
	return false
}

// construct is what a call in a class's body makes of an attribute.
type construct uint8

const (
	// unknownConstruct is a call of something that is not known.
	unknownConstruct construct = iota
	// columnConstruct is Column or mapped_column.
	columnConstruct
	// wrapsColumn is a function whose first argument may be a column: deferred, column_property.
	wrapsColumn
	// compositeConstruct is composite, which takes several columns.
	compositeConstruct
	// noColumn is what brings no column: relationship, synonym, association_proxy, …
	noColumn
	// fieldConstruct is SQLModel's Field.
	fieldConstruct
	// tableConstruct is Table.
	tableConstruct
)

var constructs = map[string]construct{
	"Column": columnConstruct, "mapped_column": columnConstruct, "MappedColumn": columnConstruct, "column": columnConstruct,
	"deferred": wrapsColumn, "column_property": wrapsColumn, "undeferred": wrapsColumn,
	"composite": compositeConstruct,
	"Field":     fieldConstruct,
	"Table":     tableConstruct, "table": tableConstruct,
	"relationship": noColumn, "Relationship": noColumn, "synonym": noColumn, "association_proxy": noColumn,
	"hybrid_property": noColumn, "hybrid_method": noColumn, "query_expression": noColumn, "backref": noColumn,
	"dynamic_loader": noColumn, "aliased": noColumn, "with_expression": noColumn, "relation": noColumn, "validates": noColumn,
	"attribute_keyed_dict": noColumn, "ordering_list": noColumn, "MetaData": noColumn, "Index": noColumn,
	"UniqueConstraint": noColumn, "CheckConstraint": noColumn, "ForeignKeyConstraint": noColumn,
	"PrimaryKeyConstraint": noColumn, "ExcludeConstraint": noColumn, "Constraint": noColumn,
	"DDL": noColumn, "Sequence": noColumn, "Identity": noColumn, "Computed": noColumn, "FetchedValue": noColumn,
}

// constructOf tells what a call of the dotted name makes.
func constructOf(dotted string) construct {
	library, name := split(dotted)
	if !mapping(library) {
		return unknownConstruct
	}
	if c := constructs[name]; c != fieldConstruct || library == "sqlmodel" {
		return c
	}
	return unknownConstruct
}

// base is what a class from outside of the repository is to the class that derives from it.
type base uint8

const (
	// foreignBase is a class of which nothing is known.
	foreignBase base = iota
	// declarativeBase makes what derives from it a mapped class.
	declarativeBase
	// flaskBase is Flask-SQLAlchemy's db.Model, which gives tables their names.
	flaskBase
	// sqlModelBase is SQLModel.
	sqlModelBase
	// plainBase brings no columns.
	plainBase
)

// plainPackages are packages whose classes bring no columns: the standard library's, and those for other purposes.
var plainPackages = wordSet(`abc typing typing_extensions enum collections dataclasses functools builtins json logging threading
	contextlib datetime uuid decimal flask_login pydantic pydantic_core attr attrs itsdangerous strawberry graphene`)

// baseOf tells what a class of the dotted name is as a base.
func baseOf(dotted string) base {
	library, name := split(dotted)
	switch {
	case library == "sqlmodel" && name == "SQLModel":
		return sqlModelBase
	case library == "flask_sqlalchemy" && name == "Model":
		return flaskBase
	case library == "flask_appbuilder" && name == "Model":
		return declarativeBase
	case library == "sqlalchemy":
		switch name {
		case "DeclarativeBase", "DeclarativeBaseNoMeta", "declarative_base()", "generate_base()":
			return declarativeBase
		case "automap_base()", "DeferredReflection", "AbstractConcreteBase", "ConcreteBase":
			return foreignBase
		}
		return plainBase
	case plainPackages[library] || dotted == "object":
		return plainBase
	}
	return foreignBase
}

// harmless tells whether a class decorator from outside of the repository leaves the columns as they are.
func harmless(dotted string) bool {
	library, _ := split(dotted)
	return plainPackages[library] || mapping(library) || libraries[library] || library == "sqlalchemy_utils"
}
