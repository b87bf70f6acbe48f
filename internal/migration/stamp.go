package migration

import (
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"
)

// Stamps says how a tool notes in the database what it has applied: in its version table.
type Stamps struct {
	// Schema and Table name the version table, unless the user gave the tool another one. An empty schema is whichever
	// the connection finds it in.
	Schema, Table string
	// Query reads the table. Its one %s stands for the table's name, qualified and quoted as need be. A row is a
	// version (text) and whether a migration broke off in the middle of it, so that nobody knows what of it is in the
	// schema (boolean, the state "dirty"). Two more columns can follow: the checksums (text array, the latest first) with which
	// a migration ran that the tool runs again after each change, as Revision.Checksum has them; and whether the row
	// stands for all versions up to its own (boolean), as one of a database that was there before the tool does.
	Query string
	// HeadsOnly tells that a row implies all that its revision follows. Otherwise every revision that was applied has a
	// row of its own.
	HeadsOnly bool
	// Others are further tables that the tool makes for itself.
	Others []string
	// InOrder tells that the rows come in the order in which they were applied, where versions do not sort.
	InOrder bool
	// Recognise gives for each row the version of the history that it stands for, where the tool can have written it otherwise than
	// Read does: a row that stands for none stays as it is. It is nil where they are the same.
	Recognise func(rows, versions []string) []string
}

// OfDeploy begins a checksum that cannot be compared with the version table's, in which there are values that only a deploy knows.
const OfDeploy = "of each deploy: "

// Identifier is the name of the version table.
func (s Stamps) Identifier() pgx.Identifier {
	if s.Schema == "" {
		return pgx.Identifier{s.Table}
	}
	return pgx.Identifier{s.Schema, s.Table}
}

// TableName is the name of a table as a history's VersionTable has it, the schema empty where the connection's holds.
func TableName(schema, table string) string {
	return Stamps{Schema: schema, Table: table}.Identifier().Sanitize()
}

// VersionTables are the version tables of all formats that have one, by the formats' names.
type VersionTables map[string]Stamps

// VersionTablesOf asks each format.
func VersionTablesOf(formats []Format) VersionTables {
	tables := VersionTables{}
	for _, f := range formats {
		if s, ok := f.Stamps(); ok {
			tables[f.Name()] = s
		}
	}
	return tables
}

// Formats are the names of the formats, sorted.
func (t VersionTables) Formats() []string { return slices.Sorted(maps.Keys(t)) }
