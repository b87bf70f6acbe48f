package dump

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/headgate/headgate/internal/migration"
	"github.com/headgate/headgate/internal/migration/script"
	"github.com/headgate/headgate/internal/sqltext"
)

// Limits on what scripts include: one file that includes another twice, which includes a third twice, and so on, would
// otherwise never end.
const (
	deepest  = 64
	mostRuns = 10_000
	mostText = 256 << 20 // bytes
)

// plan is what psql would send for a dump.
type plan struct {
	fsys         fs.FS
	placeholders map[string]string
	order        []string          // the files that were read, each once
	texts        map[string]string // as they are stored
	within       []string          // the files that include the one at hand, and that one
	runs, size   int
	messages     []script.Message
	skipped      []migration.Skipped
	schemas      map[string]bool // that statements make
}

func newPlan(fsys fs.FS, placeholders map[string]string) *plan {
	return &plan{fsys: fsys, placeholders: placeholders, texts: map[string]string{}, schemas: map[string]bool{}}
}

// note reads files without looking into them.
func (p *plan) note(files []string) {
	for _, f := range files {
		_, _ = p.read(f) // each was read before
	}
}

func (p *plan) read(file string) (string, error) {
	if text, known := p.texts[file]; known {
		return text, nil
	}
	content, err := fs.ReadFile(p.fsys, file)
	if err != nil {
		return "", err
	}
	p.order, p.texts[file] = append(p.order, file), string(content)
	return p.texts[file], nil
}

// include plans what one file runs, and what it includes. The error is a *migration.Error, or one of reading the file.
func (p *plan) include(file string) error {
	stored, err := p.read(file)
	if err != nil {
		return err
	}
	if p.runs, p.size = p.runs+1, p.size+len(stored); p.runs > mostRuns || p.size > mostText {
		return &migration.Error{File: file, Line: 1, Problem: "the dump includes files too often to be read to its end", Remedy: "include each file once"}
	}
	text := script.Expand(stored, p.placeholders)
	if at := strings.IndexByte(text, 0); at >= 0 {
		return &migration.Error{File: file, Line: line(text, at), Problem: "the file has a NUL byte, behind which psql loses the rest of the line", Remedy: "take it out"}
	}
	if strings.HasPrefix(text, byteOrderMark) {
		text = " " + text[len(byteOrderMark):]
	}
	p.within = append(p.within, file)
	defer func() { p.within = p.within[:len(p.within)-1] }()
	places := script.NewLines(text)
	var condition string
	holds := func(c string) bool {
		on, known := sqltext.Bool(c)
		if !known && condition == "" {
			condition = `\if ` + c
		}
		return on
	}
	for piece := range sqltext.Script(text, holds) {
		if condition != "" {
			break
		}
		if piece.Command != nil {
			err = p.command(file, piece, places)
		} else {
			err = p.statement(file, text, piece, places)
		}
		if err != nil {
			return err
		}
	}
	if condition != "" {
		at := max(strings.Index(text, strings.TrimPrefix(condition, `\if `)), 0)
		return &migration.Error{File: file, Line: line(text, at), Problem: fmt.Sprintf("whether %s holds depends on variables of psql", condition), Remedy: "write the dump without conditions"}
	}
	return nil
}

// statement plans what psql sends. The rows of a COPY are no part of the schema.
func (p *plan) statement(file, text string, piece sqltext.Piece, places *script.Lines) error {
	if len(piece.Data) > 0 {
		at, _ := places.At(piece.Start)
		if strings.Contains(piece.Text(text), ";") && len(piece.Cuts) > 0 {
			return &migration.Error{File: file, Line: at, Problem: `a COPY … FROM stdin is sent together with other statements, behind \;`, Remedy: "end each statement by itself"}
		}
		p.skipped = append(p.skipped, migration.Skipped{File: file, Line: at, Reason: "the rows of a COPY … FROM stdin are data and change no schema"})
		return nil
	}
	if piece.Start < 0 {
		return nil
	}
	m := message(text, places, piece)
	m.File = file
	m.Passes = passes(m.SQL)
	if name := schemaMade(m.SQL); name != "" && name != "public" {
		if p.schemas[name] {
			m.Passes = nil // which the dump itself has made before
		}
		p.schemas[name] = true
	}
	p.messages = append(p.messages, m)
	return nil
}

// passedOver are the commands of psql that change neither a schema nor what is sent: they print, or say how to print.
// \restrict and \unrestrict are pg_dump's (CVE-2025-8714), and sqltext.Script obeys them.
var passedOver = []string{
	"restrict", "unrestrict", "set", "unset", "echo", "qecho", "warn", "pset", "encoding", "timing", "a", "t", "x", "H", "html", "f",
	"C", "T", "p", "print", "r", "reset", "q", "quit", "conninfo", "errverbose", "copyright",
}

func (p *plan) command(file string, piece sqltext.Piece, places *script.Lines) error {
	c := piece.Command
	at, indent := places.At(piece.Start)
	e := &migration.Error{File: file, Line: at, Column: indent + 1}
	switch {
	case c.Restricted:
		e.Problem, e.Remedy = fmt.Sprintf(`psql refuses \%s here, because of \restrict and \unrestrict`, c.Name), "write the dump anew"
	case c.Unknown:
		e.Problem, e.Remedy = fmt.Sprintf(`psql has no command \%s here`, c.Name), "take it out"
	case c.Name == "c" || c.Name == "connect":
		e.Problem, e.Remedy = fmt.Sprintf(`\%s goes to another database`, c.Name), "write a dump of one database, without --create"
	case (c.Name == "set" || c.Name == "unset") && len(c.Args) > 0 && (c.Args[0] == "AUTOCOMMIT" || c.Args[0] == "SINGLELINE"):
		e.Problem, e.Remedy = fmt.Sprintf(`\%s %s changes how psql sends all that follows`, c.Name, c.Args[0]), "take it out"
	case slices.Contains([]string{"i", "include", "ir", "include_relative"}, c.Name):
		return p.includeAt(e, c)
	case (c.Name == "g" || c.Name == "gx") && len(c.Args) == 0 && !c.Again, slices.Contains(passedOver, c.Name), strings.HasPrefix(c.Name, "d"):
		return nil
	case strings.EqualFold(c.Name, "copy"):
		p.skipped = append(p.skipped, migration.Skipped{File: file, Line: at, Reason: `the rows of a \copy are data and change no schema`})
		return nil
	default:
		e.Problem, e.Remedy = fmt.Sprintf(`psql's command \%s is not run here`, c.Name), "write what it does as SQL"
	}
	return e
}

// includeAt plans what another file runs; e is the place of the command. psql reads \i from the folder that it was started in,
// which for a repository's dump mostly is the top, else that of the script; \ir from the script's folder (process_file in
// src/bin/psql/command.c).
func (p *plan) includeAt(e *migration.Error, c *sqltext.Command) error {
	if len(c.Args) == 0 {
		e.Problem, e.Remedy = fmt.Sprintf(`\%s names no file`, c.Name), "name the file"
		return e
	}
	name := c.Args[0]
	file := path.Join(path.Dir(e.File), name)
	if !strings.HasPrefix(c.Name, "ir") && c.Name != "include_relative" {
		if _, err := fs.Stat(p.fsys, path.Clean(name)); err == nil {
			file = path.Clean(name)
		}
	}
	e.Remedy = "include a file of the repository"
	switch {
	case path.IsAbs(name) || !fs.ValidPath(file):
		e.Problem = fmt.Sprintf("%q is outside of the repository", name)
		return e
	case slices.Contains(p.within, file):
		e.Problem, e.Remedy = fmt.Sprintf("%s includes itself", file), "take the command out"
		return e
	case len(p.within) >= deepest:
		e.Problem, e.Remedy = fmt.Sprintf("files include one another more than %d deep", deepest), "include the files from one"
		return e
	}
	err := p.include(file)
	if err == nil || errors.As(err, new(*migration.Error)) {
		return err
	}
	e.Problem, e.Err = fmt.Sprintf("the file %s cannot be read: %v", file, err), err
	if errors.Is(err, fs.ErrNotExist) {
		e.Problem = fmt.Sprintf("there is no file %s", file)
	}
	return e
}

func line(text string, at int) int { return strings.Count(text[:at], "\n") + 1 }

// message is a piece's statement with the lines of the file that it has.
func message(text string, places *script.Lines, piece sqltext.Piece) script.Message {
	m := script.Message{SQL: piece.Text(text)}
	first, indent := places.At(piece.Start)
	m.Indent, m.Lines = indent, []int{first}
	at, n := piece.Start, first
	lines := func(end int) {
		for range strings.Count(text[at:end], "\n") {
			n++
			m.Lines = append(m.Lines, n)
		}
		at = end
	}
	for _, c := range piece.Cuts {
		if c.Start < at || c.End > piece.End {
			continue
		}
		lines(c.Start)
		n += strings.Count(text[c.Start:c.End], "\n")
		at = c.End
	}
	lines(piece.End)
	return m
}
