package python

import (
	"slices"
	"strings"

	py "github.com/headgate/headgate/internal/syntax/python"
)

// columns are the columns that a mapped class brings to its table: its own, and those of its mixins and abstract bases. What
// a mapped parent has is left out. What cannot be told is counted in out.
func (r *reader) columns(m *mapped, out *modelRefs) []column {
	order, _ := r.order(m.class)
	var inherited []*class
	if m.parent != nil {
		inherited, _ = r.order(m.parent.class)
	}
	var columns []column
	seen := map[string]bool{}
	for _, k := range order {
		if slices.Contains(inherited, k) {
			continue
		}
		if m.base == sqlModelBase && !r.isField(k) {
			continue
		}
		for _, a := range attributes(k.names) {
			if seen[a.name] {
				continue
			}
			seen[a.name] = true
			columns = append(columns, r.attributeOf(a, k, m, out)...)
		}
		r.looped(k, out)
	}
	return columns
}

// attribute is a name of a class's body and what it has last.
type attribute struct {
	name string
	*binding
}

// attributes are a class's attributes in the order of the source.
func attributes(n *names) []attribute {
	var out []attribute
	for name, bindings := range n.bound {
		if strings.HasPrefix(name, "__") && strings.HasSuffix(name, "__") || name == "metadata" || name == "registry" {
			continue
		}
		if b := last(bindings); b != nil {
			out = append(out, attribute{name, b})
		}
	}
	slices.SortFunc(out, func(a, b attribute) int { return a.at.Start - b.at.Start })
	return out
}

func (r *reader) attributeOf(a attribute, k *class, m *mapped, out *modelRefs) []column {
	where := &env{mod: k.env.mod, class: k, outer: k.env}
	switch {
	case m.base == sqlModelBase && a.annotation != nil:
		return r.field(a, where, out)
	case a.function != nil:
		return r.declaredAttribute(a, k, m.class, out)
	case m.base == sqlModelBase:
		return nil // without an annotation it is no field
	}
	return r.attributeColumns(a.name, a.binding, where, k.env.mod.src, out)
}

// attributeColumns are the columns of an attribute of a declarative class.
func (r *reader) attributeColumns(name string, b *binding, where *env, src *source, out *modelRefs) []column {
	annotation := noAnnotation
	if b.annotation != nil {
		annotation = r.isMappedAnnotation(b.annotation, where)
	}
	if annotation == otherAnnotation && b.value == nil || annotation == relationAnnotation {
		return nil
	}
	if b.value == nil || annotation == columnAnnotation && isNone(b.value) {
		if annotation != columnAnnotation {
			return nil
		}
		return []column{{name, src, b.at}} // the name that mapped_column has within Annotated is not taken over
	}
	m := r.construct(b.value, where)
	switch m.construct {
	case columnConstruct:
		return r.named(name, b.at, m, src, out)
	case wrapsColumn, compositeConstruct:
		return r.wrapped(name, b, m, src, out)
	case noColumn, tableConstruct, fieldConstruct:
		return nil
	}
	if annotation == columnAnnotation || m.call != nil && mentionsColumn(src, m.call) && r.resolve(b.value, where).instance == nil {
		if _, literal := b.value.(*py.String); !literal {
			out.unchecked(src, b.at, "whether attribute "+name+" of model "+out.name+" is a column depends on "+src.at(b.value).Excerpt())
		}
	}
	return nil
}

// mentionsColumn tells whether the name of what is called says that it makes a column.
func mentionsColumn(src *source, call *py.Call) bool {
	if call.Func.Range().End > len(src.Text) {
		return false
	}
	name := ""
	switch f := call.Func.(type) {
	case *py.Name:
		name = f.Name
	case *py.Attribute:
		name = f.Attr.Name
	}
	name = strings.ToLower(name)
	return strings.Contains(name, "column") && !strings.Contains(name, "property")
}

// named is the column that a call of Column makes, under the name that it gives, else under the attribute's.
func (r *reader) named(attribute string, at py.Span, m made, src *source, out *modelRefs) []column {
	c := column{attribute, src, at}
	e := keyword(m.call, "name")
	if e == nil && len(m.call.Args) > 0 {
		e = m.call.Args[0]
		if _, spread := e.(*py.Starred); spread {
			out.unchecked(src, at, "the name of column "+attribute+" of model "+out.name+" may be in "+m.env.mod.src.at(e).Excerpt())
			return nil
		}
		if !r.canBeName(e, m.env) {
			e = nil
		}
	}
	if e == nil || isNone(e) {
		if attribute == "" {
			return nil
		}
		return []column{c}
	}
	text, ok := r.evaluate(e, m.env)
	if !ok {
		out.unchecked(src, at, "the name of column "+attribute+" of model "+out.name+" is known only at run time: "+m.env.mod.src.at(e).Excerpt())
		return nil
	}
	c.name, c.src, c.at = text, m.env.mod.src, e.Range()
	if s, isLiteral := e.(*py.String); isLiteral && len(s.Parts) == 1 {
		c.at = s.Parts[0].Body()
	}
	return []column{c}
}

// canBeName tells whether the first argument of Column is its name and not its type.
func (r *reader) canBeName(e py.Expr, in *env) bool {
	switch e := e.(type) {
	case *py.String, *py.BinaryOp:
		return true
	case *py.Name, *py.Attribute, *py.Subscript:
		found := r.resolve(e, in)
		switch {
		case found.external != "", found.class != nil, found.instance != nil, found.function != nil, found.module != nil:
			return false
		case found.value != nil && found.value != e:
			_, isText := r.evaluate(found.value, found.env)
			return isText
		}
		if n, ok := e.(*py.Name); ok && found.value == nil {
			return n.Name != "" && n.Name[0]|0x20 == n.Name[0] && n.Name[0] != '_' // a type that is not known has a capital
		}
		return false
	case *py.Call:
		_, isText := r.evaluate(e, in)
		return isText
	}
	return false
}

// wrapped are the columns within deferred(…), column_property(…) and composite(…). Of an expression there is none.
func (r *reader) wrapped(name string, b *binding, m made, src *source, out *modelRefs) []column {
	var columns []column
	for i, arg := range m.call.Args {
		inner := r.construct(arg, m.env)
		if inner.construct != columnConstruct {
			continue
		}
		attribute := name
		if m.construct == compositeConstruct || i > 0 {
			attribute = ""
		}
		columns = append(columns, r.named(attribute, b.at, inner, src, out)...)
	}
	if m.construct == compositeConstruct && len(columns) == 0 && len(m.call.Args) <= 1 {
		out.unchecked(src, b.at, "the columns of composite "+name+" of model "+out.name+" are those of its type")
	}
	return columns
}

// annotation is what an attribute's annotation says of it.
type annotation uint8

const (
	noAnnotation annotation = iota
	// columnAnnotation is Mapped[…].
	columnAnnotation
	// relationAnnotation is WriteOnlyMapped[…], DynamicMapped[…], ClassVar[…].
	relationAnnotation
	otherAnnotation
)

func (r *reader) isMappedAnnotation(e py.Expr, in *env) annotation {
	e = unquoted(e)
	if s, ok := e.(*py.Subscript); ok {
		e = s.Value
	}
	switch _, name := split(r.resolve(e, in).external); name {
	case "Mapped":
		return columnAnnotation
	case "WriteOnlyMapped", "DynamicMapped", "ClassVar", "AssociationProxy":
		return relationAnnotation
	}
	return otherAnnotation
}

// unquoted is the annotation within a string.
func unquoted(e py.Expr) py.Expr {
	s, ok := e.(*py.String)
	if !ok {
		return e
	}
	text, ok := s.Literal()
	if !ok || len(text.Value) > longestName {
		return e
	}
	tree := py.Parse([]byte(text.Value))
	if len(tree.Body) != 1 || len(tree.Bad) > 0 {
		return e
	}
	if inner, ok := tree.Body[0].(*py.ExprStmt); ok {
		return inner.Value
	}
	return e
}

// declaredAttribute is the column that a declared_attr returns for the class of.
func (r *reader) declaredAttribute(a attribute, k, of *class, out *modelRefs) []column {
	if !slices.ContainsFunc(a.function.Decorators, func(d py.Expr) bool {
		return strings.Contains(r.decorator(d, k.env), ".declared_attr")
	}) {
		return nil
	}
	src := k.env.mod.src
	where := r.asClass(a.function, k, of)
	where = &env{mod: k.env.mod, names: r.body(a.function), outer: where}
	var columns []column
	kinds := 0
	for _, e := range returnsOf(a.function.Body) {
		m := r.construct(e, where)
		switch m.construct {
		case columnConstruct:
			columns = append(columns, r.named(a.name, a.at, m, src, out)...)
			kinds |= 1
		case wrapsColumn:
			columns = append(columns, r.wrapped(a.name, a.binding, m, src, out)...)
			kinds |= 1
		case noColumn:
			kinds |= 2
		default:
			kinds |= 4
		}
	}
	if kinds > 2 {
		if kinds != 4 || r.resolve(a.function.Returns, where).external != "" || a.function.Returns == nil {
			out.unchecked(src, a.at, "whether attribute "+a.name+" of model "+out.name+" is a column depends on what its function returns")
		}
		return nil
	}
	return slices.CompactFunc(columns, func(x, y column) bool { return x.name == y.name })
}

// returnsOf are the expressions that a function returns.
func returnsOf(body []py.Stmt) []py.Expr {
	var out []py.Expr
	for _, s := range body {
		py.Inspect(s, func(n py.Node) bool {
			switch n := n.(type) {
			case *py.FunctionDef, *py.ClassDef, *py.Lambda:
				return false
			case *py.Return:
				if n.Value != nil && !isNone(n.Value) {
					out = append(out, n.Value)
				}
			}
			return true
		})
	}
	return out
}

// looped counts the columns that a loop in a class's body makes.
func (r *reader) looped(k *class, out *modelRefs) {
	for _, s := range k.def.Body {
		switch s := s.(type) {
		case *py.For, *py.While:
			r.loopedIn(s, k, out)
		case *py.Assign:
			if _, ok := s.Targets[0].(*py.Subscript); ok {
				r.loopedIn(s, k, out)
			}
		case *py.ExprStmt:
			if call, ok := s.Value.(*py.Call); ok {
				if f, ok := call.Func.(*py.Attribute); ok && f.Attr.Name == "update" {
					r.loopedIn(s, k, out)
				}
			}
		}
	}
}

func (r *reader) loopedIn(s py.Stmt, k *class, out *modelRefs) {
	where := &env{mod: k.env.mod, class: k, outer: k.env}
	found := false
	py.Inspect(s, func(n py.Node) bool {
		if call, ok := n.(*py.Call); ok && !found {
			found = r.construct(call, where).construct == columnConstruct
		}
		return !found
	})
	if found {
		src := k.env.mod.src
		out.unchecked(src, s.Range(), "columns of model "+out.name+" are made at run time: "+src.at(s).Excerpt())
	}
}
