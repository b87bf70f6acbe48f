package gitrepo_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/headgate/headgate/internal/gitrepo"
)

// upstream has two releases, an open pull request and its merge commit.
func upstream(t *testing.T) (f *fixture, ids map[string]string) {
	t.Helper()
	f = newFixture(t)
	ids = map[string]string{}
	f.write("a.sql", "SELECT 1\n")
	f.write("a.go", "package a\n")
	ids["v1.0.0"] = f.commit("1", "v1.0.0")
	f.write("a.sql", "SELECT 2\n")
	ids["v1.1.0"] = f.commit("2", "v1.1.0")
	ids["main"] = f.commit("3")
	f.git("checkout", "--quiet", "-b", "feature")
	f.write("b.sql", "SELECT 3\n")
	f.commit("feature")
	f.git("checkout", "--quiet", "--detach", "main")
	ids["merge"] = f.merge("feature")
	f.git("update-ref", "refs/pull/5/merge", "HEAD")
	f.git("checkout", "--quiet", "main")
	f.git("config", "uploadpack.allowFilter", "true")
	return f, ids
}

// checkoutAction clones as actions/checkout does by default: one commit, no
// tags, HEAD detached.
func checkoutAction(t *testing.T, f *fixture, ref string) *fixture {
	t.Helper()
	c := f.at(filepath.Join(t.TempDir(), "work"))
	if err := os.Mkdir(c.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	c.git("init", "--quiet")
	c.git("remote", "add", "origin", f.url())
	local := "refs/remotes/" + strings.TrimPrefix(ref, "refs/")
	c.git("fetch", "--quiet", "--no-tags", "--depth=1", "origin", "+"+ref+":"+local)
	c.git("checkout", "--quiet", "--force", local)
	return c
}

func TestShallowClone(t *testing.T) {
	for _, filter := range []string{"true", "false"} {
		t.Run("the remote filters: "+filter, func(t *testing.T) {
			f, ids := upstream(t)
			f.git("config", "uploadpack.allowFilter", filter)
			tests := map[string]struct {
				ref, want string
				ev        gitrepo.Event
			}{
				"pull request": {"refs/pull/5/merge", "v1.1.0", gitrepo.Event{Name: "pull_request", BaseRef: "main"}},
				"push":         {"refs/heads/main", "v1.1.0", gitrepo.Event{Name: "push", Ref: "refs/heads/main", Before: ids["v1.1.0"]}},
				"tag push":     {"refs/tags/v1.1.0", "v1.0.0", gitrepo.Event{Name: "push", Ref: "refs/tags/v1.1.0"}},
				"by hand":      {"refs/heads/main", "v1.1.0", gitrepo.Event{}},
			}
			for name, test := range tests {
				t.Run(name, func(t *testing.T) {
					c := checkoutAction(t, f, test.ref)
					before := snapshot(t, c.dir)
					r := c.open()
					base, err := r.DefaultBase(context.Background(), test.ev, "", "")
					if err != nil {
						t.Fatal(err)
					}
					if base.Ref != test.want || base.Commit != ids[test.want] {
						t.Errorf("the base is %+v", base)
					}
					tree, err := r.Tree(context.Background(), base.Commit)
					if err != nil {
						t.Fatal(err)
					}
					readFile(t, tree, "a.sql", map[string]string{"v1.0.0": "SELECT 1\n", "v1.1.0": "SELECT 2\n"}[test.want])
					changed, err := r.Changed(context.Background(), base.Commit, "HEAD")
					if err != nil {
						t.Fatal(err)
					}
					if name == "pull request" && strings.Join(changed, " ") != "b.sql" {
						t.Errorf("changed: %q", changed)
					}
					if len(snapshot(t, c.dir)) != len(before) {
						t.Error("the checkout was written to")
					}
				})
			}
		})
	}
}

func TestShallowCloneResolvesWhatItLacks(t *testing.T) {
	f, ids := upstream(t)
	f.git("checkout", "--quiet", "main")
	for rev, want := range map[string]string{
		"v1.0.0": "v1.0.0", "refs/tags/v1.0.0": "v1.0.0", "main": "main", "origin/main": "main", "v1.1.0~1": "v1.0.0",
		ids["v1.0.0"]: "v1.0.0", "refs/pull/5/merge": "",
	} {
		t.Run(rev, func(t *testing.T) {
			t.Parallel()
			r := checkoutAction(t, f, "refs/pull/5/merge").open()
			got, err := r.Resolve(context.Background(), rev)
			if want == "" {
				if _, ok := errors.AsType[*gitrepo.UnreachableError](err); !ok {
					t.Errorf("got %v, %v, want an UnreachableError", got, err)
				}
				return
			}
			if err != nil || got.Hash != ids[want] || got.Ref != rev {
				t.Errorf("got %v, %v, want %s", got, err, ids[want])
			}
		})
	}
}

func TestUnreachable(t *testing.T) {
	f, _ := upstream(t)
	gone := checkoutAction(t, f, "refs/pull/5/merge")
	gone.git("remote", "set-url", "origin", "file:///nowhere/repo.git")
	without := checkoutAction(t, f, "refs/pull/5/merge")
	without.git("remote", "remove", "origin")
	for name, c := range map[string]*fixture{"the remote is gone": gone, "there is no remote": without} {
		t.Run(name, func(t *testing.T) {
			r := c.open()
			_, byDefault := r.DefaultBase(context.Background(), gitrepo.Event{Name: "pull_request", BaseRef: "main"}, "", "")
			_, named := r.Resolve(context.Background(), "v1.0.0")
			for _, err := range []error{byDefault, named} {
				unreachable, ok := errors.AsType[*gitrepo.UnreachableError](err)
				if !ok {
					t.Fatalf("got %v, want an UnreachableError", err)
				}
				if !strings.Contains(err.Error(), "fetch-depth: 0") || strings.Contains(err.Error(), "\n") {
					t.Errorf("the message is %q", unreachable)
				}
			}
		})
	}
	t.Run("there is no such branch", func(t *testing.T) {
		r := checkoutAction(t, f, "refs/pull/5/merge").open()
		_, err := r.DefaultBase(context.Background(), gitrepo.Event{Name: "pull_request", BaseRef: "release/9"}, "", "")
		if _, ok := errors.AsType[*gitrepo.UnreachableError](err); !ok || !strings.Contains(err.Error(), "release/9") {
			t.Errorf("got %v", err)
		}
	})
}

func TestPartialClone(t *testing.T) {
	f, ids := upstream(t)
	c := f.clone("--filter=blob:none")
	if out, _ := c.command("rev-list", "--objects", "--no-walk", "--missing=print", ids["v1.0.0"]).Output(); !strings.Contains(string(out), "?") {
		t.Fatal("the clone is not partial")
	}
	var fetches []string
	opts := c.options()
	opts.Progress = func(s string) { fetches = append(fetches, s) }
	r := c.openWith(opts)
	base, err := r.DefaultBase(context.Background(), gitrepo.Event{Name: "push", Ref: "refs/heads/main", Before: ids["v1.1.0"]}, "", "")
	if err != nil || base.Ref != "v1.1.0" {
		t.Fatalf("%+v, %v", base, err)
	}
	tree, err := r.Tree(context.Background(), ids["v1.0.0"])
	if err != nil {
		t.Fatal(err)
	}
	if len(fetches) != 0 {
		t.Errorf("fetched before anything was read: %q", fetches)
	}
	readFile(t, tree, "a.go", "package a\n") // in the checked-out commit too, so it is there
	readFile(t, tree, "a.sql", "SELECT 1\n")
	readFile(t, tree, "a.sql", "SELECT 1\n")
	if len(fetches) != 1 {
		t.Errorf("fetches: %q", fetches)
	}

	offline := f.clone("--filter=blob:none")
	offline.git("remote", "set-url", "origin", "file:///nowhere/repo.git")
	r = offline.open()
	if tree, err = r.Tree(context.Background(), ids["v1.0.0"]); err != nil {
		t.Fatal(err)
	}
	readFile(t, tree, "a.go", "package a\n")
	for range 2 {
		_, err = tree.ReadFile("a.sql")
		if err == nil || !strings.Contains(err.Error(), "a.sql") || !strings.Contains(err.Error(), "absent from this partial clone") {
			t.Errorf("an absent file gave %v", err)
		}
	}
	readFile(t, tree, "a.go", "package a\n")
}

// A repository that lacks an object and is not a partial clone is damaged.
func TestMissingObject(t *testing.T) {
	f := newFixture(t)
	f.write("a.sql", "SELECT 1\n")
	f.write("b.sql", "SELECT 2\n")
	f.commit("1")
	blob := f.git("rev-parse", "HEAD:a.sql")
	if err := os.Remove(filepath.Join(f.dir, ".git", "objects", blob[:2], blob[2:])); err != nil {
		t.Fatal(err)
	}
	tree, err := f.open().Tree(context.Background(), "HEAD")
	if err != nil {
		t.Fatal(err)
	}
	_, err = tree.ReadFile("a.sql")
	if err == nil || !strings.Contains(err.Error(), "read a.sql: blob "+blob+" of HEAD: the object is missing from the repository") {
		t.Errorf("got %v", err)
	}
	readFile(t, tree, "b.sql", "SELECT 2\n")
}

func TestLinkedWorkTree(t *testing.T) {
	f := newFixture(t)
	f.write("a.sql", "SELECT 1\n")
	at := f.commit("1", "v1.0.0")
	dir := filepath.Join(t.TempDir(), "linked")
	f.git("worktree", "add", "--quiet", "-b", "feature", dir)
	linked := f.at(dir)
	linked.write("b.sql", "SELECT 2\n")
	head := linked.commit("2")
	linked.write("sub/c.sql", "SELECT 3\n")
	r := f.at(filepath.Join(dir, "sub")).open()
	if r.Top() != dir {
		t.Errorf("the top is %s", r.Top())
	}
	if got, err := r.Resolve(context.Background(), "HEAD"); err != nil || got.Hash != head {
		t.Errorf("HEAD is %v, %v", got, err)
	}
	if base, err := r.DefaultBase(context.Background(), gitrepo.Event{}, "", ""); err != nil || base.Commit != at {
		t.Errorf("the base is %v, %v", base, err)
	}
	tree, err := r.WorkTree(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(names(t, tree), " "); got != "a.sql b.sql sub/c.sql" {
		t.Errorf("the work tree has %s", got)
	}
	if changed, err := r.Changed(context.Background(), at, ""); err != nil || strings.Join(changed, " ") != "b.sql sub/c.sql" {
		t.Errorf("changed: %q, %v", changed, err)
	}
}

func TestBareRepository(t *testing.T) {
	f, ids := upstream(t)
	r := f.clone("--bare").open()
	if r.Top() != "" {
		t.Errorf("the top is %s", r.Top())
	}
	_, err := r.WorkTree(context.Background())
	if _, ok := errors.AsType[*gitrepo.BareError](err); !ok || !strings.Contains(err.Error(), "--head") {
		t.Errorf("WorkTree gave %v", err)
	}
	if _, err = r.Changed(context.Background(), "main", ""); err == nil {
		t.Error("Changed has compared a work tree")
	}
	base, err := r.DefaultBase(context.Background(), gitrepo.Event{}, "feature", "")
	if err != nil || base.Commit != ids["v1.1.0"] {
		t.Errorf("the base is %v, %v", base, err)
	}
	tree, err := r.Tree(context.Background(), "feature")
	if err != nil {
		t.Fatal(err)
	}
	readFile(t, tree, "b.sql", "SELECT 3\n")
}

// In a Docker action the checkout belongs to the runner's user and the process
// is root: git refuses such a folder (safe.directory).
func TestAnotherOwnersCheckout(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can give a folder to another user")
	}
	f, ids := upstream(t)
	c := checkoutAction(t, f, "refs/pull/5/merge")
	err := filepath.WalkDir(c.dir, func(name string, _ fs.DirEntry, err error) error {
		return errors.Join(err, os.Lchown(name, 12345, 12345))
	})
	if err != nil {
		t.Fatal(err)
	}
	if out, err := c.command("status").CombinedOutput(); err == nil || !bytes.Contains(out, []byte("dubious ownership")) {
		t.Fatalf("git itself has no objection: %v: %s", err, out)
	}
	r := c.open()
	base, err := r.DefaultBase(context.Background(), gitrepo.Event{Name: "pull_request", BaseRef: "main"}, "", "")
	if err != nil || base.Commit != ids["v1.1.0"] {
		t.Errorf("the base is %v, %v", base, err)
	}
	if changed, err := r.Changed(context.Background(), base.Commit, ""); err != nil || strings.Join(changed, " ") != "b.sql" {
		t.Errorf("changed: %q, %v", changed, err)
	}
}

func TestNotARepository(t *testing.T) {
	empty := t.TempDir()
	broken := t.TempDir()
	if err := os.WriteFile(filepath.Join(broken, ".git"), []byte("gitdir: nowhere\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for dir, want := range map[string]string{
		empty:                         "not a git repository (nor any of the folders above it)",
		filepath.Join(empty, "none"):  "does not exist",
		broken:                        "which is no git directory",
		filepath.Join(broken, ".git"): "it is not a folder",
	} {
		_, err := gitrepo.Open(context.Background(), dir, gitrepo.Options{})
		if _, ok := errors.AsType[*gitrepo.NotARepositoryError](err); !ok || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", dir, err, want)
		}
	}
	f := newFixture(t)
	if _, err := gitrepo.Open(context.Background(), f.dir, gitrepo.Options{Git: "no-such-git"}); err == nil || !strings.Contains(err.Error(), "install git") {
		t.Errorf("without git: %v", err)
	}
	f.write(".git/config", "[core\n")
	_, err := gitrepo.Open(context.Background(), f.dir, f.options())
	if err == nil || !strings.Contains(err.Error(), "bad config line 1 in file") {
		t.Errorf("a broken configuration gave %v", err)
	}
}

func TestResolve(t *testing.T) {
	f := newFixture(t)
	first := f.commit("1", "v1.0.0")
	second := f.commit("2")
	f.git("reset", "--quiet", "--hard", first)
	r := f.open()
	for rev, want := range map[string]string{
		"HEAD": first, "v1.0.0": first, "main": first, first[:10]: first, "main@{1}": second, "ORIG_HEAD": second, ":/2": "",
		"none": "", "--all": "", "--upload-pack=x": "", "-h": "", "": "", "main..v1.0.0": "", "^main": "", "HEAD^{tree}": "", "a\nb": "",
	} {
		got, err := r.Resolve(context.Background(), rev)
		if want != "" {
			if err != nil || got.Hash != want {
				t.Errorf("%q: got %v, %v, want %s", rev, got, err, want)
			}
			continue
		}
		if _, ok := errors.AsType[*gitrepo.RevisionError](err); !ok {
			t.Errorf("%q: got %v, %v, want a RevisionError", rev, got, err)
		}
	}
	unborn := newFixture(t).open()
	if _, err := unborn.Resolve(context.Background(), "HEAD"); err == nil || !strings.Contains(err.Error(), "no commit yet") {
		t.Errorf("HEAD without a commit gave %v", err)
	}
}

// Variables that a git hook or a shell has set for another repository.
func TestInheritedEnvironment(t *testing.T) {
	f, other := newFixture(t), newFixture(t)
	f.write("a.sql", "1")
	want := f.commit("1")
	other.commit("other")
	opts := f.options()
	git := filepath.Join(other.dir, ".git")
	opts.Env = append(opts.Env, "GIT_DIR="+git, "GIT_WORK_TREE="+other.dir, "GIT_INDEX_FILE="+filepath.Join(git, "index"),
		"GIT_OBJECT_DIRECTORY="+filepath.Join(git, "objects"), "GIT_COMMON_DIR="+git, "GIT_NAMESPACE=x", "GIT_PREFIX=x/", "GIT_EXTERNAL_DIFF=false")
	r := f.openWith(opts)
	if got, err := r.Resolve(context.Background(), "HEAD"); err != nil || got.Hash != want {
		t.Errorf("HEAD is %v, %v", got, err)
	}
	tree, err := r.WorkTree(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	readFile(t, tree, "a.sql", "1")
}

// When the run ends, a git command that hangs does so too, and is waited for.
func TestCancel(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the hanging git is a shell script")
	}
	for name, hang := range map[string]func(ctx context.Context, r *gitrepo.Repo, tree *gitrepo.Tree) error{
		"a command": func(ctx context.Context, r *gitrepo.Repo, _ *gitrepo.Tree) error {
			_, err := r.WorkTree(ctx)
			return err
		},
		"a batch": func(_ context.Context, _ *gitrepo.Repo, tree *gitrepo.Tree) error {
			_, err := tree.ReadFile("a.sql")
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			f.write("a.sql", "1")
			f.commit("1")
			pidFile := filepath.Join(t.TempDir(), "pid")
			opts := f.options()
			opts.Git = filepath.Join(t.TempDir(), "git")
			writeProgram(t, opts.Git, "#!/bin/sh\ncase \"$*\" in *cat-file*|*ls-files*) echo $$ >"+pidFile+".new; mv "+pidFile+".new "+pidFile+"; exec sleep 600;; esac\nexec git \"$@\"\n")
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			r, err := gitrepo.Open(ctx, f.dir, opts)
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			tree, err := r.Tree(ctx, "HEAD")
			if err != nil {
				t.Fatal(err)
			}
			ended := make(chan error, 1)
			go func() { ended <- hang(ctx, r, tree) }()
			for _, err := os.Stat(pidFile); err != nil; _, err = os.Stat(pidFile) {
				runtime.Gosched()
			}
			cancel()
			if err := <-ended; !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
			text, err := os.ReadFile(pidFile)
			if err != nil {
				t.Fatal(err)
			}
			pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
			if err != nil {
				t.Fatal(err)
			}
			if process, err := os.FindProcess(pid); err == nil && process.Signal(syscall.Signal(0)) == nil {
				t.Errorf("the process %d is still there", pid)
			}
		})
	}
}
