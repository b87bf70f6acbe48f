package python

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/headgate/headgate/internal/reference"
	py "github.com/headgate/headgate/internal/syntax/python"
)

// readModels emits a reference for each column of each model that the file declares, and one for its table: a model stands for the
// SELECT of all its columns. Columns that a model inherits from a mapped parent are the parent's to bring.
func (r *reader) readModels(m *module) {
	r.src = m.src
	r.scan(m.src.tree.Body, r.env(m))
}

// scan looks for classes, tables and columns that are added from outside, in all statements below.
func (r *reader) scan(body []py.Stmt, in *env) {
	for _, s := range body {
		py.Inspect(s, func(n py.Node) bool {
			switch n := n.(type) {
			case *py.ClassDef:
				c := r.classOf(n, in)
				r.model(c)
				r.scan(n.Body, &env{mod: in.mod, class: c, outer: in})
				return false
			case *py.FunctionDef:
				r.scan(n.Body, r.read(n, in))
				return false
			case *py.Call:
				r.calledInModels(n, in)
			case *py.Assign:
				r.added(n, in)
			}
			return true
		})
	}
}

// model emits the references of a class, if it is a model.
func (r *reader) model(c *class) {
	m := r.mapping(c)
	if m == nil {
		r.notMapped(c)
		return
	}
	out := &modelRefs{reader: r, name: c.def.Name.Name, table: m.table, src: c.env.mod.src, at: c.def.Name.Span}
	if m.table.unknown != "" {
		out.unchecked(out.src, c.def.Name.Span, m.table.unknown)
		return
	}
	r.decorated(c, out)
	if m.explicit {
		return // its Table is read where it stands
	}
	columns := r.columns(m, out)
	if m.single {
		parent := r.ownColumns(m.parent)
		columns = slices.DeleteFunc(columns, func(col column) bool { return parent[col.name] })
	} else {
		out.emitTable()
	}
	for _, col := range columns {
		out.emitColumn(col)
	}
	if !m.single {
		out.emitInsert()
	}
}

// ownColumns are the names of the columns of a model's table that the model and its parents bring.
func (r *reader) ownColumns(m *mapped) map[string]bool {
	names := map[string]bool{}
	for ; m != nil; m = m.parent {
		silent := &modelRefs{reader: r, silent: true}
		for _, col := range r.columns(m, silent) {
			names[col.name] = true
		}
		if !m.single {
			break
		}
	}
	return names
}

// notMapped counts a class that may be a model, of which that cannot be told: its base is not in the repository.
func (r *reader) notMapped(c *class) {
	if r.baseOf(c) != foreignBase || !r.hasColumns(c) {
		return
	}
	_, outside := r.order(c)
	for _, f := range outside {
		if baseOf(f.external) == foreignBase {
			out := &modelRefs{reader: r, name: c.def.Name.Name}
			out.unchecked(c.env.mod.src, c.def.Name.Span,
				"whether class "+out.name+" is a model depends on "+f.src.at(f.at).Excerpt()+", which is not in this repository")
			return
		}
	}
}

// decorated counts what may bring columns that are not in the class's body: decorators and bases from elsewhere.
func (r *reader) decorated(c *class, out *modelRefs) {
	for _, d := range c.def.Decorators {
		found := r.resolve(d, c.env)
		call, _ := d.(*py.Call)
		if call != nil && found.external == "" {
			found = r.resolve(call.Func, c.env)
		}
		switch {
		case found.external != "" && harmless(found.external):
			continue
		case found.function != nil && !r.makesColumns(found.function):
			continue
		case found.external == "" && found.function == nil && found.class != nil:
			continue
		}
		out.unchecked(c.env.mod.src, d.Range(), "the decorator "+c.env.mod.src.at(d).Excerpt()+" may add columns to model "+out.name)
	}
	_, outside := r.order(c)
	for _, f := range outside {
		if baseOf(f.external) == foreignBase {
			out.unchecked(f.src, f.at.Range(), "the columns of "+f.src.at(f.at).Excerpt()+", which model "+out.name+
				" takes over, are not in this repository")
		}
	}
}

// makesColumns tells whether a function's body has a call that makes a column, or sets attributes by name.
func (r *reader) makesColumns(f *function) bool {
	if known, ok := r.makers[f.def]; ok {
		return known
	}
	found := false
	inside := &env{mod: f.env.mod, names: r.body(f.def), outer: f.env}
	for _, s := range f.def.Body {
		py.Inspect(s, func(n py.Node) bool {
			if call, ok := n.(*py.Call); ok && !found {
				name, isName := call.Func.(*py.Name)
				found = isName && name.Name == "setattr" || r.construct(call, inside).construct == columnConstruct
			}
			return !found
		})
	}
	r.makers[f.def] = found
	return found
}

// added reads what is set from outside of a class: Model.column = Column(…).
func (r *reader) added(s *py.Assign, in *env) {
	for _, t := range s.Targets {
		target, ok := t.(*py.Attribute)
		if !ok {
			continue
		}
		c := r.resolve(target.Value, in).class
		if c == nil {
			continue
		}
		if m := r.mapping(c); m != nil && m.table.unknown == "" && !m.explicit {
			out := &modelRefs{reader: r, name: c.def.Name.Name, table: m.table, src: c.env.mod.src, at: c.def.Name.Span}
			b := &binding{value: s.Value, at: target.Attr.Span}
			for _, col := range r.attributeColumns(target.Attr.Name, b, in, in.mod.src, out) {
				out.emitColumn(col)
			}
		}
	}
}

// calledInModels reads Table(…), and counts setattr(Model, name, Column(…)) and append_column.
func (r *reader) calledInModels(call *py.Call, in *env) {
	switch f := call.Func.(type) {
	case *py.Name:
		if f.Name == "setattr" && len(call.Args) == 3 {
			r.setAttribute(call, in)
			return
		}
	case *py.Attribute:
		if f.Attr.Name == "append_column" && len(call.Args) == 1 && r.construct(call.Args[0], in).construct == columnConstruct {
			out := &modelRefs{reader: r}
			out.unchecked(in.mod.src, call.Span, "the column is added to a table by append_column")
			return
		}
		if f.Attr.Name != "Table" && f.Attr.Name != "table" {
			return
		}
	}
	if m := r.construct(call, in); m.construct == tableConstruct && m.call == call {
		r.readTable(call, in)
	}
}

func (r *reader) setAttribute(call *py.Call, in *env) {
	if r.construct(call.Args[2], in).construct != columnConstruct {
		return
	}
	c := r.resolve(call.Args[0], in).class
	name, known := r.evaluate(call.Args[1], in)
	if c != nil && known {
		if m := r.mapping(c); m != nil && m.table.unknown == "" {
			out := &modelRefs{reader: r, name: c.def.Name.Name, table: m.table, src: c.env.mod.src, at: c.def.Name.Span}
			b := &binding{value: call.Args[2], at: call.Args[1].Range()}
			for _, col := range r.attributeColumns(name, b, in, in.mod.src, out) {
				out.emitColumn(col)
			}
			return
		}
	}
	out := &modelRefs{reader: r}
	if c != nil {
		out.name = c.def.Name.Name
	}
	out.unchecked(in.mod.src, call.Span, "a column of "+in.mod.src.at(call.Args[0]).Excerpt()+" is set at run time: "+in.mod.src.at(call).Excerpt())
}

// modelRefs emits the references of one model or table.
type modelRefs struct {
	*reader
	name  string
	table table
	// src and at are where the model's name stands.
	src    *source
	at     py.Span
	silent bool
	// columns are the quoted names of those emitted.
	columns []string
	// doubts counts what is unchecked.
	doubts int
}

// column is a column and the place that says so.
type column struct {
	name string
	src  *source
	at   py.Span
}

func (m *modelRefs) like() reference.Reference {
	return reference.Reference{Name: m.name, Model: true, Certain: true}
}

func (m *modelRefs) emitTable() {
	var b reference.Builder
	at := m.src.at(m.at).Position()
	b.Replace("SELECT FROM "+m.table.quoted(), at, m.src.at(m.at).Width())
	m.emit(b.Text(), at)
}

func (m *modelRefs) emitColumn(c column) {
	if c.name == "" || !utf8.ValidString(c.name) || strings.ContainsRune(c.name, reference.Hole) {
		m.unchecked(c.src, c.at, "the name of a column of model "+m.name+" is no name that the server takes")
		return
	}
	at, width := c.src.at(c.at).Position(), max(c.src.at(c.at).Width(), 1)
	var b reference.Builder
	b.Replace("SELECT ", at, width)
	b.Replace(quote(c.name), at, width)
	b.Replace(" FROM "+m.table.quoted(), m.src.at(m.at).Position(), m.src.at(m.at).Width())
	m.columns = append(m.columns, quote(c.name))
	m.emit(b.Text(), at)
}

// emitInsert emits the INSERT of all columns, unless there may be some that are not known.
func (m *modelRefs) emitInsert() {
	if m.doubts > 0 || len(m.columns) == 0 {
		return
	}
	at := m.src.at(m.at).Position()
	m.emit(reference.ModelInsert(m.table.quoted(), m.columns, at, m.src.at(m.at).Width()), at)
}

func (m *modelRefs) emit(t reference.Text, at reference.Position) {
	if m.silent {
		return
	}
	ref := m.like()
	ref.SQL, ref.Map, ref.Place = t.SQL, t.Map, at
	if !utf8.ValidString(ref.SQL) || strings.ContainsRune(ref.SQL, reference.Hole) {
		ref.SQL, ref.Map, ref.Unchecked = "", nil, "the name of the table is no name that the server takes"
	}
	m.Emit(ref.Place.File, ref)
}

func (m *modelRefs) unchecked(src *source, at py.Span, reason string) {
	m.doubts++
	if m.silent {
		return
	}
	ref := m.like()
	ref.Place, ref.Unchecked = src.at(at).Position(), reason
	m.Emit(ref.Place.File, ref)
}

func (t table) quoted() string {
	if t.schema == "" {
		return quote(t.name)
	}
	return quote(t.schema) + "." + quote(t.name)
}

func quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }
