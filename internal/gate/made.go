package gate

import (
	"github.com/headgate/headgate/internal/reference"
	"github.com/headgate/headgate/internal/sqltext"
)

// madeByCode lists the names of the tables and views that the code creates itself: temporary ones, and the bookkeeping of
// programs that bring their own tables. No migration has them, and that is no mistake.
func madeByCode(references []reference.Reference) map[string]bool {
	made := map[string]bool{}
	for _, r := range references {
		if firstWord(r.SQL) != "create" {
			continue
		}
		if name := created(r.SQL); name != "" {
			made[name] = true
		}
	}
	return made
}

// created is the name of the table or view that a CREATE makes, without its schema; empty if it makes something else.
func created(sql string) string {
	scan := sqltext.NewScanner(sql)
	relation := false
	name := ""
	for t := scan.Next(); t.Kind != sqltext.EOF; t = scan.Next() {
		text := sql[t.Start:t.End]
		word := ""
		if t.Kind == sqltext.Identifier || t.Kind == sqltext.QuotedIdentifier {
			word = sqltext.Unquote(text)
		}
		switch {
		case t.Kind == sqltext.Comment, text == ".":
		case !relation && (word == "table" || word == "view"):
			relation = true
		case !relation && !beforeRelation[word]:
			return ""
		case relation && t.Kind == sqltext.Identifier && beforeName[word] && name == "":
		case relation && word != "" && (name == "" || sql[t.Start-1] == '.'):
			name = word
		case relation:
			return name
		}
	}
	return name
}

// The words of CREATE TABLE and CREATE VIEW before TABLE or VIEW, and between it and the name (PostgreSQL manual, SQL commands).
var (
	beforeRelation = map[string]bool{
		"create": true, "or": true, "replace": true, "global": true, "local": true, "temporary": true, "temp": true,
		"unlogged": true, "materialized": true, "recursive": true, "foreign": true,
	}
	beforeName = map[string]bool{"if": true, "not": true, "exists": true}
)
