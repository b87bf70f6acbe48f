// Package alembic reads and applies the migrations of Alembic without Python: the revision graph is read from the files,
// and a migration is applied by interpreting the declarative Python that migrations are written in and compiling its
// operations to the DDL that SQLAlchemy's PostgreSQL dialect would send.
//
// What is exact is done, what is not is an error: a construct whose effect on the schema cannot be told from the
// repository names its line and the ways out. Statements on data change no schema; they are skipped and counted.
package alembic

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"

	"github.com/headgate/headgate/internal/migration"
	"github.com/headgate/headgate/internal/syntax/python"
)

const name = "alembic"

// Format is Alembic's.
type Format struct {
	// TypeAliases says what the application's own column types are in PostgreSQL, for types that cannot be followed
	// into the repository: from the type's dotted name, or the last part of it, to the SQL type.
	TypeAliases map[string]string
}

// WithTypeAliases is the format with the user's own aliases.
func (Format) WithTypeAliases(aliases map[string]string) migration.Format {
	return Format{TypeAliases: aliases}
}

// Name is "alembic".
func (Format) Name() string { return name }

var (
	revisionLine     = regexp.MustCompile(`(?m)^revision\s*(:[^=\n]+)?=`)
	downRevisionLine = regexp.MustCompile(`(?m)^down_revision\s*(:[^=\n]+)?=`)
)

// Claims tells a revision file by its two variables.
func (Format) Claims(file string, beginning []byte) migration.Claim {
	if path.Ext(file) != ".py" || !revisionLine.Match(beginning) || !downRevisionLine.Match(beginning) {
		return migration.Claim{}
	}
	return migration.Claim{Dir: path.Dir(file), Sure: true}
}

// Stamps is alembic_version, with a row for each head (alembic/runtime/migration.py, MigrationContext: version_table and
// get_current_heads).
func (Format) Stamps() (migration.Stamps, bool) {
	return migration.Stamps{Table: "alembic_version", HeadsOnly: true, Query: `SELECT version_num::text, false FROM %s`}, true
}

// Read reads the revision graph. dir is the folder of alembic.ini (or of a pyproject.toml with [tool.alembic]), the script
// folder with env.py, or a folder of revision files; in the last two cases the settings in the folders above it are
// followed where they speak of it, so that all of several version locations are read. The revisions are in the order in
// which `alembic upgrade heads` runs them on an empty database, which is that of `alembic history` backwards.
func (Format) Read(fsys fs.FS, dir string) (*migration.History, error) {
	l, err := locate(fsys, dir)
	if err != nil {
		return nil, err
	}
	files, err := l.files(fsys)
	if err != nil {
		return nil, err
	}
	scripts := make([]*script, 0, len(files))
	var faults []migration.Fault
	for _, file := range files {
		s, err := readScript(fsys, file)
		if refused := (*migration.RefusedError)(nil); errors.As(err, &refused) {
			faults = append(faults, refused.Faults...)
			continue
		}
		if err != nil {
			return nil, err
		}
		scripts = append(scripts, s)
	}
	g, linked := newGraph(scripts)
	if faults = append(faults, linked...); len(faults) > 0 {
		h := &migration.History{Format: name, Dir: dir, Graph: true}
		for _, s := range scripts {
			h.Revisions = append(h.Revisions, s.revision())
		}
		return nil, &migration.RefusedError{History: h, Faults: faults}
	}
	h := g.history(dir)
	h.Graph = true
	return h, nil
}

const duplicate = "alembic would run only one of the two"

// Tool is alembic (script/revision.py, RevisionMap; runtime/migration.py, HeadMaintainer).
func (Format) Tool() migration.Tool {
	return migration.Tool{
		Name: name,
		OutOfOrder: "alembic takes all that a stamped revision follows as applied, so it never runs this one on a database that is deployed; " +
			"only a new database gets it",
		Duplicate: duplicate,
	}
}

var legacyRevision = regexp.MustCompile(`^([a-f0-9]+)\.py$`)

// readScript reads the variables of a revision file (alembic's script/base.py, Script._from_filename).
func readScript(fsys fs.FS, file string) (*script, error) {
	mod, tree, err := parse(fsys, file)
	if err != nil {
		return nil, err
	}
	s := &script{file: file, versionLine: 1, parentsLine: 1, dependenciesLine: 1}
	in := &interp{fsys: fsys, modules: map[string]*module{}, running: map[python.Stmt]int{}}
	f := &frame{interp: in, mod: mod, names: mod.names}
	lines := map[string]int{}
	for _, stmt := range tree.Body {
		bound := boundNames(stmt)
		switch stmt.(type) {
		case *python.Assign, *python.AnnAssign, *python.If, *python.AugAssign:
			f.tolerate(stmt)
		}
		for _, n := range bound {
			lines[n] = f.place(stmt).line
		}
	}
	variable := func(n string, line *int) ([]string, error) {
		if at, ok := lines[n]; ok {
			*line = at
		}
		return versions(file, n, *line, mod.names[n])
	}
	own, err := variable("revision", &s.versionLine)
	if err != nil {
		return nil, err
	}
	legacy := legacyRevision.FindStringSubmatch(path.Base(file))
	switch {
	case len(own) == 1:
		s.version = own[0]
	case legacy != nil && len(own) == 0:
		s.version = legacy[1]
	default:
		return nil, &migration.RefusedError{Faults: []migration.Fault{{
			Rule: migration.BrokenHistory, Revision: migration.Revision{File: file}, Err: noRevision(mod, tree)}}}
	}
	if s.parents, err = variable("down_revision", &s.parentsLine); err != nil {
		return nil, err
	}
	if s.dependencies, err = variable("depends_on", &s.dependenciesLine); err != nil {
		return nil, err
	}
	line := 1
	s.labels, err = variable("branch_labels", &line)
	return s, err
}

// noRevision explains a file in which no revision was found: what could not be parsed may hide it.
func noRevision(mod *module, tree *python.Module) *migration.Error {
	if len(tree.Bad) > 0 {
		line, column := mod.lines.Position(tree.Bad[0].At)
		return &migration.Error{File: mod.file, Line: line, Column: column,
			Problem: "this is no Python that can be read: " + tree.Bad[0].Message, Remedy: "mend the file"}
	}
	return &migration.Error{File: mod.file, Line: 1,
		Problem: "the file sets no revision, and alembic refuses a folder of versions with such a file",
		Remedy:  "set revision, or move the file out of the folder of versions"}
}

// versions reads a variable that holds a version, several, or None.
func versions(file, variable string, line int, v value) ([]string, error) {
	items, several := sequence(v)
	if !several && v != nil {
		items = []value{v}
	}
	var result []string
	for _, item := range items {
		s, ok := item.(str)
		if !ok || s.s == "" && !several {
			if s, ok := item.(str); ok && s.s == "" {
				continue // alembic takes an empty string as none
			}
			return nil, &migration.Error{File: file, Line: line,
				Problem: fmt.Sprintf("%s is neither a string, nor strings, nor None, as far as it can be read", variable), Remedy: "write it out literally"}
		}
		if !slices.Contains(result, s.s) {
			result = append(result, s.s)
		}
	}
	return result, nil
}

// Migrator interprets the revisions of h over db. Each runs in a transaction of its own, as with
// transaction_per_migration; what a migration does in an autocommit_block is committed before and after.
func (fm Format) Migrator(fsys fs.FS, h *migration.History, to migration.Target) (migration.Migrator, error) {
	l, err := locate(fsys, h.Dir)
	if err != nil {
		return nil, err
	}
	return newMigrator(fsys, l, h, to, fm.TypeAliases), nil
}
