package alembic

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"

	"github.com/jackc/pgx/v5"

	"github.com/headgate/headgate/internal/migration"
	"github.com/headgate/headgate/internal/syntax/python"
)

// migrator applies revisions over one connection.
type migrator struct {
	to       migration.Target
	conn     *pgx.Conn
	interp   *interp
	ops      *operations
	location location
	history  *migration.History
	version  string // the quoted name of the version table
}

func newMigrator(fsys fs.FS, l location, h *migration.History, to migration.Target, aliases map[string]string) *migrator {
	in := &interp{fsys: fsys, modules: map[string]*module{}, running: map[python.Stmt]int{}, env: to.Env, roots: importRoots(l)}
	m := &migrator{to: to, interp: in, location: l, history: h}
	m.ops = &operations{interp: in, location: l, aliases: aliases, enums: map[string]bool{}}
	return m
}

// importRoots are the folders that Python would find the application's packages in: that of the settings, its src, and
// the ones above it.
func importRoots(l location) []string {
	var roots []string
	add := func(dir string) {
		for _, r := range roots {
			if r == dir {
				return
			}
		}
		roots = append(roots, dir)
	}
	for at := l.top; ; at = path.Dir(at) {
		add(at)
		add(path.Join(at, "src"))
		if at == "." || at == "/" {
			break
		}
	}
	for _, dir := range append([]string{l.script}, l.versions...) {
		add(path.Dir(dir))
		add(dir)
	}
	return roots
}

// Apply interprets the revision's upgrade() in a transaction and stamps it.
func (m *migrator) Apply(ctx context.Context, r migration.Revision) ([]migration.Statement, error) {
	return m.run(ctx, r, func() error {
		if err := m.call(r, "upgrade"); err != nil {
			return err
		}
		return m.stamp(ctx, r)
	})
}

// Revert interprets the revision's downgrade(), and stamps what it followed.
func (m *migrator) Revert(ctx context.Context, r migration.Revision) ([]migration.Statement, error) {
	clear(m.ops.enums) // what it drops, the next upgrade makes again
	return m.run(ctx, r, func() error {
		if err := m.call(r, "downgrade"); err != nil {
			return err
		}
		return m.unstamp(ctx, r)
	})
}

func (m *migrator) run(ctx context.Context, r migration.Revision, do func() error) ([]migration.Statement, error) {
	if err := m.connect(ctx); err != nil {
		return nil, err
	}
	m.ops.ctx, m.ops.conn, m.ops.file, m.ops.statements = ctx, m.conn, r.File, nil
	if err := m.send(ctx, "BEGIN"); err != nil {
		return nil, err
	}
	if err := do(); err != nil {
		return m.ops.statements, errors.Join(err, m.send(context.WithoutCancel(ctx), "ROLLBACK"))
	}
	return m.ops.statements, m.send(ctx, "COMMIT")
}

// Skipped are the statements on data that were not run so far.
func (m *migrator) Skipped() []migration.Skipped { return m.ops.skipped }

func (m *migrator) send(ctx context.Context, sql string) error {
	if _, err := m.conn.Exec(ctx, sql, pgx.QueryExecModeSimpleProtocol); err != nil {
		return fmt.Errorf("alembic's own %s: %w", firstWord(sql), err)
	}
	return nil
}

// call interprets a function of the revision's file. A downgrade may be left out.
func (m *migrator) call(r migration.Revision, name string) error {
	mod, tree, err := parse(m.interp.fsys, r.File)
	if err != nil {
		return err
	}
	mod.migration = true
	in := m.interp
	in.steps, in.depth, in.dataOnly, in.ops = 0, 0, "", m.ops
	in.run(mod, tree.Body)
	f := &frame{interp: in, mod: mod, names: map[string]value{}}
	switch fn := mod.names[name].(type) {
	case *function:
		_, err := f.callFunction(fn, &arguments{node: tree})
		if e := (lasting{}); errors.As(err, &e) {
			return e.error
		}
		return err
	case *unreadable:
		return fn.err
	}
	if len(tree.Bad) > 0 {
		return noRevision(mod, &python.Module{Bad: tree.Bad})
	}
	if name == "downgrade" {
		return nil
	}
	return &migration.Error{File: r.File, Line: 1, Problem: "the migration has no function upgrade", Remedy: "add one, with pass where there is nothing to do"}
}

// connect connects and makes the version table as alembic does (runtime/migration.py, MigrationContext).
func (m *migrator) connect(ctx context.Context) error {
	if m.conn != nil {
		return nil
	}
	conn, err := pgx.ConnectConfig(ctx, m.to.Database)
	if err != nil {
		return fmt.Errorf("connect to apply migrations: %w", err)
	}
	m.conn = conn
	table, schema := m.versionTable()
	m.version = qualified(table, schema)
	if s, ok := schema.(str); ok && s.s != "" {
		var there bool
		if err := conn.QueryRow(ctx, "SELECT to_regnamespace($1) IS NOT NULL", pgx.QueryExecModeExec, quote(s.s)).Scan(&there); err != nil {
			return fmt.Errorf("look for the version table's schema: %w", err)
		}
		if !there { // env.py makes it, in ways of its own
			if err := m.send(ctx, "CREATE SCHEMA "+quote(s.s)); err != nil {
				return err
			}
		}
	}
	return m.send(ctx, "CREATE TABLE IF NOT EXISTS "+m.version+" (version_num VARCHAR(32) NOT NULL, CONSTRAINT "+
		quote(table+"_pkc")+" PRIMARY KEY (version_num))")
}

// versionTable reads the table's name and schema from context.configure of env.py.
func (m *migrator) versionTable() (table string, schema value) {
	table = "alembic_version"
	file := path.Join(m.location.script, "env.py")
	if !isFile(m.interp.fsys, file) {
		return table, nil
	}
	mod, tree, err := parse(m.interp.fsys, file)
	if err != nil {
		return table, nil
	}
	m.interp.run(mod, tree.Body)
	f := &frame{interp: m.interp, mod: mod, names: mod.names}
	python.Inspect(tree, func(n python.Node) bool {
		call, ok := n.(*python.Call)
		if !ok {
			return true
		}
		if attr, ok := call.Func.(*python.Attribute); !ok || attr.Attr.Name != "configure" {
			return true
		}
		for _, k := range call.Keywords {
			if k.Name.Name != "version_table" && k.Name.Name != "version_table_schema" {
				continue
			}
			v, err := f.eval(k.Value)
			s, isText := v.(str)
			switch {
			case err != nil || !isText:
			case k.Name.Name == "version_table":
				table = s.s
			default:
				schema = s
			}
		}
		return true
	})
	return table, schema
}

// stamp notes the revision and takes away those that it follows, as alembic's HeadMaintainer does.
func (m *migrator) stamp(ctx context.Context, r migration.Revision) error {
	below := m.ancestors(r)
	if len(below) > 0 {
		if _, err := m.conn.Exec(ctx, "DELETE FROM "+m.version+" WHERE version_num = ANY ($1)", pgx.QueryExecModeExec, below); err != nil {
			return fmt.Errorf("stamp the revision: %w", err)
		}
	}
	if _, err := m.conn.Exec(ctx, "INSERT INTO "+m.version+" (version_num) VALUES ($1)", pgx.QueryExecModeExec, r.Version); err != nil {
		return &migration.Error{File: r.File, Line: 1, Problem: "the revision cannot be stamped: " + err.Error(),
			Remedy: "alembic's version table holds 32 characters; give the revision a shorter id"}
	}
	return nil
}

// unstamp takes the revision's row away and puts back those that it followed, unless another head still follows them.
func (m *migrator) unstamp(ctx context.Context, r migration.Revision) error {
	if _, err := m.conn.Exec(ctx, "DELETE FROM "+m.version+" WHERE version_num = $1", pgx.QueryExecModeExec, r.Version); err != nil {
		return fmt.Errorf("take the stamp away: %w", err)
	}
	rows, err := m.conn.Query(ctx, "SELECT version_num FROM "+m.version, pgx.QueryExecModeExec)
	if err != nil {
		return fmt.Errorf("read the version table: %w", err)
	}
	heads, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return fmt.Errorf("read the version table: %w", err)
	}
	followed := map[string]bool{}
	for _, head := range heads {
		followed[head] = true
		for version := range m.history.Ancestors(head) {
			followed[version] = true
		}
	}
	for _, version := range m.ancestors(r) {
		if followed[version] {
			continue
		}
		if _, err := m.conn.Exec(ctx, "INSERT INTO "+m.version+" (version_num) VALUES ($1)", pgx.QueryExecModeExec, version); err != nil {
			return fmt.Errorf("stamp the revision before: %w", err)
		}
	}
	return nil
}

// ancestors are the versions that a revision follows or depends on, at one remove.
func (m *migrator) ancestors(r migration.Revision) []string {
	return dedupe(r.Parents, r.DependsOn)
}

func (m *migrator) Close() error {
	if m.conn == nil {
		return nil
	}
	return m.conn.Close(context.Background())
}
