package schema

import (
	"strings"

	"github.com/jackc/pgx/v5"
)

// RenameSQL is the statement that gives an object another name in place, every name quoted; false where
// PostgreSQL has none: a privilege, a cast, an operator, an extension, a column or constraint that came with a parent. The server
// may still refuse it, as it does for the columns of a type that tables are made of.
func RenameSQL(o Object, e Entry, to string) (sql string, ok bool) {
	// ALTER TABLE takes views, sequences and indexes too, ALTER TYPE domains, ALTER ROUTINE aggregates (manual, part VI).
	name, own, holder := pgx.Identifier{o.Schema, o.Name}.Sanitize(), pgx.Identifier{o.Name}.Sanitize(), pgx.Identifier{o.Schema, o.Table}.Sanitize()
	rename := func(words ...string) (string, bool) {
		return "ALTER " + strings.Join(words, " ") + " TO " + pgx.Identifier{to}.Sanitize(), true
	}
	switch o.Kind {
	case Namespace:
		return rename("SCHEMA", own, "RENAME")
	case Table, View, Sequence, Index:
		return rename("TABLE", name, "RENAME")
	case Column:
		switch {
		case e.Column == nil || e.Column.Inherited:
			return "", false
		case e.Column.RelKind == "c":
			return rename("TYPE", holder, "RENAME ATTRIBUTE", own)
		}
		return rename("TABLE", holder, "RENAME COLUMN", own)
	case Type:
		return rename("TYPE", name, "RENAME")
	case EnumValue:
		return "ALTER TYPE " + holder + " RENAME VALUE " + literal(o.Name) + " TO " + literal(to), true
	case Function:
		if e.Function == nil {
			return "", false
		}
		return rename("ROUTINE", pgx.Identifier{o.Schema, e.Function.Name}.Sanitize()+"("+e.Function.Arguments+")", "RENAME")
	case Collation:
		return rename("COLLATION", name, "RENAME")
	case Constraint:
		if e.Constraint == nil || e.Constraint.Inherited {
			return "", false
		}
		return rename("TABLE", holder, "RENAME CONSTRAINT", own)
	case Trigger:
		return rename("TRIGGER", own, "ON", holder, "RENAME")
	case Rule:
		return rename("RULE", own, "ON", holder, "RENAME")
	case Policy:
		return rename("POLICY", own, "ON", holder, "RENAME")
	}
	return "", false
}

// literal is a string constant that means the same under any standard_conforming_strings.
func literal(s string) string {
	quoted := strings.ReplaceAll(s, "'", "''")
	if strings.Contains(s, `\`) {
		return " E'" + strings.ReplaceAll(quoted, `\`, `\\`) + "'"
	}
	return "'" + quoted + "'"
}
