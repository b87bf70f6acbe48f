package flyway

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/headgate/headgate/internal/migration"
	"github.com/headgate/headgate/internal/migration/script"
	"github.com/headgate/headgate/internal/sqltext"
)

// outside are the statements that Flyway runs outside of a transaction (PostgreSQLParser.java, detectCanExecuteInTransaction).
// ALTER TYPE … ADD VALUE is one only before PostgreSQL 12. What PostgreSQL refuses and is not here fails in Flyway too.
var outside = regexp.MustCompile(`^((CREATE|DROP) (DATABASE|TABLESPACE|SUBSCRIPTION)|ALTER SYSTEM|(CREATE|DROP)( UNIQUE)? INDEX CONCURRENTLY|` +
	`REINDEX( VERBOSE)? (SCHEMA|DATABASE|SYSTEM)|VACUUM|DISCARD ALL)( |$)`)

// keywords are the first words of a statement as Flyway's parser simplifies it: those of letters alone, outside of parentheses.
func keywords(sql string) string {
	const most = 10 // Parser.java, getTransactionalDetectionCutoff
	var words []string
	scan := sqltext.NewScanner(sql)
	depth, qualified := 0, false
	for t := scan.Next(); t.Kind != sqltext.EOF && len(words) <= most; t = scan.Next() {
		text := sql[t.Start:t.End]
		switch {
		case text == "(":
			depth++
		case text == ")":
			depth--
		case t.Kind == sqltext.Identifier && depth == 0:
			after := t.End < len(sql) && sql[t.End] == '.'
			if !qualified && !after && strings.Trim(strings.ToUpper(text), "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") == "" {
				words = append(words, strings.ToUpper(text))
			}
		}
		qualified = text == "."
	}
	return strings.Join(words, " ")
}

// together tells whether Flyway puts a migration into one transaction (ParserSqlScript.java, parse and executeInTransaction).
// It refuses a mixture, unless a setting says what to do.
func (s *settings) together(file string, o override, messages []script.Message) (bool, error) {
	if o.executeInTransaction != nil {
		return *o.executeInTransaction, nil
	}
	var without *script.Message
	with := false
	for i, m := range messages {
		alone := outside.MatchString(keywords(m.SQL))
		with = with || !alone
		if alone && without == nil {
			without = &messages[i]
		}
		if without != nil && with && !s.mixed && s.executeInTransaction {
			return false, &migration.Error{
				File: file, Line: m.Lines[0],
				Problem: fmt.Sprintf("Flyway refuses a migration in which some statements run in a transaction and some, such as the one at line %d, cannot", without.Lines[0]),
				Remedy:  "give that statement a migration of its own, or set flyway.mixed, or executeInTransaction=false in " + file[strings.LastIndexByte(file, '/')+1:] + ".conf",
			}
		}
	}
	return without == nil && s.executeInTransaction, nil
}
