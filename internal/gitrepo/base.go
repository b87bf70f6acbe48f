package gitrepo

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// Base is the commit that the released code and migrations are read from.
type Base struct {
	Ref    string // a name for people: "v1.4.0", "origin/main", or an object id
	Commit string // the full object id
	Why    string // one sentence without a full stop: "v1.4.0: the highest release tag merged into origin/main"
}

// DefaultBase chooses the base where none was named: the highest release tag
// merged into what the proposed change is made on, or that itself where no
// release was ever made of it.
//
//   - A pull request or a merge group is made on its base branch.
//   - A push to a branch is made on the branch as it was before, so a release
//     that is tagged on the pushed commit is not compared with itself.
//   - The push of a tag is made on the tag's history without its own commit.
//   - Any other run, by hand above all, is made on HEAD. A tag on HEAD itself
//     counts only where the work tree has changes; without a tag it is made on
//     the commit at which HEAD left the default branch.
//
// Versions and ancestry decide, never dates: a fix of an old line can be younger
// than the newest release. An empty head is the work tree. A shallow clone
// fetches what it lacks; a complete one uses no network. The error is an
// [*UnreachableError] where the base is not in the clone and cannot be fetched.
//
// Release tags are named as the pattern tags says, whose one * stands for the
// version (billing/v*); the empty one is * alone.
func (r *Repo) DefaultBase(ctx context.Context, ev Event, head, tags string) (Base, error) {
	if r.shallow() {
		if err := r.deepen(ctx, ev.BaseRef); err != nil {
			if ctx.Err() != nil {
				return Base{}, ctx.Err()
			}
			return Base{}, &UnreachableError{Ref: r.sought(ev), Err: err}
		}
	}
	rev := head
	if rev == "" {
		rev = "HEAD"
	}
	at, err := r.Resolve(ctx, rev)
	if err != nil {
		return Base{}, err
	}
	on, err := r.foundation(ctx, ev, at, head == "")
	if err != nil {
		return Base{}, err
	}
	release, found, err := r.highestRelease(ctx, on, tags)
	if err != nil {
		return Base{}, fmt.Errorf("look for release tags: %w", err)
	}
	if found {
		return release, nil
	}
	other, err := on.instead(ctx)
	if err != nil {
		return Base{}, err
	}
	return Base{Ref: other.ref, Commit: other.commit, Why: fmt.Sprintf("no release tag%s is merged into %s; %s", named(tags), on.name, other.phrase)}, nil
}

// sought is the base's name where it cannot be looked for.
func (r *Repo) sought(ev Event) string {
	switch {
	case ev.BaseRef != "" && r.remote != "":
		return r.remote + "/" + ev.BaseRef
	case ev.BaseRef != "":
		return ev.BaseRef
	case ev.Before != "":
		return ev.Before
	}
	return "(the highest release tag)"
}

// foundation is what a proposed change is made on.
type foundation struct {
	name   string // for people
	commit string // the releases merged into this one count
	// except is a commit whose tags do not count, because comparing it with
	// itself says nothing. "" if all count.
	except string
	// instead is what serves as the base where there is no release: a function,
	// since to find it can take a walk through the history.
	instead func(context.Context) (substitute, error)
}

// substitute is a base that is no release.
type substitute struct {
	ref, commit string
	phrase      string // completes "no release tag is merged into …; "
}

func (r *Repo) foundation(ctx context.Context, ev Event, head Commit, workTree bool) (foundation, error) {
	if ev.BaseRef != "" {
		return r.baseBranch(ctx, ev, head)
	}
	if tag, ok := strings.CutPrefix(ev.Ref, "refs/tags/"); ok {
		return foundation{
			name: tag + " before its own commit", commit: head.Hash, except: head.Hash,
			instead: func(ctx context.Context) (substitute, error) { return r.before(ctx, head) },
		}, nil
	}
	if ev.Name == "push" && ev.Before != "" {
		if on, ok, err := r.beforePush(ctx, ev, head); ok || err != nil {
			return on, err
		}
	}
	return r.local(ctx, ev, head, workTree)
}

// baseBranch is the tip of the branch that a change is to go into.
func (r *Repo) baseBranch(ctx context.Context, ev Event, head Commit) (foundation, error) {
	name := ev.BaseRef
	if r.remote != "" {
		name = r.remote + "/" + ev.BaseRef
	}
	tip, err := r.firstCommit(ctx, "refs/remotes/"+name, ev.BaseSHA, "refs/heads/"+ev.BaseRef)
	if err != nil {
		return foundation{}, err
	}
	if tip == "" {
		return foundation{}, &UnreachableError{Ref: name, Err: errors.New("this clone has no such branch")}
	}
	// The branch may have moved on since. What counts is the state that was
	// merged: the first parent of the merge commit that GitHub makes for a pull
	// request, and what a merge group says it was built on.
	merged := ev.BaseSHA
	if ev.Name != "merge_group" {
		merged = ""
		parents, err := r.parents(ctx, head.Hash)
		if err != nil {
			return foundation{}, err
		}
		if len(parents) > 1 {
			merged = parents[0]
		}
	}
	if merged, err = r.firstCommit(ctx, merged); err != nil {
		return foundation{}, err
	}
	if merged != "" {
		// Of a merge group that stands behind another one the base is not in
		// the branch yet, but it is in the group.
		inside := tip
		if ev.Name == "merge_group" {
			inside = head.Hash
		}
		is, err := r.isAncestor(ctx, merged, inside)
		if err != nil {
			return foundation{}, err
		}
		if is {
			tip = merged
		}
	}
	return foundation{
		name: name, commit: tip,
		instead: func(context.Context) (substitute, error) { return substitute{name, tip, "taking its tip"}, nil },
	}, nil
}

// beforePush is a branch as it was before a push; false if that is not known.
func (r *Repo) beforePush(ctx context.Context, ev Event, head Commit) (foundation, bool, error) {
	name := strings.TrimPrefix(ev.Ref, "refs/heads/") + " before the push"
	before, err := r.firstCommit(ctx, ev.Before)
	if err != nil || before == "" {
		return foundation{}, false, err
	}
	shared, err := r.mergeBase(ctx, before, head.Hash)
	if err != nil || shared == "" {
		return foundation{}, false, err
	}
	if shared != before { // a forced push: the branch's old commits are not in the new ones
		name = "what the forced push kept of " + strings.TrimPrefix(ev.Ref, "refs/heads/")
	}
	if shared == head.Hash {
		return foundation{}, false, nil // a branch set back, or a job run again after the fact
	}
	return foundation{
		name: name, commit: shared,
		instead: func(context.Context) (substitute, error) {
			return substitute{shared, shared, "taking that, " + shared[:12]}, nil
		},
	}, true, nil
}

// local is HEAD, with the default branch to fall back on.
func (r *Repo) local(ctx context.Context, ev Event, head Commit, workTree bool) (foundation, error) {
	on := foundation{name: head.Ref, commit: head.Hash}
	changed := false
	if workTree && r.place.top != "" {
		paths, err := r.Changed(ctx, head.Hash, "")
		if err != nil {
			return foundation{}, err
		}
		changed = len(paths) > 0
	}
	if !changed {
		on.except = head.Hash
	}
	on.instead = func(ctx context.Context) (substitute, error) { return r.leftDefaultBranch(ctx, ev, head, changed) }
	return on, nil
}

// leftDefaultBranch is the commit at which a history left the default branch.
// That can be the head itself, which serves only if the work tree has changes.
func (r *Repo) leftDefaultBranch(ctx context.Context, ev Event, head Commit, changed bool) (substitute, error) {
	name, tip, err := r.defaultBranch(ctx, ev)
	if err != nil {
		return substitute{}, err
	}
	shared := head.Hash
	if tip != "" {
		if shared, err = r.mergeBase(ctx, tip, head.Hash); err != nil {
			return substitute{}, err
		}
	}
	switch {
	case shared == head.Hash && changed:
		return substitute{head.Ref, head.Hash, "comparing what is not committed with it"}, nil
	case shared == head.Hash:
		return r.before(ctx, head)
	case shared == "" || shared == tip:
		return substitute{name, tip, "taking the tip of " + name}, nil
	}
	return substitute{shared, shared, fmt.Sprintf("taking %s, where it left %s", shared[:12], name)}, nil
}

// before is the first parent of a commit, or itself where it has none.
func (r *Repo) before(ctx context.Context, head Commit) (substitute, error) {
	parents, err := r.parents(ctx, head.Hash)
	if err != nil {
		return substitute{}, err
	}
	if len(parents) == 0 {
		return substitute{head.Ref, head.Hash, "no commit comes before it, so comparing it with itself"}, nil
	}
	ref := head.Ref + "^"
	commit, err := r.firstCommit(ctx, parents[0])
	if err == nil && commit == "" {
		err = &UnreachableError{Ref: ref, Err: errors.New("the history of this clone ends before it")}
	}
	return substitute{ref, commit, "taking " + ref + ", the commit before"}, err
}

// defaultBranch is the branch that changes go into, "" if there is none.
func (r *Repo) defaultBranch(ctx context.Context, ev Event) (name, commit string, err error) {
	var names []string
	if r.remote != "" {
		if validRef(ev.DefaultBranch) {
			names = append(names, r.remote+"/"+ev.DefaultBranch)
		}
		names = append(names, r.remote+"/HEAD", r.remote+"/main", r.remote+"/master")
	}
	for _, name := range names {
		if commit, err = r.firstCommit(ctx, "refs/remotes/"+name); commit != "" || err != nil {
			return r.branchName(ctx, name), commit, err
		}
	}
	for _, name := range []string{"main", "master"} {
		if commit, err = r.firstCommit(ctx, "refs/heads/"+name); commit != "" || err != nil {
			return name, commit, err
		}
	}
	return "", "", nil
}

// branchName is what origin/HEAD stands for.
func (r *Repo) branchName(ctx context.Context, name string) string {
	out, err := r.own.output(ctx, nil, "symbolic-ref", "--quiet", "refs/remotes/"+name)
	if target, ok := strings.CutPrefix(strings.TrimSpace(string(out)), "refs/remotes/"); ok && err == nil {
		return target
	}
	return name
}

// firstCommit is the first of the revisions that this clone has, "" if none.
func (r *Repo) firstCommit(ctx context.Context, revs ...string) (string, error) {
	for _, rev := range revs {
		if rev == "" {
			continue
		}
		if commit, err := r.commit(ctx, rev); commit != "" || err != nil {
			return commit, err
		}
	}
	return "", nil
}
