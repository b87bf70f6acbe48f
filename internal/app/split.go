package app

import (
	"fmt"
	"io/fs"
	"regexp"
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
	for i := range c.proposed.Revisions {
		r := &c.proposed.Revisions[i]
		if released[r.Version] {
			continue
		}
		text, err := fs.ReadFile(c.headTree, r.File)
		if err != nil {
			return fmt.Errorf("read the migration: %w", err)
		}
		r.Contract = c.config.Contracts(r.File) || contractName.MatchString(r.File) || contractComment.Match(text)
	}
	return nil
}
