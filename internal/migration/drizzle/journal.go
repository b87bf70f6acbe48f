package drizzle

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/headgate/headgate/internal/migration"
	"github.com/headgate/headgate/internal/migration/script"
)

const (
	journalFile = "meta/_journal.json"
	// breakpoint parts a file, wherever it stands (drizzle-orm, migrator.ts, readMigrationFiles).
	breakpoint = "--> statement-breakpoint"
)

// entry is one migration of the journal.
type entry struct {
	tag  string
	when int64 // milliseconds since 1970
	line int   // of the journal, from 1
}

// readJournal reads the journal of the folder dir.
func readJournal(fsys fs.FS, dir string) ([]entry, error) {
	file := path.Join(dir, journalFile)
	text, err := fs.ReadFile(fsys, file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, noJournal(fsys, dir)
	}
	if err != nil {
		return nil, fmt.Errorf("read the journal: %w", err)
	}
	entries, err := parseJournal(text)
	if fault := (*migration.Error)(nil); errors.As(err, &fault) {
		fault.File = file
	}
	return entries, err
}

// noJournal tells the folders of drizzle-kit 1.0, whose migrator notes names instead of times, from nothing at all.
func noJournal(fsys fs.FS, dir string) error {
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if _, err := fs.Stat(fsys, path.Join(dir, e.Name(), "migration.sql")); e.IsDir() && err == nil {
			return newLayout(path.Join(dir, e.Name(), "migration.sql"))
		}
	}
	return &migration.Error{File: dir, Problem: "there is no " + journalFile + " in this folder, which Drizzle goes by", Remedy: "name the folder that drizzle.config calls `out`"}
}

func newLayout(file string) error {
	return &migration.Error{File: file, Problem: "this is the layout of drizzle-kit 1.0, a folder for each migration, which this release does not read", Remedy: "Headgate reads folders with " + journalFile}
}

// parseJournal reads the entries with their lines. Its error is a *migration.Error without a file.
func parseJournal(text []byte) ([]entry, error) {
	at := func(offset int64, problem string) error {
		line := bytes.Count(text[:min(int(offset), len(text))], []byte("\n")) + 1
		return &migration.Error{Line: line, Problem: problem, Remedy: "restore the journal as drizzle-kit wrote it"}
	}
	if !json.Valid(text) {
		bad := (*json.SyntaxError)(nil)
		if err := json.Unmarshal(text, new(any)); errors.As(err, &bad) {
			return nil, at(bad.Offset, "the journal is no JSON: "+bad.Error())
		}
		return nil, at(0, "the journal is no JSON")
	}
	var journal struct {
		Dialect string          `json:"dialect"`
		Entries json.RawMessage `json:"entries"`
	}
	if err := json.Unmarshal(text, &journal); err != nil || len(journal.Entries) == 0 {
		return nil, at(0, "the journal has no list of entries")
	}
	if d := journal.Dialect; d != "" && d != "postgresql" && d != "pg" {
		dialect := bytes.Index(text, []byte(`"dialect"`))
		return nil, &migration.Error{
			Line: bytes.Count(text[:max(dialect, 0)], []byte("\n")) + 1, Problem: fmt.Sprintf("the journal is for the dialect %.50q, and Headgate reads migrations for PostgreSQL", d),
			Remedy: "name the folder that drizzle.config calls `out` where its dialect is postgresql, with `migrations`",
		}
	}
	start := int64(bytes.LastIndex(text, journal.Entries))
	list := json.NewDecoder(bytes.NewReader(journal.Entries))
	if open, err := list.Token(); err != nil || open != json.Delim('[') {
		return nil, at(start, "the journal has no list of entries")
	}
	var entries []entry
	for list.More() {
		var raw json.RawMessage
		if err := list.Decode(&raw); err != nil {
			return nil, at(start, "the journal has no list of entries")
		}
		offset := start + list.InputOffset() - int64(len(raw))
		var e struct {
			Tag  *string `json:"tag"`
			When *int64  `json:"when"`
		}
		if err := json.Unmarshal(raw, &e); err != nil || e.Tag == nil || e.When == nil {
			return nil, at(offset, "this entry needs a text `tag` and a whole number `when`")
		}
		if !fs.ValidPath(*e.Tag) || *e.Tag == "." || strings.ContainsRune(*e.Tag, 0) {
			return nil, at(offset, fmt.Sprintf("the tag %q is no name of a file in this folder", *e.Tag))
		}
		entries = append(entries, entry{tag: *e.Tag, when: *e.When, line: bytes.Count(text[:offset], []byte("\n")) + 1})
	}
	return entries, nil
}

// pieces makes a message of each part between breakpoints that holds a statement.
func pieces(text string) []script.Message {
	var messages []script.Message
	line, column := 0, 0 // before the part, from 0; in runes
	for i, part := range strings.Split(text, breakpoint) {
		if i > 0 {
			column += len(breakpoint)
		}
		for _, m := range script.Whole(part, 0, len(part)) {
			if m.Lines[0] == 1 {
				m.Indent += column
			}
			for j := range m.Lines {
				m.Lines[j] += line
			}
			messages = append(messages, m)
		}
		line += strings.Count(part, "\n")
		if last := strings.LastIndexByte(part, '\n'); last >= 0 {
			part, column = part[last+1:], 0
		}
		column += utf8.RuneCountInString(part)
	}
	return messages
}
