// Headgate proves, before a merge, that every version of the code that is live during a deploy finds the
// PostgreSQL schema that it needs.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/headgate/headgate/internal/app"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// A reader that goes away (headgate check | head) must not keep the server and the files from being cleaned up: once somebody
	// listens for SIGPIPE, a write to it is an error as any other. The signal itself says nothing, since a broken socket sends it
	// too, such as that of a server which is still starting.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	code := app.Main(ctx, app.Process{
		Args: os.Args[1:], Stdout: os.Stdout, Stderr: os.Stderr, Environ: os.Environ(),
	})
	stop()
	os.Exit(code)
}
