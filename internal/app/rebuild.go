package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/headgate/headgate/internal/gate"
	"github.com/headgate/headgate/internal/migration"
	"github.com/headgate/headgate/internal/postgres"
	"github.com/headgate/headgate/internal/schema"
)

// needsFresh tells whether a database that is built from nothing can differ from an upgraded one. While the released
// migrations are as they were, and run first, it is the same by construction; where the setting baseline stands for them, the
// history is not meant to be built from nothing. A baseline of the tool's own, which only new databases run, has to be tried.
func (c *run) needsFresh(built *schemas) bool {
	if built.proposed() == nil || c.config.Baseline != "" || c.rebuilds() {
		return false
	}
	return c.newBaseline() || slices.ContainsFunc(c.problems, func(p migration.Problem) bool {
		return p.Released && (p.Rule == migration.EditedMigration || p.Rule == migration.DeletedMigration || p.Rule == migration.OutOfOrder)
	})
}

// newBaseline tells whether new databases begin at another baseline than at the release, or at one that was edited.
func (c *run) newBaseline() bool {
	stands := func(r migration.Revision) bool { return r.Baseline && !r.Superseded }
	at := slices.IndexFunc(c.proposed.Revisions, stands)
	if at < 0 {
		return false
	}
	file := c.proposed.Revisions[at].File
	return slices.Contains(c.changed, file) || !slices.ContainsFunc(c.released.Revisions, func(r migration.Revision) bool { return stands(r) && r.File == file })
}

// buildFresh applies all proposed migrations to an empty database and compares it with S1.
func (c *run) buildFresh(ctx context.Context, server *postgres.Server, built *schemas) (err error) {
	if !c.needsFresh(built) {
		return nil
	}
	start := time.Now()
	defer func() { c.watch.took("fresh", time.Since(start)) }()
	database, err := c.another(ctx, server)
	if err != nil {
		return err
	}
	built.fresh = &gate.Fresh{}
	if built.fresh.Broken, err = c.applyAll(ctx, database); err != nil || built.fresh.Broken != nil {
		return err
	}
	fresh, err := c.look(ctx, database)
	built.fresh.Changes = schema.Compare(built.proposed().Snapshot, fresh.Snapshot, c.toolsOwn())
	return err
}

// another makes an empty database beside those that are there, ready for the same migrations.
func (c *run) another(ctx context.Context, server *postgres.Server) (*postgres.Database, error) {
	database, err := server.CreateDatabase(ctx)
	if err != nil {
		return nil, err
	}
	if err := database.SetRolesAside(ctx); err != nil {
		return nil, err
	}
	_, err = c.prepare(ctx, database)
	return database, err
}

// applyWhole builds the proposed schema from nothing and attributes to each migration what of it the released schema lacks.
func (c *run) applyWhole(ctx context.Context, server *postgres.Server, built *schemas) error {
	released := built.steps[0]
	proposed := released
	if len(built.pending) > 0 {
		database, err := c.another(ctx, server)
		if err != nil {
			return err
		}
		empty, err := c.look(ctx, database)
		if err != nil {
			return err
		}
		empty.ChecksBodies = released.ChecksBodies
		built.database = database
		made := &schemas{steps: built.steps}
		proposed, err = c.applyStep(ctx, database, step{revisions: c.proposed.Revisions}, empty, made)
		built.broken, built.skipped = made.broken, append(built.skipped, made.skipped...)
		if err != nil || built.broken != nil {
			return err
		}
		built.origins = c.wholeOrigins(schema.Compare(released.Snapshot, proposed.Snapshot, c.toolsOwn()), made.origins, built.pending)
	}
	proposed.Name = gate.SchemaProposed
	built.steps = append(built.steps, proposed)
	return nil
}

// wholeOrigins are the origins of what differs between two schemas that were built apart. What is gone was left out, at no
// place; so it is laid where what it was a part of is made, or else at the first line of the first pending migration.
func (c *run) wholeOrigins(changes []schema.Change, made []schema.Origin, pending []migration.Revision) []schema.Origin {
	type name struct{ schema, table string }
	places := map[schema.Object]schema.Origin{}
	tables := map[name]schema.Origin{}
	for _, o := range made {
		places[o.Object] = o
		if o.Object.Kind == schema.Table || o.Object.Kind == schema.View {
			tables[name{o.Object.Schema, o.Object.Name}] = o
		}
	}
	origins := make([]schema.Origin, len(changes))
	for i, change := range changes {
		origins[i] = schema.Origin{Change: change, Revision: pending[0], Line: 1}
		o, known := places[change.Object]
		if !known && change.Object.Table != "" {
			o, known = tables[name{change.Object.Schema, change.Object.Table}]
		}
		if known {
			origins[i].Revision, origins[i].Line = o.Revision, o.Line
		}
	}
	return origins
}

// applyAll applies the proposed migrations, up to the first that fails.
func (c *run) applyAll(ctx context.Context, database *postgres.Database) (broken *migration.Error, err error) {
	migrator, err := c.format.Migrator(c.headTree, c.proposed, c.target(database))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, migrator.Close()) }()
	for _, r := range c.proposed.Fresh() {
		if _, err := migrator.Apply(ctx, r); errors.As(err, &broken) {
			return broken, nil
		} else if err != nil {
			return nil, fmt.Errorf("apply %s: %w", r.File, err)
		}
	}
	if _, err := migration.Finish(ctx, migrator); err != nil && !errors.As(err, &broken) {
		return nil, fmt.Errorf("end the deploy: %w", err)
	}
	return broken, nil
}

// reverse takes the pending migrations back on a copy of S1, the last first, and runs them again. After each step the
// schema must be the one that it was before, or after, that migration. The first that fails ends it.
func (c *run) reverse(ctx context.Context, server *postgres.Server, built *schemas) (err error) {
	if !c.config.Reversible || built.proposed() == nil || len(built.ran) == 0 {
		return nil
	}
	start := time.Now()
	defer func() { c.watch.took("reversal", time.Since(start)) }()
	database, err := server.Clone(ctx, built.database)
	if err != nil {
		return err
	}
	migrator, err := c.format.Migrator(c.headTree, c.proposed, c.target(database))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, migrator.Close()) }()
	for i, r := range slices.Backward(built.ran) {
		failed, err := c.step(ctx, database, r, migrator.Revert, built.before(i))
		if failed != nil {
			built.reversals = append(built.reversals, *failed)
		}
		if failed != nil || err != nil {
			return err
		}
	}
	for i, r := range built.ran {
		failed, err := c.step(ctx, database, r, migrator.Apply, built.after[i])
		if failed != nil {
			failed.Again, failed.Missing = true, false
			built.reversals = append(built.reversals, *failed)
		}
		if failed != nil || err != nil {
			return err
		}
	}
	return nil
}

// before is the schema before the pending migration of an index.
func (s *schemas) before(i int) schema.Snapshot {
	if i == 0 {
		return s.steps[0].Snapshot
	}
	return s.after[i-1]
}

// step runs a migration one way and compares the schema that it leaves with the one that there should be.
func (c *run) step(ctx context.Context, database *postgres.Database, r migration.Revision,
	run func(context.Context, migration.Revision) ([]migration.Statement, error), want schema.Snapshot,
) (*gate.Reversal, error) {
	failed := &gate.Reversal{Revision: r}
	statements, err := run(ctx, r)
	if errors.As(err, &failed.Broken) {
		return failed, nil
	}
	if err != nil {
		return nil, fmt.Errorf("take %s back: %w", r.File, err)
	}
	got, err := c.look(ctx, database)
	if err != nil {
		return nil, err
	}
	failed.Changes = schema.Compare(want, got.Snapshot, c.toolsOwn())
	failed.Missing = len(statements) == 0
	if len(failed.Changes) == 0 {
		return nil, nil
	}
	return failed, nil
}

// toolsOwn are the relations of the tool itself, which its first run brings and no way down takes away.
func (c *run) toolsOwn() []string {
	if stamps, ok := c.format.Stamps(); ok {
		return append([]string{stamps.Table}, stamps.Others...)
	}
	return nil
}
