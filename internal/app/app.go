// Package app is the command line: one file a subcommand, and the registry of all that can be plugged in.
package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/headgate/headgate/internal/gitrepo"
	"github.com/headgate/headgate/internal/migration"
	"github.com/headgate/headgate/internal/report"
	"github.com/headgate/headgate/internal/report/annotations"
)

// The exit codes.
const (
	exitPass      = 0 // nothing that fails the job
	exitFindings  = 1 // findings that fail the job
	exitUsage     = 2 // wrong usage or configuration
	exitUnchecked = 3 // the check could not be made
)

// Process is what the program is given by whoever starts it.
type Process struct {
	Args           []string // without the program's name
	Stdout, Stderr io.Writer
	Environ        []string // KEY=value
	// Now is the clock that new versions are named after; nil is the machine's.
	Now func() time.Time
}

// getenv reads the process's environment; the last entry of a name holds.
func (p Process) getenv(name string) string {
	value, _ := p.lookup(name)
	return value
}

func (p Process) lookup(name string) (string, bool) {
	for i := len(p.Environ) - 1; i >= 0; i-- {
		if value, ok := strings.CutPrefix(p.Environ[i], name+"="); ok {
			return value, true
		}
	}
	return "", false
}

// inAction tells whether a GitHub Actions runner reads the output.
func (p Process) inAction() bool { return p.getenv("GITHUB_ACTIONS") == "true" }

// wantsColor tells whether the output goes to a terminal whose user has nothing against colours (no-color.org).
func (p Process) wantsColor() bool {
	file, isFile := p.Stdout.(*os.File)
	if !isFile || p.getenv("NO_COLOR") != "" || p.getenv("TERM") == "dumb" {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// lineEnds are what makes several lines of one message.
var lineEnds = regexp.MustCompile(`\s*[\r\n]\s*`)

// say writes one line of progress, warning or error to the error stream.
func (p Process) say(format string, args ...any) {
	line := lineEnds.ReplaceAllString(fmt.Sprintf(format, args...), " ")
	fmt.Fprintf(p.Stderr, "headgate: %s\n", report.Inert(report.Printable(line))) //nolint:errcheck // nobody is left to tell
}

// usageError is wrong usage or configuration.
type usageError struct{ err error }

func (e usageError) Error() string { return e.err.Error() }
func (e usageError) Unwrap() error { return e.err }

// errFindings says that the check was made and that it fails the job; the reports have said why.
var errFindings = errors.New("findings that fail the job")

// Main runs the program and returns its exit code.
func Main(ctx context.Context, p Process) int {
	root := newRoot(p)
	root.SetArgs(p.Args)
	root.SetOut(p.Stdout)
	root.SetErr(p.Stderr)
	err := root.ExecuteContext(ctx)
	switch {
	case err == nil:
		return exitPass
	case errors.Is(err, errFindings):
		return exitFindings
	case ctx.Err() != nil:
		p.fail(errors.New("interrupted, and so nothing was checked"))
		return exitUnchecked
	}
	for _, err := range joined(err) {
		p.fail(err)
	}
	if isUsage(err) {
		return exitUsage
	}
	return exitUnchecked
}

// joined are the errors that were joined into one, such as those of several services.
func joined(err error) (all []error) {
	several, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	for _, err := range several.Unwrap() {
		all = append(all, joined(err)...)
	}
	return all
}

// isUsage tells what the user has to correct in the call or the settings from what kept the check from being made.
func isUsage(err error) bool {
	var usage usageError
	var noRepository *gitrepo.NotARepositoryError
	var noRevision *gitrepo.RevisionError
	var bare *gitrepo.BareError
	return errors.As(err, &usage) || errors.As(err, &noRepository) || errors.As(err, &noRevision) || errors.As(err, &bare)
}

// fail tells the error on one line, and in an action also as an annotation at its place.
func (p Process) fail(err error) {
	p.say("%v", err)
	if !p.inAction() {
		return
	}
	var file string
	var line, column int
	var broken *migration.Error
	message := err.Error()
	if errors.As(err, &broken) {
		file, line, column = broken.File, broken.Line, broken.Column
	}
	if err := annotations.Failure(p.Stdout, file, line, column, message); err != nil {
		p.say("the annotation cannot be written: %v", err)
	}
}

func newRoot(p Process) *cobra.Command {
	root := &cobra.Command{
		Use:   "headgate",
		Short: "Prove that every code version live during a deploy finds the schema it needs",
		Long: `Headgate holds every SQL statement and model of your code against the released PostgreSQL schema and the
proposed one, and fails where code needs schema that the deploy would not have applied yet.

Exit codes: 0 pass, 1 findings that fail, 2 wrong usage or configuration, 3 the check could not be made.`,
		Example: `  headgate demo                     the outage, and how it is caught, in a minute
  headgate check                    the work tree against the previous release
  headgate check --base v1.4.0      against another release
  headgate explain code-ahead       what a rule says and what to do`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Version:       version(),
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usageError{fmt.Errorf("there is no command %q; the commands are check, services, heads, status, serve, demo and explain", args[0])}
			}
			return nil
		},
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error {
		return usageError{fmt.Errorf("%w; headgate --help lists what there is", err)}
	})
	r := newRegistry(p)
	root.AddCommand(newCheck(p, r), newServices(p, r), newHeads(p, r), newStatus(p, r), newServe(p, r), newDemo(p, r), newExplain(p))
	return root
}

// withTemp gives a temporary folder for as long as f runs.
func withTemp(f func(dir string) error) (err error) {
	dir, err := os.MkdirTemp("", "headgate-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	return f(dir)
}
