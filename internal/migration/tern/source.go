package tern

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"text/template/parse"
	"unicode"
	"unicode/utf8"

	"github.com/headgate/headgate/internal/migration"
)

// source is the text of a template: a file, or what of it goes one way.
type source struct {
	// file is the path from the repository's top, and name what tern calls the template.
	file, name string
	// text begins at an offset in the file, whose lines begin at offsets as well.
	text   string
	start  int
	lines  []int
	before string // what of the file stands before the text's end
	// trees are the template and those that it defines; broken is why there are none.
	trees  map[string]*parse.Tree
	broken *migration.Error
	// included is what the text names, in order; fields are the data that it asks for, and parameters the names that it gives to
	// templates of its own.
	included           []inclusion
	fields, parameters []string
}

// mostActions is how many actions a file can have: the parser goes down into those that hold others.
const mostActions = 20000

// newSource reads file's text[start:end].
func newSource(file, name, text string, start, end int) *source {
	s := &source{file: file, name: name, text: text[start:end], start: start, before: text[:end], lines: []int{0}}
	for i := range end {
		if text[i] == '\n' {
			s.lines = append(s.lines, i+1)
		}
	}
	if strings.Count(s.text, "{{") > mostActions {
		s.broken = &migration.Error{File: file, Line: 1, Problem: fmt.Sprintf("the file has more than %d template actions, which Headgate does not read", mostActions),
			Remedy: "write the SQL out"}
		return s
	}
	trees, err := parse.Parse(name, s.text, "", "", known())
	if err != nil {
		s.broken = s.wrong(err)
		return s
	}
	s.trees = trees
	s.look()
	return s
}

// known are the functions that a template can name.
func known() map[string]any {
	names := map[string]any{"install_snapshot": true}
	for _, name := range strings.Fields("and break call continue html index slice js len not or print printf println urlquery eq ge gt le lt ne") {
		names[name] = true
	}
	return withSprig(names)
}

// complaint is what the template library says of a place: the template's name, line, column, and the rest.
var complaint = regexp.MustCompile(`(?s)^template: (.*?):(\d+):(?:(\d+):)? (.*)$`)

// wrong makes an error of one that the parser gives.
func (s *source) wrong(err error) *migration.Error {
	e := &migration.Error{File: s.file, Line: s.line(0), Problem: "tern refuses to run, because this is no template: " + err.Error(), Remedy: "correct the template", Err: err}
	if m := complaint.FindStringSubmatch(err.Error()); m != nil {
		line, _ := strconv.Atoi(m[2])
		e.Line, e.Problem = s.line(0)+line-1, "tern refuses to run, because this is no template: "+m[4]
	}
	return e
}

// farRight is how many bytes of a line are counted into columns: a file can be one line with thousands of actions in it.
const farRight = 1 << 12

// place is the line and the column, from 1, of an offset in the text; far to the right the column is 0.
func (s *source) place(offset int) (line, column int) {
	at := min(s.start+max(offset, 0), len(s.before))
	line = sort.SearchInts(s.lines, at+1)
	if at-s.lines[line-1] > farRight {
		return line, 0
	}
	return line, utf8.RuneCountInString(s.before[s.lines[line-1]:at]) + 1
}

func (s *source) line(offset int) int {
	line, _ := s.place(offset)
	return line
}

// names are those of the templates, with the one that the whole text is first.
func (s *source) names() []string {
	var names []string
	for name := range s.trees {
		if name != s.name {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return append([]string{s.name}, names...)
}

// plain tells whether the text has no actions.
func (s *source) plain() bool { return !strings.Contains(s.text, "{{") }

// file is a migration.
type file struct {
	number   int
	up, down *source
}

// ways cuts a migration in two (migrate.go, LoadMigrations).
func ways(name, base, text string) file {
	end, next := len(text), len(text)
	if at := strings.Index(text, separator); at >= 0 {
		end, next = at, at+len(separator)
	}
	return file{up: trimmed(name, base+" up", text, 0, end), down: trimmed(name, base+" down", text, next, len(text))}
}

func trimmed(name, template, text string, start, end int) *source {
	end = start + len(strings.TrimRightFunc(text[start:end], unicode.IsSpace))
	start = end - len(strings.TrimLeftFunc(text[start:end], unicode.IsSpace))
	return newSource(name, template, text, start, end)
}

// wrong is why tern would not take the migration, whatever its data are.
func (f file) wrong() *migration.Error {
	switch {
	case f.up.broken != nil:
		return f.up.broken
	case f.down.broken != nil:
		return f.down.broken
	case f.up.plain() && !hasSQL(f.up.text):
		return noSQL(f.up.file)
	}
	return nil
}

// hasSQL tells whether there is a line that is no comment.
func hasSQL(up string) bool {
	for line := range strings.Lines(up) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "--") {
			return true
		}
	}
	return false
}

func noSQL(file string) *migration.Error {
	return &migration.Error{File: file, Line: 1, Problem: "tern refuses to run, because the migration's way up has no SQL", Remedy: "write its SQL, or delete the file"}
}

// folder is what tern reads of the migrations' folder.
type folder struct {
	dir string
	// shared are the .sql files of folders below, and files the migrations by their numbers.
	shared []*source
	files  []file
	// faults are of files whose number is none.
	faults []migration.Fault
}

// sources are all texts of the folder.
func (f *folder) sources() []*source {
	all := slices.Clone(f.shared)
	for _, each := range f.files {
		all = append(all, each.up, each.down)
	}
	return all
}

func readFolder(fsys fs.FS, dir string) (*folder, error) {
	f := &folder{dir: dir}
	err := fs.WalkDir(fsys, dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path.Ext(name) != ".sql" {
			return err
		}
		if path.Dir(name) == dir {
			return f.readMigration(fsys, name)
		}
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		f.shared = append(f.shared, newSource(name, within(dir, name), string(text), 0, len(text)))
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the migrations folder: %w", err)
	}
	slices.SortStableFunc(f.files, func(a, b file) int { return a.number - b.number })
	return f, nil
}

// within is a path as seen from a folder above.
func within(dir, name string) string {
	if dir == "." {
		return name
	}
	return strings.TrimPrefix(name, dir+"/")
}

func (f *folder) readMigration(fsys fs.FS, name string) error {
	m := named.FindStringSubmatch(path.Base(name))
	if m == nil {
		return nil
	}
	number, err := strconv.ParseInt(m[1], 10, 32)
	switch {
	case errors.Is(err, strconv.ErrRange):
		f.faults = append(f.faults, migration.Broken(name, 1, "tern stops at a number that does not fit into 32 bits", "take the number after the last one"))
		return nil
	case number == 0:
		f.faults = append(f.faults, migration.Broken(name, 1, "tern breaks down at the number 0", "number the migrations from 1"))
		return nil
	}
	text, err := fs.ReadFile(fsys, name)
	if err != nil {
		return err
	}
	found := ways(name, path.Base(name), string(text))
	found.number = int(number)
	f.files = append(f.files, found)
	return nil
}
