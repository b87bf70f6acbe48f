package liquibase

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// preconditions are those of one changeset.
type preconditions struct {
	line            int
	onFail, onError string // HALT, CONTINUE, MARK_RAN, WARN
	checks          []check
}

// check is one precondition.
type check struct {
	line int
	kind string // sql-check, table-exists, view-exists
	// expected and sql are those of sql-check; schema and name are what must exist.
	expected, sql, schema, name string
}

// precondition reads a line on preconditions; false where it is none.
func (f *formatted) precondition(line string) (done bool, err error) {
	if text, ok := find(preconditionsLine, line); ok {
		return true, f.preconditions(text)
	}
	if alikePreconditions.MatchString(line) {
		return true, f.alike("--preconditions onFail:HALT onError:HALT")
	}
	if m := preconditionLine.FindStringSubmatch(line); m != nil {
		return true, f.check(strings.ToLower(m[1]) == m[1], m[1], m[2])
	}
	if emptyPrecondition.MatchString(line) {
		return true, f.wrong("the precondition says nothing", "write what it expects behind it")
	}
	if alikePrecondition.MatchString(line) {
		return true, f.alike("--precondition-sql-check expectedResult:0 SELECT …")
	}
	return false, nil
}

func (f *formatted) preconditions(text string) error {
	p := &preconditions{line: f.number, onFail: "HALT", onError: "HALT"}
	for _, option := range []struct {
		pattern *regexp.Regexp
		value   *string
	}{{attributeOnFail, &p.onFail}, {attributeOnError, &p.onError}} {
		said, there := find(option.pattern, text)
		if !there {
			continue
		}
		*option.value = strings.ToUpper(said)
		if !slices.Contains([]string{"HALT", "CONTINUE", "MARK_RAN", "WARN"}, *option.value) {
			return f.wrong(fmt.Sprintf("the preconditions cannot do %q", said), "write HALT, CONTINUE, MARK_RAN or WARN")
		}
	}
	f.current.declare = p
	return nil
}

func (f *formatted) check(lower bool, kind, text string) error {
	if f.current.declare == nil {
		f.current.declare = &preconditions{line: f.number, onFail: "HALT", onError: "HALT"}
	}
	text, err := f.expand(strings.TrimFunc(text, isTrimmed))
	if err != nil {
		return err
	}
	c := check{line: f.number, kind: kind}
	switch {
	case !lower || !slices.Contains([]string{"sql-check", "table-exists", "view-exists"}, kind):
		return f.wrong(fmt.Sprintf("there is no precondition %q in formatted SQL", kind), "write sql-check, table-exists or view-exists")
	case kind == "sql-check":
		for _, pattern := range expectations {
			if m := pattern.FindStringSubmatch(text); m != nil {
				c.expected, c.sql = m[1], m[2]
				break
			}
		}
		if c.sql == "" {
			return f.wrong("the sql-check says no expected result, or no SQL", "write `--precondition-sql-check expectedResult:0 SELECT …`")
		}
	default:
		named := attributeTable
		if kind == "view-exists" {
			named = attributeView
		}
		if c.name, _ = find(named, text); c.name == "" {
			return f.wrong("the precondition names nothing", "write table:NAME or view:NAME, and schema:NAME where it is another one")
		}
		c.schema, _ = find(attributeSchema, text)
	}
	f.current.declare.checks = append(f.current.declare.checks, c)
	return nil
}
