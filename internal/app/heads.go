package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/headgate/headgate/internal/config"
	"github.com/headgate/headgate/internal/gitrepo"
	"github.com/headgate/headgate/internal/migration"
)

func newHeads(p Process, r registry) *cobra.Command {
	settings := r.settings()
	c := &cobra.Command{
		Use:   "heads",
		Short: "Print the head(s) of a migrations folder, one a line",
		Long: `heads prints the versions that no other migration follows: what a database must be stamped with to be up to date with
this build. --json prints the whole history.`,
		Example: `  headgate heads
  headgate heads --head v1.4.0 --migrations db/migrations --json`,
		Args: noArguments,
	}
	dir := addDirFlag(c)
	flags := addSettings(c, settings, "head", "migrations", "format")
	asJSON := c.Flags().Bool("json", false, "print the history as JSON")
	c.RunE = func(c *cobra.Command, _ []string) (err error) {
		conf, err := config.Given(settings, config.Sources{Flags: flags()})
		if err != nil {
			return usageError{err}
		}
		tree, done, err := p.headTree(c.Context(), *dir, conf.Head)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, done()) }()
		found, err := r.findMigrations(tree, conf.Migrations, conf.Format)
		if err != nil {
			return err
		}
		history, err := readHistory(tree, found)
		if err != nil {
			return err
		}
		return p.printHeads(history, *asJSON)
	}
	return c
}

// headTree is the tree at a revision, the work tree, or a folder that is in no repository: where an image is built, there is
// often no .git.
func (p Process) headTree(ctx context.Context, dir, head string) (tree fs.FS, done func() error, err error) {
	repo, err := p.open(ctx, dir)
	if none := (*gitrepo.NotARepositoryError)(nil); errors.As(err, &none) && none.Reason == "" && head == "" {
		root, err := os.OpenRoot(dir)
		if err != nil {
			return nil, nil, usageError{err}
		}
		return root.FS(), root.Close, nil
	}
	if err != nil {
		return nil, nil, err
	}
	_, tree, err = p.readHead(ctx, repo, head)
	if err != nil {
		return nil, nil, errors.Join(err, repo.Close())
	}
	return tree, repo.Close, nil
}

func (p Process) printHeads(h *migration.History, asJSON bool) error {
	if !asJSON {
		for _, head := range h.Heads() {
			if _, err := fmt.Fprintln(p.Stdout, head); err != nil {
				return err
			}
		}
		return nil
	}
	e := json.NewEncoder(p.Stdout)
	e.SetIndent("", "  ")
	return e.Encode(struct {
		Format       string               `json:"format"`
		VersionTable string               `json:"versionTable,omitempty"`
		Heads        []string             `json:"heads"`
		Revisions    []migration.Revision `json:"revisions"`
	}{h.Format, h.VersionTable, h.Heads(), h.Revisions})
}
