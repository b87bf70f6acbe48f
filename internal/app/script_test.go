package app_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/headgate/headgate/internal/app"
	"github.com/headgate/headgate/internal/postgres/postgrestest"
)

// program is the name under which scripts find the program: the test binary itself.
const program = "headgate-program"

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){migrator: runMigrator, program: func() {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		os.Exit(app.Main(ctx, app.Process{Args: os.Args[1:], Stdout: os.Stdout, Stderr: os.Stderr, Environ: os.Environ()}))
	}})
}

// TestScripts runs whole projects through the program: testdata/script/*.txtar at the repository's top. One local server is
// shared; scripts reach it as an external one by $POSTGRES.
func TestScripts(t *testing.T) {
	shared := postgrestest.URL(t, postgrestest.Start(t))
	// Scripts run side by side and end after this function's own cleanups would: the group holds those back.
	t.Run("all", func(t *testing.T) {
		testscript.Run(t, testscript.Params{
			Dir:                 "../../testdata/script",
			UpdateScripts:       os.Getenv("UPDATE_SCRIPTS") != "",
			RequireExplicitExec: true,
			RequireUniqueNames:  true,
			Setup:               func(e *testscript.Env) error { return setUp(e, shared) },
			Cmds: map[string]func(*testscript.TestScript, bool, []string){
				"headgate": headgate,
				"release":  release,
				"propose":  propose,
				"sql":      sql,
			},
		})
	})
}

// setUp gives a script git without the machine's own settings, and the shared server.
func setUp(e *testscript.Env, server string) error {
	e.Setenv("POSTGRES", server)
	e.Setenv("GIT_CONFIG_GLOBAL", os.DevNull)
	e.Setenv("GIT_CONFIG_NOSYSTEM", "1")
	for _, who := range []string{"GIT_AUTHOR", "GIT_COMMITTER"} {
		e.Setenv(who+"_NAME", "A developer")
		e.Setenv(who+"_EMAIL", "developer@example.com")
		e.Setenv(who+"_DATE", "2026-01-01T00:00:00Z")
	}
	return nil
}

// headgate [-exit N] ARGUMENT… runs the program and expects exit code N, 0 if left out.
func headgate(ts *testscript.TestScript, neg bool, args []string) {
	want := 0
	if len(args) > 1 && args[0] == "-exit" {
		n, err := strconv.Atoi(args[1])
		ts.Check(err)
		want, args = n, args[2:]
	}
	if neg {
		ts.Fatalf("say which exit code is expected: headgate -exit N")
	}
	got := 0
	if err := ts.Exec(program, args...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("headgate: %v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("headgate %s: exit code %d, and %d was expected", strings.Join(args, " "), got, want)
	}
}

// release FOLDER TAG makes the files of the script's FOLDER the next commit of the repository "repo", on main, and tags it.
func release(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: release FOLDER TAG")
	}
	repo := ts.MkAbs("repo")
	if _, err := os.Stat(filepath.Join(repo, ".git")); err != nil {
		ts.Check(os.MkdirAll(repo, 0o755))
		ts.Check(ts.Exec("git", "-C", repo, "init", "--quiet", "--initial-branch=main"))
	}
	replaceTree(ts, args[0], repo)
	ts.Check(ts.Exec("git", "-C", repo, "add", "--all"))
	ts.Check(ts.Exec("git", "-C", repo, "commit", "--quiet", "--allow-empty", "--message", args[1]))
	ts.Check(ts.Exec("git", "-C", repo, "tag", args[1]))
}

// propose FOLDER makes the files of the script's FOLDER the work tree of "repo", on a new branch, not committed.
func propose(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: propose FOLDER")
	}
	repo := ts.MkAbs("repo")
	ts.Check(ts.Exec("git", "-C", repo, "switch", "--quiet", "--force-create", "proposal"))
	replaceTree(ts, args[0], repo)
}

// sql STATEMENT… runs statements on the shared server, as a deploy of its own would.
func sql(ts *testscript.TestScript, _ bool, args []string) {
	conn, err := pgx.Connect(context.Background(), ts.Getenv("POSTGRES"))
	ts.Check(err)
	defer conn.Close(context.Background())
	for _, statement := range args {
		_, err := conn.Exec(context.Background(), statement)
		ts.Check(err)
	}
}

// replaceTree makes a work tree hold just the files of a folder.
func replaceTree(ts *testscript.TestScript, folder, repo string) {
	entries, err := os.ReadDir(repo)
	ts.Check(err)
	for _, e := range entries {
		if e.Name() != ".git" {
			ts.Check(os.RemoveAll(filepath.Join(repo, e.Name())))
		}
	}
	ts.Check(os.CopyFS(repo, os.DirFS(ts.MkAbs(folder))))
}
