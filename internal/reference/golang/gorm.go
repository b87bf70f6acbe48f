package golang

import (
	"cmp"
	"go/ast"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"gorm.io/gorm/schema"

	"github.com/headgate/headgate/internal/reference"
)

const gormLibrary = "gorm.io/gorm"

// deepestEmbedding is how many structs may be embedded in each other.
const deepestEmbedding = 10

// readModels emits a reference for each column of each GORM model that the package declares, and
// one for the table.
//
// A model is a struct whose TableName method returns a constant, in code that has to do with GORM. A struct that has gorm tags
// and no TableName is a model by GORM's naming convention or, as often, only what a query is scanned
// into, or its names are set by a NamingStrategy of the program's own: its references are not Certain, and a table that
// no schema has is no problem then.
func (r *reader) readModels(p *pkg) {
	var models []*typeDeclaration
	for _, t := range p.types {
		if t.spec != nil && t.spec.TypeParams == nil {
			models = append(models, t)
		}
	}
	slices.SortFunc(models, func(a, b *typeDeclaration) int {
		return cmp.Or(cmp.Compare(a.src.Path, b.src.Path), cmp.Compare(a.spec.Pos(), b.spec.Pos()))
	})
	r.pkg = p
	for _, t := range models {
		if s, at := r.structOf(t); s != nil {
			r.model(t, s, at)
		}
	}
}

func (r *reader) model(t *typeDeclaration, s *ast.StructType, at typeAt) {
	naming := t.methods["TableName"]
	tagged := hasGormTag(s) || embedsGormModel(t.src, s)
	if !tagged && (naming == nil || !importsGorm(t)) {
		return
	}
	m := model{reader: r, of: t, seen: map[string]bool{}}
	m.like = reference.Reference{Name: t.spec.Name.Name, Model: true, Certain: naming != nil}
	r.pkg = t.pkg
	if naming == nil {
		m.table = schema.NamingStrategy{}.TableName(t.spec.Name.Name)
	} else if m.table = r.constant(t.pkg, naming); m.table == "" {
		if !tagged {
			return // a method of the same name, on something else
		}
		m.unchecked(t.src, t.spec.Name, "the table's name of model "+t.spec.Name.Name+" is known only at run time")
		return
	}
	columns := m.fields(s, at, "", 0)
	if len(columns) == 0 || naming == nil && !m.keyed {
		return
	}
	m.emitTable()
	for _, c := range columns {
		m.emitColumn(c)
	}
	if m.like.Certain {
		m.emitInsert(columns)
	}
}

// constant is what a method returns, if it is one text that is known.
func (r *reader) constant(p *pkg, m *method) string {
	if m.returns == nil || m.params > 0 {
		return ""
	}
	v := r.declared(&declaration{p, m.src, m.returns})
	if text, known := v.Constant(); known {
		return text
	}
	return ""
}

func gormTag(f *ast.Field) string {
	if f.Tag == nil {
		return ""
	}
	tag, err := strconv.Unquote(f.Tag.Value)
	if err != nil {
		return ""
	}
	return reflect.StructTag(tag).Get("gorm")
}

func hasGormTag(s *ast.StructType) bool {
	return slices.ContainsFunc(s.Fields.List, func(f *ast.Field) bool { return gormTag(f) != "" })
}

func importsGorm(t *typeDeclaration) bool {
	for _, src := range t.pkg.sources {
		for _, to := range src.imports {
			if strings.HasPrefix(to, "gorm.io/") {
				return true
			}
		}
	}
	return false
}

func embedsGormModel(src *source, s *ast.StructType) bool {
	return slices.ContainsFunc(s.Fields.List, func(f *ast.Field) bool {
		return len(f.Names) == 0 && isGormModel(src, f.Type)
	})
}

func isGormModel(src *source, e ast.Expr) bool {
	if star, ok := e.(*ast.StarExpr); ok {
		e = star.X
	}
	sel, ok := e.(*ast.SelectorExpr)
	if !ok || sel.Sel.Name != "Model" {
		return false
	}
	on, ok := sel.X.(*ast.Ident)
	return ok && src.imports[on.Name] == gormLibrary
}

// model is a GORM model that is being read.
type model struct {
	*reader
	of    *typeDeclaration
	table string
	like  reference.Reference
	seen  map[string]bool // columns; GORM takes the first of a name
	// keyed says that there is a primary key, without which a struct is embedded or scanned into and no model.
	keyed bool
}

// column is a column of a model and the place that says so.
type column struct {
	name  string
	at    reference.Position
	width int
	// readOnly says that GORM never writes it. It may be no column at all, but computed by a query.
	readOnly bool
}

// fields are the columns of a struct's fields (gorm.io/gorm/schema, ParseField).
func (m *model) fields(s *ast.StructType, at typeAt, prefix string, depth int) []column {
	if depth > deepestEmbedding {
		return nil
	}
	var columns []column
	for _, f := range s.Fields.List {
		tag := gormTag(f)
		settings := schema.ParseTagSetting(tag, ";")
		if ignored(settings) {
			continue
		}
		if len(f.Names) == 0 {
			columns = append(columns, m.anonymous(f, settings, at, prefix, depth)...)
			continue
		}
		for _, name := range exportedFieldNames(f) {
			columns = append(columns, m.field(f, name, settings, at, prefix, depth)...)
		}
	}
	return columns
}

// ignored tells whether a field is neither read nor written ("-", "-:all", no permission left), or holds what a query computes: it
// is read, never written, and no migration makes a column of it.
func ignored(settings map[string]string) bool {
	v, marked := settings["-"]
	if marked && strings.ToLower(strings.TrimSpace(v)) != "migration" {
		return true
	}
	readable, writable := permissions(settings)
	return !writable && (!readable || marked)
}

func permissions(settings map[string]string) (readable, writable bool) {
	readable, writable = true, true
	if v, ok := settings["->"]; ok {
		writable, readable = false, strings.ToLower(v) != "false"
	}
	if v, ok := settings["<-"]; ok {
		writable = v == "<-" || strings.Contains(v, "create") || strings.Contains(v, "update")
	}
	return readable, writable
}

// anonymous is an embedded field: its own fields' columns, or one column where its type is a value.
func (m *model) anonymous(f *ast.Field, settings map[string]string, at typeAt, prefix string, depth int) []column {
	name, pos := typeName(f.Type)
	if !ast.IsExported(name) {
		return nil
	}
	if isGormModel(at.src, f.Type) {
		return m.gormModel(f, at, prefix+settings["EMBEDDEDPREFIX"])
	}
	nature, typ := m.nature(typeAt{at.pkg, at.src, f.Type}, 0)
	if _, known := typ.expr.(*ast.StructType); known && nature == undecided {
		nature = record // what it embeds in its turn is seen when its fields are
	}
	switch nature {
	case record:
		return m.embedded(typ, prefix+settings["EMBEDDEDPREFIX"], depth)
	case scalar:
		return m.column(f, &ast.Ident{Name: name, NamePos: pos}, settings, at, prefix)
	}
	m.unchecked(at.src, f.Type, "the columns of "+at.src.at(f.Type).Excerpt()+", which model "+m.like.Name+" embeds, are not in this repository")
	return nil
}

// gormModel are the columns of gorm.Model, which stand at its mention.
func (m *model) gormModel(f *ast.Field, at typeAt, prefix string) []column {
	var columns []column
	for _, name := range []string{"id", "created_at", "updated_at", "deleted_at"} {
		columns = m.add(columns, column{name: prefix + name, at: at.src.at(f.Type).Position(), width: at.src.at(f.Type).Width()})
	}
	return columns
}

func (m *model) embedded(t typeAt, prefix string, depth int) []column {
	s, ok := t.expr.(*ast.StructType)
	if !ok {
		return nil
	}
	return m.fields(s, t, prefix, depth+1)
}

// field is a field with a name.
func (m *model) field(f *ast.Field, name *ast.Ident, settings map[string]string, at typeAt, prefix string, depth int) []column {
	_, isEmbedded := settings["EMBEDDED"]
	_, typed := settings["TYPE"]
	serialized := settings["SERIALIZER"] != "" || settings["JSON"] != ""
	if (typed || serialized) && !isEmbedded {
		return m.column(f, name, settings, at, prefix)
	}
	nature, typ := m.nature(typeAt{at.pkg, at.src, f.Type}, 0)
	_, isStruct := typ.expr.(*ast.StructType)
	switch {
	case isEmbedded && isStruct:
		return m.embedded(typ, prefix+settings["EMBEDDEDPREFIX"], depth)
	case isEmbedded:
		m.unchecked(at.src, name, "the columns of "+name.Name+", which model "+m.like.Name+" embeds, are not in this repository")
		return nil
	case nature == scalar:
		return m.column(f, name, settings, at, prefix)
	case isRelation(settings), nature == record, nature == list, nature == neither:
		return nil
	case settings["COLUMN"] != "":
		return m.column(f, name, settings, at, prefix)
	}
	m.unchecked(at.src, name, "whether field "+name.Name+" of model "+m.like.Name+" is a column depends on type "+
		at.src.at(f.Type).Excerpt()+", which is not in this repository")
	return nil
}

func isRelation(settings map[string]string) bool {
	for _, key := range []string{"FOREIGNKEY", "REFERENCES", "MANY2MANY", "POLYMORPHIC", "JOINFOREIGNKEY", "JOINREFERENCES"} {
		if settings[key] != "" {
			return true
		}
	}
	return false
}

// column is the column of a field: as its tag says, else by GORM's naming strategy.
func (m *model) column(f *ast.Field, name *ast.Ident, settings map[string]string, at typeAt, prefix string) []column {
	_, writable := permissions(settings)
	c := column{
		name: settings["COLUMN"], at: at.src.at(name).Position(), width: utf8.RuneCountInString(name.Name), readOnly: !writable,
	}
	if c.name == "" {
		c.name = schema.NamingStrategy{}.ColumnName(m.table, name.Name)
	} else if in := columnInTag(f.Tag.Value, c.name); in >= 0 {
		c.at = at.src.at(f.Tag).Position()
		c.at.Column += utf8.RuneCountInString(f.Tag.Value[:in])
		c.width = utf8.RuneCountInString(c.name)
	}
	c.name = prefix + c.name
	m.keyed = m.keyed || settings["PRIMARYKEY"] != "" || settings["PRIMARY_KEY"] != ""
	return m.add(nil, c)
}

// columnInTag is where the name that the setting "column:" gives begins in a tag on one line.
func columnInTag(tag, name string) int {
	if strings.ContainsAny(tag, "\n\r") {
		return -1
	}
	gorm := strings.Index(tag, "gorm:")
	if gorm < 0 {
		return -1
	}
	setting := strings.Index(strings.ToLower(tag[gorm:]), "column:")
	if setting < 0 {
		return -1
	}
	start := gorm + setting + len("column:")
	in := strings.Index(tag[start:], name)
	if in < 0 {
		return -1
	}
	return start + in
}

func (m *model) add(columns []column, c column) []column {
	if m.seen[c.name] || c.name == "" {
		return columns
	}
	m.seen[c.name] = true
	m.keyed = m.keyed || c.name == "id"
	return append(columns, c)
}

// place is where the model's name stands, which is where a problem with its table is shown.
func (m *model) place() (reference.Position, int) {
	return m.of.src.at(m.of.spec.Name).Position(), utf8.RuneCountInString(m.of.spec.Name.Name)
}

func (m *model) emitTable() {
	at, width := m.place()
	var b reference.Builder
	b.Replace("SELECT FROM "+quoteName(m.table), at, width)
	m.emit(b.Text(), at, m.like.Certain)
}

func (m *model) emitColumn(c column) {
	at, width := m.place()
	var b reference.Builder
	b.Replace("SELECT ", c.at, c.width)
	b.Replace(quoted(c.name), c.at, c.width)
	b.Replace(" FROM "+quoteName(m.table), at, width)
	m.emit(b.Text(), c.at, m.like.Certain && !c.readOnly)
}

// emitInsert emits the INSERT of the columns that GORM writes.
func (m *model) emitInsert(columns []column) {
	var names []string
	for _, c := range columns {
		if !c.readOnly {
			names = append(names, quoted(c.name))
		}
	}
	if len(names) > 0 {
		at, width := m.place()
		m.emit(reference.ModelInsert(quoteName(m.table), names, at, width), at, true)
	}
}

func quoted(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// quoteName quotes a table's name as GORM does: each part between dots is a name.
func quoteName(name string) string {
	parts := strings.Split(name, ".")
	for i, part := range parts {
		parts[i] = quoted(strings.Trim(part, `"`))
	}
	return strings.Join(parts, ".")
}

func (m *model) emit(t reference.Text, at reference.Position, certain bool) {
	ref := m.like
	ref.SQL, ref.Map, ref.Place, ref.Certain = t.SQL, t.Map, at, certain
	m.Emit(m.of.src.Path, ref)
}

func (m *model) unchecked(src *source, n ast.Node, reason string) {
	ref := m.like
	ref.Place, ref.Unchecked = src.at(n).Position(), reason
	m.Emit(m.of.src.Path, ref)
}
