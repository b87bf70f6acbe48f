package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/headgate/headgate/internal/config"
	"github.com/headgate/headgate/internal/migration"
	"github.com/headgate/headgate/internal/report"
)

// readFile reads a file of this machine, such as the event of a workflow run.
func readFile(name string) ([]byte, error) { return os.ReadFile(name) }

// candidate is a folder that looks like the migrations of a format.
type candidate struct {
	dir    string
	format migration.Format
	files  int
}

// findHistories reads the migrations of both trees.
func (c *run) findHistories(ctx context.Context) (err error) {
	found, err := c.registry.findMigrations(c.headTree, c.config.Migrations, c.config.Format)
	if err != nil {
		return err
	}
	if c.config.Migrations == "" {
		c.say("migrations in %s: %s of %s, the only such folder", found.dir, report.Count(found.files, "file"), found.format.Name())
	}
	if f, ok := found.format.(interface {
		WithTypeAliases(map[string]string) migration.Format
	}); ok && len(c.config.TypeAliases) > 0 {
		found.format = f.WithTypeAliases(c.config.TypeAliases)
	}
	// A format whose revisions name their parents has its own way to read several folders.
	if folders := c.contractFolders(found.dir); len(folders) > 0 && found.format.Tool().Order != nil {
		found.format = inFolders{found.format, folders}
	}
	c.format = found.format
	refused := (*migration.RefusedError)(nil)
	c.proposed, err = readHistory(c.headTree, found)
	switch {
	case c.config.Base == baseDatabase && c.config.Baseline == config.BaselineModels:
		return usageError{errors.New("`baseline: models` needs the released code, and `base: database` names none; name a tag, branch or commit with `base`, or a SQL file with `baseline`")}
	case c.config.Base == baseDatabase && err == nil:
		c.released, err = c.readStamped(ctx)
		c.releasedTree = c.headTree
	case c.config.Base == baseDatabase: // which of a broken history it has is anybody's guess
	case errors.As(err, &refused):
		c.proposed, c.faults = refused.History, refused.Faults
		c.released, err = c.readAt(c.baseTree, c.base.Ref, found)
	case err == nil:
		c.released, err = c.readAt(c.baseTree, c.base.Ref, found)
	}
	if err != nil {
		return err
	}
	if err := c.compareHistories(ctx, found); err != nil {
		return fmt.Errorf("compare the histories: %w", err)
	}
	c.base.Heads, c.head.Heads = c.released.Heads(), c.proposed.Heads()
	return c.markContract()
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

// readAt reads the history of an earlier tree. Where the folder is not there under its name, it may have moved since; where
// there is none at all, the proposal brings the first migrations.
func (c *run) readAt(tree fs.FS, ref string, head candidate) (*migration.History, error) {
	if _, err := fs.Stat(tree, head.dir); err == nil {
		return head.format.Read(tree, head.dir)
	}
	candidates, err := c.registry.lookForMigrations(tree, head.format.Name())
	if err != nil {
		return nil, err
	}
	if len(candidates) == 1 {
		c.say("migrations at %s are in %s", ref, candidates[0].dir)
		return head.format.Read(tree, candidates[0].dir)
	}
	if ref == c.base.Ref {
		c.say("no migrations at %s, so the released schema is empty", ref)
	}
	return &migration.History{Format: head.format.Name(), Dir: head.dir}, nil
}

// findMigrations finds the folder and the format of a tree's migrations, as far as they were not named.
func (r registry) findMigrations(tree fs.FS, dir, format string) (candidate, error) {
	if dir != "" && format != "" {
		return candidate{dir: dir, format: byName(r.formats, format)}, nil
	}
	candidates, err := r.lookForMigrations(tree, format)
	if err != nil {
		return candidate{}, err
	}
	if dir != "" {
		candidates = slices.DeleteFunc(candidates, func(c candidate) bool { return c.dir != dir })
	}
	switch {
	case len(candidates) == 1:
		return candidates[0], nil
	case len(candidates) > 1:
		return candidate{}, usageError{severalError(candidates)}
	case dir == "":
		return candidate{}, usageError{fmt.Errorf("the repository holds no folder of %s migrations; name it with `migrations` and `format`", strings.Join(names(r.formats), " or "))}
	}
	if _, err := fs.Stat(tree, dir); errors.Is(err, fs.ErrNotExist) {
		return candidate{}, usageError{fmt.Errorf("there is no folder %s; name the migrations' folder with `migrations`", dir)}
	}
	return candidate{}, usageError{fmt.Errorf("the folder %s holds no migrations of a known format; name the format with `format`: %s", dir, strings.Join(names(r.formats), ", "))}
}

// severalError asks the user to choose, with the lines to paste.
func severalError(candidates []candidate) error {
	var b strings.Builder
	for i, c := range candidates {
		if i > 0 {
			b.WriteString(", or ")
		}
		fmt.Fprintf(&b, "`migrations: %s` with `format: %s` (%s)", c.dir, c.format.Name(), report.Count(c.files, "file"))
	}
	return fmt.Errorf("the repository has %d folders of migrations, and the choice is yours: set %s", len(candidates), b.String())
}

// passedOver are folders whose files are somebody else's, or no part of what is deployed.
var passedOver = regexp.MustCompile(`(^|/)(vendor|node_modules|testdata|\.git|\.[^/]+)/`)

// lookForMigrations finds every folder that holds files of a format (of the given one, if it is not empty).
func (r registry) lookForMigrations(tree fs.FS, format string) ([]candidate, error) {
	var found []candidate
	err := fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() || !canBeMigration(name) || passedOver.MatchString(name) {
			return nil
		}
		f, err := r.claimant(tree, name)
		if err != nil || f == nil || format != "" && f.Name() != format {
			return err
		}
		dir := path.Dir(name)
		at := slices.IndexFunc(found, func(c candidate) bool { return c.dir == dir && c.format.Name() == f.Name() })
		if at < 0 {
			at = len(found)
			found = append(found, candidate{dir: dir, format: f})
		}
		found[at].files++
		return nil
	})
	return found, err
}

// programFolder is a folder in which migrations that are programs are looked for, so that not every program of a
// repository is opened.
var programFolder = regexp.MustCompile(`(^|/)(versions|[^/]*(alembic|migration)[^/]*)/`)

// canBeMigration tells by a file's name alone whether it is worth opening.
func canBeMigration(name string) bool {
	switch path.Ext(name) {
	case ".sql":
		return true
	case ".py":
		return programFolder.MatchString(name)
	}
	return false
}

// claimant is the format that a file is a migration of, or nil.
func (r registry) claimant(tree fs.FS, name string) (migration.Format, error) {
	beginning, err := readBeginning(tree, name)
	if err != nil {
		return nil, err
	}
	for _, f := range r.formats {
		if f.Claims(name, beginning).Sure {
			return f, nil
		}
	}
	return nil, nil
}

// beginningBytes is how much of a file tells whether it is a migration: comments may stand before the annotation.
const beginningBytes = 4096

func readBeginning(tree fs.FS, name string) (beginning []byte, err error) {
	f, err := tree.Open(name)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	beginning, err = io.ReadAll(io.LimitReader(f, beginningBytes))
	return beginning, err
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
