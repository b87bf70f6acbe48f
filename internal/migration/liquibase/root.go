package liquibase

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/headgate/headgate/internal/migration"
)

// findRoot is the root changelog of a folder: what the project's liquibase.properties names, if it leads there, else the one
// changelog in the folder, or in one above, that includes others and that no other one includes. It is empty where the folder's
// files are all there is. dir can be a root changelog itself.
func findRoot(fsys fs.FS, dir string) (string, error) {
	info, err := fs.Stat(fsys, dir)
	if err != nil {
		return "", fmt.Errorf("read the migrations folder: %w", err)
	}
	if !info.IsDir() {
		return dir, nil
	}
	s, err := readSettings(fsys, dir)
	if err != nil {
		return "", err
	}
	if s.root != "" && migration.Within(s.root, dir) {
		if _, err := fs.Stat(fsys, s.root); err == nil {
			return s.root, nil
		}
	}
	for at := dir; ; at = path.Dir(at) {
		root, err := rootIn(fsys, at, dir)
		if root != "" || err != nil || at == "." || at == "/" {
			return root, err
		}
	}
}

// rootIn looks in one folder for the root changelog that leads to another.
func rootIn(fsys fs.FS, at, dir string) (string, error) {
	entries, err := fs.ReadDir(fsys, at)
	if err != nil {
		return "", fmt.Errorf("read the migrations folder: %w", err)
	}
	included := map[string]bool{} // base names
	var roots []string
	for _, e := range entries {
		file := path.Join(at, e.Name())
		if e.IsDir() || !isChangelog(file, []byte("<"+rootName)) {
			continue
		}
		text, err := fs.ReadFile(fsys, file)
		if err != nil {
			if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid) {
				continue // a link that leads nowhere
			}
			return "", err
		}
		if !isChangelog(file, text) {
			continue
		}
		n, err := parseChangelog(file, text)
		if err != nil && at != dir {
			continue
		}
		if at != dir && !leadsTo(n, at, dir) {
			continue
		}
		roots = append(roots, file)
		if n != nil {
			for _, entry := range n.children {
				included[path.Base(normalize(entry.attributes["file"]))] = true
			}
		}
	}
	if len(roots) > 1 {
		roots = slices.DeleteFunc(roots, func(file string) bool { return included[path.Base(file)] })
	}
	for _, root := range roots {
		if strings.HasPrefix(path.Base(root), "db.changelog-master.") { // Spring Boot's own
			return root, nil
		}
	}
	switch len(roots) {
	case 0:
		return "", nil
	case 1:
		return roots[0], nil
	}
	return "", &migration.Error{
		File: roots[0], Line: 1, Problem: fmt.Sprintf("there are %d changelogs here that no other one includes: %s", len(roots), strings.Join(roots, ", ")),
		Remedy: "name the root changelog with `migrations`, and `format: liquibase`",
	}
}

// leadsTo tells whether a changelog in a folder above includes files of dir, seen from itself or from anywhere above.
func leadsTo(n *node, at, dir string) bool {
	for _, entry := range n.children {
		wanted := entry.attributes["path"]
		if file := entry.attributes["file"]; file != "" {
			wanted = path.Dir(normalize(file))
		}
		wanted = normalize(wanted)
		if relative(entry) && migration.Within(path.Join(at, wanted), dir) || migration.Within(dir, path.Join(at, wanted)) && wanted != "" && wanted != "." {
			return true
		}
		if !relative(entry) && wanted != "" && wanted != "." && (strings.HasSuffix("/"+dir, "/"+wanted) || strings.Contains("/"+dir+"/", "/"+wanted+"/")) {
			return true
		}
	}
	return false
}
