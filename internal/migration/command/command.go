// Package command has the user's own command migrate a database, for migrations that are programs: Django, Rails, Ecto,
// Laravel, Knex, TypeORM, MikroORM, Entity Framework, goose with Go migrations, Liquibase with XML.
package command

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/headgate/headgate/internal/migration"
)

// Format is that of migrations which only the command can run. It reads none.
type Format struct{}

// Name is "command".
func (Format) Name() string { return "command" }

// Claims is never true: the command is named by the setting alone.
func (Format) Claims(string, []byte) migration.Claim { return migration.Claim{} }

// Read is an error: there is nothing to read.
func (Format) Read(_ fs.FS, dir string) (*migration.History, error) {
	return nil, &migration.Error{File: dir, Problem: "migrations that a command runs cannot be read",
		Remedy: "name the command with `migrate-command`, which `headgate check` runs"}
}

// Tool is whatever the command starts.
func (Format) Tool() migration.Tool {
	return migration.Tool{
		Name: "the migrate command",
		Order: func(a, b migration.Revision) int {
			return strings.Compare(a.Version, b.Version)
		},
		OutOfOrder: "the command decides what becomes of it",
		Duplicate:  "the command decides what becomes of it",
	}
}

// Stamps is false: which table there is depends on what the command starts.
func (Format) Stamps() (migration.Stamps, bool) { return migration.Stamps{}, false }

// Essence is empty: what a program does cannot be read.
func (Format) Essence(fs.FS, migration.Revision) (migration.Essence, error) { return nil, nil }

// Migrator is an error, as Read is.
func (f Format) Migrator(_ fs.FS, h *migration.History, _ migration.Target) (migration.Migrator, error) {
	_, err := f.Read(nil, h.Dir)
	return nil, err
}

// Run is one run of the command.
type Run struct {
	// Command is handed to the shell, in the folder Dir.
	Command, Dir string
	// Environ is the environment, KEY=value, from which tokens are taken out.
	Environ  []string
	Database *pgx.ConnConfig
	Timeout  time.Duration
}

// FailedError is a command that failed, or took too long.
type FailedError struct {
	Command string
	// Why is in words: "exit status 1".
	Why string
	// Output is the end of what it wrote, without the database's password.
	Output string
}

func (e *FailedError) Error() string {
	text := fmt.Sprintf("`%s` failed: %s", e.Command, e.Why)
	if e.Output != "" {
		return text + "; the end of its output: " + e.Output
	}
	return text + "; it wrote nothing"
}

// Do runs the command and waits for its end. An error of the command's own is a *FailedError.
func (r Run) Do(ctx context.Context) error {
	limited, stop := context.WithTimeoutCause(ctx, r.Timeout, fmt.Errorf("it took longer than %v (`migrate-timeout`)", r.Timeout))
	defer stop()
	cmd := exec.CommandContext(limited, shell[0], append(slices.Clone(shell[1:]), r.Command)...)
	cmd.Dir = r.Dir
	cmd.Env = r.environment()
	var output tail
	cmd.Stdout, cmd.Stderr = &output, &output
	cmd.WaitDelay = 5 * time.Second
	endWithChildren(cmd)
	err := cmd.Run()
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if limited.Err() != nil {
		err = context.Cause(limited)
	}
	if errors.Is(err, exec.ErrWaitDelay) {
		err = errors.New("it left a process running that holds its output open")
	}
	text := string(output.text)
	if password := r.Database.Password; password != "" {
		text = strings.ReplaceAll(text, password, "***")
	}
	return &FailedError{Command: r.Command, Why: err.Error(), Output: strings.TrimSpace(text)}
}

// secret are variables that would let the pull request's code act for the workflow, or write into it: GitHub's tokens, the
// runner's services, the action's inputs, and the files in which later steps are told things.
var secret = regexp.MustCompile(`(?i)^(GITHUB_TOKEN|GH_TOKEN|GH_ENTERPRISE_TOKEN|GITHUB_ENTERPRISE_TOKEN|GITHUB_PAT|ACTIONS_.*|INPUT_.*|GITHUB_(ENV|OUTPUT|PATH|STATE|STEP_SUMMARY))$`)

// token is a value that is one of GitHub's tokens, whatever the variable is called
// (https://github.blog/2021-04-05-behind-githubs-new-authentication-token-formats/).
var token = regexp.MustCompile(`\b(gh[pousr]_[A-Za-z0-9_]{20,}|github_pat_[A-Za-z0-9_]{20,})`)

// ofDatabase are variables that say where some other database is.
var ofDatabase = regexp.MustCompile(`^(DATABASE_URL|PG(HOST|HOSTADDR|PORT|DATABASE|USER|PASSWORD|PASSFILE|SERVICE|SERVICEFILE|SSLMODE|OPTIONS))$`)

func (r Run) environment() []string {
	env := slices.DeleteFunc(slices.Clone(r.Environ), func(entry string) bool {
		name, value, _ := strings.Cut(entry, "=")
		return secret.MatchString(name) || token.MatchString(value) || ofDatabase.MatchString(name)
	})
	d := r.Database
	return append(env,
		"DATABASE_URL="+URL(d),
		"PGHOST="+d.Host, "PGPORT="+strconv.Itoa(int(d.Port)), "PGDATABASE="+d.Database, "PGUSER="+d.User, "PGPASSWORD="+d.Password,
		"PGSSLMODE="+sslMode(d),
	)
}

// URL is a connection as a URL. A server that listens on a socket alone is named by the parameter host, as libpq takes it
// (PostgreSQL manual, section 34.1.1.2).
func URL(d *pgx.ConnConfig) string {
	u := url.URL{Scheme: "postgres", User: url.UserPassword(d.User, d.Password), Path: "/" + d.Database}
	q := url.Values{"sslmode": {sslMode(d)}}
	if strings.HasPrefix(d.Host, "/") {
		q.Set("host", d.Host)
		q.Set("port", strconv.Itoa(int(d.Port)))
	} else {
		u.Host = net.JoinHostPort(d.Host, strconv.Itoa(int(d.Port)))
	}
	u.RawQuery = q.Encode()
	return u.String()
}

func sslMode(d *pgx.ConnConfig) string {
	if d.TLSConfig == nil {
		return "disable"
	}
	return "require"
}

// tail keeps the end of what is written to it.
type tail struct{ text []byte }

func (t *tail) Write(p []byte) (int, error) {
	const most = 4 << 10 // bytes
	t.text = append(t.text, p...)
	if extra := len(t.text) - most; extra > 0 {
		t.text = append(t.text[:0], t.text[extra:]...)
	}
	return len(p), nil
}
