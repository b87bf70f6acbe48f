package liquibase

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/headgate/headgate/internal/migration"
)

// formatted parses one file of formatted SQL (AbstractFormattedChangeLogParser.java, parse).
type formatted struct {
	file, path string // path is the changelog's own, as the table has it
	parameters *parameters
	lines      []string
	number     int // of the line that is being read, from 1

	logicalPath string
	found       bool // the header
	sets        []*changeSet

	before        *body // the SQL of the changeset before
	current       *changeSet
	passed        bool // current is not for this database, or is to be ignored
	sql, down     gathered
	runWith       string
	rollbackSplit *bool
	rollbackEnd   *string
}

// isFormatted tells whether a file's first line that is not blank says that it is formatted SQL.
func isFormatted(text string) bool {
	for line := range strings.Lines(strings.TrimPrefix(text, "\ufeff")) {
		for line := range strings.SplitSeq(strings.TrimRight(line, "\r\n"), "\r") {
			if strings.TrimFunc(line, isTrimmed) != "" {
				return header.MatchString(line)
			}
		}
	}
	return false
}

// javaLines are the lines of a text as Java's BufferedReader reads them.
func javaLines(text string) []string {
	text = strings.ToValidUTF8(strings.TrimPrefix(text, "\ufeff"), "\ufffd")
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text)
	lines := strings.Split(text, "\n")
	if lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	return lines
}

// parse reads the changesets. The error is a *refusal, or a *migration.Error of what cannot be run here.
func (f *formatted) parse(text string) ([]*changeSet, error) {
	f.lines = javaLines(text)
	for f.number < len(f.lines) {
		line := f.next()
		if err := f.take(line); err != nil {
			return nil, err
		}
	}
	if f.current != nil {
		if err := f.end(true); err != nil {
			return nil, err
		}
	}
	return f.sets, nil
}

func (f *formatted) next() string {
	f.number++
	return f.lines[f.number-1]
}

func (f *formatted) wrong(problem, remedy string) error {
	return f.wrongAt(f.number, problem, remedy)
}

func (f *formatted) wrongAt(line int, problem, remedy string) error {
	return &refusal{&migration.Error{File: f.file, Line: line, Problem: "Liquibase refuses this file: " + problem, Remedy: remedy}}
}

// refusal is an error of a file that Liquibase itself does not take.
type refusal struct{ wrong *migration.Error }

func (r *refusal) Error() string { return r.wrong.Error() }
func (r *refusal) Unwrap() error { return r.wrong }

// alike is the error of a line that is nearly one of Liquibase's own.
func (f *formatted) alike(form string) error {
	return f.wrong("this line is nearly, and not quite, one that it knows", "write `"+form+"`")
}

func (f *formatted) expand(text string) (string, error) {
	expanded, err := f.parameters.expand(text, f.path)
	if err != nil {
		return "", f.wrong(err.Error(), "let each parameter stand for a value of its own")
	}
	return expanded, nil
}

// special tells whether a line can be one of Liquibase's own at all: those are comments.
func special(line string) bool {
	line = strings.TrimLeft(line, " \t\f\v\r")
	return strings.HasPrefix(line, "-") || strings.HasPrefix(line, "/*")
}

func (f *formatted) take(line string) error {
	if !special(line) {
		f.gather(line)
		return nil
	}
	const longest = 1 << 20 // bytes of a line that is looked at
	if len(line) > longest {
		return &migration.Error{File: f.file, Line: f.number, Problem: "this comment is longer than 1 MiB, and Headgate looks at none so long", Remedy: "break the line"}
	}
	isHeader := header.MatchString(line)
	switch {
	case isHeader && f.found:
		return f.wrong("the header stands twice", "take the second one out")
	case propertyLine.MatchString(line):
		return f.property(line)
	case alikeProperty.MatchString(line):
		return f.alike("--property name:NAME value:VALUE")
	}
	if isHeader {
		f.found = true
		f.logicalPath, _ = find(attributeLogicalPath, line)
	}
	if m := ignoreLines.FindStringSubmatch(line); m != nil {
		return f.ignore(m[1])
	}
	switch {
	case alikeIgnore.MatchString(line):
		return f.alike("--ignoreLines:NUMBER` or `--ignoreLines:start")
	case changeSetLine.MatchString(line):
		return f.begin(line)
	case alikeChangeSet.MatchString(line):
		return f.alike("--changeset AUTHOR:ID")
	case f.current != nil:
		return f.within(line)
	case commentLine.MatchString(line):
		return f.wrong("--comment stands outside of a changeset", "move it below the line --changeset")
	}
	return nil
}

// gather adds a line to the SQL of the changeset.
func (f *formatted) gather(line string) {
	if f.current != nil {
		f.sql.add(line, f.number, 0)
	}
}

// ignore passes over a number of lines, or all up to the one that ends it.
func (f *formatted) ignore(what string) error {
	if what == "start" {
		for f.number < len(f.lines) {
			line := f.next()
			if m := ignoreLines.FindStringSubmatch(line); m != nil {
				if m[1] == "end" {
					return nil
				}
			} else if alikeIgnoreLines.MatchString(line) {
				return f.alike("--ignoreLines:end")
			}
		}
		return nil
	}
	n, err := strconv.ParseInt(what, 10, 64)
	if err != nil {
		return f.wrong(fmt.Sprintf("ignoreLines cannot be %q", what), "write a number of lines, start or end")
	}
	if left := int64(len(f.lines) - f.number); n > left {
		n = left
	}
	f.number += int(max(n, 0))
	return nil
}

// find is what an attribute of a line says.
func find(pattern *regexp.Regexp, line string) (string, bool) {
	if m := pattern.FindStringSubmatch(line); m != nil {
		return m[1], true
	}
	return "", false
}

func isTrue(pattern *regexp.Regexp, line string, otherwise bool) bool {
	if value, there := find(pattern, line); there {
		return strings.EqualFold(value, "true")
	}
	return otherwise
}

func optional(pattern *regexp.Regexp, line string) *string {
	if value, there := find(pattern, line); there {
		return &value
	}
	return nil
}

// unquote takes double quotes off (StringUtil.java, stripEnclosingQuotes).
func unquote(text string) string {
	if len(text) > 1 && text[0] == '"' && text[len(text)-1] == '"' {
		return text[1 : len(text)-1]
	}
	return text
}

// expanded is an attribute with the parameters put in.
func (f *formatted) expanded(pattern *regexp.Regexp, line string) (string, error) {
	value, _ := find(pattern, line)
	return f.expand(unquote(value))
}

func (f *formatted) contextOf(line string) (string, error) {
	context, err := f.expanded(attributeContextFilter, line)
	if context == "" && err == nil {
		context, err = f.expanded(attributeContext, line)
	}
	return context, err
}

func (f *formatted) property(line string) error {
	name, err := f.expanded(attributeName, line)
	value, err2 := f.expanded(attributeValue, line)
	dbms, err3 := f.expanded(attributeDBMS, line)
	if err := errors.Join(err, err2, err3); err != nil {
		return err
	}
	global := true
	if said, there := find(attributeGlobal, line); there {
		global = strings.EqualFold(said, "true")
	}
	if ofPostgres(dbms) {
		f.parameters.set(strings.TrimFunc(name, isTrimmed), strings.TrimFunc(value, isTrimmed), global, f.path)
	}
	return nil
}

// begin ends the changeset before and begins the one of a line.
func (f *formatted) begin(line string) error {
	if f.current != nil {
		if err := f.end(false); err != nil {
			return err
		}
	}
	m := changeSetLine.FindStringSubmatch(line)
	if !strings.Contains(strings.ToLower(line), strings.ToLower(m[1]+":"+m[2])) {
		return f.wrong("there is a blank between the author's colon and the id", "write `--changeset AUTHOR:ID`")
	}
	c := &changeSet{
		file: f.file, line: f.number,
		runOnChange:   isTrue(attributeRunOnChange, line, false),
		runAlways:     isTrue(attributeRunAlways, line, false),
		inTransaction: isTrue(attributeInTransaction, line, true),
		failOnError:   isTrue(attributeFailOnError, line, true),
		cut: cutting{
			strip: isTrue(attributeStrip, line, true), split: isTrue(attributeSplit, line, true), delimiter: optional(attributeEnd, line),
		},
	}
	var dbms, ignore, context, labels string
	var errs [8]error
	c.id, errs[0] = f.expand(unquote(m[2]))
	c.author, errs[1] = f.expand(unquote(m[1]))
	dbms, errs[2] = f.expanded(attributeDBMS, line)
	ignore, errs[3] = f.expanded(attributeIgnore, line)
	context, errs[4] = f.contextOf(line)
	labels, errs[5] = f.expanded(attributeLabels, line)
	c.path, errs[6] = f.pathOf(line)
	f.runWith, errs[7] = f.expanded(attributeRunWith, line)
	if err := errors.Join(errs[:]...); err != nil {
		return err
	}
	if strings.Trim(c.id, ": ") == "" {
		return f.wrong("the changeset has no id", "write `--changeset AUTHOR:ID`")
	}
	c.contexts, c.labels = said(context), said(labels)
	f.rollbackSplit, f.rollbackEnd = nil, optional(attributeRollbackEnd, line)
	if _, there := find(attributeRollbackSplit, line); there {
		split := isTrue(attributeRollbackSplit, line, true)
		f.rollbackSplit = &split
	}
	f.current, f.passed = c, !ofPostgres(dbms) || strings.EqualFold(ignore, "true")
	f.sql, f.down = gathered{}, gathered{}
	return nil
}

// said is a list of what is not empty.
func said(text string) []string {
	if text = strings.TrimSpace(text); text != "" {
		return []string{text}
	}
	return nil
}

// pathOf is the file as a changeset's row names it.
func (f *formatted) pathOf(line string) (string, error) {
	value, _ := find(attributeLogicalPath, line)
	if value == "" {
		value = f.logicalPath
	}
	if value == "" {
		return f.path, nil
	}
	value, err := f.expand(value)
	return normalize(value), err
}

// within takes a line of a changeset that can be one of Liquibase's own (configureChangeSet).
func (f *formatted) within(line string) error {
	group := func(pattern *regexp.Regexp) (string, bool) { return find(pattern, line) }
	if text, ok := group(commentLine); ok {
		f.current.comment = text
		return nil
	}
	if alikeComment.MatchString(line) {
		return f.alike("--comment TEXT")
	}
	if text, ok := group(validLine); ok {
		f.current.valid = append(f.current.valid, validSum(text))
		return nil
	}
	if alikeValid.MatchString(line) {
		return f.alike("--validCheckSum CHECKSUM")
	}
	if text, ok := group(rollbackLine); ok {
		f.down.add(text, f.number, utf8.RuneCountInString(line)-utf8.RuneCountInString(text))
		return nil
	}
	switch {
	case alikeRollback.MatchString(line):
		return f.alike("--rollback SQL")
	case rollbackStart.MatchString(line):
		return f.rollbackBlock()
	case commercial.MatchString(line):
		return &migration.Error{
			File: f.file, Line: f.number, Problem: "this line is for Liquibase's commercial edition, which cannot be run here",
			Remedy: "let Liquibase itself migrate, with `migrate-command: liquibase update`",
		}
	}
	done, err := f.precondition(line)
	if !done && err == nil {
		f.gather(line)
	}
	return err
}

// end finishes the changeset. Of the last one in a file, a / alone on the last line is what ends its statements; and without a
// line of its own it is left with the SQL of the one before, which Liquibase gives each one to begin with.
func (f *formatted) end(last bool) error {
	c := f.current
	f.current = nil
	if f.sql.blank() && last && f.passed {
		return nil
	}
	var err error
	switch {
	case len(f.sql.numbers) == 0 && last && f.before != nil:
		c.sql = *f.before
	case f.sql.blank():
		return f.wrongAt(c.line, "there is no SQL in this changeset", "write a statement, or take the changeset out")
	default:
		c.sql = f.sql.body().trimmed()
		if c.sql.text, err = f.expand(c.sql.text); err != nil {
			return err
		}
		if c.cut.delimiter == nil && last && strings.HasSuffix(c.sql.text, "\n/") {
			delimiter := "\n/$"
			c.cut.delimiter = &delimiter
		}
		if err := f.endDown(c); err != nil {
			return err
		}
	}
	f.before = &c.sql
	if f.passed {
		return nil
	}
	if f.runWith != "" && !strings.EqualFold(f.runWith, "jdbc") {
		return &migration.Error{
			File: f.file, Line: c.line, Problem: fmt.Sprintf("Liquibase hands this changeset to another program (runWith:%s), which cannot be run here", f.runWith),
			Remedy: "let Liquibase itself migrate, with `migrate-command: liquibase update`",
		}
	}
	if _, err := c.sql.statements(c.cut); err != nil {
		return f.uncut(c, err)
	}
	f.sets = append(f.sets, c)
	return nil
}

// uncut is the error of SQL that cannot be cut.
func (f *formatted) uncut(c *changeSet, err error) error {
	if cut := (*cutError)(nil); errors.As(err, &cut) && cut.line > 0 {
		return f.wrongAt(cut.line, err.Error(), "write the character in another way")
	}
	return &migration.Error{File: f.file, Line: c.line, Problem: err.Error(), Remedy: "write another endDelimiter"}
}
