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
	// Before and After are what the two snapshots say of it: Before is nil for what was added, After for what was removed.
	// Of an object that was renamed both are there, the other one under its other name.
	Before, After *Entry
}

// identity is what stays the same when an object is renamed.
type identity struct {
	kind   Kind
	oid    uint32
	number int16
	// name tells the privileges on one object apart.
	name string
}

func identify(o Object, e Entry) identity {
	id := identity{kind: o.Kind, oid: e.OID, number: e.Number}
	if p := e.Privilege; p != nil {
		id.name = string(p.On) + " " + p.Type + " " + p.Grantee
	}
	return id
}

// Diff lists what differs, sorted by object. Both snapshots must be of one database or of a database
// and its clone, or else identities mean nothing and every rename looks like two changes. The privileges on an object
// that came or went are no changes of their own.
func Diff(before, after Snapshot) []Change {
	gone, come := map[identity]Object{}, map[identity]Object{}
	for o, e := range before {
		if _, stays := after[o]; !stays {
			gone[identify(o, e)] = o
		}
	}
	var changes []Change
	for o, e := range after {
		old, stood := before[o]
		switch {
		case !stood:
			id := identify(o, e)
			come[id] = o
			changes = append(changes, Change{Object: o, Action: Added, Renamed: other(gone, id), After: &e})
		case old.Definition != e.Definition:
			changes = append(changes, Change{Object: o, Action: Changed, Before: &old, After: &e})
		}
	}
	for id, o := range gone {
		e := before[o]
		changes = append(changes, Change{Object: o, Action: Removed, Renamed: other(come, id), Before: &e})
	}
	for i, c := range changes {
		switch {
		case c.Renamed != nil && c.Action == Added:
			e := before[*c.Renamed]
			changes[i].Before = &e
		case c.Renamed != nil:
			e := after[*c.Renamed]
			changes[i].After = &e
		}
	}
	changes = withoutImplied(changes)
	sortChanges(changes)
	return changes
}

// withoutImplied leaves out the privileges on what came or went.
func withoutImplied(changes []Change) []Change {
	implied := map[identity]bool{}
	for _, c := range changes {
		if c.Before == nil || c.After == nil {
			implied[identify(c.Object, *cmp.Or(c.After, c.Before))] = true
		}
	}
	return slices.DeleteFunc(changes, func(c Change) bool {
		e := cmp.Or(c.After, c.Before)
		return e.Privilege != nil && implied[identity{kind: e.Privilege.On, oid: e.OID, number: e.Number}]
	})
}

// Compare lists what differs between two databases that have nothing in common but what they should be: by name and
// definition, and the order of an enum's values. The order of a table's columns is no difference, nor what stands in the
// relations that are left out, each "name" or "schema.name", such as a tool's own version table.
func Compare(a, b Snapshot, leaveOut []string) []Change {
	var changes []Change
	for o, e := range b {
		old, stood := a[o]
		switch {
		case !stood:
			changes = append(changes, Change{Object: o, Action: Added, After: &e})
		case old.Definition != e.Definition || !slices.Equal(old.labels(), e.labels()):
			changes = append(changes, Change{Object: o, Action: Changed, Before: &old, After: &e})
		}
	}
	for o, e := range a {
		if _, stays := b[o]; !stays {
			changes = append(changes, Change{Object: o, Action: Removed, Before: &e})
		}
	}
	changes = slices.DeleteFunc(changes, func(c Change) bool { return leftOut(c, leaveOut) })
	sortChanges(changes)
	return changes
}

func (e Entry) labels() []string {
	if e.Type == nil {
		return nil
	}
	return e.Type.Labels
}

func other(objects map[identity]Object, id identity) *Object {
	if o, ok := objects[id]; ok {
		return &o
	}
	return nil
}

func sortChanges(changes []Change) {
	slices.SortFunc(changes, func(a, b Change) int {
		return cmp.Or(cmp.Compare(a.Object.Schema, b.Object.Schema), cmp.Compare(a.Object.Table, b.Object.Table),
			cmp.Compare(a.Object.Kind, b.Object.Kind), cmp.Compare(a.Object.Name, b.Object.Name))
	})
}

// leftOut tells whether a change is to a relation that does not count, or to what belongs to it.
func leftOut(c Change, relations []string) bool {
	is := func(schema, name string) bool {
		return slices.ContainsFunc(relations, func(r string) bool { return r == name || r == schema+"."+name })
	}
	o := c.Object
	switch o.Kind {
	case Table, View, Sequence:
		if is(o.Schema, o.Name) {
			return true
		}
	default:
		if o.Table != "" && is(o.Schema, o.Table) {
			return true
		}
	}
	e := cmp.Or(c.After, c.Before)
	return e.Relation != nil && e.Relation.OwnedBy.Table != "" && is(e.Relation.OwnedBy.Schema, e.Relation.OwnedBy.Table)
}
