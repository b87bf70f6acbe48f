package gate

import (
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/headgate/headgate/internal/migration"
	"github.com/headgate/headgate/internal/schema"
)

// aheadWords say that the code runs ahead of the schema.
func aheadWords(refused *pgconn.PgError, lacks missing, known bool, origin *schema.Origin, pending []migration.Revision) (message, remedy string) {
	ship := "ship the pending migrations in a release of their own first, then this change"
	if origin != nil {
		ship = fmt.Sprintf("ship %s in a release of its own first, then this change", origin.Revision.File)
		if len(pending) > 0 && pending[0].Version != origin.Revision.Version {
			ship = fmt.Sprintf("ship %s, and the pending migrations before it, in a release of their own first, then this change", origin.Revision.File)
		}
	}
	switch {
	case origin != nil && known && lacks.matches(origin.Object):
		message = fmt.Sprintf("%s does not exist in the released schema: pending migration %s brings it (%s:%d)",
			origin.Object, origin.Revision.Version, origin.Revision.File, origin.Line)
		if origin.Renamed != nil {
			message += fmt.Sprintf(" by renaming %q", origin.Renamed.Name)
			ship = "a rename breaks either the old code or the new: add the new name beside the old one, ship that first, and drop the old name in a later release"
		}
	case known:
		message = fmt.Sprintf("%s does not exist in the released schema; it exists once the pending migrations have run", lacks)
	default:
		message = fmt.Sprintf("this statement fails on the released schema (%s) and holds once the pending migrations have run", refused.Message)
	}
	return message, ship
}

// behindWords say that the code still needs what a pending migration takes away.
func behindWords(refused *pgconn.PgError, lacks missing, known bool, origin *schema.Origin) (message, remedy string) {
	switch {
	case origin == nil:
		return fmt.Sprintf("this statement holds on the released schema and fails once the pending migrations have run (%s)", refused.Message),
			"change the statement so that it holds on both schemas, or keep in the migration what it needs"
	case known && lacks.matches(origin.Object) && origin.Action == schema.Removed:
		message = fmt.Sprintf("pending migration %s removes %s (%s:%d), which this code still uses",
			origin.Revision.Version, origin.Object, origin.Revision.File, origin.Line)
		if origin.Renamed != nil {
			message += fmt.Sprintf("; it is called %q from then on", origin.Renamed.Name)
		}
		return message, "first ship code that no longer uses it, then the migration in a release of its own"
	default:
		return fmt.Sprintf("this statement holds on the released schema and fails once pending migration %s has changed %s (%s:%d): %s",
				origin.Revision.Version, origin.Object, origin.Revision.File, origin.Line, refused.Message),
			"change the statement so that it holds on both schemas, or split the migration into steps that both code versions can live with"
	}
}

// unknownWords say that the code needs what no migration brings.
func unknownWords(refused *pgconn.PgError, lacks missing, namesakes []string, stood bool) (message, remedy string) {
	message = fmt.Sprintf("%s exists neither in the released schema nor in the proposed one: no migration brings it", lacks)
	remedy = "correct the name, or add the migration that brings it and ship that first"
	if len(namesakes) > 0 {
		message = fmt.Sprintf("%s exists neither in the released schema nor in the proposed one, which has %s", lacks, strings.Join(namesakes, " and "))
		remedy = "cast the arguments to the types that the function takes, or add the migration that brings the one called here and ship that first"
	}
	if lacks.kind == schema.Column && refused.Hint != "" {
		message += ". " + strings.TrimSuffix(refused.Hint, ".")
	}
	if lacks.kind == schema.Table || lacks.kind == schema.Namespace {
		remedy += "; if it lives in another database, name the files of this one with `code`"
	}
	if stood {
		message += " (the released code has the same statement)"
	}
	return message, remedy
}

// String is what is missing, as a sentence names it.
func (m missing) String() string {
	name := m.name
	if m.schema != "" {
		name = m.schema + "." + name
	}
	switch {
	case m.kind == schema.Table:
		return fmt.Sprintf("table or view %q", name)
	case m.table != "":
		return fmt.Sprintf("%s %q of %q", m.kind, name, m.table)
	}
	return fmt.Sprintf("%s %q", m.kind, name)
}

// migrationFails is the finding of a pending migration that does not apply.
func migrationFails(e *migration.Error, pending []migration.Revision) Finding {
	f := Finding{
		Rule: "migration-fails", Severity: Error, Cell: cellEnd, SQLState: e.SQLState,
		File: e.File, Line: max(e.Line, 1), Column: e.Column, EndLine: max(e.Line, 1),
		Message: e.Problem,
		Remedy:  e.Remedy,
	}
	if f.Column > 0 {
		f.EndColumn = f.Column + 1
	}
	for _, r := range pending {
		if r.File == e.File {
			f.Migration = &Migration{Version: r.Version, File: r.File, Line: f.Line}
		}
	}
	if f.Remedy == "" {
		f.Remedy = "mend the migration so that it applies on the released schema; nothing after it was applied"
	}
	f.Fingerprint = fingerprint(f, strings.TrimSpace(e.Problem))
	return f
}
