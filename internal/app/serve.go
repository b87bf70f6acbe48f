package app

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/headgate/headgate/internal/readiness"
)

func newServe(p Process, r registry) *cobra.Command {
	c := &cobra.Command{
		Use:   "serve",
		Short: "Answer readiness probes: 503 while the database is behind this build",
		Long: `serve answers over HTTP:

  /health        200 as long as the process lives, whatever the database says
  /health/ready  200 where the database is ready for this build, else 503 with the drift line, as JSON
  /metrics       the state, the age of the last look and how long looks take, for Prometheus

It starts whether or not the database is there, and heals by itself once migrations were applied. The database is asked at
most once per --interval, over one read-only connection. States and their meaning: headgate status --help.

It ends on SIGTERM with exit code 0, after the requests that are in flight.`,
		Example: `  headgate serve --migrations db/migrations --format goose
  headgate serve --listen :8080 --expected /app/heads.json --require-managed`,
		Args: noArguments,
	}
	f := addDatabaseFlags(c, r, 2*time.Second)
	interval := c.Flags().Duration("interval", 5*time.Second, "how often the database is asked at most, as a `DURATION`")
	listen := c.Flags().String("listen", ":8080", "`ADDRESS` to listen on")
	c.PreRunE = func(*cobra.Command, []string) error {
		if *interval <= 0 {
			return usageError{errors.New("--interval is a duration above nothing, such as 5s")}
		}
		if err := checkAddress(*listen); err != nil {
			return usageError{fmt.Errorf("--listen: %w", err)}
		}
		return f.parse(p)
	}
	c.RunE = func(c *cobra.Command, _ []string) error {
		probe, database, err := f.probe(r)
		if err != nil {
			return err
		}
		defer closeDatabase(c.Context(), database)
		listener, err := new(net.ListenConfig).Listen(c.Context(), "tcp", *listen)
		if err != nil {
			return fmt.Errorf("the address cannot be listened on: %w", err)
		}
		log := slog.New(slog.NewTextHandler(p.Stderr, nil))
		log.InfoContext(c.Context(), "listening", "address", listener.Addr().String())
		return readiness.NewWatch(probe, *interval, log).Serve(c.Context(), listener)
	}
	return c
}

// checkAddress tells what is no address before anything is started.
func checkAddress(address string) error {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("%w; write [HOST]:PORT, such as :8080", err)
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		return fmt.Errorf("%q is no port; write [HOST]:PORT, such as :8080", port)
	}
	return nil
}
