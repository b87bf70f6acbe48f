package gitrepo_test

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/gitrepo"
)

// fixture is a repository made with the git command line. Each commit is an
// hour younger than the last.
type fixture struct {
	t     testing.TB
	dir   string
	env   []string
	hours *int
}

func newFixture(t testing.TB, initArgs ...string) *fixture {
	t.Helper()
	hours := 0
	f := &fixture{t: t, dir: filepath.Join(t.TempDir(), "repo"), hours: &hours}
	f.env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "LC_ALL=C", "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=ada@example.com", "GIT_COMMITTER_NAME=Ada", "GIT_COMMITTER_EMAIL=ada@example.com",
	}
	if err := os.Mkdir(f.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	f.git(append([]string{"init", "--quiet", "--initial-branch=main"}, initArgs...)...)
	return f
}

// at is another folder under the same environment.
func (f *fixture) at(dir string) *fixture {
	return &fixture{t: f.t, dir: dir, env: f.env, hours: f.hours}
}

func (f *fixture) command(args ...string) *exec.Cmd {
	cmd := exec.Command("git", args...)
	cmd.Dir = f.dir
	date := fmt.Sprintf("2024-01-%02dT%02d:00:00Z", 1+*f.hours/24, *f.hours%24)
	cmd.Env = append(f.env[:len(f.env):len(f.env)], "GIT_AUTHOR_DATE="+date, "GIT_COMMITTER_DATE="+date)
	return cmd
}

func (f *fixture) git(args ...string) string {
	f.t.Helper()
	out, err := f.command(args...).CombinedOutput()
	if err != nil {
		f.t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

func (f *fixture) write(name, text string) {
	f.t.Helper()
	name = filepath.Join(f.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		f.t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		f.t.Fatal(err)
	}
}

// commit commits everything, tags it, and returns the commit's id.
func (f *fixture) commit(message string, tags ...string) string {
	f.t.Helper()
	*f.hours++
	f.git("add", "--all")
	f.git("commit", "--quiet", "--allow-empty", "--message", message)
	for _, tag := range tags {
		f.git("tag", "--annotate", "--message", tag, tag)
	}
	return f.git("rev-parse", "HEAD")
}

// merge merges without fast-forward, as GitHub does for a pull request.
func (f *fixture) merge(branch string) string {
	f.t.Helper()
	*f.hours++
	f.git("merge", "--quiet", "--no-ff", "--message", "merge "+branch, branch)
	return f.git("rev-parse", "HEAD")
}

func (f *fixture) url() string { return "file://" + filepath.ToSlash(f.dir) }

// clone clones with the given options into a new folder.
func (f *fixture) clone(args ...string) *fixture {
	f.t.Helper()
	dir := filepath.Join(f.t.TempDir(), "clone")
	f.git(append(append([]string{"clone", "--quiet"}, args...), f.url(), dir)...)
	return f.at(dir)
}

func (f *fixture) options() gitrepo.Options {
	return gitrepo.Options{Env: f.env, TempDir: f.t.TempDir()}
}

func (f *fixture) open() *gitrepo.Repo {
	f.t.Helper()
	return f.openWith(f.options())
}

func (f *fixture) openWith(opts gitrepo.Options) *gitrepo.Repo {
	f.t.Helper()
	r, err := gitrepo.Open(context.Background(), f.dir, opts)
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() {
		if err := r.Close(); err != nil {
			f.t.Error(err)
		}
		left, err := os.ReadDir(opts.TempDir)
		if err != nil || len(left) > 0 {
			f.t.Errorf("Close left %v (%v)", left, err)
		}
	})
	return r
}

// snapshot is all of a folder's files, to prove that nothing was written there.
func snapshot(t testing.TB, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(name)
		files[name] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func readFile(t testing.TB, files fs.FS, name, want string) {
	t.Helper()
	got, err := fs.ReadFile(files, name)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, []byte(want)) {
		t.Errorf("%s holds %q, want %q", name, got, want)
	}
}
