package alembic

import (
	"fmt"
	"slices"
	"strings"

	"github.com/headgate/headgate/internal/migration"
)

// script is one revision file, as far as the graph is concerned.
type script struct {
	version string
	file    string
	// parents are down_revision, dependencies are depends_on, as written and then as versions; labels are branch_labels.
	parents, dependencies, labels []string
	// normalized are the dependencies that no ancestor has already.
	normalized []string
	// versionLine, parentsLine and dependenciesLine are the lines of the assignments, from 1.
	versionLine, parentsLine, dependenciesLine int
}

// all are the versions that a script runs after.
func (s *script) all() []string { return dedupe(s.parents, s.dependencies) }

// immediate are those of them that alembic walks (RevisionMap._normalized_down_revisions).
func (s *script) immediate() []string { return dedupe(s.parents, s.normalized) }

func dedupe(lists ...[]string) []string {
	var result []string
	for _, list := range lists {
		for _, v := range list {
			if !slices.Contains(result, v) {
				result = append(result, v)
			}
		}
	}
	return result
}

// graph is alembic's RevisionMap: the scripts in the order in which they were found, linked.
type graph struct {
	scripts []*script
	index   map[string]int
}

// newGraph links the scripts as alembic does, and finds what alembic refuses: a parent that is not there, a cycle, a
// label that two branches have; and, unlike alembic, which only warns, a revision id that two files claim.
func newGraph(scripts []*script) (*graph, []migration.Fault) {
	g := &graph{scripts: scripts, index: make(map[string]int, len(scripts))}
	var faults []migration.Fault
	for i, s := range scripts {
		other, twice := g.index[s.version]
		if !twice {
			g.index[s.version] = i
			continue
		}
		faults = append(faults, migration.Fault{Rule: migration.DuplicateVersion, Revision: s.revision(), Other: scripts[other].revision(), OtherLine: scripts[other].versionLine,
			Err: &migration.Error{File: s.file, Line: s.versionLine,
				Problem: fmt.Sprintf("revision %s is also claimed by %s, and %s", s.version, scripts[other].file, duplicate),
				Remedy:  "give the migration that is not released yet a revision id of its own"}})
	}
	faults = append(faults, g.resolve()...)
	if len(faults) > 0 {
		return g, faults
	}
	for _, s := range g.scripts {
		g.normalize(s)
	}
	return g, g.checkCycles()
}

// revision is what a history holds of the script.
func (s *script) revision() migration.Revision {
	return migration.Revision{Version: s.version, File: s.file, Parents: s.parents, DependsOn: s.dependencies, Labels: s.labels}
}

// broken is a fault at a line of the script.
func (s *script) broken(line int, problem, remedy string) migration.Fault {
	return migration.Fault{Rule: migration.BrokenHistory, Revision: s.revision(),
		Err: &migration.Error{File: s.file, Line: line, Problem: problem, Remedy: remedy}}
}

// resolve turns the labels and the shortened ids of depends_on into versions, and makes sure that every version is there.
func (g *graph) resolve() (faults []migration.Fault) {
	labels := map[string]string{}
	for _, s := range g.scripts {
		for _, label := range s.labels {
			if other, twice := labels[label]; twice {
				faults = append(faults, s.broken(s.versionLine,
					fmt.Sprintf("branch label %q of revision %s is already used by revision %s", label, s.version, other), "give the branch another label"))
			}
			labels[label] = s.version
		}
	}
	for _, s := range g.scripts {
		for i, d := range s.dependencies {
			if version, ok := labels[d]; ok {
				s.dependencies[i] = version
			}
		}
		faults = append(faults, g.check(s, s.parents, s.parentsLine, "down_revision")...)
		faults = append(faults, g.check(s, s.dependencies, s.dependenciesLine, "depends_on")...)
	}
	return faults
}

func (g *graph) check(s *script, versions []string, line int, name string) (faults []migration.Fault) {
	for _, v := range versions {
		if _, ok := g.index[v]; ok {
			continue
		}
		f := s.broken(line, fmt.Sprintf("revision %s follows %s by its %s, and no file of the history has that revision", s.version, v, name),
			fmt.Sprintf("bring back the file of revision %s; where it lies in another folder, "+
				"name the folder of alembic.ini with `migrations`, so that its version_locations are read", v))
		f.Missing = v
		faults = append(faults, f)
	}
	return faults
}

// normalize leaves out the dependencies that an ancestor has (RevisionMap._normalize_depends_on).
func (g *graph) normalize(s *script) {
	if len(s.dependencies) == 0 {
		return
	}
	s.normalized = slices.Clone(s.dependencies)
	seen := g.reach([]int{g.index[s.version]}, func(s *script) []string { return s.parents })
	for i, reached := range seen {
		if reached && g.scripts[i] != s {
			s.normalized = slices.DeleteFunc(s.normalized, func(d string) bool { return slices.Contains(g.scripts[i].dependencies, d) })
		}
	}
}

// reach marks the scripts that can be reached from some, these included.
func (g *graph) reach(from []int, next func(*script) []string) []bool {
	seen := make([]bool, len(g.scripts))
	todo := slices.Clone(from)
	for len(todo) > 0 {
		i := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if seen[i] {
			continue
		}
		seen[i] = true
		for _, v := range next(g.scripts[i]) {
			if at, ok := g.index[v]; ok && !seen[at] {
				todo = append(todo, at)
			}
		}
	}
	return seen
}

// checkCycles finds a script that follows itself.
func (g *graph) checkCycles() []migration.Fault {
	const (
		untouched = iota
		open
		done
	)
	state := make([]int, len(g.scripts))
	for start := range g.scripts {
		if state[start] != untouched {
			continue
		}
		path := []int{start} // the scripts that are open, each following the one after it
		next := map[int]int{}
		state[start] = open
		for len(path) > 0 {
			at := path[len(path)-1]
			following := g.scripts[at].all()
			if next[at] == len(following) {
				state[at] = done
				path = path[:len(path)-1]
				continue
			}
			to := g.index[following[next[at]]]
			next[at]++
			switch state[to] {
			case open:
				return g.cycleFault(path[slices.Index(path, to):])
			case untouched:
				state[to] = open
				path = append(path, to)
			}
		}
	}
	return nil
}

func (g *graph) cycleFault(cycle []int) []migration.Fault {
	const shown = 10
	var names []string
	for _, i := range cycle[:min(len(cycle), shown)] {
		names = append(names, g.scripts[i].version)
	}
	if len(cycle) > shown {
		names = append(names, "…")
	}
	names = append(names, g.scripts[cycle[0]].version)
	s := g.scripts[cycle[0]]
	return []migration.Fault{s.broken(s.parentsLine, "the revisions follow one another in a circle: "+strings.Join(names, " follows "),
		"let the oldest of those that are not released follow the revision before the circle")}
}

// order sorts the scripts as alembic runs them: the reverse of its _topological_sort from the heads down.
func (g *graph) order() []*script {
	w := &walk{graph: g, todo: make([]bool, len(g.scripts))}
	followed := make([]bool, len(g.scripts))
	for i, s := range g.scripts {
		w.todo[i] = true
		for _, v := range s.all() {
			followed[g.index[v]] = true
		}
	}
	for i := range g.scripts {
		if !followed[i] {
			w.push(i)
		}
	}
	for len(w.heads) > 0 {
		w.step()
	}
	slices.Reverse(w.output)
	return w.output
}

// walk is the state of _topological_sort: one place per line of descent, and what can still be reached from it.
type walk struct {
	*graph
	todo      []bool
	heads     []int
	ancestors [][]bool
	at        int
	output    []*script
	switches  int // since the last place was moved
}

func (w *walk) push(i int) {
	w.heads = append(w.heads, i)
	w.ancestors = append(w.ancestors, w.reach([]int{i}, (*script).immediate))
}

// step emits the candidate and moves its place down, unless another place stands above it; then that one is next.
func (w *walk) step() {
	candidate := w.heads[w.at]
	for i, reached := range w.ancestors {
		if i != w.at && reached[candidate] && w.switches <= len(w.heads) {
			w.at = i
			w.switches++
			return
		}
	}
	w.switches = 0
	s := w.scripts[candidate]
	if w.todo[candidate] {
		w.output = append(w.output, s)
		w.todo[candidate] = false
	}
	var following []int
	for _, v := range s.immediate() {
		if i := w.index[v]; w.todo[i] && !slices.Contains(w.heads, i) {
			following = append(following, i)
		}
	}
	switch {
	case len(following) == 0:
		w.heads = slices.Delete(w.heads, w.at, w.at+1)
		w.ancestors = slices.Delete(w.ancestors, w.at, w.at+1)
		w.at = max(w.at-1, 0)
	case len(s.normalized) == 0 && len(s.parents) == 1:
		w.heads[w.at] = following[0]
		w.ancestors[w.at][candidate] = false
	default:
		w.heads[w.at] = following[0]
		w.ancestors[w.at] = w.reach(following[:1], (*script).immediate)
		for _, i := range following[1:] {
			w.push(i)
		}
	}
}

// history gives the sorted graph as revisions.
func (g *graph) history(dir string) *migration.History {
	h := &migration.History{Format: name, Dir: dir}
	for _, s := range g.order() {
		h.Revisions = append(h.Revisions, s.revision())
	}
	return h
}
