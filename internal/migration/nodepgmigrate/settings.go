package nodepgmigrate

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/headgate/headgate/internal/migration"
)

// settings are those of the tool's that decide which files are migrations and how they run (bin/node-pg-migrate.ts).
type settings struct {
	// schemas are the search path, the first of which holds the version table, unless migrationsSchema does.
	schemas          []string
	createSchema     bool
	migrationsSchema string
	table            string
	noCheckOrder     bool
	glob             bool
	ignorePattern    string
	// ignored is what ignorePattern says. It is compared with a file's name.
	ignored *regexp.Regexp
}

// tableSchema is the version table's.
func (s *settings) tableSchema() string {
	if s.migrationsSchema != "" {
		return s.migrationsSchema
	}
	return s.schemas[0]
}

// packageFile is where a project of Node's keeps its commands, and toolName what begins those of the tool.
const (
	packageFile = "package.json"
	toolName    = "node-pg-migrate"
)

// readSettings looks for the project of the folder dir: the nearest package.json above it that names the tool. What the
// command line says in its scripts holds, and before it what node-config's files and the command line's own file say. Settings
// that are a program, or come from the environment, are not known here.
func readSettings(fsys fs.FS, dir string) (*settings, error) {
	s := &settings{schemas: []string{"public"}, table: "pgmigrations", ignorePattern: `\..*`}
	for at := dir; ; {
		at = path.Dir(at)
		file := path.Join(at, packageFile)
		text, err := read(fsys, file)
		if err != nil {
			return nil, err
		}
		if strings.Contains(text, `"`+toolName+`"`) {
			if err := s.readProject(fsys, at, dir, text); err != nil {
				return nil, err
			}
			break
		}
		if at == "." || at == "/" {
			break
		}
	}
	if s.glob {
		return nil, &migration.Error{File: dir, Problem: "node-pg-migrate is set to find its migrations by a pattern (use-glob), which is not read here",
			Remedy: "have the tool itself migrate, with `migrate-command: npx node-pg-migrate up`"}
	}
	var err error
	if s.ignored, err = regexp.Compile(`^` + s.ignorePattern + `$`); err != nil {
		return nil, &migration.Error{File: dir, Problem: fmt.Sprintf("the ignore-pattern %.100q of node-pg-migrate cannot be read here: %v", s.ignorePattern, err),
			Remedy: "write it without what JavaScript's regular expressions alone have", Err: err}
	}
	return s, nil
}

// read reads a settings file; it is empty where there is none.
func read(fsys fs.FS, file string) (string, error) {
	const most = 1 << 20 // bytes
	info, err := fs.Stat(fsys, file)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid) || err == nil && (info.IsDir() || info.Size() > most) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read node-pg-migrate's settings: %w", err)
	}
	text, err := fs.ReadFile(fsys, file)
	return string(text), err
}

func (s *settings) readProject(fsys fs.FS, project, dir, text string) error {
	var manifest struct {
		Scripts map[string]any `json:"scripts"`
	}
	if json.Unmarshal([]byte(text), &manifest) != nil {
		return nil //nolint:nilerr // whoever reads package.json next says so
	}
	var files []string
	section := "db"
	names := make([]string, 0, len(manifest.Scripts))
	for name := range manifest.Scripts {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		line, _ := manifest.Scripts[name].(string)
		for _, options := range commandLines(line) {
			if elsewhere(project, dir, options) {
				continue
			}
			s.take(options)
			if value := options.last("config-value"); value != "" {
				section = value
			}
			if file := options.last("config-file"); file != "" {
				files = append(files, path.Join(project, file))
			}
		}
	}
	for _, file := range slices.Concat([]string{path.Join(project, "config/default.json"), path.Join(project, "config/production.json")}, files) {
		if path.Ext(file) != ".json" || !fs.ValidPath(file) {
			continue
		}
		text, err := read(fsys, file)
		if err != nil {
			return err
		}
		if options := inFile(text, section, slices.Contains(files, file)); !elsewhere(project, dir, options) {
			s.take(options)
		}
	}
	return nil
}

// elsewhere tells of options whether they are for the migrations of another folder.
func elsewhere(project, dir string, options options) bool {
	_, says := options["migrations-dir"]
	return says && path.Join(project, options.last("migrations-dir")) != dir
}

// inFile are the options of a settings file: its section, or, where it has none and is the tool's own, all of it.
func inFile(text, section string, own bool) options {
	found := options{}
	var all map[string]any
	if json.Unmarshal([]byte(text), &all) != nil {
		return found
	}
	values, ok := all[section].(map[string]any)
	if !ok && own {
		values = all
	}
	for key, value := range values {
		switch v := value.(type) {
		case string, bool:
			found[key] = []string{fmt.Sprint(v)}
		case []any:
			for _, part := range v {
				found[key] = append(found[key], fmt.Sprint(part))
			}
		}
	}
	return found
}

func (s *settings) take(options options) {
	for key, values := range options {
		value := options.last(key)
		on := value == "true"
		switch key {
		case "schema":
			if schemas := slices.DeleteFunc(slices.Clone(values), func(one string) bool { return one == "" }); len(schemas) > 0 {
				s.schemas = schemas
			}
		case "create-schema":
			s.createSchema = on
		case "migrations-schema":
			s.migrationsSchema = value
		case "migrations-table":
			s.table = value
		case "check-order":
			s.noCheckOrder = value == "false"
		case "use-glob":
			s.glob = on
		case "ignore-pattern":
			if value != "" {
				s.ignorePattern = value
			}
		}
	}
}

// options are the values of each option, by its long name.
type options map[string][]string

// last is an option's value; empty where it has none.
func (o options) last(name string) string {
	if values := o[name]; len(values) > 0 {
		return values[len(values)-1]
	}
	return ""
}

// short are the options with a name of one letter.
var short = map[string]string{"d": "database-url-var", "m": "migrations-dir", "t": "migrations-table", "s": "schema", "f": "config-file", "j": "migration-file-language"}

// switches are the options that take no value of their own.
var switches = []string{"create-schema", "create-migrations-schema", "use-glob", "check-order", "verbose", "dry-run", "fake", "decamelize", "single-transaction", "lock", "timestamp", "reject-unauthorized", "force-exit"}

// upperCase are the letters that yargs takes for a dash and a small letter.
var upperCase = regexp.MustCompile(`[A-Z]`)

// commandLines are the options of each call of the tool in a line of shell.
func commandLines(line string) []options {
	var calls []options
	var current options
	words := shellWords(line)
	for i := 0; i < len(words); i++ {
		word := words[i]
		switch {
		case isCall(word):
			current = options{}
			calls = append(calls, current)
			continue
		case strings.ContainsAny(word, ";&|"):
			current = nil
		}
		if current == nil || len(word) < 2 || word[0] != '-' {
			continue
		}
		name, value, joined := strings.Cut(strings.TrimLeft(word, "-"), "=")
		if word[1] != '-' {
			name, value, joined = shortOption(name, value, joined)
		}
		name = upperCase.ReplaceAllStringFunc(name, func(c string) string { return "-" + strings.ToLower(c) })
		positive, negated := strings.CutPrefix(name, "no-")
		switch {
		case negated && slices.Contains(switches, positive):
			name, value = positive, "false"
		case joined:
		case slices.Contains(switches, name):
			value = "true"
			if i+1 < len(words) && (words[i+1] == "false" || words[i+1] == "true") {
				i++
				value = words[i]
			}
		case i+1 < len(words):
			i++
			value = words[i]
		}
		current[name] = append(current[name], value)
	}
	return calls
}

// shortOption reads -mVALUE as well as -m=VALUE.
func shortOption(name, value string, joined bool) (string, string, bool) {
	long, known := short[name[:min(1, len(name))]]
	switch {
	case !known:
		return name, value, true
	case len(name) > 1 && !joined:
		return long, name[1:], true
	}
	return long, value, joined
}

// isCall tells of a word whether the tool is called by it: as it is, by a path, with a version.
func isCall(word string) bool {
	base := strings.TrimSuffix(path.Base(word), ".js")
	return base == toolName || strings.HasPrefix(base, toolName+"@")
}

// shellWords cuts a line at white space outside of quotes, and at what ends a command.
func shellWords(line string) []string {
	var words []string
	var word strings.Builder
	quote, open := rune(0), false
	end := func() {
		if open {
			words = append(words, word.String())
		}
		word.Reset()
		open = false
	}
	for _, r := range line {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote == 0 && (r == '\'' || r == '"'):
			quote, open = r, true
		case quote == 0 && (r == ' ' || r == '\t' || r == '\n'):
			end()
		case quote == 0 && strings.ContainsRune(";&|", r):
			end()
			words = append(words, string(r))
		default:
			word.WriteRune(r)
			open = true
		}
	}
	end()
	return words
}
