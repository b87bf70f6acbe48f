package gitrepo

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"
)

// noTransport is a GIT_ALLOW_PROTOCOL under which git reaches no remote at all.
// Commands that see the checkout's own configuration run under it, because a
// partial clone fetches whatever object is absent, and would run core.sshCommand
// or remote.*.uploadpack for it.
//
// Git 2.45 and later do not even try, by GIT_NO_LAZY_FETCH.
const noTransport = "none"

// git runs the git program on one git directory.
type git struct {
	program string
	dir     string
	env     []string
}

func newGit(program string, p place, env []string, gitDir, protocols string) git {
	dir := p.top
	env = append(slices.Clip(env), "GIT_DIR="+gitDir, "GIT_ALLOW_PROTOCOL="+protocols)
	if protocols == noTransport {
		env = append(env, "GIT_NO_LAZY_FETCH=1")
	}
	if p.top == "" {
		dir = p.commonDir
	} else {
		// An explicit work tree outranks core.worktree.
		env = append(env, "GIT_WORK_TREE="+p.top, "GIT_INDEX_FILE="+p.index())
	}
	return git{program: program, dir: dir, env: env}
}

// settings outrank every configuration file, that of the user included: they
// keep git from running a program or doing more than it was asked for.
func settings() []string {
	return []string{
		"core.fsmonitor=false",
		"core.hooksPath=" + os.DevNull,
		// A fetch would ask the checkout for its refs by a git that reads the
		// checkout's configuration. They are all copied already.
		"core.alternateRefsCommand=true",
		"core.pager=cat",
		"gc.auto=0",
		"maintenance.auto=false",
		"fetch.prune=false",
		"fetch.pruneTags=false",
		"fetch.recurseSubmodules=false",
		"fetch.writeCommitGraph=false",
		"submodule.recurse=false",
	}
}

// keptVariable tells the GIT_ variables that say how to reach a remote, or whose
// configuration is read: they are the user's, not the checkout's. All others
// can point git to other files than those of the repository at hand.
func keptVariable(name string) bool {
	switch name {
	case "GIT_ASKPASS", "GIT_EXEC_PATH", "GIT_ALLOW_PROTOCOL":
		return true
	case "GIT_CONFIG":
		return false
	}
	for _, prefix := range []string{"GIT_SSH", "GIT_CONFIG_", "GIT_HTTP_", "GIT_SSL_", "GIT_PROXY_", "GIT_CURL_", "GIT_TRACE"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// environment is the part of the git processes' environment that is the same for all.
func environment(base []string) []string {
	if base == nil {
		base = os.Environ()
	}
	env := make([]string, 0, len(base)+8)
	for _, variable := range base {
		name, _, _ := strings.Cut(variable, "=")
		if strings.HasPrefix(name, "GIT_") && !keptVariable(name) {
			continue
		}
		env = append(env, variable)
	}
	return append(env,
		"LC_ALL=C",
		"GIT_TERMINAL_PROMPT=0",
		"GIT_OPTIONAL_LOCKS=0",
		"GIT_NO_REPLACE_OBJECTS=1",
		"GIT_PAGER=cat",
	)
}

// transports are the protocols that a fetch may use: those that git itself
// trusts, without ext:: (which runs a command) and remote helpers of other
// names. A narrower list in the environment stays narrow.
func transports(env []string) string {
	allowed := []string{"file", "git", "http", "https", "ssh"}
	for _, variable := range env {
		if list, ok := strings.CutPrefix(variable, "GIT_ALLOW_PROTOCOL="); ok {
			narrow := strings.Split(list, ":")
			allowed = slices.DeleteFunc(allowed, func(p string) bool { return !slices.Contains(narrow, p) })
		}
	}
	if len(allowed) == 0 {
		return noTransport
	}
	return strings.Join(allowed, ":")
}

// command prepares a git command that ends with the context: first asked to, so
// that git removes its lock files and its own children, then killed.
func (g git) command(ctx context.Context, args ...string) *exec.Cmd {
	full := make([]string, 0, len(args)+32)
	full = append(full, "--no-pager")
	for _, setting := range settings() {
		full = append(full, "-c", setting)
	}
	cmd := exec.CommandContext(ctx, g.program, append(full, args...)...)
	cmd.Dir = g.dir
	cmd.Env = g.env
	cmd.WaitDelay = 2 * time.Second
	cmd.Cancel = func() error {
		if err := cmd.Process.Signal(syscall.SIGTERM); err == nil || errors.Is(err, os.ErrProcessDone) {
			return err
		}
		return cmd.Process.Kill() // there is no SIGTERM on Windows
	}
	return cmd
}

// output runs a git command and returns what it wrote to stdout. The error is a
// *CommandError.
func (g git) output(ctx context.Context, stdin io.Reader, args ...string) ([]byte, error) {
	cmd := g.command(ctx, args...)
	cmd.Stdin = stdin
	var stderr head
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		if ctx.Err() != nil {
			err = ctx.Err()
			stderr.text = nil // what git says of its own end does not matter
		}
		return nil, &CommandError{Command: subcommand(args), Message: tellingLine(string(stderr.text)), Err: err}
	}
	return out, nil
}

// subcommand is the name in a git command line that may start with "-c key=value".
func subcommand(args []string) string {
	for len(args) > 2 && args[0] == "-c" {
		args = args[2:]
	}
	return args[0]
}

// exitCode is the code that git ended with, -1 if it did not run to its end.
func exitCode(err error) int {
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode()
	}
	return -1
}

// head keeps the first bytes that are written to it.
type head struct{ text []byte }

func (h *head) Write(p []byte) (int, error) {
	const limit = 64 << 10
	h.text = append(h.text, p[:min(len(p), limit-min(limit, len(h.text)))]...)
	return len(p), nil
}
