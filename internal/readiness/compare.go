package readiness

import (
	"cmp"
	"slices"
	"strings"

	"github.com/headgate/headgate/internal/migration"
)

// Stamp is what a database says of itself.
type Stamp struct {
	// Managed is false where the database has no version table.
	Managed bool
	// Versions are the rows of the version table, and Dirty those of them whose migration broke off.
	Versions, Dirty []string
	// Sums are the checksums with which what the tool runs again after each change ran, by its version, the latest first.
	Sums map[string][]string
	// Baseline is a version that stands for all up to it; empty where there is none.
	Baseline string
}

// comparison is how a stamp stands to what was expected.
type comparison struct {
	state                   State
	heads                   []string // of the database
	missing, unknown, dirty []string
	changed                 []string // of which an earlier text ran
}

func (e *Expected) compare(s Stamp) comparison {
	var c comparison
	s = e.withImplied(s.Recognised(e.stamps, e.known()))
	switch {
	case !s.Managed:
		c.state = Unmanaged
		return c
	case e.stamps.HeadsOnly && len(e.order) > 0:
		c = e.compareGraph(s.Versions)
	case e.stamps.HeadsOnly:
		c = e.compareHeads(s.Versions)
	default:
		c = e.compareApplied(s.Versions)
	}
	c = e.withSums(c, s)
	if len(s.Dirty) > 0 {
		c.state, c.dirty = Dirty, s.Dirty
	}
	return c
}

// compareApplied is for version tables with a row for each revision.
func (e *Expected) compareApplied(applied []string) (c comparison) {
	done := setOf(applied)
	if e.stamps.InOrder {
		return e.compareInOrder(applied, done)
	}
	if once := slices.DeleteFunc(slices.Clone(applied), func(v string) bool { return e.again[v] }); len(once) > 0 {
		c.heads = []string{slices.MaxFunc(once, compareVersions)}
	}
	if len(e.order) == 0 && e.baseline == "" {
		newest := slices.MaxFunc(e.Heads, compareVersions)
		for _, head := range e.Heads {
			if !done[head] {
				c.missing = append(c.missing, head)
			}
		}
		for _, v := range c.heads {
			if compareVersions(v, newest) > 0 {
				c.unknown = append(c.unknown, v)
			}
		}
		return c.judged()
	}
	for _, v := range e.wanted(applied, done) {
		if !done[v] {
			c.missing = append(c.missing, v)
		}
	}
	for _, v := range applied {
		// Migrations that the team has squashed away are still in the table of a database that lived through them.
		if _, known := e.before[v]; !known && compareVersions(v, e.oldest) > 0 {
			c.unknown = append(c.unknown, v)
		}
	}
	return c.judged()
}

// compareInOrder is for version tables with a row for each revision, whose rows alone tell what came last. What was applied
// before a revision of the build may be long gone, or another service's; what came after all of them is what the build does not
// know.
func (e *Expected) compareInOrder(applied []string, done map[string]bool) (c comparison) {
	expected := e.known()
	for _, v := range expected {
		if !done[v] {
			c.missing = append(c.missing, v)
		}
	}
	wanted := setOf(expected)
	last := 0
	for i, v := range applied {
		if wanted[v] {
			last = i + 1
		}
	}
	c.unknown = slices.Clone(applied[last:])
	switch {
	case len(c.unknown) > 0:
		c.heads = applied[len(applied)-1:]
	default:
		again := len(e.Heads) > 0 && e.again[e.Heads[0]] // there is nothing else
		for _, v := range expected {
			if done[v] && e.again[v] == again {
				c.heads = []string{v}
			}
		}
	}
	return c.judged()
}

// known are the versions that the build says it has: all, or the heads alone.
func (e *Expected) known() []string {
	if len(e.order) == 0 {
		return e.Heads
	}
	return e.order
}

// wanted are the versions that a database is to have a row of. One that has run the first of those that a baseline supersedes has
// lived through them, and is to have them all.
func (e *Expected) wanted(applied []string, done map[string]bool) []string {
	switch {
	case e.baseline != "" && len(applied) == 0:
		return slices.Concat([]string{e.baseline}, e.order)
	case len(e.superseded) > 0 && done[e.superseded[0]]:
		return slices.Concat(e.superseded, e.order)
	}
	return e.order
}

// Recognised gives the rows the names that the history has for them.
func (s Stamp) Recognised(stamps migration.Stamps, versions []string) Stamp {
	if stamps.Recognise != nil {
		s.Versions, s.Dirty = stamps.Recognise(s.Versions, versions), stamps.Recognise(s.Dirty, versions)
	}
	return s
}

// compareGraph is for version tables that hold heads, each of which implies its ancestors.
func (e *Expected) compareGraph(heads []string) (c comparison) {
	c.heads = heads
	var known []string
	for _, v := range heads {
		if _, ok := e.before[v]; ok {
			known = append(known, v)
		} else {
			c.unknown = append(c.unknown, v)
		}
	}
	done := e.withAncestors(known)
	for _, v := range e.order {
		if !done[v] {
			c.missing = append(c.missing, v)
		}
	}
	if len(c.unknown) > 0 && !e.surelyMissing(setOf(known), done) {
		// The unknown revision may follow all that looks missing: the table names no ancestors.
		c.missing = nil
	}
	return c.judged()
}

// surelyMissing tells whether a head of the build is not applied, whatever the unknown rows stand for: the tool keeps no
// row for an ancestor of another row, so what follows a row that is there is implied by none.
func (e *Expected) surelyMissing(rows, done map[string]bool) bool {
	for _, head := range e.Heads {
		if done[head] {
			continue
		}
		for v := range e.withAncestors([]string{head}) {
			if rows[v] {
				return true
			}
		}
	}
	return false
}

// compareHeads is the same without the build's history.
func (e *Expected) compareHeads(heads []string) (c comparison) {
	c.heads = heads
	there, wanted := setOf(heads), setOf(e.Heads)
	for _, v := range e.Heads {
		if !there[v] {
			c.missing = append(c.missing, v)
		}
	}
	for _, v := range heads {
		if !wanted[v] {
			c.unknown = append(c.unknown, v)
		}
	}
	return c.judged()
}

func (c comparison) judged() comparison {
	switch {
	case len(c.missing) > 0 && len(c.unknown) > 0:
		c.state = Diverged
	case len(c.missing) > 0:
		c.state = Behind
	case len(c.unknown) > 0:
		c.state = Ahead
	default:
		c.state = Current
	}
	return c
}

func setOf(list []string) map[string]bool {
	set := make(map[string]bool, len(list))
	for _, v := range list {
		set[v] = true
	}
	return set
}

// compareVersions orders numbers by their value, whatever their length, part by part where they have dots, and all else as text.
func compareVersions(a, b string) int {
	for strings.Contains(a, ".") || strings.Contains(b, ".") {
		first, restA, _ := strings.Cut(a, ".")
		second, restB, _ := strings.Cut(b, ".")
		if !isNumber(first) || !isNumber(second) {
			break
		}
		if order := compareVersions(first, second); order != 0 {
			return order
		}
		a, b = cmp.Or(restA, "0"), cmp.Or(restB, "0")
	}
	if !isNumber(a) || !isNumber(b) {
		return strings.Compare(a, b)
	}
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
}

func isNumber(s string) bool {
	return s != "" && strings.TrimLeft(s, "0123456789") == ""
}
