package schema

import (
	"cmp"
	"slices"
)

// Action is what became of an object.
type Action string

// The actions.
const (
	Added   Action = "added"
	Removed Action = "removed"
	Changed Action = "changed"
)

// Change is one difference between two snapshots.
type Change struct {
	Object Object
	Action Action
	// Renamed is the other name of an object that lives on: what an added one was called before,
	// or what a removed one is called now. It is nil where nothing was renamed.
	Renamed *Object
	// Before and After are the definitions; empty where the object is absent.
	Before, After string
}

// identity is what stays the same when a table or column is renamed.
type identity struct {
	kind   Kind
	oid    uint32
	number int16
}

// Diff lists what differs, sorted by object. Both snapshots must be of one database or of a database
// and its clone, or else identities mean nothing and every rename looks like two changes.
func Diff(before, after Snapshot) []Change {
	gone, come := map[identity]Object{}, map[identity]Object{}
	for o, e := range before {
		if _, stays := after[o]; !stays {
			gone[identity{o.Kind, e.OID, e.Number}] = o
		}
	}
	var changes []Change
	for o, e := range after {
		old, stood := before[o]
		switch {
		case !stood:
			id := identity{o.Kind, e.OID, e.Number}
			come[id] = o
			changes = append(changes, Change{Object: o, Action: Added, Renamed: other(gone, id), After: e.Definition})
		case old.Definition != e.Definition:
			changes = append(changes, Change{Object: o, Action: Changed, Before: old.Definition, After: e.Definition})
		}
	}
	for id, o := range gone {
		changes = append(changes, Change{Object: o, Action: Removed, Renamed: other(come, id), Before: before[o].Definition})
	}
	slices.SortFunc(changes, func(a, b Change) int {
		return cmp.Or(cmp.Compare(a.Object.Schema, b.Object.Schema), cmp.Compare(a.Object.Table, b.Object.Table),
			cmp.Compare(a.Object.Kind, b.Object.Kind), cmp.Compare(a.Object.Name, b.Object.Name))
	})
	return changes
}

func other(objects map[identity]Object, id identity) *Object {
	if o, ok := objects[id]; ok {
		return &o
	}
	return nil
}
