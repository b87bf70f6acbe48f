package gate_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/jackc/pgx/v5"

	"github.com/headgate/headgate/internal/gate"
	"github.com/headgate/headgate/internal/migration"
	"github.com/headgate/headgate/internal/postgres"
	"github.com/headgate/headgate/internal/postgres/postgrestest"
	"github.com/headgate/headgate/internal/reference"
	"github.com/headgate/headgate/internal/schema"
)

// Each seed makes a schema, migrations and this many statements.
const (
	seeds         = 64
	statementsPer = 40
)

// TestExecutedAlike holds the gate against what executing the same statements does, on random schemas, migrations and
// statements. A seed makes the same ones every time: go test -run TestExecutedAlike/seed=7$ ./internal/gate. HEADGATE_SEEDS=500
// tries more of them.
func TestExecutedAlike(t *testing.T) {
	server := postgrestest.Start(t)
	seen := &tally{counts: map[string]int{}}
	t.Cleanup(func() { seen.report(t) })
	most := uint64(seeds)
	if text := os.Getenv("HEADGATE_SEEDS"); text != "" {
		var err error
		if most, err = strconv.ParseUint(text, 10, 32); err != nil {
			t.Fatal(err)
		}
	}
	for seed := range most {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			t.Parallel()
			r := round{T: t, server: server, rand: rand.New(rand.NewPCG(seed, 0)), seen: seen}
			r.Cleanup(r.tell)
			r.play(seed)
		})
	}
}

// tally counts what the statements met, so that a test in which nothing happens is seen.
type tally struct {
	mu     sync.Mutex
	counts map[string]int
}

func (c *tally) add(what string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.counts[what]++
}

func (c *tally) report(t *testing.T) {
	for _, what := range slices.Sorted(maps.Keys(c.counts)) {
		t.Logf("%6d %s", c.counts[what], what)
	}
	if c.counts["rounds"] < seeds {
		return // some seeds alone
	}
	for what, least := range map[string]int{
		"statements": 2000, "runs on both": 200, "fails before alone": 200, "fails after alone": 200, "fails on both": 50,
		"not null before": 20, "not null after": 20, "objects": 200, "other result": 25, "untouched": 200, "in another order": 5,
	} {
		if c.counts[what] < least {
			t.Errorf("%q was met %d times, too few to tell", what, c.counts[what])
		}
	}
}

// round is one seed.
type round struct {
	*testing.T
	server *postgres.Server
	rand   *rand.Rand
	seen   *tally
	deploy
	steps   []gate.Schema
	last    schema.Snapshot
	pending []migration.Revision
	origins []schema.Origin
	places  [][]place
}

func (r *round) play(seed uint64) {
	// Every fourth round leaves a part of the tables as they are.
	released, proposed := r.build(seed%4 == 0)
	defer released.Drop(context.WithoutCancel(r.Context())) //nolint:errcheck // the server goes with the test
	defer proposed.Drop(context.WithoutCancel(r.Context())) //nolint:errcheck // likewise
	r.write()
	r.execute(released, proposed)
	r.count()
	// Every statement is checked twice, the second time with other white space and comments, which changes no finding. So does
	// the order that takes the place of migrate-first then, but for what new restrictions weigh.
	order, again := gate.CodeFirst, gate.CodeFirst
	switch seed % 3 {
	case 1:
		order, again = gate.Either, gate.Either
	case 2:
		order, again = gate.MigrateFirst, gate.RollbackSafe
	}
	findings := r.check(order, spaced).Findings
	r.compare(order, findings)
	noise := func() string {
		return pick(r.rand, []string{" ", "\n", "\t ", " /* it's */ ", " -- a \"note\n", "\r\n  "})
	}
	noisy := r.check(again, noise).Findings
	r.compare(again, noisy)
	r.alike("with white space and comments", findings, noisy)
	r.reordered(released, order, findings)
}

func (r *round) must(err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}

func (r *round) connect(d *postgres.Database) *pgx.Conn {
	r.Helper()
	conn, err := pgx.ConnectConfig(r.Context(), d.Config())
	r.must(err)
	return conn
}

// try has the server take a statement, or leaves everything as it was.
func (r *round) try(conn *pgx.Conn, sql string) bool {
	_, err := conn.PgConn().Exec(r.Context(), sql).ReadAll()
	if err != nil && state(err) == "" {
		r.Fatal(err)
	}
	return err == nil
}

// build makes the schema and migrates a clone of it.
func (r *round) build(spare bool) (released, proposed *postgres.Database) {
	released = postgrestest.Database(r.T, r.server)
	conn := r.connect(released)
	m := migrator{r.rand}
	w, err := readWorld(r.Context(), conn)
	r.must(err)
	for step := 0; step < firstSteps; step++ {
		sql := m.schema(w, step)
		if !r.try(conn, sql) {
			continue
		}
		r.first = append(r.first, sql)
		w, err = readWorld(r.Context(), conn)
		r.must(err)
	}
	r.before = w
	r.step("S0", released, conn)
	r.last = r.steps[0].Snapshot
	r.must(conn.Close(r.Context()))

	proposed, err = r.server.Clone(r.Context(), released)
	r.must(err)
	conn = r.connect(proposed)
	spared := func(*relation) bool { return false }
	if spare {
		oids := map[uint32]bool{}
		for i, one := range w.relations {
			oids[one.oid] = one.view || i%2 == 0
		}
		spared = func(one *relation) bool { return oids[one.oid] }
	}
	for wanted := 2 + r.rand.IntN(5); len(r.changes) < wanted; {
		sql := m.change(w, spare, spared)
		if !r.try(conn, sql) {
			continue
		}
		r.changes = append(r.changes, sql)
		r.migrate(conn, sql)
		w, err = readWorld(r.Context(), conn)
		r.must(err)
	}
	r.after = w
	r.step("S1", proposed, conn)
	r.must(conn.Close(r.Context()))
	return released, proposed
}

// migrate notes what a migration of one statement has changed.
func (r *round) migrate(conn *pgx.Conn, sql string) {
	n := len(r.pending) + 2
	revision := migration.Revision{Version: fmt.Sprint(n), File: fmt.Sprintf("migrations/%d.sql", n), Parents: []string{fmt.Sprint(n - 1)}}
	now, err := schema.Take(r.Context(), conn)
	r.must(err)
	changes := schema.Diff(r.last, now)
	r.origins = append(r.origins, schema.Origins(changes, revision, []migration.Statement{{SQL: sql, Lines: []int{1}}})...)
	r.pending, r.last = append(r.pending, revision), now
}

// step reads what the gate is told of a schema.
func (r *round) step(name string, d *postgres.Database, conn *pgx.Conn) {
	snapshot, err := schema.Take(r.Context(), conn)
	r.must(err)
	r.steps = append(r.steps, gate.Schema{Name: name, Config: d.Config(), Snapshot: snapshot, SearchPath: []string{"public"}})
}

// write makes the statements, for the schema before or after.
func (r *round) write() {
	for i := range statementsPer {
		w := writer{Rand: r.rand, world: r.before}
		if r.rand.IntN(2) == 0 {
			w.world = r.after
		}
		for at := range w.relations {
			w.from = append(w.from, &w.relations[at])
		}
		s := w.statement()
		s.file = fmt.Sprintf("code/%03d.sql", i)
		kind := r.rand.IntN(3)
		s.proposed, s.released = kind != 0, kind != 1
		r.statements = append(r.statements, s)
	}
}

// execute asks the oracle.
func (r *round) execute(released, proposed *postgres.Database) {
	for at, d := range []*postgres.Database{released, proposed} {
		conn := r.connect(d)
		var err error
		r.on[at], err = execute(r.Context(), conn, r.statements)
		r.must(err)
		r.must(conn.Close(r.Context()))
	}
	conn := r.connect(released)
	var err error
	r.prepared, err = replanned(r.Context(), conn, r.statements, func(i int) bool { return !r.on[0][i].fails && !r.on[1][i].fails }, r.changes)
	r.must(err)
	r.must(conn.Close(r.Context()))
}

// count holds what the generator knows of its statements against the oracle, and counts what they met.
func (r *round) count() {
	worlds := []*world{r.before, r.after}
	r.seen.add("rounds")
	for i, s := range r.statements {
		r.seen.add("statements")
		before, after := r.on[0][i], r.on[1][i]
		switch {
		case before.fails && after.fails:
			r.seen.add("fails on both")
		case before.fails:
			r.seen.add("fails before alone")
		case after.fails:
			r.seen.add("fails after alone")
		default:
			r.seen.add("runs on both")
		}
		for at, on := range [][]executed{r.on[0], r.on[1]} {
			lacks := s.absent(worlds[1-at], worlds[at])
			if len(lacks) > 0 && !on[i].fails && !r.on[1-at][i].fails {
				r.Errorf("the generator is wrong: %v is missing, and yet it runs: %s", lacks, r.story(i))
			}
			if on[i].fails {
				continue
			}
			if required := s.required(worlds[at]); on[i].null != (len(required) > 0) && on[i].state[:min(2, len(on[i].state))] != "22" {
				r.Errorf("the generator is wrong: %v are required, and it %s: %s", required, on[i], r.story(i))
			}
			if on[i].null {
				r.seen.add([]string{"not null before", "not null after"}[at])
			}
		}
		if r.prepared[i] == "0A000" {
			r.seen.add("other result")
		}
		if !s.touched(r.before, r.after) {
			r.seen.add("untouched")
		}
	}
}

// check asks the gate.
func (r *round) check(order gate.Order, between func() string) *gate.Verdict {
	r.Helper()
	r.places = make([][]place, len(r.statements))
	subject := gate.Subject{
		Order: order, Schemas: r.steps, Pending: r.pending, Origins: r.origins, Sources: fstest.MapFS{}, ReleasedSources: fstest.MapFS{},
		History: &migration.History{Revisions: append([]migration.Revision{{Version: "1", File: "migrations/1.sql"}}, r.pending...)},
	}
	stood := map[string]bool{}
	for i, s := range r.statements {
		var ref reference.Reference
		ref, r.places[i] = s.reference(between)
		stood[s.file] = s.released
		if s.proposed {
			subject.References = append(subject.References, ref)
		} else {
			subject.Gone = append(subject.Gone, ref)
		}
	}
	subject.Stood = func(ref reference.Reference) bool { return stood[ref.Place.File] }
	verdict, err := gate.Check(r.Context(), subject)
	r.must(err)
	return verdict
}

// alike wants the same findings.
func (r *round) alike(when string, one, two []gate.Finding) {
	r.Helper()
	by := func(findings []gate.Finding) map[string]string {
		all := map[string]string{}
		for _, f := range findings {
			all[f.Fingerprint] = f.File + ": " + f.Rule + ": " + f.Message
		}
		return all
	}
	a, b := by(one), by(two)
	for fingerprint, words := range a {
		if b[fingerprint] == "" {
			r.Errorf("%s this finding is not there: %s\n%s", when, words, r.story(r.indexOf(words)))
		}
	}
	for fingerprint, words := range b {
		if a[fingerprint] == "" {
			r.Errorf("%s this finding is new: %s\n%s", when, words, r.story(r.indexOf(words)))
		}
	}
}

func (r *round) indexOf(words string) (i int) {
	fmt.Sscanf(words, "code/%d.sql", &i)
	return i
}

// reordered applies the migrations in the opposite order, where that leads to the same schema, and wants the same findings.
func (r *round) reordered(released *postgres.Database, order gate.Order, findings []gate.Finding) {
	if len(r.changes) < 2 || r.rand.IntN(4) > 0 {
		return
	}
	clone, err := r.server.Clone(r.Context(), released)
	r.must(err)
	defer clone.Drop(context.WithoutCancel(r.Context())) //nolint:errcheck // the server goes with the test
	conn := r.connect(clone)
	r.last, r.pending, r.origins, r.steps = r.steps[0].Snapshot, nil, nil, r.steps[:1:1]
	for i := len(r.changes) - 1; i >= 0; i-- {
		if !r.try(conn, r.changes[i]) {
			r.must(conn.Close(r.Context()))
			return
		}
		r.migrate(conn, r.changes[i])
	}
	w, err := readWorld(r.Context(), conn)
	r.must(err)
	r.step("S1", clone, conn)
	r.must(conn.Close(r.Context()))
	if !alikeButOIDs(w, r.after) {
		return
	}
	r.seen.add("in another order")
	r.alike("with the migrations in another order", findings, r.check(order, spaced).Findings)
}

// alikeButOIDs tells whether two databases hold the same.
func alikeButOIDs(a, b *world) bool {
	text := func(w *world) string {
		c := *w
		c.relations, c.types, c.functions = slices.Clone(w.relations), slices.Clone(w.types), slices.Clone(w.functions)
		for i := range c.relations {
			c.relations[i].oid, c.relations[i].indexes = 0, nil
		}
		for i := range c.types {
			c.types[i].oid = 0
		}
		for i := range c.functions {
			c.functions[i].oid = 0
		}
		return fmt.Sprint(c)
	}
	return text(a) == text(b)
}

// tell prints the schema and its migrations where something went wrong.
func (r *round) tell() {
	if r.Failed() {
		r.Log(r.script())
	}
}
