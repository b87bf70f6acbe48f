// Package sqlmigrate reads and applies the migrations of rubenv/sql-migrate. The rules are those of v1.8.
package sqlmigrate

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strconv"
	"strings"

	"github.com/headgate/headgate/internal/migration"
	"github.com/headgate/headgate/internal/migration/script"
)

// Format is sql-migrate's.
type Format struct{}

// Name is "sql-migrate".
func (Format) Name() string { return "sql-migrate" }

// Claims tells a migration by its annotation.
func (Format) Claims(name string, beginning []byte) migration.Claim {
	if path.Ext(name) != ".sql" || !bytes.HasPrefix(beginning, []byte(command+"Up")) && !bytes.Contains(beginning, []byte("\n"+command+"Up")) {
		return migration.Claim{}
	}
	return migration.Claim{Dir: path.Dir(name), Sure: true}
}

// Read lists the folder's files *.sql (migrate.go, findMigrations). The tool reads all of them before it runs any, so that
// one that it cannot split is a fault of the whole history.
func (f Format) Read(fsys fs.FS, dir string) (*migration.History, error) {
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return nil, fmt.Errorf("read the migrations folder: %w", err)
	}
	h := &migration.History{Format: f.Name(), Dir: dir}
	var faults []migration.Fault
	for _, e := range entries {
		if path.Ext(e.Name()) != ".sql" {
			continue
		}
		r := migration.Revision{Version: e.Name(), File: path.Join(dir, e.Name())}
		h.Revisions = append(h.Revisions, r)
		_, err := read(fsys, r, nil)
		wrong := (*migration.Error)(nil)
		if err != nil && !errors.As(err, &wrong) {
			wrong = &migration.Error{File: r.File, Line: 1, Problem: "sql-migrate cannot read this file", Remedy: "give another name to what is no migration", Err: err}
		}
		if wrong == nil && hugeNumber(e.Name()) {
			wrong = &migration.Error{File: r.File, Line: 1, Problem: "sql-migrate stops at a number that does not fit into 64 bits", Remedy: "take a smaller number"}
		}
		if wrong != nil {
			faults = append(faults, migration.Fault{Rule: migration.BrokenHistory, Revision: r, Err: wrong})
		}
	}
	return f.Tool().Sort(h, faults...)
}

// Tool is sql-migrate (migrate.go: planMigrationCommon, ToCatchup). The whole name is the version, so that no two files have one.
func (Format) Tool() migration.Tool {
	return migration.Tool{
		Name:       "sql-migrate",
		Order:      inOrder,
		OutOfOrder: "sql-migrate runs such a migration late, so that databases differ in what ran first",
		Late:       true,
		Deleted:    "sql-migrate refuses to run on a database that has run a migration it does not find",
	}
}

// numbered is a name that is ordered by its number, before all names without one (migrate.go, Migration.Less).
var numbered = regexp.MustCompile(`^(\d+).*$`)

func hugeNumber(name string) bool {
	m := numbered.FindStringSubmatch(name)
	if m == nil {
		return false
	}
	_, err := strconv.ParseInt(m[1], 10, 64)
	return err != nil
}

func inOrder(a, b migration.Revision) int {
	first, second := numbered.FindStringSubmatch(a.Version), numbered.FindStringSubmatch(b.Version)
	switch {
	case first != nil && second != nil:
		x, _ := strconv.ParseInt(first[1], 10, 64)
		y, _ := strconv.ParseInt(second[1], 10, 64)
		return cmp.Or(cmp.Compare(x, y), strings.Compare(a.Version, b.Version))
	case first != nil:
		return -1
	case second != nil:
		return 1
	}
	return strings.Compare(a.Version, b.Version)
}

// Stamps is gorp_migrations, a row for each file.
func (Format) Stamps() (migration.Stamps, bool) {
	return migration.Stamps{Table: "gorp_migrations", Query: `SELECT id, false FROM %s ORDER BY id`}, true
}

// Essence is the statements of the way up, and whether they run without a transaction.
func (Format) Essence(fsys fs.FS, r migration.Revision) (migration.Essence, error) {
	p, err := read(fsys, r, nil)
	if errors.As(err, new(*migration.Error)) {
		text, err := fs.ReadFile(fsys, r.File)
		return migration.SQL(string(text), 1), err
	}
	if err != nil {
		return nil, err
	}
	var e migration.Essence
	if p.up.bare {
		e = append(e, migration.Token{Text: "notransaction", Line: 1})
	}
	for _, m := range p.up.messages {
		for _, token := range migration.SQL(m.SQL, 1) {
			token.Line = m.Lines[token.Line-1]
			e = append(e, token)
		}
	}
	return e, nil
}

func read(fsys fs.FS, r migration.Revision, placeholders map[string]string) (parsed, error) {
	text, err := fs.ReadFile(fsys, r.File)
	if err != nil {
		return parsed{}, fmt.Errorf("read the migration: %w", err)
	}
	return parse(r.File, script.Expand(string(text), placeholders))
}

// Migrator sends each statement by itself, and all of a file in one transaction unless the annotation says otherwise
// (migrate.go, applyMigrations).
func (Format) Migrator(fsys fs.FS, _ *migration.History, to migration.Target) (migration.Migrator, error) {
	table := script.Own{SQL: `create table if not exists "gorp_migrations" ("id" text not null primary key, "applied_at" timestamp with time zone)`}
	return &migrator{fsys: fsys, to: to, runner: script.NewRunner(to, table)}, nil
}

type migrator struct {
	fsys   fs.FS
	to     migration.Target
	runner *script.Runner
}

func (m *migrator) Apply(ctx context.Context, r migration.Revision) ([]migration.Statement, error) {
	p, err := read(m.fsys, r, m.to.Placeholders)
	if err != nil {
		return nil, err
	}
	return m.run(ctx, r, p.up, script.Own{SQL: `insert into "gorp_migrations" ("id","applied_at") values ($1, now())`, Args: []any{r.Version}})
}

// Revert runs what follows the annotation Down.
func (m *migrator) Revert(ctx context.Context, r migration.Revision) ([]migration.Statement, error) {
	p, err := read(m.fsys, r, m.to.Placeholders)
	if err != nil {
		return nil, err
	}
	return m.run(ctx, r, p.down, script.Own{SQL: `delete from "gorp_migrations" where "id" = $1`, Args: []any{r.Version}})
}

func (m *migrator) run(ctx context.Context, r migration.Revision, w way, note script.Own) ([]migration.Statement, error) {
	return m.runner.Run(ctx, script.Script{File: r.File, Messages: w.messages, Transaction: !w.bare, After: []script.Own{note}})
}

func (m *migrator) Close() error { return m.runner.Close() }
