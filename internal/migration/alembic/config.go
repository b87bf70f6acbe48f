package alembic

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"

	"github.com/headgate/headgate/internal/migration"
	"github.com/headgate/headgate/internal/syntax/python"
)

// settings are what alembic.ini, or [tool.alembic] of pyproject.toml, says of where the scripts lie.
type settings struct {
	file string
	// values are the options with their interpolations done; lists are those of pyproject.toml that are lists.
	values map[string]string
	lists  map[string][]string
	// options are all that Config.get_main_option gives: those of the section of alembic.ini, and of its [DEFAULT].
	options map[string]string
}

// location is where the scripts of one history lie; every path is from the repository's top.
type location struct {
	script   string            // the folder of env.py, or empty where it is unknown
	versions []string          // the folders of the revision files
	recurse  bool              // recursive_version_locations
	top      string            // the folder of the settings' file, from where the application's packages are imported
	options  map[string]string // those of alembic.ini; nil without one
}

// The names of the files that hold alembic's settings.
const (
	iniName  = "alembic.ini"
	tomlName = "pyproject.toml"
)

// locate finds the scripts of dir, which is the folder of the settings' file, the script folder (of env.py), or a
// folder of revision files. In the last two cases the settings are looked for in the folders above, since they may
// name more version locations; settings that do not speak of dir are passed over.
func locate(fsys fs.FS, dir string) (location, error) {
	for at := dir; ; at = path.Dir(at) {
		found, err := settingsOf(fsys, at)
		if err != nil {
			return location{}, err
		}
		for _, s := range found {
			l, err := s.location(fsys)
			if err != nil && at == dir {
				return location{}, err
			}
			if err == nil && (at == dir || l.script == dir || slices.Contains(l.versions, dir)) {
				return l, nil
			}
		}
		if at == "." || at == "/" {
			break
		}
	}
	l := location{script: dir, versions: []string{path.Join(dir, "versions")}, top: path.Dir(dir)}
	if !isDir(fsys, l.versions[0]) || hasRevisionFiles(fsys, dir) {
		l = location{script: path.Dir(dir), versions: []string{dir}, top: path.Dir(path.Dir(dir))}
	}
	if _, err := fs.Stat(fsys, dir); err != nil {
		return location{}, fmt.Errorf("read the migrations folder: %w", err)
	}
	return l, nil
}

func isDir(fsys fs.FS, name string) bool {
	info, err := fs.Stat(fsys, name)
	return err == nil && info.IsDir()
}

func isFile(fsys fs.FS, name string) bool {
	info, err := fs.Stat(fsys, name)
	return err == nil && !info.IsDir()
}

func hasRevisionFiles(fsys fs.FS, dir string) bool {
	entries, err := fs.ReadDir(fsys, dir)
	return err == nil && slices.ContainsFunc(entries, func(e fs.DirEntry) bool {
		return revisionFile.MatchString(e.Name()) && e.Name() != "env.py" && e.Name() != "setup.py"
	})
}

// settingsOf reads the settings' files of one folder. As alembic does, pyproject.toml is asked first for what it has.
func settingsOf(fsys fs.FS, dir string) ([]settings, error) {
	var found []settings
	if text, err := fs.ReadFile(fsys, path.Join(dir, tomlName)); err == nil {
		s, err := readTOML(path.Join(dir, tomlName), text)
		if err != nil {
			return nil, err
		}
		if s.values["script_location"] != "" {
			found = append(found, s)
		}
	}
	if text, err := fs.ReadFile(fsys, path.Join(dir, iniName)); err == nil {
		all, err := readINI(path.Join(dir, iniName), string(text))
		if err != nil {
			return nil, err
		}
		found = append(found, all...)
	}
	return found, nil
}

// readTOML reads [tool.alembic].
func readTOML(file string, text []byte) (settings, error) {
	var document struct {
		Tool struct {
			Alembic map[string]any `toml:"alembic"`
		} `toml:"tool"`
	}
	if err := toml.Unmarshal(text, &document); err != nil {
		e := &migration.Error{File: file, Problem: "this is no TOML: " + err.Error(), Remedy: "mend the file"}
		if at := (toml.ParseError{}); errors.As(err, &at) {
			e.Line, e.Problem = at.Position.Line, "this is no TOML: "+at.Message
		}
		return settings{}, e
	}
	s := settings{file: file, values: map[string]string{}, lists: map[string][]string{}}
	here := strings.NewReplacer("%(here)s", path.Dir(file), "%%", "%")
	for key, v := range document.Tool.Alembic {
		switch v := v.(type) {
		case string:
			s.values[key] = here.Replace(v)
		case bool:
			s.values[key] = fmt.Sprint(v)
		case []any:
			for _, item := range v {
				if text, ok := item.(string); ok {
					s.lists[key] = append(s.lists[key], here.Replace(text))
				}
			}
		}
	}
	return s, nil
}

var (
	iniSection  = regexp.MustCompile(`^\[([^\]]+)\]`)
	iniOption   = regexp.MustCompile(`^([^\s:=#;\[][^:=]*?)\s*[:=]\s*(.*)$`)
	iniVariable = regexp.MustCompile(`%\(([^)]+)\)s|%%`)
)

// readINI reads the sections of an alembic.ini that have a script_location: [alembic] first, then the others (alembic -n).
// The format is that of Python's configparser with its basic interpolation.
func readINI(file, text string) ([]settings, error) {
	sections := map[string]map[string]string{}
	var order []string
	var options map[string]string
	last := ""
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, " \t\r\n")
		trimmed := strings.TrimSpace(line)
		switch {
		case trimmed == "" || trimmed[0] == '#' || trimmed[0] == ';':
		case line != trimmed && strings.TrimLeft(line, " \t") == trimmed && last != "" && options != nil:
			options[last] += "\n" + trimmed // a value goes on in the indented lines below it
		case iniSection.MatchString(trimmed):
			section := iniSection.FindStringSubmatch(trimmed)[1]
			if sections[section] == nil {
				sections[section] = map[string]string{}
				order = append(order, section)
			}
			options, last = sections[section], ""
		default:
			if m := iniOption.FindStringSubmatch(trimmed); m != nil && options != nil {
				last = strings.ToLower(m[1])
				options[last] = m[2]
			}
		}
	}
	slices.SortStableFunc(order, func(a, b string) int { return rank(a) - rank(b) })
	var found []settings
	for _, section := range order {
		s := settings{file: file, values: map[string]string{}, options: map[string]string{}}
		maps.Copy(s.options, sections["DEFAULT"])
		for key, v := range sections[section] {
			expanded, err := interpolate(v, sections[section], sections["DEFAULT"], path.Dir(file), 0)
			if err != nil && (key == "script_location" || key == "version_locations") {
				return nil, &migration.Error{File: file, Problem: fmt.Sprintf("%s cannot be read: %v", key, err), Remedy: "write the path out"}
			}
			s.values[key], s.options[key] = expanded, expanded
		}
		if s.values["script_location"] != "" {
			found = append(found, s)
		}
	}
	return found, nil
}

func rank(section string) int {
	if section == "alembic" {
		return 0
	}
	return 1
}

// interpolate does configparser's BasicInterpolation; alembic adds the variable here, the folder of the file.
func interpolate(v string, options, defaults map[string]string, here string, depth int) (string, error) {
	const deepest = 10 // configparser.MAX_INTERPOLATION_DEPTH
	if depth > deepest {
		return "", errors.New("its variables refer to one another")
	}
	var failed error
	result := iniVariable.ReplaceAllStringFunc(v, func(m string) string {
		if m == "%%" {
			return "%"
		}
		key := strings.ToLower(m[2 : len(m)-2])
		if key == "here" {
			return here
		}
		text, ok := options[key]
		if !ok {
			text, ok = defaults[key]
		}
		if !ok {
			failed = fmt.Errorf("there is no variable %s", m)
			return ""
		}
		expanded, err := interpolate(text, options, defaults, here, depth+1)
		failed = errors.Join(failed, err)
		return expanded
	})
	return result, failed
}

// separators are the values of version_path_separator and, since alembic 1.16, path_separator.
var separators = map[string]string{"space": " ", "newline": "\n", "os": ":", ":": ":", ";": ";"}

var legacySeparator = regexp.MustCompile(`, *|(?: +)`)

// location finds the folders that the settings name.
func (s settings) location(fsys fs.FS) (location, error) {
	if s.values["sourceless"] == "true" {
		return location{}, &migration.Error{File: s.file, Problem: "sourceless is set, so the history is made of compiled files, which cannot be read",
			Remedy: "keep the source of the revisions beside them, and leave sourceless to the image"}
	}
	l := location{top: path.Dir(s.file), recurse: s.values["recursive_version_locations"] == "true", options: s.options}
	l.script = s.find(fsys, s.values["script_location"])
	if !isDir(fsys, l.script) {
		return location{}, &migration.Error{File: s.file, Problem: fmt.Sprintf("there is no folder %s, which script_location names", l.script),
			Remedy: "correct script_location"}
	}
	named := s.lists["version_locations"]
	if v := s.values["version_locations"]; v != "" {
		separator := s.values["path_separator"]
		if separator == "" {
			separator = s.values["version_path_separator"]
		}
		character, known := separators[separator]
		switch {
		case separator == "":
			named = legacySeparator.Split(v, -1)
		case !known:
			return location{}, &migration.Error{File: s.file, Problem: fmt.Sprintf("%q is no path separator that alembic knows", separator),
				Remedy: "use space, newline, os, : or ;"}
		default:
			named = strings.Split(v, character)
		}
	}
	for _, n := range named {
		if n = strings.TrimSpace(n); n != "" {
			if dir := s.find(fsys, n); isDir(fsys, dir) && !slices.Contains(l.versions, dir) { // alembic passes over the others
				l.versions = append(l.versions, dir)
			}
		}
	}
	if len(named) == 0 {
		l.versions = []string{path.Join(l.script, "versions")}
	}
	return l, nil
}

// find turns a path of the settings into one from the repository's top. A relative path is relative to the folder in
// which alembic is called: that of the settings' file, or the top. "package.sub:folder" lies in an importable package.
func (s settings) find(fsys fs.FS, name string) string {
	here := path.Dir(s.file)
	if name == here || strings.HasPrefix(name, here+"/") && here != "." {
		return path.Clean(name) // %(here)s
	}
	roots := []string{here, path.Join(here, "src"), "."}
	for _, p := range strings.FieldsFunc(s.values["prepend_sys_path"], func(r rune) bool { return strings.ContainsRune(", :\n", r) }) {
		roots = append(roots, path.Join(here, p))
	}
	if module, rest, isPackage := strings.Cut(name, ":"); isPackage {
		name = path.Join(strings.ReplaceAll(module, ".", "/"), strings.ReplaceAll(rest, ":", "/"))
	}
	for _, root := range roots {
		if dir := path.Join(root, name); isDir(fsys, dir) {
			return dir
		}
	}
	return path.Join(here, name)
}

// revisionFile are the names that alembic loads from a folder of versions (script/base.py, _only_source_rev_file).
var revisionFile = regexp.MustCompile(`^.*\.py$`)

func isRevisionFile(name string) bool {
	return revisionFile.MatchString(name) && !strings.HasPrefix(name, ".#") && !strings.HasPrefix(name, "__init__")
}

// files lists the revision files in the order in which alembic loads them: folder by folder, by name.
func (l location) files(fsys fs.FS) ([]string, error) {
	var files []string
	seen := map[string]bool{}
	var list func(dir string) error
	list = func(dir string) error {
		entries, err := fs.ReadDir(fsys, dir)
		if err != nil {
			return fmt.Errorf("read the migrations folder: %w", err)
		}
		for _, e := range entries {
			if file := path.Join(dir, e.Name()); !e.IsDir() && isRevisionFile(e.Name()) && !seen[file] {
				seen[file] = true
				files = append(files, file)
			}
		}
		for _, e := range entries {
			if l.recurse && e.IsDir() && e.Name() != "__pycache__" {
				if err := list(path.Join(dir, e.Name())); err != nil {
					return err
				}
			}
		}
		return nil
	}
	for _, dir := range l.versions {
		if err := list(dir); err != nil {
			return nil, err
		}
	}
	return files, nil
}

// mainOption is Config.get_main_option as a migration may ask it: what alembic.ini says, unless env.py sets it.
func (o *operations) mainOption(a *arguments) value {
	name, ok := a.get(0, "name").(str)
	if !ok || o.location.options == nil || o.setsOption(name.s) {
		return &runtime{why: "an option of alembic's configuration"}
	}
	if v, there := o.location.options[strings.ToLower(name.s)]; there {
		return text(v)
	}
	return a.get(1, "default")
}

// setsOption tells that env.py may set an option.
func (o *operations) setsOption(name string) bool {
	file := path.Join(o.location.script, "env.py")
	if !isFile(o.interp.fsys, file) {
		return false
	}
	_, tree, err := parse(o.interp.fsys, file)
	if err != nil {
		return true
	}
	sets := false
	python.Inspect(tree, func(n python.Node) bool {
		call, ok := n.(*python.Call)
		if !ok {
			return true
		}
		if attr, ok := call.Func.(*python.Attribute); ok && attr.Attr.Name == "set_main_option" && len(call.Args) > 0 {
			s, literal := call.Args[0].(*python.String)
			sets = sets || !literal || len(s.Parts) != 1 || s.Parts[0].Format || s.Parts[0].Text.Value == name
		}
		return true
	})
	return sets
}
