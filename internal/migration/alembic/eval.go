package alembic

import (
	"fmt"
	"io/fs"
	"math"
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
		return f.fail(n, "the migration does not come to an end within %d steps", maxSteps)
	}
	return nil
}

// eval evaluates an expression.
func (f *frame) eval(e python.Expr) (value, error) {
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
			return nil, bad.err
		}
		return v, nil
	case *python.Attribute:
		recv, err := f.eval(e.Value)
		if err != nil {
			return nil, err
		}
		return f.attribute(e, recv, e.Attr.Name)
	case *python.Call:
		return f.evalCall(e)
	case *python.Tuple:
		items, err := f.evalItems(e.Elts)
		return tuple(items), err
	case *python.List:
		items, err := f.evalItems(e.Elts)
		return &list{items}, err
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

func kind(n python.Node) string {
	return strings.ToLower(strings.TrimPrefix(fmt.Sprintf("%T", n), "*python."))
}

// newSet keeps the order in which its items were written; Python's order is arbitrary.
func newSet(items []value) value {
	d := newDict()
	for _, item := range items {
		d.set(item, item)
	}
	return &list{d.keys}
}

func (f *frame) evalItems(elts []python.Expr) ([]value, error) {
	items := make([]value, 0, len(elts))
	for _, elt := range elts {
		star, starred := elt.(*python.Starred)
		if starred {
			elt = star.Value
		}
		v, err := f.eval(elt)
		if err != nil {
			return nil, err
		}
		if !starred {
			items = append(items, v)
			continue
		}
		more, err := f.iterate(elt, v)
		if err != nil {
			return nil, err
		}
		items = append(items, more...)
	}
	return items, nil
}

func (f *frame) evalDict(e *python.Dict) (value, error) {
	d := newDict()
	for _, item := range e.Items {
		v, err := f.eval(item.Value)
		if err != nil {
			return nil, err
		}
		if item.Key == nil {
			more, ok := v.(*dict)
			if !ok {
				return &runtime{why: "a dict made of " + describe(v)}, nil
			}
			for _, k := range more.keys {
				d.set(k, more.at(k))
			}
			continue
		}
		k, err := f.eval(item.Key)
		if err != nil {
			return nil, err
		}
		if !d.set(k, v) {
			return &runtime{why: "a dict with the key " + describe(k)}, nil
		}
	}
	return d, nil
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
		return nil, f.fail(h, "%s cannot be put into a string", describe(v))
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

func (f *frame) evalComprehension(e *python.Comprehension) (value, error) {
	inner := &frame{interp: f.interp, mod: f.mod, names: map[string]value{}, outer: f, class: f.class, self: f.self}
	var items []value
	d := newDict()
	unknown := ""
	var loop func(depth int) error
	loop = func(depth int) error {
		if depth == len(e.For) {
			v, err := inner.eval(e.Elt)
			if err != nil {
				return err
			}
			if e.Kind == python.DictComp {
				w, err := inner.eval(e.Value)
				if err == nil && !d.set(v, w) {
					unknown = describe(v)
				}
				return err
			}
			items = append(items, v)
			return nil
		}
		part := e.For[depth]
		source, err := inner.eval(part.Iter)
		if err != nil {
			return err
		}
		if loopsOverData(source) {
			unknown = describe(source)
			return nil
		}
		elements, err := inner.iterate(part.Iter, source)
		if err != nil {
			return err
		}
		for _, element := range elements {
			if err := inner.assign(part.Target, element); err != nil {
				return err
			}
			holds := true
			for _, test := range part.Ifs {
				v, err := inner.eval(test)
				if err != nil {
					return err
				}
				is, known := truth(v)
				if !known {
					unknown = describe(v)
				}
				holds = holds && is
			}
			if holds {
				if err := loop(depth + 1); err != nil {
					return err
				}
			}
		}
		return nil
	}
	if err := loop(0); err != nil {
		return nil, err
	}
	switch {
	case unknown != "":
		return &runtime{why: unknown}, nil
	case e.Kind == python.DictComp:
		return d, nil
	case e.Kind == python.SetComp:
		return newSet(items), nil
	}
	return &list{items}, nil
}

// loopsOverData tells that the items of a value are rows, or hang on them.
func loopsOverData(v value) bool {
	switch v.(type) {
	case *runtime, *object:
		return true
	}
	return false
}

func (f *frame) evalSubscript(e *python.Subscript) (value, error) {
	recv, err := f.eval(e.Value)
	if err != nil {
		return nil, err
	}
	if slice, ok := e.Index.(*python.Slice); ok {
		return f.slice(e, recv, slice)
	}
	index, err := f.eval(e.Index)
	if err != nil {
		return nil, err
	}
	switch r := recv.(type) {
	case *runtime:
		return r, nil
	case *dict:
		if isRuntime(index) {
			return index, nil
		}
		if v, ok := r.get(index); ok {
			return v, nil
		}
		return nil, f.fail(e, "the key %s is not in the dict", repr(index))
	case *builtin: // a type with its parameter
		return &object{path: ".[]", recv: recv, args: []value{index}, at: f.place(e)}, nil
	case *class:
		if r.isEnum {
			for _, m := range r.members {
				if name, ok := index.(str); ok && m.name == name.s {
					return m, nil
				}
			}
		}
		return r, nil // a generic class with its parameter
	case *object, ref:
		return &object{path: ".[]", recv: recv, args: []value{index}, at: f.place(e)}, nil
	}
	i, isInt := index.(int64)
	if s, ok := recv.(str); ok && isInt {
		runes := []rune(s.s)
		if i < 0 {
			i += int64(len(runes))
		}
		if i >= 0 && i < int64(len(runes)) {
			return text(string(runes[i])), nil
		}
	}
	if items, ok := sequence(recv); ok && isInt {
		if i < 0 {
			i += int64(len(items))
		}
		if i >= 0 && i < int64(len(items)) {
			return items[i], nil
		}
	}
	if isRuntime(index) {
		return index, nil
	}
	return nil, f.fail(e, "%s[%s] cannot be read", describe(recv), repr(index))
}

func sequence(v value) ([]value, bool) {
	switch v := v.(type) {
	case tuple:
		return v, true
	case *list:
		return v.items, true
	}
	return nil, false
}

func (f *frame) slice(e *python.Subscript, recv value, s *python.Slice) (value, error) {
	bounds := [2]int64{0, math.MaxInt32}
	for i, bound := range []python.Expr{s.Lower, s.Upper} {
		if bound == nil {
			continue
		}
		v, err := f.eval(bound)
		if err != nil {
			return nil, err
		}
		n, ok := v.(int64)
		if !ok {
			return &runtime{why: describe(v)}, nil
		}
		bounds[i] = n
	}
	cut := func(length int) (int, int) {
		from, to := bounds[0], bounds[1]
		if from < 0 {
			from += int64(length)
		}
		if to < 0 {
			to += int64(length)
		}
		from = min(max(from, 0), int64(length))
		return int(from), int(max(min(max(to, 0), int64(length)), from))
	}
	if s.Step == nil {
		switch r := recv.(type) {
		case str:
			runes := []rune(r.s)
			from, to := cut(len(runes))
			return r.with(string(runes[from:to])), nil
		case tuple:
			from, to := cut(len(r))
			return r[from:to:to], nil
		case *list:
			from, to := cut(len(r.items))
			return &list{append([]value(nil), r.items[from:to]...)}, nil
		}
	}
	if loopsOverData(recv) {
		return &runtime{why: describe(recv)}, nil
	}
	return nil, f.fail(e, "this part of %s cannot be read", describe(recv))
}
