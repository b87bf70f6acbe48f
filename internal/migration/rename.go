package migration

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

// names gives pending migrations names that are free, each only once.
type names struct {
	tool Tool
	now  time.Time
	// last is the revision after which a new one goes.
	last  Revision
	taken map[string]bool // versions
}

func newNames(tool Tool, now time.Time, histories ...*History) *names {
	n := &names{tool: tool, now: now, taken: map[string]bool{}}
	for _, h := range histories {
		for _, r := range h.Revisions {
			n.taken[r.Version] = true
			if tool.Order != nil && r.Checksum == "" && !r.Baseline && (n.last.File == "" || tool.Order(n.last, r) < 0) {
				n.last = r
			}
		}
	}
	return n
}

// after is the base name that a migration's file can have so that it comes after all others, or empty where the folder's
// way of numbering does not tell.
func (n *names) after(r Revision) string {
	if r.Position > 0 {
		return "" // its file's name is not what puts it there
	}
	prefix, digits, _ := numbered(n.last.File)
	_, own, rest := numbered(r.File)
	if digits == "" || own == "" {
		return ""
	}
	number := n.next(digits)
	for n.taken[number] { // by a baseline, which comes after the last one
		number = n.next(number)
	}
	name := prefix + number + rest
	renamed := Revision{Version: number, File: path.Join(path.Dir(r.File), name)}
	if number == "" || n.tool.Order(n.last, renamed) >= 0 {
		return "" // "999" has no number after it where names are compared as text
	}
	n.last = renamed
	return name
}

// revisionID is a free id for a revision of a graph, of twelve hexadecimal digits as alembic makes them. The same file
// gets the same one each time.
func (n *names) revisionID(r Revision) string {
	for i := 0; ; i++ {
		sum := sha256.Sum256([]byte(r.File + "\x00" + strconv.Itoa(i)))
		if id := hex.EncodeToString(sum[:6]); !n.taken[id] {
			n.taken[id] = true
			return id
		}
	}
}

// numbered cuts a file's base name before and after its first digits.
func numbered(file string) (prefix, digits, rest string) {
	name := path.Base(file)
	isDigit := func(r rune) bool { return r >= '0' && r <= '9' }
	start := strings.IndexFunc(name, isDigit)
	if start < 0 {
		return name, "", ""
	}
	length := strings.IndexFunc(name[start:], func(r rune) bool { return !isDigit(r) })
	if length < 0 {
		length = len(name) - start
	}
	return name[:start], name[start : start+length], name[start+length:]
}

// layouts are the ways in which a time is written as a version.
var layouts = []string{"20060102150405", "200601021504", "20060102"}

// next is the number after the last one: the time now, where the last is a time that has passed, else one more, as wide.
func (n *names) next(last string) string {
	at := slices.IndexFunc(layouts, func(l string) bool { return len(l) == len(last) })
	if at >= 0 {
		if then, err := time.Parse(layouts[at], last); err == nil && then.Year() > 1990 {
			if now := n.now.UTC().Format(layouts[at]); now > last {
				return now
			}
		}
	}
	number, err := strconv.ParseInt(last, 10, 64)
	if err != nil || number+1 < number {
		return ""
	}
	if len(last) == 10 && number > 1e9 && n.now.Unix() > number { // seconds since 1970, as golang-migrate has them
		return strconv.FormatInt(n.now.Unix(), 10)
	}
	return fmt.Sprintf("%0*d", len(last), number+1)
}
