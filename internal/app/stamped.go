package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/headgate/headgate/internal/migration"
	"github.com/headgate/headgate/internal/readiness"
)

// baseDatabase is the base that stands for what a live database has.
const baseDatabase = "database"

// askTimeout is how long a live database may take to say what it is stamped with.
const askTimeout = 30 * time.Second

// readStamped takes as released those of the proposed migrations that the live database is stamped with. A stamp that the
// proposal does not have, or one in the middle of a migration, is no point to start from.
func (c *run) readStamped(ctx context.Context) (*migration.History, error) {
	if c.config.Database == "" {
		return nil, usageError{errors.New("base: database needs the URL of the database; set it with `database`")}
	}
	stamp, err := c.askDatabase(ctx)
	if err != nil {
		return nil, err
	}
	stamps, _ := c.format.Stamps()
	versions := make([]string, len(c.proposed.Revisions))
	for i, r := range c.proposed.Revisions {
		versions[i] = r.Version
	}
	stamp = stamp.Recognised(stamps, versions)
	applied := map[string]bool{}
	for _, version := range stamp.Versions {
		applied[version] = true
	}
	for _, r := range c.proposed.Revisions {
		if r.Checksum == "" && stamp.Implies(r.Version) {
			applied[r.Version] = true
		}
	}
	if stamps.HeadsOnly {
		for _, version := range stamp.Versions {
			for ancestor := range c.proposed.Ancestors(version) {
				applied[ancestor] = true
			}
		}
	}
	released := &migration.History{Format: c.proposed.Format, Dir: c.proposed.Dir, Graph: c.proposed.Graph}
	superseded := markSuperseded(c.proposed, applied)
	for _, r := range c.proposed.Revisions {
		if applied[r.Version] {
			r.Superseded = r.Superseded && superseded
			released.Revisions = append(released.Revisions, r)
			delete(applied, r.Version)
		}
	}
	var unknown []string
	for _, version := range stamp.Versions {
		if applied[version] && version != stamp.Baseline { // which need not be one of a migration
			unknown = append(unknown, version)
		}
	}
	if len(unknown) > 0 {
		return nil, fmt.Errorf("the database is stamped with %s, which the proposed migrations do not have; "+
			"check that `database` is this service's, and that the proposal is up to date with what was deployed", strings.Join(unknown, ", "))
	}
	if !released.Graph {
		migration.Linear(released.Revisions)
	}
	c.say("the database is at %s: %d of %d migrations are released", strings.Join(released.Heads(), ", "), len(released.Revisions), len(c.proposed.Revisions))
	return released, nil
}

// markSuperseded takes as applied what a database has passed over for a baseline: what comes before a migration that it has
// run. It tells whether the baseline stands for it, or what it supersedes has run itself.
func markSuperseded(h *migration.History, applied map[string]bool) (stands bool) {
	later := false
	for _, r := range slices.Backward(h.Revisions) {
		if later && r.Superseded != r.Baseline {
			applied[r.Version] = true
		}
		later = later || applied[r.Version]
		stands = stands || r.Baseline && !r.Superseded && applied[r.Version]
	}
	return stands
}

// askDatabase reads the version table.
func (c *run) askDatabase(ctx context.Context) (readiness.Stamp, error) {
	expected, err := readiness.Of(c.proposed, migration.VersionTablesOf(c.registry.formats))
	if err != nil {
		return readiness.Stamp{}, usageError{err}
	}
	config, err := readiness.ParseDatabase(c.config.Database)
	if err != nil {
		return readiness.Stamp{}, usageError{err}
	}
	ctx, stop := context.WithTimeout(ctx, askTimeout)
	defer stop()
	database := readiness.NewDatabase(config, expected, nil)
	defer database.Close(context.WithoutCancel(ctx))
	stamp, err := database.Look(ctx)
	switch {
	case err != nil:
		return stamp, fmt.Errorf("the database cannot be asked which migrations it has: %w", err)
	case !stamp.Managed:
		return stamp, errors.New("the database has no version table, so it does not say which migrations it has; check that `database` is this service's")
	case len(stamp.Dirty) > 0:
		return stamp, fmt.Errorf("migration %s broke off in the middle on the database; mend that first", strings.Join(stamp.Dirty, ", "))
	}
	return stamp, nil
}
