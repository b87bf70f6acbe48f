package migration

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Tool says what the tool behind a format does with a history, as far as the history rules have to know.
type Tool struct {
	// Name is the tool's, as a sentence says it.
	Name string
	// Order compares two revisions by the order in which the tool runs them. It is nil where revisions name their parents
	// themselves.
	Order func(a, b Revision) int
	// OutOfOrder is what the tool does with a pending migration that comes before one that the database already has, and
	// Duplicate what it does with two files that claim one version: each a clause that can follow "and".
	OutOfOrder, Duplicate string
	// Late says that the tool runs such a pending migration late and without complaint, so that only the order differs.
	Late bool
	// Edited and Deleted are what the tool does on a database that has run a migration whose file was edited, or is gone: each
	// a clause that can follow "and", empty where it does not notice.
	Edited, Deleted string
}

// ByNumber is the order of versions that are whole numbers of 64 bits, and of their files where two are equal.
func ByNumber(a, b Revision) int {
	first, _ := strconv.ParseInt(a.Version, 10, 64)
	second, _ := strconv.ParseInt(b.Version, 10, 64)
	return cmp.Or(cmp.Compare(first, second), strings.Compare(a.File, b.File))
}

// ByName is the order of the files' names, and of their folders where two are equal.
func ByName(a, b Revision) int {
	return cmp.Or(strings.Compare(path.Base(a.File), path.Base(b.File)), strings.Compare(a.File, b.File))
}

// ByPosition is the order of one history that is in neither versions nor names.
func ByPosition(a, b Revision) int { return cmp.Compare(a.Position, b.Position) }

// Sort puts a history into the tool's order and links each revision to the one before it. The error is a *RefusedError
// where there are faults: those that reading the files found, and those of files that claim one version.
func (t Tool) Sort(h *History, faults ...Fault) (*History, error) {
	slices.SortStableFunc(h.Revisions, t.Order)
	Linear(h.Revisions)
	claimed := map[string]Revision{}
	for _, r := range h.Revisions {
		other, twice := claimed[r.Version]
		if !twice {
			claimed[r.Version] = r
			continue
		}
		place := other.File
		if other.Line > 0 {
			place = fmt.Sprintf("%s:%d", place, other.Line)
		}
		faults = append(faults, Fault{Rule: DuplicateVersion, Revision: r, Other: other, OtherLine: max(other.Line, 1), Err: &Error{
			File: r.File, Line: max(r.Line, 1),
			Problem: fmt.Sprintf("version %s is also claimed by %s, and %s", r.Version, place, t.Duplicate),
			Remedy:  "give the migration that is not released yet a version of its own",
		}})
	}
	if len(faults) > 0 {
		return nil, &RefusedError{History: h, Faults: faults}
	}
	return h, nil
}

// Fault is why a tool would not run a history.
type Fault struct {
	// Rule is DuplicateVersion or BrokenHistory.
	Rule Rule
	// Revision is what the fault is at; of a file that says no revision, only File is set.
	Revision Revision
	// Other is the other file of a version that two claim, and OtherLine the line in it.
	Other     Revision
	OtherLine int
	// Missing is the version that Revision follows and that no file has.
	Missing string
	Err     *Error
}

// Broken is the fault of a file that its tool does not take, at a line from 1.
func Broken(file string, line int, problem, remedy string) Fault {
	return Fault{Rule: BrokenHistory, Revision: Revision{File: file}, Err: &Error{File: file, Line: line, Problem: problem, Remedy: remedy}}
}

// Programs is the error of migrations in a folder that are programs, at the first of their files, at least one. Problem is what is
// wrong with them, a clause that their names follow.
func Programs(dir string, files []string, problem, remedy string) *Error {
	const shown = 5
	names := strings.Join(files[:min(shown, len(files))], ", ")
	if more := len(files) - shown; more > 0 {
		names += fmt.Sprintf(" and %d more", more)
	}
	return &Error{File: path.Join(dir, files[0]), Line: 1, Problem: problem + ": " + names, Remedy: remedy}
}

// RefusedError is a history that its tool would refuse as it stands.
type RefusedError struct {
	// History is what could be read: every revision, in no order that holds, those that claim one version included.
	History *History
	// Faults are all there are, at least one.
	Faults []Fault
}

func (e *RefusedError) Error() string {
	text := e.Faults[0].Err.Error()
	if more := len(e.Faults) - 1; more > 0 {
		text += fmt.Sprintf(" (and %d more faults of this history)", more)
	}
	return text
}

func (e *RefusedError) Unwrap() error { return e.Faults[0].Err }
