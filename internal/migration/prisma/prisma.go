// Package prisma reads and applies the migrations of Prisma Migrate as its schema engine does.
package prisma

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/jackc/pgx/v5"
	"golang.org/x/text/collate"
	"golang.org/x/text/language"

	"github.com/headgate/headgate/internal/migration"
	"github.com/headgate/headgate/internal/migration/script"
)

const (
	scriptFile = "migration.sql"
	lockFile   = "migration_lock.toml"
	// downFile is where Prisma's guide "Generating down migrations" has the way down put. Prisma itself does not read it.
	downFile = "down.sql"
)

// Format is Prisma's.
type Format struct{}

// Name is "prisma".
func (Format) Name() string { return "prisma" }

// Claims knows the lock file, and a script by the headings that Prisma writes over its steps (prisma-engines,
// schema-engine/connectors/sql-schema-connector/src: apply_migration.rs, render_script; sql_migration.rs, description). A script by hand has only its name.
func (Format) Claims(name string, beginning []byte) migration.Claim {
	switch path.Base(name) {
	case lockFile:
		return migration.Claim{Dir: path.Dir(name), Sure: true}
	case scriptFile:
		claim := migration.Claim{Dir: path.Dir(path.Dir(name))}
		for _, heading := range []string{"-- CreateTable", "-- CreateEnum", "-- CreateIndex", "-- AlterTable", "-- AlterEnum", "-- AddForeignKey", "-- DropTable", "-- DropIndex", "-- DropForeignKey", "-- CreateSchema", "-- CreateExtension", "-- This is an empty migration."} {
			claim.Sure = claim.Sure || bytes.Contains(beginning, []byte(heading))
		}
		return claim
	}
	return migration.Claim{}
}

// Read lists the folders in dir, each of which is a migration of that name (prisma, packages/migrate/src/utils/listMigrations.ts).
// One without a script is refused: Prisma cannot read it (P3015).
func (f Format) Read(fsys fs.FS, dir string) (*migration.History, error) {
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return nil, fmt.Errorf("read the migrations folder: %w", err)
	}
	if err := checkProvider(fsys, path.Join(dir, lockFile)); err != nil {
		return nil, err
	}
	h := &migration.History{Format: "prisma", Dir: dir}
	var faults []migration.Fault
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		file := path.Join(dir, e.Name(), scriptFile)
		if info, err := fs.Stat(fsys, file); err != nil || info.IsDir() {
			faults = append(faults, withoutScript(fsys, path.Dir(file)))
			continue
		}
		h.Revisions = append(h.Revisions, migration.Revision{Version: e.Name(), File: file})
	}
	return f.Tool().Sort(h, faults...)
}

// withoutScript is the fault of a folder, at the first file in it.
func withoutScript(fsys fs.FS, folder string) migration.Fault {
	at := folder
	_ = fs.WalkDir(fsys, folder, func(name string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			at = name
			return fs.SkipAll
		}
		return err
	})
	return migration.Broken(at, 1, fmt.Sprintf("the folder %s has no %s, and Prisma takes each folder here as a migration (P3015)", folder, scriptFile),
		"add the file, or move the folder elsewhere")
}

// checkProvider reads the lock file as Prisma does, line by line (prisma-engines,
// schema-engine/connectors/schema-connector/src/migrations_directory.rs, read_provider_from_lock_file). A history without one is taken as it is.
func checkProvider(fsys fs.FS, file string) error {
	text, err := fs.ReadFile(fsys, file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the lock file: %w", err)
	}
	number := 0
	for line := range strings.Lines(string(text)) {
		number++
		if !strings.HasPrefix(line, "provider") {
			continue
		}
		provider := strings.Trim(strings.TrimPrefix(strings.TrimRight(line, "\r\n"), "provider = "), `"`)
		if provider == "postgresql" {
			return nil
		}
		return &migration.Error{
			File: file, Line: number, Problem: fmt.Sprintf("these migrations are for the provider %q", provider),
			Remedy: "Headgate reads those of the provider \"postgresql\"; name another folder",
		}
	}
	return &migration.Error{File: file, Line: 1, Problem: "the lock file names no provider, so that Prisma refuses it", Remedy: `write provider = "postgresql"`}
}

// Tool is Prisma: `migrate deploy` runs what has no row, and holds neither checksums nor the order against the table
// (prisma-engines, schema-engine/commands/src/commands/apply_migrations.rs); `migrate dev` does both
// (diagnose_migration_history.rs, and dev_diagnostic.rs with check_for_reset_conditions, in the same folder).
func (Format) Tool() migration.Tool {
	return migration.Tool{
		Name: "Prisma",
		Order: func(a, b migration.Revision) int {
			// What JavaScript's localeCompare does. A collator holds buffers, so that two goroutines cannot share one.
			if c := collate.New(language.Und).CompareString(a.Version, b.Version); c != 0 {
				return c
			}
			return strings.Compare(a.Version, b.Version)
		},
		OutOfOrder: "`prisma migrate deploy` runs it late, in another order than on a new database",
		Late:       true,
		Edited:     "`prisma migrate deploy` does not run it again, while `prisma migrate dev` compares checksums and asks to reset the developers' databases",
		Deleted:    "`prisma migrate deploy` does not notice, while `prisma migrate dev` asks to reset the developers' databases",
	}
}

// Stamps is _prisma_migrations. A row that is neither finished nor rolled back makes `migrate deploy` refuse to go on (P3009).
func (Format) Stamps() (migration.Stamps, bool) {
	return migration.Stamps{Table: "_prisma_migrations", Query: `SELECT migration_name, finished_at IS NULL FROM %s
		WHERE rolled_back_at IS NULL ORDER BY started_at, migration_name`}, true
}

// Essence is every line of the script, comments as well: Prisma notes the checksum of the whole file. As it does, \r\n is
// taken as \n (prisma-engines, schema-engine/connectors/schema-connector/src/checksum.rs, script_matches_checksum).
func (Format) Essence(fsys fs.FS, r migration.Revision) (migration.Essence, error) {
	text, err := fs.ReadFile(fsys, r.File)
	if err != nil {
		return nil, err
	}
	var e migration.Essence
	for line := range strings.Lines(strings.ReplaceAll(string(text), "\r\n", "\n")) {
		e = append(e, migration.Token{Text: line, Line: len(e) + 1})
	}
	return e, nil
}

// prepare is what the engine sends before the first migration (prisma-engines: quaint/src/connector/postgres/native/mod.rs,
// set_search_path; in schema-engine/connectors/sql-schema-connector/src/flavour/postgres.rs setup_connection, which makes a
// schema that is not there, and create_migrations_table).
func prepare(schema string) []script.Own {
	own := []script.Own{
		{SQL: "SET search_path = " + pgx.Identifier{schema}.Sanitize()},
		{SQL: `CREATE TABLE IF NOT EXISTS _prisma_migrations (
		id varchar(36) PRIMARY KEY NOT NULL,
		checksum varchar(64) NOT NULL,
		finished_at timestamptz,
		migration_name varchar(255) NOT NULL,
		logs text,
		rolled_back_at timestamptz,
		started_at timestamptz NOT NULL DEFAULT now(),
		applied_steps_count integer NOT NULL DEFAULT 0)`},
	}
	if schema != "public" {
		own = append([]script.Own{{SQL: "CREATE SCHEMA IF NOT EXISTS " + pgx.Identifier{schema}.Sanitize()}}, own...)
	}
	return own
}

// SearchPath is where the code's connections look for names: those of Prisma's client have the same URL. It is nil where that is
// what the server's own setting says.
func (Format) SearchPath(fsys fs.FS, dir string) []string {
	if schema := schemaOf(fsys, dir); schema != "public" {
		return []string{schema}
	}
	return nil
}

// Migrator sends each script as one message (schema-engine/connectors/sql-schema-connector/src/flavour/postgres/connector/native/mod.rs,
// apply_migration_script), so that its statements share a transaction unless it begins one itself.
func (Format) Migrator(fsys fs.FS, h *migration.History, to migration.Target) (migration.Migrator, error) {
	return &migrator{fsys: fsys, to: to, runner: script.NewRunner(to, prepare(schemaOf(fsys, h.Dir))...)}, nil
}

type migrator struct {
	fsys   fs.FS
	to     migration.Target
	runner *script.Runner
}

// Apply notes that the script begins, runs it, and notes that it is finished. Where it fails the row stays unfinished, as Prisma
// leaves it.
func (m *migrator) Apply(ctx context.Context, r migration.Revision) ([]migration.Statement, error) {
	text, err := m.read(r.File)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256([]byte(text))
	return m.run(ctx, r.File, text,
		[]script.Own{{SQL: "INSERT INTO _prisma_migrations (id, checksum, started_at, migration_name) VALUES (gen_random_uuid(), $1, clock_timestamp(), $2)",
			Args: []any{hex.EncodeToString(sum[:]), r.Version}}},
		script.Own{SQL: "UPDATE _prisma_migrations SET applied_steps_count = applied_steps_count + 1, finished_at = clock_timestamp() " +
			"WHERE migration_name = $1 AND finished_at IS NULL AND rolled_back_at IS NULL", Args: []any{r.Version}})
}

// Revert runs the folder's down.sql, if there is one: `prisma db execute --file` sends it as one message as well.
func (m *migrator) Revert(ctx context.Context, r migration.Revision) ([]migration.Statement, error) {
	file := path.Join(path.Dir(r.File), downFile)
	if _, err := fs.Stat(m.fsys, file); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	text, err := m.read(file)
	if err != nil {
		return nil, err
	}
	return m.run(ctx, file, text, nil, script.Own{SQL: "DELETE FROM _prisma_migrations WHERE migration_name = $1", Args: []any{r.Version}})
}

// read reads a file as Node does: what is no UTF-8 becomes U+FFFD, and a byte order mark stays.
func (m *migrator) read(file string) (string, error) {
	content, err := fs.ReadFile(m.fsys, file)
	if err != nil {
		return "", fmt.Errorf("read the migration: %w", err)
	}
	return strings.ToValidUTF8(string(content), "\ufffd"), nil
}

func (m *migrator) run(ctx context.Context, file, text string, before []script.Own, after script.Own) ([]migration.Statement, error) {
	text = script.Expand(text, m.to.Placeholders)
	return m.runner.Run(ctx, script.Script{File: file, Messages: script.Whole(text, 0, len(text)), Before: before, After: []script.Own{after}})
}

func (m *migrator) Close() error { return m.runner.Close() }
