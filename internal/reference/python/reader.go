package python

import (
	"strings"

	"github.com/headgate/headgate/internal/reference"
	py "github.com/headgate/headgate/internal/syntax/python"
)

// reader reads the references of one file. It runs through each function as the program would, with texts
// for values and every branch taken, so that a text that is put together over several statements is seen
// as a whole.
type reader struct {
	*resolver
	id     identity
	marks  marks
	mapped map[*class]*mapped
	// memo has the values of names that are declared in a module or a class.
	memo map[py.Expr]value

	src    *source
	at     *env
	scopes []map[string]*variable
	log    *[]change
	// mute is above 0 while a value is looked up that is recorded where it is declared, and in messages.
	mute    int
	nesting int
	loops   int

	// libraries are the packages that the file imports.
	libraries map[string]bool
	// makers tells of the functions that were looked at whether they make columns.
	makers map[*py.FunctionDef]bool

	wholes []whole
	seen   map[uint64]int
	// ready are references that are finished as they are.
	ready []reference.Reference
}

func newReader(r *resolver, id identity) *reader {
	return &reader{
		resolver: r, id: id, marks: newMarks(), mapped: map[*class]*mapped{}, memo: map[py.Expr]value{}, seen: map[uint64]int{},
		libraries: map[string]bool{}, makers: map[*py.FunctionDef]bool{},
	}
}

// whole is a text that can be SQL, put together as far as it goes.
type whole struct {
	alternative
	src   *source
	place int
}

// marks say what becomes of texts. A text may be declared in one module and used in another, so
// they are put together before anything is emitted.
type marks struct {
	// absorbed texts are part of a larger one, used ones stand on their own somewhere too, and
	// certain ones are handed to a database.
	absorbed, used, certain map[uint64]bool
	// styles are the ways in which a library that gets the text writes placeholders.
	styles   map[uint64]reference.Placeholders
	wrappers reference.Wrappers[parameter]
}

func newMarks() marks {
	return marks{
		absorbed: map[uint64]bool{}, used: map[uint64]bool{}, certain: map[uint64]bool{},
		styles: map[uint64]reference.Placeholders{}, wrappers: reference.NewWrappers[parameter](),
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
	for id, style := range other.styles {
		m.styles[id] |= style
	}
	m.wrappers.Add(other.wrappers)
}

// stands tells whether a text is a reference of its own.
func (m marks) stands(id uint64) bool {
	return m.certain[id] || m.used[id] || !m.absorbed[id]
}

// unknownStyle is how placeholders may be written in a text of which nobody says who gets it.
const unknownStyle = reference.Colon | reference.Percent

// style is how a text's placeholders are written.
func (m marks) style(id uint64) reference.Placeholders {
	if style := m.styles[id]; style != 0 {
		return style
	}
	return unknownStyle
}

// readTexts reads a file's texts.
func (r *reader) readTexts(m *module) {
	r.src, r.at = m.src, r.env(m)
	for _, bindings := range m.names.bound {
		for _, b := range bindings {
			if b.imported != nil && b.imported.level == 0 {
				top, _, _ := strings.Cut(b.imported.module, ".")
				r.libraries[top] = true
			}
		}
	}
	r.scopes = []map[string]*variable{{}}
	r.block(m.src.tree.Body)
	r.scopes = nil
}

// record notes a text that can be SQL. Where the whole cannot, the part of it that begins one is looked at.
func (r *reader) record(v value, place py.Node) {
	if r.mute > 0 || v.number {
		return
	}
	for _, a := range v.alternatives {
		if a.beginsSQL() {
			r.note(a, place)
			continue
		}
		if a.count > 1 {
			r.recordTail(a)
		}
	}
}

// recordTail notes what a text goes on with from the first literal that begins a statement; what stands before it is not known.
func (r *reader) recordTail(a alternative) {
	tail := value{}
	var at piece
	a.pieces.each(func(p *piece) bool {
		single := r.id.text(*p, 0)
		switch {
		case tail.known():
			tail = r.id.concat(tail, single)
			return tail.known()
		case p.literal != nil && p.from == r.src && reference.BeginsSQL(p.literal.Value):
			tail, at = single, *p
		}
		return true
	})
	for _, t := range tail.alternatives {
		r.note(t, at.at)
	}
}

func (r *reader) note(a alternative, place py.Node) {
	if i, ok := r.seen[a.id]; ok {
		// One text reached by two ways is as sure as the surer one.
		r.wholes[i].joins = min(r.wholes[i].joins, a.joins)
		return
	}
	r.seen[a.id] = len(r.wholes)
	r.wholes = append(r.wholes, whole{alternative: a, src: r.src, place: place.Range().Start})
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

// handOver notes that a value is the text of a database call that writes placeholders in the given way.
func (r *reader) handOver(v value, style reference.Placeholders) {
	if r.mute > 0 {
		return
	}
	for _, a := range v.alternatives {
		r.marks.used[a.id] = true
		if a.joins < 2 {
			r.marks.certain[a.id] = true
		}
		if !v.clause {
			r.marks.styles[a.id] |= style
		}
	}
}

// references gives what was read, in the order of the places.
func (r *reader) references(all marks, emit func(reference.Reference)) {
	out := r.ready
	for _, w := range r.wholes {
		if !all.stands(w.id) {
			continue
		}
		like := reference.Reference{Certain: all.certain[w.id], Place: w.src.position(w.place)}
		w.text().Statements(like, all.style(w.id), func(ref reference.Reference) { out = append(out, ref) })
	}
	for l := range reference.InOrder(out, func(r reference.Reference) reference.Reference { return r }) {
		emit(l)
	}
}

// unreadable counts a place of which nothing could be read.
func (r *reader) unreadable(at reference.Position, reason string) {
	r.ready = append(r.ready, reference.Reference{Place: at, Certain: true, Unchecked: reason})
}
