package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"

	"github.com/headgate/headgate/internal/config"
	"github.com/headgate/headgate/internal/migration"
	"github.com/headgate/headgate/internal/report"
)

// readFile reads a file of this machine, such as the event of a workflow run.
func readFile(name string) ([]byte, error) { return os.ReadFile(name) }

// findHistories reads the migrations of both trees.
func (c *run) findHistories(ctx context.Context) (err error) {
	if c.config.MigrateCommand != "" {
		return c.expectCommand()
	}
	found, err := c.registry.findMigrations(c.headTree, c.config.Migrations, c.config.Format)
	if err != nil {
		return err
	}
	if len(c.config.Migrations) == 0 {
		c.say("migrations in %s: %s of %s, %s", found.dir, report.Count(found.files, "file"), found.format.Name(), found.reason())
	}
	if found.format, err = c.adapt(found.format, found.dir); err != nil {
		return err
	}
	c.format = found.format
	c.proposed, err = readHistory(c.headTree, found)
	if refused := (*migration.RefusedError)(nil); errors.As(err, &refused) && c.config.Base != baseDatabase {
		// Which of a broken history a database has is anybody's guess.
		c.proposed, c.faults, err = refused.History, refused.Faults, nil
	}
	if err != nil {
		return err
	}
	if err := c.findReleased(ctx, found); err != nil {
		return err
	}
	if err := c.compareHistories(ctx, found); err != nil {
		return fmt.Errorf("compare the histories: %w", err)
	}
	c.base.Heads, c.head.Heads = c.released.Heads(), c.proposed.Heads()
	return c.markContract()
}

// adapt hands a format the settings that are about it.
func (c *run) adapt(format migration.Format, dir string) (migration.Format, error) {
	if f, ok := format.(interface {
		WithTypeAliases(map[string]string) migration.Format
	}); ok && len(c.config.TypeAliases) > 0 {
		format = f.WithTypeAliases(c.config.TypeAliases)
	}
	folders := inFolders{Format: format, contract: c.contractFolders(dir)}
	if len(c.config.Migrations) > 1 {
		folders.more = c.config.Migrations[1:]
	}
	switch {
	case len(folders.more)+len(folders.contract) == 0:
		return format, nil
	case format.Tool().Order != nil:
		return folders, nil
	case len(folders.more) > 0:
		return nil, usageError{fmt.Errorf("`migrations` takes one folder for %s, which finds its other folders by its own settings", format.Name())}
	}
	return format, nil // a format whose revisions name their parents has its own way to read several folders
}

// findReleased reads the released history: what the base has, or a live database.
func (c *run) findReleased(ctx context.Context, found candidate) (err error) {
	switch {
	case c.config.Base == baseDatabase && c.config.Baseline == config.BaselineModels:
		return usageError{errors.New("`baseline: models` needs the released code, and `base: database` names none; name a tag, branch or commit with `base`, or a SQL file with `baseline`")}
	case c.config.Base == baseDatabase:
		c.released, err = c.readStamped(ctx)
		c.releasedTree = c.headTree
		return err
	}
	earlier, err := c.readAt(c.baseTree, c.base.Ref, found)
	if err != nil {
		return err
	}
	if earlier.format.Name() != found.format.Name() {
		return c.convert(earlier)
	}
	c.released = earlier.history
	return nil
}

// readHistory reads a history that must not be empty.
func readHistory(tree fs.FS, found candidate) (*migration.History, error) {
	h, err := found.format.Read(tree, found.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, usageError{fmt.Errorf("there is no folder %s; name the migrations' folder with `migrations`", found.dir)}
	}
	if err != nil {
		return nil, err
	}
	if len(h.Revisions) == 0 {
		return nil, usageError{fmt.Errorf("the folder %s holds no %s migrations; name the migrations' folder with `migrations`", found.dir, found.format.Name())}
	}
	return h, nil
}

// sited is a history as it was found at a commit, with its format there.
type sited struct {
	format  migration.Format
	history *migration.History
}

// readAt reads the history of an earlier tree. The folder may have moved since, and the tool may have been another one;
// where there are no migrations at all, the proposal brings the first.
func (c *run) readAt(tree fs.FS, ref string, head candidate) (sited, error) {
	if _, err := fs.Stat(tree, head.dir); err == nil {
		there, err := c.registry.lookForMigrations(tree, head.dir)
		if err != nil {
			return sited{}, err
		}
		if other, changed := there.otherFormat(head.format.Name()); changed {
			// Where the format does not know its files by themselves, their being others says nothing.
			here, err := c.registry.lookForMigrations(c.headTree, head.dir)
			if err != nil {
				return sited{}, err
			}
			if here.has(head.format.Name()) {
				return c.readOther(tree, ref, head, other)
			}
		}
		h, err := head.format.Read(tree, head.dir)
		return sited{head.format, h}, err
	}
	seen, err := c.registry.lookForMigrations(tree, ".")
	if err != nil {
		return sited{}, err
	}
	seen.candidates = slices.DeleteFunc(seen.candidates, func(found candidate) bool { return slices.Contains(c.elsewhere, found.dir) })
	if same := seen.choose(nil, head.format.Name()); len(same) == 1 {
		h, err := head.format.Read(tree, same[0].dir)
		if c.config.Service == "" || err == nil && c.continues(h) {
			c.say("migrations at %s are in %s", ref, same[0].dir)
			return sited{head.format, h}, err
		}
	} else if other := seen.choose(nil, ""); len(other) == 1 && c.config.Service == "" {
		return c.readOther(tree, ref, head, other[0])
	}
	if ref == c.base.Ref {
		c.say("no migrations at %s, so the released schema is empty", ref)
	}
	return sited{head.format, &migration.History{Format: head.format.Name(), Dir: head.dir}}, nil
}

// continues tells whether a file of an earlier history is one of the proposed one, by its name: the folder of a service that is
// new must not be taken for one that has moved.
func (c *run) continues(earlier *migration.History) bool {
	names := map[string]bool{}
	for _, r := range c.proposed.Revisions {
		names[path.Base(r.File)] = true
	}
	return slices.ContainsFunc(earlier.Revisions, func(r migration.Revision) bool { return names[path.Base(r.File)] })
}

// readOther reads the history of an earlier tree whose migrations were of another tool.
func (c *run) readOther(tree fs.FS, ref string, head, other candidate) (sited, error) {
	c.say("migrations at %s are %s in %s; now they are %s", ref, other.format.Name(), other.dir, head.format.Name())
	h, err := other.format.Read(tree, other.dir)
	return sited{other.format, h}, err
}

// secret are the names of variables that a migration must not be able to put into the schema, and so into an error.
var secret = regexp.MustCompile(`(?i)token|secret|passw|private|credential|api_?key|access_?key|^(INPUT|ACTIONS|AWS|AZURE|SSH|PG)_?`)

// migrationEnv is the environment that a migration may read where its format substitutes variables.
func (c *run) migrationEnv(name string) (string, bool) {
	if secret.MatchString(name) {
		return "", false
	}
	return c.lookup(name)
}
