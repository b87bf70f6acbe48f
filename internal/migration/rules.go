package migration

import (
	"fmt"
	"io/fs"
	"slices"
	"time"
)

// Rule is the name of a rule on histories.
type Rule string

// The rules that hold a proposed history against earlier ones.
const (
	EditedMigration  Rule = "edited-migration"
	DeletedMigration Rule = "deleted-migration"
	DuplicateVersion Rule = "duplicate-version"
	OutOfOrder       Rule = "out-of-order"
	BrokenHistory    Rule = "broken-history"
)

// Problem is a breach of a rule, at one migration.
type Problem struct {
	Rule Rule
	// Revision is the migration that the problem is at. Gone says that its File is an earlier history's, because the
	// proposed one does not have it.
	Revision Revision
	Gone     bool
	// Line is the line in it, from 1.
	Line int
	// Ref is what shows the problem when compared with: "v1.4.0", "origin/main". Empty where the proposed history is wrong by
	// itself.
	Ref string
	// Rev is what git knows that by: Ref itself, or a commit.
	Rev string
	// Released tells that databases of the release have run the migration; otherwise only those that follow the branch have.
	// Of a duplicate, a broken one and one that is out of order, it says so of the migration itself.
	Released bool
	// Included is the file of an edited migration's Includes that was edited, where its own file was not.
	Included string
	// Other is the migration that it collides with: what it was before the edit, the pending one that has its content now, the
	// other claimant of its version, the one that it comes before, or the one that it follows and that is gone. Its File is
	// empty where there is none.
	Other Revision
	// NewName is a name for the pending file that is free and comes last; of a revision in a graph, a free id. It can be
	// empty.
	NewName string
	// Fault is what is wrong with a broken history, and Heads are the versions that a pending revision could follow instead.
	Fault Fault
	Heads []string
}

// Earlier is a history that the proposed one is held against.
type Earlier struct {
	// Ref is its name for people, and Rev the one for git.
	Ref, Rev string
	History  *History
	Tree     fs.FS
	// Changed tells whether a file of its tree has other bytes in the proposed one. A file of another name is not asked for.
	Changed func(file string) bool
}

// Comparison is what the history rules are checked on.
type Comparison struct {
	Format   Format
	Proposed *History
	Tree     fs.FS
	// Faults are those of the proposed history, where the tool would refuse it.
	Faults []Fault
	// Released are the migrations that the deployed databases have run, and ReleasedRef is how people call that state.
	Released    *History
	ReleasedRef string
	// Held are histories that the proposal was made from, the release first: what one of them has, the proposal must have.
	Held []Earlier
	// Tip is the branch that the proposal goes into, as it is now, or nil. It can have migrations that the proposal lacks as
	// yet.
	Tip *Earlier
	// Now is the time that a new version may be named after.
	Now time.Time
}

// Problems are all breaches, in the order of the rules.
func (c *Comparison) Problems() ([]Problem, error) {
	k := &comparing{Comparison: c, tool: c.Format.Tool(), released: versionsOf(c.Released), proposed: versionsOf(c.Proposed), essences: map[place]Essence{}}
	histories := []*History{c.Proposed, c.Released}
	if c.Tip != nil {
		histories = append(histories, c.Tip.History)
	}
	k.names = newNames(k.tool, c.Now, histories...)
	if err := k.compareFiles(); err != nil {
		return nil, err
	}
	k.faults()
	k.collisions()
	if c.Proposed.Graph {
		k.graphOrder()
	} else {
		k.order()
	}
	return k.problems, nil
}

// comparing is a comparison under way.
type comparing struct {
	*Comparison
	tool     Tool
	names    *names
	released map[string]Revision
	proposed map[string]Revision
	essences map[place]Essence // of the proposed migrations
	problems []Problem
}

// place is where a migration stands.
type place struct {
	file string
	line int
}

// claim is one file's claim of a version. Of several in one file, the sum tells which it is.
type claim struct{ file, version, sum string }

func claimOf(r Revision) claim { return claim{r.File, r.Version, r.Sum} }

// claimsOf are those of a history. The first holds.
func claimsOf(h *History) map[claim]Revision {
	index := make(map[claim]Revision, len(h.Revisions))
	for _, r := range h.Revisions {
		if _, twice := index[claimOf(r)]; !twice {
			index[claimOf(r)] = r
		}
	}
	return index
}

// versionsOf indexes a history; of several files with one version the first holds.
func versionsOf(h *History) map[string]Revision {
	index := make(map[string]Revision, len(h.Revisions))
	for _, r := range h.Revisions {
		if _, twice := index[r.Version]; !twice {
			index[r.Version] = r
		}
	}
	return index
}

// compareFiles finds what was edited or deleted. A version is compared with the first history that has it.
func (c *comparing) compareFiles() error {
	claims := claimsOf(c.Proposed)
	seen := map[string]bool{}
	for i := range c.Held {
		earlier := &c.Held[i]
		for _, r := range earlier.History.Revisions {
			if seen[r.Version] {
				continue
			}
			seen[r.Version] = true
			now, there := c.proposed[r.Version]
			if same, ok := claims[claimOf(r)]; ok {
				now = same
			}
			if err := c.compareFile(earlier, r, now, there); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *comparing) compareFile(earlier *Earlier, before, now Revision, there bool) error {
	if before.Baseline {
		return nil // no database runs it again, nor misses it
	}
	there = there && !now.Baseline // which stands for its version on an empty database alone
	if there && (now.Checksum != "" || now.takes(before)) {
		return nil // what has a checksum is run again
	}
	untouched := now.File == before.File && !earlier.Changed(before.File)
	included := slices.IndexFunc(before.Includes, earlier.Changed)
	if there && now.Sum == before.Sum && (now.Sum != "" || untouched && included < 0) {
		return nil // a sum tells of its own
	}
	if !there && slices.ContainsFunc(c.Faults, func(f Fault) bool { return f.Revision.Version == "" && f.Revision.File == before.File }) {
		return nil // the file is there, and that it cannot be read is said elsewhere
	}
	was, err := c.Format.Essence(earlier.Tree, before)
	if err != nil {
		return fmt.Errorf("read %s at %s: %w", before.File, earlier.Ref, err)
	}
	_, released := c.released[before.Version]
	p := Problem{Rule: DeletedMigration, Revision: before, Gone: true, Line: max(before.Line, 1), Ref: earlier.Ref, Rev: earlier.Rev, Released: released}
	if !there {
		p.Other, err = c.movedTo(before, was)
		c.problems = append(c.problems, p)
		return err
	}
	is, err := c.essence(now)
	if err != nil || is.Same(was) && now.Sum == before.Sum {
		return err
	}
	p.Rule, p.Revision, p.Gone, p.Line, p.Other = EditedMigration, now, false, is.Departs(was), before
	if untouched && included >= 0 {
		p.Included = before.Includes[included]
	}
	if is.Same(was) { // what it takes from elsewhere is another thing
		p.Line = max(now.Line, 1)
	}
	c.problems = append(c.problems, p)
	return nil
}

// movedTo is a pending migration that does what a deleted one did; its File is empty where there is none.
func (c *comparing) movedTo(before Revision, was Essence) (Revision, error) {
	for _, r := range c.Proposed.Revisions {
		if c.held(r) || len(was) == 0 || r.Sum != before.Sum {
			continue
		}
		is, err := c.essence(r)
		if err != nil {
			return Revision{}, err
		}
		if is.Same(was) {
			return r, nil
		}
	}
	return Revision{}, nil
}

// essence reads a proposed migration, once.
func (c *comparing) essence(r Revision) (Essence, error) {
	at := place{r.File, r.Line}
	if e, known := c.essences[at]; known {
		return e, nil
	}
	e, err := c.Format.Essence(c.Tree, r)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", r.File, err)
	}
	c.essences[at] = e
	return e, nil
}

// held tells whether an earlier history has a migration's version.
func (c *comparing) held(r Revision) bool {
	if _, yes := c.released[r.Version]; yes {
		return true
	}
	return slices.ContainsFunc(c.Held, func(e Earlier) bool {
		return slices.ContainsFunc(e.History.Revisions, func(o Revision) bool { return o.Version == r.Version })
	})
}

// faults are what is wrong with the proposed history by itself. Of two files with one version, the problem is at the one
// that no earlier history has: the other one must stay as it is.
func (c *comparing) faults() {
	known := map[claim]bool{}
	for _, e := range c.Held {
		for _, r := range e.History.Revisions {
			known[heldClaim(r)] = true
		}
	}
	for _, f := range c.Faults {
		p := Problem{Rule: f.Rule, Revision: f.Revision, Line: max(f.Err.Line, 1), Fault: f}
		if f.Rule == DuplicateVersion {
			p.Other = f.Other
			if known[heldClaim(f.Revision)] && !known[heldClaim(f.Other)] {
				p.Revision, p.Other, p.Line = f.Other, f.Revision, max(f.OtherLine, 1)
			}
			p.NewName = c.newName(p.Revision)
		} else {
			c.whatMissing(&p)
		}
		c.problems = append(c.problems, p)
	}
}

// heldClaim is what an earlier history has of a migration: its file, or what stands there where a file has several.
func heldClaim(r Revision) claim {
	if r.Line == 0 {
		return claim{file: r.File}
	}
	return claimOf(r)
}

func (c *comparing) newName(r Revision) string {
	if c.tool.Order == nil {
		return c.names.revisionID(r)
	}
	return c.names.after(r)
}

// whatMissing looks for the revision that a broken one follows in the earlier histories.
func (c *comparing) whatMissing(p *Problem) {
	_, p.Released = c.released[p.Revision.Version]
	p.Heads = c.Released.Heads()
	for _, e := range slices.Backward(c.Held) {
		if r, had := versionsOf(e.History)[p.Fault.Missing]; had || p.Released {
			p.Other, p.Ref, p.Rev = r, e.Ref, e.Rev
		}
	}
}

// collisions are versions that a pending migration of the proposal and a migration that came to the branch meanwhile both
// claim: nothing is wrong yet, and will be once the two are merged.
func (c *comparing) collisions() {
	if c.Tip == nil {
		return
	}
	ours := map[claim]bool{}
	for _, r := range c.Proposed.Revisions {
		ours[heldClaim(r)] = true
	}
	tip := map[string]Revision{}
	for _, r := range c.Tip.History.Revisions {
		if !ours[heldClaim(r)] && !c.held(r) {
			tip[r.Version] = r
		}
	}
	for _, r := range c.Proposed.Revisions {
		if other, both := tip[r.Version]; both && !c.held(r) && !r.same(other) {
			c.problems = append(c.problems, Problem{Rule: DuplicateVersion, Revision: r, Line: max(r.Line, 1), Ref: c.Tip.Ref, Other: other, NewName: c.newName(r)})
		}
	}
}

// order finds pending migrations that come before one that a database already has.
func (c *comparing) order() {
	last, some := c.last(c.Released)
	var tip Revision
	var tipVersions map[string]Revision
	if c.Tip != nil {
		tip, _ = c.last(c.Tip.History)
		tipVersions = versionsOf(c.Tip.History)
	}
	for _, r := range c.Proposed.Revisions {
		if _, done := c.released[r.Version]; done || r.Checksum != "" || r.Baseline || c.renamed(r) {
			continue
		}
		p := Problem{Rule: OutOfOrder, Revision: r, Line: max(r.Line, 1)}
		_, merged := tipVersions[r.Version]
		switch {
		case some && c.tool.Order(r, last) < 0:
			p.Ref, p.Other, p.Released = c.ReleasedRef, last, true
		case tip.File != "" && !merged && c.tool.Order(r, tip) < 0:
			p.Ref, p.Other = c.Tip.Ref, tip
		default:
			continue
		}
		p.NewName = c.names.after(r)
		c.problems = append(c.problems, p)
	}
}

// renamed tells whether a pending migration is said to be a deleted one under another name, which it is to have back.
func (c *comparing) renamed(r Revision) bool {
	return slices.ContainsFunc(c.problems, func(p Problem) bool {
		return p.Rule == DeletedMigration && p.Other.File == r.File && p.Other.Line == r.Line
	})
}

// last is the revision that the tool runs last. Where positions tell, it is the last of those that the proposal has too, at its
// position there.
func (c *comparing) last(h *History) (last Revision, some bool) {
	for _, r := range h.Revisions {
		if r.Position > 0 {
			now, there := c.proposed[r.Version]
			if !there {
				continue
			}
			r = now
		}
		if r.Checksum == "" && (!some || c.tool.Order(last, r) < 0) {
			last, some = r, true
		}
	}
	return last, some
}

// graphOrder finds pending revisions that a released one follows. A tool whose version table holds the heads alone takes
// them as applied.
func (c *comparing) graphOrder() {
	if len(c.Faults) > 0 {
		return
	}
	behind := map[string]Revision{}
	for _, r := range c.Proposed.Revisions {
		if _, done := c.released[r.Version]; !done {
			continue
		}
		for version := range c.Proposed.Ancestors(r.Version) {
			if _, nearer := behind[version]; !nearer {
				behind[version] = r
			}
		}
	}
	for _, r := range c.Proposed.Revisions {
		_, done := c.released[r.Version]
		follower, passed := behind[r.Version]
		if done || !passed {
			continue
		}
		c.problems = append(c.problems, Problem{Rule: OutOfOrder, Revision: r, Line: 1, Ref: c.ReleasedRef, Other: follower, Released: true, Heads: c.Released.Heads()})
	}
}
