package migrationtest

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/migration"
)

// histories holds the folders of each case of testdata/history against each other: "released", "proposed" and, where there
// is one, "tip", the branch that the proposal goes into, each with a folder "migrations"; "want" lists the problems. A
// format needs a case for every rule, and one in which all is well.
func histories(t *testing.T, format migration.Format) {
	cases, err := filepath.Glob("testdata/history/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]bool{}
	whole := false // and then an edit is what is meant, so that no rule holds
	eachCase(t, cases, func(t *testing.T, tree fs.FS) string {
		proposed, _ := read(t, format, tree, "proposed")
		whole = whole || proposed.Whole
		got := problems(t, format, tree)
		for line := range strings.Lines(got) {
			shown[strings.Fields(line)[0]] = true
		}
		return got
	})
	rules := []migration.Rule{migration.EditedMigration, migration.DeletedMigration, migration.OutOfOrder, "none"}
	if format.Tool().Duplicate != "" {
		rules = append(rules, migration.DuplicateVersion)
	}
	if format.Tool().Order == nil {
		rules = append(rules, migration.BrokenHistory)
	}
	if whole {
		rules = []migration.Rule{"none"}
	}
	for _, rule := range rules {
		if rule == migration.DuplicateVersion && format.Tool().Duplicate == "" {
			continue // no two files can claim one version
		}
		if !shown[string(rule)] {
			t.Errorf("a format needs a case in testdata/history for %s", rule)
		}
	}
}

// problems writes down what a comparison finds, a line each.
func problems(t *testing.T, format migration.Format, tree fs.FS) string {
	t.Helper()
	proposed, faults := read(t, format, tree, "proposed")
	released, _ := read(t, format, tree, "released")
	c := migration.Comparison{
		Format: format, Proposed: proposed, Tree: sub(t, tree, "proposed"), Faults: faults, Released: released, ReleasedRef: "released",
		Held: []migration.Earlier{earlier(t, tree, "released", released)},
		Now:  time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
	}
	if _, err := fs.Stat(tree, "tip"); err == nil {
		history, _ := read(t, format, tree, "tip")
		tip := earlier(t, tree, "tip", history)
		c.Tip = &tip
	}
	found, err := c.Problems()
	if err != nil {
		t.Fatal(err)
	}
	if len(found) == 0 {
		return "none\n"
	}
	var b strings.Builder
	for _, p := range found {
		fmt.Fprintf(&b, "%s %s:%d", p.Rule, p.Revision.File, p.Line)
		for _, part := range []struct{ name, value string }{
			{"gone from", p.Ref}, {"against", p.Ref}, {"other", p.Other.File}, {"included", p.Included}, {"new name", p.NewName}, {"missing", p.Fault.Missing},
		} {
			if part.value != "" && p.Gone == (part.name == "gone from") || part.value != "" && part.value != p.Ref {
				fmt.Fprintf(&b, ", %s %s", part.name, part.value)
			}
		}
		if p.Released {
			b.WriteString(", released")
		}
		b.WriteString("\n")
	}
	return b.String()
}

func read(t *testing.T, format migration.Format, tree fs.FS, folder string) (*migration.History, []migration.Fault) {
	t.Helper()
	h, err := format.Read(sub(t, tree, folder), "migrations")
	if refused := (*migration.RefusedError)(nil); errors.As(err, &refused) {
		return refused.History, refused.Faults
	}
	if err != nil {
		t.Fatal(err)
	}
	return h, nil
}

func sub(t *testing.T, tree fs.FS, folder string) fs.FS {
	t.Helper()
	inner, err := fs.Sub(tree, folder)
	if err != nil {
		t.Fatal(err)
	}
	return inner
}

func earlier(t *testing.T, tree fs.FS, folder string, h *migration.History) migration.Earlier {
	t.Helper()
	then, now := sub(t, tree, folder), sub(t, tree, "proposed")
	return migration.Earlier{Ref: folder, Rev: folder, History: h, Tree: then, Changed: func(file string) bool {
		before, err := fs.ReadFile(then, file)
		if err != nil {
			t.Fatal(err)
		}
		after, err := fs.ReadFile(now, file)
		return err != nil || !bytes.Equal(before, after)
	}}
}
