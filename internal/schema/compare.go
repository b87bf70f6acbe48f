package schema

import (
	"cmp"
	"slices"
	"strings"
)

// Compare lists what differs between two databases that need not have anything to do with each other, sorted by object:
// it goes by names and definitions, so a rename is one object that goes and one that comes. What stands in the relations of
// leaveOut, such as a tool's own version table, is left out.
func Compare(a, b Snapshot, leaveOut []string) []Change {
	var changes []Change
	for o, e := range b {
		switch old, both := a[o]; {
		case !both:
			changes = append(changes, Change{Object: o, Action: Added, After: e.Definition})
		case old.Definition != e.Definition:
			changes = append(changes, Change{Object: o, Action: Changed, Before: old.Definition, After: e.Definition})
		}
	}
	for o, e := range a {
		if _, both := b[o]; !both {
			changes = append(changes, Change{Object: o, Action: Removed, Before: e.Definition})
		}
	}
	changes = slices.DeleteFunc(changes, func(c Change) bool {
		return slices.ContainsFunc(leaveOut, func(name string) bool {
			o := c.Object
			return o.Table == name || o.Name == name || o.Kind == Sequence && strings.HasPrefix(o.Name, name+"_")
		})
	})
	slices.SortFunc(changes, func(a, b Change) int {
		return cmp.Or(cmp.Compare(a.Object.Schema, b.Object.Schema), cmp.Compare(a.Object.Table, b.Object.Table),
			cmp.Compare(a.Object.Kind, b.Object.Kind), cmp.Compare(a.Object.Name, b.Object.Name))
	})
	return changes
}
