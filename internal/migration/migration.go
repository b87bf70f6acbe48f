// Package migration holds the history of a schema's migrations: the revisions, their order and
// heads, and which of them are pending. Each tool's format is a folder below.
package migration

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"

	"github.com/jackc/pgx/v5"
)

// Revision is one migration of a history.
type Revision struct {
	// Version is what the tool stamps in the database: "7", "20240102150405", "1975ea83b712".
	Version string `json:"version"`
	// File is the slash-separated path from the repository's top.
	File string `json:"file"`
	// Line is the line of File, from 1, at which the migration begins; 0 where the whole file is one.
	Line int `json:"line,omitempty"`
	// Position is where it stands in its own history, from 1, for formats whose order is in neither versions nor names. Positions
	// of two histories cannot be compared. It is 0 elsewhere.
	Position int `json:"-"`
	// Sum is the tool's checksum of every migration, where it tells them apart in one file, and Accepts are those of earlier texts
	// that the project declares valid, or Always for any (Liquibase's validCheckSum). Both are empty elsewhere.
	Sum     string   `json:"-"`
	Accepts []string `json:"-"`
	// Checksum is set on a migration that the tool runs again whenever it changes (Flyway's R__ files, Liquibase's
	// runOnChange): the sum of what it compares, or Always.
	Checksum string `json:"checksum,omitempty"`
	// Parents are the versions that the revision follows; none for a first one.
	Parents []string `json:"parents,omitempty"`
	// DependsOn are further versions that must have run before. Unlike a parent they stay heads of their own branch
	// (alembic's depends_on).
	DependsOn []string `json:"dependsOn,omitempty"`
	// Contract says that it runs after the code is live: it contracts the schema, where the others expand it before.
	Contract bool `json:"contract,omitempty"`
	// Baseline says that it runs on an empty database only, in place of those that are Superseded (Flyway's B files). A
	// database that has run any migration never runs it.
	Baseline bool `json:"baseline,omitempty"`
	// Superseded says that an empty database passes over it for a baseline.
	Superseded bool `json:"superseded,omitempty"`
	// Includes are further files that the migration's way up is put together from, such as the templates that it names.
	Includes []string `json:"includes,omitempty"`
	// Labels are names of the branch that begins here (alembic's branch_labels).
	Labels []string `json:"labels,omitempty"`
}

// Always is the checksum of what runs on every deploy, whether it changed or not.
const Always = "always"

// History is all the migrations of one folder, in the order in which the tool applies them.
type History struct {
	Format    string
	Dir       string
	Revisions []Revision
	// VersionTable is [SCHEMA.]TABLE as the project's settings name the version table; empty where it has the tool's own name.
	VersionTable string
	// Whole says that one revision states what the schema is, not how it changes: a schema dump. Then the schema is built from
	// nothing each time, and the revision has a checksum.
	Whole bool
	// Graph says that revisions name their parents themselves, so that the history can branch. Otherwise the order of
	// their versions is all there is.
	Graph bool
	// Late says that the tool, with the project's settings, runs a migration late that comes before one that ran already.
	// Tool.Late says so of a tool whatever the settings.
	Late bool
}

// Heads are the versions that no other revision follows, in the history's order. A healthy history has one;
// an empty one has none. What the tool runs again after each change says nothing of how far a database is, so that it is a
// head only where there is nothing else; and instead of a baseline, which only new databases run, it is what that follows.
func (h *History) Heads() []string {
	counted := slices.DeleteFunc(slices.Clone(h.Revisions), func(r Revision) bool { return r.Checksum != "" })
	if len(counted) == 0 {
		counted = h.Revisions
	}
	if slices.ContainsFunc(counted, func(r Revision) bool { return !r.Baseline }) {
		for counted[len(counted)-1].Baseline {
			counted = counted[:len(counted)-1]
		}
	}
	followed := map[string]bool{}
	for _, r := range counted {
		for _, p := range r.Parents {
			followed[p] = true
		}
	}
	heads := []string{}
	for _, r := range counted {
		if !followed[r.Version] {
			heads = append(heads, r.Version)
		}
	}
	return heads
}

// Stamps are the versions that the tool's table holds once all is applied: the heads, without those that another
// revision depends on.
func (h *History) Stamps() []string {
	needed := map[string]bool{}
	for _, r := range h.Revisions {
		for _, d := range r.DependsOn {
			needed[d] = true
		}
	}
	return slices.DeleteFunc(h.Heads(), func(v string) bool { return needed[v] })
}

// Ancestors are the versions that a revision follows, directly or not, itself left out.
func (h *History) Ancestors(version string) map[string]bool {
	parents := make(map[string][]string, len(h.Revisions))
	for _, r := range h.Revisions {
		parents[r.Version] = r.Parents
	}
	found := map[string]bool{}
	next := slices.Clone(parents[version])
	for len(next) > 0 {
		v := next[len(next)-1]
		next = next[:len(next)-1]
		if !found[v] {
			found[v] = true
			next = append(next, parents[v]...)
		}
	}
	return found
}

// Pending are the revisions of h that released does not have, in the order in which they run.
// A revision is known by its version: one that was edited since is not run again, unless it has a checksum and that changed.
// Without any released ones the database is empty, so that a baseline runs in place of what it supersedes.
func (h *History) Pending(released *History) []Revision {
	done := make(map[string]Revision, len(released.Revisions))
	for _, r := range released.Revisions {
		done[r.Version] = r
	}
	pending := []Revision{}
	empty := len(released.Revisions) == 0
	for _, r := range h.Revisions {
		if empty && r.Superseded || !empty && r.Baseline {
			continue
		}
		if before, ran := done[r.Version]; !ran || r.Checksum == Always || r.Checksum != "" && r.Checksum != cmp.Or(before.Sum, before.Checksum) {
			pending = append(pending, r)
		}
	}
	return pending
}

// Fresh are the revisions that run on an empty database, in their order.
func (h *History) Fresh() []Revision { return h.Pending(&History{}) }

// takes tells whether the project declares the text valid that a revision had before.
func (r Revision) takes(before Revision) bool {
	return slices.Contains(r.Accepts, Always) || before.Sum != "" && slices.Contains(r.Accepts, before.Sum)
}

// same tells whether two revisions of one version, of two histories, are one migration: by the file's name, or by what stands
// there where a file has several.
func (r Revision) same(other Revision) bool {
	if r.Line > 0 || other.Line > 0 {
		return r.File == other.File && r.Sum == other.Sum
	}
	return path.Base(r.File) == path.Base(other.File)
}

// Linear gives each revision the one before it as its parent, for formats whose order is the sort order.
func Linear(revisions []Revision) {
	for i := range revisions {
		revisions[i].Parents = nil
		if i > 0 {
			revisions[i].Parents = []string{revisions[i-1].Version}
		}
	}
}

// Format is one tool's migrations.
type Format interface {
	// Name is the format's name in settings, such as "goose".
	Name() string
	// Claims tells of a file, by its path and its first bytes, whether it is a migration of this format.
	Claims(path string, beginning []byte) Claim
	// Read reads the history of the folder dir. A history that the tool itself would refuse is a *RefusedError; one of which
	// Headgate cannot tell is an *Error.
	Read(fsys fs.FS, dir string) (*History, error)
	// Tool says what the format's tool does with a history.
	Tool() Tool
	// Stamps says how the tool notes in the database what it has applied; false where it notes nothing.
	Stamps() (Stamps, bool)
	// Essence reads what the tool runs upwards for a revision that Read gave of the same fsys.
	Essence(fsys fs.FS, r Revision) (Essence, error)
	// Migrator prepares to apply revisions of h, a history that Read gave of the same fsys. It makes the tool's version
	// table where there is none, as the tool would.
	Migrator(fsys fs.FS, h *History, to Target) (Migrator, error)
}

// Claim is what a format says of one file.
type Claim struct {
	// Dir is the folder of the migrations that the file is one of, slash-separated; empty where it is none.
	Dir string
	// Sure says that no other format has such files. Otherwise the name alone fits, and what else is in the repository has to
	// tell.
	Sure bool
	// Below says that the file leads to the format's migrations in the folders below Dir, so that those are no histories of their own.
	Below bool
}

// Target is the database that migrations are applied to, and what the platform brings to it.
type Target struct {
	Database *pgx.ConnConfig
	// Env looks up a variable of the environment, for formats that substitute them. It can be nil.
	Env func(name string) (value string, found bool)
	// Placeholders are what stands for the variables of templated migrations, by their names.
	Placeholders map[string]string
	// Provide is asked about an error of the server. Where it is true, what was missing is there now, and what failed can
	// be run again. It can be nil.
	Provide func(ctx context.Context, refused error) (bool, error)
}

// Retry runs what leaves nothing behind where it fails, and runs it again as long as what the server missed can be provided.
func (t Target) Retry(ctx context.Context, run func() error) error {
	const most = 100 // names that a hostile file makes up on the fly
	for range most {
		err := run()
		if err == nil || t.Provide == nil {
			return err
		}
		provided, failed := t.Provide(ctx, err)
		if failed != nil {
			return errors.Join(err, failed)
		}
		if !provided {
			return err
		}
	}
	return run()
}

// Migrator applies the migrations of one history to one database.
type Migrator interface {
	// Apply runs one revision as the tool would and stamps it. It returns the statements that ran. A
	// failing migration is an *Error with the place of the statement.
	Apply(ctx context.Context, r Revision) ([]Statement, error)
	// Revert runs the way down of a revision that Apply ran, and takes its stamp away. It returns the statements that ran:
	// none where the migration has no way down. A failing one is an *Error with the place of the statement.
	Revert(ctx context.Context, r Revision) ([]Statement, error)
	Close() error
}

// Skipped is a statement on data, which changes no schema and was not run. A Migrator that leaves some out has a method
// Skipped() []Skipped, of all so far.
type Skipped struct {
	File   string
	Line   int
	Reason string
}

// Error is a problem in a migration or in a history.
type Error struct {
	// File is the path from the repository's top. Line and Column count from 1, in runes; 0 is
	// unknown.
	File         string
	Line, Column int
	// SQLState is the server's code, where the server refused a statement.
	SQLState string
	// Problem is what was found, and Remedy what to do about it, each in a plain sentence.
	Problem, Remedy string
	// Err is the error behind it, or nil.
	Err error
}

// Unwrap gives the error behind it.
func (e *Error) Unwrap() error { return e.Err }

func (e *Error) Error() string {
	place := e.File
	if e.Line > 0 {
		place = fmt.Sprintf("%s:%d", place, e.Line)
	}
	if e.Line > 0 && e.Column > 0 {
		place = fmt.Sprintf("%s:%d", place, e.Column)
	}
	text := e.Problem
	if place != "" {
		text = place + ": " + text
	}
	if e.Remedy != "" {
		text += "; " + e.Remedy
	}
	return text
}
