package readiness_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/internal/migration"
	"github.com/headgate/headgate/internal/migration/alembic"
	"github.com/headgate/headgate/internal/migration/goose"
	"github.com/headgate/headgate/internal/readiness"
)

// tables are the version tables of two formats: one notes every revision, one the heads alone.
var tables = migration.VersionTablesOf([]migration.Format{goose.Format{}, alembic.Format{}})

// stamped is a database that says what it is told to.
type stamped readiness.Stamp

func (s stamped) Look(context.Context) (readiness.Stamp, error) { return readiness.Stamp(s), nil }

func rows(versions ...string) stamped { return stamped{Managed: true, Versions: versions} }

func history(t *testing.T, format string, revisions ...migration.Revision) *readiness.Expected {
	t.Helper()
	e, err := readiness.Of(&migration.History{Format: format, Revisions: revisions}, tables)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func linear(t *testing.T, versions ...string) *readiness.Expected {
	t.Helper()
	var revisions []migration.Revision
	for _, v := range versions {
		revisions = append(revisions, migration.Revision{Version: v})
	}
	migration.Linear(revisions)
	return history(t, "goose", revisions...)
}

func read(t *testing.T, text string) *readiness.Expected {
	t.Helper()
	e, err := readiness.ReadExpected(strings.NewReader(text), tables)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestStates(t *testing.T) {
	goose := linear(t, "1", "2", "10")
	squashed := linear(t, "10", "11")
	rev := func(version string, parents ...string) migration.Revision {
		return migration.Revision{Version: version, Parents: parents}
	}
	// a ── b ── d (merge) ── e
	//  └── c ──┘
	graph := history(t, "alembic", rev("a"), rev("b", "a"), rev("c", "a"), rev("d", "b", "c"), rev("e", "d"))
	branches := history(t, "alembic", rev("a"), rev("b", "a"), rev("c", "a"))
	// a ── b, which depends on the head x of another branch: what alembic 1.8 leaves in the table was looked at.
	depending := history(t, "alembic", rev("x"), rev("a"), migration.Revision{Version: "b", Parents: []string{"a"}, DependsOn: []string{"x"}})
	// One that the tool runs again after each change, and one of which only a deploy knows the text.
	again := history(t, "goose", rev("1"), rev("2", "1"), migration.Revision{Version: "R", Checksum: "sum"},
		migration.Revision{Version: "D", Checksum: migration.OfDeploy + "sum"}, migration.Revision{Version: "A", Checksum: migration.Always})
	ran := func(dirty []string, sums []string, versions ...string) stamped {
		return stamped{Managed: true, Versions: append(versions, "R", "D", "A"), Dirty: dirty, Sums: map[string][]string{"R": sums, "D": {"other"}, "A": {"other"}}}
	}
	based := func(baseline string, versions ...string) stamped {
		return stamped{Managed: true, Versions: append(versions, baseline), Baseline: baseline}
	}
	first := migration.Revision{Version: "1", Superseded: true}
	second := migration.Revision{Version: "2", Parents: []string{"1"}, Superseded: true}
	baseline := migration.Revision{Version: "3", Parents: []string{"2"}, Baseline: true}
	fromBaseline := history(t, "goose", first, second, baseline, rev("4", "3"))
	endsInBaseline := history(t, "goose", first, second, baseline)
	onlyBaseline := history(t, "goose", migration.Revision{Version: "3", Baseline: true})
	bareGoose := read(t, `{"format":"goose","heads":["7"]}`)
	bareAlembic := read(t, `{"format":"alembic","heads":["b","c"]}`)
	for _, c := range []struct {
		name     string
		expected *readiness.Expected
		db       stamped
		state    readiness.State
		line     string
	}{
		{"equal", goose, rows("1", "2", "10"), "current", "ok: db=10 expected=10"},
		{"numbers are no text", goose, rows("1", "2"), "behind", "drift: db=2 expected=10"},
		{"nothing applied", goose, rows(), "behind", "drift: db=none expected=10"},
		{"a hole below the head", goose, rows("1", "10"), "behind", "drift: db=10 expected=10 (missing: 2)"},
		{"newer", goose, rows("1", "2", "10", "11"), "ahead", "ok: db=11 expected=10 (ahead)"},
		{"newer in between", goose, rows("1", "2", "9", "10"), "ahead", "ok: db=10 expected=10 (ahead)"},
		{"newer with a hole", goose, rows("1", "2", "11"), "diverged", "drift: db=11 expected=10"},
		{"squashed history", squashed, rows("1", "2", "9", "10", "11"), "current", "ok: db=11 expected=11"},
		{"squashed history, behind", squashed, rows("1", "2", "9", "10"), "behind", "drift: db=10 expected=11"},
		{"no version table", goose, stamped{}, "unmanaged", "ok: db=unmanaged expected=10"},
		{"broke off", goose, stamped{Managed: true, Versions: []string{"1", "2", "10"}, Dirty: []string{"10"}}, "dirty", "drift: db=10 expected=10 (dirty: 10)"},

		{"as it ran", again, ran(nil, []string{"sum", "older"}, "1", "2"), "current", "ok: db=2 expected=2"},
		{"changed since it ran", again, ran(nil, []string{"older"}, "1", "2"), "behind", "drift: db=2 expected=2 (changed: R)"},
		{"changed, and another is missing", again, ran(nil, []string{"older"}, "1"), "behind", "drift: db=1 expected=2 (changed: R)"},
		{"ran in a later text", again, ran(nil, []string{"newer", "sum"}, "1", "2"), "ahead", "ok: db=2 expected=2 (ahead)"},
		{"ran in a later text, and one is missing", again, ran(nil, []string{"newer", "sum"}, "1"), "diverged", "drift: db=1 expected=2"},
		{"changed with what is newer", again, ran(nil, []string{"newer"}, "1", "2", "3"), "ahead", "ok: db=3 expected=2 (ahead)"},
		{"ran without a checksum", again, ran(nil, nil, "1", "2"), "current", "ok: db=2 expected=2"},
		{"changed and broken off", again, ran([]string{"R"}, []string{"older"}, "1", "2"), "dirty", "drift: db=2 expected=2 (dirty: R)"},

		{"a baseline for all", goose, based("10"), "current", "ok: db=10 expected=10"},
		{"a baseline for some", goose, based("2"), "behind", "drift: db=2 expected=10"},
		{"a baseline for some, the rest ran", goose, based("2", "10"), "current", "ok: db=10 expected=10"},
		{"a baseline of no migration", goose, based("5", "10"), "current", "ok: db=10 expected=10"},
		{"a baseline of no migration, behind", goose, based("5"), "behind", "drift: db=2 expected=10"},
		{"a baseline below all", squashed, based("5", "10", "11"), "current", "ok: db=11 expected=11"},
		{"a baseline above all", goose, based("11"), "ahead", "ok: db=11 expected=10 (ahead)"},
		{"bare, a baseline", read(t, `{"format":"goose","heads":["7"]}`), based("8"), "ahead", "ok: db=8 expected=7 (ahead)"},
		{"bare, a baseline below", read(t, `{"format":"goose","heads":["7"]}`), based("6"), "behind", "drift: db=6 expected=7"},
		{"lived through a baseline", fromBaseline, rows("1", "2", "4"), "current", "ok: db=4 expected=4"},
		{"began at a baseline", fromBaseline, rows("3", "4"), "current", "ok: db=4 expected=4"},
		{"at a baseline", fromBaseline, rows("3"), "behind", "drift: db=3 expected=4"},
		{"before a baseline", fromBaseline, rows("1", "4"), "behind", "drift: db=4 expected=4 (missing: 2)"},
		{"lived up to a baseline", endsInBaseline, rows("1", "2"), "current", "ok: db=2 expected=2"},
		{"began at the last baseline", endsInBaseline, rows("3"), "current", "ok: db=3 expected=2"},
		{"before the last baseline", endsInBaseline, rows("1"), "behind", "drift: db=1 expected=2"},
		{"nothing applied of a baseline", endsInBaseline, rows(), "behind", "drift: db=none expected=2"},
		{"beyond the last baseline", endsInBaseline, rows("3", "4"), "ahead", "ok: db=4 expected=2 (ahead)"},
		{"squashed into a baseline", onlyBaseline, rows("1", "2"), "current", "ok: db=2 expected=3"},

		{"merged", graph, rows("e"), "current", "ok: db=e expected=e"},
		{"before the merge", graph, rows("c", "b"), "behind", "drift: db=b,c expected=e"},
		{"one branch", graph, rows("b"), "behind", "drift: db=b expected=e"},
		{"stamped base", graph, rows(), "behind", "drift: db=none expected=e"},
		{"unknown revision", graph, rows("f"), "ahead", "ok: db=f expected=e (ahead)"},
		{"unknown branch beside the head", graph, rows("e", "f"), "ahead", "ok: db=e,f expected=e (ahead)"},
		{"unknown branch beside an old one", graph, rows("b", "f"), "diverged", "drift: db=b,f expected=e"},
		{"two heads", branches, rows("c", "b"), "current", "ok: db=b,c expected=b,c"},
		{"one of two heads", branches, rows("c"), "behind", "drift: db=c expected=b,c"},
		{"one of two heads was followed", branches, rows("c", "x"), "ahead", "ok: db=c,x expected=b,c (ahead)"},
		{"the root of both and another", branches, rows("a", "x"), "diverged", "drift: db=a,x expected=b,c"},
		{"hostile", branches, rows("b", "c", "x,y\n"), "ahead", `ok: db=b,c,"x,y\n" expected=b,c (ahead)`},

		{"depends on another branch", depending, rows("b"), "current", "ok: db=b expected=b"},
		{"the other branch alone", depending, rows("x"), "behind", "drift: db=x expected=b"},
		{"both branches, before", depending, rows("a", "x"), "behind", "drift: db=a,x expected=b"},

		{"bare, equal", bareGoose, rows("1", "7"), "current", "ok: db=7 expected=7"},
		{"bare, behind", bareGoose, rows("1", "6"), "behind", "drift: db=6 expected=7"},
		{"bare, ahead", bareGoose, rows("7", "8"), "ahead", "ok: db=8 expected=7 (ahead)"},
		{"bare, diverged", bareGoose, rows("6", "8"), "diverged", "drift: db=8 expected=7"},
		{"bare, nothing applied", bareGoose, rows(), "behind", "drift: db=none expected=7"},
		{"bare heads, equal", bareAlembic, rows("c", "b"), "current", "ok: db=b,c expected=b,c"},
		{"bare heads, one", bareAlembic, rows("c"), "behind", "drift: db=c expected=b,c"},
		{"bare heads, more", bareAlembic, rows("c", "b", "x"), "ahead", "ok: db=b,c,x expected=b,c (ahead)"},
		{"bare heads, other", bareAlembic, rows("x"), "diverged", "drift: db=x expected=b,c"},
	} {
		t.Run(c.name, func(t *testing.T) {
			probe := readiness.Probe{Database: c.db, Expected: c.expected, Timeout: time.Minute}
			o := probe.Look(t.Context())
			if o.State != c.state || o.Line != c.line {
				t.Errorf("%s: %s\nexpected %s: %s", o.State, o.Line, c.state, c.line)
			}
			if strings.HasPrefix(o.Line, "ok: ") != o.Ready() {
				t.Errorf("ready is %v: %s", o.Ready(), o.Line)
			}
		})
	}
}

// TestStatesByRows has versions that do not sort: the rows alone tell what came last, and some of them are written otherwise.
func TestStatesByRows(t *testing.T) {
	tables := migration.VersionTables{"rows": {Table: "log", InOrder: true, Recognise: func(rows, _ []string) []string {
		named := make([]string, len(rows))
		for i, row := range rows {
			named[i] = strings.ToLower(row)
		}
		return named
	}}}
	revisions := []migration.Revision{{Version: "z"}, {Version: "m", Checksum: "1"}, {Version: "a"}}
	migration.Linear(revisions)
	e, err := readiness.Of(&migration.History{Format: "rows", Revisions: revisions}, tables)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		db    stamped
		state readiness.State
		line  string
	}{
		{rows("z", "m", "a"), "current", "ok: db=a expected=a"},
		{rows("Z", "A", "M"), "current", "ok: db=a expected=a"},
		{rows("z", "m"), "behind", "drift: db=z expected=a"},
		{rows(), "behind", "drift: db=none expected=a"},
		{rows("gone", "z", "elsewhere", "a", "m"), "current", "ok: db=a expected=a"},
		{rows("z", "m", "a", "b"), "ahead", "ok: db=b expected=a (ahead)"},
		{rows("a", "m"), "behind", "drift: db=a expected=a (missing: z)"},
		{rows("z", "b"), "diverged", "drift: db=b expected=a"},
	} {
		probe := readiness.Probe{Database: c.db, Expected: e, Timeout: time.Minute}
		if o := probe.Look(t.Context()); o.State != c.state || o.Line != c.line {
			t.Errorf("%s: %s\nexpected %s: %s", o.State, o.Line, c.state, c.line)
		}
	}
}

func TestPolicy(t *testing.T) {
	for policy, ready := range map[readiness.Policy]string{
		{}:                                   "current ahead unmanaged",
		{Strict: true}:                       "current unmanaged",
		{RequireManaged: true}:               "current ahead",
		{Strict: true, RequireManaged: true}: "current",
	} {
		var got []string
		for _, s := range readiness.States() {
			if policy.Ready(s) {
				got = append(got, string(s))
			}
		}
		if diff := cmp.Diff(ready, strings.Join(got, " ")); diff != "" {
			t.Errorf("%+v (-expected +got):\n%s", policy, diff)
		}
	}
}

// TestReportStaysSmall: a database far behind must not make an answer of megabytes for every request.
func TestReportStaysSmall(t *testing.T) {
	var revisions []migration.Revision
	for i := range 5000 {
		revisions = append(revisions, migration.Revision{Version: strings.Repeat("1", i%9+1) + strings.Repeat("0", i/9)})
	}
	probe := readiness.Probe{Database: rows(), Expected: history(t, "alembic", revisions...), Timeout: time.Minute}
	if o := probe.Look(t.Context()); len(o.Missing) != 20 {
		t.Errorf("%d missing revisions are listed", len(o.Missing))
	}
}

func TestReadExpectedRefuses(t *testing.T) {
	for text, want := range map[string]string{
		``:                                 "is not what `headgate heads --json` writes",
		`7`:                                "is not what `headgate heads --json` writes",
		`{}`:                               "names no format",
		`{"format":"goose"}`:               "has no heads",
		`{"format":"plain","heads":["7"]}`: `"plain" migrations leave no version table in the database, so there is nothing to compare with; the formats that do are alembic, goose`,
		`{"format":"goose","heads":["7"],"revisions":[{"version":"6"}]}`: `its head "7" is none of its revisions`,
	} {
		if _, err := readiness.ReadExpected(strings.NewReader(text), tables); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v\nexpected: %s", text, err, want)
		}
	}
}

func FuzzReadExpected(f *testing.F) {
	for _, seed := range []string{
		`{"format":"goose","heads":["7"]}`,
		`{"format":"alembic","heads":["b"],"revisions":[{"version":"a","file":"a.py"},{"version":"b","parents":["a"]}]}`,
		`{"format":"alembic","heads":["a"],"revisions":[{"version":"a","parents":["b"]},{"version":"b","parents":["a"]}]}`,
		`{"format":"goose","heads":[""],"revisions":[{"version":""}]}`,
	} {
		f.Add(seed, "7")
	}
	f.Fuzz(func(t *testing.T, text, version string) {
		e, err := readiness.ReadExpected(strings.NewReader(text), tables)
		if err != nil {
			return
		}
		for _, db := range []stamped{{}, rows(), rows(version), rows(e.Heads...), rows(append(e.Heads, version)...)} {
			probe := readiness.Probe{Database: db, Expected: e, Timeout: time.Minute}
			o := probe.Look(t.Context())
			if strings.ContainsAny(o.Line, "\n\r") || o.Line == "" {
				t.Errorf("the line is %q", o.Line)
			}
		}
	})
}
