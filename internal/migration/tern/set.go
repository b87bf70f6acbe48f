package tern

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"text/template"
	"text/template/parse"

	"github.com/headgate/headgate/internal/migration"
)

// set are the templates that can name each other. Each is changed before it can run, so that none runs for ever and that it is
// known which part of the result comes from where.
type set struct {
	root   *template.Template
	limits *limits
	data   map[string]any
	// spots are the nodes that the guards in the templates name, by their numbers, and texts where literal text stands.
	spots   []spot
	texts   map[*byte]spot
	sources map[string]*source
	out     *output
}

// spot is a node of a template.
type spot struct {
	source       *source
	line, column int
	// fields are the names of data that the node asks for.
	fields []string
}

// The guards' functions. No template can name them.
const (
	guardOut   = "_out"   // is given what is to be written
	guardTest  = "_test"  // is given what a branch is decided by
	guardStep  = "_step"  // begins each round of a loop
	guardEnter = "_enter" // comes before a template that another one names, and
	guardLeave = "_leave" // after it
)

func newSet(l *limits, data map[string]any, functions map[string]any) *set {
	s := &set{root: template.New("main"), limits: l, data: data, texts: map[*byte]spot{}, sources: map[string]*source{}}
	s.root.Funcs(l.functions()).Funcs(functions).Funcs(template.FuncMap{
		guardOut: s.write, guardTest: s.test, guardStep: s.step, guardEnter: s.enter, guardLeave: s.leave,
	})
	return s
}

// add parses a text anew, since it is changed, and defines its templates. Of two of one name the last holds, unless it is empty
// (text/template, Template.associate).
func (s *set) add(src *source) error {
	if src.broken != nil {
		return src.broken
	}
	trees, err := parse.Parse(src.name, src.text, "", "", known())
	if err != nil {
		return src.wrong(err)
	}
	s.sources[src.name] = src
	for name, tree := range trees {
		if old := s.root.Lookup(name); old != nil && old.Tree != nil && parse.IsEmptyTree(tree.Root) {
			continue
		}
		s.guard(src, tree.Root)
		if _, err := s.root.AddParseTree(name, tree); err != nil {
			return src.wrong(err)
		}
	}
	return nil
}

// guard puts guards into a list of nodes.
func (s *set) guard(src *source, list *parse.ListNode) {
	if list == nil {
		return
	}
	var nodes []parse.Node
	for _, node := range list.Nodes {
		switch n := node.(type) {
		case *parse.TextNode:
			line, column := src.place(int(n.Pos))
			s.texts[&n.Text[0]] = spot{source: src, line: line, column: column}
		case *parse.ActionNode:
			if len(n.Pipe.Decl) == 0 {
				n.Pipe.Cmds = append(n.Pipe.Cmds, s.command(guardOut, src, n))
			}
		case *parse.IfNode:
			s.guardBranch(src, n, &n.BranchNode)
		case *parse.WithNode:
			s.guardBranch(src, n, &n.BranchNode)
		case *parse.RangeNode:
			s.guardBranch(src, n, &n.BranchNode)
			n.List.Nodes = append([]parse.Node{s.action(guardStep, src, n)}, n.List.Nodes...)
		case *parse.TemplateNode:
			nodes = append(nodes, s.action(guardEnter, src, n), n, s.action(guardLeave, src, n))
			continue
		}
		nodes = append(nodes, node)
	}
	list.Nodes = nodes
}

func (s *set) guardBranch(src *source, whole parse.Node, n *parse.BranchNode) {
	n.Pipe.Cmds = append(n.Pipe.Cmds, s.command(guardTest, src, &parse.ActionNode{NodeType: parse.NodeAction, Pos: whole.Position(), Pipe: n.Pipe}))
	s.guard(src, n.List)
	s.guard(src, n.ElseList)
}

// command calls a guard with the number of a node's spot.
func (s *set) command(guard string, src *source, n parse.Node) *parse.CommandNode {
	at := spot{source: src}
	at.line, at.column = src.place(strings.LastIndex(src.text[:n.Position()], "{{")) // a node begins behind its delimiter
	walk(n, func(n parse.Node) {
		if field := fieldOf(n); field != "" {
			at.fields = append(at.fields, field)
		}
	})
	number := len(s.spots)
	s.spots = append(s.spots, at)
	pos := n.Position()
	return &parse.CommandNode{NodeType: parse.NodeCommand, Pos: pos, Args: []parse.Node{
		parse.NewIdentifier(guard).SetPos(pos),
		&parse.NumberNode{NodeType: parse.NodeNumber, Pos: pos, IsInt: true, Int64: int64(number), Text: strconv.Itoa(number)},
	}}
}

func (s *set) action(guard string, src *source, n parse.Node) *parse.ActionNode {
	return &parse.ActionNode{NodeType: parse.NodeAction, Pos: n.Position(), Pipe: &parse.PipeNode{
		NodeType: parse.NodePipe, Pos: n.Position(), Cmds: []*parse.CommandNode{s.command(guard, src, n)},
	}}
}

// want lists as absent all data that texts ask for and that nobody gave. What they give to templates of their own is no data: a
// template that is given a parameter by one migration is given none by another.
func (s *set) want(sources ...*source) {
	parameters := map[string]bool{}
	for _, src := range sources {
		for _, name := range src.parameters {
			parameters[name] = true
		}
	}
	for _, src := range sources {
		for _, name := range src.fields {
			if _, there := s.data[name]; !there && !parameters[name] {
				s.data[name] = absent(nil)
			}
		}
	}
}

// write is given what an action writes.
func (s *set) write(number int, value any) (any, error) {
	at := s.spots[number]
	if s.out != nil {
		s.out.at = at
	}
	return value, s.limits.check(guardOut, at.fields, value)
}

func (s *set) test(number int, value any) (any, error) {
	if _, gone := value.(absent); gone {
		return nil, &absentError{names: s.spots[number].fields}
	}
	if text, ok := value.(string); ok && strings.Contains(text, unknown) {
		return nil, &refusal{"the settings depend on the environment", "give the data with `placeholders`"}
	}
	return value, s.limits.spend(stepCost)
}

func (s *set) step(int) (string, error) { return "", s.limits.spend(stepCost) }

// mostNested is how deep templates can name each other.
const mostNested = 200

func (s *set) enter(int) (string, error) {
	if s.limits.nested++; s.limits.nested > mostNested {
		return "", &refusal{"templates name each other more than " + strconv.Itoa(mostNested) + " deep", "write the SQL out"}
	}
	return "", s.limits.spend(stepCost)
}

func (s *set) leave(int) string {
	s.limits.nested--
	return ""
}

// run runs a template that was added.
func (s *set) run(name string) (*output, error) {
	out := &output{set: s}
	outer := s.out
	s.out = out
	defer func() { s.out = outer }()
	s.limits.nested = 0
	if err := s.root.ExecuteTemplate(out, name, s.data); err != nil {
		return nil, s.failed(err)
	}
	return out, nil
}

// failed makes an error at its place of one that running a template gave.
func (s *set) failed(err error) error {
	var known *migration.Error // of a snapshot's template
	if errors.As(err, &known) {
		return known
	}
	e := &migration.Error{Problem: "tern cannot run this template: " + err.Error(), Remedy: "correct the template", Err: err}
	if m := complaint.FindStringSubmatch(err.Error()); m != nil && s.sources[m[1]] != nil {
		src := s.sources[m[1]]
		line, _ := strconv.Atoi(m[2])
		e.File, e.Line = src.file, src.line(0)+line-1
		e.Problem = "tern cannot run this template: " + m[4]
	}
	var gone *absentError
	var refused *refusal
	switch {
	case errors.As(err, &gone):
		e.Problem, e.Remedy = gone.words(s.missing(gone.names))
	case errors.As(err, &refused):
		e.Problem, e.Remedy = refused.problem, refused.remedy
	default:
		if names := s.asked(e.Problem); len(names) > 0 {
			_, e.Remedy = (&absentError{}).words(names)
		}
	}
	return e
}

// missing are those of some data that nobody gave, or all that nobody gave.
func (s *set) missing(names []string) []string {
	var found, all []string
	for name, value := range s.data {
		if _, gone := value.(absent); gone {
			all = append(all, name)
			if slices.Contains(names, name) {
				found = append(found, name)
			}
		}
	}
	if len(found) == 0 {
		found = all
	}
	slices.Sort(found)
	return found
}

// asked are the absent data that the template library shows in a complaint.
func (s *set) asked(complaint string) []string {
	var names []string
	for name, value := range s.data {
		if _, gone := value.(absent); gone && strings.Contains(complaint, "."+name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// installer is the function install_snapshot of a folder's templates (migrate.go, LoadMigrations; code.go, LoadCodePackage).
func (s *set) installer(fsys fs.FS, dir string) func(string) (string, error) {
	return func(name string) (string, error) {
		inner := path.Join(dir, "snapshots", name)
		if !fs.ValidPath(name) || name == "." {
			return "", &refusal{fmt.Sprintf("there is no snapshot %q", name), "name a folder below " + path.Join(dir, "snapshots")}
		}
		code := newSet(s.limits, s.data, nil)
		err := fs.WalkDir(fsys, inner, func(file string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || path.Ext(file) != ".sql" {
				return err
			}
			text, err := fs.ReadFile(fsys, file)
			if err != nil {
				return err
			}
			src := newSource(file, within(inner, file), string(text), 0, len(text))
			if err := s.limits.spend(len(text)); err != nil {
				return err
			}
			return code.add(src)
		})
		if err != nil {
			return "", err
		}
		if code.root.Lookup("install.sql") == nil {
			return "", &refusal{fmt.Sprintf("the snapshot %s has no install.sql", name), "take the snapshot again with `tern code snapshot`"}
		}
		nested := s.limits.nested
		out, err := code.run("install.sql")
		if err != nil {
			return "", err
		}
		s.limits.nested = nested
		return s.out.keep(out), nil
	}
}
