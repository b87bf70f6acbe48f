package dump

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/headgate/headgate/internal/migration"
	"github.com/headgate/headgate/internal/migration/script"
)

// Migrator runs a dump as `psql -v ON_ERROR_STOP=1 -f` does: each statement by itself, in no transaction but the dump's own.
// It leaves out the rows of COPY. A dump's first statements are for its own session alone (an empty search_path), so that it has
// a connection of its own.
func (Format) Migrator(fsys fs.FS, h *migration.History, to migration.Target) (migration.Migrator, error) {
	return &migrator{fsys: fsys, dir: h.Dir, to: to}, nil
}

type migrator struct {
	fsys    fs.FS
	dir     string
	to      migration.Target
	skipped []migration.Skipped
}

// Apply runs all files.
func (m *migrator) Apply(ctx context.Context, r migration.Revision) (statements []migration.Statement, err error) {
	files, err := list(m.fsys, m.dir)
	if err != nil {
		return nil, fmt.Errorf("read the schema dump: %w", err)
	}
	p := newPlan(m.fsys, m.to.Placeholders)
	for _, f := range files {
		if err := p.include(f); err != nil {
			return nil, err
		}
	}
	m.skipped = append(m.skipped, p.skipped...)
	runner := script.NewRunner(m.to)
	defer func() { err = errors.Join(err, runner.Close()) }()
	return runner.Run(ctx, script.Script{File: r.File, Messages: p.messages})
}

// Revert does nothing: a dump has no way down.
func (m *migrator) Revert(context.Context, migration.Revision) ([]migration.Statement, error) {
	return nil, nil
}

// Skipped are the rows that Apply left out.
func (m *migrator) Skipped() []migration.Skipped { return m.skipped }

// Close does nothing: Apply ends its connection itself.
func (m *migrator) Close() error { return nil }
