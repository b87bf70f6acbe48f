package app

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/headgate/headgate/internal/config"
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
		conf, err := config.Load(settings, config.Sources{Flags: flags()})
		if err != nil {
			return usageError{err}
		}
		repo, err := p.open(c.Context(), *dir)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, repo.Close()) }()
		_, tree, err := p.readHead(c.Context(), repo, conf.Head)
		if err != nil {
			return err
		}
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
		Format    string               `json:"format"`
		Heads     []string             `json:"heads"`
		Revisions []migration.Revision `json:"revisions"`
	}{h.Format, h.Heads(), h.Revisions})
}
