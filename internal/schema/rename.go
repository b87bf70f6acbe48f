package schema

// RenameSQL is the statement that gives an object another name in place, every name quoted; false where
// PostgreSQL has none: a privilege, a cast, an operator, an extension, a column that came with a parent.
func RenameSQL(o Object, e Entry, to string) (sql string, ok bool) {
	return "", false
}
