package alembic_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/internal/migration"
	"github.com/headgate/headgate/internal/migration/alembic"
	"github.com/headgate/headgate/internal/requiretest"
)

// python is the interpreter that Debian's python3-alembic belongs to.
const python = "/usr/bin/python3"

// requireAlembic skips without the real alembic, or fails where HEADGATE_REQUIRE names alembic.
func requireAlembic(t *testing.T) {
	t.Helper()
	err := exec.CommandContext(t.Context(), python, "-c", "import alembic, sqlalchemy, psycopg2").Run()
	if err != nil {
		requiretest.Skip(t, "alembic", "there is no alembic to compare with (apt-get install python3-alembic python3-psycopg2): "+err.Error())
	}
}

// randomHistory writes a folder of revisions with branches, merges and dependencies; some have a fault.
func randomHistory(t *testing.T, r *rand.Rand, dir string) {
	t.Helper()
	versions := filepath.Join(dir, "versions")
	if err := os.MkdirAll(versions, 0o755); err != nil {
		t.Fatal(err)
	}
	n := 1 + r.IntN(25)
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("%08x", r.Uint32())
	}
	fault := r.IntN(12)
	for i, name := range names {
		var parents []string
		if i > 0 && r.IntN(8) > 0 {
			parents = append(parents, names[i-1-min(r.IntN(3)*r.IntN(3), i-1)])
			for r.IntN(5) == 0 {
				if other := names[r.IntN(i)]; !slices.Contains(parents, other) {
					parents = append(parents, other)
				}
			}
		}
		dependency := "None"
		if i > 2 && r.IntN(6) == 0 {
			if d := names[r.IntN(i)]; !slices.Contains(parents, d) {
				dependency = fmt.Sprintf("%q", d)
			}
		}
		if i == n/2 && fault == 0 {
			parents = []string{"missing"}
		}
		if i == n/2 && fault == 1 && n > 3 {
			parents = []string{names[n-1]}
		}
		down := "None"
		switch len(parents) {
		case 0:
		case 1:
			down = fmt.Sprintf("%q", parents[0])
		default:
			down = `("` + strings.Join(parents, `", "`) + `")`
		}
		text := fmt.Sprintf("revision: str = %q\ndown_revision = %s\nbranch_labels = None\ndepends_on = %s\n", name, down, dependency)
		file := filepath.Join(versions, fmt.Sprintf("%08x_x.py", r.Uint32()))
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// answer is what is made of a history.
type answer struct {
	Heads   []string `json:"heads"`
	History []string `json:"history"`
	Rows    []string `json:"rows"`
	Error   string   `json:"error"`
}

func ours(dir string) answer {
	h, err := alembic.Format{}.Read(os.DirFS(dir), "versions")
	if err != nil {
		return answer{Error: err.Error()}
	}
	return answerOf(h)
}

func answerOf(h *migration.History) answer {
	a := answer{Heads: h.Heads(), History: []string{}, Rows: h.Stamps()}
	for _, r := range slices.Backward(h.Revisions) {
		a.History = append(a.History, r.Version)
	}
	slices.Sort(a.Heads)
	slices.Sort(a.Rows)
	return a
}

func askAlembic(t *testing.T, dirs []string) []answer {
	t.Helper()
	var stderr bytes.Buffer
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, python, append([]string{"testdata/graph.py"}, dirs...)...)
	cmd.Stderr = &stderr
	cmd.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	var answers []answer
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var a answer
		if err := json.Unmarshal(lines.Bytes(), &a); err != nil {
			t.Fatal(err)
		}
		answers = append(answers, a)
	}
	if len(answers) != len(dirs) {
		t.Fatalf("%d answers for %d histories", len(answers), len(dirs))
	}
	return answers
}

// TestGraphEqualsAlembic compares heads, order and stamped rows on generated graphs with the real alembic.
func TestGraphEqualsAlembic(t *testing.T) {
	requireAlembic(t)
	top := t.TempDir()
	var dirs []string
	circles := 0
	for seed := range uint64(300) {
		dir := filepath.Join(top, fmt.Sprint(seed))
		randomHistory(t, rand.New(rand.NewPCG(seed, 1)), dir)
		if strings.Contains(ours(dir).Error, "in a circle") {
			circles++ // alembic goes round for ever in some of them
			continue
		}
		dirs = append(dirs, dir)
	}
	if circles == 0 {
		t.Error("no history has a circle")
	}
	faults := 0
	for i, want := range askAlembic(t, dirs) {
		got := ours(dirs[i])
		if (want.Error != "") != (got.Error != "") {
			t.Errorf("%s: alembic says %q, we say %q", dirs[i], want.Error, got.Error)
		}
		if want.Error != "" {
			faults++
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s differs from alembic (-alembic +ours):\n%s", dirs[i], diff)
		}
	}
	if faults == 0 || faults == len(dirs) {
		t.Errorf("%d of %d histories have a fault, so half of the test tests nothing", faults, len(dirs))
	}
}

// TestPending makes sure that what a branch brings is pending in the order in which alembic runs it.
func TestPending(t *testing.T) {
	released := &migration.History{Revisions: []migration.Revision{{Version: "a"}, {Version: "b", Parents: []string{"a"}}}}
	proposed := &migration.History{Revisions: []migration.Revision{
		{Version: "a"}, {Version: "c", Parents: []string{"a"}}, {Version: "b", Parents: []string{"a"}}, {Version: "m", Parents: []string{"b", "c"}},
	}}
	var got []string
	for _, r := range proposed.Pending(released) {
		got = append(got, r.Version)
	}
	if diff := cmp.Diff([]string{"c", "m"}, got); diff != "" {
		t.Error(diff)
	}
}
