package alembic

import (
	"fmt"
	"io/fs"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/headgate/headgate/internal/syntax"
	"github.com/headgate/headgate/internal/syntax/python"
)

// parse reads a file and makes its module, still without names.
func parse(fsys fs.FS, file string) (*module, *python.Module, error) {
	source, err := fs.ReadFile(fsys, file)
	if err != nil {
		return nil, nil, fmt.Errorf("read the migration: %w", err)
	}
	mod := &module{file: file, lines: syntax.NewLines(source), names: map[string]value{"__file__": text(file)}}
	return mod, python.Parse(source), nil
}

// run executes a module. What cannot be read in it fails only for who uses it.
func (in *interp) run(mod *module, body []python.Stmt) {
	ops := in.ops
	in.ops = nil // importing a module does nothing to the database
	defer func() { in.ops = ops }()
	f := &frame{interp: in, mod: mod, names: mod.names}
	for _, s := range body {
		f.tolerate(s)
	}
}

// load gives the module of a file of the application.
func (in *interp) load(file string) (*module, bool) {
	if mod, ok := in.modules[file]; ok {
		return mod, mod != nil
	}
	in.modules[file] = nil
	in.depth++
	defer func() { in.depth-- }()
	if in.depth > maxDepth {
		return nil, false
	}
	mod, tree, err := parse(in.fsys, file)
	if err != nil {
		return nil, false
	}
	in.modules[file] = mod
	// What a module of its own cannot decide says nothing of the migration that imports it.
	dataOnly, steps := in.dataOnly, in.steps
	in.steps, in.dataOnly = 0, ""
	in.run(mod, tree.Body)
	in.dataOnly, in.steps = dataOnly, steps
	return mod, true
}

// moduleFile is the file of a module below a folder.
func (in *interp) moduleFile(dir string, parts []string) (string, bool) {
	base := path.Join(append([]string{dir}, parts...)...)
	for _, file := range []string{base + ".py", path.Join(base, "__init__.py")} {
		if isFile(in.fsys, file) {
			return file, true
		}
	}
	return "", false
}

// submodule is a module of a package, which an import has made its attribute.
func (in *interp) submodule(pkg *module, name string) (value, bool) {
	if path.Base(pkg.file) != "__init__.py" {
		return nil, false
	}
	file, ok := in.moduleFile(path.Dir(pkg.file), []string{name})
	if !ok {
		return nil, false
	}
	mod, ok := in.load(file)
	return mod, ok
}

// foreign are libraries, which a folder of the repository may share its name with.
var foreign = map[string]bool{"alembic": true, "sqlalchemy": true, "enum": true, "uuid": true, "typing": true, "datetime": true}

// resolve finds what a dotted name stands for in the application's own files.
func (in *interp) resolve(r ref) (value, bool) {
	parts := strings.Split(string(r), ".")
	if foreign[parts[0]] {
		return nil, false
	}
	for _, root := range in.roots {
		for n := len(parts); n > 0; n-- {
			file, ok := in.moduleFile(root, parts[:n])
			if !ok {
				continue
			}
			mod, ok := in.load(file)
			if !ok {
				return nil, false
			}
			return in.member(mod, parts[n:])
		}
	}
	return nil, false
}

// member follows names into a module.
func (in *interp) member(mod *module, parts []string) (value, bool) {
	var v value = mod
	for _, name := range parts {
		switch from := v.(type) {
		case *module:
			found, ok := from.names[name]
			if !ok {
				return nil, false
			}
			v = found
		case *class:
			found, ok := from.find(name)
			if !ok {
				return nil, false
			}
			v = found
		default:
			return nil, false
		}
		if r, ok := v.(ref); ok && in.depth < maxDepth {
			in.depth++
			found, resolved := in.resolve(r)
			in.depth--
			if resolved {
				v = found
			}
		}
	}
	if _, bad := v.(*unreadable); bad {
		return nil, false
	}
	return v, true
}

// imports binds the names of an import. Absolute ones are followed when they are used, relative ones at once.
func (f *frame) imports(s python.Stmt) {
	switch s := s.(type) {
	case *python.Import:
		for _, n := range s.Names {
			if n.As.Name != "" {
				f.names[n.As.Name] = ref(n.Name.Name)
			} else {
				f.names[firstPart(n.Name.Name)] = ref(firstPart(n.Name.Name))
			}
		}
	case *python.ImportFrom:
		for _, n := range s.Names {
			if n.Name.Name == "*" {
				f.importAll(s)
				continue
			}
			bound := n.As.Name
			if bound == "" {
				bound = n.Name.Name
			}
			f.names[bound] = f.imported(s, n.Name.Name, n)
		}
	}
}

// imported is what "from module import name" binds.
func (f *frame) imported(s *python.ImportFrom, name string, n python.Node) value {
	if s.Level == 0 {
		return ref(s.Module.Name + "." + name)
	}
	dir, parts := f.relative(s)
	if file, ok := f.moduleFile(dir, append(slices.Clone(parts), name)); ok {
		if mod, ok := f.load(file); ok {
			return mod
		}
	}
	if file, ok := f.moduleFile(dir, parts); ok {
		if mod, ok := f.load(file); ok {
			if v, ok := f.member(mod, []string{name}); ok {
				return v
			}
		}
	}
	return &unreadable{f.fail(n, "%s cannot be found in the repository", name)}
}

func (f *frame) relative(s *python.ImportFrom) (dir string, parts []string) {
	dir = path.Dir(f.mod.file)
	for range s.Level - 1 {
		dir = path.Dir(dir)
	}
	if s.Module.Name != "" {
		parts = strings.Split(s.Module.Name, ".")
	}
	return dir, parts
}

// importAll binds all public names of a module of the application. Of a library, the names are looked up in it when
// they are found nowhere else.
func (f *frame) importAll(s *python.ImportFrom) {
	var file string
	ok := false
	if s.Level > 0 {
		dir, parts := f.relative(s)
		file, ok = f.moduleFile(dir, parts)
	} else {
		for _, root := range f.roots {
			if file, ok = f.moduleFile(root, strings.Split(s.Module.Name, ".")); ok {
				break
			}
		}
	}
	if !ok {
		f.mod.stars = append(f.mod.stars, s.Module.Name)
		return
	}
	if mod, loaded := f.load(file); loaded {
		for name, v := range mod.names {
			if !strings.HasPrefix(name, "_") {
				f.names[name] = v
			}
		}
	}
}

// standard calls what is known of Python's own library; done is false for other functions.
func (f *frame) standard(name string, a *arguments) (v value, done bool, err error) {
	switch name {
	case "textwrap.dedent", "inspect.cleandoc":
		if s, ok := a.get(0, "text").(str); ok {
			return dedent(s), true, nil
		}
	case "alembic.context.is_offline_mode":
		return false, true, nil
	case "alembic.context.get_x_argument":
		return newDict(), true, nil // alembic upgrade without -x
	case "alembic.context.get_context":
		return &object{path: "alembic.op.get_context", args: []value{}, at: a.at}, true, nil
	case "sqlalchemy.inspect", "sqlalchemy.engine.reflection.Inspector.from_engine", "sqlalchemy.engine.Inspector.from_engine",
		"sqlalchemy.Inspector.from_engine", "sqlalchemy.inspection.inspect":
		return &object{path: "inspector", args: []value{}, at: a.at}, true, nil
	case "typing.NewType", "typing_extensions.NewType":
		return &object{path: "typing.NewType", args: a.args, kwargs: a.kwargs, at: a.at}, true, nil
	case "collections.OrderedDict", "collections.defaultdict":
		if name == "collections.defaultdict" {
			return &runtime{why: name}, true, nil
		}
		v, err := f.makeDict(a)
		return v, true, err
	case "itertools.chain", "itertools.chain.from_iterable":
		var items []value
		for _, arg := range a.args {
			more, err := f.iterate(a.node, arg)
			if err != nil {
				return nil, true, err
			}
			items = append(items, more...)
		}
		return &list{items: items}, true, nil
	case "os.environ.get", "os.getenv":
		return f.environment(a.get(0, "key"), a.get(1, "default"), true), true, nil
	case "urllib.parse.quote_plus":
		if s, ok := a.get(0, "string").(str); ok {
			return text(url.QueryEscape(s.s)), true, nil
		}
	case "os.path.join":
		joined := ""
		for _, arg := range a.args {
			s, ok := arg.(str)
			if !ok {
				return &runtime{why: "a path"}, true, nil
			}
			joined = path.Join(joined, s.s)
		}
		return text(joined), true, nil
	case "os.path.dirname":
		if s, ok := a.get(0, "").(str); ok {
			return text(path.Dir(s.s)), true, nil
		}
	case "os.path.abspath", "os.path.realpath", "copy.copy", "copy.deepcopy":
		return a.get(0, ""), true, nil
	}
	if hasPrefix(name, "os.", "uuid.", "datetime.", "random.", "time.", "secrets.", "hashlib.", "logging.", "warnings.", "json.",
		"re.", "pathlib.", "sys.", "string.", "decimal.", "alembic.context.", "structlog.", "loguru.", "inspect.", "contextlib.", "io.", "csv.", "base64.",
		"zlib.", "pickle.", "math.", "itertools.", "functools.", "collections.", "typing.", "traceback.", "getpass.", "tqdm", "threading.", "urllib.", "dotenv.", "asyncio.", "requests.", "httpx.") {
		return &runtime{why: name + "()"}, true, nil
	}
	return nil, false, nil
}

// environment is what os.environ gives: of the job's environment, as much as a migration may see. A variable that is
// not there has the default that the code gives; without one, its value is unknown.
func (in *interp) environment(key value, fallback value, hasFallback bool) value {
	name, ok := key.(str)
	if !ok {
		return &runtime{why: "the environment"}
	}
	if in.env != nil {
		if v, found := in.env(name.s); found {
			return text(v)
		}
	}
	if hasFallback {
		return fallback
	}
	return &runtime{why: "the environment variable " + name.s + ", which is not set here (set it in the job if the schema depends on it)"}
}

func hasPrefix(s string, prefixes ...string) bool {
	return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(s, p) })
}

// dedent takes the indentation that all lines share away (textwrap.dedent); a line keeps its place.
func dedent(s str) str {
	lines := strings.Split(s.s, "\n")
	margin, found := "", false
	for _, line := range lines {
		if strings.TrimSpace(line) == "" {
			continue
		}
		indent := line[:len(line)-len(strings.TrimLeft(line, " \t"))]
		if !found {
			margin, found = indent, true
		}
		for !strings.HasPrefix(indent, margin) {
			margin = margin[:len(margin)-1]
		}
	}
	for i, line := range lines {
		if strings.TrimSpace(line) == "" {
			lines[i] = ""
		} else {
			lines[i] = line[len(margin):]
		}
	}
	return str{s: strings.Join(lines, "\n"), lines: s.lines, indent: s.indent}
}
