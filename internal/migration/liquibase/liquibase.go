// Package liquibase reads and applies the formatted SQL of Liquibase, and the changelogs in XML, YAML and JSON that do no more than
// include it. What it says of Liquibase is from the source of release 4.33.0.
package liquibase

import (
	"io/fs"
	"path"
	"regexp"
	"strings"

	"github.com/headgate/headgate/internal/migration"
)

// Format is Liquibase's.
type Format struct{}

// Name is "liquibase".
func (Format) Name() string { return "liquibase" }

// home is a folder that holds changelogs by its name, with all below it.
var home = regexp.MustCompile(`(?i)(^|/)(db\.)?(changelogs?|liquibase)(/|$)`)

// Claims tells formatted SQL by its first line, and a changelog in XML, YAML or JSON by its root. The folder is the one that a
// project keeps its changelogs in by custom, where the file lies below such a one.
func (Format) Claims(file string, beginning []byte) migration.Claim {
	dir := path.Dir(file)
	if at := home.FindStringIndex(dir); at != nil {
		dir = strings.TrimSuffix(dir[:at[1]], "/")
	}
	switch {
	case path.Ext(file) == ".sql" && isFormatted(string(beginning)):
		return migration.Claim{Dir: dir, Sure: true}
	case path.Ext(file) != ".sql" && isChangelog(file, beginning):
		return migration.Claim{Dir: dir, Sure: true, Below: true}
	}
	return migration.Claim{}
}

// Read follows the root changelog, or else takes the formatted SQL in and below the folder in the order of the paths, as includeAll
// does. A changeset's version is as Liquibase prints it: FILENAME::ID::AUTHOR.
func (f Format) Read(fsys fs.FS, dir string) (*migration.History, error) {
	c, err := readChangelog(fsys, dir, nil, nil)
	if err != nil {
		return nil, err
	}
	h := &migration.History{Format: f.Name(), Dir: dir}
	for i, set := range c.sets {
		r := set.revision()
		r.Position = i + 1
		h.Revisions = append(h.Revisions, r)
	}
	return f.Tool().Sort(h, c.faults...)
}

// Tool is Liquibase (StandardChangeLogHistoryService.java, getRunStatus; ValidatingVisitor.java; ShouldRunChangeSetFilter.java).
func (Format) Tool() migration.Tool {
	return migration.Tool{
		Name:       "Liquibase",
		Order:      migration.ByPosition,
		OutOfOrder: "Liquibase runs such a changeset late, so that databases differ in what ran first",
		Late:       true,
		Duplicate:  "Liquibase refuses two changesets of one file with one id and author",
		Edited:     "`liquibase update` refuses to run, since the checksum is not the one that it noted (runOnChange or validCheckSum would let it)",
	}
}

// Stamps is databasechangelog, in the order in which the changesets ran first.
func (Format) Stamps() (migration.Stamps, bool) {
	return migration.Stamps{
		Table: logTable, Others: []string{lockTable},
		Query:   `SELECT filename || '::' || id || '::' || author, false FROM %s ORDER BY orderexecuted, dateexecuted`,
		InOrder: true, Recognise: recognise,
	}, true
}

// Essence is what the checksum is of: the SQL with its comments and without white space.
func (Format) Essence(fsys fs.FS, r migration.Revision) (migration.Essence, error) {
	text, err := fs.ReadFile(fsys, r.File)
	if err != nil {
		return nil, err
	}
	set, err := one(r, string(text), newParameters(nil, nil))
	if err != nil || set == nil {
		return migration.SQL(string(text), 1), nil //nolint:nilerr // what is wrong with the file is said by Read
	}
	return set.essence(), nil
}

// one reads a single changeset out of a file, or gives nil.
func one(r migration.Revision, text string, p *parameters) (*changeSet, error) {
	c := &changelog{search: ".", parameters: p}
	var err error
	if isFormatted(text) {
		err = c.formatted(r.File, alone(text, r.Line), scope{})
	} else {
		err = c.raw(r.File, text, scope{})
	}
	for _, set := range c.sets {
		if set.line == r.Line {
			return set, err
		}
	}
	return nil, err
}

// alone leaves of a file the changeset at a line, and what stands above the changesets or is a property.
func alone(text string, at int) string {
	lines := javaLines(text)
	began := false // a changeset
	for i, line := range lines {
		own := special(line)
		begins := own && changeSetLine.MatchString(line)
		began = began || begins
		switch {
		case i+1 < at && began && !(own && propertyLine.MatchString(line)):
			lines[i] = ""
		case i+1 > at && begins:
			return strings.Join(lines[:i], "\n")
		}
	}
	return strings.Join(lines, "\n")
}
