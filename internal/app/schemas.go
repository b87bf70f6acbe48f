package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/headgate/headgate/internal/config"
	"github.com/headgate/headgate/internal/gate"
	"github.com/headgate/headgate/internal/migration"
	"github.com/headgate/headgate/internal/migration/plain"
	"github.com/headgate/headgate/internal/postgres"
	"github.com/headgate/headgate/internal/schema"
)

// schemas are those that the deploy reaches, S0 first, and what lies between them.
type schemas struct {
	steps   []gate.Schema
	pending []migration.Revision
	origins []schema.Origin
	broken  *migration.Error
	skipped []gate.Unchecked
	// database is that of the last step, ran what was applied to it in this order, and after the schema after each.
	database  *postgres.Database
	ran       []migration.Revision
	after     []schema.Snapshot
	fresh     *gate.Fresh
	reversals []gate.Reversal
	// commanded is the history where a command ran the migrations, or nil.
	commanded *commanded
}

// skips takes in the statements on data that a migrator left out, where it is one that does.
func (s *schemas) skips(m migration.Migrator) {
	skipping, ok := m.(interface{ Skipped() []migration.Skipped })
	if !ok {
		return
	}
	for _, left := range skipping.Skipped() {
		if u := (gate.Unchecked{File: left.File, Line: left.Line, Reason: left.Reason}); !slices.Contains(s.skipped, u) { // both releases can have it
			s.skipped = append(s.skipped, u)
		}
	}
}

// build applies the released migrations to an empty database, and the pending ones to clones of it, a clone for each step of
// the deploy.
func (c *run) build(ctx context.Context, server *postgres.Server) (schemas, error) {
	if c.config.MigrateCommand != "" {
		return c.buildByCommand(ctx, server)
	}
	start := time.Now()
	database, checksBodies, err := c.first(ctx, server)
	if err != nil {
		return schemas{}, err
	}
	built := schemas{pending: c.proposed.Pending(c.released)}
	if err := c.applyReleased(ctx, database, &built); err != nil {
		return schemas{}, err
	}
	released, err := c.look(ctx, database)
	if err != nil {
		return schemas{}, err
	}
	built.steps = []gate.Schema{released}
	built.steps[0].Name, built.steps[0].ChecksBodies = gate.SchemaReleased, checksBodies
	built.database = database
	c.watch.took("released", time.Since(start))
	if len(c.faults) > 0 {
		return built, nil // nobody can tell what the tool would run
	}
	start = time.Now()
	err = c.applyPending(ctx, server, &built)
	c.watch.took("pending", time.Since(start))
	if err == nil {
		err = errors.Join(c.buildFresh(ctx, server, &built), c.reverse(ctx, server, &built))
	}
	return built, err
}

// proposed is S1, or nil where it cannot be built.
func (s *schemas) proposed() *gate.Schema {
	if last := &s.steps[len(s.steps)-1]; last.Name == gate.SchemaProposed {
		return last
	}
	return nil
}

// steps cuts the pending migrations into those that run together: all at once, or first those that expand the schema and then
// those that contract it.
func steps(pending []migration.Revision) []step {
	var expand, contract []migration.Revision
	for _, r := range pending {
		if r.Contract {
			contract = append(contract, r)
		} else {
			expand = append(expand, r)
		}
	}
	if len(contract) == 0 {
		return []step{{gate.SchemaProposed, expand}}
	}
	return []step{{gate.SchemaExpanded, expand}, {gate.SchemaProposed, contract}}
}

// step is the migrations that lead from one schema of the deploy to the next.
type step struct {
	name      string
	revisions []migration.Revision
}

// look takes the snapshot of a database as it is now, and finds out where the code's connections look for names there.
func (c *run) look(ctx context.Context, database *postgres.Database) (s gate.Schema, err error) {
	s.Config = database.Config()
	if searchPath := c.searchPath(); len(searchPath) > 0 {
		quoted := make([]string, len(searchPath))
		for i, name := range searchPath {
			quoted[i] = pgx.Identifier{name}.Sanitize()
		}
		s.Config.RuntimeParams["search_path"] = strings.Join(quoted, ", ")
	}
	conn, err := pgx.ConnectConfig(ctx, s.Config)
	if err != nil {
		return s, fmt.Errorf("connect to read the catalog: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	if err := conn.QueryRow(ctx, "SELECT pg_catalog.current_schemas(false)").Scan(&s.SearchPath); err != nil {
		return s, fmt.Errorf("read the search path: %w", err)
	}
	s.Snapshot, err = schema.Take(ctx, conn)
	return s, err
}

// target is a database that migrations are applied to.
func (c *run) target(database *postgres.Database) migration.Target {
	return migration.Target{Database: database.Config(), Env: c.migrationEnv, Placeholders: c.config.Placeholders, Provide: database.Provide}
}

func (c *run) applyReleased(ctx context.Context, database *postgres.Database, built *schemas) (err error) {
	format, history, err := c.releasedHistory()
	if err != nil {
		return err
	}
	if len(history.Revisions) == 0 {
		return nil
	}
	unbuilt := func(err error) error {
		return fmt.Errorf("the released schema cannot be built, so nothing can be checked: at %s, %w%s", c.base.Ref, err, c.baselineHint(err))
	}
	migrator, err := format.Migrator(c.releasedTree, history, c.target(database))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, migrator.Close()) }()
	for _, r := range history.Fresh() {
		if _, err := migrator.Apply(ctx, r); err != nil {
			return unbuilt(err)
		}
	}
	if _, err := migration.Finish(ctx, migrator); err != nil {
		return unbuilt(err)
	}
	built.skips(migrator)
	return nil
}

// modelled is a format that can build a schema from the models of the code.
type modelled interface{ FromModels() migration.Format }

// releasedHistory is what makes the released schema: the released migrations, or what baseline names in their place, as one
// migration that stands for all of them.
func (c *run) releasedHistory() (migration.Format, *migration.History, error) {
	history := &migration.History{Dir: c.released.Dir, Revisions: []migration.Revision{{Version: "baseline", File: c.config.Baseline}}}
	switch c.config.Baseline {
	case "":
		if c.converted != nil {
			return c.converted.format, c.converted.history, nil
		}
		return c.format, c.released, nil
	case config.BaselineModels:
		format, ok := c.format.(modelled)
		if !ok {
			return nil, nil, usageError{fmt.Errorf("`baseline: models` reads SQLAlchemy's models and takes Alembic migrations, and these are %s; name a SQL file with `baseline`", c.format.Name())}
		}
		return format.FromModels(), history, nil
	}
	return plain.Format{}, history, nil
}

// baselineHint is the way out for a history that cannot be built from nothing, where the error does not name it itself.
func (c *run) baselineHint(err error) string {
	if c.config.Baseline != "" || strings.Contains(err.Error(), "`baseline") {
		return ""
	}
	file := "name a SQL file that makes the released schema with `baseline: FILE.sql`"
	if _, ok := c.format.(modelled); ok && c.config.Base != baseDatabase {
		file = "take the released schema from the models of the released code with `baseline: models`, or " + file
	}
	return "; if the history cannot be built from nothing, " + file
}

// applyPending applies the pending migrations one at a time and notes what each changes. One that fails ends it and is
// a finding, not an error: what the ones before it made is not what the deploy would end with.
func (c *run) applyPending(ctx context.Context, server *postgres.Server, built *schemas) error {
	if c.rebuilds() {
		return c.applyWhole(ctx, server, built)
	}
	always, err := migration.RunsAlways(c.format, c.headTree, c.proposed)
	if err != nil {
		return err
	}
	for _, step := range steps(built.pending) {
		at := built.steps[len(built.steps)-1]
		if len(step.revisions) > 0 || always {
			clone, err := server.Clone(ctx, built.database)
			if err != nil {
				return err
			}
			built.database = clone
			if at, err = c.applyStep(ctx, clone, step, at, built); err != nil || built.broken != nil {
				return err
			}
		}
		at.Name = step.name
		built.steps = append(built.steps, at)
	}
	return nil
}

func (c *run) applyStep(ctx context.Context, database *postgres.Database, s step, at gate.Schema, built *schemas) (after gate.Schema, err error) {
	migrator, err := c.format.Migrator(c.headTree, c.proposed, c.target(database))
	if err != nil {
		return at, err
	}
	defer func() { err = errors.Join(err, migrator.Close()) }()
	defer built.skips(migrator)
	note := func(r migration.Revision, statements []migration.Statement) error {
		now, err := c.look(ctx, database)
		if err != nil {
			return err
		}
		built.origins = append(built.origins, schema.Origins(schema.Diff(at.Snapshot, now.Snapshot), r, statements)...)
		now.ChecksBodies = at.ChecksBodies
		at = now
		return nil
	}
	for _, r := range s.revisions {
		statements, err := migrator.Apply(ctx, r)
		if errors.As(err, &built.broken) {
			return at, nil
		}
		if err != nil {
			return at, fmt.Errorf("apply %s: %w", r.File, err)
		}
		if err := note(r, statements); err != nil {
			return at, err
		}
		built.ran, built.after = append(built.ran, r), append(built.after, at.Snapshot)
	}
	statements, err := migration.Finish(ctx, migrator)
	if errors.As(err, &built.broken) || err == nil && len(statements) == 0 {
		return at, nil
	}
	if err != nil {
		return at, fmt.Errorf("end the deploy: %w", err)
	}
	if err := note(around(s.revisions, statements), statements); err != nil {
		return at, err
	}
	if last := len(built.after) - 1; last >= 0 {
		built.after[last] = at.Snapshot // which no way down takes away
	}
	return at, nil
}

// around is the revision that files around a deploy's migrations are laid to: the last of them, or where there is none, such
// a file itself.
func around(revisions []migration.Revision, statements []migration.Statement) migration.Revision {
	if len(revisions) > 0 {
		return revisions[len(revisions)-1]
	}
	file := statements[0].File
	return migration.Revision{Version: path.Base(file), File: file}
}

// first makes the service's first database, ready for its migrations; true as from prepare.
func (c *run) first(ctx context.Context, server *postgres.Server) (database *postgres.Database, checksBodies bool, err error) {
	if database, err = server.CreateDatabase(ctx); err != nil {
		return nil, false, err
	}
	if c.rolesBefore {
		if err := database.ForgetRoles(ctx); err != nil {
			return nil, false, err
		}
	}
	checksBodies, err = c.prepare(ctx, database)
	return database, checksBodies, err
}

// prepare makes an empty database ready for migrations; true where it can look into the bodies of functions: with plpgsql_check,
// which runs nothing of them.
func (c *run) prepare(ctx context.Context, database *postgres.Database) (checksBodies bool, err error) {
	if err := c.createExtensions(ctx, database); err != nil {
		return false, err
	}
	if checksBodies, err = database.CreateAvailable(ctx, "plpgsql_check"); err != nil {
		return false, err
	}
	if err := c.setUp(ctx, database); err != nil {
		return false, err
	}
	return checksBodies, c.setUpPlatforms(ctx, database)
}

// setUp runs what the platform brings.
func (c *run) setUp(ctx context.Context, database *postgres.Database) (err error) {
	if c.config.Setup == "" {
		return nil
	}
	if _, err := fs.Stat(c.headTree, c.config.Setup); err != nil {
		return usageError{fmt.Errorf("setup: there is no file %s", c.config.Setup)}
	}
	file := migration.Revision{Version: "setup", File: c.config.Setup}
	migrator, err := plain.Format{}.Migrator(c.headTree, &migration.History{Revisions: []migration.Revision{file}}, c.target(database))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, migrator.Close()) }()
	if _, err := migrator.Apply(ctx, file); err != nil {
		return fmt.Errorf("setup cannot be run, so nothing can be checked: %w", err)
	}
	return nil
}
