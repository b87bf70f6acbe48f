package gate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/headgate/headgate/internal/migration"
)

// multipleHeads is the finding of a history that ends in more than one head; false where it does not. It stands at the
// head that came last, one that is pending if there is one.
func multipleHeads(h *migration.History, pending []migration.Revision) (Finding, bool) {
	if h == nil || len(h.Heads()) < 2 {
		return Finding{}, false
	}
	heads := h.Heads()
	revisions := make(map[string]migration.Revision, len(h.Revisions))
	for _, r := range h.Revisions {
		revisions[r.Version] = r
	}
	isPending := func(version string) bool {
		return slices.ContainsFunc(pending, func(r migration.Revision) bool { return r.Version == version })
	}
	at := revisions[heads[len(heads)-1]]
	for _, head := range heads {
		if isPending(head) {
			at = revisions[head]
		}
	}
	f := Finding{
		Rule: "multiple-heads", Severity: Error, Cell: cellEnd, File: at.File, Line: 1, EndLine: 1,
		Migration: &Migration{Version: at.Version, File: at.File, Line: 1},
	}
	fork, forked := forkOf(h, heads)
	branches := make([]string, len(heads))
	for i, head := range heads {
		branches[i] = branchText(h, revisions, fork, head, isPending(head))
	}
	where := "which have no revision in common"
	if forked {
		where = "which part after " + fork
	}
	f.Message = fmt.Sprintf("the history ends in %d heads, %s: %s", len(heads), where, strings.Join(branches, "; "))
	f.Remedy = fmt.Sprintf("join them with `alembic merge -m \"merge heads\" %s`", strings.Join(heads, " "))
	if isPending(at.Version) {
		f.Remedy += fmt.Sprintf(", or let %s, which is pending, follow the other head", at.Version)
	}
	f.Fingerprint = fingerprint(f, strings.Join(heads, " "))
	return f, true
}

// forkOf is the last revision that all heads have behind them.
func forkOf(h *migration.History, heads []string) (string, bool) {
	common := h.Ancestors(heads[0])
	for _, head := range heads[1:] {
		other := h.Ancestors(head)
		for version := range common {
			if !other[version] {
				delete(common, version)
			}
		}
	}
	for i := len(h.Revisions) - 1; i >= 0; i-- {
		if version := h.Revisions[i].Version; common[version] {
			return version, true
		}
	}
	return "", false
}

// branchText is a branch as a sentence names it: its head with the file, and the first revision that left the fork.
func branchText(h *migration.History, revisions map[string]migration.Revision, fork, head string, pending bool) string {
	text := fmt.Sprintf("%s (%s", head, revisions[head].File)
	if pending {
		text += ", pending"
	}
	text += ")"
	behind := h.Ancestors(head)
	for _, r := range h.Revisions {
		if (behind[r.Version] || r.Version == head) && (slices.Contains(r.Parents, fork) || fork == "" && len(r.Parents) == 0) && r.Version != head {
			return text + fmt.Sprintf(" from %s (%s) on", r.Version, r.File)
		}
	}
	return text
}
