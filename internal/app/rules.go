package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/headgate/headgate/internal/migration"
)

// compareHistories holds the proposed history against the released one, and against the branch that the proposal goes into.
func (c *run) compareHistories(ctx context.Context, found candidate) (err error) {
	comparison := migration.Comparison{
		Format: c.format, Proposed: c.proposed, Tree: c.headTree, Faults: c.faults,
		Released: c.released, ReleasedRef: c.base.Ref, Now: c.now(),
	}
	held := migration.Earlier{Ref: c.base.Ref, Rev: c.base.Ref, History: c.released, Tree: c.baseTree, Changed: among(c.changed)}
	if c.config.Base == baseDatabase {
		// What the database has says nothing of the files that made it; the code's release does.
		comparison.ReleasedRef = "the database"
		if held.History, err = c.readWhole(found, &held); err != nil {
			return err
		}
	}
	if c.converted != nil {
		c.problems, err = comparison.Problems() // another tool's files say nothing of the edits to these
		return err
	}
	comparison.Held = append(comparison.Held, held)
	if err := c.compareTip(ctx, found, &comparison); err != nil {
		return err
	}
	c.problems, err = comparison.Problems()
	return err
}

// among tells which files are in a sorted list.
func among(files []string) func(string) bool {
	return func(file string) bool {
		_, there := slices.BinarySearch(files, file)
		return there
	}
}

// compareTip adds the branch that the proposal goes into, unless the proposal changes no migration of it.
func (c *run) compareTip(ctx context.Context, found candidate, comparison *migration.Comparison) error {
	tip, known, err := c.repo.Tip(ctx, c.event, c.config.Head, c.base.Commit)
	if err != nil || !known {
		return err
	}
	current, changed, err := c.readEarlier(ctx, found, tip.Ref, tip.Commit)
	if err != nil || !changed {
		return err
	}
	comparison.Tip = current
	switch tip.Shared {
	case "":
	case tip.Commit:
		comparison.Held = append(comparison.Held, *current)
	default:
		// What came to the branch meanwhile was not deleted here: only what the proposal was made from can be.
		shared, changed, err := c.readEarlier(ctx, found, tip.Ref, tip.Shared)
		if err != nil {
			return err
		}
		if changed {
			comparison.Held = append(comparison.Held, *shared)
		}
	}
	return nil
}

// readEarlier reads the history at a commit; false where the head has the same migrations.
func (c *run) readEarlier(ctx context.Context, found candidate, ref, commit string) (*migration.Earlier, bool, error) {
	changed, err := c.known.changedSince(ctx, c.proposal, commit)
	if err != nil {
		return nil, false, err
	}
	ours := c.migrationPlaces()
	if !slices.ContainsFunc(changed, ours.Holds) {
		return nil, false, nil
	}
	e := &migration.Earlier{Ref: ref, Rev: commit[:12], Changed: among(changed)}
	if e.Tree, err = c.known.tree(ctx, c.proposal, commit); err != nil {
		return nil, false, err
	}
	if e.History, err = c.readWhole(found, e); err != nil {
		// The release is compared with all the same, and a branch that is broken must not keep its repair from being checked.
		c.say("warning: the migrations at %s cannot be read, and so are not compared with: %v", ref, err)
		return nil, false, nil
	}
	return e, true, nil
}

// migrationPlaces are where the service's migrations stand, the released and the proposed ones.
func (c *run) migrationPlaces() (p migration.Places) {
	p.Add(c.proposed)
	p.Add(c.released)
	return p
}

// readWhole reads an earlier history, one that the tool would refuse as well.
func (c *run) readWhole(found candidate, e *migration.Earlier) (*migration.History, error) {
	earlier, err := c.readAt(e.Tree, e.Ref, found)
	if refused := (*migration.RefusedError)(nil); errors.As(err, &refused) {
		return refused.History, nil
	}
	if err == nil && earlier.format.Name() != found.format.Name() {
		return nil, fmt.Errorf("they are %s, not %s", earlier.format.Name(), found.format.Name())
	}
	return earlier.history, err
}

// now is the time, which a new version may be named after.
func (p Process) now() time.Time {
	if p.Now == nil {
		return time.Now()
	}
	return p.Now()
}
