package golang

import (
	"go/ast"
	"go/token"
	"io/fs"
	"path"
	"sort"
	"strings"

	"golang.org/x/mod/modfile"

	"github.com/headgate/headgate/internal/reference/fold"
)

// pkg is the Go files of one folder, whatever their build tags say.
type pkg struct {
	dir     string
	sources []*source
	// declarations are the package-level constants, and the variables that nothing in the package changes.
	declarations map[string]*declaration
	types        map[string]*typeDeclaration
}

// declaration is a package-level name with its value.
type declaration struct {
	pkg   *pkg
	src   *source
	value ast.Expr
}

// newPackage collects what a package declares.
func newPackage(dir string, sources []*source) *pkg {
	p := &pkg{dir: dir, sources: sources, declarations: map[string]*declaration{}, types: map[string]*typeDeclaration{}}
	variables := map[string]bool{}
	for _, src := range sources {
		for _, d := range src.ast.Decls {
			if d, ok := d.(*ast.GenDecl); ok {
				p.declare(src, d, variables)
			}
		}
		p.declareMethods(src)
	}
	if len(variables) == 0 {
		return p
	}
	for _, src := range sources {
		for _, name := range assignedIn(src.ast) {
			if variables[name.Name] {
				delete(p.declarations, name.Name)
			}
		}
	}
	return p
}

func (p *pkg) declare(src *source, d *ast.GenDecl, variables map[string]bool) {
	var last []ast.Expr // a constant without a value repeats the one before it
	for _, spec := range d.Specs {
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			p.declareType(src, spec)
		case *ast.ValueSpec:
			values := spec.Values
			if d.Tok == token.CONST {
				if len(values) == 0 {
					values = last
				}
				last = values
			}
			if len(values) != len(spec.Names) {
				continue
			}
			for i, name := range spec.Names {
				p.declarations[name.Name] = &declaration{p, src, values[i]}
				if d.Tok == token.VAR {
					variables[name.Name] = true
				}
			}
		}
	}
}

// tree finds packages by their import paths. It is safe for several readers at once.
type tree struct {
	fsys fs.FS
	// modules are the module paths and the folders that they stand for, the longest path first.
	modules []module

	packages fold.Once[string, *pkg]
}

type module struct{ path, dir string }

// newTree finds the modules that the files belong to.
func newTree(fsys fs.FS, dirs []string) *tree {
	t := &tree{fsys: fsys}
	looked := map[string]bool{}
	for _, dir := range dirs {
		for ; !looked[dir]; dir = path.Dir(dir) {
			looked[dir] = true
			if text, err := fs.ReadFile(fsys, path.Join(dir, "go.mod")); err == nil {
				if name := modfile.ModulePath(text); name != "" {
					t.modules = append(t.modules, module{name, dir})
				}
			}
			if dir == "." {
				break
			}
		}
	}
	sort.Slice(t.modules, func(i, j int) bool { return len(t.modules[i].path) > len(t.modules[j].path) })
	return t
}

// dir is the folder of an import path, if it is one of the tree's own modules.
func (t *tree) dir(importPath string) (string, bool) {
	for _, m := range t.modules {
		if rest, ok := strings.CutPrefix(importPath, m.path); ok && (rest == "" || rest[0] == '/') {
			return path.Join(m.dir, rest), true
		}
	}
	return "", false
}

// imported is the package that a name stands for in a file, or nil where it is none of the tree's own.
func (t *tree) imported(src *source, name string) *pkg {
	if to, ok := src.imports[name]; ok {
		if dir, ok := t.dir(to); ok {
			return t.load(dir)
		}
		return nil
	}
	// A package may have another name than its folder.
	for _, to := range sortedValues(src.imports) {
		dir, ok := t.dir(to)
		if !ok {
			continue
		}
		if p := t.load(dir); p != nil && len(p.sources) > 0 && p.sources[0].ast.Name.Name == name {
			return p
		}
	}
	return nil
}

func sortedValues(m map[string]string) []string {
	values := make([]string, 0, len(m))
	for _, v := range m {
		values = append(values, v)
	}
	sort.Strings(values)
	return values
}

// load reads the declarations of a folder's package, once. Files that cannot be read or parsed are
// left out here: they are reported where they are read themselves.
func (t *tree) load(dir string) *pkg {
	return t.packages.Get(dir, func() *pkg {
		entries, err := fs.ReadDir(t.fsys, dir)
		if err != nil {
			return nil
		}
		var sources []*source
		for _, e := range entries {
			name := path.Join(dir, e.Name())
			if e.IsDir() || !readsPath(name) {
				continue
			}
			text, err := fold.Load(t.fsys, name)
			if err != nil {
				continue
			}
			if src, problem := parse(text); problem == nil {
				sources = append(sources, src)
			}
		}
		p := newPackage(dir, sources)
		for _, src := range sources {
			src.ast.Decls = nil // what is needed of them is in the package's declarations
		}
		return p
	})
}
