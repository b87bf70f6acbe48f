package gitrepo

import (
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"slices"
	"strings"
)

// Changed lists the paths that differ between two commits, sorted; of a renamed
// file both. An empty headCommit is the work tree, untracked files included.
// There, a file counts as changed where its bytes on disk are not those of the
// base and git has not seen it unchanged since the checkout: a file that only a
// filter or a line-ending conversion makes differ can be listed too.
// Submodules are left out. A path that is not UTF-8 is returned as it is.
func (r *Repo) Changed(ctx context.Context, baseCommit, headCommit string) ([]string, error) {
	base, err := r.Resolve(ctx, baseCommit)
	if err != nil {
		return nil, err
	}
	if headCommit == "" {
		return r.changedOnDisk(ctx, base.Hash)
	}
	head, err := r.Resolve(ctx, headCommit)
	if err != nil {
		return nil, err
	}
	out, err := r.own.output(ctx, nil, "diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-ext-diff", "--ignore-submodules=all", base.Hash, head.Hash)
	if err != nil {
		return nil, err
	}
	var paths []string
	err = parseRaw(string(out), func(c rawChange) error {
		paths = append(paths, c.path)
		return nil
	})
	return sorted(paths), err
}

func (r *Repo) changedOnDisk(ctx context.Context, base string) ([]string, error) {
	if r.place.top == "" {
		return nil, &BareError{GitDir: r.place.gitDir}
	}
	// Submodules are ignored, or git would run itself in each, under that
	// repository's configuration.
	out, err := r.own.output(ctx, nil, "diff-index", "-z", "--raw", "--no-renames", "--no-ext-diff", "--ignore-submodules=all", base)
	if err != nil {
		return nil, err
	}
	var paths []string
	err = parseRaw(string(out), func(c rawChange) error {
		if !r.sameOnDisk(c) {
			paths = append(paths, c.path)
		}
		return ctx.Err()
	})
	if err != nil {
		return nil, err
	}
	others, err := r.untracked(ctx)
	if err != nil {
		return nil, err
	}
	for _, name := range others {
		if !strings.HasSuffix(name, "/") { // a nested repository
			paths = append(paths, name)
		}
	}
	return sorted(paths), nil
}

// sameOnDisk tells whether a file that git believes to be changed because of its
// time or size has the base's bytes. It is compared here, because git would put
// it through the clean filter first.
func (r *Repo) sameOnDisk(c rawChange) bool {
	if strings.Trim(c.newHash, "0") != "" || strings.Trim(c.oldHash, "0") == "" || c.oldMode != c.newMode || c.newMode == modeSymlink {
		return false
	}
	f, info, err := openInside(r.place.top, c.path)
	if err != nil {
		return false
	}
	defer f.Close()
	var sum hash.Hash = sha1.New()
	if len(c.oldHash) == hex.EncodedLen(sha256.Size) {
		sum = sha256.New()
	}
	_, _ = fmt.Fprintf(sum, "blob %d\x00", info.Size()) // a hash takes everything
	if _, err := io.Copy(sum, f); err != nil {
		return false
	}
	return hex.EncodeToString(sum.Sum(nil)) == c.oldHash
}

// rawChange is a line of git's raw diff output (git-diff-tree(1)).
type rawChange struct {
	oldMode, newMode string
	oldHash, newHash string // all zeros where there is none, or git has not looked
	path             string
}

// parseRaw reads ":<mode> <mode> <id> <id> <status>\0<path>\0" without renames.
func parseRaw(out string, each func(rawChange) error) error {
	for out != "" {
		info, rest, ok1 := strings.Cut(out, "\x00")
		path, after, ok2 := strings.Cut(rest, "\x00")
		fields := strings.Fields(strings.TrimPrefix(info, ":"))
		if !ok1 || !ok2 || len(fields) != 5 || !strings.HasPrefix(info, ":") {
			return fmt.Errorf("git's raw diff has the line %q", info)
		}
		out = after
		change := rawChange{oldMode: fields[0], newMode: fields[1], oldHash: fields[2], newHash: fields[3], path: path}
		if change.oldMode == modeSubmodule || change.newMode == modeSubmodule {
			continue
		}
		if err := each(change); err != nil {
			return err
		}
	}
	return nil
}

func sorted(paths []string) []string {
	slices.Sort(paths)
	return slices.Compact(paths)
}
