// Package config makes one validated Config of the command line's flags, an action's inputs and the
// file headgate.yaml, which all use the same names.
package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bmatcuk/doublestar/v4"
)

// Setting is one thing that a user can set: a flag, an action's input and a key of headgate.yaml of the same name.
type Setting struct {
	Name string
	// Value says what to write, for help: DIR, REF, NAME.
	Value string
	// Default is what holds where nothing is set; empty if the program works it out.
	Default string
	// Help is one or two plain sentences.
	Help string
	// Choices are the valid values, where they are few.
	Choices []string
	// Many says that it is a list: a flag that may be repeated, an input with one value a line, a YAML list.
	Many bool
	// Scope says where it makes sense when headgate.yaml names several services.
	Scope Scope
	// set checks a value and puts it into the config. It is called once for each value of a list.
	set func(*Config, string) error
}

// Scope is what a setting is about when headgate.yaml names several services.
type Scope int

// The scopes. What is Shared can be set for all services, and otherwise for one of them; what is of the Run cannot be a
// service's, and what is a service's Own cannot be set for several at once.
const (
	Shared Scope = iota
	Run
	Own
)

// Choices are the names that the program's registry knows.
type Choices struct {
	Formats, Orders, Reports []string
}

// Report is one report to write.
type Report struct {
	Format string
	// File is where to; empty is standard output.
	File string
}

// Config is everything that a check needs to be told. It is valid as Load returns it.
type Config struct {
	// Service is the name of the service that it is about, as headgate.yaml has it; empty where that names none.
	Service string
	// Only are the services that the run was asked about; none is all of them.
	Only []string
	// ReleaseTags is the pattern of the tags that are releases, its * standing for the version; empty is the version alone.
	ReleaseTags string
	// Base and Head are git revisions. An empty Base is worked out, an empty Head is the work tree.
	Base, Head string
	// Migrations are the folders, slash-separated, from the repository's top. None means: look.
	Migrations []string
	// Database is the URL of a live database, for the base "database".
	Database string
	// Format is the migrations' format, or empty.
	Format string
	// Baseline is what makes the released schema in place of the released migrations: a SQL file, BaselineModels, or empty.
	Baseline string
	// Setup is a SQL file that runs before the migrations, for what the platform brings, or empty.
	Setup string
	// Placeholders are values for the variables of templated migrations, by their names.
	Placeholders map[string]string
	// MigrateCommand is what migrates a database where Headgate does not read the migrations itself, a shell command, or empty;
	// MigrateTimeout is how long it may run.
	MigrateCommand string
	MigrateTimeout time.Duration
	// FindingsBaseline is the file of findings that are ignored, or empty. It is not called baseline, which is the schema's.
	FindingsBaseline string
	// TypeAliases are what the application's own column types are in PostgreSQL, by their names.
	TypeAliases map[string]string
	// Code are patterns of the files to read; empty is all.
	Code []string
	// Order is when pending migrations run.
	Order string
	// Contract are patterns of the migrations that run after the code is live.
	Contract []string
	// SearchPath are the schemas in which the code's connections look for names, in order; empty is the database's own.
	SearchPath []string
	// Postgres is auto, container, local or a URL.
	Postgres        string
	PostgresVersion string
	PostgresImage   string
	Superuser       bool
	// Reversible says that pending migrations must have a way down that gives back the schema.
	Reversible bool
	Reports    []Report
}

// Settings are all there are, in the order of help and documentation.
func Settings(c Choices) []Setting {
	return []Setting{
		{Name: "base", Value: "REF", set: func(c *Config, v string) error { c.Base = v; return nil },
			Help: "the released code and migrations: a tag, branch or commit; or the word database, for the migrations that a live database is stamped with. Left out, it is the highest release tag that is merged into the base branch"},
		{Name: "head", Value: "REF", Scope: Run, set: func(c *Config, v string) error { c.Head = v; return nil },
			Help: "the proposed code and migrations. Left out, it is the work tree"},
		{Name: "service", Value: "NAME", Many: true, Scope: Run, set: setService,
			Help: "the services of headgate.yaml to check, several with commas between them. Left out, it is all of them"},
		{Name: "release-tags", Value: "PATTERN", Scope: Own, set: setReleaseTags,
			Help: "the tags that are releases, where services have their own, such as billing/v*: the * stands for the version. Left out, it is v1.2.3 or 1.2.3"},
		{Name: "database", Value: "URL", set: func(c *Config, v string) error { c.Database = v; return nil },
			Help: "the live database that base: database asks, read-only, which migrations it has; best from a secret"},
		{Name: "migrations", Value: "DIR", Many: true, Scope: Own, set: setMigrations,
			Help: "the folder of the migrations, from the repository's top; several where the tool takes several, such as Flyway's locations. Left out, the repository is looked through"},
		{Name: "format", Value: "NAME", Choices: c.Formats, set: func(c *Config, v string) error { c.Format = v; return nil },
			Help: "the migrations' format"},
		{Name: "baseline", Value: "models|FILE.sql", set: setBaseline,
			Help: "what makes the released schema of a history that cannot be built from nothing: the word models, for the tables that the code at the base maps (SQLAlchemy's create_all), or a SQL file at the base. Then the released migrations are not run"},
		{Name: "setup", Value: "FILE.sql", set: setSetup,
			Help: "a SQL file that runs before the migrations, for what the platform brings: schemas, extensions, roles. A role that migrations only name is made without it"},
		{Name: "placeholders", Value: "NAME=VALUE", Many: true, set: setPlaceholder,
			Help: "what stands for a variable of templated migrations, such as ${name}, {{ .name }} or /* TEMPLATE: name */"},
		{Name: "migrate-command", Value: "COMMAND", set: func(c *Config, v string) error { c.MigrateCommand = v; return nil },
			Help: "the shell command that migrates the database of DATABASE_URL (also PGHOST and the like), where the migrations are programs: it runs in the released tree and then in the proposed one, without GitHub's tokens"},
		{Name: "migrate-timeout", Value: "DURATION", Default: "10m", set: setMigrateTimeout,
			Help: "how long migrate-command may run, each time"},
		{Name: "type-aliases", Value: "NAME=TYPE", Many: true, set: setTypeAlias,
			Help: "what a column type of the application's own is in PostgreSQL, such as app.types.Money=numeric(12,2), where it cannot be followed into the repository"},
		{Name: "code", Value: "PATTERN", Many: true, set: setCode,
			Help: "files to read, such as store/**/*.go; a pattern that begins with ! leaves files out. Left out, it is every file of a known language"},
		{Name: "order", Value: "NAME", Default: "code-first", Choices: c.Orders, set: func(c *Config, v string) error { c.Order = v; return nil },
			Help: "when the deploy runs pending migrations, relative to the code going live"},
		{Name: "contract", Value: "PATTERN", Many: true, set: setContract,
			Help: "migrations that run after the code is live, such as db/migrations/contract/**; the others then run before it. A migration also says so itself by a name that ends in _contract or by the comment headgate: contract"},
		{Name: "search-path", Value: "SCHEMA", Many: true, set: func(c *Config, v string) error { c.SearchPath = append(c.SearchPath, v); return nil },
			Help: "the schemas in which the code's connections look for tables, in order. Left out, it is what the migrations make of the database's own search_path"},
		{Name: "findings-baseline", Value: "FILE.json", Scope: Own, set: setFindingsBaseline,
			Help: "the findings to ignore because they were there before, as headgate check --write-baseline wrote them. Left out, it is headgate-baseline.json where there is one, and headgate-baseline.NAME.json for a service"},
		{Name: "postgres", Value: "auto|container|local|URL", Default: "auto", Scope: Run, set: setPostgres,
			Help: "where the throwaway PostgreSQL comes from. auto takes a container, or local binaries where there is no Docker or no image"},
		{Name: "postgres-version", Value: "N", set: setVersion,
			Help: "the major version that your servers run, such as 17"},
		{Name: "postgres-image", Value: "IMAGE", set: func(c *Config, v string) error { c.PostgresImage = v; return nil },
			Help: "the container's image, where postgres:N-alpine lacks an extension"},
		{Name: "superuser", Value: "true|false", Default: "false", Scope: Run, Choices: []string{"true", "false"}, set: setSuperuser,
			Help: "run migrations as a superuser. SQL from a pull request can then run programs on the throwaway server"},
		{Name: "reversible", Value: "true|false", Default: "false", Choices: []string{"true", "false"}, set: setReversible,
			Help: "demand that each pending migration can be taken back and run again: the rule not-reversible"},
		{Name: "report", Value: "FORMAT[=FILE]", Many: true, Scope: Run, Choices: c.Reports, set: setReport(c.Reports),
			Help: "a report to write, to standard output or a file. Left out, it is text, and in an action also github, markdown and json"},
	}
}

// put checks a value against the choices and sets it.
func (s Setting) put(c *Config, value string) error {
	name, _, _ := strings.Cut(value, "=")
	if len(s.Choices) > 0 && !slices.Contains(s.Choices, name) {
		return fmt.Errorf("%s: there is no %q; choose from %s", s.Name, name, strings.Join(s.Choices, ", "))
	}
	if err := s.set(c, value); err != nil {
		return fmt.Errorf("%s: %w", s.Name, err)
	}
	return nil
}

// setReleaseTags takes a pattern with one *, which stands for the version.
func setReleaseTags(c *Config, value string) error {
	if strings.Count(value, "*") != 1 || strings.ContainsAny(value, "?[{\\ ") {
		return fmt.Errorf("%q is no pattern of release tags; write one such as billing/v*, whose * stands for the version", value)
	}
	c.ReleaseTags = value
	return nil
}

func setService(c *Config, value string) error {
	for name := range strings.SplitSeq(value, ",") {
		if name = strings.TrimSpace(name); !serviceName.MatchString(name) {
			return fmt.Errorf("%q is no name of a service; it has letters, digits and the signs . _ -", name)
		}
		c.Only = append(c.Only, name)
	}
	return nil
}

func setMigrations(c *Config, value string) error {
	dir, err := repositoryPath(value)
	c.Migrations = append(c.Migrations, dir)
	return err
}

func setSetup(c *Config, value string) error {
	file, err := repositoryPath(value)
	c.Setup = file
	return err
}

func setPlaceholder(c *Config, value string) error {
	name, text, ok := strings.Cut(value, "=")
	if name = strings.TrimSpace(name); !ok || name == "" {
		return fmt.Errorf("%q is no placeholder; write one such as schema=public", value)
	}
	if c.Placeholders == nil {
		c.Placeholders = map[string]string{}
	}
	c.Placeholders[name] = text
	return nil
}

func setMigrateTimeout(c *Config, value string) (err error) {
	if c.MigrateTimeout, err = time.ParseDuration(value); err != nil || c.MigrateTimeout <= 0 {
		return fmt.Errorf("%q is no duration; write one such as 5m", value)
	}
	return nil
}

func setTypeAlias(c *Config, value string) error {
	name, sqlType, ok := strings.Cut(value, "=")
	name, sqlType = strings.TrimSpace(name), strings.TrimSpace(sqlType)
	if !ok || name == "" || sqlType == "" {
		return fmt.Errorf("%q is no alias; write one such as app.types.Money=numeric(12,2)", value)
	}
	if c.TypeAliases == nil {
		c.TypeAliases = map[string]string{}
	}
	c.TypeAliases[name] = sqlType
	return nil
}

// BaselineModels is the Baseline that takes the released schema from the models of the released code.
const BaselineModels = "models"

func setBaseline(c *Config, value string) error {
	file, err := repositoryPath(value)
	c.Baseline = file
	return err
}

func setContract(c *Config, value string) error {
	if !doublestar.ValidatePattern(value) {
		return fmt.Errorf("%q is no valid pattern; write one such as db/migrations/contract/**", value)
	}
	c.Contract = append(c.Contract, strings.TrimPrefix(value, "./"))
	return nil
}

func setFindingsBaseline(c *Config, value string) error {
	file, err := repositoryPath(value)
	c.FindingsBaseline = file
	return err
}

func setSuperuser(c *Config, value string) error {
	c.Superuser = value == "true"
	return nil
}

func setReversible(c *Config, value string) error {
	c.Reversible = value == "true"
	return nil
}

func setVersion(c *Config, value string) error {
	if n, err := strconv.Atoi(value); err != nil || n < 10 || n > 99 {
		return fmt.Errorf("%q is no major version of PostgreSQL; write one such as 17", value)
	}
	c.PostgresVersion = value
	return nil
}

func setPostgres(c *Config, value string) error {
	url := strings.HasPrefix(value, "postgres://") || strings.HasPrefix(value, "postgresql://")
	if !url && !slices.Contains([]string{"auto", "container", "local"}, value) {
		return fmt.Errorf("there is no %q; choose from auto, container, local or a URL such as postgres://user@host/postgres", value)
	}
	c.Postgres = value
	return nil
}

func setReport(known []string) func(*Config, string) error {
	return func(c *Config, value string) error {
		format, file, toFile := strings.Cut(value, "=")
		if toFile && file == "" {
			return fmt.Errorf("%q names no file after the =", value)
		}
		if !slices.Contains(known, format) {
			return fmt.Errorf("there is no %q; choose from %s", format, strings.Join(known, ", "))
		}
		c.Reports = append(c.Reports, Report{format, file})
		return nil
	}
}
