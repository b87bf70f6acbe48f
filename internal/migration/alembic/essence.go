package alembic

import (
	"fmt"
	"io/fs"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/headgate/headgate/internal/migration"
	"github.com/headgate/headgate/internal/syntax"
	"github.com/headgate/headgate/internal/syntax/python"
)

// Essence is upgrade() with all of the file that it needs, as a syntax tree: how strings are quoted, which types are
// annotated, docstrings, imports that are not used and their order make no difference. The revision's own variables
// belong to it, since another down_revision changes what runs before.
func (Format) Essence(fsys fs.FS, r migration.Revision) (migration.Essence, error) {
	mod, tree, err := parse(fsys, r.File)
	if err != nil {
		return nil, err
	}
	source, err := fs.ReadFile(fsys, r.File)
	if err != nil {
		return nil, err
	}
	e := &essence{mod: mod, source: source}
	needed, names := e.needed(tree.Body)
	e.imports(needed, names)
	for _, s := range needed {
		switch s.(type) {
		case *python.Import, *python.ImportFrom:
		default:
			e.write(reflect.ValueOf(s))
		}
	}
	return e.tokens, nil
}

// essence writes a syntax tree down as tokens.
type essence struct {
	mod    *module
	source []byte
	line   int
	tokens migration.Essence
}

func (e *essence) say(text string) {
	e.tokens = append(e.tokens, migration.Token{Text: text, Line: e.line})
}

// needed are the statements of the file that matter to upgrade(), and the names that they use.
func (e *essence) needed(body []python.Stmt) ([]python.Stmt, map[string]bool) {
	names := map[string]bool{"upgrade": true, "revision": true, "down_revision": true, "depends_on": true}
	taken := make([]bool, len(body))
	for again := true; again; {
		again = false
		for i, s := range body {
			bound := append(boundNames(s), importedNames(s)...)
			wanted := len(bound) == 0 || slices.ContainsFunc(bound, func(n string) bool { return names[n] || n == "*" })
			if taken[i] || !wanted || idle(s) {
				continue
			}
			taken[i], again = true, true
			used(s, names)
		}
	}
	var needed []python.Stmt
	for i, s := range body {
		if taken[i] {
			needed = append(needed, s)
		}
	}
	return needed, names
}

// idle is a statement that does nothing: pass, or a docstring.
func idle(s python.Stmt) bool {
	switch s := s.(type) {
	case *python.Pass:
		return true
	case *python.ExprStmt:
		_, isText := s.Value.(*python.String)
		return isText
	}
	return false
}

func importedNames(s python.Stmt) []string {
	var aliases []*python.Alias
	switch s := s.(type) {
	case *python.Import:
		aliases = s.Names
	case *python.ImportFrom:
		aliases = s.Names
	}
	var bound []string
	for _, a := range aliases {
		name := a.As.Name
		if name == "" {
			name = firstPart(a.Name.Name)
		}
		bound = append(bound, name)
	}
	return bound
}

// used notes the variables that a statement reads, those of annotations left out.
func used(s python.Stmt, names map[string]bool) {
	passed := map[python.Node]bool{}
	python.Inspect(s, func(n python.Node) bool {
		if passed[n] {
			return false
		}
		switch n := n.(type) {
		case *python.Name:
			names[n.Name] = true
		case *python.AnnAssign:
			passed[n.Annotation] = true
		case *python.Param:
			passed[n.Annotation] = n.Annotation != nil
		case *python.FunctionDef:
			passed[n.Returns] = n.Returns != nil
		}
		return true
	})
}

// imports writes what the needed names are imported as, sorted.
func (e *essence) imports(needed []python.Stmt, names map[string]bool) {
	var found migration.Essence
	for _, s := range needed {
		var from string
		var aliases []*python.Alias
		switch s := s.(type) {
		case *python.Import:
			aliases = s.Names
		case *python.ImportFrom:
			from, aliases = strings.Repeat(".", s.Level)+s.Module.Name+":", s.Names
		}
		line, _ := e.mod.lines.Position(s.Range().Start)
		for i, bound := range importedNames(s) {
			if name := aliases[i].Name.Name; names[bound] || name == "*" {
				found = append(found, migration.Token{Text: "import " + from + name + " as " + bound, Line: line})
			}
		}
	}
	slices.SortFunc(found, func(a, b migration.Token) int { return strings.Compare(a.Text, b.Text) })
	e.tokens = append(e.tokens, found...)
}

// write writes a node, or a part of one.
func (e *essence) write(v reflect.Value) {
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		if v.IsNil() {
			e.say("-")
			return
		}
		if n, ok := v.Interface().(python.Node); ok && v.Kind() == reflect.Pointer {
			e.node(n, v.Elem())
			return
		}
		e.write(v.Elem())
	case reflect.Slice:
		e.say("[")
		for i := range v.Len() {
			e.write(v.Index(i))
		}
		e.say("]")
	case reflect.Struct:
		e.fields(v)
	default:
		e.say(fmt.Sprint(v.Interface()))
	}
}

func (e *essence) node(n python.Node, v reflect.Value) {
	if s, ok := n.(python.Stmt); ok && idle(s) {
		return
	}
	e.line, _ = e.mod.lines.Position(n.Range().Start)
	switch n := n.(type) {
	case *python.String:
		e.text(n)
		return
	case *python.AnnAssign:
		if n.Value != nil { // the same as without the annotation
			e.write(reflect.ValueOf(&python.Assign{Span: n.Span, Targets: []python.Expr{n.Target}, Value: n.Value}))
		}
		return
	case *python.Bad:
		e.say(string(e.source[n.Start:n.End]))
		return
	}
	e.say(v.Type().Name())
	e.fields(v)
}

// unimportant are the fields of nodes that say nothing of what runs.
var unimportant = map[string]bool{"Span": true, "Annotation": true, "Returns": true, "TypeParams": true, "Def": true}

func (e *essence) fields(v reflect.Value) {
	switch part := v.Interface().(type) {
	case python.Ident:
		e.say(part.Name)
		return
	case syntax.Text:
		e.say(strconv.Quote(part.Value))
		return
	}
	for i := range v.NumField() {
		if f := v.Type().Field(i); f.IsExported() && !unimportant[f.Name] {
			e.write(v.Field(i))
		}
	}
}

// statement begins a string that holds SQL.
var statement = regexp.MustCompile(`(?i)^\s*(--|/\*|alter|comment|create|delete|do|drop|grant|insert|revoke|select|set|truncate|update|with)\s`)

// text writes a string by its value: of SQL, by its tokens.
func (e *essence) text(s *python.String) {
	kind := "String"
	if s.Bytes() {
		kind = "Bytes"
	}
	e.say(kind)
	value, literal := s.Literal()
	switch {
	case literal && statement.MatchString(value.Value):
		e.tokens = append(e.tokens, migration.SQL(value.Value, e.line)...)
		return
	case literal:
		e.say(strconv.Quote(value.Value))
		return
	}
	for piece := range s.Pieces() {
		if piece.Hole != nil {
			e.write(reflect.ValueOf(piece.Hole))
		} else {
			e.say(strconv.Quote(piece.Text.Value))
		}
	}
}
