package alembic

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/headgate/headgate/internal/migration"
)

// FromModels is the format whose one migration makes the tables of the application's models, as MetaData.create_all would.
func (fm Format) FromModels() migration.Format { return fromModels{fm} }

// fromModels builds a schema from models.
type fromModels struct{ Format }

// Migrator makes the tables of the models of fsys whatever revision is applied.
func (fm fromModels) Migrator(fsys fs.FS, h *migration.History, to migration.Target) (migration.Migrator, error) {
	l, err := locate(fsys, h.Dir)
	if err != nil {
		return nil, err
	}
	m := newMigrator(fsys, l, h, to, fm.TypeAliases)
	m.interp.fromModels = true
	return modelMigrator{m}, nil
}

type modelMigrator struct{ *migrator }

// Apply makes the tables in one transaction.
func (m modelMigrator) Apply(ctx context.Context, _ migration.Revision) ([]migration.Statement, error) {
	if err := m.connect(ctx); err != nil {
		return nil, err
	}
	o := m.ops
	o.ctx, o.conn, o.statements = ctx, m.conn, nil
	if err := m.send(ctx, "BEGIN"); err != nil {
		return nil, err
	}
	if err := o.createTargets(); err != nil {
		return o.statements, errors.Join(err, m.send(context.WithoutCancel(ctx), "ROLLBACK"))
	}
	return o.statements, m.send(ctx, "COMMIT")
}

// hasModels tells by a file's text that it may declare tables.
var hasModels = regexp.MustCompile(`\bColumn\b|\bmapped_column\b|\bMapped\b|\bTable\b|\bSQLModel\b|__tablename__|\.Model\b|\bcreate_materialized_view\b|\bcreate_view\b|\b(before|after)_create\b`)

// extension finds the extensions that the application makes before its tables.
var extension = regexp.MustCompile(`(?i)\bcreate\s+extension\s+(?:if\s+not\s+exists\s+)?"?([a-z0-9_-]+)`)

// otherFolder and otherFile are what no application imports when it makes its tables.
var (
	otherFolder = regexp.MustCompile(`^(\..+|node_modules|tests?|testing|vendor|venv|env|site-packages|__pycache__|examples?|docs?)$`)
	otherFile   = regexp.MustCompile(`^(test_.*|.*_test|conftest|setup)\.py$`)
)

// loadModels runs all modules of the repository that may declare tables, and works out their models.
func (o *operations) loadModels() (*models, error) {
	in := o.interp
	if in.models != nil {
		return in.models, nil
	}
	in.load(path.Join(o.location.script, "env.py"))
	err := fs.WalkDir(in.fsys, ".", func(file string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && file != "." && (otherFolder.MatchString(entry.Name()) || slices.Contains(o.location.versions, file) || file == o.location.script):
			return fs.SkipDir
		case entry.IsDir() || path.Ext(file) != ".py" || !entry.Type().IsRegular() || otherFile.MatchString(entry.Name()):
			return nil
		}
		source, err := fs.ReadFile(in.fsys, file)
		if err != nil {
			return fmt.Errorf("read the models: %w", err)
		}
		for _, m := range extension.FindAllSubmatch(source, -1) {
			o.extensions = append(o.extensions, string(m[1]))
		}
		if hasModels.Match(source) {
			in.steps = 0
			in.load(file)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	in.steps = 0
	return gather(in)
}

// createTargets makes the tables of the metadata that env.py hands to alembic, or of the only one that there is.
func (o *operations) createTargets() error {
	g, err := o.loadModels()
	if err != nil {
		return err
	}
	targets, env := o.targets()
	for _, name := range o.extensions {
		available, err := o.exists("SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = $1)", name)
		if err != nil {
			return fmt.Errorf("ask for extensions: %w", err)
		}
		if available {
			if err := o.run(env, line(place{1, 1}, "CREATE EXTENSION IF NOT EXISTS ", quote(name)).statement()); err != nil {
				return err
			}
		}
	}
	if targets == nil {
		for _, t := range g.tables {
			if !slices.Contains(targets, t.metadata) {
				targets = append(targets, t.metadata)
			}
		}
		if len(targets) > 1 {
			return env.failAt(place{1, 1}, "the models belong to several MetaData, and target_metadata, as far as it can be read, does not say which: %s", g.some(targets))
		}
	}
	made := 0
	for _, metadata := range targets {
		n, err := o.createTables(g, metadata, nil)
		if err != nil {
			return err
		}
		made += n
	}
	if made == 0 {
		return env.failAt(place{1, 1}, "no model was found whose table could be made")
	}
	return nil
}

// some names a table of each metadata.
func (g *models) some(targets []value) string {
	var found []string
	for _, metadata := range targets {
		at := slices.IndexFunc(g.tables, func(t *modelTable) bool { return t.metadata == metadata })
		found = append(found, g.tables[at].String())
	}
	return strings.Join(found, ", ")
}

// targets are the metadata that env.py names, nil where they cannot be told.
func (o *operations) targets() ([]value, *frame) {
	file := path.Join(o.location.script, "env.py")
	mod, ok := o.interp.load(file)
	if !ok {
		mod = &module{file: file, names: map[string]value{}}
	}
	f := &frame{interp: o.interp, mod: mod, names: mod.names}
	v := mod.names["target_metadata"]
	if r, isRef := v.(ref); isRef {
		if found, ok := o.interp.resolve(r); ok {
			v = found
		}
	}
	items, several := sequence(v)
	if !several {
		items = []value{v}
	}
	var targets []value
	for _, item := range items {
		if metadata := o.interp.metadataOf(item, 0); metadata != nil {
			targets = append(targets, metadata)
		}
	}
	return targets, f
}

// createAll is create_all in a migration: it makes the tables of the models as they are in the same tree.
func (o *operations) createAll(f *frame, metadata value, a *arguments) error {
	if err := o.mayChange(f, a.at, "create_all"); err != nil {
		return err
	}
	if metadata == nil {
		return f.failAt(a.at, "which tables create_all makes cannot be read")
	}
	g, err := o.loadModels()
	if err != nil {
		return err
	}
	var only []string
	if v := a.kwargs["tables"]; v != nil {
		items, ok := sequence(v)
		if !ok {
			return f.failAt(a.at, "the tables that create_all is to make cannot be read")
		}
		for _, item := range items {
			name, ok := g.tableName(item)
			if !ok {
				return f.failAt(a.at, "the table %s that create_all is to make cannot be read", describe(item))
			}
			only = append(only, name)
		}
	}
	o.called = a.at
	defer func() { o.called = place{} }()
	made, err := o.createTables(g, metadata, only)
	if err == nil && made == 0 {
		return f.failAt(a.at, "no model was found whose table create_all could make")
	}
	return err
}

// tableName is the key of the table that Model.__table__ or a Table is.
func (g *models) tableName(v value) (string, bool) {
	if r, ok := v.(ref); ok {
		v, _ = g.resolve(r)
	}
	o, ok := v.(*object)
	if !ok {
		return "", false
	}
	if c, isClass := o.recv.(*class); isClass && o.path == ".__table__" && g.mapped[c] != nil {
		return g.mapped[c].table.key(), true
	}
	for _, t := range g.tables {
		if t.at == o.at && o.recv == nil && lastPart(o.path) == "Table" && repr(first(o.args)) == repr(text(t.name)) {
			return t.key(), true
		}
	}
	return "", false
}

// createTables makes the tables of a metadata that are not there yet. Foreign keys come last, so that no order is needed.
func (o *operations) createTables(g *models, metadata value, only []string) (made int, err error) {
	convention, file, ops := o.conventions, o.file, o.interp.ops
	defer func() { o.conventions, o.file, o.interp.ops, o.creatingAll = convention, file, ops, false }()
	o.interp.ops, o.creatingAll = o, true
	if err := o.adoptFrom(g, metadata); err != nil {
		return 0, err
	}
	tables, err := g.compile(metadata)
	if err != nil {
		return 0, err
	}
	if err := o.tell(g, metadata, "before_create"); err != nil {
		return 0, err
	}
	var fresh []*modelTable
	for _, t := range tables {
		if only != nil && !slices.Contains(only, t.key()) {
			continue
		}
		made++
		o.file = t.frame.mod.file
		exists, err := o.exists("SELECT to_regclass($1) IS NOT NULL", qualified(t.name, t.compiled.schema))
		if err != nil {
			return 0, fmt.Errorf("ask the catalog: %w", err)
		}
		if !exists {
			fresh = append(fresh, t)
			if err := o.createModel(t); err != nil {
				return 0, err
			}
		}
	}
	for _, t := range fresh {
		o.file = t.frame.mod.file
		for _, k := range t.compiled.constraints {
			if k.kind == "fk" {
				if err := t.frame.addConstraint(k, t.compiled); err != nil {
					return 0, err
				}
			}
		}
	}
	if err := o.looseIndexes(g, fresh); err != nil {
		return 0, err
	}
	return made, o.tell(g, metadata, "after_create")
}

// createModel makes a table without its foreign keys, and the schema and the sequences that it needs.
func (o *operations) createModel(t *modelTable) error {
	if t.schema != "" { // create_all leaves it to the application, in ways of its own
		if err := o.run(t.frame, line(t.at, "CREATE SCHEMA IF NOT EXISTS ", quote(t.schema)).statement()); err != nil {
			return err
		}
	}
	for _, item := range t.items {
		if _, ok := item.frame.isColumn(item.object); !ok {
			continue
		}
		for _, v := range append(slices.Clone(item.args), item.kwargs["default"]) {
			if s, ok := v.(*object); ok && s.recv == nil && lastPart(s.path) == "Sequence" {
				if is, _ := truth(s.kwargs["optional"]); is {
					continue
				}
				if err := o.sequence(t.frame, s, "create", &arguments{kwargs: map[string]value{"checkfirst": true}, at: item.at}); err != nil {
					return err
				}
			}
		}
	}
	own := *t.compiled
	own.constraints = slices.DeleteFunc(slices.Clone(own.constraints), func(k *constraint) bool { return k.kind == "fk" })
	return t.frame.createTable(&own, false)
}

// looseIndexes makes the indexes and unique constraints that stand by themselves and name columns of the tables.
func (o *operations) looseIndexes(g *models, tables []*modelTable) error {
	for _, made := range g.declared.objects {
		if g.used[made.object] || !isOneOf(lastPart(made.path), "Index", "UniqueConstraint") {
			continue
		}
		f := &frame{interp: g.interp, mod: made.mod, names: made.mod.names}
		t := g.indexed(f, made.object, tables)
		if t == nil {
			continue
		}
		o.file = made.mod.file
		if lastPart(made.path) == "UniqueConstraint" {
			k, err := f.tableConstraint(made.object)
			if err == nil {
				err = f.addConstraint(k, t.compiled)
			}
			if err != nil {
				return err
			}
			continue
		}
		if err := f.createIndex(first(made.args), t.name, t.compiled.schema, made.args[1:], made.kwargs, made.at); err != nil {
			return err
		}
	}
	return nil
}

// indexed is the table whose column an index names first.
func (g *models) indexed(f *frame, made *object, tables []*modelTable) *modelTable {
	var found string
	var look func(v value, depth int)
	look = func(v value, depth int) {
		o, ok := v.(*object)
		if !ok || depth > maxDepth || found != "" {
			return
		}
		if key, _, ok := f.columnOf(o); ok {
			found = key
			return
		}
		look(o.recv, depth+1)
		for _, arg := range o.args {
			look(arg, depth+1)
		}
	}
	for _, arg := range made.args {
		look(arg, 0)
	}
	at := slices.IndexFunc(tables, func(t *modelTable) bool { return t.key() == found })
	if at < 0 {
		return nil
	}
	return tables[at]
}

// adoptFrom takes the naming convention of a metadata.
func (o *operations) adoptFrom(g *models, metadata value) error {
	o.conventions = map[string]string{}
	d, ok := conventionOf(metadata, g.interp)
	if !ok {
		return nil
	}
	_, err := o.adopt(&frame{interp: g.interp, mod: &module{file: o.location.script}}, d)
	return err
}

// tell runs what the application has SQLAlchemy do before or after its tables are made.
func (o *operations) tell(g *models, metadata value, when string) error {
	listeners := slices.Clone(g.declared.listeners)
	for _, made := range g.declared.objects {
		f := &frame{interp: g.interp, mod: made.mod, names: made.mod.names}
		switch lastPart(made.path) {
		case "create_view", "create_materialized_view":
			return f.failAt(made.at, "the view that %s makes cannot be read", describe(made.object))
		case "listen":
			a := &arguments{args: made.args, kwargs: made.kwargs}
			if event, ok := creates(a.get(1, "identifier")); ok {
				listeners = append(listeners, listener{f, a.get(0, "target"), event, a.get(2, "fn"), made.at})
			}
		}
	}
	for _, l := range listeners {
		if l.when != when {
			continue
		}
		if of := g.metadataOfTarget(l.target); of != nil && of != metadata {
			continue
		}
		if err := o.listener(l); err != nil {
			return err
		}
	}
	return nil
}

func (g *models) metadataOfTarget(v value) value {
	if found := g.metadataOf(v, 0); found != nil {
		return found
	}
	if name, ok := g.tableName(v); ok {
		for _, t := range g.tables {
			if t.key() == name {
				return t.metadata
			}
		}
	}
	return nil
}

// listener runs DDL, or a function with the connection.
func (o *operations) listener(l listener) error {
	o.file = l.frame.mod.file
	fn := l.fn
	if r, ok := fn.(ref); ok {
		if found, ok := o.interp.resolve(r); ok {
			fn = found
		}
	}
	a := &arguments{node: spanAt{}, at: l.at}
	switch fn := fn.(type) {
	case *function:
		a.args = []value{l.target, &object{path: "alembic.op.get_bind", args: []value{}, at: l.at}}
		a.kwargs = map[string]value{"tables": &list{}, "checkfirst": true}
		_, err := l.frame.callFunction(fn, a)
		return err
	case *object:
		if fn.path == ".execute_if" {
			dialects, several := sequence(fn.kwargs["dialect"])
			if !several {
				dialects = []value{fn.kwargs["dialect"]}
			}
			if fn.kwargs["callable_"] == nil && fn.kwargs["dialect"] != nil && !slices.ContainsFunc(dialects, func(v value) bool { return repr(v) == "'postgresql'" }) {
				return nil
			}
			if fn.kwargs["callable_"] != nil {
				break
			}
			return o.execute(l.frame, fn.recv, a)
		}
		return o.execute(l.frame, fn, a)
	}
	return l.frame.failAt(l.at, "what is done %s cannot be read: %s", strings.ReplaceAll(l.when, "_", " "), describe(fn))
}
