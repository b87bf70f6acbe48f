// Package sql reads query files: .sql files that hold the statements of a program and not the
// changes of its schema.
package sql

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/headgate/headgate/internal/reference"
	"github.com/headgate/headgate/internal/sqltext"
)

// Language reads .sql files. Its zero value is ready to use.
//
// A file with annotations (-- name: GetTree :one, as sqlc, dotsql, yesql and aiosql have it) is a query file, and its
// queries are Certain. In any other file the statements are references that are not, unless the file is a script that
// is run by hand or when a database is set up: such a script is as old or as new as the migrations beside it, and
// says nothing about running code.
type Language struct{}

var _ reference.Language = Language{}

// Name is "sql".
func (Language) Name() string { return "sql" }

// Reads tells whether the file is a .sql file that is the project's own and no test data. Which folders hold migrations is the
// caller's to know.
func (Language) Reads(name string) bool {
	if !strings.EqualFold(path.Ext(name), ".sql") {
		return false
	}
	for name != "" {
		var element string
		element, name, _ = strings.Cut(name, "/")
		if element == "testdata" || element == "vendor" || element == "node_modules" || len(element) > 1 && element[0] == '.' {
			return false
		}
	}
	return true
}

// largestFile is the most of a file that is read, in bytes. Query files are written by hand; what is larger is a dump.
const largestFile = 8 << 20

const placeholders = reference.Question | reference.Colon | reference.At | reference.Calls

// Read reads the files one by one.
func (Language) Read(ctx context.Context, fsys fs.FS, files []string, emit func(reference.Reference)) error {
	engines := engines{fsys: fsys, configs: map[string]*sqlcConfig{}}
	for _, name := range files {
		if err := ctx.Err(); err != nil {
			return err
		}
		f := file{path: name, emit: emit}
		text, err := fs.ReadFile(fsys, name)
		switch {
		case err != nil:
			f.unchecked(reference.Position{File: name, Line: 1, Column: 1}, fmt.Sprintf("the file cannot be read: %v", err))
			continue
		case len(text) > largestFile:
			f.unchecked(reference.Position{File: name, Line: 1, Column: 1}, fmt.Sprintf("the file has more than %d MiB", largestFile>>20))
			continue
		}
		if engine := engines.of(name); engine != "" && engine != "postgresql" {
			f.foreign = "sqlc's configuration says that the file is for " + engine
		}
		f.read(text)
	}
	return nil
}

// file is a query file that is being read.
type file struct {
	path string
	emit func(reference.Reference)
	// foreign is the reason why none of the file is for PostgreSQL.
	foreign string
}

func (f *file) unchecked(at reference.Position, reason string) {
	f.emit(reference.Reference{Place: at, Certain: true, Unchecked: reason})
}

func (f *file) read(raw []byte) {
	raw = bytes.TrimPrefix(raw, []byte("\ufeff"))
	if bytes.IndexByte(raw, 0) >= 0 {
		f.unchecked(reference.Position{File: f.path, Line: 1, Column: 1}, "the file has NUL characters: it is not UTF-8 text")
		return
	}
	text := string(raw)
	parts := split(text)
	if len(parts) == 1 && f.foreign == "" && f.script(text) {
		return
	}
	at := reference.Position{File: f.path, Line: 1, Column: 1}
	for _, p := range parts {
		var b reference.Builder
		next := b.Copy(text[p.start:p.end], at)
		like := reference.Reference{Name: p.name, Certain: p.name != "", Place: at, Unchecked: f.foreign}
		seen := false
		b.Text().Statements(like, placeholders, func(r reference.Reference) {
			if why := template(r.SQL); why != "" {
				r.Unchecked, r.SQL, r.Map = why, "", nil
			}
			// sqlc runs the first statement below an annotation, and leaves the others.
			r.Certain = r.Certain && !(p.sqlc && seen)
			seen = true
			f.emit(r)
		})
		at = next
	}
}

// part is a piece of a query file from one annotation to the next.
type part struct {
	start, end int
	name       string
	// sqlc says that the annotation is one of sqlc's, which has the kind of result: ":one".
	sqlc bool
}

// split cuts a file at its annotations. The first part, before any of them, has no name.
func split(text string) []part {
	parts := []part{{}}
	scan := sqltext.NewScanner(text)
	for t := scan.Next(); t.Kind != sqltext.EOF; t = scan.Next() {
		if t.Kind != sqltext.Comment {
			continue
		}
		if name, sqlc := annotation(text[t.Start:t.End]); name != "" {
			parts[len(parts)-1].end = t.Start
			parts = append(parts, part{start: t.Start, name: name, sqlc: sqlc})
		}
	}
	parts[len(parts)-1].end = len(text)
	return parts
}

// annotation is the name that a comment gives to the query below it: "-- name: GetTree :one" and "/* name: GetTree :one */"
// (sqlc), "-- name: get-tree" (dotsql, yesql, aiosql, whose names can end in a mark for the kind of result) and "-- :name
// get_tree :one" (HugSQL, PugSQL).
func annotation(comment string) (name string, sqlc bool) {
	text := strings.TrimLeft(strings.TrimSuffix(comment, "*/"), "-/* \t")
	rest, ok := strings.CutPrefix(text, "name:")
	if !ok {
		if rest, ok = strings.CutPrefix(text, ":name "); !ok {
			return "", false
		}
	}
	fields := strings.Fields(rest)
	if len(fields) == 0 || len(fields[0]) > 200 {
		return "", false
	}
	sqlc = strings.HasPrefix(text, "name:") && len(fields) > 1 && strings.HasPrefix(fields[1], ":")
	name = fields[0]
	if before, _, ok := strings.Cut(name, "("); ok { // aiosql: -- name: get_tree(id)
		name = before
	}
	return strings.TrimRight(name, "^$!<*#"), sqlc
}

// template is the reason why a statement of a template cannot be checked.
func template(sql string) string {
	scan := sqltext.NewScanner(sql)
	for t := scan.Next(); t.Kind != sqltext.EOF; t = scan.Next() {
		if t.Kind != sqltext.Punctuation || sql[t.Start] != '{' {
			continue
		}
		if next := t.End; next < len(sql) && (sql[next] == '{' || sql[next] == '%' || sql[next] == '#') {
			return "built at run time: a template fills in what stands between " + sql[t.Start:next+1] + " and its end"
		}
	}
	return ""
}

// script tells whether a file without annotations is a script: it changes the schema, it has psql's own
// commands, or it fills tables with rows that are written out. Statements that a check would be for are counted in one
// unchecked reference.
func (f *file) script(text string) bool {
	why, offset := whyScript(text)
	if why == "" {
		return false
	}
	at := position(f.path, text, offset)
	if text[offset] == '\\' {
		f.unchecked(at, notQuery+why) // where psql's commands end and statements begin is psql's to know
		return true
	}
	for span := range sqltext.Statements(text) {
		if reference.CanBeSQL(text[span.Start:span.End]) {
			f.unchecked(at, notQuery+why)
			return true
		}
	}
	return true
}

const notQuery = "the file is a script and no query of the code: "

// position is the place of a byte offset.
func position(path, text string, offset int) reference.Position {
	line := strings.LastIndexByte(text[:offset], '\n') + 1
	return reference.Position{
		File: path, Line: 1 + strings.Count(text[:line], "\n"), Column: 1 + utf8.RuneCountInString(text[line:offset]),
	}
}

// whyScript says what makes a file a script, and where that stands.
func whyScript(text string) (why string, offset int) {
	if at := psqlCommand(text); at >= 0 {
		return "it has a command of psql", at
	}
	queries, rows := 0, -1
	for span := range sqltext.Statements(text) {
		statement := text[span.Start:span.End]
		switch reference.Classify(statement) {
		case reference.SchemaChange:
			return "it changes the schema", span.Start
		case reference.Maintenance:
			return "it maintains tables", span.Start
		case reference.Query:
			if fillsTable(statement) {
				if rows < 0 {
					rows = span.Start
				}
				continue
			}
			queries++
		}
	}
	if rows >= 0 && queries == 0 {
		return "it fills tables", rows
	}
	return "", 0
}

// psqlCommand is the offset of the first backslash that begins a command of psql (\i, \c, \copy), -1 if there is none.
func psqlCommand(text string) int {
	scan := sqltext.NewScanner(text)
	for t := scan.Next(); t.Kind != sqltext.EOF; t = scan.Next() {
		if t.Kind == sqltext.Punctuation && text[t.Start] == '\\' {
			return t.Start
		}
	}
	return -1
}

// fillsTable tells whether a statement is one that only scripts have: TRUNCATE, COPY, or INSERT … VALUES of constants alone.
func fillsTable(statement string) bool {
	var first string
	values := false
	scan := sqltext.NewScanner(statement)
	for t := scan.Next(); t.Kind != sqltext.EOF; t = scan.Next() {
		word := statement[t.Start:t.End]
		switch {
		case t.Kind == sqltext.Comment:
		case t.Kind == sqltext.Parameter, t.Kind == sqltext.Operator && strings.ContainsAny(word, "?@"), word == ":":
			return false
		case t.Kind == sqltext.Identifier:
			word = strings.ToLower(word)
			if first == "" {
				first = word
			}
			values = values || word == "values"
		}
	}
	return first == "truncate" || first == "copy" || first == "insert" && values
}
