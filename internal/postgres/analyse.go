package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Answer is what the server says of a statement that it was asked about and never ran.
type Answer struct {
	// Refused is the error of the parser or of the parse analysis; nil where the statement holds.
	Refused *pgconn.PgError
	// Planned is the error of the planner, or of the executor as it takes a plan in, about a statement that parses: ON
	// CONFLICT without its unique index, FOR UPDATE where no row can be locked, a SQL function whose body no longer
	// holds. Errors that come from values or from the session are left out, so nil does not promise that it runs.
	Planned *pgconn.PgError
	// Columns are those of its result, in order; nil where it returns no rows.
	Columns []Column
	// Parameters are the oids of the types of $1, $2 and so on.
	Parameters []uint32
}

// Column is one column of a statement's result (PostgreSQL manual, section 55.7, RowDescription).
type Column struct {
	Name string
	// Type is the type's oid and Modifier its atttypmod, -1 where it has none.
	Type     uint32
	Modifier int32
	// Table and Number are the oid and attnum of the column of a table or view that it shows as it is, and 0 where it
	// is an expression.
	Table  uint32
	Number int16
}

// Analyse has the server parse, analyse and plan each statement and returns what it says, in the same order. Nothing
// is ever run: what goes out is Parse, Describe and Bind of the extended protocol, without Execute (manual, section
// 55.2.3), and whatever a function that the planner calls may have done is rolled back. A statement must not hold a zero byte.
//
// An error is a failure to ask, and never about one statement.
func Analyse(ctx context.Context, config *pgx.ConnConfig, statements []string) (answers []Answer, err error) {
	return nil, errors.New("TODO")
}

// TypeOf names a type as a catalog does: by its oid and its modifier, -1 where it has none.
type TypeOf struct {
	OID      uint32
	Modifier int32
}

// TypeNames gives types the names that SQL has for them, "character varying(20)", in one query. A type that is
// not there is "???" or "-", as format_type has it (manual, section 9.26).
func TypeNames(ctx context.Context, config *pgx.ConnConfig, types []TypeOf) (names map[TypeOf]string, err error) {
	return nil, errors.New("TODO")
}
