package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/headgate/headgate/internal/config"
	"github.com/headgate/headgate/internal/gate"
	"github.com/headgate/headgate/internal/gitrepo"
	"github.com/headgate/headgate/internal/migration"
)

func newCheck(p Process, r registry) *cobra.Command {
	settings := r.settings()
	c := &cobra.Command{
		Use:   "check",
		Short: "Hold the proposed code against the released and the proposed schema",
		Long: `check builds the released schema from the migrations at the base ref, and the proposed one by adding the pending
migrations, on a throwaway PostgreSQL. Then the server parses every statement of the proposed code against both.

The base is the highest release tag that is merged into the base branch; the head is the work tree. Every flag can also
be an input of the action and a key of headgate.yaml, under the same name.

Where headgate.yaml names several services, each with its migrations and its code, all of them are checked side by side on
one server; --service names those that are to be.`,
		Example: `  headgate check
  headgate check --base v1.4.0 --migrations db/migrations --format goose
  headgate check --service billing
  headgate check --report text --report json=report.json`,
		Args: noArguments,
	}
	dir := addDirFlag(c)
	flags := addSettings(c, settings)
	writeBaseline := c.Flags().Bool("write-baseline", false, "write the findings that are there now into the baseline of findings, so that only new ones fail, and pass")
	c.RunE = func(c *cobra.Command, _ []string) error {
		given := config.Sources{Flags: flags(), Environ: p.Environ}
		return p.check(c.Context(), r, *dir, *writeBaseline, loader{settings, given})
	}
	return c
}

// loader reads the settings.
type loader struct {
	settings []config.Setting
	given    config.Sources
}

// load reads them with those of a tree's headgate.yaml. What is wrong with them is wrong usage.
func (l loader) load(tree fs.FS) ([]*config.Config, error) {
	yaml, err := fs.ReadFile(tree, config.File)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, usageError{fmt.Errorf("%s cannot be read: %w", config.File, err)}
	}
	l.given.YAML = yaml
	configs, err := config.Load(l.settings, l.given)
	if err != nil {
		return nil, usageError{err}
	}
	return configs, nil
}

// proposal is the proposed change: what the checks of all services share.
type proposal struct {
	Process
	registry registry
	repo     *gitrepo.Repo
	event    gitrepo.Event
	head     gate.Point
	headTree fs.FS
	// comments are those of the head's files that ask for findings to be ignored; today decides which of them have expired.
	comments      *commentTree
	writeBaseline bool
	today         time.Time

	known known
	// migrations are where the migrations of all services stand, and programs says that one of them has a command run its.
	migrations migration.Places
	programs   bool
}

// check opens the repository, checks each service and writes the reports.
func (p Process) check(ctx context.Context, r registry, dir string, writeBaseline bool, l loader) (err error) {
	begun := time.Now()
	flagged, err := config.Given(l.settings, l.given)
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
	c := &proposal{Process: p, registry: r, repo: repo, writeBaseline: writeBaseline, today: p.now()}
	configs, err := c.findHead(ctx, flagged.Head, l)
	if err != nil {
		return err
	}
	result, err := c.checkAll(ctx, newRuns(c, configs))
	if result == nil {
		return err
	}
	result.Timings["total_ms"] = time.Since(begun).Milliseconds()
	if err := errors.Join(err, c.write(configs[0].Reports, result)); err != nil {
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

// findHead resolves the head and reads its settings. Which head it is, is given: it says which headgate.yaml holds and so
// cannot be set there.
func (c *proposal) findHead(ctx context.Context, head string, l loader) (configs []*config.Config, err error) {
	if c.head, c.headTree, err = c.readHead(ctx, c.repo, head); err != nil {
		return nil, err
	}
	c.comments = newCommentTree(c.headTree)
	c.headTree = c.comments
	if configs, err = l.load(c.headTree); err != nil {
		return nil, err
	}
	if configs[0].Head != head {
		return nil, usageError{fmt.Errorf("%s: head cannot be set here, since the file is read from the head; use --head", config.File)}
	}
	c.event, err = gitrepo.EventFromEnv(c.getenv, readFile)
	return configs, err
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

// headCommit is the head for git: empty for the work tree, which can differ from its commit.
func (c *proposal) headCommit() string {
	if c.head.Ref == "" {
		return ""
	}
	return c.head.Commit
}

// checkAll checks the services that were asked for. One that cannot be checked keeps none of the others from it: the result is
// there for those, with the error, and nil only where there is none.
func (c *proposal) checkAll(ctx context.Context, runs []*run) (result *gate.Result, err error) {
	asked := slices.DeleteFunc(slices.Clone(runs), func(r *run) bool { return !r.config.Asked() })
	c.find(ctx, asked)
	c.noteMigrations(runs)
	beside, err := share(runs)
	if err != nil {
		return nil, err
	}
	c.find(ctx, beside)
	servers := newServers(ctx, c.Process)
	defer func() { err = errors.Join(err, servers.close(ctx)) }()
	var wait sync.WaitGroup
	slots := make(chan struct{}, max(2, runtime.GOMAXPROCS(0)))
	for _, r := range slices.Concat(asked, beside) {
		wait.Go(func() { r.judge(ctx, servers, slots) })
	}
	wait.Wait()
	for _, r := range beside {
		if r.err != nil && ctx.Err() == nil {
			c.say("warning: the schemas of service %s cannot be asked whose a reference is: %v", r.config.Service, r.err)
		}
	}
	for _, r := range asked {
		if r.err == nil {
			r.err = r.settle(r.result) // once the comments in all files are known
		}
	}
	return outcome(ctx, asked, len(beside) == 0)
}

// find resolves the bases and reads the histories, of several services side by side. What fails is each service's own.
func (c *proposal) find(ctx context.Context, runs []*run) {
	group := errgroup.Group{}
	group.SetLimit(runtime.GOMAXPROCS(0))
	for _, r := range runs {
		group.Go(func() error {
			r.err = r.find(ctx)
			return nil
		})
	}
	_ = group.Wait() // the functions give no error
}

// outcome makes one result of those of the services. Everyone says that there is no other that reads some of their files.
func outcome(ctx context.Context, asked []*run, everyone bool) (*gate.Result, error) {
	var results []gate.Result
	var errs []error
	for _, r := range asked {
		if r.err == nil {
			results = append(results, *r.result)
			continue
		}
		errs = append(errs, r.failure())
		results = append(results, gate.Result{
			Version: 1, Service: r.config.Service, Verdict: gate.Unjudged, Failure: r.err.Error(), Order: r.config.Order, Base: r.base, Head: r.head,
		})
	}
	err := errors.Join(errs...)
	switch {
	case ctx.Err() != nil:
		return nil, errors.Join(err, ctx.Err())
	case alike(asked):
		return nil, asked[0].err // such as that there is no server
	case len(errs) == len(asked):
		return nil, err
	}
	gate.ForgiveComments(results, everyone && err == nil)
	if len(results) == 1 {
		return &results[0], nil
	}
	return gate.Combine(results), err
}

// alike tells whether all of several services cannot be checked for the same reason.
func alike(runs []*run) bool {
	return !slices.ContainsFunc(runs, func(r *run) bool { return r.err == nil || r.err.Error() != runs[0].err.Error() })
}
