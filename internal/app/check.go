package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/spf13/cobra"

	"github.com/headgate/headgate/internal/config"
	"github.com/headgate/headgate/internal/gate"
	"github.com/headgate/headgate/internal/gitrepo"
	"github.com/headgate/headgate/internal/migration"
	"github.com/headgate/headgate/internal/postgres"
)

func newCheck(p Process, r registry) *cobra.Command {
	settings := r.settings()
	c := &cobra.Command{
		Use:   "check",
		Short: "Hold the proposed code against the released and the proposed schema",
		Long: `check builds the released schema from the migrations at the base ref, and the proposed one by adding the pending
migrations, on a throwaway PostgreSQL. Then the server parses every statement of the proposed code against both.

The base is the highest release tag that is merged into the base branch; the head is the work tree. Every flag can also
be an input of the action and a key of headgate.yaml, under the same name.`,
		Example: `  headgate check
  headgate check --base v1.4.0 --migrations db/migrations --format goose
  headgate check --report text --report json=report.json`,
		Args: noArguments,
	}
	dir := addDirFlag(c)
	flags := addSettings(c, settings)
	writeBaseline := c.Flags().Bool("write-baseline", false, "write the findings that are there now into the baseline of findings, so that only new ones fail, and pass")
	c.RunE = func(c *cobra.Command, _ []string) error {
		return p.check(c.Context(), r, *dir, *writeBaseline, func(yaml []byte) (*config.Config, error) {
			return config.Load(settings, config.Sources{Flags: flags(), Environ: p.Environ, YAML: yaml})
		})
	}
	return c
}

// run is one check on its way through the stations.
type run struct {
	Process
	registry registry
	config   *config.Config
	repo     *gitrepo.Repo
	watch    *stopwatch

	event              gitrepo.Event
	base, head         gate.Point
	baseTree, headTree fs.FS
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

	// comments are those of the head's files that ask for findings to be ignored, baseline the findings that are; today
	// decides which comments have expired.
	comments      *commentTree
	baseline      *gate.Baseline
	writeBaseline bool
	today         time.Time
}

// check opens the repository, makes the check and writes the reports.
func (p Process) check(ctx context.Context, r registry, dir string, writeBaseline bool, load func(yaml []byte) (*config.Config, error)) (err error) {
	watch := newStopwatch()
	flagged, err := load(nil)
	if err != nil { // what is wrong on the command line needs no repository to be said
		return usageError{err}
	}
	if writeBaseline && flagged.Head != "" {
		return usageError{errors.New("--write-baseline writes what it finds in the work tree into the work tree; leave --head out")}
	}
	repo, err := p.open(ctx, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, repo.Close()) }()
	c := &run{Process: p, registry: r, repo: repo, watch: watch, writeBaseline: writeBaseline, today: p.now()}
	if err := c.findTrees(ctx, flagged.Head, load); err != nil {
		return err
	}
	if err := c.findHistories(ctx); err != nil {
		return err
	}
	watch.lap("git")
	result, err := c.judge(ctx)
	if err != nil {
		return err
	}
	if err := c.write(result); err != nil {
		return err
	}
	if result.Verdict != "pass" {
		return errFindings
	}
	return nil
}

// open opens the repository at or above dir.
func (p Process) open(ctx context.Context, dir string) (*gitrepo.Repo, error) {
	return gitrepo.Open(ctx, dir, gitrepo.Options{Env: p.Environ, Progress: func(line string) { p.say("%s", line) }})
}

// findTrees resolves both refs and reads the settings of the head, which is given, since it says which headgate.yaml
// holds and so cannot be set there.
func (c *run) findTrees(ctx context.Context, head string, load func([]byte) (*config.Config, error)) (err error) {
	if c.head, c.headTree, err = c.readHead(ctx, c.repo, head); err != nil {
		return err
	}
	c.comments = newCommentTree(c.headTree)
	c.headTree = c.comments
	yaml, err := fs.ReadFile(c.headTree, config.File)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return usageError{fmt.Errorf("%s cannot be read: %w", config.File, err)}
	}
	if c.config, err = load(yaml); err != nil {
		return usageError{err}
	}
	if c.config.Head != head {
		return usageError{fmt.Errorf("%s: head cannot be set here, since the file is read from the head; use --head", config.File)}
	}
	if err := c.findBaseline(); err != nil {
		return err
	}
	return c.findBase(ctx)
}

// readHead opens the tree of the proposed code: a commit's, or the work tree.
func (p Process) readHead(ctx context.Context, repo *gitrepo.Repo, ref string) (gate.Point, fs.FS, error) {
	if ref == "" {
		var point gate.Point
		if commit, err := repo.Resolve(ctx, "HEAD"); err == nil { // a repository without a commit has none
			point.Commit = commit.Hash
		}
		tree, err := repo.WorkTree(ctx)
		return point, tree, err
	}
	commit, err := repo.Resolve(ctx, ref)
	if err != nil {
		return gate.Point{}, nil, err
	}
	tree, err := repo.Tree(ctx, commit.Hash)
	return gate.Point{Ref: ref, Commit: commit.Hash}, tree, err
}

// findBase resolves the released point, asked for or worked out, and says which one it is.
func (c *run) findBase(ctx context.Context) (err error) {
	if c.event, err = gitrepo.EventFromEnv(c.getenv, readFile); err != nil {
		return err
	}
	why := c.config.Base + ": as asked for"
	hash := ""
	if c.config.Base != "" && c.config.Base != baseDatabase {
		commit, err := c.repo.Resolve(ctx, c.config.Base)
		if err != nil {
			return err
		}
		c.base.Ref, hash = c.config.Base, commit.Hash
	} else {
		base, err := c.repo.DefaultBase(ctx, c.event, c.config.Head)
		if err != nil {
			return err
		}
		c.base.Ref, hash, why = base.Ref, base.Commit, base.Why
	}
	c.base.Commit = hash
	c.say("base %s (commit %.10s)", why, hash)
	tree, err := c.repo.Tree(ctx, hash)
	if err != nil {
		return err
	}
	c.baseTree, c.releasedTree = tree, tree
	c.changed, err = c.repo.Changed(ctx, hash, c.headCommit())
	return err
}

// judge builds the schemas and reads the code side by side, then decides.
func (c *run) judge(ctx context.Context) (result *gate.Result, err error) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var code code
	read := make(chan struct{})
	go func() {
		defer close(read)
		var err error
		if code, err = c.readCode(ctx); err != nil {
			stop(err) // there is no point in building schemas then
		}
	}()
	server, err := postgres.Start(ctx, postgres.Options{
		Provider: c.config.Postgres, Version: c.config.PostgresVersion, Image: c.config.PostgresImage, Superuser: c.config.Superuser,
		Progress: func(line string) { c.say("%s", line) }, Warn: func(line string) { c.say("warning: %s", line) }, Env: c.getenv,
	})
	var built schemas
	if err == nil {
		defer func() { err = errors.Join(err, server.Close(ctx)) }()
		c.watch.lap("postgres")
		built, err = c.build(ctx, server)
	}
	if err != nil {
		stop(err)
	}
	<-read
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	c.adopt(built)
	start := time.Now()
	verdict, err := gate.Check(ctx, gate.Subject{
		Order: gate.Order(c.config.Order), Schemas: built.steps, Broken: built.broken,
		References: code.references, Gone: code.gone, Stood: code.stood, Sources: c.headTree, ReleasedSources: c.baseTree,
		History: c.proposed, Pending: built.pending, Origins: built.origins,
		Histories: gate.Histories{
			Tool: c.tool(), Problems: c.problems, Refused: len(c.faults) > 0, Fresh: built.fresh, Reversals: built.reversals,
		},
	})
	if err != nil {
		return nil, fmt.Errorf("check the statements: %w", err)
	}
	c.watch.took("check", time.Since(start))
	verdict.Coverage.Files, verdict.Coverage.Skipped = code.files, built.skipped
	result = c.result(verdict, built, server)
	return result, c.settle(result)
}

func (c *run) result(v *gate.Verdict, built schemas, server *postgres.Server) *gate.Result {
	r := &gate.Result{
		Version: 1, Order: c.config.Order, Base: c.base, Head: c.head,
		Pending: []gate.Pending{}, Findings: v.Findings, Coverage: v.Coverage, Cells: v.Cells,
		Postgres: gate.Server{Provider: server.Provider(), Version: server.Version()},
		Timings:  c.watch.milliseconds(),
	}
	for _, p := range built.pending {
		pending := gate.Pending{Version: p.Version, File: p.File}
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
