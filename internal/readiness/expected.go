package readiness

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/headgate/headgate/internal/migration"
)

// Expected is what a build expects the database to be stamped with.
type Expected struct {
	Format string
	// Heads are the revisions that no other one follows, and that the version table will name: alembic's has no row for a
	// head that another one depends on.
	Heads []string

	stamps migration.Stamps
	table  pgx.Identifier      // where the project's settings name it
	order  []string            // the versions of the history in its order; empty where only the heads are known
	before map[string][]string // what each version needs directly before it
	oldest string              // the lowest of the versions
	again  map[string]bool     // those that the tool runs again after each change
	sums   map[string]string   // their checksums
	// baseline is what a new database runs in place of superseded, which it has no rows of; empty where there is none.
	baseline   string
	superseded []string
}

// NoVersionTableError says that a format's tool notes nothing in the database, so there is nothing to compare with.
type NoVersionTableError struct {
	Format string
	Tables migration.VersionTables
}

func (e *NoVersionTableError) Error() string {
	return fmt.Sprintf("%q migrations leave no version table in the database, so there is nothing to compare with; the formats that do are %s",
		e.Format, strings.Join(e.Tables.Formats(), ", "))
}

// Of is what a build with this history expects. The error is a *NoVersionTableError where the format has no version table, or
// says that the settings' name of it is none.
func Of(h *migration.History, tables migration.VersionTables) (*Expected, error) {
	return newExpected(tables, h.Format, h.VersionTable, h.Heads(), h.Revisions)
}

func newExpected(tables migration.VersionTables, format, table string, heads []string, revisions []migration.Revision) (*Expected, error) {
	stamps, ok := tables[format]
	if !ok {
		return nil, &NoVersionTableError{format, tables}
	}
	e := &Expected{Format: format, Heads: heads, stamps: stamps, before: make(map[string][]string, len(revisions)), again: map[string]bool{}, sums: map[string]string{}}
	if table != "" {
		var err error
		if e.table, err = ParseTable(table); err != nil {
			return nil, fmt.Errorf("the project's settings: %w", err)
		}
	}
	for _, r := range revisions {
		switch { // of a baseline and of those that it supersedes, a database has one or the others
		case r.Baseline && !r.Superseded:
			e.baseline = r.Version
		case r.Superseded && !r.Baseline:
			e.superseded = append(e.superseded, r.Version)
		case !r.Baseline:
			e.order = append(e.order, r.Version)
		}
		e.again[r.Version] = r.Checksum != ""
		e.sums[r.Version] = r.Checksum
		e.before[r.Version] = slices.Concat(r.Parents, r.DependsOn)
	}
	e.oldest = e.baseline
	if len(e.order) > 0 {
		e.oldest = slices.MinFunc(e.order, compareVersions)
		e.Heads = e.withoutImplied(heads)
	}
	return e, nil
}

// maxExpected is how much of a file is read, in bytes: a history of 100,000 revisions has 20 MB.
const maxExpected = 64 << 20

// ReadExpected reads what `headgate heads --json` wrote when the build was made. A file without revisions, only format and
// heads, is taken too; then less can be told of a database that differs.
func ReadExpected(r io.Reader, tables migration.VersionTables) (*Expected, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxExpected+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxExpected {
		return nil, fmt.Errorf("it is longer than %d MiB, which no history is", maxExpected>>20)
	}
	var file struct {
		Format       string               `json:"format"`
		VersionTable string               `json:"versionTable"`
		Heads        []string             `json:"heads"`
		Revisions    []migration.Revision `json:"revisions"`
	}
	if err := json.Unmarshal(text, &file); err != nil {
		return nil, fmt.Errorf("it is not what `headgate heads --json` writes: %w", err)
	}
	switch {
	case file.Format == "":
		return nil, errors.New("it names no format, so it is not what `headgate heads --json` writes")
	case len(file.Heads) == 0:
		return nil, errors.New("it has no heads; write it with `headgate heads --json` where the migrations are")
	}
	if len(file.Revisions) > 0 {
		known := make(map[string]bool, len(file.Revisions))
		for _, r := range file.Revisions {
			known[r.Version] = true
		}
		for _, head := range file.Heads {
			if !known[head] {
				return nil, fmt.Errorf("its head %q is none of its revisions; write it anew with `headgate heads --json`", head)
			}
		}
	}
	return newExpected(tables, file.Format, file.VersionTable, file.Heads, file.Revisions)
}

// withoutImplied leaves out the heads that come before another one.
func (e *Expected) withoutImplied(heads []string) []string {
	if len(heads) < 2 {
		return heads
	}
	var before []string
	for _, head := range heads {
		before = append(before, e.before[head]...)
	}
	implied := e.withAncestors(before)
	return slices.DeleteFunc(slices.Clone(heads), func(v string) bool { return implied[v] })
}

// withAncestors are the versions and all that comes before them. A cycle ends where it closes.
func (e *Expected) withAncestors(versions []string) map[string]bool {
	seen := map[string]bool{}
	for todo := slices.Clone(versions); len(todo) > 0; {
		v := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if !seen[v] {
			seen[v] = true
			todo = append(todo, e.before[v]...)
		}
	}
	return seen
}
