package sqlx

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/BurntSushi/toml"

	"github.com/headgate/headgate/internal/migration"
)

// versionTable is what sqlx calls its table unless it is told otherwise.
const versionTable = "_sqlx_migrations"

// settings are those of sqlx.toml that change what a migration does (sqlx-core, config/migrate.rs).
type settings struct {
	// Table is SQL as it is: it can have a schema and quotes.
	Table   string   `toml:"table-name"`
	Schemas []string `toml:"create-schemas"`
	// Ignored are characters that are left out of a checksum.
	Ignored []string `toml:"ignored-chars"`
}

// readSettings reads the sqlx.toml that is nearest above the migrations' folder: sqlx looks for it beside Cargo.toml.
func readSettings(fsys fs.FS, dir string) (settings, error) {
	for {
		name := path.Join(dir, "sqlx.toml")
		text, err := fs.ReadFile(fsys, name)
		switch {
		case err == nil:
			return parseSettings(name, string(text))
		case !errors.Is(err, fs.ErrNotExist):
			return settings{}, fmt.Errorf("read sqlx's settings: %w", err)
		case dir == ".":
			return settings{Table: versionTable}, nil
		}
		dir = path.Dir(dir)
	}
}

func parseSettings(name, text string) (settings, error) {
	var file struct {
		Migrate settings `toml:"migrate"`
	}
	if _, err := toml.Decode(text, &file); err != nil {
		e := &migration.Error{File: name, Problem: "sqlx's settings cannot be read: " + err.Error(), Remedy: "correct the file", Err: err}
		if at := (toml.ParseError{}); errors.As(err, &at) {
			e.Line, e.Problem = at.Position.Line, "sqlx's settings cannot be read: "+at.Message
		}
		return settings{}, e
	}
	s := file.Migrate
	if s.Table == "" {
		s.Table = versionTable
	}
	return s, nil
}

// hashed is what of a file goes into its checksum.
func (s settings) hashed(text string) string {
	for _, c := range s.Ignored {
		if c != "" {
			text = strings.ReplaceAll(text, c, "")
		}
	}
	return text
}

// essence is what of a file goes into its checksum, line by line, or letter by letter where lines may be broken anew.
func (s settings) essence(text string) migration.Essence {
	var e migration.Essence
	line := 0
	for l := range strings.Lines(text) {
		line++
		kept := s.hashed(l)
		if len(s.Ignored) == 0 {
			e = append(e, migration.Token{Text: kept, Line: line})
			continue
		}
		for _, c := range kept {
			e = append(e, migration.Token{Text: string(c), Line: line})
		}
	}
	return e
}
