package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/headgate/headgate/internal/gate"
	"github.com/headgate/headgate/internal/migration"
	"github.com/headgate/headgate/internal/migration/command"
	"github.com/headgate/headgate/internal/postgres"
	"github.com/headgate/headgate/internal/schema"
)

// commanded is the history of migrations that a command ran, which is known once it has.
type commanded struct{ released, proposed *migration.History }

// expectCommand prepares for migrations that a command runs: there is nothing to read before it has.
func (c *run) expectCommand() error {
	switch {
	case c.config.Format != "" && c.config.Format != (command.Format{}).Name():
		return usageError{fmt.Errorf("`migrate-command` runs the migrations itself; leave `format: %s` out, or the command", c.config.Format)}
	case c.config.Base == baseDatabase || c.config.Baseline != "" || c.config.Reversible:
		return usageError{errors.New("`migrate-command` does not go with `base: database`, `baseline` or `reversible`, which need migrations that can be read")}
	}
	c.format = command.Format{}
	c.released = &migration.History{Format: c.format.Name(), Dir: "."}
	c.proposed = &migration.History{Format: c.format.Name(), Dir: "."}
	return nil
}

// buildByCommand has the command migrate an empty database in the released tree, and a copy of it in the proposed one.
func (c *run) buildByCommand(ctx context.Context, server *postgres.Server) (built schemas, err error) {
	database, checksBodies, err := c.first(ctx, server)
	if err != nil {
		return built, err
	}
	folder, err := os.MkdirTemp("", "headgate-tree-")
	if err != nil {
		return built, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	released, err := c.runReleased(ctx, database, filepath.Join(folder, "released"))
	if err != nil {
		return built, err
	}
	at, err := c.look(ctx, database)
	if err != nil {
		return built, err
	}
	at.Name, at.ChecksBodies = gate.SchemaReleased, checksBodies
	built.steps, built.database = []gate.Schema{at}, database
	built.commanded = &commanded{released: released, proposed: released}
	clone, err := server.Clone(ctx, database)
	if err != nil {
		return built, err
	}
	if err := c.runProposed(ctx, clone, filepath.Join(folder, "proposed"), &built); err != nil || built.broken != nil {
		return built, err
	}
	proposed, err := c.look(ctx, clone)
	if err != nil {
		return built, err
	}
	proposed.Name, proposed.ChecksBodies = gate.SchemaProposed, checksBodies
	built.steps, built.database = append(built.steps, proposed), clone
	built.origins, err = c.commandOrigins(schema.Diff(at.Snapshot, proposed.Snapshot), built.pending)
	return built, err
}

// runReleased migrates with the released tree.
func (c *run) runReleased(ctx context.Context, database *postgres.Database, folder string) (*migration.History, error) {
	if err := os.Mkdir(folder, 0o700); err != nil {
		return nil, err
	}
	if err := c.repo.Export(ctx, c.base.Commit, folder); err != nil {
		return nil, err
	}
	c.say("migrate-command in the released tree (%s): %s", c.base.Ref, c.config.MigrateCommand)
	if err := c.migrate(ctx, database, folder); err != nil {
		return nil, fmt.Errorf("the released schema cannot be built, so nothing can be checked: at %s, %w", c.base.Ref, err)
	}
	return c.readApplied(ctx, database, c.baseTree, true)
}

// runProposed migrates with the proposed tree: where it lies, since what the workflow has installed is there, or written out.
// A command that fails there is a finding.
func (c *run) runProposed(ctx context.Context, database *postgres.Database, folder string, built *schemas) error {
	if c.head.Ref == "" {
		folder = c.repo.Top()
	} else if err := os.Mkdir(folder, 0o700); err != nil {
		return err
	} else if err := c.repo.Export(ctx, c.head.Commit, folder); err != nil {
		return err
	}
	c.say("migrate-command in the proposed tree: %s", c.config.MigrateCommand)
	err := c.migrate(ctx, database, folder)
	failed := (*command.FailedError)(nil)
	if err != nil && !errors.As(err, &failed) {
		return err
	}
	proposed, readErr := c.readApplied(ctx, database, c.headTree, false)
	if readErr != nil {
		return readErr
	}
	built.commanded.proposed = proposed
	built.pending = proposed.Pending(built.commanded.released)
	if failed != nil {
		built.broken = &migration.Error{File: c.commandPlace(built.pending), Line: 1, Problem: failed.Error(), Err: failed,
			Remedy: "mend the migration that fails on the released schema"}
	}
	return nil
}

// commandPlace is the file that a failure of the command is shown at.
func (c *run) commandPlace(pending []migration.Revision) string {
	for _, r := range pending {
		if r.File != "" {
			return r.File
		}
	}
	for _, file := range c.changed {
		if command.IsMigration(file) {
			return file
		}
	}
	return "headgate.yaml"
}

func (c *run) migrate(ctx context.Context, database *postgres.Database, dir string) error {
	return command.Run{
		Command: c.config.MigrateCommand, Dir: dir, Environ: c.Environ, Database: database.Config(), Timeout: c.config.MigrateTimeout,
	}.Do(ctx)
}

// readApplied reads the history out of the database.
func (c *run) readApplied(ctx context.Context, database *postgres.Database, tree fs.FS, tell bool) (h *migration.History, err error) {
	conn, err := pgx.ConnectConfig(ctx, database.Config())
	if err != nil {
		return nil, fmt.Errorf("connect to read the version table: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	applied, err := command.ReadApplied(ctx, conn)
	if err != nil {
		return nil, err
	}
	switch {
	case !tell:
	case applied.Table == "":
		c.say("no known version table is there, so what is pending is told by the schema alone")
	default:
		c.say("the version table %s (%s) names %d released migrations", applied.Table, applied.Tool, len(applied.Versions))
	}
	return applied.History(tree)
}

// commandOrigins lays each change at the pending migration whose text names the object, at its line; else at the last one.
func (c *run) commandOrigins(changes []schema.Change, pending []migration.Revision) ([]schema.Origin, error) {
	var texts []string
	for _, r := range pending {
		if r.File == "" {
			texts = append(texts, "")
			continue
		}
		text, err := fs.ReadFile(c.headTree, r.File)
		if err != nil {
			return nil, fmt.Errorf("read the migration: %w", err)
		}
		texts = append(texts, string(text))
	}
	last := migration.Revision{Version: "migrate-command", File: c.commandPlace(pending)}
	if len(pending) > 0 {
		last = pending[len(pending)-1]
	}
	origins := make([]schema.Origin, len(changes))
	for i, change := range changes {
		origins[i] = schema.Origin{Change: change, Revision: last, Line: 1}
		for j, text := range texts {
			if line := lineNaming(text, change.Object); line > 0 {
				origins[i].Revision, origins[i].Line = pending[j], line
				break
			}
		}
	}
	return origins, nil
}

// lineNaming is the first line that names an object, 0 if none does.
func lineNaming(text string, o schema.Object) int {
	name, _, _ := strings.Cut(o.Name, "(")
	if name == "" {
		name = o.Table
	}
	n := 0
	for line := range strings.Lines(text) {
		n++
		if strings.Contains(line, name) {
			return n
		}
	}
	return 0
}

// adopt takes in the history that the command's runs have shown.
func (c *run) adopt(built schemas) {
	if built.commanded == nil {
		return
	}
	c.released, c.proposed = built.commanded.released, built.commanded.proposed
	c.base.Heads, c.head.Heads = c.released.Heads(), c.proposed.Heads()
}
