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
	// SIGPIPE too: a reader that goes away (headgate check | head) must not keep the server and the files from being cleaned up.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGPIPE)
	code := app.Main(ctx, app.Process{
		Args: os.Args[1:], Stdout: os.Stdout, Stderr: os.Stderr, Environ: os.Environ(),
	})
	stop()
	os.Exit(code)
}
