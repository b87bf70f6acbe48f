// Package statement holds what can be said of one SQL statement from its words alone: which tables and columns it
// writes, what it creates, and which queries PostgreSQL can be asked in the place of a statement that it analyses only
// when it runs it. It reads PostgreSQL's grammar as far as that needs (manual, part VI "SQL Commands"); whether a
// statement holds is the server's to say.
//
// A text may be anything: what is no statement writes nothing, and gives no query. All offsets are in runes from 0.
package statement

// Verb is what is done to a table.
type Verb string

// The verbs.
const (
	// Insert is INSERT, MERGE's INSERT, and COPY … FROM.
	Insert Verb = "INSERT"
	// Update is UPDATE, MERGE's UPDATE, and ON CONFLICT DO UPDATE.
	Update Verb = "UPDATE"
	// Delete is DELETE and MERGE's DELETE.
	Delete Verb = "DELETE"
	// Truncate is TRUNCATE.
	Truncate Verb = "TRUNCATE"
)

// Write is one thing that a statement does to one table when it runs.
type Write struct {
	Verb Verb
	// Schema and Table are names as PostgreSQL reads them, folded and without quotes; Schema is empty where none is spelled out.
	Schema, Table string
	// Start and End are the place of the table's name, qualification included, in the statement; End is exclusive.
	Start, End int
	// Columns are the columns that get a value, in the order of the text; none for Delete and Truncate.
	//
	// Where an Insert has no list of columns (Listed is false), they are the first columns of the table, as many as
	// the statement gives values: they have no Name, and each one's place is its value's. Where their number cannot be
	// known from the text (COPY t FROM, INSERT … SELECT *, INSERT … TABLE) there are none, and all columns of the
	// table may be written; an INSERT … DEFAULT VALUES has none either, and writes none.
	Columns []Column
	// Listed says that the columns are named: always for Update, for Insert where it has a list.
	Listed bool
	// DefaultValues says that an Insert gives no value at all: DEFAULT VALUES.
	DefaultValues bool
}

// Column is a column that a statement writes.
type Column struct {
	// Name is the column's, as PostgreSQL reads it; of a[1] and a.b it is a. It is empty where the column is not named.
	Name string
	// Start and End are the place of the name, or of the value where there is no name; End is exclusive.
	Start, End int
	// Default says that at least one row gives DEFAULT for it, which is as if the column were left out.
	Default bool
}

// Writes lists what a statement writes, in the order of the text: the statement itself, the data-modifying statements in
// its WITH, and what EXPLAIN ANALYZE, PREPARE, COPY (query) TO and CREATE TABLE AS wrap. An EXPLAIN without ANALYZE runs nothing,
// and writes nothing.
//
// One statement can write one table several times: INSERT … ON CONFLICT DO UPDATE is an Insert and an Update, each
// action of a MERGE is one Write. TRUNCATE a, b is one for each table. DO NOTHING writes nothing. What triggers, rules,
// functions and cascades write is not in the text.
func Writes(sql string) []Write {
	w := writer{reader: newReader(sql)}
	w.statement(0)
	return w.writes
}
