package schema

import (
	"cmp"
	"slices"
)

// Compare lists what differs between two databases that need not have anything to do with each other, sorted by object:
// it goes by names and definitions, so a rename is one object that goes and one that comes.
func Compare(a, b Snapshot) []Change {
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
	slices.SortFunc(changes, func(a, b Change) int {
		return cmp.Or(cmp.Compare(a.Object.Schema, b.Object.Schema), cmp.Compare(a.Object.Table, b.Object.Table),
			cmp.Compare(a.Object.Kind, b.Object.Kind), cmp.Compare(a.Object.Name, b.Object.Name))
	})
	return changes
}
