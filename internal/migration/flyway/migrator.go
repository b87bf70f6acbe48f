package flyway

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/headgate/headgate/internal/migration"
	"github.com/headgate/headgate/internal/migration/script"
)

// Migrator runs each migration in a transaction of its own, unless it has statements that run outside of one, and notes it as
// Flyway does (DbMigrate.java; JdbcTableSchemaHistory.java). Role and search path are those of the connection before each.
func (Format) Migrator(fsys fs.FS, h *migration.History, to migration.Target) (migration.Migrator, error) {
	s, err := readSettings(fsys, h.Dir)
	if err != nil {
		return nil, err
	}
	m := &migrator{fsys: fsys, to: to, settings: s, undo: map[string]string{}}
	m.table = pgx.Identifier{s.table}
	if schema := s.schema(); schema != "" {
		m.table = pgx.Identifier{schema, s.table}
	}
	if m.within, err = s.places(fsys, h.Dir); err != nil {
		return nil, err
	}
	err = walkPlaces(fsys, m.within, func(file string) error {
		if n := s.parseName(path.Base(file), s.suffixes); n.kind == undo {
			m.undo[n.version] = file
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("look for undo migrations: %w", err)
	}
	if m.callbacks, _, err = s.findCallbacks(fsys, h.Dir); err != nil {
		return nil, fmt.Errorf("look for callbacks: %w", err)
	}
	m.runner = script.NewRunner(to, m.prepare()...)
	return m, nil
}

type migrator struct {
	*settings
	fsys      fs.FS
	within    []place
	to        migration.Target
	runner    *script.Runner
	table     pgx.Identifier
	undo      map[string]string // files by version
	callbacks callbacks
	// begun, applied and repeating say how far a deploy is, and around are statements of callbacks that ran between migrations.
	begun, applied, repeating bool
	around                    []migration.Statement
}

// prepare makes the schemas and the table (PostgreSQLDatabase.java, getRawCreateScript).
func (m *migrator) prepare() []script.Own {
	var statements []script.Own
	for _, name := range append([]string{m.schema()}, m.schemas...) {
		if name != "" {
			statements = append(statements, script.Own{SQL: "CREATE SCHEMA IF NOT EXISTS " + pgx.Identifier{name}.Sanitize()})
		}
	}
	table := m.table.Sanitize()
	create := `CREATE TABLE ` + table + ` (
    "installed_rank" INT NOT NULL,
    "version" VARCHAR(50),
    "description" VARCHAR(200) NOT NULL,
    "type" VARCHAR(20) NOT NULL,
    "script" VARCHAR(1000) NOT NULL,
    "checksum" INTEGER,
    "installed_by" VARCHAR(100) NOT NULL,
    "installed_on" TIMESTAMP NOT NULL DEFAULT now(),
    "execution_time" INTEGER NOT NULL,
    "success" BOOLEAN NOT NULL
);
ALTER TABLE ` + table + ` ADD CONSTRAINT ` + pgx.Identifier{m.settings.table + "_pk"}.Sanitize() + ` PRIMARY KEY ("installed_rank");
CREATE INDEX ` + pgx.Identifier{m.settings.table + "_s_idx"}.Sanitize() + ` ON ` + table + ` ("success");`
	quote := func(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
	return append(statements, script.Own{SQL: `DO $flyway$ BEGIN IF pg_catalog.to_regclass(` + quote(table) + `) IS NULL THEN EXECUTE ` + quote(create) + `; END IF; END $flyway$`})
}

// Apply runs a revision's file, and the callbacks around it.
func (m *migrator) Apply(ctx context.Context, r migration.Revision) ([]migration.Statement, error) {
	if err := m.begin(ctx); err != nil {
		return nil, err
	}
	if r.Checksum != "" && !m.repeating {
		m.repeating = true
		if err := m.fire(ctx, afterVersioned, beforeRepeatables); err != nil {
			return nil, err
		}
	}
	kind := "SQL"
	if r.Baseline {
		kind = "SQL_BASELINE"
	}
	statements, err := m.run(ctx, r.File, kind, beforeEachMigrate, beforeEachMigrateStatement, afterEachMigrateStatement, afterEachMigrate)
	m.applied = m.applied || err == nil
	return append(m.take(), statements...), err
}

// Revert runs the undo migration of the revision's version, if there is one. Flyway notes that as a row of its own.
func (m *migrator) Revert(ctx context.Context, r migration.Revision) ([]migration.Statement, error) {
	file, ok := m.undo[r.Version]
	if !ok || r.Checksum != "" || r.Baseline {
		return nil, nil
	}
	if err := m.fire(ctx, beforeUndo); err != nil {
		return nil, err
	}
	statements, err := m.run(ctx, file, "UNDO_SQL", beforeEachUndo, beforeEachUndoStatement, afterEachUndoStatement, afterEachUndo)
	if err == nil {
		err = m.fire(ctx, afterUndo)
	}
	m.take()
	return statements, err
}

// loaded is a file as it runs, with its placeholders put in.
type loaded struct {
	file      string
	raw, text string
	override  override
	messages  []script.Message
}

func (m *migrator) load(file string) (f loaded, err error) {
	content, err := fs.ReadFile(m.fsys, file)
	if err != nil {
		return f, fmt.Errorf("read the migration: %w", err)
	}
	f.file, f.raw, f.text = file, string(content), strings.TrimPrefix(string(content), byteOrderMark)
	if f.override, err = readOverride(m.fsys, file); err != nil {
		return f, err
	}
	replaces := m.placeholderReplacement
	if f.override.placeholderReplacement != nil {
		replaces = *f.override.placeholderReplacement
	}
	if replaces {
		if f.text, err = m.replace(file, f.text, m.values(file)); err != nil {
			return f, err
		}
	}
	f.messages = script.StatementsAndRows(f.text)
	return f, nil
}

// inFile are the messages with the file that they are from.
func (f loaded) inFile() []script.Message {
	messages := slices.Clone(f.messages)
	for i := range messages {
		messages[i].File = f.file
	}
	return messages
}

func (m *migrator) run(ctx context.Context, file, kind, before, beforeStatement, afterStatement, after string) ([]migration.Statement, error) {
	f, err := m.load(file)
	if err != nil {
		return nil, err
	}
	n := m.parseName(path.Base(file), m.suffixes)
	sum := checksum(f.raw)
	if n.kind == repeatable {
		sum = checksum(f.text)
	}
	s := script.Script{File: file, Before: m.restore()}
	if s.Transaction, err = m.together(file, f.override, f.messages); err != nil {
		return nil, err
	}
	if s.Messages, err = m.each(f.messages, before, beforeStatement, afterStatement, after); err != nil {
		return nil, err
	}
	s.After = append(m.restore(), m.stamp(n, kind, file, sum))
	return m.runner.Run(ctx, s)
}

// values are the placeholders: the project's own, over them those that the user gave, and those that Flyway knows itself
// (ParsingContext.java, populate).
func (m *migrator) values(file string) map[string]string {
	values := maps.Clone(m.placeholders)
	maps.Copy(values, m.to.Placeholders)
	schema := m.schema()
	if schema == "" {
		schema = "public"
	}
	for name, value := range map[string]string{
		"defaultSchema": schema, "database": m.to.Database.Database, "user": m.to.Database.User, "filename": path.Base(file), "table": m.settings.table,
		"workingDirectory": "/flyway", "timestamp": time.Now().UTC().Format(time.DateTime), "environment": "default",
	} {
		name = "flyway" + m.placeholderSeparator + name
		if _, given := values[name]; !given {
			values[name] = value
		}
	}
	return values
}

// restore gives role and search path back what they were (PostgreSQLConnection.java, doRestoreOriginalState and
// changeCurrentSchemaTo).
func (m *migrator) restore() []script.Own {
	own := []script.Own{{SQL: "RESET ROLE"}, {SQL: "RESET search_path"}}
	if schema := m.schema(); schema != "" {
		own = append(own, script.Own{SQL: `SELECT pg_catalog.set_config('search_path', $1 || ',' || pg_catalog.current_setting('search_path'), false)`, Args: []any{pgx.Identifier{schema}.Sanitize()}})
	}
	return own
}

func (m *migrator) stamp(n name, kind, file string, sum int32) script.Own {
	table := m.table.Sanitize()
	var version any
	if n.kind != repeatable {
		version = n.version
	}
	return script.Own{
		SQL: `INSERT INTO ` + table + ` ("installed_rank", "version", "description", "type", "script", "checksum", "installed_by", "execution_time", "success")
			SELECT coalesce(max("installed_rank"), 0) + 1, $1::varchar, $2::varchar, $3::varchar, $4::varchar, $5::int, current_user, 0, true FROM ` + table,
		Args: []any{version, n.description, kind, relative(m.within, file), sum},
	}
}

// Close ends the connection.
func (m *migrator) Close() error { return m.runner.Close() }
