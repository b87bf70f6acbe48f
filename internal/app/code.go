package app

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"time"

	"github.com/headgate/headgate/internal/reference"
)

// code is what was read of both code versions.
type code struct {
	files int
	// references are the proposed code's, gone those of the released code that the proposed code no longer has.
	references, gone []reference.Reference
	// stood tells whether the released code has a reference of the proposed code as well.
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
	return read, c.readGone(ctx, &read)
}

// codeFiles lists the files that each language reads, in the registry's order of languages.
func (c *run) codeFiles(tree fs.FS) ([][]string, error) {
	all, err := c.known.sources(c.proposal, tree)
	if err != nil {
		return nil, err
	}
	files := make([][]string, len(c.registry.languages))
	for _, s := range all {
		if !c.config.Reads(s.name) {
			continue
		}
		for _, i := range s.languages {
			files[i] = append(files[i], s.name)
		}
	}
	return files, nil
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

// readGone reads the released code as far as it can differ from the proposed one: the folders with a changed file, since
// constants are folded across a folder, and what depends on a changed file elsewhere. The rest stood before as it stands now.
func (c *run) readGone(ctx context.Context, read *code) error {
	files, reread, err := c.differing()
	if err != nil {
		return err
	}
	stays := map[identity]int{}
	for _, r := range read.references {
		stays[identityOf(r)]++
	}
	before := map[string]bool{}
	err = c.readReferences(ctx, c.baseTree, files, func(r reference.Reference) {
		before[r.SQL] = true
		id := identityOf(r)
		switch {
		case stays[id] == 0:
			read.gone = append(read.gone, r)
		case r.Unchecked != "":
			stays[id]--
		}
	})
	read.stood = func(r reference.Reference) bool {
		return before[r.SQL] || !reread(r.Place.File)
	}
	return err
}

// differing lists the released files of each language that can say something else than the proposed ones, and tells whether a
// file is one of them or lies in a folder that has changed.
func (c *run) differing() (files [][]string, reread func(file string) bool, err error) {
	if files, err = c.codeFiles(c.baseTree); err != nil {
		return nil, nil, err
	}
	folders, dependents := map[string]bool{}, map[string]bool{}
	for _, name := range c.changed {
		folders[path.Dir(name)] = true
	}
	for i, l := range c.registry.languages {
		depending, ok := l.(interface {
			Dependents(fsys fs.FS, files, changed []string) ([]string, error)
		})
		if !ok {
			continue
		}
		list, err := depending.Dependents(c.baseTree, files[i], c.changed)
		if err != nil {
			return nil, nil, err
		}
		for _, name := range list {
			dependents[name] = true
		}
	}
	reread = func(name string) bool { return folders[path.Dir(name)] || dependents[name] }
	for i := range files {
		files[i] = slices.DeleteFunc(files[i], func(name string) bool { return !reread(name) })
	}
	return files, reread, nil
}

// identity is what makes a reference of the released code the same as one of the proposed code: its text, wherever it
// stands. What cannot be checked has no text that says enough; it is the same in the same file for the same reason.
type identity struct{ sql, file, reason string }

func identityOf(r reference.Reference) identity {
	if r.Unchecked == "" {
		return identity{sql: r.SQL}
	}
	return identity{r.SQL, r.Place.File, r.Unchecked}
}
