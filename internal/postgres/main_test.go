package postgres

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"testing"
)

const (
	childEnv   = "HEADGATE_TEST_CHILD"
	childReady = "ready\n"
)

// TestMain runs the child of TestKilled where the environment says so.
func TestMain(m *testing.M) {
	if os.Getenv(childEnv) == "" {
		os.Exit(m.Run())
	}
	if err := child(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// child starts a server with a database and waits to be killed.
func child() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	srv, err := Start(ctx, Options{Provider: os.Getenv("HEADGATE_TEST_PROVIDER"), Image: os.Getenv("HEADGATE_TEST_IMAGE"), Env: os.Getenv})
	if err != nil {
		return err
	}
	if _, err := srv.CreateDatabase(ctx); err != nil {
		return err
	}
	fmt.Print(childReady)
	<-ctx.Done()
	return srv.Close(ctx)
}
