// Package gitrepo reads a git repository at two points: the base and the head.
//
// It drives the git command line and never checks anything out. What the
// checkout's own configuration says is hostile: a pull request's job must not
// run a program because .git/config names one. So no command that reads objects,
// compares trees or talks to a remote is given the checkout's git directory.
// They run on a private one, made for the run and removed by [Repo.Close]: it
// borrows the checkout's objects (objects/info/alternates), holds a copy of its
// refs, and of its configuration only the keys that name remotes and their
// credentials (see allowedKeys). What has to be fetched lands there too, so the
// checkout is never written to, and needs neither to be writable nor to belong
// to this user: git asks for safe.directory only where it discovers a
// repository by itself.
//
// Git 2.30 or later is needed.
package gitrepo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
)

// Options say how git is run.
type Options struct {
	// Git is the git program: a path, or a name to look up on PATH. "" is "git".
	Git string
	// Env is the environment of the git processes, as os.Environ gives it; nil
	// is this process's. Variables that point git to another repository
	// (GIT_DIR, GIT_INDEX_FILE, …) are dropped from it.
	Env []string
	// TempDir is where the private git directory is made; "" is os.TempDir().
	TempDir string
	// Progress, if set, is told in one plain sentence what takes a while, such
	// as a fetch.
	Progress func(sentence string)
}

// Repo is an open repository. Its methods may be called from several goroutines.
type Repo struct {
	ctx      context.Context // the life of the batch processes: that of the run
	place    place
	private  string // the private git directory
	checkout git    // commands that see the checkout's configuration: they read no object and may use no transport
	own      git    // commands on the private git directory
	remote   string // the remote to fetch from, "" if there is none
	progress func(string)

	contents *batch
	sizes    *batch

	mu       sync.Mutex // held by a fetch, which changes the private git directory
	promisor string     // guarded by mu: see promisorRemote
	reflogs  bool       // guarded by mu: they are copied
}

// Open finds the repository that dir is in, as git does: in dir or the nearest
// folder above it. The context is that of the whole run: when it ends, the
// repository's git processes do. The error is a [*NotARepositoryError] where
// there is no repository.
func Open(ctx context.Context, dir string, opts Options) (*Repo, error) {
	place, err := locate(dir)
	if err != nil {
		return nil, err
	}
	name := opts.Git
	if name == "" {
		name = "git"
	}
	program, err := exec.LookPath(name)
	if err != nil {
		return nil, fmt.Errorf("the git program is needed: %w; install git 2.30 or later", err)
	}
	if program, err = filepath.Abs(program); err != nil {
		return nil, err
	}
	private, err := os.MkdirTemp(opts.TempDir, "headgate-git-")
	if err != nil {
		return nil, fmt.Errorf("make the private git directory: %w", err)
	}
	env := environment(opts.Env)
	r := &Repo{
		ctx: ctx, place: place, private: private, progress: opts.Progress,
		checkout: newGit(program, place, env, place.gitDir, noTransport),
		own:      newGit(program, place, env, private, transports(env)),
	}
	r.contents = &batch{git: r.own, ctx: ctx, mode: "--batch"}
	r.sizes = &batch{git: r.own, ctx: ctx, mode: "--batch-check"}
	if err := r.prepare(ctx); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

// Close ends the git processes and removes the private git directory. No tree
// of the repository can be read afterwards.
func (r *Repo) Close() error {
	r.contents.close()
	r.sizes.close()
	return os.RemoveAll(r.private)
}

// Top is the absolute path of the work tree's top folder, "" in a bare repository.
func (r *Repo) Top() string { return r.place.top }

func (r *Repo) say(format string, args ...any) {
	if r.progress != nil {
		r.progress(fmt.Sprintf(format, args...))
	}
}
