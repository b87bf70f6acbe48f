package gitrepo_test

import (
	"context"
	"testing"

	"github.com/headgate/headgate/internal/gitrepo"
)

// TestTip's cases build a repository and look in a complete clone of it for the branch that HEAD goes into.
func TestTip(t *testing.T) {
	type want struct{ ref, commit, shared string } // an empty ref: there is none
	tests := map[string]func(f *fixture) (event gitrepo.Event, base string, w want){
		"a branch made before the default branch went on": func(f *fixture) (gitrepo.Event, string, want) {
			base := f.commit("1", "v1.0.0")
			f.git("checkout", "--quiet", "-b", "feature")
			f.commit("feature")
			f.git("checkout", "--quiet", "main")
			tip := f.commit("2")
			f.git("checkout", "--quiet", "--detach", "feature")
			return gitrepo.Event{}, base, want{"origin/main", tip, base}
		},
		"the release holds the whole branch": func(f *fixture) (gitrepo.Event, string, want) {
			f.commit("1")
			base := f.commit("2", "v1.0.0")
			f.git("checkout", "--quiet", "--detach")
			f.commit("3")
			return gitrepo.Event{}, base, want{}
		},
		"a pull request was merged into what the branch was then": func(f *fixture) (gitrepo.Event, string, want) {
			base := f.commit("1", "v1.0.0")
			merged := f.commit("2")
			f.git("checkout", "--quiet", "-b", "feature", base)
			f.commit("feature")
			f.git("checkout", "--quiet", "--detach", "main")
			f.merge("feature")
			head := f.git("rev-parse", "HEAD")
			f.git("checkout", "--quiet", "main")
			f.commit("3")
			f.git("checkout", "--quiet", "--detach", head)
			return gitrepo.Event{Name: "pull_request", BaseRef: "main"}, base, want{"origin/main", merged, merged}
		},
		"a push to the default branch": func(f *fixture) (gitrepo.Event, string, want) {
			base := f.commit("1", "v1.0.0")
			before := f.commit("2")
			f.commit("3")
			ev := gitrepo.Event{Name: "push", Ref: "refs/heads/main", DefaultBranch: "main", Before: before}
			return ev, base, want{"main before the push", before, before}
		},
		"a push to another branch": func(f *fixture) (gitrepo.Event, string, want) {
			base := f.commit("1", "v1.0.0")
			before := f.commit("2")
			f.commit("3")
			ev := gitrepo.Event{Name: "push", Ref: "refs/heads/feature", DefaultBranch: "main", Before: before}
			return ev, base, want{}
		},
		"a base branch that this clone does not have": func(f *fixture) (gitrepo.Event, string, want) {
			base := f.commit("1", "v1.0.0")
			f.commit("2")
			return gitrepo.Event{Name: "pull_request", BaseRef: "gone"}, base, want{}
		},
	}
	for name, build := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			ev, base, w := build(f)
			f.git("update-ref", "refs/heads/checked-out", "HEAD") // so that a clone has it
			head := f.git("rev-parse", "HEAD")
			f.git("checkout", "--quiet", "main")
			c := f.clone()
			c.git("checkout", "--quiet", head)
			tip, known, err := c.open().Tip(context.Background(), ev, "", base)
			if err != nil {
				t.Fatal(err)
			}
			if known != (w.ref != "") || tip.Ref != w.ref && known || known && (tip.Commit != w.commit || tip.Shared != w.shared) {
				t.Errorf("got %v %+v, want %+v", known, tip, w)
			}
		})
	}
}
