package gate

import "slices"

// Release is one step of the way out: what to ship together, before the next one.
type Release struct {
	// Files are paths from the repository's top, those that the findings are about first.
	Files []string `json:"files"`
	// Why is the reason in one clause.
	Why string `json:"why"`
}

// Plan splits the changed files into releases that can be shipped one after the other: the migrations that the code needs, then
// the code, then the migrations that take away what the code of before uses. It is nil where no error says that files must be
// apart, and where a migration would have to be in two of them: then its own remedy says how to split it.
func Plan(findings []Finding, pending []Pending, changed []string) []Release {
	first, last := map[string]bool{}, map[string]bool{}
	var waiting []string
	for i := range findings {
		f := &findings[i]
		if f.Severity != Error || f.Migration == nil || f.Migration.File == "" {
			continue
		}
		switch f.Rule {
		case "code-ahead":
			first[f.Migration.File] = true
			waiting = append(waiting, f.File)
		case "breaks-released-code", "unknown-reference", "required-column", "new-restriction":
			last[f.Migration.File] = true
		}
	}
	needed := -1
	for i, p := range pending {
		if first[p.File] {
			needed = i
		}
	}
	var before, after, rest []string
	for i, p := range pending {
		switch {
		case i <= needed && last[p.File]:
			return nil
		case i <= needed:
			before = append(before, p.File)
		case last[p.File] || len(after) > 0: // what comes later in the history cannot run before it
			after = append(after, p.File)
		}
	}
	slices.Sort(waiting)
	for _, file := range slices.Concat(slices.Compact(waiting), changed) {
		if !slices.Contains(before, file) && !slices.Contains(after, file) && !slices.Contains(rest, file) {
			rest = append(rest, file)
		}
	}
	var plan []Release
	add := func(files []string, why string) {
		if len(files) > 0 {
			plan = append(plan, Release{files, why})
		}
	}
	add(before, "the migrations that the code needs")
	add(rest, "the code, once they have run")
	if len(before) == 0 && len(plan) > 0 {
		plan[0].Why = "the code that does without what goes"
	}
	add(after, "the migrations that take away what the code of before uses")
	if len(plan) < 2 {
		return nil
	}
	return plan
}
