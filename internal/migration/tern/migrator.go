package tern

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"github.com/headgate/headgate/internal/migration"
	"github.com/headgate/headgate/internal/migration/script"
)

// Migrator makes the version table with the number 0 and sends a way as one message in a transaction, or statement by
// statement without one (migrate.go, ensureSchemaVersionTableExists and MigrateTo).
func (Format) Migrator(fsys fs.FS, h *migration.History, to migration.Target) (migration.Migrator, error) {
	settings, err := readSettings(fsys, h.Dir, to.Placeholders)
	if err != nil {
		return nil, err
	}
	table := []script.Own{
		{SQL: "create table if not exists " + settings.table + "(version int4 not null)"},
		{SQL: "insert into " + settings.table + "(version) select 0 where 0=(select count(*) from " + settings.table + ")"},
	}
	return &migrator{fsys: fsys, dir: h.Dir, to: to, settings: settings, runner: script.NewRunner(to, table...)}, nil
}

type migrator struct {
	fsys     fs.FS
	dir      string
	to       migration.Target
	settings settings
	runner   *script.Runner
	// loaded are the migrations by their versions, and failed is why there are none.
	loaded map[string]loaded
	failed error
}

// loaded is what the templates of a migration have given.
type loaded struct{ up, down script.Message }

func (m *migrator) Apply(ctx context.Context, r migration.Revision) ([]migration.Statement, error) {
	found, err := m.load(r)
	if err != nil {
		return nil, err
	}
	return m.run(ctx, r, found.up, r.Version)
}

// Revert runs what stands below the separator.
func (m *migrator) Revert(ctx context.Context, r migration.Revision) ([]migration.Statement, error) {
	found, err := m.load(r)
	if err != nil || found.down.SQL == "" {
		return nil, err
	}
	number, err := strconv.Atoi(r.Version)
	if err != nil {
		return nil, err
	}
	return m.run(ctx, r, found.down, strconv.Itoa(number-1))
}

// run runs a way. tern resets all settings before it notes the number.
func (m *migrator) run(ctx context.Context, r migration.Revision, way script.Message, number string) ([]migration.Statement, error) {
	s := script.Script{File: r.File, Messages: []script.Message{way}, Transaction: true, After: []script.Own{
		{SQL: "reset all"}, {SQL: "update " + m.settings.table + " set version=$1::int4", Args: []any{number}},
	}}
	if bare.MatchString(way.SQL) {
		s.Transaction, s.Messages = false, split(way)
	}
	return m.runner.Run(ctx, s)
}

// load runs the templates of all migrations, as tern does before it runs any migration.
func (m *migrator) load(r migration.Revision) (loaded, error) {
	if m.loaded == nil && m.failed == nil {
		m.loaded, m.failed = m.loadAll()
	}
	if m.failed != nil {
		return loaded{}, m.failed
	}
	return m.loaded[r.Version], nil
}

func (m *migrator) loadAll() (map[string]loaded, error) {
	all, err := readFolder(m.fsys, m.dir)
	if err != nil {
		return nil, err
	}
	limits := &limits{work: mostWork, env: func(name string) (string, bool) {
		value, ok := m.to.Placeholders[name]
		return value, ok
	}}
	data := m.settings.given()
	templates := newSet(limits, data, nil)
	templates.root.Funcs(map[string]any{"install_snapshot": templates.installer(m.fsys, m.dir)})
	for _, s := range all.shared {
		limits.work += len(s.text)
		if err := templates.add(s); err != nil {
			return nil, err
		}
	}
	templates.want(all.sources()...)
	found := map[string]loaded{}
	for _, f := range all.files {
		limits.work += len(f.up.text) + len(f.down.text)
		var l loaded
		if l.up, err = templates.message(f.up); err != nil {
			return nil, m.explained(err)
		}
		if !hasSQL(l.up.SQL) {
			return nil, noSQL(f.up.file)
		}
		if l.down, err = templates.message(f.down); err != nil {
			return nil, m.explained(err)
		}
		found[strconv.Itoa(f.number)] = l
	}
	return found, nil
}

// message runs one way of a migration.
func (s *set) message(src *source) (script.Message, error) {
	if src.text == "" {
		return script.Message{}, nil
	}
	if err := s.add(src); err != nil {
		return script.Message{}, err
	}
	out, err := s.run(src.name)
	if err != nil {
		return script.Message{}, err
	}
	return script.Message{SQL: out.text.String(), Pieces: out.pieces}, nil
}

// explained says of data that are absent why tern.conf does not give them.
func (m *migrator) explained(err error) error {
	e := (*migration.Error)(nil)
	if m.settings.wrong == nil || !errors.As(err, &e) || !errors.As(err, new(*absentError)) {
		return err
	}
	wrong := m.settings.wrong
	e.Problem += " (" + path.Base(wrong.File) + " cannot be read: " + strings.TrimSuffix(wrong.Problem, ".") + ")"
	return e
}

func (m *migrator) Close() error { return m.runner.Close() }
