package gitrepo

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/mod/semver"
)

// release is a tag whose name is a semantic version.
type release struct {
	tag     string // as git has it
	version string // with a leading v
}

// parseRelease reads v1.2.3 or 1.2.3, with a pre-release or build part. v1 and
// v1.2 are no releases: such tags are moved from one release to the next. Nor is
// service/v1.2.3, unless the pattern, whose * stands for the version, says so.
func parseRelease(tag, pattern string) (release, bool) {
	before, after, _ := strings.Cut(pattern, "*")
	if len(tag) < len(before)+len(after) || !strings.HasPrefix(tag, before) || !strings.HasSuffix(tag, after) {
		return release{}, false
	}
	version := tag[len(before) : len(tag)-len(after)]
	if !strings.HasPrefix(version, "v") {
		version = "v" + version
	}
	core, _, _ := strings.Cut(version, "+")
	// Canonical completes v1 to v1.0.0 and drops the build part.
	if !semver.IsValid(version) || semver.Canonical(version) != core {
		return release{}, false
	}
	return release{tag: tag, version: version}, true
}

func (r release) pre() bool { return semver.Prerelease(r.version) != "" }

// byRank puts releases before pre-releases and higher versions before lower
// ones. Of equal versions v1.4.0 comes before 1.4.0.
func byRank(a, b release) int {
	if a.pre() != b.pre() {
		if a.pre() {
			return 1
		}
		return -1
	}
	return cmp.Or(semver.Compare(b.version, a.version), strings.Compare(b.tag, a.tag))
}

// named says in a sentence which release tags are meant.
func named(pattern string) string {
	if pattern == "" {
		return ""
	}
	return " " + pattern
}

// highestRelease finds the highest release tag merged into a foundation; a
// pre-release only where there is nothing else.
func (r *Repo) highestRelease(ctx context.Context, on foundation, pattern string) (Base, bool, error) {
	out, err := r.own.output(ctx, nil, "for-each-ref", "--merged="+on.commit, "--format=%(refname:lstrip=2)", "refs/tags")
	if err != nil {
		return Base{}, false, err
	}
	var releases []release
	for line := range strings.Lines(string(out)) {
		if found, ok := parseRelease(strings.TrimSuffix(line, "\n"), pattern); ok {
			releases = append(releases, found)
		}
	}
	slices.SortFunc(releases, byRank)
	for _, candidate := range releases {
		commit, err := r.commit(ctx, "refs/tags/"+candidate.tag)
		if err != nil {
			return Base{}, false, err
		}
		if commit == "" || commit == on.except {
			continue
		}
		kind := "release tag"
		if candidate.pre() {
			kind = "pre-release tag"
		}
		why := fmt.Sprintf("%s: the highest %s merged into %s", candidate.tag, kind, on.name)
		if candidate.pre() {
			why += ", which has no release tag"
		}
		return Base{Ref: candidate.tag, Commit: commit, Why: why}, true, nil
	}
	return Base{}, false, nil
}
