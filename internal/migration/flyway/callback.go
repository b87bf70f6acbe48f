package flyway

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/headgate/headgate/internal/migration"
	"github.com/headgate/headgate/internal/migration/script"
)

// The events around a migration that SQL files of the project can follow, by the names of the files.
const (
	afterConnect               = "afterConnect"
	beforeValidate             = "beforeValidate"
	afterValidate              = "afterValidate"
	createSchema               = "createSchema"
	beforeCreateSchema         = "beforeCreateSchema"
	beforeMigrate              = "beforeMigrate"
	beforeEachMigrate          = "beforeEachMigrate"
	beforeEachMigrateStatement = "beforeEachMigrateStatement"
	afterEachMigrateStatement  = "afterEachMigrateStatement"
	afterEachMigrate           = "afterEachMigrate"
	afterVersioned             = "afterVersioned"
	beforeRepeatables          = "beforeRepeatables"
	afterMigrateApplied        = "afterMigrateApplied"
	afterMigrate               = "afterMigrate"
	beforeUndo                 = "beforeUndo"
	beforeEachUndo             = "beforeEachUndo"
	beforeEachUndoStatement    = "beforeEachUndoStatement"
	afterEachUndoStatement     = "afterEachUndoStatement"
	afterEachUndo              = "afterEachUndo"
	afterUndo                  = "afterUndo"
)

// events are all of Flyway's (Event.java). Those without a constant here belong to what fails and to other commands.
var events = []string{
	afterConnect, beforeValidate, afterValidate, createSchema, beforeCreateSchema, beforeMigrate, beforeEachMigrate, beforeEachMigrateStatement,
	afterEachMigrateStatement, afterEachMigrate, afterVersioned, beforeRepeatables, afterMigrateApplied, afterMigrate,
	beforeUndo, beforeEachUndo, beforeEachUndoStatement, afterEachUndoStatement, afterEachUndo, afterUndo,
	"afterEachMigrateStatementError", "afterEachMigrateError", "afterMigrateError", "afterValidateError",
	"afterEachUndoStatementError", "afterEachUndoError", "afterUndoError",
	"beforeClean", "afterClean", "afterCleanError", "beforeBaseline", "afterBaseline", "afterBaselineError",
	"beforeRepair", "afterRepair", "afterRepairError", "beforeInfo", "afterInfo", "afterInfoError",
	"afterMigrateOperationFinish", "afterInfoOperationFinish", "beforeConnect",
}

// deploys are the events of every deploy that can change the schema, whether a migration is pending or not.
var deploys = []string{afterConnect, beforeValidate, afterValidate, beforeMigrate, afterVersioned, afterMigrate}

// callback is a SQL file that runs around the migrations.
type callback struct{ file, description string }

// callbacks are those of each event, in the order in which Flyway runs them: by what their names say behind the separator
// (DefaultCallbackExecutor.java). skipped are those that are programs.
type callbacks struct {
	of      map[string][]callback
	skipped []migration.Skipped
}

// findCallbacks looks through the locations of the migrations, or through those that a setting has for callbacks alone
// (FlywayExecutor.java, execute). Two of one name are refused (SqlScriptCallbackFactory.java).
func (s *settings) findCallbacks(fsys fs.FS, dir string) (found callbacks, faults []migration.Fault, err error) {
	found.of = map[string][]callback{}
	if s.skipCallbacks {
		return found, nil, nil
	}
	places, err := s.places(fsys, dir)
	if err == nil && len(s.callbackLocations) > 0 {
		places, err = s.resolve(fsys, dir, s.callbackLocations)
	}
	if err != nil {
		return found, nil, err
	}
	names := map[string]string{}
	err = walkPlaces(fsys, places, func(file string) error {
		if n := s.parseName(path.Base(file), programs); n.kind == event && slices.Contains(events[:slices.Index(events, afterUndo)+1], n.event) {
			found.skipped = append(found.skipped, migration.Skipped{File: file, Line: 1, Reason: "a Flyway callback that is a program was not run"})
		}
		n := s.parseName(path.Base(file), s.suffixes)
		if n.kind != event {
			return nil
		}
		name := n.event + s.separator + n.description
		if other, twice := names[name]; twice {
			faults = append(faults, migration.Broken(file, 1, fmt.Sprintf("the callback has the name of %s, and Flyway refuses two of one name", other), "give it a description of its own"))
		}
		names[name] = file
		found.of[n.event] = append(found.of[n.event], callback{file: file, description: n.description})
		return nil
	})
	for _, list := range found.of {
		slices.SortStableFunc(list, func(a, b callback) int { return strings.Compare(a.description, b.description) })
	}
	return found, faults, err
}

// RunsAlways tells whether there are callbacks that every deploy runs.
func (Format) RunsAlways(fsys fs.FS, h *migration.History) (bool, error) {
	s, err := readSettings(fsys, h.Dir)
	if err != nil {
		return false, err
	}
	found, _, err := s.findCallbacks(fsys, h.Dir)
	return slices.ContainsFunc(deploys, func(name string) bool { return len(found.of[name]) > 0 }), err
}

// begin runs what comes before the first migration of a deploy (Flyway.java, migrate; DbMigrate.java, migrate).
func (m *migrator) begin(ctx context.Context) error {
	if m.begun {
		return nil
	}
	m.begun = true
	before := []string{afterConnect}
	if m.validateOnMigrate {
		before = append(before, beforeValidate, afterValidate)
	}
	if len(m.callbacks.of[createSchema])+len(m.callbacks.of[beforeCreateSchema]) > 0 {
		missing, err := m.lacksSchema(ctx)
		if err != nil {
			return err
		}
		if missing {
			before = append(before, createSchema, beforeCreateSchema)
		}
	}
	if err := m.fire(ctx, before...); err != nil {
		return err
	}
	if _, err := m.runner.Run(ctx, script.Script{}); err != nil { // makes the table
		return err
	}
	return m.fire(ctx, beforeMigrate)
}

// lacksSchema tells whether one of the schemas has to be made (DbSchemas.java, create).
func (m *migrator) lacksSchema(ctx context.Context) (missing bool, err error) {
	conn, err := pgx.ConnectConfig(ctx, m.to.Database)
	if err != nil {
		return false, fmt.Errorf("connect to look for schemas: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	err = conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM unnest($1::text[]) wanted WHERE wanted <> '' AND to_regnamespace(quote_ident(wanted)) IS NULL)",
		append([]string{m.schema()}, m.schemas...)).Scan(&missing)
	return missing, err
}

// fire runs the callbacks of events on a connection of their own, each in a transaction unless it has statements that run outside of
// one (DefaultCallbackExecutor.java, execute).
func (m *migrator) fire(ctx context.Context, names ...string) (err error) {
	for _, name := range names {
		for _, c := range m.callbacks.of[name] {
			if err := m.fireOne(ctx, c); err != nil {
				return err
			}
		}
	}
	return nil
}

func (m *migrator) fireOne(ctx context.Context, c callback) (err error) {
	f, err := m.load(c.file)
	if err != nil {
		return err
	}
	s := script.Script{File: c.file, Messages: f.inFile(), Before: m.restore()}
	if s.Transaction, err = m.together(c.file, f.override, s.Messages); err != nil {
		return err
	}
	runner := script.NewRunner(m.to)
	defer func() { err = errors.Join(err, runner.Close()) }()
	statements, err := runner.Run(ctx, s)
	m.around = append(m.around, statements...)
	return err
}

// messagesOf are the statements of an event's callbacks, to be run among those of a migration.
func (m *migrator) messagesOf(name string) ([]script.Message, error) {
	var messages []script.Message
	for _, c := range m.callbacks.of[name] {
		f, err := m.load(c.file)
		if err != nil {
			return nil, err
		}
		messages = append(messages, f.inFile()...)
	}
	return messages, nil
}

// each puts callbacks around a migration and around each of its statements, which all run in the migration's transaction
// (DbMigrate.java, doMigrateGroup; DefaultSqlScriptExecutor.java).
func (m *migrator) each(messages []script.Message, before, beforeStatement, afterStatement, after string) (all []script.Message, err error) {
	var around [4][]script.Message
	for i, name := range []string{before, beforeStatement, afterStatement, after} {
		if around[i], err = m.messagesOf(name); err != nil {
			return nil, err
		}
	}
	const most = 1_000_000
	if len(messages)*(len(around[1])+len(around[2])) > most {
		return nil, fmt.Errorf("callbacks around %d statements are more than %d", len(messages), most)
	}
	all = append(all, around[0]...)
	for _, message := range messages {
		all = append(all, around[1]...)
		all = append(all, message)
		all = append(all, around[2]...)
	}
	return append(all, around[3]...), nil
}

// Finish runs the callbacks that end a deploy. It returns the statements of those before the first migration too, where there
// was none to apply.
func (m *migrator) Finish(ctx context.Context) ([]migration.Statement, error) {
	if err := m.begin(ctx); err != nil {
		return nil, err
	}
	var last []string
	if !m.repeating {
		last = append(last, afterVersioned)
	}
	if m.applied {
		last = append(last, afterMigrateApplied)
	}
	err := m.fire(ctx, append(last, afterMigrate)...)
	return m.take(), err
}

// take gives the statements of callbacks that ran around migrations since it was called before.
func (m *migrator) take() []migration.Statement {
	statements := m.around
	m.around = nil
	return statements
}

// Skipped are the callbacks that are programs.
func (m *migrator) Skipped() []migration.Skipped { return m.callbacks.skipped }
