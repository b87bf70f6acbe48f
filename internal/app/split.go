package app

import (
	"bytes"
	"fmt"
	"io/fs"
	"regexp"

	"github.com/headgate/headgate/internal/migration"
)

// A pending migration contracts the schema, and so runs after the code, where the setting `contract` names it, where its name
// ends so, or where a comment of it says so.
var (
	contractName    = regexp.MustCompile(`[._-]contract(\.up)?\.[a-z]+$`)
	contractComment = regexp.MustCompile(`(?m)^\s*(?:--|#)\s*headgate:\s*contract\s*$`)
)

// markContract marks the pending migrations that contract the schema.
func (c *run) markContract() error {
	released := map[string]bool{}
	for _, r := range c.released.Revisions {
		released[r.Version] = true
	}
	var file string
	var lines [][]byte
	for i := range c.proposed.Revisions {
		r := &c.proposed.Revisions[i]
		if released[r.Version] {
			continue
		}
		if r.File != file {
			text, err := fs.ReadFile(c.headTree, r.File)
			if err != nil {
				return fmt.Errorf("read the migration: %w", err)
			}
			file, lines = r.File, bytes.SplitAfter(text, []byte("\n"))
		}
		r.Contract = c.config.Contracts(r.File) || contractName.MatchString(r.File) || contractComment.Match(ownText(lines, c.proposed.Revisions, i))
	}
	return nil
}

// ownText is what of a file's lines a revision has: all of them, or those up to where the next one in the file begins.
func ownText(lines [][]byte, revisions []migration.Revision, i int) []byte {
	begin, end := 0, len(lines)
	if r := revisions[i]; r.Line > 0 {
		begin = min(r.Line-1, end)
		if i+1 < len(revisions) && revisions[i+1].File == r.File {
			end = min(max(revisions[i+1].Line-1, begin), end)
		}
	}
	return bytes.Join(lines[begin:end], nil)
}
