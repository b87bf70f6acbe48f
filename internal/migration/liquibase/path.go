package liquibase

import (
	"path"
	"strings"
)

// normalize is a path as Liquibase compares it (DatabaseChangeLog.java, normalizePath): without "classpath:", a drive and a leading
// slash, with slashes, and without the steps that lead nowhere.
func normalize(file string) string {
	file = strings.TrimPrefix(file, "classpath:")
	file = strings.ReplaceAll(file, `\`, "/")
	if len(file) > 1 && file[1] == ':' && (file[0]|0x20 >= 'a' && file[0]|0x20 <= 'z') {
		file = file[2:]
	}
	file = strings.TrimPrefix(file, "/")
	if file == "" {
		return ""
	}
	return strings.TrimPrefix(path.Clean(file), "/")
}

// resources are the folders that a build puts on the class path as they are.
var resources = []string{"src/main/resources", "src/main/webapp/WEB-INF/classes", "resources"}

// resourceRoot is the folder above dir, or dir itself, that a build puts on the class path; false where there is none.
func resourceRoot(dir string) (string, bool) {
	for _, name := range resources {
		if at := strings.LastIndex("/"+dir+"/", "/"+name+"/"); at >= 0 {
			return dir[:at+len(name)], true
		}
	}
	return "", false
}

// below is a path seen from a folder above it.
func below(root, file string) string {
	if root == "." || root == "" {
		return file
	}
	return strings.TrimPrefix(strings.TrimPrefix(file, root), "/")
}

// recognise finds for each row the changeset that it is of. Liquibase compares without regard to case; and the path is seen from
// where Liquibase ran, or from a class path, so that one may be the end of the other.
func recognise(rows, versions []string) []string {
	exact := make(map[string]bool, len(versions))
	byName := map[string][]string{}
	for _, v := range versions {
		exact[v] = true
		byName[nameKey(v)] = append(byName[nameKey(v)], v)
	}
	stamped := make(map[string]bool, len(rows))
	for _, row := range rows {
		stamped[row] = true
	}
	named := make([]string, len(rows))
	for i, row := range rows {
		named[i] = row
		if exact[row] {
			continue
		}
		var found []string
		for _, v := range byName[nameKey(row)] {
			if !stamped[v] && samePath(row, v) {
				found = append(found, v)
			}
		}
		if len(found) == 1 {
			named[i] = found[0]
		}
	}
	return named
}

// nameKey is the file's name with the id and the author.
func nameKey(version string) string {
	file, rest, _ := strings.Cut(version, "::")
	return strings.ToLower(path.Base(normalize(file)) + "::" + rest)
}

func samePath(a, b string) bool {
	first, _, _ := strings.Cut(a, "::")
	second, _, _ := strings.Cut(b, "::")
	first, second = "/"+strings.ToLower(normalize(first)), "/"+strings.ToLower(normalize(second))
	return strings.HasSuffix(first, second) || strings.HasSuffix(second, first)
}
