package flyway

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"

	"github.com/headgate/headgate/internal/migration"
)

// place is a location in the repository: a folder, and where the location has wildcards, what a file's path must be like.
type place struct {
	root    string
	matches *regexp.Regexp
}

// places are the folders that Flyway reads for the migrations in dir: those of the setting `locations` where dir is one of them,
// lies in one, or holds one; else dir alone, since the settings are then for other migrations.
func (s *settings) places(fsys fs.FS, dir string) ([]place, error) {
	found, err := s.resolve(fsys, dir, s.locations)
	if err != nil {
		return nil, err
	}
	for _, p := range found {
		if migration.Within(p.root, dir) || migration.Within(dir, p.root) {
			return found, nil
		}
	}
	return []place{{root: dir}}, nil
}

// longestLocation is in bytes: each wildcard costs time with every file.
const longestLocation = 1000

// resolve finds the folders of locations (LocationParser.java; CoreLocationPrefix.java). One that is not there is passed over, as
// Flyway does unless failOnMissingLocations is set: it can be on the class path of another module. One that lies in another
// adds nothing.
func (s *settings) resolve(fsys fs.FS, dir string, locations []string) ([]place, error) {
	var found []place
	for _, location := range locations {
		if len(location) > longestLocation {
			return nil, &migration.Error{File: s.file, Line: 1, Problem: fmt.Sprintf("the location %.100s… is longer than %d bytes", location, longestLocation), Remedy: "name the folder"}
		}
		prefix, name, prefixed := strings.Cut(location, ":")
		if !prefixed {
			prefix, name = "classpath", location
		}
		if prefix != "classpath" && prefix != "filesystem" {
			return nil, &migration.Error{
				File: s.file, Line: 1, Problem: fmt.Sprintf("the location %.200s is not in the repository", location),
				Remedy: "the way out is the `migrate-command` setting, with which your own build migrates the throwaway database",
			}
		}
		name = strings.ReplaceAll(strings.ReplaceAll(name, `\`, "/"), "{vendor}", "postgresql") // Spring Boot's DatabaseDriver.java
		plain, pattern := splitWildcards(strings.Trim(path.Clean("/"+name), "/"))
		for _, base := range s.bases(dir, prefix) {
			root := path.Join(base, plain)
			if info, err := fs.Stat(fsys, root); err != nil || !info.IsDir() {
				continue
			}
			p := place{root: root}
			if pattern != "" {
				p.matches = wildcards(strings.TrimPrefix(path.Join(root, pattern), "./"))
			}
			found = append(found, p)
			break
		}
	}
	return withoutNested(found), nil
}

// bases are where a location can begin. What is on the class path lies among a module's resources; paths of files are seen from
// where Flyway was started, which mostly is the settings' folder or one above it.
func (s *settings) bases(dir, prefix string) []string {
	var bases []string
	from := path.Dir(s.file)
	if prefix == "classpath" {
		bases = append(bases, from, path.Join(from, "src/main/resources"))
		if before, _, found := strings.Cut("/"+dir+"/", "/resources/"); found {
			bases = append(bases, strings.TrimPrefix(before+"/resources", "/"))
		}
		return bases
	}
	for ; ; from = path.Dir(from) {
		bases = append(bases, from)
		if from == "." || from == "/" {
			return bases
		}
	}
}

// splitWildcards parts a path before its first part with a wildcard.
func splitWildcards(name string) (plain, pattern string) {
	parts := strings.Split(name, "/")
	for i, part := range parts {
		if strings.ContainsAny(part, "*?") {
			return strings.Join(parts[:i], "/"), strings.Join(parts[i:], "/")
		}
	}
	return name, ""
}

// wildcards is a pattern of whole paths: ** is any number of folders, * and ? stop at a slash (LocationParser.java,
// parseWildcardLocation). What lies below a folder that fits belongs to it.
func wildcards(pattern string) *regexp.Regexp {
	text := strings.NewReplacer(`\*\*/`, `(.*/)?`, `\*\*`, `.*`, `\*`, `[^/]*`, `\?`, `[^/]`).Replace(regexp.QuoteMeta(pattern))
	return regexp.MustCompile("^" + text + "(/.*)?$")
}

func withoutNested(places []place) []place {
	var outer []place
	for i, p := range places {
		nested := false
		for j, other := range places {
			inside := migration.Within(p.root, other.root) && other.matches == nil
			nested = nested || i != j && inside && (p.root != other.root || p.matches != nil || j < i)
		}
		if !nested {
			outer = append(outer, p)
		}
	}
	return outer
}

// walkPlaces hands each file of the places and their sub-folders to visit, once.
func walkPlaces(fsys fs.FS, places []place, visit func(file string) error) error {
	seen := map[string]bool{}
	for _, p := range places {
		err := fs.WalkDir(fsys, p.root, func(file string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || seen[file] || p.matches != nil && !p.matches.MatchString(file) {
				return err
			}
			seen[file] = true
			return visit(file)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// relative is a file's path within its place, as Flyway notes it.
func relative(places []place, file string) string {
	for _, p := range places {
		if inside, ok := strings.CutPrefix(file, p.root+"/"); ok {
			return inside
		}
	}
	return file
}
