package schema

// Entry is what the catalog says of one object.
type Entry struct {
	// OID and Number (a column's attnum) are the object's identity: they survive a rename, and
	// also CREATE DATABASE … TEMPLATE. A privilege has the oid of the object that it is on.
	OID    uint32
	Number int16
	// Definition changes when the object does: a column's type, a constraint's text, …
	Definition string
	// Extension tells that the object, or the one that holds it, came with CREATE EXTENSION.
	Extension bool

	// Of these, the one of the object's kind is there, and all others are nil.
	Relation   *RelationFacts
	Column     *ColumnFacts
	Type       *TypeFacts
	Function   *FunctionFacts
	Constraint *ConstraintFacts
	Index      *IndexFacts
	Trigger    *TriggerFacts
	Rule       *RuleFacts
	Policy     *PolicyFacts
	Privilege  *PrivilegeFacts
}

// RelationFacts are those of a table, view or sequence.
type RelationFacts struct {
	// RelKind is pg_class.relkind: r a table, p a partitioned one, f a foreign one, v a view, m a materialized one, S a
	// sequence, c a composite type.
	RelKind string
	// RowSecurity tells that policies hold for all but the owner, and Forced that they hold for the owner too.
	RowSecurity, Forced bool
	// InsertTrigger tells that an enabled trigger may fill or drop a row before INSERT, or takes the place of INSERT, and
	// InsertRule that an INSTEAD rule does.
	InsertTrigger, InsertRule bool
	// OwnedBy is the column that a sequence is dropped with; the zero Object where there is none.
	OwnedBy Object
}

// ColumnFacts are those of a column of a table, view or composite type.
type ColumnFacts struct {
	// RelKind is that of the relation it is in; see RelationFacts.
	RelKind string
	// Type is the type's oid, Modifier its atttypmod (-1 for none), and TypeName both as SQL writes them.
	Type     uint32
	Modifier int32
	TypeName string
	// NotNull tells that the column itself is NOT NULL.
	NotNull bool
	// Required tells that an INSERT which leaves the column out fails: it, or the domain that it is of, or one that this one
	// is made from, is NOT NULL, or a CHECK says no more than IS NOT NULL, and there is no default, identity or generation.
	Required bool
	// MayBeFilled tells that a BEFORE INSERT trigger, or an INSTEAD rule, may give a required column its value.
	MayBeFilled bool
	// Inherited tells that it came with the parent of a partition or child, and can only be renamed there.
	Inherited bool
	// Default is its default or generation expression; empty where there is none.
	Default string
	// Identity and Generated are pg_attribute's: a or d, and s or v; empty where it is neither.
	Identity, Generated string
}

// TypeFacts are those of a type that is not a table's row.
type TypeFacts struct {
	// TypType is pg_type.typtype: e an enum, d a domain, c a composite type, r a range, m a multirange, b a base type.
	TypType string
	// Labels are an enum's values in their order, which Definition leaves out.
	Labels []string
	// NotNull tells that a domain, or one that it is made from, is NOT NULL.
	NotNull bool
}

// FunctionFacts are those of a function, procedure or aggregate.
type FunctionFacts struct {
	// Name is its name without arguments.
	Name string
	// Arguments are the types of its input arguments, quoted and with their schemas, as ALTER ROUTINE takes them under any search_path.
	Arguments string
}

// ConstraintFacts are those of a constraint on a table.
type ConstraintFacts struct {
	// ConType is pg_constraint.contype: p PRIMARY KEY, u UNIQUE, c CHECK, f FOREIGN KEY, x EXCLUDE.
	ConType string
	// Columns are the attnums of the columns that it is about.
	Columns []int16
	// References is the oid of the table that a foreign key points to, and ReferencedColumns the attnums there.
	References        uint32
	ReferencedColumns []int16
	// Validated is false for NOT VALID: the rows that were there are not held against it, new ones are.
	Validated, Deferrable bool
	// Inherited tells that it came with the parent of a partition or child, and can only be renamed there.
	Inherited bool
}

// IndexFacts are those of an index.
type IndexFacts struct {
	// Table is the oid of the table that it is on.
	Table  uint32
	Unique bool
	// Columns are the attnums of its key columns, 0 for an expression; those of INCLUDE are left out.
	Columns []int16
	// Predicate is the condition of a partial index; empty where it is none.
	Predicate string
	// Valid is false for what a CREATE INDEX CONCURRENTLY that failed left; it still refuses duplicates where it is ready.
	Valid bool
	// Constraint tells that the index belongs to a constraint (PRIMARY KEY, UNIQUE, EXCLUDE), which has an entry of its own.
	Constraint bool
}

// TriggerFacts are those of a trigger that a user made.
type TriggerFacts struct {
	// Timing is BEFORE, AFTER or INSTEAD OF.
	Timing string
	// Insert, Update, Delete and Truncate are what it fires on, and Row tells that it does so for each row.
	Insert, Update, Delete, Truncate, Row bool
	// Columns are the attnums of UPDATE OF; none where every update fires it.
	Columns []int16
	// Enabled is false for one that is switched off or only fires in a replica.
	Enabled bool
	// Function is the oid of its function.
	Function uint32
}

// RuleFacts are those of a rewrite rule other than the one that makes a view.
type RuleFacts struct {
	// Event is SELECT, INSERT, UPDATE or DELETE.
	Event            string
	Instead, Enabled bool
}

// PolicyFacts are those of a row security policy.
type PolicyFacts struct {
	// Command is SELECT, INSERT, UPDATE, DELETE or ALL.
	Command    string
	Permissive bool
}

// PrivilegeFacts are those of one privilege that one role has on one object. What an owner may do with an object of
// its own is left out. What PUBLIC has unless it is revoked, EXECUTE on functions and USAGE on types, is there.
type PrivilegeFacts struct {
	// Grantee is the role's name, or PUBLIC.
	Grantee string
	// Type is SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER, MAINTAIN, USAGE, EXECUTE or CREATE.
	Type string
	// On is the kind of the object, and Column the column's name where it is Column.
	On     Kind
	Column string
	// Grantable tells that it may be passed on.
	Grantable bool
}
