package sql

import (
	"io/fs"
	"path"
	"strings"

	"github.com/goccy/go-yaml"
)

// engines knows for which database sqlc's configuration says that a query file is.
type engines struct {
	fsys fs.FS
	// configs are the configurations by folder; nil where a folder has none.
	configs map[string]*sqlcConfig
}

// sqlcConfig is what matters of sqlc.yaml, in its versions 1 (packages) and 2 (sql).
type sqlcConfig struct {
	SQL      []sqlcPackage `yaml:"sql"`
	Packages []sqlcPackage `yaml:"packages"`
}

type sqlcPackage struct {
	Engine  string `yaml:"engine"`
	Queries any    `yaml:"queries"` // one path, or a list
}

// of is the engine of a query file; empty where no configuration names the file.
func (e *engines) of(file string) string {
	for dir := path.Dir(file); ; dir = path.Dir(dir) {
		if c := e.config(dir); c != nil {
			for _, p := range append(c.SQL, c.Packages...) {
				if p.names(dir, file) {
					return p.Engine
				}
			}
		}
		if dir == "." {
			return ""
		}
	}
}

// config reads a folder's configuration. One that cannot be read says nothing: sqlc would refuse it too.
func (e *engines) config(dir string) *sqlcConfig {
	c, ok := e.configs[dir]
	if ok {
		return c
	}
	for _, name := range []string{"sqlc.yaml", "sqlc.yml", "sqlc.json"} {
		text, err := fs.ReadFile(e.fsys, path.Join(dir, name))
		if err != nil || len(text) > 1<<20 {
			continue
		}
		var read sqlcConfig
		if yaml.Unmarshal(text, &read) == nil { // JSON is YAML
			c = &read
			break
		}
	}
	e.configs[dir] = c
	return c
}

// names tells whether the configuration in dir takes queries from the file: its path, its folder, or a pattern.
func (p sqlcPackage) names(dir, file string) bool {
	var paths []any
	switch q := p.Queries.(type) {
	case string:
		paths = []any{q}
	case []any:
		paths = q
	}
	for _, q := range paths {
		name, ok := q.(string)
		if !ok {
			continue
		}
		full := path.Join(dir, name)
		if full == file || full == path.Dir(file) || full == "." && !strings.Contains(file, "/") {
			return true
		}
		if match, err := path.Match(full, file); err == nil && match {
			return true
		}
	}
	return false
}
