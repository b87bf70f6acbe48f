package gate

import (
	"context"
	"fmt"
	"io/fs"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"golang.org/x/sync/errgroup"

	"github.com/headgate/headgate/internal/migration"
	"github.com/headgate/headgate/internal/postgres"
	"github.com/headgate/headgate/internal/reference"
	"github.com/headgate/headgate/internal/schema"
	"github.com/headgate/headgate/internal/sqltext"
)

// Schema is one side of the matrix: a database with a schema in it, and what the catalog says of it.
type Schema struct {
	Config   *pgx.ConnConfig
	Snapshot schema.Snapshot
}

// Subject is what is judged.
type Subject struct {
	Order Order
	// References are the proposed code's.
	References []reference.Reference
	// Released is S0. Proposed is S1, or nil where a pending migration does not apply; then Broken
	// says which one and why, and C1×S1 stays unchecked.
	Released Schema
	Proposed *Schema
	Broken   *migration.Error
	// History is the proposed code's.
	History *migration.History
	// Pending are the migrations that lead from S0 to S1, Origins what each of them changes.
	Pending []migration.Revision
	Origins []schema.Origin
	// Histories is what the history rules found.
	Histories Histories
	// Stood tells whether the released code has this reference as well.
	Stood func(reference.Reference) bool
	// Sources is the proposed tree, for quoting lines.
	Sources fs.FS
}

// Verdict is what came of it: the part of the Result that the gate decides.
type Verdict struct {
	Findings []Finding
	Coverage Coverage
	Cells    []Cell
}

// Check holds every reference against both schemas. An error is a failure to check.
func Check(ctx context.Context, s Subject) (*Verdict, error) {
	j := &judge{Subject: s, cells: newCells(s), made: madeByCode(s.References)}
	statements, index := j.checkable(s.References)
	released, proposed, err := prepareBoth(ctx, s, statements)
	if err != nil {
		return nil, err
	}
	if s.Broken != nil {
		j.findings = append(j.findings, migrationFails(s.Broken, s.Pending))
	}
	j.findings = append(j.findings, s.Histories.findings()...)
	if f, many := multipleHeads(s.History, s.Pending); many && !s.Histories.Refused {
		j.findings = append(j.findings, f)
	}
	for i, r := range s.References {
		if index[i] >= 0 {
			outcome := outcome{released: released[index[i]]}
			if s.Proposed != nil {
				outcome.proposed = proposed[index[i]]
			}
			j.judge(r, outcome)
		}
	}
	return j.verdict(s.Sources), nil
}

// outcome is what the server says of a statement on each side: nil where it holds.
type outcome struct{ released, proposed *pgconn.PgError }

// checkable gives each reference the index of its statement in a list in which equal statements stand once, or
// -1 if it cannot be checked, which is counted.
func (j *judge) checkable(references []reference.Reference) (statements []string, index []int) {
	index = make([]int, len(references))
	seen := make(map[string]int, len(references))
	for i, r := range references {
		j.coverage.References++
		if reason := j.uncheckable(r); reason != "" {
			j.unchecked(r, reason)
			index[i] = -1
			continue
		}
		at, known := seen[r.SQL]
		if !known {
			at = len(statements)
			seen[r.SQL] = at
			statements = append(statements, r.SQL)
		}
		index[i] = at
	}
	return statements, index
}

// uncheckable is the reason why the server cannot be asked about a reference, or empty.
func (j *judge) uncheckable(r reference.Reference) string {
	if r.Unchecked != "" {
		return r.Unchecked
	}
	if strings.ContainsRune(r.SQL, 0) {
		return "it holds a zero byte"
	}
	if verb := firstWord(r.SQL); !analysed[verb] {
		return fmt.Sprintf("PostgreSQL looks into %s only when it runs it", strings.ToUpper(verb))
	}
	return ""
}

// analysed are the statements that PostgreSQL analyses when it parses them; of the others, the
// utility statements, it takes the grammar alone (src/backend/parser/analyze.c, transformStmt).
var analysed = map[string]bool{
	"select": true, "insert": true, "update": true, "delete": true, "merge": true, "with": true, "values": true, "table": true,
	"(": true, "explain": true, "declare": true, "call": true,
}

func firstWord(sql string) string {
	scan := sqltext.NewScanner(sql)
	for t := scan.Next(); t.Kind != sqltext.EOF; t = scan.Next() {
		if t.Kind != sqltext.Comment {
			return sqltext.Unquote(sql[t.Start:t.End])
		}
	}
	return ""
}

// prepareBoth asks both sides at once, or one of them where nothing is pending and they are the same.
func prepareBoth(ctx context.Context, s Subject, statements []string) (released, proposed []*pgconn.PgError, err error) {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		released, err = postgres.Prepare(ctx, s.Released.Config, statements)
		return err
	})
	same := s.Proposed != nil && s.Proposed.Config == s.Released.Config
	if s.Proposed != nil && !same {
		group.Go(func() (err error) {
			proposed, err = postgres.Prepare(ctx, s.Proposed.Config, statements)
			return err
		})
	}
	err = group.Wait()
	if same {
		proposed = released
	}
	return released, proposed, err
}
