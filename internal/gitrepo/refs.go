package gitrepo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// refs are a repository's refs: an object id, or "ref: " and another ref's name.
type refs map[string]string

// copyRefs copies the checkout's refs and its HEAD.
func (r *Repo) copyRefs(ctx context.Context) error {
	var found refs
	var err error
	if _, statErr := os.Stat(filepath.Join(r.place.commonDir, "reftable")); statErr == nil {
		found, err = r.listRefs(ctx)
	} else {
		found, err = r.place.readRefs()
	}
	if err != nil {
		return err
	}
	packed := []byte("# pack-refs with: sorted \n")
	for _, name := range slices.Sorted(maps.Keys(found)) {
		value := found[name]
		if isHash(value) && name != "HEAD" {
			packed = append(append(append(append(packed, value...), ' '), name...), '\n')
		} else if err := r.write(name, value+"\n"); err != nil {
			return err
		}
	}
	return r.write("packed-refs", string(packed))
}

// add takes a ref, unless its name or value is none that git would write.
func (found refs) add(name, value string) {
	target, symbolic := strings.CutPrefix(value, "ref: ")
	if validRef(name) && fs.ValidPath(name) && (isHash(value) || symbolic && validRef(target)) {
		found[name] = value
	}
}

// readRefs reads packed-refs and the loose files (gitrepository-layout(5)). It
// is not left to git, because git looks whether each ref's object is there, and
// in a partial clone begins to fetch one that is not: releases before 2.45
// cannot be kept from it, and write to the checkout's configuration on the way.
func (p place) readRefs() (refs, error) {
	loose := refs{}
	err := filepath.WalkDir(filepath.Join(p.commonDir, "refs"), func(file string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // packed meanwhile
		}
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		name, err := filepath.Rel(p.commonDir, file)
		if err != nil {
			return err
		}
		return loose.readFile(filepath.ToSlash(name), file)
	})
	if err != nil {
		return nil, err
	}
	if err := loose.readFile("HEAD", filepath.Join(p.gitDir, "HEAD")); err != nil {
		return nil, err
	}
	// After the loose ones, so that a ref that is packed meanwhile is not missed.
	text, err := os.ReadFile(filepath.Join(p.commonDir, "packed-refs"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	found := refs{}
	for line := range strings.Lines(string(text)) {
		// Comments start with "#", the peeled value of the tag above with "^".
		if hash, name, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " "); ok && isHash(hash) {
			found.add(name, hash)
		}
	}
	maps.Copy(found, loose)
	return found, nil
}

func (found refs) readFile(name, file string) error {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	value := strings.TrimSpace(string(text))
	if target, ok := strings.CutPrefix(value, "ref:"); ok {
		value = "ref: " + strings.TrimSpace(target)
	}
	found.add(name, value)
	return nil
}

// listRefs asks git for the refs, as it must where they are kept in a reftable.
// All releases that can read one heed GIT_NO_LAZY_FETCH.
func (r *Repo) listRefs(ctx context.Context) (refs, error) {
	out, err := r.checkout.output(ctx, nil, "for-each-ref", "--format=%(HEAD)%00%(objectname)%00%(refname)%00%(symref)")
	if err != nil {
		return nil, err
	}
	found := refs{}
	for line := range bytes.Lines(out) {
		fields := strings.Split(strings.TrimSuffix(string(line), "\n"), "\x00")
		if len(fields) != 4 {
			return nil, fmt.Errorf("git for-each-ref printed %q", line)
		}
		current, hash, name, target := fields[0], fields[1], fields[2], fields[3]
		if current == "*" {
			found.add("HEAD", "ref: "+name)
		}
		if target != "" {
			hash = "ref: " + target
		}
		found.add(name, hash)
	}
	if found["HEAD"] != "" {
		return found, nil
	}
	// Detached, as in most CI jobs, or a branch without a commit.
	out, err = r.checkout.output(ctx, nil, "rev-parse", "--verify", "--quiet", "HEAD")
	switch {
	case exitCode(err) == 1:
		found.add("HEAD", "ref: refs/heads/none")
	case err != nil:
		return nil, err
	default:
		found.add("HEAD", strings.TrimSpace(string(out)))
	}
	return found, nil
}

// copyReflogs copies what revisions such as main@{yesterday} and @{-1} are looked
// up in. Few runs need it.
func (r *Repo) copyReflogs() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.reflogs {
		return nil
	}
	r.reflogs = true
	for _, file := range []string{filepath.Join(r.place.gitDir, "logs", "HEAD"), filepath.Join(r.place.commonDir, "logs", "refs")} {
		err := filepath.WalkDir(file, func(name string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			rest, err := filepath.Rel(filepath.Dir(file), name)
			if err != nil {
				return err
			}
			text, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			return r.write("logs/"+filepath.ToSlash(rest), string(text))
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
