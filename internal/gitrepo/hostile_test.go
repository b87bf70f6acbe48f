package gitrepo_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/gitrepo"
)

// plants are the settings of a checkout that make git run a program. %s is a
// program that leaves a marker behind.
const plants = `
[core]
	fsmonitor = %[1]s
	hooksPath = %[2]s
	sshCommand = %[1]s
	gitProxy = %[1]s
	askPass = %[1]s
	pager = %[1]s
	editor = %[1]s
	alternateRefsCommand = %[1]s
	attributesFile = %[2]s/attributes
	worktree = /
[extensions]
	partialClone = evil
	worktreeConfig = true
[remote "evil"]
	url = ext::%[1]s
	promisor = true
	vcs = evil
	uploadpack = %[1]s
[remote "--upload-pack=%[1]s"]
	url = file:///nowhere
	promisor = true
[remote "origin"]
	uploadpack = %[1]s
	receivepack = %[1]s
	proxy = ext::%[1]s
[diff]
	external = %[1]s
[diff "evil"]
	command = %[1]s
	textconv = %[1]s
[filter "evil"]
	clean = %[1]s
	smudge = %[1]s
	process = %[1]s
	required = true
[merge "evil"]
	driver = %[1]s
[credential]
	helper = "!%[1]s"
[alias]
	ls-tree = "!%[1]s"
	fetch = "!%[1]s"
	rev-parse = "!%[1]s"
[pager]
	config = %[1]s
	for-each-ref = %[1]s
	ls-tree = %[1]s
[gpg]
	program = %[1]s
[gpg "ssh"]
	program = %[1]s
[log]
	showSignature = true
[uploadpack]
	packObjectsHook = %[1]s
[url "ext::%[1]s #"]
	insteadOf = evil:
[protocol]
	allow = always
[protocol "ext"]
	allow = always
[submodule]
	recurse = true
[fetch]
	recurseSubmodules = true
	bundleURI = ext::%[1]s
[receive]
	procReceiveRefs = refs
[trailer "x"]
	command = %[1]s
	cmd = %[1]s
[http]
	saveCookies = true
	cookieFile = %[3]s
[maintenance]
	auto = true
[gc]
	auto = 1
	recentObjectsHook = %[1]s
[include]
	path = more.config
`

// trap is a hostile checkout.
type trap struct {
	*fixture
	evil   string // the program
	marker string
}

func (tr *trap) sprung() bool {
	_, err := os.Stat(tr.marker)
	return err == nil
}

// newTrap makes a shallow clone of an upstream repository and plants everything
// into its git directory, its work tree and a submodule.
func newTrap(t *testing.T) *trap {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the planted program is a shell script")
	}
	f := newFixture(t)
	f.write("a.sql", "SELECT 1\n")
	f.write("b.sql", "SELECT 2\n")
	f.write(".gitattributes", "* diff=evil filter=evil merge=evil\n")
	f.commit("1", "v1.0.0")
	f.write("a.sql", "SELECT 3\n")
	f.commit("2")
	c := f.clone("--depth=1")
	dir := t.TempDir()
	tr := &trap{fixture: c, evil: filepath.Join(dir, "evil"), marker: filepath.Join(dir, "marker")}
	script := fmt.Sprintf("#!/bin/sh\necho \"$0 $*\" >>'%s'\nexit 1\n", tr.marker)
	hooks := filepath.Join(dir, "hooks")
	for _, name := range []string{tr.evil, filepath.Join(dir, "git-remote-evil")} {
		writeProgram(t, name, script)
	}
	c.env = slices.Clone(c.env)
	c.env[0] = "PATH=" + dir + string(filepath.ListSeparator) + os.Getenv("PATH") // git-remote-evil is found
	// A submodule, whose own configuration counts where git looks into it.
	c.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", f.url(), "module")
	appendFile(t, filepath.Join(c.dir, ".git", "modules", "module", "config"), "[core]\n\tfsmonitor = "+tr.evil+"\n")
	hookNames := []string{"reference-transaction", "post-checkout", "post-index-change", "pre-auto-gc", "fsmonitor-watchman", "post-merge", "query-watchman"}
	for _, folder := range []string{hooks, filepath.Join(c.dir, ".git", "hooks")} {
		for _, name := range hookNames {
			writeProgram(t, filepath.Join(folder, name), script)
		}
	}
	config := filepath.Join(c.dir, ".git", "config")
	text := fmt.Sprintf(plants, tr.evil, hooks, filepath.Join(dir, "cookies"))
	appendFile(t, filepath.Join(c.dir, ".git", "more.config"), "[core]\n\tfsmonitor = "+tr.evil+"\n\tsshCommand = "+tr.evil+"\n")
	appendFile(t, filepath.Join(c.dir, ".git", "config.worktree"), "[core]\n\tfsmonitor = "+tr.evil+"\n")
	appendFile(t, config, text)
	return tr
}

func writeProgram(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
}

func appendFile(t *testing.T, name, text string) {
	t.Helper()
	old, err := os.ReadFile(name)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, append(old, text...), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestTheTrapWorks proves that the programs would run under plain git.
func TestTheTrapWorks(t *testing.T) {
	for name, args := range map[string][]string{
		"fsmonitor":       {"-c", "core.worktree=", "status"},
		"upload-pack":     {"fetch", "--unshallow", "origin"},
		"ssh":             {"fetch", "ssh://example.invalid/x"},
		"remote helper":   {"fetch", "evil"},
		"insteadOf ext::": {"fetch", "evil:x"},
		"filter":          {"-c", "core.fsmonitor=false", "hash-object", "a.sql"},
		"external diff":   {"-c", "core.fsmonitor=false", "diff", "--ext-diff", "--cached", "4b825dc642cb6eb9a060e54bf8d69288fbee4904"},
		"absent object":   {"-c", "core.fsmonitor=false", "cat-file", "-e", strings.Repeat("ab", 20)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tr := newTrap(t)
			cmd := tr.command(args...)
			cmd.Env = append(cmd.Env, "GIT_DIR="+filepath.Join(tr.dir, ".git"), "GIT_WORK_TREE="+tr.dir)
			out, _ := cmd.CombinedOutput()
			if !tr.sprung() {
				t.Errorf("git %s ran nothing: %s", strings.Join(args, " "), out)
			}
		})
	}
}

func TestNothingOfTheCheckoutIsRun(t *testing.T) {
	ctx := context.Background()
	tr := newTrap(t)
	tr.write("a.sql", "SELECT 4\n") // the filter would see it
	tr.write("module/a.sql", "SELECT 4\n")
	tr.write("new.sql", "SELECT 5\n")
	// A ref to an object that is not there: a partial clone would fetch it.
	tr.write(".git/refs/heads/absent", strings.Repeat("ab", 20)+"\n")
	before := snapshot(t, filepath.Join(tr.dir, ".git"))
	step := func(name string, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if text, err := os.ReadFile(tr.marker); err == nil {
			t.Fatalf("%s ran: %s", name, text)
		}
	}
	var said []string
	opts := tr.options()
	opts.Progress = func(s string) { said = append(said, s) }
	r := tr.openWith(opts)
	step("Open", nil)
	if r.Top() != tr.dir {
		t.Errorf("core.worktree was believed: %s", r.Top())
	}
	_, err := r.Resolve(ctx, "HEAD")
	step("Resolve", err)
	if _, err = r.Resolve(ctx, strings.Repeat("ab", 20)); err == nil {
		t.Error("an absent commit was resolved")
	}
	step("Resolve of an absent commit", nil)
	tree, err := r.WorkTree(ctx)
	step("WorkTree", err)
	readFile(t, tree, "a.sql", "SELECT 4\n")
	changed, err := r.Changed(ctx, "HEAD", "")
	step("Changed", err)
	if want := []string{".gitmodules", "a.sql", "new.sql"}; !slices.Equal(changed, want) {
		t.Errorf("changed: %q, want %q", changed, want)
	}
	base, err := r.DefaultBase(ctx, gitrepo.Event{Name: "pull_request", BaseRef: "main"}, "", "")
	step("DefaultBase with its fetch", err)
	if base.Ref != "v1.0.0" {
		t.Errorf("the base is %+v", base)
	}
	if len(said) == 0 || !strings.Contains(said[len(said)-1], "fetching") {
		t.Errorf("nothing was fetched: %q", said)
	}
	tree, err = r.Tree(ctx, base.Commit)
	step("Tree", err)
	text, err := tree.ReadFile("a.sql")
	step("ReadFile", err)
	if string(text) != "SELECT 1\n" {
		t.Errorf("a.sql is %q", text)
	}
	_, err = r.Changed(ctx, base.Commit, "HEAD")
	step("Changed between commits", err)
	after := snapshot(t, filepath.Join(tr.dir, ".git"))
	for name, text := range before {
		if after[name] != text {
			t.Errorf("%s was written to: %s", name, after[name])
		}
	}
	if len(after) != len(before) {
		t.Errorf("the checkout had %d files, now %d", len(before), len(after))
	}
}

// TestHostileRemotes has origin itself lead to a program.
func TestHostileRemotes(t *testing.T) {
	for name, config := range map[string]func(tr *trap) [2]string{
		"ext":       func(tr *trap) [2]string { return [2]string{"remote.origin.url", "ext::" + tr.evil + " %S"} },
		"insteadOf": func(tr *trap) [2]string { return [2]string{"remote.origin.url", "evil:x"} },
		"helper":    func(tr *trap) [2]string { return [2]string{"remote.origin.url", "evil::x"} },
		"option":    func(tr *trap) [2]string { return [2]string{"remote.origin.url", "--upload-pack=" + tr.evil} },
		"ssh host": func(tr *trap) [2]string {
			return [2]string{"remote.origin.url", "ssh://-oProxyCommand=" + tr.evil + "/x"}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tr := newTrap(t)
			pair := config(tr)
			tr.git("config", "--file", ".git/config", pair[0], pair[1])
			if tr.sprung() {
				t.Fatal("the trap was sprung by its making")
			}
			_, err := tr.open().DefaultBase(context.Background(), gitrepo.Event{}, "", "")
			if err == nil || !strings.Contains(err.Error(), "fetch-depth: 0") {
				t.Errorf("the error is %v", err)
			}
			if tr.sprung() {
				t.Error("a program was run")
			}
		})
	}
}

// What a job's checkout knows of a remote's credentials is kept, from wherever
// it is included.
func TestCredentialsOfTheCheckoutAreKept(t *testing.T) {
	f := newFixture(t)
	f.commit("1")
	f.at(filepath.Dir(f.dir)).write("credentials.config", "[http \"https://git.example/\"]\n\textraheader = \"AUTHORIZATION: basic \\\"x#;\\\\\"\n")
	f.git("config", "includeIf.gitdir:"+f.dir+"/.git.path", filepath.Join(filepath.Dir(f.dir), "credentials.config"))
	f.git("config", "--add", "http.https://git.example/.extraheader", "second\nline")
	opts := f.options()
	f.openWith(opts)
	entries, err := os.ReadDir(opts.TempDir)
	if err != nil || len(entries) != 1 {
		t.Fatalf("%v, %v", entries, err)
	}
	private := filepath.Join(opts.TempDir, entries[0].Name())
	got := f.git("config", "--file", filepath.Join(private, "config"), "--get-urlmatch", "http.extraheader", "https://git.example/x")
	all := f.git("config", "--file", filepath.Join(private, "config"), "--get-all", "http.https://git.example/.extraheader")
	if got != "second\nline" || all != "AUTHORIZATION: basic \"x#;\\\nsecond\nline" {
		t.Errorf("the private configuration has %q and %q", got, all)
	}
	if info, err := os.Stat(private); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("others can read the private git directory: %v, %v", info.Mode(), err)
	}
}
