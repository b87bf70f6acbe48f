package golang

import (
	"go/ast"
	"go/token"
	"strings"
)

// typeDeclaration is a package-level type with its methods.
type typeDeclaration struct {
	pkg  *pkg
	src  *source
	spec *ast.TypeSpec // nil while only methods were seen
	// methods are the methods' declarations, without their bodies except for TableName.
	methods map[string]*method
}

type method struct {
	src    *source
	params int
	// returns is the one expression that the method returns, if returning it is all that it does.
	returns ast.Expr
}

func (p *pkg) typeNamed(name string) *typeDeclaration {
	t := p.types[name]
	if t == nil {
		t = &typeDeclaration{pkg: p, methods: map[string]*method{}}
		p.types[name] = t
	}
	return t
}

func (p *pkg) declareType(src *source, spec *ast.TypeSpec) {
	t := p.typeNamed(spec.Name.Name)
	if t.spec == nil { // the same type under two build tags: the first file's
		t.src, t.spec = src, spec
	}
}

func (p *pkg) declareMethods(src *source) {
	for _, d := range src.ast.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || f.Recv == nil || len(f.Recv.List) != 1 {
			continue
		}
		name, _ := typeName(f.Recv.List[0].Type)
		if name == "" {
			continue
		}
		m := &method{src: src, params: f.Type.Params.NumFields()}
		if f.Body != nil && len(f.Body.List) == 1 {
			if ret, ok := f.Body.List[0].(*ast.ReturnStmt); ok && len(ret.Results) == 1 {
				m.returns = ret.Results[0]
			}
		}
		p.typeNamed(name).methods[f.Name.Name] = m
	}
}

// typeName is the last part of a type's name, and where it stands.
func typeName(e ast.Expr) (string, token.Pos) {
	for {
		switch x := e.(type) {
		case *ast.StarExpr:
			e = x.X
		case *ast.ParenExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.IndexListExpr:
			e = x.X
		case *ast.SelectorExpr:
			return x.Sel.Name, x.Sel.Pos()
		case *ast.Ident:
			return x.Name, x.Pos()
		default:
			return "", e.Pos()
		}
	}
}

// nature is what a type is to GORM.
type nature uint8

const (
	// undecided is a type that is not in the tree.
	undecided nature = iota
	// scalar is stored in one column.
	scalar
	// record is a struct that is no value by itself: embedded, or another model.
	record
	// list is a slice of records.
	list
	// neither is what no column can hold: maps, functions, channels, slices of other things.
	neither
)

// typeAt is a type expression with the file that it stands in.
type typeAt struct {
	pkg  *pkg
	src  *source
	expr ast.Expr
}

var scalars = map[string]bool{
	"bool": true, "string": true, "byte": true, "rune": true, "int": true, "int8": true, "int16": true, "int32": true, "int64": true,
	"uint": true, "uint8": true, "uint16": true, "uint32": true, "uint64": true, "float32": true, "float64": true,
}

// columnTypes are types of other modules that hold one column's value: they are times, or implement
// driver.Valuer and sql.Scanner. A name that ends in a dot stands for all types of the package.
var columnTypes = []string{
	"time.Time", "time.Duration", "time.Month", "time.Weekday", "database/sql.Null", "encoding/json.RawMessage", "net/netip.", "net.IP", "net.HardwareAddr",
	"gorm.io/gorm.DeletedAt", "gorm.io/datatypes.", "gorm.io/plugin/soft_delete.DeletedAt",
	"github.com/google/uuid.", "github.com/gofrs/uuid.", "github.com/satori/go.uuid.", "github.com/oklog/ulid.",
	"github.com/shopspring/decimal.", "github.com/lib/pq.", "github.com/jackc/pgtype.", "github.com/jackc/pgx/v5/pgtype.",
	"gopkg.in/guregu/null.", "github.com/guregu/null.", "github.com/volatiletech/null.", "github.com/pgvector/pgvector-go.", "github.com/rs/xid.",
}

func isColumnType(importPath, name string) bool {
	full := importPath + "." + name
	for _, known := range columnTypes {
		if strings.HasPrefix(full, known) {
			return true
		}
		// a later major version: github.com/gofrs/uuid/v5
		if module, ok := strings.CutSuffix(known, "."); ok && strings.HasPrefix(importPath, module+"/v") {
			return true
		}
	}
	return false
}

// nature tells what a type is to GORM, and where its struct is if it is a record.
func (r *reader) nature(t typeAt, depth int) (nature, typeAt) {
	if depth > 20 {
		return undecided, t
	}
	switch e := t.expr.(type) {
	case *ast.ParenExpr:
		return r.nature(typeAt{t.pkg, t.src, e.X}, depth+1)
	case *ast.StarExpr:
		return r.nature(typeAt{t.pkg, t.src, e.X}, depth+1)
	case *ast.IndexExpr:
		return r.nature(typeAt{t.pkg, t.src, e.X}, depth+1)
	case *ast.IndexListExpr:
		return r.nature(typeAt{t.pkg, t.src, e.X}, depth+1)
	case *ast.Ident:
		return r.namedNature(t.pkg, e.Name, t, depth)
	case *ast.SelectorExpr:
		on, ok := e.X.(*ast.Ident)
		if !ok {
			return undecided, t
		}
		if isColumnType(t.src.imports[on.Name], e.Sel.Name) {
			return scalar, t
		}
		if p := r.tree.imported(t.src, on.Name); p != nil {
			return r.namedNature(p, e.Sel.Name, t, depth)
		}
		return undecided, t
	case *ast.ArrayType:
		return r.arrayNature(e, t, depth)
	case *ast.StructType:
		return r.structNature(e, t, depth)
	}
	return neither, t
}

// namedNature is the nature of a type that has a name; from is where it is used.
func (r *reader) namedNature(p *pkg, name string, from typeAt, depth int) (nature, typeAt) {
	d := p.types[name]
	if d == nil || d.spec == nil {
		if scalars[name] && p == from.pkg {
			return scalar, from
		}
		if name == "any" || name == "error" {
			return neither, from
		}
		return undecided, from
	}
	if d.methods["Value"] != nil || d.methods["GormDataType"] != nil {
		return scalar, from
	}
	return r.nature(typeAt{d.pkg, d.src, d.spec.Type}, depth+1)
}

func (r *reader) arrayNature(e *ast.ArrayType, t typeAt, depth int) (nature, typeAt) {
	if name, ok := e.Elt.(*ast.Ident); ok && (name.Name == "byte" || name.Name == "uint8") {
		return scalar, t
	}
	of, at := r.nature(typeAt{t.pkg, t.src, e.Elt}, depth+1)
	switch of {
	case record:
		return list, at
	case undecided:
		return undecided, t
	}
	return neither, t
}

// structNature tells a struct that has the methods of a value by embedding one (sql.NullString) from any other struct.
// One that embeds what is not in the tree may be either.
func (r *reader) structNature(e *ast.StructType, t typeAt, depth int) (nature, typeAt) {
	of := record
	for _, f := range e.Fields.List {
		if len(f.Names) > 0 {
			continue
		}
		switch n, _ := r.nature(typeAt{t.pkg, t.src, f.Type}, depth+1); {
		case n == scalar && !isTime(t.src, f.Type):
			return scalar, t
		case n == undecided && !isGormModel(t.src, f.Type):
			of = undecided
		}
	}
	return of, t
}

// isTime tells whether a type is time.Time, which is a column's value without being a driver.Valuer.
func isTime(src *source, e ast.Expr) bool {
	s, ok := e.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	on, ok := s.X.(*ast.Ident)
	return ok && src.imports[on.Name] == "time" && s.Sel.Name == "Time"
}

// structOf is the struct that a declared type stands for, through other names for it.
func (r *reader) structOf(d *typeDeclaration) (*ast.StructType, typeAt) {
	t := typeAt{d.pkg, d.src, d.spec.Type}
	if s, ok := t.expr.(*ast.StructType); ok {
		return s, t
	}
	return nil, t
}

// exportedFieldNames are a field's names that GORM looks at.
func exportedFieldNames(f *ast.Field) []*ast.Ident {
	var names []*ast.Ident
	for _, name := range f.Names {
		if ast.IsExported(name.Name) {
			names = append(names, name)
		}
	}
	return names
}
