package alembic

import (
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"github.com/headgate/headgate/internal/migration"
	"github.com/headgate/headgate/internal/syntax"
	"github.com/headgate/headgate/internal/syntax/python"
)

// Limits on what a migration, which is hostile data, may make the evaluator do.
const (
	maxSteps  = 2_000_000
	maxDepth  = 120
	maxString = 16 << 20
	maxItems  = 200_000
)

// interp evaluates the declarative part of Python.
type interp struct {
	fsys    fs.FS
	roots   []string // the folders that the application's packages are imported from
	modules map[string]*module
	env     func(string) (string, bool) // the environment that a migration may see
	// running counts the calls that are under way of a function, by the first statement of its body.
	running map[python.Stmt]int
	steps   int
	depth   int
	// dataOnly is why nothing may change the schema just now: a loop or a condition that hangs on run-time data. Empty
	// where it may.
	dataOnly string
	// ops does what changes the database; nil while only values are wanted.
	ops *operations
	// declared is what the application's modules have made so far that create_all looks at.
	declared declarations
	// fromModels says that the models take the place of the migrations.
	fromModels bool
	// models are those, worked out; nil until create_all is looked at.
	models *models
}

// module is a file of Python.
type module struct {
	file  string
	lines *syntax.Lines
	names map[string]value
	// migration says that the file is the one being applied, so that strings know their lines.
	migration bool
	// stars are the libraries of which all names were imported.
	stars []string
}

// frame is a place to evaluate in.
type frame struct {
	*interp
	mod    *module
	names  map[string]value
	outer  *frame // of a nested function; nil at the top, where names are mod's
	class  *class // of the method that runs
	self   value
	global map[string]bool
	// catches is how many try statements with a handler are around; returns says that a return, which may or may not
	// have run, leaves the rest of the function open.
	catches int
	returns bool
}

func (f *frame) place(n python.Node) place {
	line, column := f.mod.lines.Position(n.Range().Start)
	return place{line, column}
}

// ways is the remedy for what cannot be read in a migration, modelWays in a model that the released schema is made of.
const (
	ways = "write it out literally in the migration; or name the type in `type-aliases` if it is a type; or, where the migration is released, " +
		"take the released schema from the code with `baseline: models` or from a SQL file with `baseline: FILE.sql`"
	modelWays = "write it out literally in the model; or name the type in `type-aliases` if it is a type; or give the released schema as a SQL file with `baseline: FILE.sql`"
)

func (in *interp) ways() string {
	if in.fromModels {
		return modelWays
	}
	return ways
}

// fail says that a construct cannot be read.
func (f *frame) fail(n python.Node, problem string, args ...any) error {
	p := f.place(n)
	return &migration.Error{File: f.mod.file, Line: p.line, Column: p.column, Problem: fmt.Sprintf(problem, args...), Remedy: f.ways()}
}

func (f *frame) lookup(name string) (value, bool) {
	for at := f; at != nil; at = at.outer {
		if v, ok := at.names[name]; ok {
			return v, true
		}
	}
	if v, ok := f.mod.names[name]; ok {
		return v, true
	}
	if builtins[name] {
		return &builtin{name}, true
	}
	if len(f.mod.stars) > 0 {
		return ref(f.mod.stars[0] + "." + name), true
	}
	return nil, false
}

func (f *frame) step(n python.Node) error {
	f.steps++
	if f.steps > maxSteps {
		return last(f.fail(n, "the migration does not come to an end within %d steps", maxSteps))
	}
	return nil
}

// eval evaluates an expression; where it is lenient, what cannot be evaluated is unknown.
func (f *frame) eval(e python.Expr) (value, error) {
	v, err := f.evaluate(e)
	if err != nil {
		if unknown, ok := f.unknown(err); ok {
			return unknown, nil
		}
	}
	return v, err
}

func (f *frame) evaluate(e python.Expr) (value, error) {
	if err := f.step(e); err != nil {
		return nil, err
	}
	f.depth++
	defer func() { f.depth-- }()
	if f.depth > maxDepth*4 {
		return nil, f.fail(e, "this is nested too deeply")
	}
	switch e := e.(type) {
	case *python.Constant:
		switch e.Kind {
		case python.True:
			return true, nil
		case python.False:
			return false, nil
		}
		return nil, nil
	case *python.Number:
		return f.number(e)
	case *python.String:
		return f.string(e)
	case *python.Name:
		v, ok := f.lookup(e.Name)
		if !ok {
			return nil, f.fail(e, "the name %s is nowhere defined", e.Name)
		}
		if bad, ok := v.(*unreadable); ok {
			return &runtime{why: reason(bad.err)}, nil
		}
		return f.data(v), nil
	case *python.Attribute:
		recv, err := f.eval(e.Value)
		if err != nil {
			return nil, err
		}
		v, err := f.attribute(e, recv, e.Attr.Name)
		return f.data(v), err
	case *python.Call:
		return f.evalCall(e)
	case *python.Tuple:
		items, err := f.evalItems(e.Elts)
		return tuple(items), err
	case *python.List:
		items, err := f.evalItems(e.Elts)
		return &list{items: items}, err
	case *python.Set:
		items, err := f.evalItems(e.Elts)
		return newSet(items), err
	case *python.Dict:
		return f.evalDict(e)
	case *python.BinaryOp:
		return f.evalBinary(e)
	case *python.UnaryOp:
		return f.evalUnary(e)
	case *python.BoolOp:
		return f.evalBool(e)
	case *python.Compare:
		return f.evalCompare(e)
	case *python.IfExp:
		return f.evalIfExp(e)
	case *python.Lambda:
		return f.newFunction("lambda", e.Params, nil, e.Body), nil
	case *python.Subscript:
		return f.evalSubscript(e)
	case *python.Comprehension:
		return f.evalComprehension(e)
	case *python.Await:
		return f.eval(e.Value)
	case *python.NamedExpr:
		v, err := f.eval(e.Value)
		if err == nil {
			f.names[e.Target.Name] = v
		}
		return v, err
	}
	return nil, f.fail(e, "an expression of this kind cannot be read (%s)", kind(e))
}

// data is what an imported name stands for where that is plain data; other names are followed where they are used.
func (f *frame) data(v value) value {
	r, ok := v.(ref)
	if !ok {
		return v
	}
	found, ok := f.resolve(r)
	if !ok {
		return v
	}
	switch found.(type) {
	case nil, bool, int64, float64, str, tuple, *list, *dict, *member, *runtime:
		return found
	}
	return v
}

func kind(n python.Node) string {
	return strings.ToLower(strings.TrimPrefix(fmt.Sprintf("%T", n), "*python."))
}

func (f *frame) number(e *python.Number) (value, error) {
	clean := strings.ReplaceAll(e.Text, "_", "")
	if n, err := strconv.ParseInt(clean, 0, 64); err == nil {
		return n, nil
	}
	if n, err := strconv.ParseFloat(clean, 64); err == nil {
		return n, nil
	}
	return nil, f.fail(e, "the number %s cannot be read", e.Text)
}

// string evaluates a string literal, f-strings included.
func (f *frame) string(e *python.String) (value, error) {
	if len(e.Parts) == 1 && !e.Parts[0].Format && !e.Parts[0].Template {
		return f.literal(e.Parts[0].Text), nil
	}
	var parts []str
	for piece := range e.Pieces() {
		if piece.Hole == nil {
			parts = append(parts, f.literal(piece.Text))
			continue
		}
		v, err := f.eval(piece.Hole.Expr)
		if err != nil {
			return nil, err
		}
		hole, err := f.fill(piece.Hole, v)
		if err != nil {
			return nil, err
		}
		if run, ok := hole.(*runtime); ok {
			return &runtime{why: run.why, known: concat(parts...).s}, nil
		}
		filled, _ := hole.(str)
		if filled.lines == nil && f.mod.migration {
			at := f.place(piece.Hole)
			filled.lines = repeat(at.line, strings.Count(filled.s, "\n")+1)
		}
		parts = append(parts, filled)
	}
	joined := concat(parts...)
	joined.copied = false
	return joined, nil
}

func repeat(line, n int) []int {
	lines := make([]int, n)
	for i := range lines {
		lines[i] = line
	}
	return lines
}

// fill formats the value of an f-string's hole.
func (f *frame) fill(h *python.Hole, v value) (value, error) {
	if t, ok := v.(*columnType); ok {
		v = t.text()
	}
	if isRuntime(v) {
		return v, nil
	}
	spec := ""
	for _, piece := range h.Spec {
		if piece.Hole != nil {
			return nil, f.fail(h, "a format within a format cannot be read")
		}
		spec += piece.Text.Value
	}
	if h.Conversion == 'r' {
		v = text(repr(v))
	}
	s, ok := format(v, spec)
	if !ok {
		return &runtime{why: describe(v) + ", which cannot be put into a string"}, nil
	}
	s.s = h.Debug.Value + s.s
	return s, nil
}

// literal is the string with the lines that it stands on.
func (f *frame) literal(t syntax.Text) str {
	s := str{s: t.Value}
	if !f.mod.migration {
		return s
	}
	s.copied = true
	for piece := range t.Pieces() {
		s.copied = s.copied && !piece.Fixed
	}
	for at := 0; ; {
		line, column := f.mod.lines.Position(t.Offset(at))
		if at == 0 {
			s.indent = column - 1
		} else if column != 1 {
			s.copied = false
		}
		s.lines = append(s.lines, line)
		n := strings.IndexByte(t.Value[at:], '\n')
		if n < 0 {
			return s
		}
		at += n + 1
	}
}
