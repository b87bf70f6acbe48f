package golang

import (
	"go/ast"
	"go/token"

	"github.com/headgate/headgate/internal/reference"
)

// reader reads the references of one package. It runs through each function as the program would, with texts
// for values and every branch taken, so that a text that is put together over several statements is seen
// as a whole.
type reader struct {
	tree  *tree
	id    identity
	marks marks
	// memo has the values of package-level names. It is the reader's own, so that readers share no lock.
	memo map[*declaration]value

	pkg    *pkg
	src    *source
	scopes []map[string]*variable
	log    *[]change
	// mute is above 0 while a value is looked up that is recorded where it is declared.
	mute  int
	depth int
	// jumps says that the function has a goto, which upsets the order in which statements run.
	jumps bool

	wholes []whole
	seen   map[uint64]int
	// models are references that are ready as they are.
	ready []located
}

// whole is a text that can be SQL, put together as far as it goes.
type whole struct {
	alternative
	src   *source
	place token.Pos
}

// located is a finished reference and the file whose reading brought it.
type located struct {
	reference.Reference
	path string
}

// marks say what becomes of texts. A text may be declared in one package and used in another, so
// they are put together before anything is emitted.
type marks struct {
	// absorbed texts are part of a larger one, used ones stand on their own somewhere too, and
	// certain ones are handed to a database.
	absorbed, used, certain map[uint64]bool
	wrappers                reference.Wrappers[parameter]
}

func newMarks() marks {
	return marks{
		absorbed: map[uint64]bool{}, used: map[uint64]bool{}, certain: map[uint64]bool{}, wrappers: reference.NewWrappers[parameter](),
	}
}

func (m marks) add(other marks) {
	for id := range other.absorbed {
		m.absorbed[id] = true
	}
	for id := range other.used {
		m.used[id] = true
	}
	for id := range other.certain {
		m.certain[id] = true
	}
	m.wrappers.Add(other.wrappers)
}

// stands tells whether a text is a reference of its own.
func (m marks) stands(id uint64) bool {
	return m.certain[id] || m.used[id] || !m.absorbed[id]
}

// readPackage goes through all files of a package.
func (r *reader) readPackage(p *pkg) {
	r.pkg = p
	for _, src := range p.sources {
		r.src = src
		for _, d := range src.ast.Decls {
			r.declarationOf(d)
		}
	}
	r.src = nil
}

func (r *reader) declarationOf(d ast.Decl) {
	r.scopes, r.log = nil, nil
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Body == nil {
			return
		}
		r.jumps = hasGoto(d.Body)
		r.function(d, d.Recv, d.Type, d.Body)
	case *ast.GenDecl:
		if d.Tok == token.IMPORT {
			return
		}
		for _, spec := range d.Specs {
			if spec, ok := spec.(*ast.ValueSpec); ok {
				for _, v := range spec.Values {
					r.expr(v, false)
				}
			}
		}
	}
}

// record notes a text that can be SQL. Where the whole cannot, the pieces of it are looked at one by one.
func (r *reader) record(v value, place ast.Node) {
	if r.mute > 0 {
		return
	}
	for _, a := range v.alternatives {
		if beginsSQL(a) {
			r.note(a, place)
			continue
		}
		if len(a.pieces) < 2 {
			continue
		}
		for _, p := range a.pieces {
			if p.lit == nil || p.part != nil || p.from != r.src {
				continue
			}
			for _, single := range r.id.literal(p.from, p.lit).alternatives {
				if beginsSQL(single) {
					r.note(single, p.lit)
				}
			}
		}
	}
}

func beginsSQL(a alternative) bool { return reference.BeginsSQL(a.begins()) }

func (r *reader) note(a alternative, place ast.Node) {
	if i, ok := r.seen[a.id]; ok {
		// One text reached by two ways is as sure as the surer one.
		r.wholes[i].joins = min(r.wholes[i].joins, a.joins)
		return
	}
	r.seen[a.id] = len(r.wholes)
	r.wholes = append(r.wholes, whole{alternative: a, src: r.src, place: place.Pos()})
}

func (r *reader) absorb(v value) {
	if r.mute > 0 {
		return
	}
	for _, a := range v.alternatives {
		r.marks.absorbed[a.id] = true
	}
}

func (r *reader) use(v value) {
	if r.mute > 0 {
		return
	}
	for _, a := range v.alternatives {
		r.marks.used[a.id] = true
	}
}

// handOver notes that a value is the text of a database call.
func (r *reader) handOver(v value) {
	if r.mute > 0 {
		return
	}
	for _, a := range v.alternatives {
		r.marks.used[a.id] = true
		if a.joins < 2 {
			r.marks.certain[a.id] = true
		}
	}
}

// references gives what was read, file by file and in the order of their places.
func (r *reader) references(all marks, emit func(path string, refs reference.Reference)) {
	out := r.ready
	for _, w := range r.wholes {
		if !all.stands(w.id) {
			continue
		}
		like := reference.Reference{Certain: all.certain[w.id], Place: w.src.position(w.place)}
		w.text().Statements(like, placeholders, func(ref reference.Reference) {
			out = append(out, located{ref, w.src.path})
		})
	}
	for l := range reference.InOrder(out, func(l located) reference.Reference { return l.Reference }) {
		emit(l.path, l.Reference)
	}
}

// placeholders are the ways that Go's libraries write them.
const placeholders = reference.Question | reference.Colon | reference.At

func hasGoto(body ast.Node) bool {
	found := false
	ast.Inspect(body, func(n ast.Node) bool {
		if b, ok := n.(*ast.BranchStmt); ok && b.Tok == token.GOTO {
			found = true
		}
		return !found
	})
	return found
}
