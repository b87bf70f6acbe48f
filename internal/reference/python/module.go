package python

import (
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/headgate/headgate/internal/reference/fold"
	py "github.com/headgate/headgate/internal/syntax/python"
)

// module is one file, or a folder as a package.
type module struct {
	src *source // nil for a folder without __init__.py
	// dir is the folder of a package, whose modules it has as members; empty for a file that is none.
	dir   string
	names *names
}

// names are what a body of statements binds.
type names struct {
	bound map[string][]binding
	// stars are the modules of "from m import *".
	stars []importing
	// changed are the names that are changed in place or by a function, so that their first value says little.
	changed map[string]bool
}

// binding is one place where a name gets its value: one of the fields is set.
type binding struct {
	class    *py.ClassDef
	function *py.FunctionDef
	imported *importing
	// value is what is assigned; it is nil for an annotation alone and for a target of a loop or a with statement.
	value      py.Expr
	annotation py.Expr
	at         py.Span
	// typing says that it stands under TYPE_CHECKING, and so is not there at run time.
	typing bool
}

// importing is a module, or where name is set, what the module has under that name.
type importing struct {
	level  int
	module string
	name   string
}

// bind collects what the statements bind.
func bind(body []py.Stmt) *names {
	n := &names{bound: map[string][]binding{}, changed: map[string]bool{}}
	n.read(body, false)
	return n
}

func (n *names) add(name string, b binding) { n.bound[name] = append(n.bound[name], b) }

func (n *names) read(body []py.Stmt, typing bool) {
	for _, s := range body {
		n.stmt(s, typing)
	}
}

func (n *names) stmt(s py.Stmt, typing bool) {
	switch s := s.(type) {
	case *py.Import:
		for _, a := range s.Names {
			if a.As.Name != "" {
				n.add(a.As.Name, binding{imported: &importing{module: a.Name.Name}, typing: typing, at: a.Span})
				continue
			}
			top, _, _ := strings.Cut(a.Name.Name, ".")
			n.add(top, binding{imported: &importing{module: top}, typing: typing, at: a.Span})
		}
	case *py.ImportFrom:
		for _, a := range s.Names {
			if a.Name.Name == "*" {
				n.stars = append(n.stars, importing{level: s.Level, module: s.Module.Name})
				continue
			}
			name := a.As.Name
			if name == "" {
				name = a.Name.Name
			}
			n.add(name, binding{
				imported: &importing{s.Level, s.Module.Name, a.Name.Name}, typing: typing, at: a.Span,
			})
		}
	case *py.Assign:
		for _, target := range s.Targets {
			n.target(target, s.Value, typing)
		}
	case *py.AnnAssign:
		if name, ok := s.Target.(*py.Name); ok {
			n.add(name.Name, binding{value: s.Value, annotation: s.Annotation, at: name.Span, typing: typing})
		}
	case *py.AugAssign:
		if name, ok := s.Target.(*py.Name); ok {
			n.changed[name.Name] = true
		}
	case *py.FunctionDef:
		n.add(s.Name.Name, binding{function: s, at: s.Name.Span, typing: typing})
	case *py.ClassDef:
		n.add(s.Name.Name, binding{class: s, at: s.Name.Span, typing: typing})
	case *py.TypeAlias:
		n.add(s.Name.Name, binding{value: s.Value, at: s.Name.Span, typing: typing})
	default:
		n.compound(s, typing)
	}
}

// compound reads the bodies of a statement that has some.
func (n *names) compound(s py.Stmt, typing bool) {
	switch s := s.(type) {
	case *py.If:
		for _, b := range s.Branches {
			n.read(b.Body, typing || isTypeChecking(b.Test))
		}
		n.read(s.Else, typing)
	case *py.Try:
		n.read(s.Body, typing)
		for _, h := range s.Handlers {
			n.read(h.Body, typing)
		}
		n.read(s.Else, typing)
		n.read(s.Finally, typing)
	case *py.With:
		for _, item := range s.Items {
			n.target(item.Target, nil, typing)
		}
		n.read(s.Body, typing)
	case *py.For:
		n.target(s.Target, nil, typing)
		n.read(s.Body, typing)
		n.read(s.Else, typing)
	case *py.While:
		n.read(s.Body, typing)
		n.read(s.Else, typing)
	case *py.Match:
		for _, c := range s.Cases {
			n.read(c.Body, typing)
		}
	}
}

func (n *names) target(target, value py.Expr, typing bool) {
	switch t := target.(type) {
	case *py.Name:
		n.add(t.Name, binding{value: value, at: t.Span, typing: typing})
	case *py.Tuple:
		n.targets(t.Elts, value, typing)
	case *py.List:
		n.targets(t.Elts, value, typing)
	}
}

func (n *names) targets(elts []py.Expr, value py.Expr, typing bool) {
	values, ok := value.(*py.Tuple)
	for i, t := range elts {
		if ok && len(values.Elts) == len(elts) {
			n.target(t, values.Elts[i], typing)
		} else {
			n.target(t, nil, typing)
		}
	}
}

// bindModule collects what a module binds, and what its functions change of it.
func bindModule(body []py.Stmt) *names {
	n := bind(body)
	n.globals(body)
	return n
}

// globals notes the names that functions declare global.
func (n *names) globals(body []py.Stmt) {
	for _, s := range body {
		py.Inspect(s, func(node py.Node) bool {
			if g, ok := node.(*py.Global); ok {
				for _, name := range g.Names {
					n.changed[name.Name] = true
				}
			}
			_, isExpr := node.(py.Expr)
			return !isExpr
		})
	}
}

func isTypeChecking(test py.Expr) bool {
	switch t := test.(type) {
	case *py.Name:
		return t.Name == "TYPE_CHECKING"
	case *py.Attribute:
		return t.Attr.Name == "TYPE_CHECKING"
	}
	return false
}

// tree finds modules by their names. It is safe for several readers at once.
type tree struct {
	fsys fs.FS
	// files are all Python files, folders the folders with one somewhere below.
	files   map[string]bool
	folders map[string]bool
	// roots are the folders from which a module or package of a name can be imported, by that name.
	roots map[string][]string

	modules fold.Once[string, loaded]
}

// loaded is a module, or why its file cannot be read.
type loaded struct {
	module *module
	err    error
}

// newTree looks what Python files there are.
func newTree(fsys fs.FS) (*tree, error) {
	t := &tree{
		fsys: fsys, files: map[string]bool{}, folders: map[string]bool{}, roots: map[string][]string{},
	}
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name != "." && passedOver(d.Name()) {
				return fs.SkipDir
			}
			return nil
		}
		if strings.HasSuffix(name, ".py") && d.Type().IsRegular() {
			t.files[name] = true
			for dir := path.Dir(name); !t.folders[dir]; dir = path.Dir(dir) {
				t.folders[dir] = true
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for name := range t.files {
		root, rest := t.root(name)
		top, _, _ := strings.Cut(strings.TrimSuffix(rest, ".py"), "/")
		if key := root + "\x00" + top; !seen[key] {
			seen[key] = true
			t.roots[top] = append(t.roots[top], root)
		}
	}
	for _, roots := range t.roots {
		slices.Sort(roots)
	}
	return t, nil
}

// root is the folder from which the file is imported: the first above it that is no package; and the rest of its path.
func (t *tree) root(file string) (dir, rest string) {
	dir = path.Dir(file)
	for dir != "." && t.files[path.Join(dir, "__init__.py")] {
		dir = path.Dir(dir)
	}
	if dir == "." {
		return dir, file
	}
	return dir, strings.TrimPrefix(file, dir+"/")
}

// load reads a file, once.
func (t *tree) load(file string) (*module, error) {
	l := t.modules.Get(file, func() loaded {
		if !strings.HasSuffix(file, ".py") {
			return loaded{module: &module{dir: file, names: bind(nil)}}
		}
		text, err := fold.Load(t.fsys, file)
		if err != nil {
			return loaded{err: err}
		}
		src := parse(text)
		m := &module{src: src, names: bindModule(src.tree.Body)}
		if path.Base(file) == "__init__.py" {
			m.dir = path.Dir(file)
		}
		return loaded{module: m}
	})
	return l.module, l.err
}

// at is the module that stands at a path without ".py", or nil.
func (t *tree) at(name string) *module {
	for _, file := range []string{path.Join(name, "__init__.py"), name + ".py"} {
		if t.files[file] {
			m, _ := t.load(file) // one that cannot be read is reported where it is read itself
			return m
		}
	}
	if t.folders[name] {
		m, _ := t.load(name)
		return m
	}
	return nil
}

// importedBy is the module that a file imports, or nil where it is none of the repository's. A name without dots is looked for in
// the folders above the file that are no packages, then wherever a package or module of that name stands alone.
func (t *tree) importedBy(file string, i importing) *module {
	sub := strings.ReplaceAll(i.module, ".", "/")
	if i.level > 0 {
		dir := path.Dir(file)
		for range i.level - 1 {
			if dir == "." {
				return nil
			}
			dir = path.Dir(dir)
		}
		return t.at(path.Join(dir, sub))
	}
	top, _, _ := strings.Cut(i.module, ".")
	if top == "" || libraries[top] {
		return nil
	}
	for dir := path.Dir(file); ; dir = path.Dir(dir) {
		if !t.files[path.Join(dir, "__init__.py")] {
			if name := path.Join(dir, top); t.files[name+".py"] || t.folders[name] {
				return t.at(path.Join(dir, sub))
			}
		}
		if dir == "." {
			break
		}
	}
	if roots := t.roots[top]; len(roots) == 1 {
		return t.at(path.Join(roots[0], sub))
	}
	return nil
}
