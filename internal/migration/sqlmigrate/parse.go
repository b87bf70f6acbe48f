package sqlmigrate

import (
	"bufio"
	"fmt"
	"strings"

	"github.com/headgate/headgate/internal/migration"
	"github.com/headgate/headgate/internal/migration/script"
)

// command begins a line with an annotation, and noTransaction is an option of one.
const (
	command       = "-- +migrate "
	noTransaction = "notransaction"
)

// parsed is a file, and way one direction of it; bare says that it runs without a transaction.
type parsed struct{ up, down way }

type way struct {
	messages []script.Message
	bare     bool
}

// parser splits as the tool does (sqlparse/sqlparse.go, ParseMigration): at the lines whose last word before a comment ends
// with a semicolon, wherever that stands, and at StatementEnd.
type parser struct {
	file    string
	line    int
	parsed  parsed
	current *way
	block   bool // between StatementBegin and StatementEnd
	lines   []string
	numbers []int
}

func parse(file, text string) (parsed, error) {
	const longest = 1024 * 1024 // bytes of a line, the tool's limit
	p := &parser{file: file}
	scan := bufio.NewScanner(strings.NewReader(text))
	scan.Buffer(make([]byte, 0, 64*1024), longest)
	for scan.Scan() {
		p.line++
		if err := p.take(scan.Text()); err != nil {
			return parsed{}, err
		}
	}
	switch {
	case scan.Err() != nil:
		p.line++
		return parsed{}, p.wrong("sql-migrate cannot read a line longer than 1 MiB", "break the line")
	case p.block:
		return parsed{}, p.wrong("StatementBegin has no StatementEnd", "write `-- +migrate StatementEnd` after the statement")
	case p.current == nil:
		p.line = 1
		return parsed{}, p.wrong("there is no `-- +migrate Up`", "begin the way up with that line")
	case p.open():
		return parsed{}, p.unended()
	}
	return p.parsed, nil
}

func (p *parser) take(line string) error {
	if strings.HasPrefix(line, "-- ") && !strings.HasPrefix(line, "-- +") {
		return nil
	}
	ended := false
	if rest, ok := strings.CutPrefix(line, command); ok {
		words := strings.Fields(rest)
		if len(words) == 0 {
			return p.wrong("an annotation without a command", "write Up, Down, StatementBegin or StatementEnd")
		}
		switch words[0] {
		case "Up", "Down":
			if p.open() {
				return p.unended()
			}
			p.turn(words)
		case "StatementBegin":
			p.block = p.block || p.current != nil
		case "StatementEnd":
			ended, p.block = p.block, false
		}
	}
	if p.current == nil {
		return nil
	}
	if !strings.HasPrefix(line, "-- +") {
		p.lines, p.numbers = append(p.lines, line), append(p.numbers, p.line)
	}
	if ended || !p.block && endsWithSemicolon(line) {
		p.end()
	}
	return nil
}

// turn begins a direction.
func (p *parser) turn(words []string) {
	p.current = &p.parsed.up
	if words[0] == "Down" {
		p.current = &p.parsed.down
	}
	for _, option := range words[1:] {
		p.current.bare = p.current.bare || option == noTransaction
	}
}

// end makes a message of the lines since the last one. The tool takes one semicolon off the end (migrate.go, applyMigrations).
func (p *parser) end() {
	sql := strings.TrimSuffix(strings.TrimSuffix(strings.Join(p.lines, "\n"), " "), ";")
	numbers := p.numbers
	if len(numbers) == 0 {
		numbers = []int{p.line}
	}
	p.current.messages = append(p.current.messages, script.Message{SQL: sql, Lines: numbers})
	p.lines, p.numbers = nil, nil
}

// open tells whether a statement waits for its end.
func (p *parser) open() bool { return strings.TrimSpace(strings.Join(p.lines, "")) != "" }

func (p *parser) unended() error {
	for i, line := range p.lines {
		if strings.TrimSpace(line) != "" {
			p.line = p.numbers[i]
			break
		}
	}
	return p.wrong("the statement that begins here has no end", "put a semicolon at the end of its last line, or StatementBegin and StatementEnd around it")
}

func (p *parser) wrong(problem, remedy string) error {
	return &migration.Error{File: p.file, Line: p.line, Problem: fmt.Sprintf("sql-migrate refuses this file: %s", problem), Remedy: remedy}
}

func endsWithSemicolon(line string) bool {
	last := ""
	for word := range strings.FieldsSeq(line) {
		if strings.HasPrefix(word, "--") {
			break
		}
		last = word
	}
	return strings.HasSuffix(last, ";")
}
