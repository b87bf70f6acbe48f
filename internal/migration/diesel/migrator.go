package diesel

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"unicode/utf8"

	"github.com/BurntSushi/toml"

	"github.com/headgate/headgate/internal/migration"
	"github.com/headgate/headgate/internal/migration/script"
)

// setUp is diesel's own table (diesel, migration/setup_migration_table.sql).
const setUp = `CREATE TABLE IF NOT EXISTS __diesel_schema_migrations (
	version VARCHAR(50) PRIMARY KEY NOT NULL,
	run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
)`

// Migrator sends each file as one message, together with the stamp in one transaction unless metadata.toml says otherwise
// (diesel_migrations, migration_harness.rs, run_migration; file_based_migrations.rs, run_sql_from_file).
func (Format) Migrator(fsys fs.FS, _ *migration.History, to migration.Target) (migration.Migrator, error) {
	return &migrator{fsys: fsys, to: to, runner: script.NewRunner(to, script.Own{SQL: setUp})}, nil
}

type migrator struct {
	fsys   fs.FS
	to     migration.Target
	runner *script.Runner
}

// Apply runs up.sql.
func (m *migrator) Apply(ctx context.Context, r migration.Revision) ([]migration.Statement, error) {
	return m.run(ctx, r.File, script.Own{SQL: "INSERT INTO __diesel_schema_migrations (version) VALUES ($1)", Args: []any{r.Version}})
}

// Revert runs down.sql, if there is one.
func (m *migrator) Revert(ctx context.Context, r migration.Revision) ([]migration.Statement, error) {
	file := path.Join(path.Dir(r.File), downFile)
	if _, err := fs.Stat(m.fsys, file); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return m.run(ctx, file, script.Own{SQL: "DELETE FROM __diesel_schema_migrations WHERE version = $1", Args: []any{r.Version}})
}

func (m *migrator) run(ctx context.Context, file string, stamp script.Own) ([]migration.Statement, error) {
	text, err := fs.ReadFile(m.fsys, file)
	if err != nil {
		return nil, fmt.Errorf("read the migration: %w", err)
	}
	switch {
	case len(text) == 0:
		return nil, &migration.Error{File: file, Line: 1, Problem: "Diesel refuses a migration that is empty", Remedy: "write what it does, or a comment that it does nothing"}
	case !utf8.Valid(text):
		return nil, &migration.Error{File: file, Line: 1, Problem: "Diesel cannot read the file, because it is not UTF-8", Remedy: "save it as UTF-8"}
	}
	metadata, err := fs.ReadFile(m.fsys, path.Join(path.Dir(file), metadataFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read the migration's metadata: %w", err)
	}
	sql := script.Expand(string(text), m.to.Placeholders)
	return m.runner.Run(ctx, script.Script{
		File: file, Messages: script.Whole(sql, 0, len(sql)), Transaction: err != nil || inTransaction(string(metadata)), After: []script.Own{stamp},
	})
}

// inTransaction tells what a metadata.toml says. Diesel takes one that it cannot read as none, and one without the key as
// false (migrations_internals, TomlMetadata).
func inTransaction(metadata string) bool {
	var keys map[string]any
	if _, err := toml.Decode(metadata, &keys); err != nil {
		return true
	}
	value, there := keys["run_in_transaction"]
	yes, isBool := value.(bool)
	return yes || there && !isBool
}

func (m *migrator) Close() error { return m.runner.Close() }
