package sqltext

import "strings"

// stringSetting follows standard_conforming_strings through the statements of a script, which psql learns from the server
// (standard_strings in src/bin/psql/common.c). It takes every statement to succeed. What a function sets (set_config), a
// savepoint takes back, or the server, the role or the database has for a default is not seen.
type stringSetting struct {
	// escapes is the setting turned round: it is off.
	escapes bool
	// session is what escapes is after the transaction, and before what it was when the transaction began.
	session, before bool
	transaction     bool
	// wrapped says that the script may run in a transaction that its text does not begin, so that SET LOCAL has an effect.
	wrapped bool
}

// follow takes one statement in.
func (s *stringSetting) follow(sql string) {
	if sql == "" || strings.IndexByte("sSrRbBcCeEaAdD", sql[0]) < 0 {
		return
	}
	scan := NewScanner(sql)
	word := func() string {
		t := scan.Next()
		for t.Kind == Comment {
			t = scan.Next()
		}
		return sql[t.Start:t.End]
	}
	first := word()
	switch {
	case fold(first, "set"):
		s.set(word)
	case fold(first, "reset"), fold(first, "discard"):
		if name := word(); fold(name, "all") || fold(first, "reset") && isStringSetting(name) {
			s.escapes, s.session = false, false
		}
	case fold(first, "begin"), fold(first, "start"):
		s.transaction, s.before = true, s.session
	case fold(first, "commit"), fold(first, "end"):
		s.end(false, word)
	case fold(first, "rollback"), fold(first, "abort"):
		s.end(true, word)
	}
}

// set reads SET [SESSION | LOCAL] name { TO | = } value.
func (s *stringSetting) set(word func() string) {
	name, local := word(), false
	if fold(name, "local") || fold(name, "session") {
		local = fold(name, "local")
		name = word()
	}
	if !isStringSetting(name) {
		return
	}
	if to := word(); to != "=" && !fold(to, "to") {
		return
	}
	value := word()
	on, known := Bool(strings.Trim(value, "'"))
	if fold(value, "default") {
		on, known = true, true
	}
	switch {
	case !known, local && !s.transaction && !s.wrapped:
	case local:
		s.escapes = !on
	default:
		s.escapes, s.session = !on, !on
	}
}

// end reads the rest of COMMIT or ROLLBACK.
func (s *stringSetting) end(back bool, word func() string) {
	next := word()
	if fold(next, "work") || fold(next, "transaction") {
		next = word()
	}
	if fold(next, "to") || fold(next, "prepared") {
		return
	}
	if back && s.transaction {
		s.session = s.before
	}
	s.escapes, s.before = s.session, s.session
	s.transaction = fold(next, "and") && fold(word(), "chain")
}

func isStringSetting(name string) bool {
	return fold(strings.Trim(name, `"`), "standard_conforming_strings")
}

// Bool reads a boolean as settings and psql's \if have it: true, false, yes, no, on, off, 1, 0, in any case, and the
// beginning of a word where that says which (src/backend/utils/adt/bool.c; ParseVariableBool in src/bin/psql/variables.c).
func Bool(text string) (value, known bool) {
	begins := func(word string, least int) bool {
		return len(text) >= least && len(text) <= len(word) && fold(text, word[:len(text)])
	}
	switch {
	case begins("true", 1), begins("yes", 1), fold(text, "on"), text == "1":
		return true, true
	case begins("false", 1), begins("no", 1), begins("off", 2), text == "0":
		return false, true
	}
	return false, false
}
