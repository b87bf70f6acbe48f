package gitrepo

import (
	"context"
	"fmt"
	"strings"
)

// Commit is a revision and the commit that it names.
type Commit struct {
	Ref  string // as it was asked for
	Hash string // the full object id
}

// Resolve finds the commit that a revision names, in any syntax of
// gitrevisions(7). Where a shallow clone does not have it, it is fetched by its
// name: a tag, a branch (with or without the remote's name before it) or a full
// object id. The error is a [*RevisionError] where there is no such commit and
// an [*UnreachableError] where a shallow clone cannot fetch it.
func (r *Repo) Resolve(ctx context.Context, rev string) (Commit, error) {
	if rev == "" {
		return Commit{}, &RevisionError{Rev: rev, Reason: "the name is empty"}
	}
	if strings.ContainsAny(rev, "\x00\n") {
		return Commit{}, &RevisionError{Rev: rev, Reason: "no revision's name holds a newline or a NUL"}
	}
	if strings.Contains(rev, "@{") {
		if err := r.copyReflogs(); err != nil {
			return Commit{}, fmt.Errorf("read the reflogs for %q: %w", rev, err)
		}
	}
	hash, err := r.commit(ctx, rev)
	if err != nil {
		return Commit{}, err
	}
	if hash == "" && rev == "HEAD" {
		return Commit{}, &RevisionError{Rev: rev, Reason: "the current branch has no commit yet"}
	}
	if hash == "" && r.shallow() {
		if hash, err = r.fetchRevision(ctx, rev); err != nil {
			return Commit{}, &UnreachableError{Ref: rev, Err: err}
		}
	}
	if hash == "" {
		return Commit{}, &RevisionError{Rev: rev, Reason: "it is no branch, tag or commit of this repository"}
	}
	return Commit{Ref: rev, Hash: hash}, nil
}

// commit is the object id of the commit that a revision names, "" if it names none.
func (r *Repo) commit(ctx context.Context, rev string) (string, error) {
	out, err := r.own.output(ctx, nil, "rev-parse", "--verify", "--quiet", "--end-of-options", rev+"^{commit}")
	if code := exitCode(err); code == 1 || code == 128 {
		// 128 is for a wrong syntax, and for what a partial clone could not fetch.
		return "", ctx.Err()
	}
	if err != nil {
		return "", err
	}
	hash := strings.TrimSpace(string(out))
	if !isHash(hash) { // "^main" gives the id after a "^"
		return "", nil
	}
	return hash, nil
}

// isHash tells whether s is a full object id, SHA-1 or SHA-256.
func isHash(s string) bool {
	return (len(s) == 40 || len(s) == 64) && strings.Trim(s, "0123456789abcdef") == ""
}

// parents are the parents of a commit as it records them, those beyond the end
// of a shallow history included.
func (r *Repo) parents(ctx context.Context, hash string) ([]string, error) {
	out, err := r.own.output(ctx, nil, "cat-file", "commit", hash)
	if err != nil {
		return nil, err
	}
	var parents []string
	for line := range strings.Lines(string(out)) {
		if line == "\n" {
			break // the message
		}
		if parent, ok := strings.CutPrefix(line, "parent "); ok {
			parents = append(parents, strings.TrimSpace(parent))
		}
	}
	return parents, nil
}

// isAncestor tells whether the one commit is in the history of the other.
func (r *Repo) isAncestor(ctx context.Context, ancestor, of string) (bool, error) {
	_, err := r.own.output(ctx, nil, "merge-base", "--is-ancestor", ancestor, of)
	if exitCode(err) == 1 {
		return false, nil
	}
	return err == nil, err
}

// mergeBase is the last commit that two histories share, "" if they share none.
func (r *Repo) mergeBase(ctx context.Context, a, b string) (string, error) {
	out, err := r.own.output(ctx, nil, "merge-base", a, b)
	if exitCode(err) == 1 {
		return "", nil
	}
	return strings.TrimSpace(string(out)), err
}
