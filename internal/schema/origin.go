package schema

import (
	"cmp"
	"slices"
	"strings"

	"github.com/headgate/headgate/internal/migration"
	"github.com/headgate/headgate/internal/sqltext"
)

// Origin is a change together with the migration that makes it.
type Origin struct {
	Change
	Revision migration.Revision
	// Line is the line in the revision's File, from 1, which is the file that the statement stands in.
	Line int
}

// Origins gives the changes that one migration made the lines that made them.
func Origins(changes []Change, r migration.Revision, statements []migration.Statement) []Origin {
	words := make([][]word, len(statements))
	for i, s := range statements {
		words[i] = collect(s.SQL, 0, 0, nil)
	}
	origins := make([]Origin, len(changes))
	for i, c := range changes {
		origins[i] = Origin{Change: c, Revision: r}
		file, line := place(c, statements, words)
		origins[i].Revision.File, origins[i].Line = cmp.Or(file, r.File), line
	}
	return origins
}

// place finds the statement that names the object, and in it the line of the object's own name. Where dynamic SQL
// hides the name, it is the first line of the statement that fits best. The file is empty where it is the migration's own.
func place(c Change, statements []migration.Statement, words [][]word) (file string, line int) {
	best, bestScore, bestOffset := -1, -1, 0
	for i := range statements {
		if score, offset := fit(c, words[i]); score > bestScore {
			best, bestScore, bestOffset = i, score, offset
		}
	}
	if best < 0 {
		return "", 1
	}
	file, n, _ := statements[best].Place(bestOffset)
	return file, max(n, 1)
}

// fit scores how well a statement's words speak of the change, and gives the byte offset of the word to point at.
func fit(c Change, words []word) (score, offset int) {
	if len(words) == 0 {
		return 0, 0
	}
	name, _, _ := strings.Cut(c.Object.Name, "(") // a function's arguments are spelled in many ways
	table := find(words, c.Object.Table, 0)
	own := find(words, name, max(table, 0)) // a column stands after its table
	if own < 0 {
		own = find(words, name, 0)
	}
	pointer := 0
	if table >= 0 {
		score += 4
		pointer = table
	}
	if own >= 0 {
		score += 8
		pointer = own
	}
	if find(words, c.Object.Schema, 0) >= 0 {
		score++
	}
	has := func(verb string) bool { return find(words, verb, 0) >= 0 }
	if slices.ContainsFunc(verbs[c.Action], has) {
		score += 2
	}
	if schemaVerbs[words[0].text] {
		score += 16
	}
	return score, words[pointer].start
}

// find is the index of the first word of this text from an index on, or -1.
func find(words []word, text string, from int) int {
	if text == "" {
		return -1
	}
	for i := from; i < len(words); i++ {
		if words[i].text == text {
			return i
		}
	}
	return -1
}

// verbs are the words that make each kind of change.
var verbs = map[Action][]string{
	Added:   {"create", "add", "rename", "attach", "import"},
	Removed: {"drop", "rename", "detach"},
	Changed: {"alter", "replace", "set", "rename"},
}

// schemaVerbs begin the statements that change a schema.
var schemaVerbs = map[string]bool{"create": true, "alter": true, "drop": true, "do": true, "import": true, "select": true, "call": true}

// word is a name in a statement.
type word struct {
	text  string
	start int // byte offset in the statement
}

// A string in a statement may hold statements, and these strings again; that far, and up to that many
// bytes, they are looked into.
const (
	deepest = 3
	longest = 1 << 16
)

// collect lists the words of a statement, also those in the bodies of DO blocks and in the
// strings of dynamic SQL.
func collect(sql string, base, depth int, words []word) []word {
	scan := sqltext.NewScanner(sql)
	for t := scan.Next(); t.Kind != sqltext.EOF; t = scan.Next() {
		text := sql[t.Start:t.End]
		switch t.Kind {
		case sqltext.Identifier, sqltext.QuotedIdentifier:
			words = append(words, word{sqltext.Unquote(text), base + t.Start})
		case sqltext.String:
			if start, end := inside(text); depth < deepest && end-start < longest {
				words = collect(text[start:end], base+t.Start+start, depth+1, words)
			}
		}
	}
	return words
}

// inside is what stands between a string's quotes.
func inside(text string) (start, end int) {
	if text[0] == '$' {
		n := strings.IndexByte(text[1:], '$') + 2
		return n, max(n, len(text)-n)
	}
	start = strings.IndexByte(text, '\'') + 1
	return start, max(start, len(text)-1)
}
