package schema

import (
	"regexp"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// readColumns needs what readConstraints, readTriggers and readRelations found.
func (t *taker) readColumns(rows pgx.Rows) error {
	o := Object{Kind: Column}
	var e Entry
	var f ColumnFacts
	var collation string
	var domainNotNull, domainDefault bool
	scan := []any{
		&o.Schema, &o.Table, &o.Name, &e.OID, &e.Number, &f.RelKind, &f.Type, &f.Modifier, &f.TypeName, &collation,
		&f.NotNull, &domainNotNull, &domainDefault, &f.Inherited, &f.Identity, &f.Generated, &f.Default,
	}
	_, err := pgx.ForEachRow(rows, scan, func() error {
		facts := f
		if f.RelKind == "r" || f.RelKind == "p" || f.RelKind == "f" {
			refusesNull := f.NotNull || domainNotNull || t.checked[o]
			facts.Required = refusesNull && !facts.supplied(domainDefault)
			facts.MayBeFilled = t.mayBeFilled(o, e.OID)
		}
		e.Column, e.Definition = &facts, facts.definition(collation)
		t.put(o, e)
		return nil
	})
	return err
}

// supplied tells whether PostgreSQL gives the column a value where an INSERT gives none. DEFAULT NULL is kept for a
// column of a domain, where it takes the place of the domain's own default.
func (f *ColumnFacts) supplied(domainDefault bool) bool {
	if f.Identity != "" || f.Generated != "" {
		return true
	}
	if f.Default != "" {
		return f.Default != "NULL" && !strings.HasPrefix(f.Default, "NULL::")
	}
	return domainDefault
}

func (f *ColumnFacts) definition(collation string) string {
	d := f.TypeName
	if collation != "" {
		d += " collate " + collation
	}
	if f.NotNull {
		d += " not null"
	}
	if f.Identity != "" {
		d += " identity " + f.Identity
	}
	if f.Generated != "" {
		d += " generated " + f.Generated
	}
	if f.Default != "" {
		d += " default " + f.Default
	}
	return d
}

// filler is what the source of a trigger's function says of the columns that it may fill.
type filler struct {
	// all is set where the source cannot be read, or gives the whole row.
	all    bool
	source string
	words  map[string]bool
}

// The languages whose functions are read; of the others, the source is a symbol or may build names.
var readable = map[string]bool{"plpgsql": true}

// wholeRow is a PL/pgSQL function that gives NEW as a whole, in which no column need be named: NEW := f(NEW), SELECT … INTO NEW,
// RETURN f(NEW).
var wholeRow = regexp.MustCompile(`(?i)\bnew\s*:=|(?:;|\bbegin|\bthen|\belse|\bloop)\s+new\s*=|\b(?:into|into\s+strict)\s+new\b\s*(?:[^.\s]|$)` +
	`|\breturn\s+[^;]*\([^;]*\bnew\b\s*(?:[^.\s]|$)`)

func newFiller(language, source string) filler {
	if !readable[language] || wholeRow.MatchString(source) {
		return filler{all: true}
	}
	f := filler{source: strings.ToLower(source), words: map[string]bool{}}
	for word := range strings.FieldsFuncSeq(f.source, func(r rune) bool { return !isWord(r) }) {
		f.words[word] = true
	}
	return f
}

func isWord(r rune) bool {
	return r == '_' || r == '$' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || r >= 0x80
}

// mentions tells whether the source has a column's name in it, as a word where it is one.
func (f filler) mentions(column string) bool {
	name := strings.ToLower(column)
	if strings.ContainsFunc(name, func(r rune) bool { return !isWord(r) }) {
		return f.all || strings.Contains(f.source, name)
	}
	return f.all || f.words[name]
}

func (t *taker) mayBeFilled(o Object, table uint32) bool {
	if r := t.snapshot[Object{Kind: Table, Schema: o.Schema, Name: o.Table}].Relation; r != nil && r.InsertRule {
		return true
	}
	return slices.ContainsFunc(t.fillers[table], func(f filler) bool { return f.mentions(o.Name) })
}
