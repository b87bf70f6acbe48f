package dbmate

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/joho/godotenv"

	"github.com/headgate/headgate/internal/migration"
	"github.com/headgate/headgate/internal/migration/script"
)

// versionTable is what dbmate calls its table unless it is told otherwise.
const versionTable = "schema_migrations"

// The variables that change what a migration does (main.go, NewApp). dbmate takes those that the environment lacks from the file
// .env in the folder that it runs in.
const (
	folderVariable = "DBMATE_MIGRATIONS_DIR"
	tableVariable  = "DBMATE_MIGRATIONS_TABLE"
	strictVariable = "DBMATE_STRICT"
)

// settings are what those variables say.
type settings struct {
	// schema is the version table's; empty is the one that the connection finds current.
	schema string
	// table is its name, quoted.
	table string
	// strict says that dbmate refuses to run a migration late.
	strict bool
}

// readSettings reads the file .env that is nearest above the migrations' folder and has settings of dbmate for it.
func readSettings(fsys fs.FS, dir string) (settings, error) {
	for above := dir; ; above = path.Dir(above) {
		name := path.Join(above, ".env")
		variables, err := readVariables(fsys, name)
		if err != nil {
			return settings{}, err
		}
		if variables != nil && isFor(variables[folderVariable], above, dir) {
			return parseSettings(name, variables)
		}
		if above == "." || above == "/" {
			return parseSettings("", nil)
		}
	}
}

// readVariables reads a file .env; nil where there is none that speaks of dbmate. A folder of that name is most often one of
// Python's virtual environments. Variables that a value refers to are left as they are written: their values may be secrets, and a
// few lines of them can stand for any amount of memory.
func readVariables(fsys fs.FS, name string) (map[string]string, error) {
	info, err := fs.Stat(fsys, name)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid) || err == nil && info.IsDir() {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read dbmate's settings: %w", err)
	}
	text, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, fmt.Errorf("read dbmate's settings: %w", err)
	}
	if !strings.Contains(string(text), "DBMATE_") {
		return nil, nil
	}
	const most = 64 << 10 // bytes
	if len(text) > most {
		return nil, &migration.Error{File: name, Line: 1, Problem: "dbmate's settings are longer than 64 KiB", Remedy: "keep a shorter file"}
	}
	variables, err := godotenv.Unmarshal(strings.ReplaceAll(string(text), "$", `\$`))
	if err != nil { // the error quotes the file, where secrets may stand
		return nil, &migration.Error{File: name, Line: 1, Problem: "dbmate refuses its settings: this file cannot be read as lines NAME=VALUE", Remedy: "correct the file"}
	}
	return variables, nil
}

// isFor tells whether settings that stand in the folder above are those of the migrations in dir: they name that folder, or
// none at all.
func isFor(folders, above, dir string) bool {
	return folders == "" || strings.Contains(folders, "$") ||
		slices.ContainsFunc(strings.Split(folders, ","), func(f string) bool { return path.Join(above, strings.TrimSpace(f)) == dir })
}

// tableName is what stands in a string of SQL as it is.
var tableName = regexp.MustCompile(`^[^'"\\$\x00-\x1f]+$`)

// parseSettings reads the variables of the file of a name.
func parseSettings(name string, variables map[string]string) (settings, error) {
	s := settings{table: pgx.Identifier{versionTable}.Sanitize()}
	s.strict, _ = strconv.ParseBool(variables[strictVariable])
	table, ok := variables[tableVariable]
	if !ok {
		return s, nil
	}
	if !tableName.MatchString(table) {
		return s, &migration.Error{File: name, Line: 1, Problem: fmt.Sprintf("%s is %.100q, which is no table's name by itself", tableVariable, table), Remedy: "write the name out"}
	}
	s.schema, s.table = "", table
	if schema, rest, ok := strings.Cut(table, "."); ok {
		s.schema, s.table = schema, rest
	}
	s.table = pgx.Identifier(strings.Split(s.table, ".")).Sanitize()
	return s, nil
}

// name is the version table's, with the schema where the settings name one.
func (s settings) name() string {
	if s.schema == "" {
		return s.table
	}
	return pgx.Identifier{s.schema}.Sanitize() + "." + s.table
}

// makeTable makes the version table, and its schema where the name has one (pkg/driver/postgres/postgres.go,
// CreateMigrationsTable).
func (s settings) makeTable() []script.Own {
	own := []script.Own{s.onTable("create table if not exists %I.%s (version varchar primary key)")}
	if s.schema != "" {
		own = append([]script.Own{{SQL: "create schema if not exists " + pgx.Identifier{s.schema}.Sanitize()}}, own...)
	}
	return own
}

// onTable is a statement on the version table, for whose name %I.%s stands. dbmate asks anew each time which schema is
// current, so that a migration that sets the search path moves the table (postgres.go, migrationsTableNameParts).
func (s settings) onTable(statement string) script.Own {
	schema := "coalesce(pg_catalog.current_schema(), 'public')"
	if s.schema != "" {
		schema = "'" + s.schema + "'"
	}
	return script.Own{SQL: fmt.Sprintf("DO $dbmate$ BEGIN EXECUTE pg_catalog.format('%s', %s, '%s'); END $dbmate$", statement, schema, s.table)}
}
