package gitrepo_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/gitrepo"
)

// TestDefaultBase's cases build an "upstream" repository and choose in a
// complete clone of it, as actions/checkout makes with fetch-depth: 0.
func TestDefaultBase(t *testing.T) {
	type want struct{ ref, commit, why string }
	pull := gitrepo.Event{Name: "pull_request", BaseRef: "main", Ref: "refs/pull/5/merge"}
	// pullRequest leaves HEAD detached at the merge of a feature branch into the current branch.
	pullRequest := func(f *fixture) {
		base := f.git("rev-parse", "--abbrev-ref", "HEAD")
		f.git("checkout", "--quiet", "-b", "feature")
		f.commit("feature")
		f.git("checkout", "--quiet", "--detach", base)
		f.merge("feature")
	}
	tests := map[string]struct {
		head  string
		build func(f *fixture) (gitrepo.Event, want)
		local func(c *fixture) // done in the clone
	}{
		"pull request takes the highest tag of the base branch": {build: func(f *fixture) (gitrepo.Event, want) {
			f.commit("1", "v1.9.0")
			at := f.commit("2", "v1.10.0")
			f.commit("3")
			pullRequest(f)
			return pull, want{"v1.10.0", at, "v1.10.0: the highest release tag merged into origin/main"}
		}},
		"a hotfix of an old line is younger than the newest release": {build: func(f *fixture) (gitrepo.Event, want) {
			f.commit("1", "v1.0.0")
			at := f.commit("2", "v2.0.0")
			f.git("checkout", "--quiet", "-b", "release/1", "v1.0.0")
			f.commit("fix", "v1.0.1")
			f.git("checkout", "--quiet", "main")
			f.merge("release/1") // merged back, so ancestry alone does not rule v1.0.1 out
			pullRequest(f)
			return pull, want{"v2.0.0", at, ""}
		}},
		"a pull request into the old line takes that line's release": {build: func(f *fixture) (gitrepo.Event, want) {
			f.commit("1", "v1.0.0")
			f.commit("2", "v2.0.0")
			f.git("checkout", "--quiet", "-b", "release/1", "v1.0.0")
			at := f.commit("fix", "v1.0.1")
			f.commit("next fix")
			pullRequest(f)
			ev := pull
			ev.BaseRef = "release/1"
			return ev, want{"v1.0.1", at, "v1.0.1: the highest release tag merged into origin/release/1"}
		}},
		"a tag on an unmerged branch does not count": {build: func(f *fixture) (gitrepo.Event, want) {
			at := f.commit("1", "v1.0.0")
			f.git("checkout", "--quiet", "-b", "other")
			f.commit("2", "v3.0.0")
			f.git("checkout", "--quiet", "main")
			pullRequest(f)
			return pull, want{"v1.0.0", at, ""}
		}},
		"a release goes before a higher pre-release": {build: func(f *fixture) (gitrepo.Event, want) {
			at := f.commit("1", "v1.0.0")
			f.commit("2", "v2.0.0-rc.1")
			pullRequest(f)
			return pull, want{"v1.0.0", at, ""}
		}},
		"pre-releases only": {build: func(f *fixture) (gitrepo.Event, want) {
			f.commit("1", "v1.0.0-rc.2")
			at := f.commit("2", "v1.0.0-rc.10")
			pullRequest(f)
			return pull, want{"v1.0.0-rc.10", at, "v1.0.0-rc.10: the highest pre-release tag merged into origin/main, which has no release tag"}
		}},
		"tags without a leading v": {build: func(f *fixture) (gitrepo.Event, want) {
			f.commit("1", "1.9.0")
			at := f.commit("2", "1.10.0")
			pullRequest(f)
			return pull, want{"1.10.0", at, ""}
		}},
		"moving, prefixed and other tags are no releases": {build: func(f *fixture) (gitrepo.Event, want) {
			at := f.commit("1", "v1.2.0")
			f.commit("2", "v9", "v8.1", "service/v7.0.0", "nightly", "2024.01.02", "v01.2.3")
			f.git("tag", "v99.0.0", "HEAD^{tree}") // a tag of a tree, not of a commit
			pullRequest(f)
			return pull, want{"v1.2.0", at, ""}
		}},
		"no tags: the tip that was merged, though the branch has moved on": {build: func(f *fixture) (gitrepo.Event, want) {
			at := f.commit("1")
			pullRequest(f)
			merge := f.git("rev-parse", "HEAD")
			f.git("checkout", "--quiet", "main")
			f.commit("2")
			f.git("checkout", "--quiet", merge)
			return pull, want{"origin/main", at, "no release tag is merged into origin/main; taking its tip"}
		}},
		"no tags, and the pull request's own head is checked out": {build: func(f *fixture) (gitrepo.Event, want) {
			f.commit("1")
			f.git("checkout", "--quiet", "-b", "feature")
			f.commit("feature")
			f.git("checkout", "--quiet", "main")
			at := f.commit("2")
			f.git("checkout", "--quiet", "feature")
			return pull, want{"origin/main", at, ""}
		}},
		"main merged into the feature is not taken for GitHub's merge": {build: func(f *fixture) (gitrepo.Event, want) {
			f.commit("1")
			f.git("checkout", "--quiet", "-b", "feature")
			f.commit("feature")
			f.git("checkout", "--quiet", "main")
			at := f.commit("2")
			f.git("checkout", "--quiet", "feature")
			f.merge("main")
			return pull, want{"origin/main", at, ""}
		}},
		"a base branch that is gone is taken from the event": {build: func(f *fixture) (gitrepo.Event, want) {
			at := f.commit("1")
			pullRequest(f)
			ev := pull
			ev.BaseRef, ev.BaseSHA = "gone", at
			return ev, want{"origin/gone", at, "no release tag is merged into origin/gone; taking its tip"}
		}},
		"merge group behind another one": {build: func(f *fixture) (gitrepo.Event, want) {
			f.commit("1")
			f.git("checkout", "--quiet", "-b", "queue")
			at := f.commit("first group")
			f.commit("second group")
			return gitrepo.Event{Name: "merge_group", BaseRef: "main", BaseSHA: at}, want{"origin/main", at, ""}
		}},
		"merge group with a release": {build: func(f *fixture) (gitrepo.Event, want) {
			at := f.commit("1", "v1.0.0")
			base := f.commit("2")
			f.git("checkout", "--quiet", "-b", "queue")
			f.commit("group")
			return gitrepo.Event{Name: "merge_group", BaseRef: "main", BaseSHA: base}, want{"v1.0.0", at, ""}
		}},
		"push of a release's own commit": {build: func(f *fixture) (gitrepo.Event, want) {
			at := f.commit("1", "v1.0.0")
			before := f.commit("2")
			f.commit("3", "v1.1.0")
			return gitrepo.Event{Name: "push", Ref: "refs/heads/main", Before: before},
				want{"v1.0.0", at, "v1.0.0: the highest release tag merged into main before the push"}
		}},
		"push without tags": {build: func(f *fixture) (gitrepo.Event, want) {
			before := f.commit("1")
			f.commit("2")
			return gitrepo.Event{Name: "push", Ref: "refs/heads/main", Before: before},
				want{before, before, "no release tag is merged into main before the push; taking that, " + before[:12]}
		}},
		"forced push": {build: func(f *fixture) (gitrepo.Event, want) {
			at := f.commit("1", "v1.0.0")
			before := f.commit("2", "v1.1.0")
			f.git("checkout", "--quiet", "-B", "main", at)
			f.commit("2 again")
			return gitrepo.Event{Name: "push", Ref: "refs/heads/main", Before: before},
				want{"v1.0.0", at, "v1.0.0: the highest release tag merged into what the forced push kept of main"}
		}},
		"push whose before is nowhere": {build: func(f *fixture) (gitrepo.Event, want) {
			at := f.commit("1", "v1.0.0")
			f.commit("2", "v1.1.0")
			return gitrepo.Event{Name: "push", Ref: "refs/heads/main", Before: strings.Repeat("ab", 20)},
				want{"v1.0.0", at, "v1.0.0: the highest release tag merged into HEAD"}
		}},
		"push of a new branch without tags": {build: func(f *fixture) (gitrepo.Event, want) {
			at := f.commit("1")
			f.git("checkout", "--quiet", "-b", "feature")
			f.commit("2")
			f.git("checkout", "--quiet", "main")
			f.commit("3")
			f.git("checkout", "--quiet", "feature")
			return gitrepo.Event{Name: "push", Ref: "refs/heads/feature", DefaultBranch: "main"},
				want{at, at, "no release tag is merged into HEAD; taking " + at[:12] + ", where it left origin/main"}
		}},
		"push of a tag": {build: func(f *fixture) (gitrepo.Event, want) {
			at := f.commit("1", "v1.0.0")
			f.commit("2", "v1.1.0-rc.1", "v1.1.0", "v1.1.0+build.7")
			return gitrepo.Event{Name: "push", Ref: "refs/tags/v1.1.0"},
				want{"v1.0.0", at, "v1.0.0: the highest release tag merged into v1.1.0 before its own commit"}
		}},
		"push of the first tag": {build: func(f *fixture) (gitrepo.Event, want) {
			at := f.commit("1")
			f.commit("2", "v1.0.0")
			return gitrepo.Event{Name: "push", Ref: "refs/tags/v1.0.0"},
				want{"HEAD^", at, "no release tag is merged into v1.0.0 before its own commit; taking HEAD^, the commit before"}
		}},
		"by hand on a feature branch": {build: func(f *fixture) (gitrepo.Event, want) {
			at := f.commit("1", "v1.0.0")
			f.git("checkout", "--quiet", "-b", "feature")
			f.commit("2")
			f.git("checkout", "--quiet", "main")
			f.commit("3", "v2.0.0")
			f.git("checkout", "--quiet", "feature")
			return gitrepo.Event{}, want{"v1.0.0", at, "v1.0.0: the highest release tag merged into HEAD"}
		}},
		"by hand on a release, nothing changed": {build: func(f *fixture) (gitrepo.Event, want) {
			at := f.commit("1", "v1.0.0")
			f.commit("2", "v1.1.0")
			return gitrepo.Event{}, want{"v1.0.0", at, ""}
		}},
		"by hand on a release, with a new file": {build: func(f *fixture) (gitrepo.Event, want) {
			f.commit("1", "v1.0.0")
			at := f.commit("2", "v1.1.0")
			return gitrepo.Event{}, want{"v1.1.0", at, ""}
		}, local: func(c *fixture) { c.write("new.sql", "SELECT 1") }},
		"by hand, head named": {head: "v1.1.0", build: func(f *fixture) (gitrepo.Event, want) {
			at := f.commit("1", "v1.0.0")
			f.commit("2", "v1.1.0")
			f.commit("3", "v1.2.0")
			return gitrepo.Event{}, want{"v1.0.0", at, "v1.0.0: the highest release tag merged into v1.1.0"}
		}},
		"by hand, no tags, commits not yet pushed": {build: func(f *fixture) (gitrepo.Event, want) {
			at := f.commit("1")
			return gitrepo.Event{}, want{"origin/main", at, "no release tag is merged into HEAD; taking the tip of origin/main"}
		}, local: func(c *fixture) { c.commit("2") }},
		"by hand, no tags, uncommitted changes": {build: func(f *fixture) (gitrepo.Event, want) {
			at := f.commit("1")
			return gitrepo.Event{}, want{"HEAD", at, "no release tag is merged into HEAD; comparing what is not committed with it"}
		}, local: func(c *fixture) { c.write("new.sql", "SELECT 1") }},
		"by hand, no tags, all pushed": {build: func(f *fixture) (gitrepo.Event, want) {
			at := f.commit("1")
			f.commit("2")
			return gitrepo.Event{}, want{"HEAD^", at, "no release tag is merged into HEAD; taking HEAD^, the commit before"}
		}},
		"one commit": {build: func(f *fixture) (gitrepo.Event, want) {
			at := f.commit("1")
			return gitrepo.Event{}, want{"HEAD", at, "no release tag is merged into HEAD; no commit comes before it, so comparing it with itself"}
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			ev, want := test.build(f)
			f.git("update-ref", "refs/heads/checked-out", "HEAD") // so that a clone has it
			branch := f.git("rev-parse", "--abbrev-ref", "HEAD")
			head := f.git("rev-parse", "HEAD")
			f.git("checkout", "--quiet", "main")
			c := f.clone()
			if branch == "HEAD" {
				c.git("checkout", "--quiet", head)
			} else {
				c.git("checkout", "--quiet", branch)
			}
			if ev.Before != "" && c.command("cat-file", "-e", ev.Before).Run() != nil && f.command("cat-file", "-e", ev.Before).Run() == nil {
				c.git("fetch", "--quiet", "origin", ev.Before)
			}
			if test.local != nil {
				test.local(c)
			}
			if err := os.Rename(f.dir, f.dir+".away"); err != nil { // a complete clone needs no network
				t.Fatal(err)
			}
			got, err := c.open().DefaultBase(context.Background(), ev, test.head, "")
			if err != nil {
				t.Fatal(err)
			}
			if got.Ref != want.ref || got.Commit != want.commit {
				t.Errorf("the base is %s at %s, want %s at %s", got.Ref, got.Commit, want.ref, want.commit)
			}
			if want.why != "" && got.Why != want.why {
				t.Errorf("why: %q\nwant %q", got.Why, want.why)
			}
		})
	}
}

func TestDefaultBaseUnreachableInACompleteClone(t *testing.T) {
	f := newFixture(t)
	f.commit("1")
	ev := gitrepo.Event{Name: "pull_request", BaseRef: "release/7"}
	_, err := f.open().DefaultBase(context.Background(), ev, "", "")
	unreachable, ok := errors.AsType[*gitrepo.UnreachableError](err)
	if !ok {
		t.Fatalf("got %v, want an UnreachableError", err)
	}
	if unreachable.Ref != "release/7" || !strings.Contains(err.Error(), "fetch-depth: 0") {
		t.Errorf("the error is %q of %q", err, unreachable.Ref)
	}
}
