package gate

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/headgate/headgate/internal/migration"
	"github.com/headgate/headgate/internal/schema"
)

// place is a pending change as a sentence names its place: "3 (db/migrations/00003_add_height.sql:3)".
func place(o *schema.Origin) string {
	return fmt.Sprintf("%s (%s:%d)", o.Revision.Version, o.Revision.File, o.Line)
}

// called is a migration as a remedy names it: by its file, or by its version where the file holds several.
func called(r migration.Revision) string {
	if r.Line > 0 {
		return "migration " + r.Version
	}
	return r.File
}

// needWords say that code needs an object that a schema does not have.
func (j *judge) needWords(d drift, o schema.Object, origin *schema.Origin) (message, remedy string) {
	on := j.Schemas[d.at].adjective()
	if d.rule == "code-ahead" {
		if origin == nil {
			return fmt.Sprintf("%s does not exist in the %s schema; it exists once the pending migrations have run", o, on), j.shipFirst(nil)
		}
		message = fmt.Sprintf("%s does not exist in the %s schema: pending migration %s brings it (%s:%d)",
			o, on, origin.Revision.Version, origin.Revision.File, origin.Line)
		if origin.Renamed != nil {
			return message + fmt.Sprintf(" by renaming %q", origin.Renamed.Name), renameRemedy(o, origin)
		}
		return message, j.shipFirst(origin)
	}
	if origin == nil {
		return fmt.Sprintf("%s, which this code uses, does not exist in the %s schema", o, on),
			"keep it until no running code uses it, and remove it in a later release"
	}
	message = fmt.Sprintf("pending migration %s removes %s (%s:%d), which %s",
		origin.Revision.Version, o, origin.Revision.File, origin.Line, d.user())
	if origin.Renamed != nil {
		return message + fmt.Sprintf("; it is called %q from then on", origin.Renamed.Name), renameRemedy(o, origin)
	}
	return message, d.removeLast(o, origin)
}

// user says whose code it is that still uses something, as the rest of a sentence.
func (d drift) user() string {
	switch {
	case d.rule == "unknown-reference":
		return "this code uses"
	case d.released() && !slices.Contains(d.cells, cellEnd):
		return "the released code uses while it is still running"
	}
	return "this code still uses, the released and the proposed"
}

// removeLast is what to do about a removal: in two releases, the code first.
func (d drift) removeLast(o schema.Object, origin *schema.Origin) string {
	if d.released() && !slices.Contains(d.cells, cellEnd) {
		return fmt.Sprintf("take %s out of this change: ship the code that no longer uses %s %q first, and %s in the release after it, when no running code uses it",
			called(origin.Revision), o.Kind, o.Name, called(origin.Revision))
	}
	return fmt.Sprintf("first ship code that no longer uses %s %q, without %s; then %s in a release of its own",
		o.Kind, o.Name, called(origin.Revision), called(origin.Revision))
}

// renameRemedy is what to do about a rename, which no order of code and migration makes safe.
func renameRemedy(o schema.Object, origin *schema.Origin) string {
	return fmt.Sprintf("a rename breaks either the old code or the new: in %s add the new %s beside the old one and keep both filled, "+
		"ship that first, then the code, and drop the old one in a later release", called(origin.Revision), o.Kind)
}

// shipFirst is what to do about code that runs ahead: two pull requests, in order.
func (j *judge) shipFirst(origin *schema.Origin) string {
	switch {
	case origin == nil:
		return "ship the pending migrations in a release of their own first, then this change"
	case j.contracts(origin):
		return fmt.Sprintf("%s runs after the code, so the code must do without what it brings: let it expand the schema, or ship it in a release before the code", called(origin.Revision))
	case len(j.Pending) > 0 && j.Pending[0].Version != origin.Revision.Version:
		return fmt.Sprintf("ship %s, and the pending migrations before it, in a release of their own first, then this change", called(origin.Revision))
	}
	return fmt.Sprintf("ship %s in a release of its own first, then this change", called(origin.Revision))
}

// contracts tells whether a change is made by a migration that runs after the code.
func (j *judge) contracts(origin *schema.Origin) bool {
	return j.split() && origin.Revision.Contract
}

// guessWords say that code fails on a schema where no object tells why for sure.
func (j *judge) guessWords(d drift, lacks missing, known bool, origin *schema.Origin) (message, remedy string) {
	on := j.Schemas[d.at].adjective()
	switch {
	case d.rule == "code-ahead" && origin != nil && known && lacks.matches(origin.Object):
		return j.needWords(d, origin.Object, origin)
	case d.rule == "code-ahead":
		return fmt.Sprintf("this statement fails on the %s schema (%s) and holds once the pending migrations have run", on, d.refused.Message), j.shipFirst(origin)
	case origin == nil:
		return fmt.Sprintf("this statement holds on the %s schema and fails on the %s one (%s)", j.Schemas[0].adjective(), on, d.refused.Message),
			"change the statement so that it holds on both schemas, or keep in the migration what it needs"
	case origin.Action == schema.Removed && known && lacks.matches(origin.Object), origin.Action == schema.Removed && d.refused.Code == noArbiter:
		return j.needWords(d, origin.Object, origin)
	}
	return fmt.Sprintf("this statement holds on the %s schema and fails once pending migration %s has %s %s (%s:%d): %s", j.Schemas[0].adjective(),
			origin.Revision.Version, origin.Action, origin.Object, origin.Revision.File, origin.Line, d.refused.Message),
		"change the statement so that it holds on both schemas and ship that first, or split the migration into steps that both code versions can live with"
}

// requiredWords say that an INSERT leaves out what a schema requires; coming says that a pending migration is what requires it.
func (j *judge) requiredWords(d drift, o schema.Object, origin *schema.Origin, coming bool) (message, remedy string) {
	on := j.Schemas[d.at].adjective()
	if !coming {
		message = fmt.Sprintf("this INSERT gives no value for %s, which the %s schema requires (NOT NULL without a default)", o, on)
		if origin == nil {
			return message, "go on writing the column until it is gone or no longer required"
		}
		return message + fmt.Sprintf("; pending migration %s lifts that", place(origin)),
			fmt.Sprintf("ship %s in a release of its own first, then the code that no longer writes %q", called(origin.Revision), o.Name)
	}
	if origin == nil {
		return fmt.Sprintf("this INSERT gives no value for %s, which the %s schema requires (NOT NULL without a default)", o, on),
			"give the column a DEFAULT"
	}
	message = fmt.Sprintf("this INSERT gives no value for %s, which pending migration %s requires (NOT NULL without a default)", o, place(origin))
	return message, fmt.Sprintf("in %s give %q a DEFAULT, or leave it nullable; make it NOT NULL without a default in a later release, when all running code writes it: "+
		"ALTER TABLE %s ALTER COLUMN %s SET DEFAULT …", called(origin.Revision), o.Name, tableName(o), quoteName(o.Name))
}

// tableName is an object's table as SQL names it.
func tableName(o schema.Object) string {
	if o.Schema == "" || o.Schema == "public" {
		return quoteName(o.Table)
	}
	return quoteName(o.Schema) + "." + quoteName(o.Table)
}

// plain are names that need no quotes.
var plainName = regexp.MustCompile(`^[a-z_][a-z0-9_]*$`)

func quoteName(name string) string {
	if plainName.MatchString(name) {
		return name
	}
	return pgx.Identifier{name}.Sanitize()
}

// shapeWords say that a statement returns something else after a step.
func (j *judge) shapeWords(c crossing, differences []string, star, inRow bool, origin *schema.Origin) (message, remedy string) {
	const most = 5
	if more := len(differences) - most; more > 0 {
		differences = append(differences[:most:most], fmt.Sprintf("and %d more", more))
	}
	message = fmt.Sprintf("the result is another one on the %s schema: %s", j.Schemas[c.to].adjective(), strings.Join(differences, ", "))
	if origin != nil {
		message += fmt.Sprintf(", by pending migration %s", place(origin))
	}
	if inRow {
		return message + ". Code that takes the row apart finds other fields", "name the columns that the code reads instead of the whole row, and ship that first"
	}
	message += ". A statement that was prepared before then fails with \"cached plan must not change result type\""
	if star {
		return message, "name the columns that the code reads instead of *, and ship that first"
	}
	return message, "let connections be made anew after the migration (restart the code, or reset its pool), or add a new column beside this one and move over in a later release"
}

// parameterWords say that a parameter has another type after a step.
func (j *judge) parameterWords(c crossing, n int, was, is string, origin *schema.Origin) (message, remedy string) {
	message = fmt.Sprintf("parameter %d is %s on the %s schema and %s on the %s one", n, was, j.Schemas[c.from].adjective(), is, j.Schemas[c.to].adjective())
	if origin != nil {
		message += fmt.Sprintf(", by pending migration %s", place(origin))
	}
	return message + "; a driver that encodes values by the type may send what the server no longer takes",
		fmt.Sprintf("make the code send what both types take, such as by a cast ($%d::text), and ship that first", n)
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
	begins := -1
	for _, r := range pending {
		if r.File == e.File && r.Line <= f.Line && r.Line > begins { // the nearest of those that the file holds
			begins = r.Line
			f.Migration = &Migration{Version: r.Version, File: r.File, Line: f.Line}
		}
	}
	if f.Remedy == "" {
		f.Remedy = "mend the migration so that it applies on the released schema; nothing after it was applied"
	}
	f.Fingerprint = fingerprint(f, strings.TrimSpace(e.Problem))
	return f
}
