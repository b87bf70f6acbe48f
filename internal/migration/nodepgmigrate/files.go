package nodepgmigrate

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/headgate/headgate/internal/migration"
)

// upEnding and downEnding end the names of a migration in two files, which the tool's loader "sql" takes (migrationLoader.ts,
// groupSqlFiles). The default loader would run the way down as a migration of its own, so that a folder with one means the former. Without
// any, each NAME.up.sql is a migration like others, whose name ends in .up.
const (
	upEnding   = ".up.sql"
	downEnding = ".down.sql"
)

// whole is the name that a pair's half stands for (migrationLoader.ts, sqlGroupId); any other name stays.
func whole(name string) string {
	for _, ending := range []string{upEnding, downEnding} {
		if cut, ok := strings.CutSuffix(name, ending); ok {
			return cut + ".sql"
		}
	}
	return name
}

// isPair tells whether a revision is of two files. Its file is the first of them.
func isPair(r migration.Revision) bool {
	return strings.HasSuffix(r.File, upEnding) && !strings.HasSuffix(r.Version, ".up")
}

// fileName is the name that the tool orders a migration by.
func fileName(r migration.Revision) string {
	if isPair(r) {
		return whole(path.Base(r.File))
	}
	return path.Base(r.File)
}

func isSQL(name string) bool { return strings.EqualFold(path.Ext(name), ".sql") }

// isProgram tells of a name whether the tool loads the file as a program (migrationLoader.ts, getDefaultStrategies).
func isProgram(name string) bool {
	return slices.Contains([]string{".js", ".ts", ".cjs", ".mjs", ".cts", ".mts"}, strings.ToLower(path.Ext(name)))
}

// programsError names the programs and the way out.
func programsError(dir string, programs []string) error {
	return migration.Programs(dir, programs, "node-pg-migrate's migrations in JavaScript or TypeScript are programs, which only the tool itself runs",
		"set `migrate-command: npx node-pg-migrate up`, or what migrates the database of DATABASE_URL in your project")
}

// collect puts the files into a history, in which a pair is one revision, and returns what the tool does not take.
func (Format) collect(h *migration.History, names []string) []migration.Fault {
	var faults []migration.Fault
	broken := func(name, problem, remedy string) {
		faults = append(faults, migration.Broken(path.Join(h.Dir, name), 1, problem, remedy))
	}
	there := make(map[string]bool, len(names))
	pairs := false
	for _, name := range names {
		there[name] = true
		pairs = pairs || strings.HasSuffix(name, downEnding)
	}
	for _, name := range names {
		noted := name
		if pairs {
			noted = whole(name)
		}
		version := strings.TrimSuffix(noted, path.Ext(noted)) // migration.ts, Migration
		problem, remedy := "", ""
		if len(names) > 1 { // one alone is compared with nothing
			problem, remedy = wrongNumber(name)
		}
		switch {
		case problem != "":
		case !isSQL(name):
			problem, remedy = "node-pg-migrate takes each file of this folder for a migration and loads this one as a program, which it is not", "move it elsewhere, or name it in the setting ignore-pattern"
		case strings.Contains(version, "'"):
			problem, remedy = "the quote in the name ends the text in node-pg-migrate's own statement on its version table", "take it out of the name"
		case utf8.RuneCountInString(version) > 255:
			problem, remedy = "the name is longer than the 255 characters that fit into node-pg-migrate's version table", "shorten it"
		case strings.HasSuffix(name, downEnding):
			up := strings.TrimSuffix(name, downEnding) + upEnding
			if there[up] {
				continue // the other half's
			}
			problem, remedy = fmt.Sprintf("there is no %s to this way down, so that node-pg-migrate refuses it, or runs it upwards where its loader for pairs is not set", up), "add that file, or move this one elsewhere"
		case noted != name && there[noted]:
			problem, remedy = fmt.Sprintf("node-pg-migrate refuses a pair beside %s, whose name is the same", noted), "keep one of the two"
		}
		if problem != "" {
			broken(name, problem, remedy)
			continue
		}
		h.Revisions = append(h.Revisions, migration.Revision{Version: version, File: path.Join(h.Dir, name)})
	}
	for _, a := range ambiguous(h.Revisions) {
		broken(a.name, a.problem, "name it in ASCII")
	}
	return faults
}

// wrongNumber is what the tool has against a name's number.
func wrongNumber(name string) (problem, remedy string) {
	if _, ok := numberOf(whole(name)); ok {
		return "", ""
	}
	if prefix(name) == "" {
		return "node-pg-migrate takes each file of this folder for a migration, and refuses one whose name does not begin with a number", "give it one, move it elsewhere, or name it in the setting ignore-pattern"
	}
	return fmt.Sprintf("node-pg-migrate takes the 17 digits %s for a time in UTC, and there is none such, so that its order does not hold", prefix(name)), "correct the number"
}

// unclear is a name whose place in the order Headgate cannot tell.
type unclear struct{ name, problem string }

// ambiguous are the names with other characters than ASCII's among those of one number: there the order is that of the language that
// Node runs in.
func ambiguous(revisions []migration.Revision) []unclear {
	byNumber := map[float64][]string{}
	for _, r := range revisions {
		if value, ok := numberOf(fileName(r)); ok {
			byNumber[value] = append(byNumber[value], path.Base(r.File))
		}
	}
	var found []unclear
	for _, r := range revisions {
		name := path.Base(r.File)
		value, ok := numberOf(fileName(r))
		if same := byNumber[value]; !ok || isASCII(name) || len(same) < 2 {
			continue
		}
		other := byNumber[value][0]
		if other == name {
			other = byNumber[value][1]
		}
		found = append(found, unclear{name, fmt.Sprintf("the number is that of %s as well, and which of the two node-pg-migrate runs first depends on the letters of other alphabets in the name", other)})
	}
	return found
}
