package tern

import (
	"slices"
	"strings"
	"text/template/parse"

	"github.com/headgate/headgate/internal/migration"
)

// walk visits a node and all below it.
func walk(n parse.Node, visit func(parse.Node)) {
	visit(n)
	switch n := n.(type) {
	case *parse.ListNode:
		if n == nil {
			return
		}
		for _, node := range n.Nodes {
			walk(node, visit)
		}
	case *parse.PipeNode:
		if n == nil {
			return
		}
		for _, command := range n.Cmds {
			walk(command, visit)
		}
	case *parse.CommandNode:
		for _, argument := range n.Args {
			walk(argument, visit)
		}
	case *parse.ChainNode:
		walk(n.Node, visit)
	case *parse.ActionNode:
		walk(n.Pipe, visit)
	case *parse.TemplateNode:
		walk(n.Pipe, visit)
	case *parse.IfNode:
		walkBranch(&n.BranchNode, visit)
	case *parse.RangeNode:
		walkBranch(&n.BranchNode, visit)
	case *parse.WithNode:
		walkBranch(&n.BranchNode, visit)
	}
}

func walkBranch(n *parse.BranchNode, visit func(parse.Node)) {
	walk(n.Pipe, visit)
	walk(n.List, visit)
	walk(n.ElseList, visit)
}

// inclusion is a template, or a snapshot of a code package, that a text names.
type inclusion struct {
	name     string
	snapshot bool
	offset   int
}

// look notes what a text names.
func (s *source) look() {
	for _, name := range s.names() {
		walk(s.trees[name].Root, func(n parse.Node) {
			if field := fieldOf(n); field != "" {
				s.fields = append(s.fields, field)
			}
			switch n := n.(type) {
			case *parse.TemplateNode:
				s.included = append(s.included, inclusion{name: n.Name, offset: int(n.Pos)})
			case *parse.CommandNode:
				s.lookAt(n)
			}
		})
	}
}

func (s *source) lookAt(n *parse.CommandNode) {
	function, isFunction := n.Args[0].(*parse.IdentifierNode)
	if !isFunction {
		return
	}
	switch function.Ident {
	case "install_snapshot":
		i := inclusion{snapshot: true, offset: int(n.Pos)} // whose name only running it tells, unless it is written out
		if len(n.Args) > 1 {
			if text, isString := n.Args[1].(*parse.StringNode); isString {
				i.name = text.Text
			}
		}
		s.included = append(s.included, i)
	case "dict", "set":
		for _, argument := range n.Args[1:] {
			if text, isString := argument.(*parse.StringNode); isString {
				s.parameters = append(s.parameters, text.Text)
			}
		}
	}
}

// fieldOf is the name of data that a node asks for; empty if it asks for none.
func fieldOf(n parse.Node) string {
	switch n := n.(type) {
	case *parse.FieldNode:
		return n.Ident[0]
	case *parse.VariableNode:
		if n.Ident[0] == "$" && len(n.Ident) > 1 {
			return n.Ident[1]
		}
	}
	return ""
}

// reached is a file that a migration includes, with the line of the migration that leads there.
type reached struct {
	*source
	line int
}

// reach finds what a migration's way up is put together from, besides its own file.
func (f *folder) reach(up *source) []reached {
	if len(up.included) == 0 {
		return nil
	}
	defines := map[string]*source{}
	for _, s := range f.shared {
		for name := range s.trees {
			defines[name] = s
		}
	}
	var found []reached
	known := map[*source]bool{nil: true}
	follow := func(i inclusion, line int) {
		named := []*source{defines[i.name]}
		if i.snapshot {
			named = f.snapshot(i.name)
		}
		for _, s := range named {
			if !known[s] {
				known[s] = true
				found = append(found, reached{s, line})
			}
		}
	}
	for _, i := range up.included {
		follow(i, up.line(i.offset))
	}
	for next := 0; next < len(found); next++ {
		for _, i := range found[next].included {
			follow(i, found[next].line)
		}
	}
	return found
}

// includes are the names of the files that a migration's way up reaches.
func (f *folder) includes(up *source) []string {
	var files []string
	for _, s := range f.reach(up) {
		files = append(files, s.file)
	}
	return files
}

// snapshot are the files of a snapshot of a code package, or of all snapshots.
func (f *folder) snapshot(name string) []*source {
	folder := "snapshots/"
	if name != "" {
		folder += name + "/"
	}
	return slices.DeleteFunc(slices.Clone(f.shared), func(s *source) bool { return !strings.HasPrefix(s.name, folder) })
}

// essence is the text without comments, those of the template included, then each of its actions, since one can stand in a
// comment of the SQL.
func (s *source) essence() migration.Essence {
	w := &writing{source: s, lines: []int{s.line(0)}}
	for i, name := range s.names() {
		if i > 0 {
			w.put("{{define "+name+"}}", int(s.trees[name].Root.Pos))
		}
		w.list(s.trees[name].Root)
	}
	e := migration.SQL(w.text.String(), 1)
	for i := range e {
		e[i].Line = w.lines[min(e[i].Line, len(w.lines))-1]
	}
	return append(e, w.actions...)
}

// writing is a template that is written anew, with the file's line of each of its lines.
type writing struct {
	source  *source
	text    strings.Builder
	lines   []int
	actions migration.Essence
}

func (w *writing) put(action string, offset int) {
	action = strings.ReplaceAll(action, "\n", " ")
	w.text.WriteString(action)
	w.actions = append(w.actions, migration.Token{Text: action, Line: w.source.line(offset)})
}

func (w *writing) list(n *parse.ListNode) {
	if n == nil {
		return
	}
	for _, node := range n.Nodes {
		switch node := node.(type) {
		case *parse.TextNode:
			w.text.Write(node.Text)
			line := w.source.line(int(node.Pos))
			for i := range strings.Count(string(node.Text), "\n") {
				w.lines = append(w.lines, line+i+1)
			}
		case *parse.IfNode:
			w.branch("if", &node.BranchNode)
		case *parse.RangeNode:
			w.branch("range", &node.BranchNode)
		case *parse.WithNode:
			w.branch("with", &node.BranchNode)
		default:
			w.put(node.String(), int(node.Position()))
		}
	}
}

func (w *writing) branch(keyword string, n *parse.BranchNode) {
	at := int(n.Pos)
	w.put("{{"+keyword+" "+n.Pipe.String()+"}}", at)
	w.list(n.List)
	if n.ElseList != nil {
		w.put("{{else}}", at)
		w.list(n.ElseList)
	}
	w.put("{{end}}", at)
}
