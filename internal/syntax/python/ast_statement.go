package python

// Statements.
type (
	// Import is import Names.
	Import struct {
		Span
		Names []*Alias
	}

	// ImportFrom is from Module import Names.
	ImportFrom struct {
		Span
		// Level is the number of dots before the module; Module is empty in "from . import x".
		Level  int
		Module Ident
		// Names holds one Alias with the name * for "import *".
		Names []*Alias
	}

	// Alias is Name as As; Name may be dotted in an Import.
	Alias struct {
		Span
		Name Ident
		As   Ident
	}

	// Assign is Targets[0] = Targets[1] = … = Value.
	Assign struct {
		Span
		Targets []Expr
		Value   Expr
	}

	// AnnAssign is Target: Annotation = Value; Value may be nil.
	AnnAssign struct {
		Span
		Target, Annotation, Value Expr
	}

	// AugAssign is Target Op= Value, with Op as in BinaryOp.
	AugAssign struct {
		Span
		Op            string
		Target, Value Expr
	}

	// ExprStmt is an expression alone, a docstring for example.
	ExprStmt struct {
		Span
		Value Expr
	}

	// Return is return Value; Value may be nil.
	Return struct {
		Span
		Value Expr
	}

	// If is if, any number of elif, and else.
	If struct {
		Span
		Branches []*Branch // at least one
		Else     []Stmt
	}

	// Branch is an if or an elif of an If.
	Branch struct {
		Span
		Test Expr
		Body []Stmt
	}

	// For is for Target in Iter.
	For struct {
		Span
		Async        bool
		Target, Iter Expr
		Body, Else   []Stmt
	}

	// While is while Test.
	While struct {
		Span
		Test       Expr
		Body, Else []Stmt
	}

	// With is with Items, in parentheses or not.
	With struct {
		Span
		Async bool
		Items []*WithItem
		Body  []Stmt
	}

	// WithItem is Context as Target; Target may be nil.
	WithItem struct {
		Span
		Context, Target Expr
	}

	// Try is try, except, else, finally. Star says that its handlers are except*.
	Try struct {
		Span
		Star     bool
		Body     []Stmt
		Handlers []*Handler
		Else     []Stmt
		Finally  []Stmt
	}

	// Handler is except Type as Name; Type may be nil. "except A, B:" (3.14) has a *Tuple.
	Handler struct {
		Span
		Type Expr
		Name Ident
		Body []Stmt
	}

	// FunctionDef is a function. Its span begins with its first decorator.
	FunctionDef struct {
		Span
		Async      bool
		Decorators []Expr // without the @
		Def        int    // the byte offset of def, or of the async before it
		Name       Ident
		TypeParams []*TypeParam
		Params     []*Param
		Returns    Expr // nil where there is none
		Body       []Stmt
	}

	// Param is a parameter of a function or a lambda.
	Param struct {
		Span
		Kind       ParamKind
		Name       Ident
		Annotation Expr // nil where there is none
		Default    Expr // nil where there is none
	}

	// TypeParam is a type parameter (3.12) of a function, a class or a type alias.
	TypeParam struct {
		Span
		Stars   int // 1 for *Ts, 2 for **P
		Name    Ident
		Bound   Expr // nil where there is none
		Default Expr // nil where there is none (3.13)
	}

	// ClassDef is a class. Its span begins with its first decorator.
	ClassDef struct {
		Span
		Decorators []Expr // without the @
		Def        int    // the byte offset of class
		Name       Ident
		TypeParams []*TypeParam
		Bases      []Expr
		Keywords   []*Keyword
		Body       []Stmt
	}

	// Pass is pass.
	Pass struct{ Span }

	// Break is break.
	Break struct{ Span }

	// Continue is continue.
	Continue struct{ Span }

	// Raise is raise Exc from Cause; both may be nil.
	Raise struct {
		Span
		Exc, Cause Expr
	}

	// Delete is del Targets.
	Delete struct {
		Span
		Targets []Expr
	}

	// Assert is assert Test, Msg; Msg may be nil.
	Assert struct {
		Span
		Test, Msg Expr
	}

	// Global is global Names.
	Global struct {
		Span
		Names []Ident
	}

	// Nonlocal is nonlocal Names.
	Nonlocal struct {
		Span
		Names []Ident
	}

	// Match is match Subject.
	Match struct {
		Span
		Subject Expr
		Cases   []*Case
	}

	// Case is case Pattern if Guard; Guard may be nil. A pattern is kept as the expression that it looks like, with
	// AsPattern in addition: alternatives are a *BinaryOp with the operator |, a class pattern is a *Call.
	Case struct {
		Span
		Pattern Expr
		Guard   Expr
		Body    []Stmt
	}

	// TypeAlias is type Name = Value (3.12).
	TypeAlias struct {
		Span
		Name       Ident
		TypeParams []*TypeParam
		Value      Expr
	}

	// Bad is what could not be parsed: from the beginning of a statement up to where parsing goes on.
	Bad struct {
		Span
		// At is the byte offset of what was not expected.
		At      int
		Message string
	}
)

// ParamKind tells how an argument reaches a parameter.
type ParamKind uint8

// The kinds of parameters.
const (
	Positional     ParamKind = iota // by position or by name
	PositionalOnly                  // before a /
	VarArgs                         // *args
	KeywordOnly                     // after a * or *args
	KwArgs                          // **kwargs
)

func (*Import) stmt()      {}
func (*ImportFrom) stmt()  {}
func (*Assign) stmt()      {}
func (*AnnAssign) stmt()   {}
func (*AugAssign) stmt()   {}
func (*ExprStmt) stmt()    {}
func (*Return) stmt()      {}
func (*If) stmt()          {}
func (*For) stmt()         {}
func (*While) stmt()       {}
func (*With) stmt()        {}
func (*Try) stmt()         {}
func (*FunctionDef) stmt() {}
func (*ClassDef) stmt()    {}
func (*Pass) stmt()        {}
func (*Break) stmt()       {}
func (*Continue) stmt()    {}
func (*Raise) stmt()       {}
func (*Delete) stmt()      {}
func (*Assert) stmt()      {}
func (*Global) stmt()      {}
func (*Nonlocal) stmt()    {}
func (*Match) stmt()       {}
func (*TypeAlias) stmt()   {}
func (*Bad) stmt()         {}
