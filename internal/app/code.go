package app

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"time"

	"github.com/headgate/headgate/internal/migration"
	"github.com/headgate/headgate/internal/reference"
)

// code is what was read of the proposed code, and how it differs from the released one.
type code struct {
	files      int
	references []reference.Reference
	// stood tells whether the released code has the same reference.
	stood func(reference.Reference) bool
}

// readCode reads the references of the head, and of the base as far as it differs.
func (c *run) readCode(ctx context.Context) (code, error) {
	start := time.Now()
	defer func() { c.watch.took("references", time.Since(start)) }()
	files, err := c.codeFiles(c.headTree)
	if err != nil {
		return code{}, err
	}
	var read code
	for _, l := range files {
		read.files += len(l)
	}
	err = c.readReferences(ctx, c.headTree, files, func(r reference.Reference) { read.references = append(read.references, r) })
	if err != nil {
		return code{}, err
	}
	read.stood, err = c.readStood(ctx)
	return read, err
}

// codeFiles lists the files that each language reads, in the registry's order of languages.
func (c *run) codeFiles(tree fs.FS) ([][]string, error) {
	files := make([][]string, len(c.registry.languages))
	err := fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if !entry.Type().IsRegular() || passedOver.MatchString(name) || !c.config.Reads(name) {
			return nil
		}
		for i, l := range c.registry.languages {
			if !l.Reads(name) {
				continue
			}
			if isMigration, err := c.isMigration(tree, name); err != nil || isMigration {
				return err
			}
			files[i] = append(files[i], name)
		}
		return nil
	})
	return files, err
}

// isMigration tells whether a file is a migration of this set or of another one, and so no code.
func (c *run) isMigration(tree fs.FS, name string) (bool, error) {
	for _, h := range []*migration.History{c.proposed, c.released} {
		if h.Holds(name) {
			return true, nil
		}
	}
	if !canBeMigration(name) {
		return false, nil
	}
	f, err := c.registry.claimant(tree, name)
	return f != nil, err
}

func (c *run) readReferences(ctx context.Context, tree fs.FS, files [][]string, emit func(reference.Reference)) error {
	for i, l := range c.registry.languages {
		if len(files[i]) == 0 {
			continue
		}
		if err := l.Read(ctx, tree, files[i], emit); err != nil {
			return fmt.Errorf("read the %s files: %w", l.Name(), err)
		}
	}
	return nil
}

// readStood reads the released code where it differs from the proposed one: the folders with a changed file, since
// constants are folded across a folder. What stands in any other folder stood before.
func (c *run) readStood(ctx context.Context) (func(reference.Reference) bool, error) {
	folders := map[string]bool{}
	for _, name := range c.changed {
		folders[path.Dir(name)] = true
	}
	files, err := c.codeFiles(c.baseTree)
	if err != nil {
		return nil, err
	}
	for i := range files {
		files[i] = slices.DeleteFunc(files[i], func(name string) bool { return !folders[path.Dir(name)] })
	}
	before := map[string]bool{}
	err = c.readReferences(ctx, c.baseTree, files, func(r reference.Reference) { before[r.SQL] = true })
	return func(r reference.Reference) bool {
		return before[r.SQL] || !folders[path.Dir(r.Place.File)]
	}, err
}
