package sqltext

import (
	"strconv"
	"strings"
)

// commands are those that psql knows, up to version 18 (exec_command in src/bin/psql/command.c), besides \d… and \lo_….
const commands = " a C c connect cd conninfo copy copyright crosstabview e edit ef ev echo qecho warn elif else endif encoding" +
	" errverbose f g gx gdesc getenv gexec gset h help H html i include ir include_relative if l list l+ list+ o out p print" +
	" password prompt pset q quit r reset restrict s set setenv sf sf+ sv sv+ t T timing unrestrict unset w write watch x z ! ?" +
	" bind bind_named parse close close_prepared startpipeline endpipeline syncpipeline sendpipeline flush flushrequest getresults "

const (
	wholeLine = " copy ef ev sf sf+ sv sv+ h help ! "
	filePipe  = " g gx o out w write "
	sending   = " g gx gdesc gexec gset crosstabview watch parse sendpipeline "
)

func in(list, name string) bool {
	return name != "" && !strings.ContainsRune(name, ' ') && strings.Contains(list, " "+name+" ")
}

func known(name string) bool {
	return in(commands, name) || strings.HasPrefix(name, "d") || strings.HasPrefix(name, "lo_") || fold(name, "copy")
}

// command reads a command, whose backslash is at a place, and does what it does to the script.
func (r *scriptReader) command(at int) {
	name := r.name()
	c := Command{Name: name, Unknown: !known(name), Restricted: r.key != "" && name != "unrestrict"}
	end := r.arguments(&c)
	p := Piece{Span: Span{at, end}, Sent: Span{at, at}, Command: &c}
	if r.buffer.Sent.Start >= 0 {
		defer func() {
			if r.buffer.Sent.Start >= 0 {
				r.cut(Span{at, r.scan.pos})
			}
		}()
	}
	if !c.Unknown && !c.Restricted && r.branch(&c, at) || !r.active() {
		return
	}
	switch {
	case c.Unknown || c.Restricted:
	case name == "q", name == "quit":
		r.send(at)
		r.done = true
	case name == "r", name == "reset":
		r.clear()
		r.split = splitter{}
	case name == "restrict" && len(c.Args) > 0:
		r.key = strings.TrimRight(c.Args[0], ";")
	case name == "unrestrict":
		if len(c.Args) > 0 && r.key != "" && strings.TrimRight(c.Args[0], ";") == r.key {
			r.key = ""
		} else {
			c.Restricted = true
		}
	case in(sending, name):
		c.Again = r.buffer.Sent.Start < 0 && r.sent
		r.send(at)
		r.clear()
		r.split = splitter{}
	case fold(name, "copy") && len(c.Args) > 0 && copiesIn(c.Args[0], true):
		p.Data = append(p.Data, r.data())
	}
	r.emit(p)
}

func (r *scriptReader) cut(span Span) {
	r.buffer.Cuts = append(r.buffer.Cuts, span)
}

// branch is an \if that waits for its \endif.
type branch struct {
	// outer says that what is around it is active; on, that this branch of it is; taken, that one has been.
	outer, on, taken, last bool
	// buffer and parens are what they were where the branch began, at a place.
	buffer Piece
	parens int
	at     int
}

// active tells whether statements are sent.
func (r *scriptReader) active() bool {
	return len(r.branches) == 0 || r.branches[len(r.branches)-1].on
}

// branch reads \if, \elif, \else and \endif, and is false for other commands and for those that have no place here.
func (r *scriptReader) branch(c *Command, at int) bool {
	if c.Name == "if" {
		b := branch{outer: r.active(), buffer: r.buffer, parens: r.split.parens, at: at}
		b.on = b.outer && r.holds(strings.Join(c.Args, " "))
		b.taken = b.on
		r.branches = append(r.branches, b)
		return true
	}
	if c.Name != "elif" && c.Name != "else" && c.Name != "endif" {
		return false
	}
	if len(r.branches) == 0 || c.Name != "endif" && r.branches[len(r.branches)-1].last {
		c.Unknown = true
		return false
	}
	b := &r.branches[len(r.branches)-1]
	if !b.on {
		// What the branch had is forgotten (discard_query_text).
		r.buffer, r.split.parens = b.buffer, b.parens
		if r.buffer.Sent.Start >= 0 {
			r.cut(Span{b.at, at})
		}
	}
	b.buffer, b.parens, b.at = r.buffer, r.split.parens, at
	switch c.Name {
	case "endif":
		r.branches = r.branches[:len(r.branches)-1]
	case "else":
		b.on, b.last = b.outer && !b.taken, true
	case "elif":
		b.on = b.outer && !b.taken && r.holds(strings.Join(c.Args, " "))
		b.taken = b.taken || b.on
	}
	return true
}

// name reads the name of a command, which a space or a backslash ends (<xslashcmd> in src/bin/psql/psqlscanslash.l).
func (r *scriptReader) name() string {
	start := r.scan.pos
	for r.scan.pos < len(r.scan.src) && !isSlashSpace(r.scan.peek(0)) && r.scan.peek(0) != '\\' {
		r.scan.pos++
	}
	return r.scan.src[start:r.scan.pos]
}

// arguments reads what belongs to a command and the \\ that may end it, and tells where the last argument ends.
func (r *scriptReader) arguments(c *Command) int {
	s := &r.scan
	end := s.pos
	if c.Unknown || c.Restricted || in(wholeLine, c.Name) || fold(c.Name, "copy") {
		r.skipSpace()
		if s.pos < len(s.src) {
			c.Args, end = []string{s.src[s.pos:]}, len(s.src)
		}
		s.pos = len(s.src)
		return end
	}
	pipe, options := in(filePipe, c.Name), c.Name == "g" || c.Name == "gx"
	for {
		r.skipSpace()
		if pipe && s.peek(0) == '|' {
			c.Args = append(c.Args, s.src[s.pos:])
			s.pos = len(s.src)
			return s.pos
		}
		arg, ok := r.argument()
		if !ok {
			break
		}
		c.Args, end = append(c.Args, arg), s.pos
		// The options of \g stand in parentheses before its file.
		options = options && (len(c.Args) > 1 || strings.HasPrefix(arg, "(")) && !strings.HasSuffix(arg, ")")
		pipe = pipe && options
		if strings.HasSuffix(arg, ")") && in(filePipe, c.Name) && strings.HasPrefix(c.Args[0], "(") {
			pipe = true
		}
	}
	if strings.HasPrefix(s.src[s.pos:], `\\`) {
		s.pos += 2
	}
	return end
}

func (r *scriptReader) skipSpace() {
	for r.scan.pos < len(r.scan.src) && isSlashSpace(r.scan.peek(0)) {
		r.scan.pos++
	}
}

// argument reads one argument, up to a space or a backslash outside of quotes. It is false where there is none, or where a
// quote is not closed (<xslasharg>).
func (r *scriptReader) argument() (string, bool) {
	s := &r.scan
	var b strings.Builder
	quoted := false
	for s.pos < len(s.src) {
		c := s.src[s.pos]
		if isSlashSpace(c) || c == '\\' {
			break
		}
		s.pos++
		switch c {
		case '\'':
			quoted = true
			if !r.quoted(&b) {
				return "", false
			}
		case '"', '`':
			quoted = true
			i := strings.IndexByte(s.src[s.pos:], c)
			if i < 0 {
				s.pos = len(s.src)
				return "", false
			}
			b.WriteString(s.src[s.pos-1 : s.pos+i+1])
			s.pos += i + 1
		case ':':
			n := variable(s.src[s.pos:])
			b.WriteString(s.src[s.pos-1 : s.pos+n])
			s.pos += n
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), quoted || b.Len() > 0
}

// quoted reads the rest of a text in single quotes (<xslashquote>).
func (r *scriptReader) quoted(b *strings.Builder) bool {
	s := &r.scan
	for s.pos < len(s.src) {
		c := s.src[s.pos]
		s.pos++
		switch {
		case c == '\'' && s.peek(0) == '\'':
			b.WriteByte(c)
			s.pos++
		case c == '\'':
			return true
		case c == '\\' && s.pos < len(s.src):
			r.escape(b)
		default:
			b.WriteByte(c)
		}
	}
	return false
}

// escape reads what stands behind a backslash in single quotes.
func (r *scriptReader) escape(b *strings.Builder) {
	s := &r.scan
	c := s.src[s.pos]
	digits := func(from, most int, of string) int {
		n := from
		for n < from+most && s.pos+n < len(s.src) && strings.IndexByte(of, s.src[s.pos+n]) >= 0 {
			n++
		}
		return n
	}
	number := func(from, to, base int) {
		value, _ := strconv.ParseUint(s.src[s.pos+from:s.pos+to], base, 16)
		b.WriteByte(byte(value))
		s.pos += to
	}
	if n := digits(0, 3, "01234567"); n > 0 {
		number(0, n, 8)
		return
	}
	if n := digits(1, 2, "0123456789abcdefABCDEF"); c == 'x' && n > 1 {
		number(1, n, 16)
		return
	}
	if i := strings.IndexByte("ntbrf", c); i >= 0 {
		c = "\n\t\b\r\f"[i]
	}
	b.WriteByte(c)
	s.pos++
}

func isSlashSpace(c byte) bool { return isSpace(c) && c != '\v' }
