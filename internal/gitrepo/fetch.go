package gitrepo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

var errNoRemote = errors.New("the clone is shallow and has no remote to fetch from")

// fetch gets refs or objects into the private git directory.
func (r *Repo) fetch(ctx context.Context, remote, stdin string, args ...string) error {
	if remote == "" || strings.HasPrefix(remote, "-") {
		return errNoRemote
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	var full []string
	if stdin != "" {
		// Objects that are asked for by their ids: offering commits that the
		// remote could build on would be in vain.
		full = []string{"-c", "fetch.negotiationAlgorithm=noop"}
	}
	full = append(full, "fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--recurse-submodules=no", "--no-auto-maintenance")
	full = append(full, args...)
	_, err := r.own.output(ctx, strings.NewReader(stdin), full...)
	return err
}

// deepen fetches what a shallow clone lacks for questions of ancestry: the whole
// history of the branch ("" is the remote's default branch) and of what is
// checked out, and the tags. Contents are left out where the remote can do
// that: most of history's are never read, and those that are come in bulk.
func (r *Repo) deepen(ctx context.Context, branch string) error {
	from, into := "HEAD", "HEAD"
	what := "the default branch"
	if branch != "" {
		from, into, what = "refs/heads/"+branch, branch, branch
	}
	r.say("the clone is shallow: fetching the history of %s and the tags from %s", what, r.remote)
	err := r.fetch(ctx, r.remote, "", "--unshallow", "--filter=blob:none", "--", r.remote,
		"+"+from+":refs/remotes/"+r.remote+"/"+into, "+refs/tags/*:refs/tags/*")
	if err == nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.promisor == "" {
			r.promisor = r.remote // such a fetch makes the private directory a partial clone
		}
	}
	return err
}

// promisorRemote is the remote that holds what a partial clone lacks, "" if the
// clone is not partial.
func (r *Repo) promisorRemote() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.promisor
}

// fetchRevision fetches one revision, without its history, by what its name can mean.
func (r *Repo) fetchRevision(ctx context.Context, rev string) (string, error) {
	type try struct{ from, into string }
	var tries []try
	if isHash(rev) {
		tries = []try{{rev, ""}}
	} else if name := strings.TrimPrefix(rev, "refs/tags/"); validRef(name) {
		branch := strings.TrimPrefix(strings.TrimPrefix(strings.TrimPrefix(rev, "refs/remotes/"), "refs/heads/"), r.remote+"/")
		tries = []try{
			{"refs/tags/" + name, "refs/tags/" + name},
			{"refs/heads/" + branch, "refs/remotes/" + r.remote + "/" + branch},
		}
	}
	r.say("the clone is shallow: fetching %s from %s", rev, r.remote)
	var first error
	for _, t := range tries {
		refspec, name := t.from, t.from
		if t.into != "" {
			refspec, name = "+"+t.from+":"+t.into, t.into
		}
		err := r.fetch(ctx, r.remote, "", "--depth=1", "--", r.remote, refspec)
		if err == nil {
			return r.commit(ctx, name)
		}
		if first == nil {
			first = err
		}
		if ctx.Err() != nil || errors.Is(err, errNoRemote) {
			return "", err
		}
	}
	// Something like v1.4.0~2, which no remote knows by that name.
	if err := r.deepen(ctx, ""); err != nil {
		return "", cmp.Or(first, err)
	}
	hash, err := r.commit(ctx, rev)
	if err == nil && hash == "" {
		err = &RevisionError{Rev: rev, Reason: fmt.Sprintf("%s has no such branch, tag or commit either", r.remote)}
	}
	return hash, err
}

// fetchBlobs gets blobs that a partial clone lacks, all at once.
func (r *Repo) fetchBlobs(ctx context.Context, hashes []string) error {
	promisor := r.promisorRemote()
	r.say("the clone is partial: fetching %d files from %s", len(hashes), promisor)
	slices.Sort(hashes)
	return r.fetch(ctx, promisor, strings.Join(hashes, "\n")+"\n", "--filter=blob:none", "--stdin", "--", promisor)
}

// absent lists the blobs of a commit that a partial clone lacks.
func (r *Repo) absent(ctx context.Context, commit string) (map[string]bool, error) {
	out, err := r.own.output(ctx, nil, "rev-list", "--objects", "--no-object-names", "--no-walk", "--missing=print", commit)
	if err != nil {
		return nil, err
	}
	absent := map[string]bool{}
	for line := range strings.Lines(string(out)) {
		if hash, ok := strings.CutPrefix(line, "?"); ok {
			absent[strings.TrimSpace(hash)] = true
		}
	}
	return absent, nil
}

// validRef tells whether a name that came from outside can stand in a refspec
// (git-check-ref-format(1)).
func validRef(name string) bool {
	if name == "" || strings.HasPrefix(name, "-") || strings.HasPrefix(name, "/") || strings.HasSuffix(name, "/") ||
		strings.HasSuffix(name, ".lock") || strings.HasSuffix(name, ".") ||
		strings.Contains(name, "..") || strings.Contains(name, "@{") || strings.Contains(name, "//") {
		return false
	}
	return !strings.ContainsFunc(name, func(c rune) bool { return c <= ' ' || c == 0x7f || strings.ContainsRune(`~^:?*[\`, c) })
}
