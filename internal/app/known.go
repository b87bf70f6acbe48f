package app

import (
	"context"
	"io/fs"
	"strings"
	"sync"

	"github.com/headgate/headgate/internal/config"
	"github.com/headgate/headgate/internal/gitrepo"
)

// known is what was asked of git already: services mostly have the same base.
type known struct {
	mu      sync.Mutex
	bases   map[string]gitrepo.Base // by the pattern of the release tags
	trees   map[string]fs.FS        // by commit
	changed map[string][]string     // by commit
	code    map[fs.FS][]source      // by tree
	said    map[string]bool

	reading map[string]func() (code, error) // by the patterns and the base
}

func (k *known) defaultBase(ctx context.Context, c *proposal, conf *config.Config) (gitrepo.Base, error) {
	return once(k, &k.bases, conf.ReleaseTags, func() (gitrepo.Base, error) {
		return c.repo.DefaultBase(ctx, c.event, conf.Head, conf.ReleaseTags)
	})
}

func (k *known) tree(ctx context.Context, c *proposal, commit string) (fs.FS, error) {
	return once(k, &k.trees, commit, func() (fs.FS, error) { return c.repo.Tree(ctx, commit) })
}

func (k *known) changedSince(ctx context.Context, c *proposal, commit string) ([]string, error) {
	return once(k, &k.changed, commit, func() ([]string, error) { return c.repo.Changed(ctx, commit, c.headCommit()) })
}

func (k *known) sources(c *proposal, tree fs.FS) ([]source, error) {
	return once(k, &k.code, tree, func() ([]source, error) { return c.listSources(tree) })
}

// readCode reads the code of a service, unless one with the same patterns and base has read it. The context is that of all.
func (k *known) readCode(ctx context.Context, c *run) (code, error) {
	k.mu.Lock()
	if k.reading == nil {
		k.reading = map[string]func() (code, error){}
	}
	key := c.base.Commit + "\n" + strings.Join(c.config.Code, "\n")
	read, begun := k.reading[key]
	if !begun {
		read = sync.OnceValues(func() (code, error) { return c.readCode(ctx) })
		k.reading[key] = read
	}
	k.mu.Unlock()
	return read()
}

// isNew tells whether a sentence was not said yet.
func (k *known) isNew(sentence string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.said[sentence] {
		return false
	}
	if k.said == nil {
		k.said = map[string]bool{}
	}
	k.said[sentence] = true
	return true
}

// once asks only for what is not known.
func once[Q comparable, T any](k *known, answers *map[Q]T, question Q, ask func() (T, error)) (T, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if answer, there := (*answers)[question]; there {
		return answer, nil
	}
	answer, err := ask()
	if err == nil {
		if *answers == nil {
			*answers = map[Q]T{}
		}
		(*answers)[question] = answer
	}
	return answer, err
}
