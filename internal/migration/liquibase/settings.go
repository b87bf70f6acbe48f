package liquibase

import (
	"errors"
	"io/fs"
	"path"
	"strings"
)

// settings are those of a project's liquibase.properties that say which changesets there are, and under which names.
type settings struct {
	// dir is the folder of the file, where Liquibase runs; found says that there is one.
	dir   string
	found bool
	// root is the root changelog and search where its paths begin, both from the repository's top; empty where the file says none.
	root, search string
	contexts     []string
	labels       string
	parameters   map[string]string
}

// names are how a setting can be written, without dashes and in lower case.
var settingNames = map[string]string{
	"changelogfile": "root", "command.changelogfile": "root", "searchpath": "search", "contexts": "contexts", "command.contexts": "contexts",
	"contextfilter": "contexts", "command.contextfilter": "contexts", "labels": "labels", "labelfilter": "labels", "command.labelfilter": "labels",
}

// readSettings looks for liquibase.properties in the folder and in each one above.
func readSettings(fsys fs.FS, dir string) (settings, error) {
	for at := dir; ; at = path.Dir(at) {
		text, err := fs.ReadFile(fsys, path.Join(at, "liquibase.properties"))
		if err == nil {
			return parseSettings(at, string(text)), nil
		}
		if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrInvalid) {
			return settings{}, err
		}
		if at == "." || at == "/" || at == "" {
			return settings{}, nil
		}
	}
}

func parseSettings(dir, text string) settings {
	s := settings{dir: dir, found: true, parameters: map[string]string{}}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		at := strings.IndexAny(line, "=: \t")
		if at < 0 || line[0] == '#' || line[0] == '!' {
			continue
		}
		key, value := line[:at], strings.TrimLeft(line[at:], "=: \t")
		if name, ok := strings.CutPrefix(key, "parameter."); ok {
			s.parameters[name] = value
			continue
		}
		name := strings.TrimPrefix(strings.ToLower(strings.ReplaceAll(key, "-", "")), "liquibase.")
		switch settingNames[name] {
		case "root":
			s.root = path.Join(dir, normalize(value))
		case "search":
			first, _, _ := strings.Cut(value, ",")
			s.search = path.Join(dir, normalize(first))
		case "contexts":
			for context := range strings.SplitSeq(value, ",") {
				s.contexts = append(s.contexts, said(context)...)
			}
		case "labels":
			s.labels = value
		}
	}
	return s
}

// runs tells whether the project's contexts and labels take a changeset: all do where it sets none.
func (s settings) runs(contexts, labels []string) bool {
	const longest = 4096 // bytes of an expression, beyond which nobody wrote it
	for _, expression := range contexts {
		if len(expression) < longest && len(s.contexts) > 0 && !matches(strings.ToLower(expression), s.contexts) {
			return false
		}
	}
	for _, list := range labels {
		var items []string
		for label := range strings.SplitSeq(list, ",") {
			items = append(items, said(label)...)
		}
		if len(s.labels) < longest && s.labels != "" && !matches(s.labels, items) {
			return false
		}
	}
	return true
}
