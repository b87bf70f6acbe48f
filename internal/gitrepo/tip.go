package gitrepo

import (
	"context"
	"errors"
)

// Tip is where the branch that a change goes into stands.
type Tip struct {
	Ref    string // a name for people: "origin/main", "main before the push"
	Commit string // the full object id
	// Shared is the last commit that the head has in common with it: Commit itself where the head was made on the tip, ""
	// where they share none.
	Shared string
}

// Tip finds where the branch that a proposed change goes into stands:
//
//   - of a pull request or a merge group, its base branch as it was merged;
//   - of a push to the default branch, that branch as it was before;
//   - of a run by hand, the default branch;
//   - of any other push, none: a branch's own earlier commits are not what it goes into.
//
// It is false where there is none, where this clone does not have it, and where the commit base, which is compared with
// anyway, holds all of it. An empty head is the work tree. No network is used.
func (r *Repo) Tip(ctx context.Context, ev Event, head, base string) (Tip, bool, error) {
	rev := head
	if rev == "" {
		rev = "HEAD"
	}
	at, err := r.commit(ctx, rev)
	if err != nil || at == "" {
		return Tip{}, false, err
	}
	var tip Tip
	if tip.Ref, tip.Commit, err = r.tipOf(ctx, ev, Commit{Ref: rev, Hash: at}); err != nil || tip.Commit == "" {
		return Tip{}, false, err
	}
	if known, err := r.isAncestor(ctx, tip.Commit, base); known || err != nil {
		return Tip{}, false, err
	}
	tip.Shared, err = r.mergeBase(ctx, tip.Commit, at)
	return tip, true, err
}

func (r *Repo) tipOf(ctx context.Context, ev Event, head Commit) (name, commit string, err error) {
	switch {
	case ev.BaseRef != "":
		on, err := r.baseBranch(ctx, ev, head)
		if absent := (*UnreachableError)(nil); errors.As(err, &absent) {
			return "", "", nil
		}
		return on.name, on.commit, err
	case ev.Name != "push":
		return r.defaultBranch(ctx, ev)
	case ev.Ref == "refs/heads/"+ev.DefaultBranch:
		on, _, err := r.beforePush(ctx, ev, head)
		return on.name, on.commit, err
	}
	return "", "", nil
}
