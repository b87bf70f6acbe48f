package dbmate

import (
	"regexp"
	"strings"

	"github.com/headgate/headgate/internal/migration"
	"github.com/headgate/headgate/internal/migration/script"
)

// The annotations that a block begins with, wherever the line stands, and what may stand before the first block (migration.go,
// upRegExp and those below it).
var (
	upBlock   = regexp.MustCompile(`(?m)^--\s*migrate:up(\s*$|\s+\S+)`)
	downBlock = regexp.MustCompile(`(?m)^--\s*migrate:down(\s*$|\s+\S+)`)
	directive = regexp.MustCompile(`^--\s*migrate:(up|down)`)
	space     = regexp.MustCompile(`\s+`)
	nothing   = regexp.MustCompile(`^\s*(--.*)?$`)
)

// byteOrderMark is what some editors begin a file with. To dbmate it is a part of the first line.
const byteOrderMark = "\ufeff"

// parsed is a file.
type parsed struct{ up, down block }

// block is one way of a file: from its annotation to the next, or to the end.
type block struct {
	text       string // the file's
	start, end int
	line       int // of the annotation, from 1
	// transaction says that the block and the stamp are one transaction.
	transaction bool
}

func (b block) sql() string { return b.text[b.start:b.end] }

func (b block) messages() []script.Message { return script.Whole(b.text, b.start, b.end) }

// parse parts a file into its blocks, of which dbmate wants both (migration.go, parseMigrationContents).
func parse(file, text string) (parsed, error) {
	up, down := upBlock.FindStringIndex(text), downBlock.FindStringIndex(text)
	line := func(at []int) int { return strings.Count(text[:at[0]], "\n") + 1 }
	refuse := func(line int, problem, remedy string) error {
		return &migration.Error{File: file, Line: line, Problem: "dbmate refuses this file: " + problem, Remedy: remedy}
	}
	switch {
	case strings.HasPrefix(text, byteOrderMark) && upBlock.MatchString(strings.TrimPrefix(text, byteOrderMark)) && (up == nil || line(up) > 1):
		return parsed{}, refuse(1, "a byte order mark stands before the first line, which dbmate takes as a part of it", "save the file as UTF-8 without one")
	case up == nil:
		return parsed{}, refuse(1, "there is no `-- migrate:up`", "begin the way up with that line")
	case down == nil:
		return parsed{}, refuse(line(up), "there is no `-- migrate:down`", "end the file with that line, even if nothing follows it")
	case up[0] > down[0]:
		return parsed{}, refuse(line(down), "`-- migrate:down` stands before `-- migrate:up`", "put the way up first")
	}
	number := 0
	for before := range strings.SplitSeq(text[:up[0]], "\n") {
		number++
		if !nothing.MatchString(before) {
			return parsed{}, refuse(number, "a statement stands before `-- migrate:up`", "put it below that line; only comments that begin with -- may stand above it")
		}
	}
	p := parsed{up: block{text: text, start: up[0], end: down[0], line: line(up)}, down: block{text: text, start: down[0], end: len(text), line: line(down)}}
	p.up.transaction, p.down.transaction = inTransaction(p.up.sql()), inTransaction(p.down.sql())
	return p, nil
}

// inTransaction reads the options of a block's first line, of which the last of a name holds (migration.go,
// parseMigrationOptions).
func inTransaction(block string) bool {
	first, _, _ := strings.Cut(block, "\n")
	yes := true
	for _, option := range space.Split(strings.TrimSpace(directive.ReplaceAllString(first, "")), -1) {
		if name, value, ok := strings.Cut(option, ":"); ok && name == "transaction" && !strings.Contains(value, ":") {
			yes = value != "false"
		}
	}
	return yes
}
