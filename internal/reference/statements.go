package reference

import (
	"strings"
	"unicode/utf8"

	"github.com/headgate/headgate/internal/sqltext"
)

const uncheckedEncoding = "the text is not valid UTF-8, which the server refuses"

// Statements emits a reference for each statement of t that needs the schema. Each takes over like's Name,
// Model and Certain, and its placeholders are rewritten as Rewrite does. Its Place is where the statement
// begins, or like's Place where that is another file than like's (a text that begins with a constant
// from elsewhere).
//
// A statement that needs no schema (BEGIN, SET) is left out. Schema changes and maintenance are left out where like is not
// Certain: what they look like is prose more often, and a text that is only shown. A statement with a Hole in it is unchecked for
// the hole's reason, and its SQL is what can be said without the hole: a parameter where a value is wanted, nothing where a
// clause may stand, and empty where the hole is part of a name or the text is not UTF-8. What is unchecked for
// another reason has no SQL, except for a schema change: what the code makes itself is in no migration.
func (t Text) Statements(like Reference, styles Placeholders, emit func(Reference)) {
	c := cursor{text: &t}
	holes := t.Holes
	holeAt := 0
	for span := range sqltext.Statements(t.SQL) {
		statement := t.SQL[span.Start:span.End]
		class := Classify(statement)
		if class == NotSQL || class == Session || class != Query && !like.Certain {
			continue
		}
		if len(holes) > 0 {
			holes = holes[strings.Count(t.SQL[holeAt:span.Start], holeText):]
			holeAt = span.Start
		}
		var b Builder
		c.skipTo(span.Start)
		c.copyTo(&b, span.End)
		r := like
		r.SQL, r.Map = b.sql.String(), b.m
		if at := r.Map.Position(0); at.File == like.Place.File || like.Place.File == "" {
			r.Place = at
		}
		if r.Unchecked == "" {
			r.Unchecked = unchecked(statement, holes)
		}
		rewritten := Text{SQL: r.SQL, Map: r.Map}.Rewrite(styles)
		r.SQL, r.Map = rewritten.SQL, rewritten.Map
		keeps := r.Unchecked == "" || class == SchemaChange || firstHole(statement) >= 0
		if !keeps || strings.Contains(r.SQL, holeText) || !utf8.ValidString(r.SQL) {
			r.SQL, r.Map = "", nil
		}
		emit(r)
	}
}

// unchecked is the reason why a statement cannot be checked; holes are those from its start on.
func unchecked(statement string, holes []string) string {
	hole := firstHole(statement)
	switch {
	case hole >= 0:
		return holes[hole]
	case !utf8.ValidString(statement):
		return uncheckedEncoding
	}
	return ""
}

// firstHole is the number of the first Hole that is more than a parameter's number ("$" and a Hole); -1 if there is none.
func firstHole(statement string) int {
	if !strings.Contains(statement, holeText) {
		return -1
	}
	n, dollar := 0, -1
	scan := sqltext.NewScanner(statement)
	for t := scan.Next(); t.Kind != sqltext.EOF; t = scan.Next() {
		word := statement[t.Start:t.End]
		switch holes := strings.Count(word, holeText); {
		case holes == 0:
		case word == holeText && t.Start == dollar:
			n++
		default:
			return n
		}
		dollar = -1
		if word == "$" {
			dollar = t.End
		}
	}
	return -1
}
