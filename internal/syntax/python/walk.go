package python

// Inspect visits the node and all below it, parents before children, in the order of the source. Where visit returns
// false, the node's children are left out. The nodes are each Expr and Stmt, and *Module, *Keyword, *Param, *TypeParam,
// *Alias, *CompFor, *Branch, *WithItem, *Handler, *Case, *Hole.
func Inspect(n Node, visit func(Node) bool) {
	walker{visit}.node(n)
}

type walker struct{ visit func(Node) bool }

// node visits a node that is there.
func (w walker) node(n Node) {
	if !w.visit(n) {
		return
	}
	switch n := n.(type) {
	case Expr:
		w.expr(n)
	case Stmt:
		w.stmt(n)
	default:
		w.part(n)
	}
}

// nodes visits those of the nodes that are not left out.
func (w walker) nodes(nodes ...Node) {
	for _, n := range nodes {
		if n != nil {
			w.node(n)
		}
	}
}

func each[T Node](w walker, nodes []T) {
	for _, n := range nodes {
		w.node(n)
	}
}

func (w walker) part(n Node) {
	switch n := n.(type) {
	case *Module:
		each(w, n.Body)
	case *Keyword:
		w.node(n.Value)
	case *Param:
		w.nodes(n.Annotation, n.Default)
	case *TypeParam:
		w.nodes(n.Bound, n.Default)
	case *CompFor:
		w.nodes(n.Target, n.Iter)
		each(w, n.Ifs)
	case *Branch:
		w.node(n.Test)
		each(w, n.Body)
	case *WithItem:
		w.nodes(n.Context, n.Target)
	case *Handler:
		w.nodes(n.Type)
		each(w, n.Body)
	case *Case:
		w.nodes(n.Pattern, n.Guard)
		each(w, n.Body)
	case *Hole:
		w.node(n.Expr)
		w.holes(n.Spec)
	}
}

func (w walker) holes(pieces []StringPiece) {
	for i := range pieces {
		if pieces[i].Hole != nil {
			w.node(pieces[i].Hole)
		}
	}
}

func (w walker) arguments(args []Expr, keywords []*Keyword) {
	for _, arg := range args { // *x may stand behind a keyword
		for len(keywords) > 0 && keywords[0].Start < arg.Range().Start {
			w.node(keywords[0])
			keywords = keywords[1:]
		}
		w.node(arg)
	}
	each(w, keywords)
}

func (w walker) expr(e Expr) {
	switch e := e.(type) {
	case *Attribute:
		w.node(e.Value)
	case *Call:
		w.node(e.Func)
		w.arguments(e.Args, e.Keywords)
	case *String:
		for i := range e.Parts {
			w.holes(e.Parts[i].Pieces)
		}
	case *Tuple:
		each(w, e.Elts)
	case *List:
		each(w, e.Elts)
	case *Set:
		each(w, e.Elts)
	case *Dict:
		for _, item := range e.Items {
			w.nodes(item.Key, item.Value)
		}
	case *BinaryOp:
		w.nodes(e.Left, e.Right)
	case *UnaryOp:
		w.node(e.Operand)
	case *BoolOp:
		each(w, e.Values)
	case *Compare:
		w.node(e.Left)
		each(w, e.Comparators)
	case *IfExp:
		w.nodes(e.Body, e.Test, e.Else)
	case *Lambda:
		each(w, e.Params)
		w.node(e.Body)
	case *Subscript:
		w.nodes(e.Value, e.Index)
	case *Slice:
		w.nodes(e.Lower, e.Upper, e.Step)
	case *Starred:
		w.node(e.Value)
	case *Comprehension:
		w.nodes(e.Elt, e.Value)
		each(w, e.For)
	case *Await:
		w.node(e.Value)
	case *Yield:
		w.nodes(e.Value)
	case *NamedExpr:
		w.nodes(e.Target, e.Value)
	case *AsPattern:
		w.node(e.Pattern)
	}
}

func (w walker) stmt(s Stmt) {
	switch s := s.(type) {
	case *Import:
		each(w, s.Names)
	case *ImportFrom:
		each(w, s.Names)
	case *Assign:
		each(w, s.Targets)
		w.node(s.Value)
	case *AnnAssign:
		w.nodes(s.Target, s.Annotation, s.Value)
	case *AugAssign:
		w.nodes(s.Target, s.Value)
	case *ExprStmt:
		w.node(s.Value)
	case *Return:
		w.nodes(s.Value)
	case *Raise:
		w.nodes(s.Exc, s.Cause)
	case *Delete:
		each(w, s.Targets)
	case *Assert:
		w.nodes(s.Test, s.Msg)
	case *TypeAlias:
		each(w, s.TypeParams)
		w.node(s.Value)
	default:
		w.compound(s)
	}
}

func (w walker) compound(s Stmt) {
	switch s := s.(type) {
	case *If:
		each(w, s.Branches)
		each(w, s.Else)
	case *For:
		w.nodes(s.Target, s.Iter)
		each(w, s.Body)
		each(w, s.Else)
	case *While:
		w.node(s.Test)
		each(w, s.Body)
		each(w, s.Else)
	case *With:
		each(w, s.Items)
		each(w, s.Body)
	case *Try:
		each(w, s.Body)
		each(w, s.Handlers)
		each(w, s.Else)
		each(w, s.Finally)
	case *FunctionDef:
		each(w, s.Decorators)
		each(w, s.TypeParams)
		each(w, s.Params)
		w.nodes(s.Returns)
		each(w, s.Body)
	case *ClassDef:
		each(w, s.Decorators)
		each(w, s.TypeParams)
		w.arguments(s.Bases, s.Keywords)
		each(w, s.Body)
	case *Match:
		w.node(s.Subject)
		each(w, s.Cases)
	}
}
