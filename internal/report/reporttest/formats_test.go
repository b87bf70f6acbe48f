package reporttest

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/headgate/headgate/internal/gate"
	"github.com/headgate/headgate/internal/report"
	"github.com/headgate/headgate/internal/report/annotations"
	reportjson "github.com/headgate/headgate/internal/report/json"
	"github.com/headgate/headgate/internal/report/summary"
	"github.com/headgate/headgate/internal/report/text"
	"github.com/headgate/headgate/internal/schema"
)

var update = flag.Bool("update", false, "write what the formats give into the cases")

// formats are all report formats, by their folder. A format that is missing here fails
// TestEachFolderIsTested.
var formats = map[string]report.Format{
	"json":        reportjson.Format{},
	"annotations": annotations.Format{},
	"summary":     summary.Format{Links: summary.Links{ServerURL: "https://github.com", Repository: "acme/forest", Commit: "4a8f1c2"}},
	"text":        text.Format{},
}

func TestEachFolderIsTested(t *testing.T) {
	entries, err := os.ReadDir("..")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !e.IsDir() || e.Name() == "reporttest" || e.Name() == "githubstep" {
			continue
		}
		if formats[e.Name()] == nil {
			t.Errorf("internal/report/%s is not among the formats that are tested here", e.Name())
		}
	}
}

func TestFormats(t *testing.T) {
	cases, err := Load(os.DirFS("."), "testdata")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			for _, folder := range slices.Sorted(maps.Keys(formats)) {
				format := formats[folder]
				t.Run(format.Name(), func(t *testing.T) {
					before := marshal(t, c.Result)
					got := render(t, format, c.Result)
					if after := marshal(t, c.Result); before != after {
						t.Errorf("Write changed the result: %s", cmp.Diff(before, after))
					}
					checkHarmless(t, format.Name(), got)
					if *update {
						c.SetFile(format.Name(), []byte(got))
						return
					}
					want, ok := c.File(format.Name())
					if !ok {
						t.Fatalf("the case has no file %q; write it with -update", format.Name())
					}
					if diff := cmp.Diff(string(want), got); diff != "" {
						t.Errorf("-want +got; after a look, accept it with -update\n%s", diff)
					}
				})
			}
			if *update {
				name := filepath.Join("testdata", c.Name+".txtar")
				if err := os.WriteFile(name, txtar.Format(c.Archive), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func TestColorsFallAwayToThePlainReport(t *testing.T) {
	cases, err := Load(os.DirFS("."), "testdata")
	if err != nil {
		t.Fatal(err)
	}
	sgr := regexp.MustCompile("\x1b\\[[0-9;]*m")
	for _, c := range cases {
		colored := render(t, text.Format{Color: true}, c.Result)
		if !strings.Contains(colored, "\x1b[1;3") {
			t.Errorf("%s: no colour in the report", c.Name)
		}
		plain := render(t, text.Format{}, c.Result)
		bare := strings.Split(sgr.ReplaceAllString(colored, ""), "\n")
		for i := range bare {
			bare[i] = strings.TrimRight(bare[i], " ")
		}
		// A line that begins with a colour needs no escape at its beginning.
		plain = strings.ReplaceAll(plain, `\x3a`, ":")
		if diff := cmp.Diff(plain, strings.Join(bare, "\n")); diff != "" {
			t.Errorf("%s: without its colours the report differs: -plain +coloured\n%s", c.Name, diff)
		}
	}
}

func TestLoadRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		files fstest.MapFS
		want  string
	}{
		"no case":       {fstest.MapFS{"testdata/readme.md": {}}, "holds no case"},
		"no result":     {fstest.MapFS{"testdata/a.txtar": {Data: []byte("-- text --\n")}}, "holds no result.json"},
		"unknown field": {fstest.MapFS{"testdata/a.txtar": {Data: []byte("-- result.json --\n{\"verdcit\":1}\n")}}, "verdcit"},
		"two results":   {fstest.MapFS{"testdata/a.txtar": {Data: []byte("-- result.json --\n{}{}\n")}}, "more than one"},
	} {
		if _, err := Load(c.files, "testdata"); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, c.want)
		}
	}
}

// failing is a writer whose disk is full.
type failing struct{}

var errFull = errors.New("no space left")

func (failing) Write([]byte) (int, error) { return 0, errFull }

func TestWriteErrorsComeBack(t *testing.T) {
	r := large(20)
	for _, format := range formats {
		if err := format.Write(failing{}, r); !errors.Is(err, errFull) {
			t.Errorf("%s: error %v, want the writer's", format.Name(), err)
		}
	}
}

func TestFiveThousandFindings(t *testing.T) {
	r := large(5000)
	for _, format := range formats {
		t.Run(format.Name(), func(t *testing.T) {
			got := render(t, format, r)
			checkHarmless(t, format.Name(), got)
			shown := strings.Count(got, "does not exist")
			switch format.Name() {
			case "markdown":
				if len(got) > summary.MaxSize {
					t.Errorf("the summary has %d bytes, GitHub takes %d", len(got), summary.MaxSize)
				}
				if len(got) < summary.MaxSize*9/10 {
					t.Errorf("the summary has %d bytes only: it leaves out more than it must", len(got))
				}
				left := regexp.MustCompile(`\*\*([0-9,]+) more findings left out here`).FindStringSubmatch(got)
				if left == nil {
					t.Fatal("nothing says how many findings are left out")
				}
				n, err := strconv.Atoi(strings.ReplaceAll(left[1], ",", ""))
				if err != nil || shown+n != 5000 {
					t.Errorf("%d findings shown and %s left out, want 5,000 together", shown, left[1])
				}
				if !strings.Contains(got, "PostgreSQL 17.2") {
					t.Error("the end of the summary is missing")
				}
			case "github":
				if shown != 10 {
					t.Errorf("%d findings shown, GitHub takes 10", shown)
				}
			default:
				if shown != 5000 {
					t.Errorf("%d findings shown of 5,000", shown)
				}
			}
		})
	}
}

// TestFiveThousandOfOneCause holds that the reports for people stay short where one thing is wrong, and that the one for
// machines leaves nothing out.
func TestFiveThousandOfOneCause(t *testing.T) {
	r := large(5000)
	for i := range r.Findings {
		r.Findings[i].Object = &schema.Object{Kind: schema.Column, Schema: "public", Table: "trees", Name: "height_m"}
	}
	r.Causes = gate.Causes(r.Findings)
	if len(r.Causes) != 1 || len(r.Causes[0].Findings) != 5000 {
		t.Fatalf("%d causes", len(r.Causes))
	}
	for _, format := range formats {
		got := render(t, format, r)
		shown := strings.Count(got, "/tree")
		switch name := format.Name(); {
		case name == "json" && strings.Count(got, "store/tree") != 5000:
			t.Errorf("json names %d places", strings.Count(got, "store/tree"))
		case name != "json" && shown > 40:
			t.Errorf("%s names %d places", name, shown)
		case (name == "text" || name == "markdown") && (!strings.Contains(got, "and 4,990 more places") || strings.Count(got, "does not exist") != 1):
			t.Errorf("%s does not say one thing once:\n%s", name, got)
		}
	}
}

// TestHugeFieldsFit holds the size limit where single fields are huge.
func TestHugeFieldsFit(t *testing.T) {
	huge := strings.Repeat("|@`\u202e", 20_000)
	r := large(30)
	for i := range r.Findings {
		f := &r.Findings[i]
		f.Message, f.Remedy, f.File, f.Source, f.Rule = huge, huge, huge, huge, huge
		f.Migration.File, f.Migration.Version = huge, huge
		r.Pending = append(r.Pending, gate.Pending{Version: huge, File: huge})
		r.Coverage.Unchecked = append(r.Coverage.Unchecked, gate.Unchecked{File: huge, Line: i, Reason: strconv.Itoa(i) + huge})
	}
	for _, limit := range []int{0, 1 << 16, 1 << 12, 1 << 10} {
		got := render(t, summary.Format{Limit: limit}, r)
		if limit == 0 {
			limit = summary.MaxSize
		}
		if len(got) > limit {
			t.Errorf("the summary has %d bytes, the limit is %d", len(got), limit)
		}
		if !strings.Contains(got, "Headgate: fail") {
			t.Errorf("with a limit of %d the summary has no verdict", limit)
		}
	}
	got := render(t, annotations.Format{}, r)
	for line := range strings.Lines(got) {
		if n := len([]rune(line[strings.LastIndex(line, "::"):])); n > 4096*3 {
			t.Errorf("an annotation's message has %d runes", n)
		}
	}
}

// large is a result with n findings.
func large(n int) *gate.Result {
	r := &gate.Result{
		Version: 1, Verdict: "fail", Order: "code-first",
		Base: gate.Point{Ref: "v1.0.0", Commit: strings.Repeat("a", 40), Heads: []string{"2"}}, Head: gate.Point{Heads: []string{"3"}},
		Pending:  []gate.Pending{{Version: "3", File: "db/migrations/00003_add_height.sql"}},
		Coverage: gate.Coverage{Files: n, References: n, Checked: n},
		Cells:    []gate.Cell{{Name: "C1xS0", Outcome: "fails", Failing: n}, {Name: "C1xS1", Outcome: "holds"}},
		Postgres: gate.Server{Provider: "container", Version: "17.2"},
		Timings:  map[string]int64{"check_ms": 12},
	}
	for i := range n {
		r.Findings = append(r.Findings, gate.Finding{
			Rule: "code-ahead", Severity: gate.Error,
			Message: `column "height_m" of table "trees" does not exist in the released schema: pending migration 3 brings it (db/migrations/00003_add_height.sql:2)`,
			Remedy:  "ship db/migrations/00003_add_height.sql in a release of its own first, then this change", SQLState: "42703",
			File: "store/tree" + strconv.Itoa(i) + ".go", Line: 31, Column: 22, EndLine: 31, EndColumn: 30,
			Migration: &gate.Migration{Version: "3", File: "db/migrations/00003_add_height.sql", Line: 2},
			Cell:      "C1xS0", Source: "\trows, err := s.db.Query(`SELECT height_m FROM trees`)",
		})
	}
	return r
}

func render(t testing.TB, format report.Format, r *gate.Result) string {
	t.Helper()
	var b bytes.Buffer
	if err := format.Write(&b, r); err != nil {
		t.Fatalf("%s: %v", format.Name(), err)
	}
	return b.String()
}

func marshal(t *testing.T, r *gate.Result) string {
	t.Helper()
	b, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// checkHarmless holds what is true of each format's output, whatever the result has.
func checkHarmless(t *testing.T, format, got string) {
	t.Helper()
	if !strings.HasSuffix(got, "\n") && got != "" {
		t.Error("the last line has no end")
	}
	for i, r := range got {
		if ' ' <= r && r <= '~' {
			continue
		}
		if r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)) {
			t.Errorf("character %U reaches the reader, at %q", r, got[max(0, i-20):min(len(got), i+20)])
		}
	}
	if format == "markdown" || format == "json" {
		return // files; the one on standard output is checked by its first characters
	}
	for line := range strings.Lines(got) {
		command := runnerCommand(strings.TrimSuffix(line, "\n"))
		if allowed := format == "github" && (command == "error" || command == "warning" || command == "notice"); command != "" && !allowed {
			t.Errorf("the runner takes this line for the command %q: %q", command, line)
		}
	}
}

// runnerCommand is the command that the Actions runner sees in a line, by the rules of
// ActionCommand.TryParseV2 and TryParse (actions/runner, src/Runner.Common/ActionCommand.cs), with
// characters left out that a culture's comparison passes over.
func runnerCommand(line string) string {
	line = strings.Map(func(r rune) rune {
		if unicode.Is(unicode.M, r) || unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, line)
	name := ""
	if after, ok := strings.CutPrefix(strings.TrimLeftFunc(line, unicode.IsSpace), "::"); ok {
		if info, _, ok := strings.Cut(after, "::"); ok {
			name, _, _ = strings.Cut(info, " ")
		}
	}
	if name == "" {
		if _, after, ok := strings.Cut(line, "##["); ok {
			if info, _, ok := strings.Cut(after, "]"); ok {
				name, _, _ = strings.Cut(info, " ")
			}
		}
	}
	return strings.ToLower(name)
}

func BenchmarkFormats(b *testing.B) {
	r := large(5000)
	for _, format := range formats {
		b.Run(format.Name(), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				render(b, format, r)
			}
		})
	}
}
