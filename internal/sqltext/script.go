package sqltext

import (
	"iter"
	"strings"
)

// Piece is one thing that psql does when it reads a script: it sends a statement, or runs a command of its own.
type Piece struct {
	// Span is the statement from its first token that is no comment to its last, the semicolon left out; or the command
	// from its backslash to its last argument.
	Span
	// Sent is all that psql sends with the statement: comments and the semicolon too.
	Sent Span
	// Cuts are what inside Sent is no part of it: commands, branches that do not hold, the backslash of \;.
	Cuts []Span
	// Data are the lines that a COPY … FROM stdin reads, without the \. after them. One message can have several.
	Data []Span
	// Command is set where it is one.
	Command *Command
}

// Command is a command of psql.
type Command struct {
	// Name has no backslash.
	Name string
	// Args have their single quotes taken off; double quotes, backquotes and variables stand as they are written. Of a command
	// that reads the rest of its line (\copy, \!), and of one that psql does not know, that rest is the only one.
	Args []string
	// Unknown says that psql has no such command, or that it has no place here (\else without \if).
	Unknown bool
	// Restricted says that psql refuses it between \restrict and \unrestrict.
	Restricted bool
	// Again says that it sends the statement before it once more, as nothing stands between the two (\g).
	Again bool
}

// Text is the statement, as one text.
func (p Piece) Text(src string) string { return p.without(src, p.Span) }

// Message is what psql sends. Blank lines outside of quotes, which psql leaves out, are still in it, and variables stand as they
// are written.
func (p Piece) Message(src string) string { return p.without(src, p.Sent) }

func (p Piece) without(src string, span Span) string {
	if len(p.Cuts) == 0 {
		return src[span.Start:span.End]
	}
	var b strings.Builder
	at := span.Start
	for _, c := range p.Cuts {
		if c.Start < at || c.End > span.End {
			continue
		}
		b.WriteString(src[at:c.Start])
		at = c.End
	}
	b.WriteString(src[at:span.End])
	return b.String()
}

// Script yields what psql does with a script, in the order in which psql does it: that of the text, but that a command inside of a
// statement comes before it. holds tells whether the condition of an \if or \elif
// holds; without it, one that Bool reads as true does. What stands in a branch that does not hold is left out, and so is all
// after a \quit.
//
// The rules are those of src/bin/psql/mainloop.c, src/fe_utils/psqlscan.l and src/bin/psql/psqlscanslash.l, version 15, with the
// commands of newer versions. psql reads line by line, which shows: a string that goes on after a newline is two, the setting of
// standard_conforming_strings counts from the next line on, and the data of a COPY begin on the next line whatever stands behind
// the statement. Statements and commands are taken to succeed, variables are not replaced, and of a line with a NUL, of which
// psql loses the rest, everything is read.
func Script(src string, holds func(condition string) bool) iter.Seq[Piece] {
	if holds == nil {
		holds = func(condition string) bool { on, _ := Bool(condition); return on }
	}
	return func(yield func(Piece) bool) {
		r := scriptReader{src: src, next: mark(src), holds: holds, yield: yield}
		r.scan.psql, r.scan.parameter = true, -1
		r.clear()
		for r.next < len(src) && !r.done {
			r.line()
		}
		if !r.stopped {
			r.send(len(src))
		}
	}
}

// scriptReader is what psql remembers from line to line.
type scriptReader struct {
	src      string
	next     int // where the next line begins
	scan     Scanner
	split    splitter
	setting  stringSetting
	holds    func(string) bool
	yield    func(Piece) bool
	buffer   Piece // the statement so far; Sent.Start is -1 while there is nothing, Start while there is no token
	sent     bool  // there was a statement
	branches []branch
	key      string // of \restrict
	done     bool   // nothing more is read
	stopped  bool   // nobody listens any more
}

func (r *scriptReader) clear() {
	r.buffer = Piece{Span: Span{Start: -1}, Sent: Span{Start: -1}}
}

func (r *scriptReader) line() {
	start := r.next
	end := len(r.src)
	if i := strings.IndexByte(r.src[start:], '\n'); i >= 0 {
		end = start + i
	}
	r.next = end + 1
	r.scan.src, r.scan.pos, r.scan.escapes = r.src[:end], start, r.setting.escapes
	for !r.done {
		t := r.scan.Next()
		switch {
		case t.Kind == EOF:
			return
		case t.Kind == Comment:
			if r.src[t.Start] != '-' || r.buffer.Sent.Start >= 0 {
				r.fill(t.Start)
			}
		case t.Kind == Punctuation && r.src[t.Start] == '\\':
			r.backslash(t.Start)
		case r.split.ends(r.src, t):
			r.fill(t.Start)
			if r.active() {
				r.send(t.End)
			}
		default:
			r.fill(t.Start)
			r.token(t.Start, t.End)
		}
	}
}

// fill notes that psql's buffer is not empty from here on.
func (r *scriptReader) fill(at int) {
	if r.buffer.Sent.Start < 0 {
		r.buffer.Sent.Start = at
	}
}

func (r *scriptReader) token(start, end int) {
	if r.buffer.Start < 0 {
		r.buffer.Start = start
	}
	r.buffer.End = end
}

// backslash reads \; and \:, which stand for the character itself, and commands.
func (r *scriptReader) backslash(at int) {
	switch r.scan.peek(0) {
	case ';', ':':
		r.fill(at)
		r.buffer.Cuts = append(r.buffer.Cuts, Span{at, at + 1})
		r.scan.pos++
		if r.src[at+1] == ';' {
			r.split.words = 0
		} else {
			r.token(at+1, at+2)
		}
		return
	}
	r.command(at)
}

// send sends what is in the buffer, which ends here, and reads the data that it asks for.
func (r *scriptReader) send(end int) {
	p := r.buffer
	if p.Sent.Start < 0 || r.done && r.stopped || !r.active() {
		return
	}
	r.clear()
	p.Sent.End = end
	r.sent = p.Start >= 0
	if !r.sent {
		return // comments alone
	}
	text := p.Text(r.src)
	if len(p.Cuts) == 0 {
		r.setting.follow(text)
		if copiesIn(text, false) {
			p.Data = append(p.Data, r.data())
		}
	} else {
		for span := range Statements(text) {
			r.setting.follow(text[span.Start:span.End])
			if copiesIn(text[span.Start:span.End], false) {
				p.Data = append(p.Data, r.data())
			}
		}
	}
	r.emit(p)
}

func (r *scriptReader) emit(p Piece) {
	if !r.stopped && !r.yield(p) {
		r.done, r.stopped = true, true
	}
}

// data passes the data of one COPY, up to the line \. (handleCopyIn in src/bin/psql/copy.c).
func (r *scriptReader) data() Span {
	span := Span{min(r.next, len(r.src)), len(r.src)}
	for at := span.Start; at < len(r.src); {
		end, next := len(r.src), len(r.src)
		if i := strings.IndexByte(r.src[at:], '\n'); i >= 0 {
			end, next = at+i, at+i+1
		}
		if line := r.src[at:end]; line == `\.` || line == "\\.\r" && next > end {
			span.End, r.next = at, next
			return span
		}
		at = next
	}
	r.next = len(r.src)
	return span
}

// copiesIn tells whether a COPY, or the rest of psql's \copy, reads data that follow it. COPY … FROM stdout means the same
// (copy_file_name in src/backend/parser/gram.y).
func copiesIn(sql string, arguments bool) bool {
	scan := NewScanner(sql)
	next := func() (Token, string) {
		t := scan.Next()
		for t.Kind == Comment {
			t = scan.Next()
		}
		return t, sql[t.Start:t.End]
	}
	t, word := next()
	if !arguments && !fold(word, "copy") {
		return false
	}
	for parens := 0; t.Kind != EOF; t, word = next() {
		switch {
		case word == "(":
			parens++
		case word == ")":
			parens--
		case parens == 0 && t.Kind == Identifier && fold(word, "from"):
			t, word = next()
			return t.Kind == Identifier && (fold(word, "stdin") || fold(word, "stdout"))
		case parens == 0 && t.Kind == Identifier && fold(word, "to"):
			return false
		}
	}
	return false
}
