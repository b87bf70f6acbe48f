package liquibase

import (
	"crypto/md5" //nolint:gosec // what Liquibase notes
	"encoding/hex"
	"regexp"
	"slices"
	"strings"

	"github.com/headgate/headgate/internal/migration"
)

// changeSet is one of a changelog.
type changeSet struct {
	// file is where it stands in the tree, and line the line in it, from 1; 0 where the whole file is one.
	file string
	line int

	id, author, path string // path is FILENAME in the table
	contexts, labels []string
	comment          string

	runOnChange, runAlways, inTransaction, failOnError bool

	sql     body
	cut     cutting
	down    []direction
	declare *preconditions
	valid   []string // checksums, or migration.Always
}

func (c *changeSet) version() string { return c.path + "::" + c.id + "::" + c.author }

func (c *changeSet) revision() migration.Revision {
	r := migration.Revision{Version: c.version(), File: c.file, Line: c.line, Sum: c.sum(), Accepts: c.valid}
	switch {
	case c.runAlways:
		r.Checksum = migration.Always
	case c.runOnChange:
		r.Checksum = r.Sum
	}
	return r
}

// sum is MD5SUM in the table: of the SQL without white space, with the parameters put in, and of that sum once more
// (AbstractSQLChange.java, generateCheckSum; ChangeSet.java, generateCheckSum; version 9, since Liquibase 4.22).
func (c *changeSet) sum() string {
	change := md5.Sum([]byte(withoutSpace(c.sql.text))) //nolint:gosec // see above
	whole := md5.Sum([]byte("9:" + hex.EncodeToString(change[:]) + ":"))
	return "9:" + hex.EncodeToString(whole[:])
}

var noSpace = strings.NewReplacer(" ", "", "\n", "", "\r", "", "\t", "")

func withoutSpace(text string) string { return noSpace.Replace(text) }

// essence is what the checksum is of, in pieces that the white space does not move.
func (c *changeSet) essence() migration.Essence {
	const longest = 8 // bytes of a piece
	var e migration.Essence
	line, began := 0, 0
	var piece strings.Builder
	end := func() {
		if piece.Len() > 0 {
			e = append(e, migration.Token{Text: piece.String(), Line: began})
			piece.Reset()
		}
	}
	for i := range len(c.sql.text) {
		b := c.sql.text[i]
		switch b {
		case '\n':
			line++
			continue
		case ' ', '\r', '\t':
			continue
		}
		if piece.Len() == 0 {
			began = c.sql.lines[min(line, len(c.sql.lines)-1)]
		}
		piece.WriteByte(b)
		if !wordByte(b) || piece.Len() == longest {
			end()
		}
	}
	end()
	return slices.Clip(e)
}

func wordByte(b byte) bool {
	return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || b == '_' || b >= 0x80
}

// ofPostgres tells whether a list of databases has PostgreSQL (DatabaseList.java, definitionMatches).
func ofPostgres(dbms string) bool {
	var names []string
	for name := range strings.SplitSeq(dbms, ",") {
		if name = strings.TrimSpace(name); name != "" {
			names = append(names, name)
		}
	}
	has := func(name string) bool { return slices.Contains(names, name) }
	switch {
	case len(names) == 0 || has("all"):
		return true
	case has("none") || has("!postgresql"):
		return false
	}
	others := slices.ContainsFunc(names, func(name string) bool { return !strings.HasPrefix(name, "!") })
	return !others || has("postgresql")
}

// checksum is what validCheckSum declares.
var checksum = regexp.MustCompile(`^(\d+)\s*:\s*([a-zA-Z0-9]+)$`)

// valid reads a declared checksum: one of this version, or any. One of an earlier version is of a text that nobody can sum up now.
func validSum(text string) string {
	m := checksum.FindStringSubmatch(strings.TrimSpace(text))
	if m != nil && m[1] == "9" {
		return "9:" + strings.ToLower(m[2])
	}
	return migration.Always
}
