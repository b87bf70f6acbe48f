package python

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"
)

// importLine finds the names in import statements by the words of their lines, the lines of a parenthesis included. Names that are
// no imports may be found too.
var importLine = regexp.MustCompile(`(?m)^[ \t]*(?:from[ \t]+([\w.]+)[ \t]+import[ \t]*(\([^)]*\)|[^\n]*)|import[ \t]+([^\n]*))`)

var moduleName = regexp.MustCompile(`\w+`)

// Dependents are those of the files that import one of the changed files, directly or not, and so can mean something else
// where they did not change themselves: models get columns from mixins of other folders, texts get constants. A module is taken
// for imported by the last part of its name, so that the list is never too short.
func (Language) Dependents(fsys fs.FS, files, changed []string) ([]string, error) {
	names := map[string]bool{}
	for _, name := range changed {
		if strings.HasSuffix(name, ".py") {
			names[leaf(name)] = true
		}
	}
	if len(names) == 0 {
		return nil, nil
	}
	imports := make([]map[string]bool, len(files))
	for i, file := range files {
		text, err := fs.ReadFile(fsys, file)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", file, err)
		}
		imports[i] = importsOf(text)
	}
	var found []string
	taken := make([]bool, len(files))
	for more := true; more; {
		more = false
		for i, file := range files {
			if taken[i] || !meet(imports[i], names) {
				continue
			}
			taken[i], more = true, true
			found = append(found, file)
			names[leaf(file)] = true
		}
	}
	return found, nil
}

// leaf is the last part of a file's module name.
func leaf(file string) string {
	name := strings.TrimSuffix(path.Base(file), ".py")
	if name == "__init__" {
		return path.Base(path.Dir(file))
	}
	return name
}

func importsOf(text []byte) map[string]bool {
	names := map[string]bool{}
	for _, m := range importLine.FindAllSubmatch(text, -1) {
		for _, part := range m[1:] {
			for _, name := range moduleName.FindAll(part, -1) {
				names[string(name)] = true
			}
		}
	}
	return names
}

func meet(a, b map[string]bool) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	for name := range a {
		if b[name] {
			return true
		}
	}
	return false
}
