package nodepgmigrate

import (
	"regexp"
	"strings"

	"github.com/headgate/headgate/internal/migration"
	"github.com/headgate/headgate/internal/migration/script"
)

// The comments that part a file, each from the beginning of its line (sqlMigration.ts, createMigrationCommentRegex), with what JavaScript
// takes as the end of a line and as white space.
var (
	upComment   = regexp.MustCompile(comment("up"))
	downComment = regexp.MustCompile(comment("down"))
)

func comment(direction string) string {
	const space = `\t\n\v\f\r \x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}\x{feff}`
	return `(?i)(?:\A|[\n\r\x{2028}\x{2029}])([` + space + `]*--[` + space + `-]*` + direction + `[` + space + `]+migration)`
}

// span is a part of a file's text, in bytes.
type span struct{ start, end int }

// ways are the two parts of a file (sqlMigration.ts, getActions). Without a comment for the way up the whole file is it, what
// follows the comment for the way down included. Without one for the way down there is none.
func ways(text string) (up, down span, hasDown bool) {
	upAt, downAt := find(upComment, text), find(downComment, text)
	up, down = span{0, len(text)}, span{downAt, len(text)}
	if upAt >= 0 {
		up.start = upAt
	}
	switch {
	case upAt >= 0 && downAt > upAt:
		up.end = downAt
	case downAt >= 0 && upAt > downAt:
		down.end = upAt
	}
	return up, down, downAt >= 0
}

func find(comment *regexp.Regexp, text string) int {
	at := comment.FindStringSubmatchIndex(text)
	if at == nil {
		return -1
	}
	return at[2]
}

// messages is one: pg sends the text as a simple query.
func (s span) messages(text string) []script.Message { return script.Whole(text, s.start, s.end) }

func (s span) essence(text string) migration.Essence {
	return migration.SQL(text[s.start:s.end], strings.Count(text[:s.start], "\n")+1)
}
