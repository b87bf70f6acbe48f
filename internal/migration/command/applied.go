package command

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/headgate/headgate/internal/migration"
)

// table is the version table of a tool whose migrations are programs.
type table struct {
	tool, name string
	// columns are those by which it is told from another tool's table of the same name.
	columns []string
	// versions reads what was applied, in the order in which it was.
	versions string
}

// tables are those of the tools that a command mostly starts, each with its source.
var tables = []table{
	// django/db/migrations/recorder.py, MigrationRecorder.
	{"Django", "django_migrations", []string{"app", "name", "applied"}, `SELECT app || '.' || name FROM %s ORDER BY id`},
	// activerecord/lib/active_record/schema_migration.rb; ecto_sql/lib/ecto/migration/schema_migration.ex has inserted_at too.
	{"Rails or Ecto", "schema_migrations", []string{"version"}, `SELECT version::text FROM %s ORDER BY version`},
	// Illuminate/Database/Migrations/DatabaseMigrationRepository.php.
	{"Laravel", "migrations", []string{"migration", "batch"}, `SELECT migration FROM %s ORDER BY batch, migration`},
	// knex/lib/migrations/migrate/table-creator.js.
	{"Knex", "knex_migrations", []string{"name", "batch"}, `SELECT name FROM %s ORDER BY id`},
	// typeorm/src/migration/MigrationExecutor.ts.
	{"TypeORM", "migrations", []string{"timestamp", "name"}, `SELECT name FROM %s ORDER BY id`},
	// mikro-orm/packages/migrations/src/MigrationStorage.ts.
	{"MikroORM", "mikro_orm_migrations", []string{"name", "executed_at"}, `SELECT name FROM %s ORDER BY id`},
	// efcore/src/EFCore.Relational/Migrations/HistoryRepository.cs.
	{"Entity Framework", "__EFMigrationsHistory", []string{"MigrationId"}, `SELECT "MigrationId" FROM %s ORDER BY "MigrationId"`},
	// goose v3, internal/dialect/dialectquery/postgres.go.
	{"goose", "goose_db_version", []string{"version_id", "is_applied"}, `SELECT version_id::text FROM %s WHERE version_id > 0 ORDER BY id`},
	// liquibase-standard, CreateDatabaseChangeLogTableGenerator.java.
	{"Liquibase", "databasechangelog", []string{"id", "author", "orderexecuted"}, `SELECT filename || '::' || id || '::' || author FROM %s ORDER BY orderexecuted`},
	// alembic/runtime/migration.py.
	{"Alembic", "alembic_version", []string{"version_num"}, `SELECT version_num FROM %s ORDER BY version_num`},
	// flyway-core, PostgreSQLDatabase.java.
	{"Flyway", "flyway_schema_history", []string{"installed_rank", "version"}, `SELECT coalesce(version, description) FROM %s ORDER BY installed_rank`},
}

// Applied is what a version table says of a database.
type Applied struct {
	// Tool is whose table it is, and Table its name; both are empty where no table is known.
	Tool, Table string
	// Versions are in the order in which they were applied.
	Versions []string
}

// ReadApplied finds a known version table in a database, in whichever schema, and reads it.
func ReadApplied(ctx context.Context, conn *pgx.Conn) (Applied, error) {
	for _, t := range tables {
		var schema string
		err := conn.QueryRow(ctx, `SELECT n.nspname::text FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
			WHERE c.relname = $1 AND c.relkind IN ('r', 'p') AND $2::text[] <@ (SELECT array_agg(attname::text) FROM pg_catalog.pg_attribute WHERE attrelid = c.oid AND attnum > 0)
			ORDER BY n.nspname <> 'public', n.nspname LIMIT 1`, t.name, t.columns).Scan(&schema)
		if errors.Is(err, pgx.ErrNoRows) {
			continue
		}
		if err != nil {
			return Applied{}, fmt.Errorf("look for the version table: %w", err)
		}
		rows, err := conn.Query(ctx, fmt.Sprintf(t.versions, pgx.Identifier{schema, t.name}.Sanitize()))
		if err != nil {
			return Applied{}, fmt.Errorf("read the version table %s: %w", t.name, err)
		}
		versions, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return Applied{}, fmt.Errorf("read the version table %s: %w", t.name, err)
		}
		return Applied{Tool: t.tool, Table: t.name, Versions: versions}, nil
	}
	return Applied{}, nil
}

// History makes a history of what was applied, with the file of each version where the tree has one that is called so.
func (a Applied) History(tree fs.FS) (*migration.History, error) {
	h := &migration.History{Format: Format{}.Name(), Dir: "."}
	files, err := programs(tree)
	if err != nil {
		return nil, err
	}
	for _, version := range a.Versions {
		h.Revisions = append(h.Revisions, migration.Revision{Version: version, File: fileOf(version, files)})
	}
	migration.Linear(h.Revisions)
	return h, nil
}

// migrationFile is a file that can be a migration of a tool of some language.
var migrationFile = regexp.MustCompile(`(?i)migrat.*\.(py|rb|exs|php|js|ts|mjs|cjs|cs|go|xml|ya?ml|json|java|kt|sql)$`)

// passedOver are folders of what is not the repository's own.
var passedOver = regexp.MustCompile(`(^|/)(vendor|node_modules|\.git|deps|venv|\.venv|site-packages)(/|$)`)

// IsMigration tells by its path that a file is a migration of some tool, and so no code.
func IsMigration(file string) bool { return migrationFile.MatchString(file) }

func programs(tree fs.FS) ([]string, error) {
	var files []string
	err := fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && passedOver.MatchString(name):
			return fs.SkipDir
		case !entry.IsDir() && migrationFile.MatchString(name):
			files = append(files, name)
		}
		return nil
	})
	return files, err
}

// fileOf is the file of a version: Django's app.0002_height is app/migrations/0002_height.py, Rails' 20240101 is
// 20240101_add_height.rb, Liquibase's db/changelog/v1.xml::1::ann is the changelog v1.xml, TypeORM's AddHeight1700000000000 is 1700000000000-AddHeight.ts. It is empty where none is found.
func fileOf(version string, files []string) string {
	if changelog, _, ok := strings.Cut(version, "::"); ok { // Liquibase's, seen from the class path
		version = path.Base(changelog)
	}
	app, name, dotted := strings.Cut(version, ".")
	digits := trailingDigits.FindString(version)
	for _, file := range files {
		base := strings.TrimSuffix(path.Base(file), path.Ext(file))
		switch {
		case base == version, path.Base(file) == version, strings.HasPrefix(base, version+"_"), strings.HasPrefix(base, version+"-"):
			return file
		case dotted && base == name && path.Base(path.Dir(path.Dir(file))) == app:
			return file
		case len(digits) >= 12 && strings.HasPrefix(base, digits+"-"):
			return file
		}
	}
	return ""
}

var trailingDigits = regexp.MustCompile(`[0-9]+$`)
