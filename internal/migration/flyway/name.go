package flyway

import (
	"cmp"
	"regexp"
	"strings"
)

// kind is what Flyway does with a file, by its prefix.
type kind int

const (
	none kind = iota
	versioned
	undo
	repeatable
	baseline
	event // a callback
)

// name is a file's name in its parts.
type name struct {
	kind kind
	// version has dots for underscores, as Flyway stamps it, and description spaces.
	version, description string
	event                string // that a callback follows
}

// version is what Flyway takes as one (MigrationVersion.java, tokenize), its underscores being dots already.
var version = regexp.MustCompile(`^[0-9]+(\.[0-9]+)*$`)

// parseName reads a file's base name (ResourceNameParser.java, parse). What Flyway passes over is of no kind.
func (s *settings) parseName(base string, suffixes []string) name {
	stem, found := base, false
	for _, suffix := range suffixes {
		if cut := len(base) - len(suffix); cut > 0 && strings.EqualFold(base[cut:], suffix) {
			stem, found = base[:cut], true
			break
		}
	}
	if !found {
		return name{}
	}
	n, prefix := s.longestPrefix(stem)
	if n.kind == none {
		return name{}
	}
	before, after, _ := strings.Cut(stem[len(prefix):], s.separator)
	n.version, n.description = strings.ReplaceAll(before, "_", "."), strings.ReplaceAll(after, "_", " ")
	if unversioned := n.kind == repeatable || n.kind == event; unversioned && before != "" || !unversioned && !version.MatchString(n.version) {
		return name{}
	}
	return n
}

// longestPrefix tells what a name is by the prefixes that it can have, of which the longest holds.
func (s *settings) longestPrefix(stem string) (n name, prefix string) {
	for _, p := range []struct {
		prefix string
		kind   kind
	}{{s.versionedPrefix, versioned}, {s.undoPrefix, undo}, {s.repeatablePrefix, repeatable}, {s.baselinePrefix, baseline}} {
		if strings.HasPrefix(stem, p.prefix) && (n.kind == none || len(p.prefix) > len(prefix)) {
			n.kind, prefix = p.kind, p.prefix
		}
	}
	for _, e := range events {
		if strings.HasPrefix(stem, e) && (n.kind == none || len(e) > len(prefix)) {
			n, prefix = name{kind: event, event: e}, e
		}
	}
	return n, prefix
}

// compareVersions compares number by number; what is missing is 0 (MigrationVersion.java, compareTo).
func compareVersions(a, b string) int {
	for a != "" || b != "" {
		var first, second string
		first, a, _ = strings.Cut(a, ".")
		second, b, _ = strings.Cut(b, ".")
		first, second = strings.TrimLeft(first, "0"), strings.TrimLeft(second, "0")
		if order := cmp.Or(cmp.Compare(len(first), len(second)), strings.Compare(first, second)); order != 0 {
			return order
		}
	}
	return 0
}
