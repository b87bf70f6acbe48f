package app_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/internal/postgres/postgrestest"
	"github.com/headgate/headgate/internal/requiretest"
)

// provider is one way to a server, and how to see what a run leaves of it.
type provider struct {
	name  string
	flags []string
	// left lists what is there of the server now, beside the files in the run's own temporary folder.
	left func(t *testing.T) []string
}

// providers are those that this machine has. One that HEADGATE_REQUIRE names and that is not there fails the test.
func providers(t *testing.T) []provider {
	t.Helper()
	server := postgrestest.Start(t)
	admin := postgrestest.Database(t, server).AdminConfig()
	external := url.URL{Scheme: "postgres", Path: "/" + admin.Database, RawQuery: url.Values{
		"host": {admin.Host}, "port": {strconv.Itoa(int(admin.Port))}, "user": {admin.User}, "password": {admin.Password},
	}.Encode()}
	before := postgrestest.Objects(t, server)
	list := []provider{
		{"local", []string{"--postgres", "local"}, func(*testing.T) []string { return nil }},
		{"external", []string{"--postgres", external.String()}, func(t *testing.T) []string {
			return slices.DeleteFunc(postgrestest.Objects(t, server), func(name string) bool { return slices.Contains(before, name) })
		}},
	}
	image, ok := stampedImage(t)
	if !ok {
		return list
	}
	return append(list, provider{"container", []string{"--postgres", "container", "--postgres-image", image}, func(t *testing.T) []string {
		return containersOf(t, image)
	}})
}

// stampedImage gives the test a tag of its own of the image, so that its containers are told from those of tests that
// run at the same time.
func stampedImage(t *testing.T) (string, bool) {
	t.Helper()
	image := os.Getenv("HEADGATE_TEST_IMAGE")
	if image == "" {
		image = "postgres:15"
	}
	tag := "headgate-test-" + strings.ToLower(rand.Text()[:8]) + ":15"
	if out, err := exec.CommandContext(t.Context(), "docker", "tag", image, tag).CombinedOutput(); err != nil {
		reason := fmt.Sprintf("no container provider is here: %v: %s", err, out)
		requiretest.Absent(t, "container", reason)
		t.Log(reason)
		return "", false
	}
	t.Cleanup(func() {
		if out, err := exec.Command("docker", "rmi", tag).CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	})
	return tag, true
}

func containersOf(t *testing.T, image string) []string {
	t.Helper()
	out, err := exec.Command("docker", "ps", "--all", "--format", "{{.Image}} {{.ID}} {{.Status}}").Output()
	if err != nil {
		t.Fatal(err)
	}
	var mine []string
	for line := range strings.Lines(string(out)) {
		if strings.HasPrefix(line, image+" ") {
			mine = append(mine, line)
		}
	}
	return mine
}

// start starts the program with a temporary folder of its own.
func start(t *testing.T, args ...string) (c *exec.Cmd, temp string, stdout *bytes.Buffer, stderr *bufio.Scanner) {
	t.Helper()
	temp, err := os.MkdirTemp("", "hg") // short: a socket's path has 107 bytes at most
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(temp) })
	if err := os.Chmod(temp, 0o755); err != nil {
		t.Fatal(err)
	}
	c = exec.CommandContext(t.Context(), program, args...)
	c.Env = append(os.Environ(), "TMPDIR="+temp, "GITHUB_ACTIONS=")
	stdout = new(bytes.Buffer)
	c.Stdout = stdout
	pipe, err := c.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	return c, temp, stdout, bufio.NewScanner(pipe)
}

// finish waits for the program and gives its exit code and what it left in its temporary folder.
func finish(t *testing.T, c *exec.Cmd, temp string, stderr *bufio.Scanner) (code int, left []string) {
	t.Helper()
	for stderr.Scan() {
		t.Log(stderr.Text())
	}
	c.Wait() //nolint:errcheck // the exit code is looked at
	entries, err := os.ReadDir(temp)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		left = append(left, e.Name())
	}
	return c.ProcessState.ExitCode(), append(left, processesIn(t, temp)...)
}

// processesIn lists the processes whose command line names the folder, as a local server's does. Where there is no
// /proc it lists none.
func processesIn(t *testing.T, folder string) []string {
	t.Helper()
	var found []string
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, f := range files {
		if line, err := os.ReadFile(f); err == nil && bytes.Contains(line, []byte(folder)) {
			found = append(found, strings.ReplaceAll(string(line), "\x00", " "))
		}
	}
	return found
}

// TestProvidersAgree runs the demo on each provider: one report, but for the server and the times.
func TestProvidersAgree(t *testing.T) {
	reports := map[string]map[string]any{}
	list := providers(t)
	for _, p := range list {
		c, temp, stdout, stderr := start(t, append([]string{"demo", "--report", "json"}, p.flags...)...)
		if code, left := finish(t, c, temp, stderr); code != 1 || len(left) > 0 || len(p.left(t)) > 0 {
			t.Fatalf("%s: exit code %d; left: %v %v", p.name, code, left, p.left(t))
		}
		var report map[string]any
		if err := json.Unmarshal(stdout.Bytes(), &report); err != nil {
			t.Fatal(err)
		}
		if server, ok := report["postgres"].(map[string]any); !ok || server["provider"] != p.name {
			t.Errorf("the report names the server %v, and the provider was %q", report["postgres"], p.name)
		}
		delete(report, "postgres")
		delete(report, "timings")
		reports[p.name] = report
	}
	for _, p := range list[1:] {
		if diff := cmp.Diff(reports[list[0].name], reports[p.name]); diff != "" {
			t.Errorf("%s and %s differ:\n%s", list[0].name, p.name, diff)
		}
	}
}

// TestNothingIsLeft ends runs in every way and looks for containers, files, processes, databases and roles.
func TestNothingIsLeft(t *testing.T) {
	broken := brokenRepository(t, "ALTER TABLE nothing ADD COLUMN x int;")
	for _, p := range providers(t) {
		for name, run := range map[string]struct {
			args []string
			code int
		}{
			"success":           {[]string{"demo", "--released-first"}, 0},
			"failing migration": {[]string{"check", "-C", broken}, 1},
		} {
			t.Run(p.name+"/"+name, func(t *testing.T) {
				c, temp, _, stderr := start(t, append(run.args, p.flags...)...)
				code, left := finish(t, c, temp, stderr)
				if code != run.code {
					t.Errorf("exit code %d, and %d was expected", code, run.code)
				}
				if left = append(left, p.left(t)...); len(left) > 0 {
					t.Errorf("left: %q", left)
				}
			})
		}
		sleeping := brokenRepository(t, "SELECT pg_sleep(600);")
		t.Run(p.name+"/SIGTERM", func(t *testing.T) {
			c, temp, _, stderr := start(t, append([]string{"check", "-C", sleeping}, p.flags...)...)
			await(t, func() bool { return len(processesIn(t, temp)) > 0 || len(p.left(t)) > 0 })
			if err := c.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			code, left := finish(t, c, temp, stderr)
			if left = append(left, p.left(t)...); code != 3 || len(left) > 0 {
				t.Errorf("exit code %d; left: %q", code, left)
			}
		})
	}
	t.Run("missing image", func(t *testing.T) {
		const image = "headgate.invalid/none:1"
		c, temp, _, stderr := start(t, "demo", "--postgres", "container", "--postgres-image", image)
		code, left := finish(t, c, temp, stderr)
		if left = append(left, containersOf(t, image)...); code != 3 || len(left) > 0 {
			t.Errorf("exit code %d; left: %q", code, left)
		}
	})
}

// await returns when the condition holds.
func await(t *testing.T, condition func() bool) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-ctx.Done():
			t.Fatal("it did not happen in a minute")
		case <-tick.C:
		}
	}
}

// brokenRepository makes a repository with a release and a pending migration of the given SQL.
func brokenRepository(t *testing.T, sql string) string {
	t.Helper()
	dir := t.TempDir()
	git := func(args ...string) {
		c := exec.CommandContext(t.Context(), "git", append([]string{"-C", dir, "-c", "user.name=A developer", "-c", "user.email=developer@example.com"}, args...)...)
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	git("init", "--quiet", "--initial-branch=main")
	write("1_first.sql", "-- +goose Up\nCREATE TABLE trees (id bigint);\n")
	git("add", "--all")
	git("commit", "--quiet", "--message", "first")
	git("tag", "v1.0.0")
	write("2_second.sql", fmt.Sprintf("-- +goose Up\n%s\n", sql))
	return dir
}
