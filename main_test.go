//go:build unix

package main

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/headgate/headgate/internal/postgres/postgrestest"
)

// asProgram is set where the test binary is to be the program itself.
const asProgram = "HEADGATE_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	os.Exit(m.Run())
}

// program is a call of the program, in a folder.
func program(t *testing.T, dir string, stderr io.Writer, args ...string) *exec.Cmd {
	t.Helper()
	c := exec.CommandContext(t.Context(), os.Args[0], args...)
	c.Env = append(os.Environ(), asProgram+"=1", "TMPDIR="+t.TempDir())
	c.Dir, c.Stderr = dir, stderr
	return c
}

func exitCode(t *testing.T, err error) int {
	t.Helper()
	if err == nil {
		return 0
	}
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return exit.ExitCode() // -1 where a signal ended it
}

// project is a repository of one release, with a folder of migrations.
func project(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "m"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "m", "1_trees.sql"), []byte("-- +goose Up\nCREATE TABLE trees (id int);\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"init", "--quiet"}, {"add", "--all"}, {"-c", "user.name=A", "-c", "user.email=a@example.com", "commit", "--quiet", "--message", "first"}, {"tag", "v1.0.0"},
	} {
		c := exec.CommandContext(t.Context(), "git", args...)
		c.Dir, c.Env = dir, append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1")
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	return dir
}

// TestReaderGone: whoever reads the output goes away, as in headgate check | head. The program says so, and takes away what it made on the
// server.
func TestReaderGone(t *testing.T) {
	server := postgrestest.Start(t)
	address := postgrestest.URL(t, server)
	before := postgrestest.Objects(t, server)
	dir := project(t)
	for name, args := range map[string][]string{
		"explain": {"explain", "code-ahead"},
		"check":   {"check", "--postgres", address},
	} {
		t.Run(name, func(t *testing.T) {
			reader, writer, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := reader.Close(); err != nil {
				t.Fatal(err)
			}
			var stderr bytes.Buffer
			c := program(t, dir, &stderr, args...)
			c.Stdout = writer
			code := exitCode(t, c.Run())
			if err := writer.Close(); err != nil {
				t.Fatal(err)
			}
			if code != 3 || !strings.Contains(stderr.String(), "broken pipe") || strings.Contains(stderr.String(), "interrupted") {
				t.Errorf("exit code %d, %s", code, &stderr)
			}
			if left := postgrestest.Objects(t, server); !slices.Equal(left, before) {
				t.Errorf("on the server there are %q, and before %q", left, before)
			}
		})
	}
}

// TestSocketBreaks: the server closes its connections. That is the reason which is told, whatever signal comes with it; it is no
// interruption.
func TestSocketBreaks(t *testing.T) {
	dir := project(t)
	for name, c := range map[string]struct {
		args   []string
		greets bool // the connection is made, and breaks then
	}{
		"status, while connecting": {[]string{"status", "--migrations", "m", "--database"}, false},
		"status, connected":        {[]string{"status", "--migrations", "m", "--database"}, true},
		"check, while connecting":  {[]string{"check", "--postgres"}, false},
		"check, connected":         {[]string{"check", "--postgres"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			var stderr bytes.Buffer
			run := program(t, dir, &stderr, append(c.args, "postgres://somebody@"+listener.Addr().String()+"/db?sslmode=disable")...)
			served := make(chan struct{})
			started := make(chan struct{})
			go func() {
				defer close(served)
				<-started
				breakConnections(listener, run, c.greets)
			}()
			err = run.Start()
			close(started)
			if err == nil {
				err = run.Wait()
			}
			listener.Close()
			<-served
			if code := exitCode(t, err); code != 3 || strings.Contains(stderr.String(), "interrupted") {
				t.Errorf("exit code %d, %s", code, &stderr)
			}
			told := func(reason string) bool { return strings.Contains(stderr.String(), reason) }
			if !slices.ContainsFunc([]string{"EOF", "reset by peer", "broken pipe", "conn closed"}, told) { // which one, the kernel's pace decides
				t.Errorf("the reason is not told: %s", &stderr)
			}
		})
	}
}

// greeting is what a server sends that lets somebody in: AuthenticationOk, BackendKeyData, ReadyForQuery (manual, section 55.7).
const greeting = "R\x00\x00\x00\x08\x00\x00\x00\x00" + "K\x00\x00\x00\x0c\x00\x00\x00\x01\x00\x00\x00\x02" + "Z\x00\x00\x00\x05I"

// breakConnections closes each connection as soon as something was read from it, and has the kernel's signal for a broken pipe come with
// it, which it sends or not as the moment has it.
func breakConnections(listener net.Listener, run *exec.Cmd, greets bool) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		message := make([]byte, 4096)
		_, _ = conn.Read(message)
		if greets {
			_, _ = conn.Write([]byte(greeting))
			_, _ = conn.Read(message)
		}
		_ = run.Process.Signal(syscall.SIGPIPE)
		conn.Close()
	}
}
