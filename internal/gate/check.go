package gate

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"github.com/headgate/headgate/internal/migration"
	"github.com/headgate/headgate/internal/postgres"
	"github.com/headgate/headgate/internal/reference"
	"github.com/headgate/headgate/internal/schema"
	"github.com/headgate/headgate/internal/statement"
)

// Schema is one step of the deploy: a database with a schema in it, and what the catalog says of it.
type Schema struct {
	// Name is SchemaReleased, SchemaExpanded or SchemaProposed.
	Name     string
	Config   *pgx.ConnConfig
	Snapshot schema.Snapshot
	// SearchPath are the schemas in which the code looks for names that it does not qualify.
	SearchPath []string
	// ChecksBodies says that the database has the extension plpgsql_check.
	ChecksBodies bool
}

// Subject is what is judged.
type Subject struct {
	Order Order
	// Schemas are those that the deploy reaches, in its order: S0, SE where the pending migrations are split into expanding
	// and contracting ones, S1. Where a pending migration does not apply, Broken says which one and why, and the schemas from
	// there on are left out.
	Schemas []Schema
	Broken  *migration.Error
	// References are the proposed code's, Gone those of the released code that the proposed code no longer has.
	References, Gone []reference.Reference
	// Stood tells whether the released code has a reference of the proposed code as well.
	Stood func(reference.Reference) bool
	// History is the proposed code's.
	History *migration.History
	// Pending are the migrations that lead from S0 to S1, Origins what each of them changes.
	Pending []migration.Revision
	Origins []schema.Origin
	// Histories is what the history rules found.
	Histories Histories
	// Others are the services that read some of the same files.
	Others []Other
	// Sources is the proposed tree and ReleasedSources the released one, for quoting lines.
	Sources, ReleasedSources fs.FS
}

// Verdict is what came of it: the part of the Result that the gate decides.
type Verdict struct {
	Findings []Finding
	Coverage Coverage
	Cells    []Cell
}

// Check holds every reference of both code versions against every schema that they meet. An error is a failure to check.
func Check(ctx context.Context, s Subject) (verdict *Verdict, err error) {
	j := newJudge(s)
	defer func() { err = errors.Join(err, j.sessions.close(ctx)) }()
	uses, texts := j.uses()
	j.mapped = mappings(uses)
	answers, err := analyseAll(ctx, s.Schemas, texts)
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
	cases, err := j.divide(ctx, j.hear(uses, answers), texts)
	if err != nil {
		return nil, err
	}
	if err := j.findNeeds(ctx, cases); err != nil {
		return nil, err
	}
	if err := j.findTypes(ctx, cases); err != nil {
		return nil, err
	}
	for i := range cases {
		j.judge(&cases[i])
	}
	if err := j.brokenFunctions(ctx); err != nil {
		return nil, err
	}
	if err := j.doubt(ctx, texts); err != nil {
		return nil, err
	}
	return j.verdict(), nil
}

// use is a reference, the code versions that have it, and what there is to ask about it.
type use struct {
	reference.Reference
	proposed, released bool
	probes             []probe
	writes             []statement.Write
}

// probe is a query of a use, and the index of its text among the distinct ones.
type probe struct {
	statement.Probe
	text int
}

// uses lists what both code versions ask of the schema, with each distinct text to analyse. What cannot be checked is
// counted at once.
func (j *judge) uses() (uses []use, texts []string) {
	seen := make(map[string]int, len(j.References))
	add := func(u use) {
		reason := u.Unchecked
		if reason == "" && strings.ContainsRune(u.SQL, 0) {
			reason = "it holds a zero byte"
		}
		var probes []statement.Probe
		if reason == "" {
			probes, reason = statement.Probes(u.SQL)
		}
		if reason != "" {
			if owner, other := j.firstReader(u.Place.File); other {
				j.leave(&u, owner) // who says the same of it
				return
			}
			j.unchecked(&u, reason)
			return
		}
		for _, p := range probes {
			at, known := seen[p.SQL]
			if !known {
				at = len(texts)
				seen[p.SQL] = at
				texts = append(texts, p.SQL)
			}
			u.probes = append(u.probes, probe{p, at})
		}
		u.writes = statement.Writes(u.SQL)
		uses = append(uses, u)
	}
	for _, r := range j.References {
		j.coverage.References++
		add(use{Reference: r, proposed: true, released: j.Stood(r)})
	}
	for _, r := range j.Gone {
		j.coverage.Released++
		add(use{Reference: r, released: true})
	}
	return uses, texts
}

// analyseAll asks every distinct schema about every text, side by side: answers[schema][text].
func analyseAll(ctx context.Context, schemas []Schema, texts []string) ([][]postgres.Answer, error) {
	answers := make([][]postgres.Answer, len(schemas))
	group, ctx := errgroup.WithContext(ctx)
	for i := range schemas {
		if i > 0 && schemas[i].Config == schemas[i-1].Config {
			continue
		}
		group.Go(func() (err error) {
			answers[i], err = postgres.Analyse(ctx, schemas[i].Config, texts)
			if err != nil {
				return fmt.Errorf("on the %s schema: %w", schemas[i].adjective(), err)
			}
			return nil
		})
	}
	err := group.Wait()
	for i := range schemas {
		if i > 0 && schemas[i].Config == schemas[i-1].Config {
			answers[i] = answers[i-1] // nothing is pending between the two
		}
	}
	return answers, err
}

// adjective names the schema in a sentence: "the released schema".
func (s *Schema) adjective() string {
	switch s.Name {
	case SchemaReleased:
		return "released"
	case SchemaExpanded:
		return "expanded"
	}
	return "proposed"
}

// hearing is a use with what the servers say of it: answers[probe][schema].
type hearing struct {
	use
	answers [][]*postgres.Answer
	needs   []need
}

// hear gives each use its answers.
func (j *judge) hear(uses []use, answers [][]postgres.Answer) []hearing {
	cases := make([]hearing, len(uses))
	for i, u := range uses {
		cases[i].use = u
		cases[i].answers = make([][]*postgres.Answer, len(u.probes))
		for p := range u.probes {
			row := make([]*postgres.Answer, len(j.Schemas))
			for s := range j.Schemas {
				row[s] = &answers[s][u.probes[p].text]
			}
			cases[i].answers[p] = row
		}
	}
	return cases
}
