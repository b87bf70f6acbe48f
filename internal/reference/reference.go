// Package reference holds the places in code that need the schema, and the map from
// what the server parses back to what the developer wrote. Each language is a folder below.
package reference

import (
	"context"
	"io/fs"
)

// Reference is one place in the code that needs the schema: a SQL statement, or one column
// or table of a model, written as the statement that stands for it.
type Reference struct {
	// SQL is what PostgreSQL is asked to parse: one statement, its placeholders rewritten to $1, $2, …
	// Where Unchecked is set it is empty, or what can be said without the part that is not known: a parameter
	// stands where a value is filled in at run time, and nothing where a clause may be.
	SQL string
	// Map leads from a place in SQL back to the file.
	Map SourceMap
	// Place is where the reference begins, for counting and for "unchecked".
	Place Position
	// Name is what the code calls it, where it does: a model's name, a sqlc query's name.
	Name string
	// Model says that the reference was derived from a model and not written as SQL.
	Model bool
	// Certain says that the code hands this text to a database (a known call, a query file, a
	// model), and so a text that no schema accepts is not prose that looks like SQL.
	Certain bool
	// Unchecked is the reason why the reference cannot be checked, in plain words that make
	// sense after "unchecked: "; empty if it can.
	Unchecked string
}

// Position is a place in a file. Line and Column count from 1; Column counts runes.
type Position struct {
	// File is the slash-separated path from the repository's top.
	File         string
	Line, Column int
}

// SourceMap leads from a rune offset in a reference's SQL to a place in a file. Its segments are
// sorted by Start; the first starts at 0. A CRLF in the SQL is two runes, as it is two characters to the server. From one segment to the next the text was copied rune by
// rune from one source line, unless the segment is Fixed.
type SourceMap []Segment

// Segment is a run of SQL that was copied from one place.
type Segment struct {
	// Start is the rune offset in the SQL, from 0.
	Start int
	// At is where its first rune stands in the source.
	At Position
	// Fixed says that all of the segment stands for the one place At (a rewritten placeholder, an
	// escape sequence, text that a model stands for), which is Width runes wide in the source.
	Fixed bool
	Width int
}

// Language reads the references out of one language's files.
type Language interface {
	// Name is the language's name in settings and reports, such as "go".
	Name() string
	// Reads tells whether the language reads the file of this path.
	Reads(path string) bool
	// Read emits the references of the given files, in the order of the files. The files are
	// all the ones that Reads claims, sorted; fsys holds the whole tree, for what they import. What
	// cannot be read is emitted as an unchecked reference, not left out and not an error; an error
	// is for a tree that cannot be read at all.
	Read(ctx context.Context, fsys fs.FS, files []string, emit func(Reference)) error
}
