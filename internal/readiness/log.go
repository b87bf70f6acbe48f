package readiness

import (
	"slices"
	"strings"

	"github.com/headgate/headgate/internal/migration"
)

// add takes in a row of a version table.
func (s *Stamp) add(version string, dirty bool, sums []string, stands bool) {
	s.Versions = append(s.Versions, version)
	if dirty {
		s.Dirty = append(s.Dirty, version)
	}
	if len(sums) > 0 {
		if s.Sums == nil {
			s.Sums = map[string][]string{}
		}
		s.Sums[version] = slices.Clone(sums)
	}
	if stands && (s.Baseline == "" || compareVersions(version, s.Baseline) > 0) {
		s.Baseline = version
	}
}

// Implies tells whether a baseline stands for a version.
func (s Stamp) Implies(version string) bool {
	return s.Baseline != "" && compareVersions(version, s.Baseline) <= 0
}

// withImplied puts the versions of the build in that a baseline stands for. The baseline itself need not be one of them, unless it
// is above all.
func (e *Expected) withImplied(s Stamp) Stamp {
	if s.Baseline == "" || e.stamps.HeadsOnly {
		return s
	}
	there, newest := setOf(s.Versions), ""
	s.Versions = slices.Clone(s.Versions)
	for _, v := range e.known() {
		if e.again[v] {
			continue
		}
		if newest == "" || compareVersions(v, newest) > 0 {
			newest = v
		}
		if !there[v] && s.Implies(v) {
			s.Versions = append(s.Versions, v)
		}
	}
	if _, has := e.before[s.Baseline]; !has && len(e.order) > 0 && compareVersions(s.Baseline, e.oldest) > 0 && newest != "" && compareVersions(s.Baseline, newest) <= 0 {
		s.Versions = slices.DeleteFunc(s.Versions, func(v string) bool { return v == s.Baseline })
	}
	return s
}

// withSums holds the texts of what the tool runs again against those that ran. One that ran before another text did is as an
// image has it that was rolled back: the database is ahead of it. Any other is still to run.
func (e *Expected) withSums(c comparison, s Stamp) comparison {
	var later []string
	for _, v := range e.order {
		want, ran := e.sums[v], s.Sums[v]
		if want == "" || want == migration.Always || strings.HasPrefix(want, migration.OfDeploy) || len(ran) == 0 || ran[0] == want {
			continue
		}
		if slices.Contains(ran, want) {
			later = append(later, v)
		} else {
			c.changed = append(c.changed, v)
		}
	}
	switch {
	case len(c.unknown) > 0:
		c.changed = nil // what the build does not know may have come with another text
	case len(later) > 0:
		c.unknown = append(c.unknown, later...)
		c = c.judged()
	}
	if len(c.changed) > 0 {
		c.state = Behind
		if len(c.unknown) > 0 {
			c.state = Diverged
		}
	}
	return c
}
