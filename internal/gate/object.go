package gate

import (
	"regexp"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/headgate/headgate/internal/schema"
	"github.com/headgate/headgate/internal/sqltext"
)

// SQLSTATE codes of what a schema lacks (PostgreSQL manual, appendix A).
const (
	undefinedColumn   = "42703"
	undefinedTable    = "42P01"
	undefinedFunction = "42883"
	undefinedObject   = "42704"
	undefinedSchema   = "3F000"
	ambiguousColumn   = "42702"
	invalidText       = "22P02"
)

// missing is what the server's message says that a statement lacks. The server fills the fields of an
// error for constraints only, so its English message is all there is.
type missing struct {
	kind schema.Kind
	// name is the object's own; a function's has its argument types.
	name string
	// table is the table, view, alias or type that the message puts the object in, or empty.
	table string
	// schema is the schema that the statement spelled out, or empty.
	schema string
}

// messages are the sentences of PostgreSQL's sources (src/backend/parser, src/backend/catalog/namespace.c,
// src/backend/utils/adt/enum.c) for each code. What does not match lacks nothing (a "missing
// FROM-clause entry" has the code of a missing table).
var messages = []struct {
	code string
	kind schema.Kind
	text *regexp.Regexp
}{
	{undefinedColumn, schema.Column, regexp.MustCompile(`^column "(?P<name>.+)" of relation "(?P<table>.+)" does not exist$`)},
	{undefinedColumn, schema.Column, regexp.MustCompile(`^column "(?P<name>.+)" does not exist$`)},
	{undefinedColumn, schema.Column, regexp.MustCompile(`^column (?P<table>.+)\.(?P<name>[^.]+) does not exist$`)},
	{ambiguousColumn, schema.Column, regexp.MustCompile(`^column reference "(?P<name>.+)" is ambiguous$`)},
	{undefinedTable, schema.Table, regexp.MustCompile(`^relation "(?:(?P<schema>[^."]+)\.)?(?P<name>.+)" does not exist$`)},
	{undefinedFunction, schema.Function, regexp.MustCompile(`^(?:function|procedure|aggregate) (?:(?P<schema>[^.(]+)\.)?(?P<name>.+\)) does not exist$`)},
	{undefinedObject, schema.Type, regexp.MustCompile(`^type "(?:(?P<schema>[^."]+)\.)?(?P<name>.+?)(?:\[\])*" does not exist$`)},
	{undefinedSchema, schema.Namespace, regexp.MustCompile(`^schema "(?P<name>.+)" does not exist$`)},
	{invalidText, schema.EnumValue, regexp.MustCompile(`^invalid input value for enum (?:(?P<schema>[^."]+)\.)?(?P<table>[^:]+): "(?P<name>.*)"$`)},
}

// readMissing reads what an error says is missing; false where it says no such thing.
func readMissing(err *pgconn.PgError) (missing, bool) {
	for _, m := range messages {
		if m.code != err.Code {
			continue
		}
		found := m.text.FindStringSubmatch(err.Message)
		if found == nil {
			continue
		}
		lacks := missing{kind: m.kind}
		for i, group := range m.text.SubexpNames() {
			switch group {
			case "name":
				lacks.name = found[i]
			case "table":
				lacks.table = strings.Trim(found[i], `"`)
			case "schema":
				lacks.schema = found[i]
			}
		}
		return lacks, true
	}
	return missing{}, false
}

// matches tells whether an object of the catalog can be what is missing.
func (m missing) matches(o schema.Object) bool {
	if m.schema != "" && m.schema != o.Schema {
		return false
	}
	switch m.kind {
	case schema.Table:
		return o.Name == m.name && (o.Kind == schema.Table || o.Kind == schema.View || o.Kind == schema.Sequence)
	case schema.Function:
		// The message has the call's argument types, the catalog the definition's.
		called, _, _ := strings.Cut(m.name, "(")
		defined, _, _ := strings.Cut(o.Name, "(")
		return o.Kind == schema.Function && called == defined
	case schema.EnumValue:
		return o.Kind == schema.EnumValue && o.Name == m.name && o.Table == m.table
	default:
		return o.Kind == m.kind && o.Name == m.name
	}
}

// words are the names that a statement mentions, in order.
type words []string

func readWords(sql string) words {
	var w words
	scan := sqltext.NewScanner(sql)
	for t := scan.Next(); t.Kind != sqltext.EOF; t = scan.Next() {
		switch t.Kind {
		case sqltext.Identifier, sqltext.QuotedIdentifier:
			w = append(w, sqltext.Unquote(sql[t.Start:t.End]))
		case sqltext.Comment:
		default:
			w = append(w, "") // something between two names
		}
	}
	return w
}

// aliases tells whether the statement calls the table by this other name: "trees t" or "trees AS t".
func (w words) aliases(table, alias string) bool {
	for i, name := range w {
		if name != table || i+1 >= len(w) {
			continue
		}
		next := i + 1
		if w[next] == "as" && next+1 < len(w) {
			next++
		}
		if w[next] == alias {
			return true
		}
	}
	return false
}

// find picks, of the changes that could be behind the error, the one that fits the statement best: one in
// the table that the error names, or in the table that goes by the alias that it names, or in a table that the
// statement mentions. It is nil where none does.
func (m missing) find(origins []schema.Origin, w words, actions ...schema.Action) *schema.Origin {
	var best *schema.Origin
	bestScore := 0
	for i := range origins {
		o := &origins[i]
		if !slices.Contains(actions, o.Action) || !m.matches(o.Object) {
			continue
		}
		if score := m.score(o.Object, w); score > bestScore {
			best, bestScore = o, score
		}
	}
	return best
}

func (m missing) score(o schema.Object, w words) int {
	score := 1
	if o.Kind == schema.Column {
		switch {
		case m.table == o.Table, m.table != "" && w.aliases(o.Table, m.table):
			score += 8
		case slices.Contains(w, o.Table):
			score += 4
		case m.table != "":
			return 0 // the error names another table
		}
	}
	if o.Schema == "public" || slices.Contains(w, o.Schema) {
		score++
	}
	return score
}
