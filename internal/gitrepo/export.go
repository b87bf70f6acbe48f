package gitrepo

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// Export writes the files at a commit into dir, a folder that is there, symbolic links included. There is no .git among
// them, which can hold a token for the remote. A partial clone fetches what it lacks.
func (r *Repo) Export(ctx context.Context, commit, dir string) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	index := filepath.Join(r.private, "index-"+commit)
	defer os.Remove(index) //nolint:errcheck // it goes with its folder at the latest
	g := r.own
	g.dir = dir
	g.env = append(slices.Clip(g.env), "GIT_INDEX_FILE="+index, "GIT_WORK_TREE="+dir)
	for _, args := range [][]string{{"read-tree", commit}, {"checkout-index", "--all", "--force"}} {
		if _, err := g.output(ctx, nil, args...); err != nil {
			return fmt.Errorf("write out the files at %s: %w", commit, err)
		}
	}
	return nil
}
