// Package postgres starts the throwaway PostgreSQL server that the gate asks, and makes databases on it.
//
// Three providers stand behind one Server: a container, a server made from the binaries that are
// installed (local), and a server that is already there (external). Whatever the provider, migrations
// run as an ordinary owner role, so SQL from a pull request starts no program and reads no file on
// the server, and nothing is left behind: no container, process, folder, role or database.
//
// A throwaway server hangs on a leash: a stream that only this process holds open. The server's side
// reads it and ends the server when the stream ends. The kernel closes the stream however this process
// dies, so that holds for SIGKILL too, and across PID namespaces, where looking for the owner's process
// id would not.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// The names that Options.Provider takes beside a URL.
const (
	Auto      = "auto"
	Container = "container"
	Local     = "local"
	External  = "external" // what Server.Provider says of a URL; Options.Provider takes the URL itself
)

// DefaultVersion is the major version that the container provider starts when none is wanted.
const DefaultVersion = "17"

// minVersion is the oldest server_version_num that is accepted: older servers are out of support
// (https://www.postgresql.org/support/versioning/) and lack catalog columns that the gate reads.
const minVersion = 120000

// Options says which server is wanted.
type Options struct {
	// Provider is "auto", "container", "local" or a postgres:// URL. Empty means "auto".
	Provider string
	// Version is the wanted major version, such as "17". Empty means DefaultVersion for a container,
	// and whatever is there for the others. A server of another major version is a warning.
	Version string
	// Image is the container's image; empty means postgres:<version>-alpine. It has to behave as the
	// official image does: POSTGRES_PASSWORD, PGDATA, an entrypoint that takes server options.
	Image string
	// Superuser makes Database.Config connect as the superuser (external: the URL's user). SQL from a
	// pull request can then run programs on the server.
	Superuser bool
	// Progress receives one plain line for what takes more than a second and for what was chosen. May be nil.
	Progress func(string)
	// Warn receives one plain line for what the user should mend. May be nil.
	Warn func(string)
	// Env reads the environment. Nil means an empty environment.
	Env func(string) string
}

// Attempt is one provider that could not give a server, and why.
type Attempt struct {
	Provider string
	Err      error
}

// UnavailableError says that no provider could give a server: the check could not be made.
type UnavailableError struct {
	Provider string    // as it was asked for; "external" instead of a URL, which can hold a password
	Tried    []Attempt // in the order in which they were tried
}

func (e *UnavailableError) Error() string {
	var b strings.Builder
	b.WriteString("no PostgreSQL server to check against: ")
	for i, a := range e.Tried {
		if i > 0 {
			b.WriteString("; ")
		}
		fmt.Fprintf(&b, "%s: %v", a.Provider, a.Err)
	}
	switch e.Provider {
	case External:
		b.WriteString(". Check the URL, that the server is up, and what its user may do")
	case Container:
		b.WriteString(". Start Docker (or set DOCKER_HOST), check the image, or choose another provider: local, or a postgres:// URL")
	case Local:
		b.WriteString(". Install PostgreSQL's server package, or choose another provider: container, or a postgres:// URL")
	default:
		b.WriteString(". Start Docker, install PostgreSQL's server package, or give a postgres:// URL")
	}
	return b.String()
}

// Unwrap gives the causes.
func (e *UnavailableError) Unwrap() []error {
	errs := make([]error, len(e.Tried))
	for i, a := range e.Tried {
		errs[i] = a.Err
	}
	return errs
}

// starter holds the options and what only tests set otherwise.
type starter struct {
	Options
	pingTimeout  time.Duration // how long Docker has for its first answer
	pullStall    time.Duration // how long a pull may stand still
	readyTimeout time.Duration // how long a server has from its start to its first answer to SQL
	binaryDirs   []string      // glob patterns of folders with initdb and postgres, beside those on PATH
	tempDirs     []string      // where a local server's folder may be, best first
	routes       string        // the file with the kernel's IPv4 routes
}

func newStarter(o Options) *starter {
	if o.Env == nil {
		o.Env = func(string) string { return "" }
	}
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	if o.Warn == nil {
		o.Warn = func(string) {}
	}
	return &starter{
		Options:      o,
		pingTimeout:  2 * time.Second,
		pullStall:    15 * time.Second,
		readyTimeout: 60 * time.Second,
		binaryDirs:   installedDirs(),
		tempDirs:     tempDirs(o.Env),
		routes:       "/proc/net/route",
	}
}

var majorVersion = regexp.MustCompile(`^[1-9][0-9]?$`)

// Start gives a running server. The caller closes it, whatever becomes of ctx; when Start fails,
// nothing is left of the attempt. The error is an *UnavailableError when there is no server to be had,
// and wraps ctx's cause when ctx ended first.
func Start(ctx context.Context, o Options) (*Server, error) {
	return newStarter(o).start(ctx)
}

func (s *starter) start(ctx context.Context) (*Server, error) {
	if s.Version != "" && !majorVersion.MatchString(s.Version) {
		return nil, fmt.Errorf("postgres-version %q is not a major version: write it as 17", s.Version)
	}
	switch {
	case s.Provider == "" || s.Provider == Auto:
		return s.startAuto(ctx)
	case s.Provider == Container:
		srv, err := s.startContainer(ctx)
		return srv, s.unavailable(ctx, Container, Attempt{Container, err})
	case s.Provider == Local:
		srv, err := s.startLocal(ctx)
		return srv, s.unavailable(ctx, Local, Attempt{Local, err})
	case isURL(s.Provider):
		srv, err := s.startExternal(ctx)
		return srv, s.unavailable(ctx, External, Attempt{External, err})
	}
	// Only the scheme of something like a URL is repeated: the rest can hold a password.
	name, _, isURL := strings.Cut(s.Provider, "://")
	if isURL {
		name += "://…"
	}
	return nil, fmt.Errorf("unknown postgres provider %q: it is one of auto, container, local, or a postgres:// URL", name)
}

func isURL(provider string) bool {
	return strings.HasPrefix(provider, "postgres://") || strings.HasPrefix(provider, "postgresql://")
}

// startAuto prefers the container, because its version is the one that was asked for, and falls back on local.
func (s *starter) startAuto(ctx context.Context) (*Server, error) {
	srv, containerErr := s.startContainer(ctx)
	if containerErr == nil {
		return srv, nil
	}
	if ctx.Err() != nil {
		return nil, s.unavailable(ctx, Auto, Attempt{Container, containerErr})
	}
	srv, localErr := s.startLocal(ctx)
	if localErr == nil {
		s.Progress(fmt.Sprintf("No container (%v): using the local PostgreSQL %s.", containerErr, srv.Version()))
		return srv, nil
	}
	return nil, s.unavailable(ctx, Auto, Attempt{Container, containerErr}, Attempt{Local, localErr})
}

// unavailable makes the error of a start that failed, and nil of one that did not.
func (s *starter) unavailable(ctx context.Context, provider string, tried ...Attempt) error {
	last := tried[len(tried)-1].Err
	if last == nil {
		return nil
	}
	if ctx.Err() != nil {
		return fmt.Errorf("starting PostgreSQL: %w", context.Cause(ctx))
	}
	var already *UnavailableError
	if errors.As(last, &already) {
		return already
	}
	return &UnavailableError{Provider: provider, Tried: tried}
}

// serverSettings are the settings of a server that nobody will miss after a crash, as postgres -c takes them.
// "Non-Durable Settings" (https://www.postgresql.org/docs/current/non-durability.html) is their source,
// except where a comment says otherwise.
func serverSettings() []string {
	return []string{
		"fsync=off",
		"synchronous_commit=off",
		"full_page_writes=off",
		"wal_level=minimal",
		"max_wal_senders=0", // wal_level=minimal requires it
		"checkpoint_timeout=1h",
		"max_wal_size=256MB", // the log is in memory where there is room
		"autovacuum=off",     // it would hold databases open that are about to be cloned
		"jit=off",            // compiling a plan that never runs is lost time
		"max_connections=50",
		"max_locks_per_transaction=512", // a transaction over thousands of tables must not run out of locks
		"lc_messages=C",                 // the gate reads messages
		"timezone=UTC",
		"log_timezone=UTC",
		"log_min_messages=fatal", // thousands of statements are expected to fail; only the server's own end is news
		"log_min_error_statement=panic",
		"log_checkpoints=off",
		"logging_collector=off", // the last lines are read from the server's stderr
	}
}

func settingArgs(settings []string) []string {
	args := make([]string, 0, 2*len(settings))
	for _, s := range settings {
		args = append(args, "-c", s)
	}
	return args
}
