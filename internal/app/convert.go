package app

import (
	"fmt"
	"strings"

	"github.com/headgate/headgate/internal/migration"
)

// convert takes in a released history of another tool than the proposed one's. Where each of its migrations stands on in
// the proposal, under its number or with its content, those are the released ones; else the proposal began anew, and its
// schema is built from nothing.
func (c *run) convert(released sited) error {
	c.converted = &released
	c.released = &migration.History{Format: c.proposed.Format, Dir: c.proposed.Dir, Graph: c.proposed.Graph}
	stands, err := c.standsOn(released)
	if err != nil {
		return err
	}
	if len(stands) < len(released.history.Revisions) {
		c.say("not every migration at %s is there now, so the proposed schema is built from nothing", c.base.Ref)
		return nil
	}
	for _, r := range c.proposed.Revisions {
		if stands[r.Version] {
			c.released.Revisions = append(c.released.Revisions, r)
		}
	}
	if !c.released.Graph {
		migration.Linear(c.released.Revisions)
	}
	return nil
}

// standsOn are the versions of the proposal that are released migrations of another tool.
func (c *run) standsOn(released sited) (map[string]bool, error) {
	byNumber, byContent := map[string]string{}, map[string]string{}
	for _, r := range c.proposed.Revisions {
		byNumber[number(r.Version)] = r.Version
		e, err := c.format.Essence(c.headTree, r)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", r.File, err)
		}
		byContent[content(e)] = r.Version
	}
	stands := map[string]bool{}
	for _, r := range released.history.Revisions {
		e, err := released.format.Essence(c.baseTree, r)
		if err != nil {
			return nil, fmt.Errorf("read %s at %s: %w", r.File, c.base.Ref, err)
		}
		does := content(e)
		if version, same := byContent[does]; same && does != "" {
			stands[version] = true
		} else if version, same := byNumber[number(r.Version)]; same && number(r.Version) != "" {
			stands[version] = true
		}
	}
	return stands, nil
}

// number is a version without its leading zeros and what follows the digits.
func number(version string) string {
	version = strings.TrimLeft(strings.TrimLeft(version, "Vv"), "0")
	if end := strings.IndexFunc(version, func(r rune) bool { return r < '0' || r > '9' }); end >= 0 {
		version = version[:end]
	}
	return version
}

func content(e migration.Essence) string {
	var b strings.Builder
	for _, t := range e {
		b.WriteString(t.Text)
		b.WriteByte(0)
	}
	return b.String()
}

// rebuilds tells whether the proposed schema is built from nothing instead of on the released one: where a file says what
// the schema is, not how it changes, and where the proposal began its migrations anew.
func (c *run) rebuilds() bool {
	return c.proposed.Whole || c.converted != nil && len(c.released.Revisions) == 0 && len(c.converted.history.Revisions) > 0
}
