package gate

import (
	"cmp"
	"maps"
	"slices"
)

// Combine puts the results of several services together. It fails where one of them does, or could not be checked.
func Combine(services []Result) *Result {
	all := &Result{
		Version: 1, Verdict: "pass", Services: services, Pending: []Pending{}, Findings: []Finding{}, Cells: []Cell{},
		Coverage: Coverage{Unchecked: []Unchecked{}}, Timings: map[string]int64{},
	}
	for i := range services {
		s := &services[i]
		if s.Verdict != "pass" {
			all.Verdict = "fail"
		}
		all.Postgres = cmp.Or(all.Postgres, s.Postgres)
		if i == 0 {
			all.Order, all.Base, all.Head = s.Order, s.Base, s.Head
			all.Base.Heads, all.Head.Heads = nil, nil
		}
		if s.Order != all.Order {
			all.Order = ""
		}
		if s.Base.Ref != all.Base.Ref || s.Base.Commit != all.Base.Commit {
			all.Base = Point{}
		}
		all.take(s)
	}
	return all
}

// take adds what a service has to the lists of all.
func (r *Result) take(s *Result) {
	for _, c := range s.Causes {
		c.Findings = slices.Clone(c.Findings)
		for i := range c.Findings {
			c.Findings[i] += len(r.Findings)
		}
		r.Causes = append(r.Causes, c)
	}
	for _, f := range s.Findings {
		f.Service = s.Service
		r.Findings = append(r.Findings, f)
	}
	for _, p := range s.Pending {
		p.Service = s.Service
		r.Pending = append(r.Pending, p)
	}
	for _, i := range s.Ignored {
		i.Finding.Service = s.Service
		r.Ignored = append(r.Ignored, i)
	}
	r.IgnoreNotices = append(r.IgnoreNotices, s.IgnoreNotices...)
	r.Coverage.Files += s.Coverage.Files
	r.Coverage.References += s.Coverage.References
	for _, n := range s.Coverage.Elsewhere {
		r.Coverage.References -= n // which the other one counts
	}
	r.Coverage.Checked += s.Coverage.Checked
	r.Coverage.Released += s.Coverage.Released
	for _, u := range s.Coverage.Unchecked {
		u.Service = s.Service
		r.Coverage.Unchecked = append(r.Coverage.Unchecked, u)
	}
	for _, u := range s.Coverage.Skipped {
		u.Service = s.Service
		r.Coverage.Skipped = append(r.Coverage.Skipped, u)
	}
	for stage, ms := range s.Timings {
		if stage != "total_ms" {
			r.Timings[stage] += ms
		}
	}
}

// ForgiveComments takes out the notices on comments that more than one service has: each sees the comments in all files, and one
// that ignores nothing of a service may well ignore a finding of another. That it ignores nothing at all is only known where
// every service that could have one was judged.
func ForgiveComments(services []Result, everyone bool) {
	seen := map[IgnoreNotice]int{}
	for i := range services {
		for _, n := range services[i].IgnoreNotices {
			seen[n]++
		}
	}
	said := map[IgnoreNotice]bool{}
	for i := range services {
		services[i].IgnoreNotices = slices.DeleteFunc(services[i].IgnoreNotices, func(n IgnoreNotice) bool {
			if n.By != "comment" {
				return false
			}
			again := said[n]
			said[n] = true
			return again || n.Kind == "unused" && (!everyone || seen[n] < len(services))
		})
	}
}

// Owners are the services whose references the coverage leaves to them, sorted.
func (c *Coverage) Owners() []string { return slices.Sorted(maps.Keys(c.Elsewhere)) }
