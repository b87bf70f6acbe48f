// Package schema holds what a database's catalog says: its objects, how two catalogs differ, and
// which migration brought or removed each object.
package schema

import "fmt"

// Kind is what an object is.
type Kind string

// The kinds of object that a snapshot holds.
const (
	Namespace  Kind = "schema"
	Table      Kind = "table"
	View       Kind = "view"
	Sequence   Kind = "sequence"
	Column     Kind = "column"
	Type       Kind = "type"
	EnumValue  Kind = "enum value"
	Function   Kind = "function"
	Constraint Kind = "constraint"
	Index      Kind = "index"
)

// Object names one object of a database. It is comparable, and serves as its own key.
type Object struct {
	Kind Kind `json:"kind"`
	// Schema is the schema that holds it; empty for a schema.
	Schema string `json:"schema"`
	// Table is the table or view of a column, constraint or index; the type of an enum value.
	Table string `json:"table"`
	// Name is the object's own name; a function's has its argument types.
	Name string `json:"name"`
}

// String is the object as a sentence names it: column "height_m" of table "trees". The schema is
// left out where it is public.
func (o Object) String() string {
	if o.Table == "" {
		return fmt.Sprintf("%s %q", o.Kind, o.qualified(o.Name))
	}
	holder := Table
	if o.Kind == EnumValue {
		holder = Type
	}
	return fmt.Sprintf("%s %q of %s %q", o.Kind, o.Name, holder, o.qualified(o.Table))
}

func (o Object) qualified(name string) string {
	if o.Schema == "" || o.Schema == "public" {
		return name
	}
	return o.Schema + "." + name
}
