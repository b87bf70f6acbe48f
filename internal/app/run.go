package app

import (
	"context"
	"fmt"
	"io/fs"
	"time"

	"github.com/headgate/headgate/internal/config"
	"github.com/headgate/headgate/internal/gate"
	"github.com/headgate/headgate/internal/migration"
	"github.com/headgate/headgate/internal/postgres"
	"github.com/headgate/headgate/internal/report"
)

// run is the check of one service, or of a repository that is one, on its way through the stations.
type run struct {
	*proposal
	config *config.Config
	watch  *stopwatch
	// place is the service's in headgate.yaml, from 0, and elsewhere are the migrations' folders of the others.
	place     int
	elsewhere []string

	base, head gate.Point // with the heads of their migrations
	baseTree   fs.FS
	// releasedTree is where the released migrations are read from: the base's tree, or the head's where a live database says
	// which of its migrations are released.
	releasedTree       fs.FS
	format             migration.Format
	released, proposed *migration.History
	// converted is the released history where another tool's migrations were released; then released says which of the proposed
	// ones stand for it.
	converted *sited
	// changed are the files that differ between the base and the head, sorted.
	changed []string
	// faults are why the tool would refuse the proposed history, if it would, and problems are all that the history rules found.
	faults   []migration.Fault
	problems []migration.Problem
	// baseline is the findings that are ignored.
	baseline *gate.Baseline

	// sharing are the other services whose code patterns take in some of the same files.
	sharing []*run
	// built closes once schemas are there, or cannot be.
	built   chan struct{}
	schemas schemas
	// rolesBefore says that another service has built on the same server.
	rolesBefore bool
	result      *gate.Result
	err         error
}

// newRuns gives each service its run.
func newRuns(c *proposal, configs []*config.Config) []*run {
	runs := make([]*run, len(configs))
	for i, conf := range configs {
		runs[i] = &run{proposal: c, config: conf, place: i, watch: newStopwatch(), head: c.head, built: make(chan struct{})}
		for _, other := range configs {
			if other != conf {
				runs[i].elsewhere = append(runs[i].elsewhere, other.Migrations...)
			}
		}
	}
	return runs
}

// say writes a line of progress, with the service's name before it.
func (c *run) say(format string, args ...any) {
	if c.config.Service != "" {
		format = c.config.Service + ": " + format // a name has no signs that steer the format
	}
	c.Process.say(format, args...)
}

// failure is why the service could not be checked, with its name.
func (c *run) failure() error {
	if c.config.Service == "" {
		return c.err
	}
	return fmt.Errorf("service %s: %w", c.config.Service, c.err)
}

// find resolves the base and reads the histories.
func (c *run) find(ctx context.Context) error {
	if err := c.findBaseline(); err != nil {
		return err
	}
	if err := c.findBase(ctx); err != nil {
		return err
	}
	err := c.findHistories(ctx)
	c.watch.lap("git")
	return err
}

// findBase resolves the released point, asked for or worked out, and says which one it is.
func (c *run) findBase(ctx context.Context) (err error) {
	why := c.config.Base + ": as asked for"
	hash := ""
	if c.config.Base != "" && c.config.Base != baseDatabase {
		commit, err := c.repo.Resolve(ctx, c.config.Base)
		if err != nil {
			return err
		}
		c.base.Ref, hash = c.config.Base, commit.Hash
	} else {
		base, err := c.known.defaultBase(ctx, c.proposal, c.config)
		if err != nil {
			return err
		}
		c.base.Ref, hash, why = base.Ref, base.Commit, base.Why
	}
	c.base.Commit = hash
	if c.known.isNew("base " + why) { // most services have the same
		c.say("base %s (commit %.10s)", why, hash)
	}
	tree, err := c.known.tree(ctx, c.proposal, hash)
	if err != nil {
		return err
	}
	c.baseTree, c.releasedTree = tree, tree
	c.changed, err = c.known.changedSince(ctx, c.proposal, hash)
	return err
}

// judge builds the schemas and reads the code side by side, then decides, where the service was asked for. A slot is held by
// what takes the processor.
func (c *run) judge(ctx context.Context, servers *servers, slots chan struct{}) {
	if c.err != nil {
		close(c.built)
		return
	}
	all := ctx
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var code code
	read := make(chan struct{})
	go func() {
		defer close(read)
		if !c.config.Asked() {
			return
		}
		slots <- struct{}{}
		defer func() { <-slots }()
		var err error
		if code, err = c.known.readCode(all, c); err != nil {
			stop(err) // there is no point in building schemas then
		}
	}()
	server, err := servers.build(ctx, c)
	if err != nil {
		stop(err)
	}
	close(c.built)
	<-read
	for _, other := range c.sharing {
		<-other.built
	}
	if c.err = context.Cause(ctx); c.err != nil || !c.config.Asked() {
		return
	}
	slots <- struct{}{}
	defer func() { <-slots }()
	if c.result, c.err = c.decide(ctx, server, code); c.err == nil && c.config.Service != "" {
		c.say("%s, %s checked", report.Outcome(c.result), report.Count(c.result.Coverage.Checked, "reference"))
	}
}

// decide holds the code against the schemas.
func (c *run) decide(ctx context.Context, server *postgres.Server, code code) (*gate.Result, error) {
	start := time.Now()
	built := c.schemas
	verdict, err := gate.Check(ctx, gate.Subject{
		Order: gate.Order(c.config.Order), Schemas: built.steps, Broken: built.broken,
		References: code.references, Gone: code.gone, Stood: code.stood, Sources: c.headTree, ReleasedSources: c.baseTree,
		History: c.proposed, Pending: built.pending, Origins: built.origins,
		Histories: gate.Histories{
			Tool: c.tool(), Problems: c.problems, Refused: len(c.faults) > 0, Fresh: built.fresh, Reversals: built.reversals,
		},
		Others: c.others(),
	})
	if err != nil {
		return nil, fmt.Errorf("check the statements: %w", err)
	}
	c.watch.took("check", time.Since(start))
	verdict.Coverage.Files, verdict.Coverage.Skipped = code.files, built.skipped
	return c.resultOf(verdict, server), nil
}

// others are the services that share code with this one, for references that are theirs.
func (c *run) others() []gate.Other {
	var others []gate.Other
	for _, r := range c.sharing {
		if len(r.schemas.steps) > 0 {
			others = append(others, gate.Other{Name: r.config.Service, First: r.place < c.place, Shares: r.config.Reads, Schemas: r.schemas.steps})
		}
	}
	return others
}

func (c *run) resultOf(v *gate.Verdict, server *postgres.Server) *gate.Result {
	r := &gate.Result{
		Version: 1, Service: c.config.Service, Order: c.config.Order, Base: c.base, Head: c.head,
		Pending: []gate.Pending{}, Findings: v.Findings, Coverage: v.Coverage, Cells: v.Cells,
		Postgres: gate.Server{Provider: server.Provider(), Version: server.Version()},
		Timings:  c.watch.milliseconds(),
	}
	for _, p := range c.schemas.pending {
		pending := gate.Pending{Version: p.Version, File: p.File, Line: p.Line}
		if c.proposed.Graph {
			pending.Parents = p.Parents
		}
		r.Pending = append(r.Pending, pending)
	}
	return r
}

// tool is the format's, as the project has set it.
func (c *run) tool() migration.Tool {
	t := c.format.Tool()
	t.Late = t.Late || c.proposed.Late
	return t
}
