package gate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// IgnoreByComment moves the findings that a comment asks to be ignored from r.Findings to r.Ignored, and adds a notice
// for each comment that is malformed or expired, or that asks for what was not found. Today decides what has expired.
func IgnoreByComment(r *Result, comments []IgnoreComment, today time.Time) {
	used := make([]commentUse, len(comments))
	r.ignore(func(f *Finding) (by Ignored, ok bool) {
		for i := range comments {
			c := &comments[i]
			if c.Malformed != "" || !slices.Contains(c.Rules, f.Rule) || !c.speaksOf(f) {
				continue
			}
			used[i].rules = append(used[i].rules, f.Rule)
			used[i].refused = used[i].refused || !ignorable(f)
			if !ok && !c.expired(today) && ignorable(f) {
				by, ok = Ignored{By: "comment", File: c.File, Line: c.Line, Reason: c.Reason}, true
			}
		}
		return by, ok
	})
	for i := range comments {
		if kind, message := comments[i].notice(used[i], today); kind != "" {
			r.IgnoreNotices = append(r.IgnoreNotices, IgnoreNotice{Kind: kind, By: "comment", File: comments[i].File, Line: comments[i].Line, Message: message})
		}
	}
	slices.SortStableFunc(r.IgnoreNotices, func(a, b IgnoreNotice) int {
		return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
}

// commentUse is what a comment was good for: the rules of the findings that it speaks of. It is refused where one of them
// cannot be ignored.
type commentUse struct {
	rules   []string
	refused bool
}

// IgnoreByBaseline moves the findings that the baseline has from r.Findings to r.Ignored, and adds a notice where it
// has more than was found.
func IgnoreByBaseline(r *Result, b *Baseline) {
	present := map[string]bool{}
	for i := range r.Ignored {
		present[r.Ignored[i].Finding.Fingerprint] = true
	}
	entries := make(map[string]int, len(b.Entries)) // the entry's line by its fingerprint
	for _, e := range b.Entries {
		entries[e.Fingerprint] = e.Line
	}
	r.ignore(func(f *Finding) (Ignored, bool) {
		present[f.Fingerprint] = true
		line, has := entries[f.Fingerprint]
		return Ignored{By: "baseline", File: b.File, Line: line}, has && ignorable(f)
	})
	var stale []BaselineEntry
	for _, e := range b.Entries {
		if !present[e.Fingerprint] {
			stale = append(stale, e)
		}
	}
	if len(stale) == 0 {
		return
	}
	findings := "1 finding that is"
	if n := len(stale); n > 1 {
		findings = fmt.Sprintf("%d findings that are", n)
	}
	r.IgnoreNotices = append(r.IgnoreNotices, IgnoreNotice{Kind: "stale", By: "baseline", File: b.File, Line: stale[0].Line,
		Message: "it has " + findings + " no longer there; headgate check --write-baseline writes it anew"})
}

// ignorable tells whether it can be left to people to live with a finding. A schema that cannot be built leaves code
// unchecked, and what was not checked never passes.
func ignorable(f *Finding) bool { return f.Rule != "migration-fails" || f.Cell == "" }

// ignore moves the findings for which by says so, and takes them out of the cells' counts.
func (r *Result) ignore(by func(*Finding) (Ignored, bool)) {
	kept := make([]Finding, 0, len(r.Findings))
	for i := range r.Findings {
		f := &r.Findings[i]
		ignored, ok := by(f)
		if !ok {
			kept = append(kept, *f)
			continue
		}
		ignored.Finding = *f
		r.Ignored = append(r.Ignored, ignored)
		for c := range r.Cells {
			if f.in(r.Cells[c].Name) {
				r.Cells[c].Failing--
				r.Cells[c].Ignored++
			}
		}
	}
	r.Findings = kept
	for c := range r.Cells {
		if r.Cells[c].Ignored > 0 {
			r.Cells[c].ease(kept)
		}
	}
}

// in tells whether the finding is one of a cell's.
func (f *Finding) in(cell string) bool { return f.Cell == cell || slices.Contains(f.Cells, cell) }

// ease lets a cell's outcome be no worse than what is left of its findings.
func (c *Cell) ease(findings []Finding) {
	worst := len(weight)
	for i := range findings {
		if findings[i].in(c.Name) {
			worst = min(worst, weight[findings[i].Severity])
		}
	}
	switch {
	case c.Outcome != "fails" && c.Outcome != "warns":
	case worst == len(weight):
		c.Outcome = "holds"
	case worst > weight[Error]:
		c.Outcome = "warns"
	}
}

// speaksOf tells whether the comment stands at one of the finding's ends: at its line, in or above its statement, or at the
// line of the migration. A finding about a migration as a whole can be ignored anywhere in its file. Places in the released
// code are no place for a comment, since the proposal cannot write one there.
func (c *IgnoreComment) speaksOf(f *Finding) bool {
	if m := f.Migration; m != nil && c.File == m.File {
		whole := f.File == m.File && f.Line <= 1
		if whole || c.touches(m.Line, m.Line) {
			return true
		}
	}
	if f.Released || c.File != f.File || f.Line <= 0 {
		return false
	}
	return c.touches(f.Line, max(f.Line, f.EndLine)) || f.FirstLine > 0 && c.touches(f.FirstLine, f.LastLine)
}

func (c *IgnoreComment) touches(first, last int) bool { return c.First <= last && first <= c.Last }

func (c *IgnoreComment) expired(today time.Time) bool {
	return !c.Until.IsZero() && !today.UTC().Before(c.Until)
}

// notice says why a comment ignores less than it asks for; the kind is empty where it does not.
func (c *IgnoreComment) notice(used commentUse, today time.Time) (kind, message string) {
	unused := slices.DeleteFunc(slices.Clone(c.Rules), func(rule string) bool { return slices.Contains(used.rules, rule) })
	switch {
	case c.Malformed != "":
		return "malformed", c.Malformed
	case c.expired(today):
		return "expired", fmt.Sprintf("it ignores nothing since %s; mend what it is about, or give it another date", c.Until.Format(time.DateOnly))
	case len(unused) == len(c.Rules):
		return "unused", "there is nothing here to ignore for " + strings.Join(unused, ", ") + "; delete it"
	case len(unused) > 0:
		return "unused", "there is nothing here to ignore for " + strings.Join(unused, ", ") + "; take that out of it"
	case used.refused:
		return "malformed", "migration-fails cannot be ignored, since code cannot be checked against a schema that cannot be built"
	}
	return "", ""
}
