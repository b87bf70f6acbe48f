// Package fold puts the texts of a program together as far as its code says what they are, as a compiler folds constants:
// over concatenation, formatting, branches and loops, with a hole for each part that only the running program knows. What each
// character stands for in the code goes along. A language's reader brings the syntax: it walks its tree, tells a
// Reader what the code does with texts, and which calls hand one to a database.
package fold

import (
	"cmp"
	"context"
	"hash/maphash"
	"runtime"
	"slices"
	"sync"

	"github.com/headgate/headgate/internal/reference"
)

// Reader collects the references of one part of the code: a file, a package. The embedded Flow is that of the
// function that is being read.
type Reader struct {
	Flow
	seed maphash.Seed
	mute int

	marks  marks
	wholes []whole
	seen   map[uint64]int
	// ready are references that are finished as they are.
	ready []found
}

// whole is a text that can be SQL, put together as far as it goes.
type whole struct {
	alternative
	at Place
}

// found is a finished reference and the file whose reading brought it.
type found struct {
	reference.Reference
	path string
}

// marks say what becomes of texts. A text may be declared in one part of the code and used in another, so
// they are put together before anything is emitted.
type marks struct {
	// absorbed texts are part of a larger one, used ones stand on their own somewhere too, and
	// certain ones are handed to a database.
	absorbed, used, certain map[uint64]bool
	// styles are the ways in which a library that gets the text writes placeholders.
	styles   map[uint64]reference.Placeholders
	wrappers wrappers
}

func newMarks() marks {
	return marks{
		absorbed: map[uint64]bool{}, used: map[uint64]bool{}, certain: map[uint64]bool{},
		styles: map[uint64]reference.Placeholders{}, wrappers: newWrappers(),
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
	m.wrappers.add(other.wrappers)
}

// stands tells whether a text is a reference of its own.
func (m marks) stands(id uint64) bool {
	return m.certain[id] || m.used[id] || !m.absorbed[id]
}

// Read reads the parts of the code in parallel, and then emits their references part by part, each part's in the order of their
// places, with the file whose reading brought them. worker makes what reads parts one after another. styles
// are how placeholders may be written in a text of which nobody says who gets it.
func Read(
	ctx context.Context, parts int, styles reference.Placeholders, worker func() (read func(r *Reader, part int)),
	emit func(path string, ref reference.Reference),
) error {
	seed := maphash.MakeSeed()
	readers := make([]*Reader, parts)
	work := make(chan int)
	var wait sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), parts) {
		wait.Go(func() {
			read := worker()
			for i := range work {
				readers[i] = &Reader{seed: seed, marks: newMarks(), seen: map[uint64]int{}}
				read(readers[i], i)
			}
		})
	}
	var err error
	for i := range parts {
		if err = ctx.Err(); err != nil {
			break
		}
		work <- i
	}
	close(work)
	wait.Wait()
	if err != nil {
		return err
	}

	all := newMarks()
	for _, r := range readers {
		all.add(r.marks)
	}
	all.wrappers.resolve(func(text uint64) { all.certain[text] = true })
	for i, r := range readers {
		r.references(all, styles, emit)
		readers[i] = nil
	}
	return nil
}

// Mute reads what is recorded where it is declared, or what is for people and no SQL: nothing is noted meanwhile.
func (r *Reader) Mute(read func()) {
	r.mute++
	read()
	r.mute--
}

// Elsewhere reads the value of what is declared outside of the function that is being read.
func (r *Reader) Elsewhere(read func() Value) (v Value) {
	flow := r.Flow
	r.Flow = Flow{}
	r.Mute(func() { v = read() })
	r.Flow = flow
	return v
}

// Record notes a text that can be SQL. Where the whole cannot, its tail is looked at: what stands before that is not known. A
// tail that begins with a constant from elsewhere is noted there.
func (r *Reader) Record(v Value, at Place) {
	if r.mute > 0 || v.Number {
		return
	}
	for _, a := range v.alternatives {
		if a.begins {
			r.note(a, at)
		} else if a.tail != nil && a.tail.first.at.In == at.In {
			r.note(*a.tail, a.tail.first.at)
		}
	}
}

// RecordAll notes the texts among operands that went into nothing larger.
func (r *Reader) RecordAll(values []Value, at func(i int) Place) {
	for i, v := range values {
		if v.Known() {
			r.Record(v, at(i))
		}
	}
}

func (r *Reader) note(a alternative, at Place) {
	if i, ok := r.seen[a.id]; ok {
		// One text reached by two ways is as sure as the surer one.
		r.wholes[i].joins = min(r.wholes[i].joins, a.joins)
		return
	}
	r.seen[a.id] = len(r.wholes)
	r.wholes = append(r.wholes, whole{a, at})
}

// Absorb notes that a value is part of a larger text.
func (r *Reader) Absorb(v Value) { r.mark(r.marks.absorbed, v, true) }

// Use notes that a value stands on its own.
func (r *Reader) Use(v Value) { r.mark(r.marks.used, v, true) }

func (r *Reader) mark(as map[uint64]bool, v Value, tails bool) {
	if r.mute > 0 {
		return
	}
	for _, a := range v.alternatives {
		as[a.id] = true
		if tails && a.tail != nil {
			as[a.tail.id] = true
		}
	}
}

// Mention notes the use of a name's value, as an operand of a larger text or on its own, and gives it back.
func (r *Reader) Mention(v Value, operand bool) Value {
	switch {
	case v.Number:
	case operand:
		r.Absorb(v)
	default:
		r.Use(v)
	}
	return v
}

// HandOver notes that a value is the text of a database call. style is how the call writes placeholders, zero where
// nothing is known of that.
func (r *Reader) HandOver(v Value, style reference.Placeholders) {
	if r.mute > 0 {
		return
	}
	r.Use(v)
	for _, a := range v.alternatives {
		if a.joins < 2 {
			r.marks.certain[a.id] = true
		}
		if !v.Clause && style != 0 {
			r.marks.styles[a.id] |= style
		}
	}
}

// Unknown emits a reference of which nothing but its place is known.
func (r *Reader) Unknown(at Place, reason string) {
	if r.mute == 0 {
		r.Unreadable(at.Position(), reason)
	}
}

// Unreadable emits a place of which nothing can be read.
func (r *Reader) Unreadable(at reference.Position, reason string) {
	r.Emit(at.File, reference.Reference{Place: at, Certain: true, Unchecked: reason})
}

// Emit emits a reference that is ready. path is the file whose reading brought it.
func (r *Reader) Emit(path string, ref reference.Reference) {
	r.ready = append(r.ready, found{ref, path})
}

// references emits what was read in the order of the places, each unchecked place once for a reason: the ways through
// a function can give a text with one hole many times, and it is one place that was not checked.
func (r *Reader) references(all marks, styles reference.Placeholders, emit func(path string, ref reference.Reference)) {
	out := r.ready
	for _, w := range r.wholes {
		if !all.stands(w.id) {
			continue
		}
		like := reference.Reference{Certain: all.certain[w.id], Place: w.at.Position()}
		w.text().Statements(like, cmp.Or(all.styles[w.id], styles), func(ref reference.Reference) {
			out = append(out, found{ref, w.at.In.Path})
		})
	}
	slices.SortStableFunc(out, func(a, b found) int {
		p, q := a.Place, b.Place
		return cmp.Or(cmp.Compare(p.File, q.File), cmp.Compare(p.Line, q.Line), cmp.Compare(p.Column, q.Column))
	})
	type unchecked struct {
		at     reference.Position
		reason string
	}
	seen := map[unchecked]bool{}
	for _, f := range out {
		if u := (unchecked{f.Place, f.Unchecked}); f.Unchecked != "" {
			if seen[u] {
				continue
			}
			seen[u] = true
		}
		emit(f.path, f.Reference)
	}
}
