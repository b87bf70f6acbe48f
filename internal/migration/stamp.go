package migration

// Stamps says how a tool notes in the database what it has applied: in its version table.
type Stamps struct {
	// Table is the name of the version table, unless the user gave the tool another one.
	Table string
	// Query reads the table. Its one %s stands for the table's name, qualified and quoted as need be. A row is a
	// version (text) and whether a migration broke off in the middle of it, so that nobody knows what of it is in the
	// schema (boolean, the state "dirty").
	Query string
	// HeadsOnly tells that a row implies all that its revision follows. Otherwise every revision that was applied has a
	// row of its own.
	HeadsOnly bool
}

// StampsOf gives the version table of a format. It is false for a format whose tool keeps none, such as plain.
func StampsOf(format string) (Stamps, bool) {
	switch format {
	case "alembic":
		// alembic/runtime/migration.py, MigrationContext: version_table and get_current_heads.
		return Stamps{Table: "alembic_version", HeadsOnly: true, Query: `SELECT version_num::text, false FROM %s`}, true
	case "goose":
		// The table is a log. Releases of goose before v3 noted a rollback as a row that is not applied, and the latest row
		// of a version still holds in all of them (goose v3, migrate.go, EnsureDBVersionContext). Version 0 is the row that
		// comes with the table.
		return Stamps{Table: "goose_db_version", Query: `SELECT version_id::text, false FROM (
			SELECT DISTINCT ON (version_id) version_id, is_applied FROM %s ORDER BY version_id, id DESC) latest
			WHERE is_applied AND version_id <> 0 ORDER BY latest.version_id`}, true
	}
	return Stamps{}, false
}

// Versioned are the formats that StampsOf knows, sorted.
func Versioned() []string { return []string{"alembic", "goose"} }
