package app

import (
	"io/fs"
	"slices"

	"github.com/headgate/headgate/internal/migration/command"
)

// source is a file that a language reads, with the indexes of the languages in the registry.
type source struct {
	name      string
	languages []int
}

// noteMigrations remembers where migrations stand, so that they are no service's code.
func (c *proposal) noteMigrations(runs []*run) {
	for _, r := range runs {
		c.programs = c.programs || r.config.MigrateCommand != ""
		if r.err != nil || r.proposed == nil {
			c.migrations.AddFolders(r.config.Migrations...)
			continue
		}
		c.migrations.Add(r.proposed)
		c.migrations.Add(r.released)
	}
}

// listSources lists what is code in a tree, whichever service's it is.
func (c *proposal) listSources(tree fs.FS) (all []source, err error) {
	err = fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if !entry.Type().IsRegular() || passedOver.MatchString(name) {
			return nil
		}
		var languages []int
		for i, l := range c.registry.languages {
			if l.Reads(name) {
				languages = append(languages, i)
			}
		}
		if languages == nil {
			return nil
		}
		isMigration, err := c.isMigration(tree, name)
		if err == nil && !isMigration {
			all = append(all, source{name, languages})
		}
		return err
	})
	return all, err
}

// isMigration tells whether a file is a migration, of a service or of nobody's, and so no code.
func (c *proposal) isMigration(tree fs.FS, name string) (bool, error) {
	if c.migrations.Holds(name) || c.programs && command.IsMigration(name) {
		return true, nil
	}
	if !canBeMigration(name) {
		return false, nil
	}
	f, err := c.registry.claimant(tree, name)
	return f != nil, err
}

// share tells the services that are to be checked which others read some of the same files, and gives those of them that are
// not to be checked themselves: their schemas decide whose a reference is.
func share(runs []*run) (beside []*run, err error) {
	if len(runs) == 1 {
		return nil, nil
	}
	all, err := runs[0].known.sources(runs[0].proposal, runs[0].headTree)
	if err != nil {
		return nil, err
	}
	shared := map[[2]int]bool{}
	var readers []int
	for _, s := range all {
		readers = readers[:0]
		for _, r := range runs {
			if r.config.Reads(s.name) {
				readers = append(readers, r.place)
			}
		}
		for i, a := range readers {
			for _, b := range readers[i+1:] {
				shared[[2]int{a, b}], shared[[2]int{b, a}] = true, true
			}
		}
	}
	for _, r := range runs {
		if !r.config.Asked() || r.err != nil {
			continue
		}
		for _, other := range runs {
			if !shared[[2]int{r.place, other.place}] {
				continue
			}
			r.sharing = append(r.sharing, other)
			if !other.config.Asked() && !slices.Contains(beside, other) {
				beside = append(beside, other)
			}
		}
	}
	return beside, nil
}
