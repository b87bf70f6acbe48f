// Package drizzle reads and applies the migrations of drizzle-kit as drizzle-orm's migrator does (drizzle-orm 0.45).
package drizzle

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
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

// Format is Drizzle's.
type Format struct{}

// Name is "drizzle".
func (Format) Name() string { return "drizzle" }

// generated is a name that drizzle-kit gives to a migration.
var generated = regexp.MustCompile(`^\d{4}_.+\.sql$`)

// Claims knows the journal, and a migration by its breakpoints. One of a single statement has only its name.
func (Format) Claims(name string, beginning []byte) migration.Claim {
	dir, base := path.Split(name)
	switch {
	case strings.HasSuffix("/"+name, "/"+journalFile):
		return migration.Claim{Dir: path.Dir(path.Dir(name)), Sure: true}
	case generated.MatchString(base):
		return migration.Claim{Dir: path.Clean(dir), Sure: strings.Contains(string(beginning), breakpoint)}
	}
	return migration.Claim{}
}

// Read lists the journal's entries in its order, which is the one on a new database (drizzle-orm, migrator.ts,
// readMigrationFiles). The version is an entry's time, which is all that the migrator compares. A file that drizzle-kit's
// naming fits and that no entry names is refused, since it would never run.
func (f Format) Read(fsys fs.FS, dir string) (*migration.History, error) {
	files, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return nil, fmt.Errorf("read the migrations folder: %w", err)
	}
	entries, err := readJournal(fsys, dir)
	if err != nil {
		return nil, err
	}
	h := &migration.History{Format: "drizzle", Dir: dir}
	var faults []migration.Fault
	named := map[string]bool{}
	for _, e := range entries {
		r := migration.Revision{Version: strconv.FormatInt(e.when, 10), File: path.Join(dir, e.tag+".sql")}
		info, err := fs.Stat(fsys, r.File)
		switch {
		case err != nil || info.IsDir():
			faults = append(faults, migration.Broken(path.Join(dir, journalFile), e.line, fmt.Sprintf("the journal's entry %q has no file %s, so that Drizzle refuses to migrate", e.tag, r.File),
				"restore the file, or take the entry away with `drizzle-kit drop`"))
			continue
		case named[r.File]:
			faults = append(faults, migration.Broken(path.Join(dir, journalFile), e.line, fmt.Sprintf("the journal has a second entry %q, so that Drizzle runs the file twice", e.tag), "remove one of the two"))
			continue
		}
		named[r.File] = true
		h.Revisions = append(h.Revisions, r)
	}
	for _, file := range files {
		name := path.Join(dir, file.Name())
		if !file.IsDir() && generated.MatchString(file.Name()) && !named[name] {
			faults = append(faults, migration.Broken(name, 1, "the journal "+journalFile+" does not name this file, so that Drizzle never runs it",
				"make it with `drizzle-kit generate` (--custom for SQL of your own), or move it elsewhere"))
		}
	}
	inJournal := f.Tool()
	inJournal.Order = func(migration.Revision, migration.Revision) int { return 0 }
	sorted, err := inJournal.Sort(h)
	if refused := (*migration.RefusedError)(nil); errors.As(err, &refused) {
		faults = append(refused.Faults, faults...)
	}
	if len(faults) > 0 {
		return nil, &migration.RefusedError{History: h, Faults: faults}
	}
	return sorted, nil
}

// Tool is Drizzle: it runs what is younger than the youngest row, and looks at no other row and at no hash (drizzle-orm 0.45,
// pg-core/dialect.ts, PgDialect.migrate).
func (Format) Tool() migration.Tool {
	return migration.Tool{
		Name:       "Drizzle",
		Order:      migration.ByNumber,
		OutOfOrder: "Drizzle, which compares the journal's `when` with the youngest one in the database, skips it for ever; remove it and its entry, and run `drizzle-kit generate` again",
		Duplicate:  "Drizzle, which compares the journal's `when` alone, skips the second on a database that has the first",
	}
}

// Stamps is __drizzle_migrations in the schema drizzle, unless drizzle.config says otherwise.
func (Format) Stamps() (migration.Stamps, bool) {
	return migration.Stamps{Schema: "drizzle", Table: "__drizzle_migrations", Query: "SELECT created_at::text, false FROM %s WHERE created_at IS NOT NULL ORDER BY created_at, id"}, true
}

// Essence is the file's statements: the hash that Drizzle notes is compared with nothing.
func (Format) Essence(fsys fs.FS, r migration.Revision) (migration.Essence, error) {
	return migration.FileSQL(fsys, r)
}

// prepare is what PgDialect.migrate sends first.
var prepare = []script.Own{
	{SQL: `CREATE SCHEMA IF NOT EXISTS "drizzle"`},
	{SQL: `CREATE TABLE IF NOT EXISTS "drizzle"."__drizzle_migrations" (id SERIAL PRIMARY KEY, hash text NOT NULL, created_at bigint)`},
}

// Migrator sends the pieces of a file one by one in a transaction. In one way it is milder than Drizzle, which has all pending
// migrations of a run in one transaction: here each has its own, since what each one brings is looked at from outside.
// So a value that one migration adds to an enum and the next one of the same run uses is refused by PostgreSQL
// under Drizzle (55P04), and not here.
func (Format) Migrator(fsys fs.FS, _ *migration.History, to migration.Target) (migration.Migrator, error) {
	return &migrator{fsys: fsys, to: to, runner: script.NewRunner(to, prepare...)}, nil
}

type migrator struct {
	fsys   fs.FS
	to     migration.Target
	runner *script.Runner
}

// Apply runs the file and notes its hash and its time.
func (m *migrator) Apply(ctx context.Context, r migration.Revision) ([]migration.Statement, error) {
	content, err := fs.ReadFile(m.fsys, r.File)
	if err != nil {
		return nil, fmt.Errorf("read the migration: %w", err)
	}
	when, err := strconv.ParseInt(r.Version, 10, 64)
	if err != nil {
		return nil, fmt.Errorf("%s: version %q is no number: %w", r.File, r.Version, err)
	}
	text := strings.ToValidUTF8(string(content), "\ufffd") // as Node reads it
	sum := sha256.Sum256([]byte(text))
	return m.runner.Run(ctx, script.Script{
		File: r.File, Messages: pieces(script.Expand(text, m.to.Placeholders)), Transaction: true,
		After: []script.Own{{SQL: `INSERT INTO "drizzle"."__drizzle_migrations" (hash, created_at) VALUES ($1, $2)`, Args: []any{hex.EncodeToString(sum[:]), when}}},
	})
}

// Revert does nothing: Drizzle has no way down.
func (m *migrator) Revert(context.Context, migration.Revision) ([]migration.Statement, error) {
	return nil, nil
}

func (m *migrator) Close() error { return m.runner.Close() }
