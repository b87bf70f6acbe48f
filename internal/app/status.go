package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/spf13/cobra"

	"github.com/headgate/headgate/internal/migration"
	"github.com/headgate/headgate/internal/readiness"
	"github.com/headgate/headgate/internal/report"
)

func newStatus(p Process, r registry) *cobra.Command {
	c := &cobra.Command{
		Use:   "status",
		Short: "Hold a live database against the heads of this build",
		Long: `status prints one line: "ok: db=7 expected=7" where the database has what this build expects, else "drift: db=6
expected=7". What the build expects comes from its migrations folder, or from the file that "headgate heads --json" wrote
when it was built. No git repository is needed.

States: current, ahead and unmanaged are ready, behind, diverged, dirty and unreachable are not. ahead means that the
database knows a revision that this build does not, as after a rollback of the image; --strict makes it a failure.
unmanaged means that there is no version table; --require-managed makes it a failure.

Exit codes: 0 ready, 1 drift, 2 wrong usage, 3 the database could not be asked.`,
		Example: `  headgate status --migrations db/migrations --format goose
  headgate status --database "$DATABASE_URL" --expected /app/heads.json
  headgate status --expected /app/heads.json --require-managed --wait 2m    in an init container`,
		Args: noArguments,
	}
	f := addDatabaseFlags(c, r, 10*time.Second)
	wait := c.Flags().Duration("wait", 0, "how long to wait until the database is ready, such as `2m`; left out, it is asked once")
	interval := c.Flags().Duration("interval", time.Second, "how often to ask while waiting, as a `DURATION`")
	asJSON := c.Flags().Bool("json", false, "print the answer as JSON")
	c.PreRunE = func(*cobra.Command, []string) error {
		if *wait < 0 || *interval <= 0 {
			return usageError{errors.New("--wait and --interval are durations above nothing, such as 2m and 1s")}
		}
		return f.parse(p)
	}
	c.RunE = func(c *cobra.Command, _ []string) error {
		probe, database, err := f.probe(r)
		if err != nil {
			return err
		}
		defer closeDatabase(c.Context(), database)
		o, err := probe.Wait(c.Context(), *interval, *wait, func(o readiness.Observation) {
			p.say("waiting up to %v: %s%s", *wait, o.Line, because(o))
		})
		if err != nil {
			return err
		}
		return p.printStatus(o, *asJSON)
	}
	return c
}

// because is why the database is unreachable, as the end of a line.
func because(o readiness.Observation) string {
	if o.Err == nil {
		return ""
	}
	return fmt.Sprintf(" (%v)", o.Err)
}

func (p Process) printStatus(o readiness.Observation, asJSON bool) error {
	if asJSON {
		if err := json.NewEncoder(p.Stdout).Encode(o.Report); err != nil {
			return err
		}
	} else if _, err := fmt.Fprintln(p.Stdout, report.Inert(report.Printable(o.Line))); err != nil {
		return err
	}
	switch {
	case o.State == readiness.Unreachable:
		return fmt.Errorf("the database cannot be asked: %w", o.Err)
	case o.State == readiness.Ahead && o.Ready():
		p.say("warning: the database is ahead: it knows a revision that this build does not")
	case !o.Ready():
		return errFindings
	}
	return nil
}

// databaseFlags say which database is held against what.
type databaseFlags struct {
	database, migrations, format, expected, table string
	policy                                        readiness.Policy
	timeout                                       time.Duration

	formats    []string
	config     *pgx.ConnConfig
	identifier pgx.Identifier
}

func addDatabaseFlags(c *cobra.Command, r registry, timeout time.Duration) *databaseFlags {
	f := &databaseFlags{formats: names(r.formats)}
	flags := c.Flags()
	flags.SortFlags = false
	flags.StringVar(&f.database, "database", "", "`URL` of the database. Left out, it is DATABASE_URL, or what PGHOST, PGDATABASE, PGUSER and the like say")
	flags.StringVar(&f.migrations, "migrations", "", "the build's migrations, a `DIR` seen from the working directory")
	flags.StringVar(&f.format, "format", "", "the migrations' format, a `NAME`: "+strings.Join(f.formats, ", "))
	flags.StringVar(&f.expected, "expected", "", "the `FILE` that headgate heads --json wrote when the build was made, instead of --migrations")
	flags.StringVar(&f.table, "version-table", "", "[SCHEMA.]`TABLE` in which the migration tool notes what it applied. Left out, it is the one that the project's settings of the tool name, or the tool's own default")
	flags.BoolVar(&f.policy.Strict, "strict", false, "fail also where the database is ahead of this build")
	flags.BoolVar(&f.policy.RequireManaged, "require-managed", false, "fail where the database has no version table")
	flags.DurationVar(&f.timeout, "timeout", timeout, "how long one look at the database may take, as a `DURATION`")
	return f
}

// parse checks the flags, and touches neither files nor database.
func (f *databaseFlags) parse(p Process) (err error) {
	switch {
	case f.migrations == "" && f.expected == "":
		return usageError{errors.New("say what this build expects: --migrations DIR, or --expected FILE as headgate heads --json wrote it")}
	case f.migrations != "" && f.expected != "":
		return usageError{errors.New("--migrations and --expected exclude each other: both say what this build expects")}
	case f.format != "" && f.expected != "":
		return usageError{errors.New("--format goes with --migrations; the file of --expected names its format itself")}
	case f.format != "" && !slices.Contains(f.formats, f.format):
		return usageError{fmt.Errorf("--format: there is no %q; choose from %s", f.format, strings.Join(f.formats, ", "))}
	case f.timeout <= 0:
		return usageError{errors.New("--timeout is a duration above nothing, such as 2s")}
	}
	if f.table != "" {
		if f.identifier, err = readiness.ParseTable(f.table); err != nil {
			return usageError{fmt.Errorf("--version-table: %w", err)}
		}
	}
	return f.parseDatabase(p)
}

// located are the variables of libpq that say where a database is.
var located = []string{"PGHOST", "PGSERVICE", "PGDATABASE", "PGPORT", "PGUSER"}

func (f *databaseFlags) parseDatabase(p Process) (err error) {
	from, connString := "--database", f.database
	if connString == "" {
		from, connString = "DATABASE_URL", p.getenv("DATABASE_URL")
	}
	if connString == "" {
		from = "PGHOST and the like" // which the parser reads from the process itself
		if !slices.ContainsFunc(located, func(name string) bool { return p.getenv(name) != "" }) {
			return usageError{errors.New("name the database with --database URL, or with DATABASE_URL or PGHOST in the environment")}
		}
	}
	if f.config, err = readiness.ParseDatabase(connString); err != nil {
		return usageError{fmt.Errorf("%s: %w", from, err)}
	}
	return nil
}

// probe reads what the build expects. The caller closes the database.
func (f *databaseFlags) probe(r registry) (*readiness.Probe, *readiness.Database, error) {
	expected, err := f.readExpected(r)
	if err != nil {
		return nil, nil, err
	}
	database := readiness.NewDatabase(f.config, expected, f.identifier)
	return &readiness.Probe{Database: database, Expected: expected, Policy: f.policy, Timeout: f.timeout}, database, nil
}

func (f *databaseFlags) readExpected(r registry) (expected *readiness.Expected, err error) {
	if f.expected != "" {
		file, err := os.Open(f.expected)
		if err != nil {
			return nil, usageError{fmt.Errorf("--expected: %w", err)}
		}
		defer func() { err = errors.Join(err, file.Close()) }()
		if expected, err = readiness.ReadExpected(file, migration.VersionTablesOf(r.formats)); err != nil {
			return nil, usageError{fmt.Errorf("--expected: %s: %w", f.expected, err)}
		}
		return expected, nil
	}
	tree, dir := folder(f.migrations)
	found, err := r.formatOf(tree, dir, f.format)
	if err != nil {
		return nil, err
	}
	history, err := readHistory(tree, found)
	if err != nil {
		return nil, err
	}
	if expected, err = readiness.Of(history, migration.VersionTablesOf(r.formats)); err != nil {
		return nil, usageError{fmt.Errorf("--format: %w", err)}
	}
	return expected, nil
}

// folder is a folder of this machine. An image has no repository, so it is a plain one; where it lies elsewhere than below
// the working directory, the tree is the folder that it is in.
func folder(dir string) (tree fs.FS, name string) {
	dir = filepath.Clean(dir)
	if filepath.IsLocal(dir) {
		return os.DirFS("."), filepath.ToSlash(dir)
	}
	if absolute, err := filepath.Abs(dir); err == nil {
		dir = absolute
	}
	if parent := filepath.Dir(dir); parent != dir {
		return os.DirFS(parent), filepath.Base(dir)
	}
	return os.DirFS(dir), "."
}

// formatOf tells the format of a folder's migrations, as far as it was not named. It looks at no other folder: from the top
// of an image, that would be the whole machine.
func (r registry) formatOf(tree fs.FS, dir, format string) (candidate, error) {
	if format != "" {
		return candidate{dir: dir, format: byName(r.formats, format)}, nil
	}
	seen, err := r.lookForMigrations(tree, dir)
	if errors.Is(err, fs.ErrNotExist) {
		return candidate{}, usageError{fmt.Errorf("there is no folder %s; name the migrations' folder with `migrations`", dir)}
	}
	if err != nil {
		return candidate{}, err
	}
	if found := seen.choose(nil, ""); len(found) == 1 {
		return candidate{dir: dir, format: found[0].format}, nil
	}
	return candidate{}, usageError{fmt.Errorf("the folder %s does not tell its format; name it with --format: %s", dir, strings.Join(names(r.formats), ", "))}
}

// closeDatabase ends a connection, also where ctx has ended.
func closeDatabase(ctx context.Context, d *readiness.Database) {
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer stop()
	d.Close(ctx)
}
