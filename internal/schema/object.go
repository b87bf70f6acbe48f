// Package schema holds what a database's catalog says: its objects, how two catalogs differ, and
// which migration brought or removed each object.
package schema

import "fmt"

// Kind is what an object is.
type Kind string

// The kinds of object that a snapshot holds.
const (
	Namespace  Kind = "schema"
	Extension  Kind = "extension"
	Table      Kind = "table"
	View       Kind = "view"
	Sequence   Kind = "sequence"
	Column     Kind = "column"
	Type       Kind = "type"
	EnumValue  Kind = "enum value"
	Function   Kind = "function"
	Operator   Kind = "operator"
	Cast       Kind = "cast"
	Collation  Kind = "collation"
	Constraint Kind = "constraint"
	Index      Kind = "index"
	Trigger    Kind = "trigger"
	Rule       Kind = "rule"
	Policy     Kind = "policy"
	Privilege  Kind = "privilege"
)

// Object names one object of a database. It is comparable, and serves as its own key.
type Object struct {
	Kind Kind `json:"kind"`
	// Schema is the schema that holds it; empty for a schema, an extension or a cast. A privilege on a schema has the schema's name.
	Schema string `json:"schema"`
	// Table is the table or view of a column, constraint, index, trigger, rule or policy; the type of an enum value; what a
	// privilege is on, named as it is itself.
	Table string `json:"table"`
	// Name is the object's own name; a function's has its argument types, a privilege's is "SELECT for app".
	Name string `json:"name"`
}

// String is the object as a sentence names it: column "height_m" of table "trees". The schema is
// left out where it is public.
func (o Object) String() string {
	switch {
	case o.Kind == Privilege && o.Table == "":
		return fmt.Sprintf("%s %q on schema %q", o.Kind, o.Name, o.Schema)
	case o.Kind == Privilege:
		return fmt.Sprintf("%s %q on %q", o.Kind, o.Name, o.qualified(o.Table))
	case o.Table == "":
		return fmt.Sprintf("%s %q", o.Kind, o.qualified(o.Name))
	case o.Kind == EnumValue:
		return fmt.Sprintf("%s %q of type %q", o.Kind, o.Name, o.qualified(o.Table))
	}
	return fmt.Sprintf("%s %q of table %q", o.Kind, o.Name, o.qualified(o.Table))
}

func (o Object) qualified(name string) string {
	if o.Schema == "" || o.Schema == "public" {
		return name
	}
	return o.Schema + "." + name
}
