package sqlx

import (
	"context"
	"crypto/sha512"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"github.com/headgate/headgate/internal/migration"
	"github.com/headgate/headgate/internal/migration/script"
)

// Migrator sends each file as one message, together with the stamp in one transaction (sqlx-postgres, migrate.rs, apply).
func (Format) Migrator(fsys fs.FS, h *migration.History, to migration.Target) (migration.Migrator, error) {
	s, err := readSettings(fsys, h.Dir)
	if err != nil {
		return nil, err
	}
	var prepare []script.Own
	for _, schema := range s.Schemas {
		prepare = append(prepare, script.Own{SQL: "CREATE SCHEMA IF NOT EXISTS " + schema})
	}
	prepare = append(prepare, script.Own{SQL: `CREATE TABLE IF NOT EXISTS ` + s.Table + ` (
    version BIGINT PRIMARY KEY,
    description TEXT NOT NULL,
    installed_on TIMESTAMPTZ NOT NULL DEFAULT now(),
    success BOOLEAN NOT NULL,
    checksum BYTEA NOT NULL,
    execution_time BIGINT NOT NULL
)`})
	return &migrator{fsys: fsys, to: to, settings: s, runner: script.NewRunner(to, prepare...)}, nil
}

type migrator struct {
	fsys     fs.FS
	to       migration.Target
	settings settings
	runner   *script.Runner
}

// Apply runs the file. The time that it took, which sqlx notes afterwards and says may be lost, stays at -1.
func (m *migrator) Apply(ctx context.Context, r migration.Revision) ([]migration.Statement, error) {
	named, ok := parse(path.Base(r.File))
	if !ok || named.bad {
		return nil, fmt.Errorf("%s is no migration of sqlx", r.File)
	}
	text, err := fs.ReadFile(m.fsys, r.File)
	if err != nil {
		return nil, fmt.Errorf("read the migration: %w", err)
	}
	sum := sha512.Sum384([]byte(m.settings.hashed(string(text))))
	return m.run(ctx, r.File, string(text), script.Own{
		SQL:  "INSERT INTO " + m.settings.Table + " ( version, description, success, checksum, execution_time ) VALUES ( $1, $2, TRUE, $3, -1 )",
		Args: []any{named.version, named.description, sum[:]},
	})
}

// Revert runs the file VERSION_….down.sql, whatever its description, if there is one.
func (m *migrator) Revert(ctx context.Context, r migration.Revision) ([]migration.Statement, error) {
	entries, err := fs.ReadDir(m.fsys, path.Dir(r.File))
	if err != nil {
		return nil, fmt.Errorf("read the migrations folder: %w", err)
	}
	for _, e := range entries {
		named, ok := parse(e.Name())
		if e.IsDir() || !ok || named.bad || named.way != down || strconv.FormatInt(named.version, 10) != r.Version {
			continue
		}
		file := path.Join(path.Dir(r.File), e.Name())
		text, err := fs.ReadFile(m.fsys, file)
		if err != nil {
			return nil, fmt.Errorf("read the migration: %w", err)
		}
		return m.run(ctx, file, string(text), script.Own{SQL: "DELETE FROM " + m.settings.Table + " WHERE version = $1", Args: []any{named.version}})
	}
	return nil, nil
}

// noTransaction is what a file begins with that runs outside of a transaction (sqlx-core, migrate/source.rs).
const noTransaction = "-- no-transaction"

func (m *migrator) run(ctx context.Context, file, text string, stamp script.Own) ([]migration.Statement, error) {
	sql := script.Expand(text, m.to.Placeholders)
	return m.runner.Run(ctx, script.Script{
		File: file, Messages: script.Whole(sql, 0, len(sql)), Transaction: !strings.HasPrefix(text, noTransaction), After: []script.Own{stamp},
	})
}

func (m *migrator) Close() error { return m.runner.Close() }
