package schema

import (
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/headgate/headgate/internal/sqltext"
)

// taker gathers a snapshot from the answers to the catalog queries.
type taker struct {
	snapshot Snapshot
	members  map[member]bool
	// checked are the columns that a CHECK keeps from being null.
	checked map[Object]bool
	// fillers are the functions that may fill a table's columns, by the table's oid.
	fillers map[uint32][]filler
}

// member is an object as pg_depend names it: its catalog and its oid.
type member struct {
	catalog string
	oid     uint32
}

// catalogs are where the kinds of object stand that an extension can have as members.
var catalogs = map[Kind]string{
	Namespace: "pg_namespace", Table: "pg_class", View: "pg_class", Sequence: "pg_class", Type: "pg_type", Function: "pg_proc",
	Operator: "pg_operator", Cast: "pg_cast", Collation: "pg_collation",
}

// put keeps an object.
func (t *taker) put(o Object, e Entry) {
	if o.Kind == Extension {
		e.Extension = true
	} else if c, ok := catalogs[o.Kind]; ok {
		e.Extension = t.members[member{c, e.OID}]
	}
	t.snapshot[o] = e
}

// markHeld marks what is in the tables and types of extensions.
func (t *taker) markHeld() {
	held := map[Object]bool{}
	for o, e := range t.snapshot {
		if e.Extension && o.Table == "" {
			held[Object{Schema: o.Schema, Name: o.Name}] = true
		}
	}
	if len(held) == 0 {
		return
	}
	for o, e := range t.snapshot {
		if o.Table != "" && held[Object{Schema: o.Schema, Name: o.Table}] {
			e.Extension = true
			t.snapshot[o] = e
		}
	}
}

func (t *taker) readMembers(rows pgx.Rows) error {
	var m member
	_, err := pgx.ForEachRow(rows, []any{&m.catalog, &m.oid}, func() error {
		t.members[m] = true
		return nil
	})
	return err
}

func (t *taker) readOthers(rows pgx.Rows) error {
	var o Object
	var e Entry
	_, err := pgx.ForEachRow(rows, []any{&o.Kind, &o.Schema, &o.Name, &e.OID, &e.Definition}, func() error {
		t.put(o, e)
		return nil
	})
	return err
}

// relationWords say what a relation is, by pg_class.relkind.
var relationWords = map[string]string{
	"r": "table", "p": "partitioned table", "f": "foreign table", "v": "view", "m": "materialized view", "S": "sequence",
}

func (t *taker) readRelations(rows pgx.Rows) error {
	var o Object
	var e Entry
	var f RelationFacts
	var persistence, view, key, bound, parents, sequence string
	scan := []any{
		&o.Schema, &o.Name, &e.OID, &f.RelKind, &persistence, &f.RowSecurity, &f.Forced, &f.InsertTrigger, &f.InsertRule,
		&view, &key, &bound, &parents, &sequence, &f.OwnedBy.Schema, &f.OwnedBy.Table, &f.OwnedBy.Name,
	}
	_, err := pgx.ForEachRow(rows, scan, func() error {
		facts := f
		if facts.OwnedBy.Table != "" {
			facts.OwnedBy.Kind = Column
		}
		var words []string
		say := func(on bool, word, rest string) {
			if on {
				words = append(words, word+rest)
			}
		}
		say(persistence == "u", "unlogged", "")
		say(true, relationWords[f.RelKind], "")
		say(key != "", "partition by ", key)
		say(parents != "", "child of ", parents)
		say(bound != "", "", bound)
		say(f.RowSecurity, "row security", "")
		say(f.Forced, "forced", "")
		say(sequence != "", "", sequence)
		say(facts.OwnedBy.Table != "", "owned by ", strings.Join([]string{facts.OwnedBy.Schema, facts.OwnedBy.Table, facts.OwnedBy.Name}, "."))
		say(view != "", "", view)
		e.Definition, e.Relation = strings.Join(words, " "), &facts
		switch f.RelKind {
		case "v", "m":
			o.Kind = View
		case "S":
			o.Kind = Sequence
		default:
			o.Kind = Table
		}
		t.put(o, e)
		return nil
	})
	return err
}

func (t *taker) readTypes(rows pgx.Rows) error {
	o := Object{Kind: Type}
	var e Entry
	var f TypeFacts
	var labels []string
	var oids []uint32
	var definition string
	_, err := pgx.ForEachRow(rows, []any{&o.Schema, &o.Name, &e.OID, &f.TypType, &definition, &labels, &oids, &f.NotNull}, func() error {
		facts := f
		facts.Labels = append([]string(nil), labels...)
		e.Type, e.Definition = &facts, strings.TrimSpace(f.TypType+" "+definition)
		t.put(o, e)
		for i, label := range labels {
			t.put(Object{Kind: EnumValue, Schema: o.Schema, Table: o.Name, Name: label}, Entry{OID: oids[i]})
		}
		return nil
	})
	return err
}

func (t *taker) readFunctions(rows pgx.Rows) error {
	o := Object{Kind: Function}
	var e Entry
	var f FunctionFacts
	_, err := pgx.ForEachRow(rows, []any{&o.Schema, &o.Name, &e.OID, &f.Name, &e.Definition, &f.Arguments}, func() error {
		facts := f
		e.Function = &facts
		t.put(o, e)
		return nil
	})
	return err
}

// notNullCheck is a CHECK that does what NOT NULL does. It is how a column of a big table is made NOT NULL without a long lock.
var notNullCheck = regexp.MustCompile(`^CHECK \(\(("(?:[^"]|"")+"|[^" ()]+) IS NOT NULL\)\)(?: NO INHERIT)?(?: NOT VALID)?$`)

func (t *taker) readConstraints(rows pgx.Rows) error {
	o := Object{Kind: Constraint}
	var e Entry
	var f ConstraintFacts
	var columns, referenced []int16
	scan := []any{
		&o.Schema, &o.Table, &o.Name, &e.OID, &e.Definition, &f.ConType, &columns, &f.References, &referenced, &f.Validated, &f.Deferrable, &f.Inherited,
	}
	_, err := pgx.ForEachRow(rows, scan, func() error {
		facts := f
		facts.Columns, facts.ReferencedColumns = append([]int16(nil), columns...), append([]int16(nil), referenced...)
		e.Constraint = &facts
		t.put(o, e)
		if f.ConType == "c" && len(columns) == 1 {
			if m := notNullCheck.FindStringSubmatch(e.Definition); m != nil {
				t.checked[Object{Kind: Column, Schema: o.Schema, Table: o.Table, Name: sqltext.Unquote(m[1])}] = true
			}
		}
		return nil
	})
	return err
}

func (t *taker) readIndexes(rows pgx.Rows) error {
	o := Object{Kind: Index}
	var e Entry
	var f IndexFacts
	var columns []int16
	scan := []any{
		&o.Schema, &o.Table, &o.Name, &e.OID, &e.Definition, &f.Table, &f.Unique, &columns, &f.Predicate, &f.Valid, &f.Constraint,
	}
	_, err := pgx.ForEachRow(rows, scan, func() error {
		facts := f
		facts.Columns = append([]int16(nil), columns...)
		e.Index = &facts
		t.put(o, e)
		return nil
	})
	return err
}

func (t *taker) readRules(rows pgx.Rows) error {
	o := Object{Kind: Rule}
	var e Entry
	var f RuleFacts
	var enabled string
	_, err := pgx.ForEachRow(rows, []any{&o.Schema, &o.Table, &o.Name, &e.OID, &e.Definition, &f.Event, &f.Instead, &enabled}, func() error {
		facts := f
		facts.Enabled = fires(enabled)
		entry := e
		entry.Rule, entry.Definition = &facts, e.Definition+enabledWord(enabled)
		t.put(o, entry)
		return nil
	})
	return err
}

func (t *taker) readPolicies(rows pgx.Rows) error {
	o := Object{Kind: Policy}
	var e Entry
	var f PolicyFacts
	var definition string
	_, err := pgx.ForEachRow(rows, []any{&o.Schema, &o.Table, &o.Name, &e.OID, &definition, &f.Command, &f.Permissive}, func() error {
		facts := f
		as := "permissive"
		if !f.Permissive {
			as = "restrictive"
		}
		e.Policy, e.Definition = &facts, strings.Join([]string{as, "for", f.Command, definition}, " ")
		t.put(o, e)
		return nil
	})
	return err
}

func (t *taker) readPrivileges(rows pgx.Rows) error {
	o := Object{Kind: Privilege}
	var e Entry
	var f PrivilegeFacts
	_, err := pgx.ForEachRow(rows, []any{&f.On, &o.Schema, &o.Table, &f.Column, &e.OID, &e.Number, &f.Grantee, &f.Type, &f.Grantable}, func() error {
		facts := f
		o.Name = f.Type + " for " + f.Grantee
		if f.Column != "" {
			o.Name = f.Type + " (" + f.Column + ") for " + f.Grantee
		}
		e.Privilege, e.Definition = &facts, ""
		if f.Grantable {
			e.Definition = "with grant option"
		}
		t.put(o, e)
		return nil
	})
	return err
}
