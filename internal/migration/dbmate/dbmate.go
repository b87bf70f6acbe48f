// Package dbmate reads and applies the migrations of amacneil/dbmate. The rules are those of v2.28.
package dbmate

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"

	"github.com/headgate/headgate/internal/migration"
)

// Format is dbmate's.
type Format struct{}

// Name is "dbmate".
func (Format) Name() string { return "dbmate" }

// named is what a migration's file is called (db.go, migrationFileRegexp). The digits are the version, as text.
var named = regexp.MustCompile(`^(\d+).*\.sql$`)

// Claims tells a migration by its name and its annotation.
func (Format) Claims(name string, beginning []byte) migration.Claim {
	if !named.MatchString(path.Base(name)) || !upBlock.Match(bytes.TrimPrefix(beginning, []byte(byteOrderMark))) {
		return migration.Claim{}
	}
	return migration.Claim{Dir: path.Dir(name), Sure: true}
}

// Read lists the folder's files by dbmate's rule, in the order of their names (db.go, FindMigrations). What is in folders below
// is passed over. A file that dbmate cannot part into blocks is no fault of the history: dbmate reads each one when its turn
// comes, after those before it have run.
func (f Format) Read(fsys fs.FS, dir string) (*migration.History, error) {
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return nil, fmt.Errorf("read the migrations folder: %w", err)
	}
	s, err := readSettings(fsys, dir)
	if err != nil {
		return nil, err
	}
	h := &migration.History{Format: f.Name(), Dir: dir, Late: !s.strict}
	if table := s.name(); table != migration.TableName("", versionTable) {
		h.VersionTable = table
	}
	for _, e := range entries {
		if m := named.FindStringSubmatch(e.Name()); m != nil && !e.IsDir() {
			h.Revisions = append(h.Revisions, migration.Revision{Version: m[1], File: path.Join(dir, e.Name())})
		}
	}
	return f.Tool().Sort(h)
}

// Tool is dbmate (db.go, Migrate and FindMigrations: what the table has is known by its version alone). That it runs a migration
// late is in the history, since it does not in a project that is strict.
func (Format) Tool() migration.Tool {
	return migration.Tool{
		Name:       "dbmate",
		Order:      migration.ByName,
		OutOfOrder: "dbmate runs it late, after those that the database has already, and refuses to run where --strict or DBMATE_STRICT is set",
		Duplicate:  "dbmate takes both as applied once one of them is, and on a new database the second fails because its version is in the table",
	}
}

// Stamps is schema_migrations, a row for each file.
func (Format) Stamps() (migration.Stamps, bool) {
	return migration.Stamps{Table: versionTable, Query: "SELECT version::text, false FROM %s ORDER BY version"}, true
}

// Essence is the block up, and whether it runs without a transaction; all of a file that has no blocks.
func (Format) Essence(fsys fs.FS, r migration.Revision) (migration.Essence, error) {
	text, err := fs.ReadFile(fsys, r.File)
	if err != nil {
		return nil, err
	}
	blocks, err := parse(r.File, string(text))
	if errors.As(err, new(*migration.Error)) {
		return migration.SQL(string(text), 1), nil
	}
	var e migration.Essence
	if !blocks.up.transaction {
		e = append(e, migration.Token{Text: "transaction:false", Line: blocks.up.line})
	}
	return append(e, migration.SQL(blocks.up.sql(), blocks.up.line)...), nil
}
