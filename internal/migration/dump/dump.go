// Package dump reads a schema dump: one file, or a folder of files, that states what the schema is. pg_dump writes such a
// file, Rails' db/structure.sql and dbmate's schema.sql among them, and people write them by hand.
package dump

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/headgate/headgate/internal/migration"
)

// Format is that of schema dumps.
type Format struct{}

// Name is "schema".
func (Format) Name() string { return "schema" }

// Claims takes structure.sql and schema.sql, also as the end of a name (Rails calls the dump of a second database
// animals_structure.sql), where the beginning is that of a dump for PostgreSQL. It is never sure: beside migrations a dump
// mostly repeats what they made.
func (Format) Claims(name string, beginning []byte) migration.Claim {
	base := strings.TrimSuffix(path.Base(name), ".sql")
	named := base == "structure" || base == "schema" || strings.HasSuffix(base, "_structure") || strings.HasSuffix(base, "_schema")
	if !named || path.Ext(name) != ".sql" || base[0] >= '0' && base[0] <= '9' || !begins(beginning) {
		return migration.Claim{}
	}
	return migration.Claim{Dir: name}
}

// begins tells whether a file begins as a dump does. A backquote is MySQL's.
func begins(beginning []byte) bool {
	if bytes.Contains(beginning, []byte("PostgreSQL database dump")) {
		return true
	}
	if bytes.ContainsRune(beginning, '`') {
		return false
	}
	e := migration.SQL(strings.TrimPrefix(string(beginning), byteOrderMark), 1)
	return len(e) > 0 && (e[0].Text == "create" || e[0].Text == "set")
}

// version is the one that the only revision has.
const version = "schema"

// Read reads a file, or a folder's files *.sql in the order of their names. All of them are one revision. Its checksum is over
// all of them and over what they include.
func (Format) Read(fsys fs.FS, dir string) (*migration.History, error) {
	h := &migration.History{Format: "schema", Dir: dir, Whole: true}
	files, err := list(fsys, dir)
	if err != nil {
		return nil, fmt.Errorf("read the schema dump: %w", err)
	}
	if len(files) == 0 {
		return h, nil
	}
	run, sum, err := readAll(fsys, files)
	if err != nil {
		return nil, fmt.Errorf("read the schema dump: %w", err)
	}
	others := slices.DeleteFunc(run, func(f string) bool { return f == files[0] })
	h.Revisions = []migration.Revision{{Version: version, File: files[0], Includes: others, Checksum: sum}}
	return h, nil
}

func list(fsys fs.FS, dir string) ([]string, error) {
	info, err := fs.Stat(fsys, dir)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return []string{dir}, nil
	}
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return nil, err
	}
	var files []string
	for _, e := range entries {
		if !e.IsDir() && path.Ext(e.Name()) == ".sql" {
			files = append(files, path.Join(dir, e.Name()))
		}
	}
	return files, nil
}

// readAll lists all files that run, with the SHA-256, in hex, of them and their names. Where the scripts cannot be read to their
// end, what was read counts; Apply says what is wrong.
func readAll(fsys fs.FS, files []string) (run []string, checksum string, err error) {
	for _, f := range files {
		if _, err := fs.ReadFile(fsys, f); err != nil {
			return nil, "", err
		}
	}
	p := newPlan(fsys, nil)
	for _, f := range files {
		if p.include(f) != nil {
			p.note(files)
			break
		}
	}
	sum := sha256.New()
	for _, f := range p.order {
		sum.Write(fmt.Appendf(nil, "%s %d\n%s", f, len(p.texts[f]), p.texts[f]))
	}
	return p.order, hex.EncodeToString(sum.Sum(nil)), nil
}

// Tool is psql, which the tools of dumps call too.
func (Format) Tool() migration.Tool {
	return migration.Tool{
		Name:       "psql",
		Order:      func(a, b migration.Revision) int { return strings.Compare(a.File, b.File) },
		OutOfOrder: "a schema dump is loaded as a whole, in whatever order it is written",
	}
}

// Stamps is false: what a dump was loaded into does not say so.
func (Format) Stamps() (migration.Stamps, bool) { return migration.Stamps{}, false }

// Essence is the SQL of all files, in the order in which it runs.
func (Format) Essence(fsys fs.FS, r migration.Revision) (migration.Essence, error) {
	files := []string{r.File}
	if _, sum, err := readAll(fsys, files); err != nil {
		return nil, err
	} else if r.Checksum != "" && sum != r.Checksum {
		// Then it is the first of a folder.
		if files, err = list(fsys, path.Dir(r.File)); err != nil {
			return nil, err
		}
	}
	p := newPlan(fsys, nil)
	for _, f := range files {
		if err := p.include(f); err != nil {
			return nil, err
		}
	}
	var e migration.Essence
	for _, m := range p.messages {
		e = append(e, migration.SQL(m.SQL, m.Lines[0])...)
	}
	return e, nil
}

// byteOrderMark is what some editors begin a file with. psql passes over it.
const byteOrderMark = "\ufeff"
