package alembic

import (
	"strconv"
	"strings"
)

// repr writes a value as Python's repr does, for messages and for f"{x!r}".
func repr(v value) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case bool:
		if v {
			return "True"
		}
		return "False"
	case str:
		quote := "'"
		if strings.Contains(v.s, "'") && !strings.Contains(v.s, `"`) {
			quote = `"`
		}
		return quote + strings.NewReplacer(`\`, `\\`, quote, `\`+quote, "\n", `\n`, "\t", `\t`, "\r", `\r`).Replace(v.s) + quote
	case tuple:
		if len(v) == 1 {
			return "(" + repr(v[0]) + ",)"
		}
		return "(" + reprItems(v) + ")"
	case *list:
		return "[" + reprItems(v.items) + "]"
	case *dict:
		items := make([]string, len(v.keys))
		for i, k := range v.keys {
			items[i] = repr(k) + ": " + repr(v.at(k))
		}
		return "{" + strings.Join(items, ", ") + "}"
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		s := strconv.FormatFloat(v, 'g', -1, 64)
		if !strings.ContainsAny(s, ".en") {
			s += ".0"
		}
		return s
	}
	return describe(v)
}

func reprItems(items []value) string {
	texts := make([]string, len(items))
	for i, item := range items {
		texts[i] = repr(item)
	}
	return strings.Join(texts, ", ")
}

// describe names a value in a message.
func describe(v value) string {
	switch v := v.(type) {
	case ref:
		return string(v)
	case *object:
		if v.recv != nil {
			return describe(v.recv) + v.path
		}
		return v.path + "(…)"
	case *function:
		return v.name + "()"
	case *class:
		return "class " + v.name
	case *instance:
		return v.class.name + "(…)"
	case *member:
		return v.class.name + "." + v.name
	case *method:
		return describe(v.recv) + "." + v.name
	case *builtin:
		return v.name
	case *runtime:
		return v.why
	case *columnType:
		return "the column type " + v.sql
	case *unreadable:
		return "what could not be read before"
	case *list:
		if v.open != "" {
			return "a list that hangs on " + v.open
		}
		return "a list"
	case *dict:
		if v.open != "" {
			return "a dict that hangs on " + v.open
		}
		return "a dict"
	}
	return repr(v)
}
