package report

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Printable is s on one line, fit for a terminal: control characters, escape sequences, line ends,
// bidirectional overrides, invisible characters and bytes that are no UTF-8 become visible escapes
// such as \n, \x1b and \u202e. What is printable stays as it is; a backslash too, because the text
// is for reading and not for decoding.
func Printable(s string) string {
	for i, r := range s {
		if r == utf8.RuneError || !strconv.IsGraphic(r) {
			return escape(s, i)
		}
	}
	return s
}

// escape is Printable from the byte on that is the first to need it.
func escape(s string, from int) string {
	var b strings.Builder
	b.Grow(len(s) + 16)
	b.WriteString(s[:from])
	for i := from; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case strconv.IsGraphic(r):
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < 0x80:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
		i += size
	}
	return b.String()
}

// Inert is a line of output that the GitHub Actions runner does not take for a workflow command.
// The runner obeys a line that begins, after white space, with "::command" and, from its older
// syntax, a line that has "##[command]" anywhere (ActionCommand.TryParseV2 and TryParse in
// actions/runner). It compares by the rules of a culture, which pass over combining marks, so marks
// do not break a match here either. One character of such a line becomes an escape.
//
// This is the way rather than ::stop-commands::, which would have to stand on the same stream and
// cannot order standard output and standard error.
func Inert(line string) string {
	line = breakPrefix(line)
	if !strings.Contains(line, "##") && !strings.ContainsFunc(line, isMark) {
		return line
	}
	var b strings.Builder
	hashes, done := 0, 0
	for i, r := range line {
		switch {
		case r == '#':
			hashes++
		case r == '[' && hashes >= 2:
			b.WriteString(line[done:i])
			b.WriteString(`\x5b`)
			hashes, done = 0, i+1
		case !isMark(r):
			hashes = 0
		}
	}
	b.WriteString(line[done:])
	return b.String()
}

func isMark(r rune) bool { return unicode.Is(unicode.M, r) }

// breakPrefix escapes the first of two colons that begin a line.
func breakPrefix(line string) string {
	first := -1
	for i, r := range line {
		switch {
		case isMark(r):
		case r == ':' && first < 0:
			first = i
		case r == ':':
			return line[:first] + `\x3a` + line[first+1:]
		case first >= 0 || !unicode.IsSpace(r):
			return line
		}
	}
	return line
}

// Lines makes a text of several lines safe to print, each line Printable and Inert. Tabs become
// four spaces. It is for error messages, logs and other text outside the formats.
func Lines(s string) string {
	lines := strings.Split(strings.ReplaceAll(s, "\r\n", "\n"), "\n")
	for i, line := range lines {
		lines[i] = Inert(Printable(strings.ReplaceAll(line, "\t", "    ")))
	}
	return strings.Join(lines, "\n")
}

// Clip is s cut to at most limit runes, the last of them "…" where something was cut.
func Clip(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	n, last := 0, 0
	for i := range s {
		if n == limit-1 {
			last = i
		}
		if n == limit {
			return s[:last] + "…"
		}
		n++
	}
	return s
}
