package app

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/tools/txtar"

	"github.com/headgate/headgate/internal/config"
)

//go:embed demo.txtar
var demoFiles []byte

func newDemo(p Process, r registry) *cobra.Command {
	settings := r.settings()
	c := &cobra.Command{
		Use:   "demo",
		Short: "Make a two-release repository and run the gate on it, as the tour",
		Long: `demo makes a small git repository in which a pull request adds a column and code that reads it, and runs the real
gate on it. It ends with exit code 1, since that is the outage that Headgate exists for.

With --released-first the migration was released before the code, and the same gate passes.`,
		Args: noArguments,
	}
	mended := c.Flags().Bool("released-first", false, "release the migration before the code, and see the gate pass")
	keep := c.Flags().String("keep", "", "make the repository in this empty `DIR` and leave it there")
	flags := addSettings(c, settings, "postgres", "postgres-version", "postgres-image", "report")
	c.RunE = func(c *cobra.Command, _ []string) error {
		load := loader{settings, config.Sources{Flags: flags()}}
		run := func(dir string) error { return p.demo(c.Context(), r, dir, *mended, load) }
		if *keep == "" {
			return withTemp(run)
		}
		return inEmptyFolder(*keep, run)
	}
	return c
}

// inEmptyFolder makes the folder if it is not there, and refuses one that holds something.
func inEmptyFolder(dir string, run func(string) error) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return usageError{err}
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return usageError{err}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return usageError{err}
	}
	if len(entries) > 0 {
		return usageError{fmt.Errorf("the folder %s is not empty; name a new one with --keep", dir)}
	}
	return run(dir)
}

func (p Process) demo(ctx context.Context, r registry, dir string, mended bool, load loader) error {
	if err := makeDemo(ctx, p.Environ, dir, mended); err != nil {
		return fmt.Errorf("make the demo's repository: %w", err)
	}
	p.say("demo: a repository with release v1.0.0, and a pull request that reads the new column trees.height_m")
	if mended {
		p.say("demo: release v1.1.0 has brought the column, so now the code may follow")
	}
	// The demo is a run on a developer's machine, whatever the environment says of a workflow.
	local := p
	local.Environ = withoutWorkflow(p.Environ)
	return local.check(ctx, r, dir, false, load)
}

// withoutWorkflow takes out what a runner says of the workflow that is running: its event is not the demo's.
func withoutWorkflow(environ []string) []string {
	var kept []string
	for _, entry := range environ {
		if !strings.HasPrefix(entry, "GITHUB_") && !strings.HasPrefix(entry, "INPUT_") {
			kept = append(kept, entry)
		}
	}
	return kept
}

// makeDemo makes the repository: v1.0.0, then either the migration and the code together, or the migration as v1.1.0 and
// the code after it.
func makeDemo(ctx context.Context, environ []string, dir string, mended bool) error {
	git := func(args ...string) func() error { return func() error { return demoGit(ctx, environ, dir, args...) } }
	write := func(part string) func() error { return func() error { return writeDemo(dir, part) } }
	commit := func(message string) func() error { return git("commit", "--quiet", "--message", message) }
	steps := []func() error{
		git("init", "--quiet", "--initial-branch=main"),
		write("released"), git("add", "--all"), commit("Keep trees"), git("tag", "v1.0.0"),
	}
	if mended {
		steps = append(steps, write("migration"), git("add", "--all"), commit("Add the height of a tree"), git("tag", "v1.1.0"))
	}
	steps = append(steps, git("switch", "--quiet", "--create", "tree-height"),
		write("migration"), write("code"), git("add", "--all"), commit("Ask for the height of a tree"))
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func demoGit(ctx context.Context, environ []string, dir string, args ...string) error {
	c := exec.CommandContext(ctx, "git", args...)
	c.Dir = dir
	// Nobody may have introduced themselves to git on this machine; the last entry of a name holds.
	c.Env = append(slices.Clone(environ), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1",
		"GIT_DIR="+filepath.Join(dir, ".git"), "GIT_WORK_TREE="+dir,
		"GIT_AUTHOR_NAME=Headgate demo", "GIT_AUTHOR_EMAIL=demo@headgate.invalid", "GIT_AUTHOR_DATE=2026-01-01T00:00:00Z",
		"GIT_COMMITTER_NAME=Headgate demo", "GIT_COMMITTER_EMAIL=demo@headgate.invalid", "GIT_COMMITTER_DATE=2026-01-01T00:00:00Z")
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("git %s: %w: %s", args[0], err, strings.TrimSpace(string(out)))
	}
	return nil
}

// writeDemo writes the files of one commit.
func writeDemo(dir, part string) error {
	for _, f := range txtar.Parse(demoFiles).Files {
		name, ok := strings.CutPrefix(f.Name, part+"/")
		if !ok {
			continue
		}
		full := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(full, f.Data, 0o644); err != nil {
			return err
		}
	}
	return nil
}
