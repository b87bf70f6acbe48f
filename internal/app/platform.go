package app

import (
	"context"
	"fmt"
	"io/fs"

	"github.com/headgate/headgate/internal/migration"
	"github.com/headgate/headgate/internal/postgres"
)

// platforms are those that the migrations run on, the released and the proposed ones.
func (c *run) platforms() []migration.Platform {
	formats := []migration.Format{c.format}
	if c.converted != nil {
		formats = append(formats, c.converted.format)
	}
	var found []migration.Platform
	for _, f := range formats {
		if folders, ok := f.(inFolders); ok {
			f = folders.Format
		}
		if p, ok := f.(migration.Platform); ok {
			found = append(found, p)
		}
	}
	return found
}

// setUpPlatforms makes what they bring. It comes after the user's own setup, which may have made it.
func (c *run) setUpPlatforms(ctx context.Context, database *postgres.Database) error {
	for _, p := range c.platforms() {
		if err := p.SetUp(ctx, c.target(database)); err != nil {
			return fmt.Errorf("the platform's objects cannot be made, so nothing can be checked: %w", err)
		}
	}
	return nil
}

// searchPath is where the code's connections look for names; empty where the server's own setting holds.
func (c *run) searchPath() []string {
	if len(c.config.SearchPath) > 0 {
		return c.config.SearchPath
	}
	for _, p := range c.platforms() {
		return p.SearchPath()
	}
	format := c.format
	if folders, ok := format.(inFolders); ok {
		format = folders.Format
	}
	if f, ok := format.(interface {
		SearchPath(fsys fs.FS, dir string) []string
	}); ok && c.proposed != nil {
		return f.SearchPath(c.headTree, c.proposed.Dir)
	}
	return nil
}

// brought tells of an extension that a platform brings it.
func (c *run) brought(extension string) bool {
	for _, p := range c.platforms() {
		if p.Brings(extension) {
			return true
		}
	}
	return false
}
