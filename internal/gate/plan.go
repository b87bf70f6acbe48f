package gate

import "slices"

// Release is one step of the way out: what to ship together, before the next one.
type Release struct {
	// Files are paths from the repository's top, those that the findings are about first. Of a file that holds migrations of
	// several releases, they are those migrations' versions.
	Files []string `json:"files"`
	// Why is the reason in one clause.
	Why string `json:"why"`
}

// whole is a migration without the line in it.
func whole(version, file string) Migration { return Migration{Version: version, File: file} }

// shipped names the migrations of one release: their files, or they themselves where their file holds some of another release.
func shipped(release []Pending, others ...[]Pending) []string {
	var names []string
	for _, p := range release {
		name := p.File
		if slices.ContainsFunc(others, func(other []Pending) bool { return holds(other, p.File) }) {
			name = p.Version
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// holds tells whether a release has a migration of a file.
func holds(release []Pending, file string) bool {
	return slices.ContainsFunc(release, func(p Pending) bool { return p.File == file })
}

// sides are the migrations that must run before the code, those that must run after it, and the files of code that wait.
func sides(findings []Finding) (first, last map[Migration]bool, waiting []string) {
	first, last = map[Migration]bool{}, map[Migration]bool{}
	for i := range findings {
		f := &findings[i]
		if f.Severity != Error || f.Migration == nil || f.Migration.File == "" {
			continue
		}
		switch f.Rule {
		case "code-ahead":
			first[whole(f.Migration.Version, f.Migration.File)] = true
			waiting = append(waiting, f.File)
		case "breaks-released-code", "unknown-reference", "required-column", "new-restriction":
			last[whole(f.Migration.Version, f.Migration.File)] = true
		}
	}
	return first, last, waiting
}

// Plan splits the changed files into releases that can be shipped one after the other: the migrations that the code needs, then
// the code, then the migrations that take away what the code of before uses. It is nil where no error says that files must be
// apart, and where a migration would have to be in two of them: then its own remedy says how to split it.
func Plan(findings []Finding, pending []Pending, changed []string) []Release {
	first, last, waiting := sides(findings)
	needed := -1
	for i, p := range pending {
		if first[whole(p.Version, p.File)] {
			needed = i
		}
	}
	var beforeCode, withCode, afterCode []Pending
	for i, p := range pending {
		takesAway := last[whole(p.Version, p.File)]
		switch {
		case i <= needed && takesAway:
			return nil
		case i <= needed:
			beforeCode = append(beforeCode, p)
		case takesAway || len(afterCode) > 0: // what comes later in the history cannot run before it
			afterCode = append(afterCode, p)
		default:
			withCode = append(withCode, p)
		}
	}
	before := shipped(beforeCode, withCode, afterCode)
	after := shipped(afterCode, beforeCode, withCode)
	slices.Sort(waiting)
	var rest []string
	for _, file := range slices.Concat(slices.Compact(waiting), changed, shipped(withCode, beforeCode, afterCode)) {
		if !slices.Contains(rest, file) && !holds(beforeCode, file) && !holds(afterCode, file) {
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
