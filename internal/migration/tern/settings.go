package tern

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"strings"

	"github.com/headgate/headgate/internal/migration"
)

// settings are those of tern.conf that matter to migrations.
type settings struct {
	table string
	data  map[string]any
	// wrong is why tern.conf cannot be read.
	wrong *migration.Error
}

// versionTable is what tern calls its table unless it is told otherwise.
const versionTable = "public.schema_version"

// unknown stands around the name of a variable of the environment in what tern.conf is run to.
const unknown = "\x01"

// readSettings reads the tern.conf that is nearest above the migrations, and the placeholders, which come first. tern looks where
// it is started, or where it is told to (main.go, LoadConfig).
func readSettings(fsys fs.FS, dir string, placeholders map[string]string) (settings, error) {
	s := settings{table: versionTable, data: map[string]any{}}
	for at := dir; ; at = path.Dir(at) {
		name := path.Join(at, "tern.conf")
		text, err := fs.ReadFile(fsys, name)
		if err == nil {
			err = s.parse(name, string(text), placeholders)
		}
		if wrong := (*migration.Error)(nil); errors.As(err, &wrong) {
			s.wrong = wrong
		} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return s, fmt.Errorf("read tern's settings: %w", err)
		}
		if err == nil || s.wrong != nil || at == "." {
			break
		}
	}
	for name, value := range placeholders {
		s.data[name] = value
	}
	return s, nil
}

// parse runs the file as the template that it is (main.go, appendConfigFromFile).
func (s *settings) parse(file, text string, placeholders map[string]string) error {
	limits := &limits{work: mostWork, env: func(name string) (string, bool) {
		if value, ok := placeholders[name]; ok {
			return value, true
		}
		return unknown + name + unknown, true
	}}
	src := newSource(file, "conf", text, 0, len(text))
	set := newSet(limits, map[string]any{}, nil)
	if err := set.add(src); err != nil {
		return err
	}
	out, err := set.run("conf")
	if err != nil {
		return err
	}
	sections, err := parseINI(file, out.text.String())
	if err != nil {
		return err
	}
	if table := sections["database"]["version_table"]; table != "" && !strings.Contains(table, unknown) {
		s.table = table
	}
	for name, value := range sections["data"] {
		if !strings.Contains(value, unknown) {
			s.data[name] = value
		}
	}
	return nil
}

var (
	assignment = regexp.MustCompile(`^([^=]+)=(.*)$`)
	heading    = regexp.MustCompile(`^\[(.*)\]$`)
)

// parseINI reads sections as tern's library does (github.com/vaughan0/go-ini, parseFile).
func parseINI(file, text string) (map[string]map[string]string, error) {
	sections := map[string]map[string]string{}
	section, number := "", 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == ';' || line[0] == '#' {
			continue
		}
		if m := assignment.FindStringSubmatch(line); m != nil {
			if sections[section] == nil {
				sections[section] = map[string]string{}
			}
			sections[section][strings.TrimSpace(m[1])] = strings.TrimSpace(m[2])
			continue
		}
		m := heading.FindStringSubmatch(line)
		if m == nil {
			return nil, &migration.Error{File: file, Line: number, Problem: fmt.Sprintf("tern refuses to run, because this line is no setting: %q", line), Remedy: "write NAME = VALUE"}
		}
		section = strings.TrimSpace(m[1])
	}
	return sections, nil
}

// given is the data for a folder's templates, as a map of its own.
func (s settings) given() map[string]any { return maps.Clone(s.data) }
