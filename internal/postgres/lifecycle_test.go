package postgres

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestStartCancelled ends the context at several moments of a start.
func TestStartCancelled(t *testing.T) {
	eachProvider(t, func(t *testing.T, p provided) {
		before := p.left(t)
		for _, after := range []time.Duration{0, 20 * time.Millisecond, 150 * time.Millisecond, 400 * time.Millisecond} {
			ctx, cancel := context.WithTimeoutCause(t.Context(), after, errors.New("cancelled by the test"))
			srv, err := Start(ctx, p.options(t))
			cancel()
			if err == nil { // quicker than the context
				err = srv.Close(ctx)
				if err != nil {
					t.Error(err)
				}
			} else if !strings.Contains(err.Error(), "cancelled by the test") {
				t.Errorf("after %v: %v", after, err)
			}
			waitFor(t, fmt.Sprintf("cancelled after %v", after), func() []string { return p.left(t) }, before)
		}
	})
}

// TestKilled starts a server in a process of its own and kills that.
func TestKilled(t *testing.T) {
	for _, signal := range []os.Signal{os.Kill, os.Interrupt} {
		t.Run(signal.String(), func(t *testing.T) {
			eachProvider(t, func(t *testing.T, p provided) {
				before := p.left(t)
				o := p.options(t)
				child := exec.Command(os.Args[0])
				child.Env = append(os.Environ(), childEnv+"=1", "HEADGATE_TEST_PROVIDER="+o.Provider, "HEADGATE_TEST_IMAGE="+o.Image, "TMPDIR="+o.Env("TMPDIR"))
				child.Stderr = os.Stderr
				out, err := child.StdoutPipe()
				if err != nil {
					t.Fatal(err)
				}
				if err := child.Start(); err != nil {
					t.Fatal(err)
				}
				line := make([]byte, len(childReady))
				if _, err := out.Read(line); err != nil || string(line) != childReady {
					t.Fatalf("the child printed %q, %v", line, err)
				}
				if slices.Equal(before, p.left(t)) {
					t.Fatal("the child made nothing that could be left")
				}
				if err := child.Process.Signal(signal); err != nil {
					t.Fatal(err)
				}
				_ = child.Wait()
				if p.name == External && signal == os.Kill {
					// Nothing of ours is on the server's side: the next run drops what is left.
					start(t, o).Close(t.Context())
				}
				waitFor(t, "after "+signal.String(), func() []string { return p.left(t) }, before)
			})
		})
	}
}

// waitFor polls until what is left equals want: processes and containers go a moment after their leash.
func waitFor(t *testing.T, what string, left func() []string, want []string) {
	t.Helper()
	deadline := time.NewTimer(30 * time.Second)
	defer deadline.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		got := left()
		if slices.Equal(got, want) {
			return
		}
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatalf("%s: left are %q, want %q", what, got, want)
		}
	}
}
