package alembic

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/headgate/headgate/internal/syntax/python"
)

// stringMethod calls a method of a string.
func (f *frame) stringMethod(s str, name string, a *arguments) (value, error) {
	for _, arg := range a.args {
		if run, ok := arg.(*runtime); ok && name != "format" {
			return &runtime{why: run.why, known: s.s}, nil
		}
	}
	first, _ := a.get(0, "").(str)
	second, _ := a.get(1, "").(str)
	switch name {
	case "format":
		return f.formatMethod(s, a)
	case "join":
		return f.join(s, a)
	case "strip", "lstrip", "rstrip":
		cut := " \t\n\r\v\f"
		if len(a.args) > 0 {
			cut = first.s
		}
		changed := s.s
		if name != "rstrip" {
			changed = strings.TrimLeft(changed, cut)
		}
		if name != "lstrip" {
			changed = strings.TrimRight(changed, cut)
		}
		return s.with(changed), nil
	case "replace":
		if len(a.args) == 2 && len(s.s)*max(len(second.s), 1) < maxString {
			return s.with(strings.ReplaceAll(s.s, first.s, second.s)), nil
		}
	case "lower":
		return s.with(strings.ToLower(s.s)), nil
	case "upper":
		return s.with(strings.ToUpper(s.s)), nil
	case "title":
		return s.with(title(s.s)), nil
	case "swapcase", "center", "ljust", "rjust", "zfill", "partition", "rpartition", "translate", "isalnum", "isalpha", "isnumeric", "isidentifier", "isupper", "islower", "expandtabs", "casefold", "index":
		return &runtime{why: "the method " + name + "() of a string"}, nil
	case "capitalize":
		lowered := strings.ToLower(s.s)
		if lowered != "" {
			lowered = strings.ToUpper(lowered[:1]) + lowered[1:]
		}
		return s.with(lowered), nil
	case "startswith", "endswith":
		options, ok := a.get(0, "").(tuple)
		if !ok {
			options = tuple{a.get(0, "")}
		}
		for _, o := range options {
			t, _ := o.(str)
			if name == "startswith" && strings.HasPrefix(s.s, t.s) || name == "endswith" && strings.HasSuffix(s.s, t.s) {
				return true, nil
			}
		}
		return false, nil
	case "split", "splitlines", "rsplit":
		return f.split(s, name, a), nil
	case "removeprefix":
		return s.with(strings.TrimPrefix(s.s, first.s)), nil
	case "removesuffix":
		return s.with(strings.TrimSuffix(s.s, first.s)), nil
	case "isdigit":
		return s.s != "" && strings.Trim(s.s, "0123456789") == "", nil
	case "find":
		return int64(strings.Index(s.s, first.s)), nil
	case "count":
		return int64(strings.Count(s.s, first.s)), nil
	case "encode":
		return &runtime{why: "bytes"}, nil
	}
	return nil, f.fail(a.node, "the method %s() of a string cannot be read", name)
}

// title has the first letter of each run of letters in upper case, the others in lower.
func title(s string) string {
	letter := false
	return strings.Map(func(r rune) rune {
		was := letter
		letter = unicode.IsLetter(r)
		if was {
			return unicode.ToLower(r)
		}
		return unicode.ToTitle(r)
	}, s)
}

func (f *frame) split(s str, name string, a *arguments) value {
	var parts []string
	separator, given := a.get(0, "sep").(str)
	limit := int64(-1)
	if n, ok := a.get(1, "maxsplit").(int64); ok {
		limit = n + 1
	}
	switch {
	case name == "splitlines":
		parts = strings.Split(strings.TrimSuffix(s.s, "\n"), "\n")
	case !given:
		parts = strings.Fields(s.s)
	case name == "rsplit" && limit == 2:
		if at := strings.LastIndex(s.s, separator.s); at >= 0 {
			parts = []string{s.s[:at], s.s[at+len(separator.s):]}
		} else {
			parts = []string{s.s}
		}
	case separator.s == "":
		return &runtime{why: "split() by nothing"}
	default:
		parts = strings.SplitN(s.s, separator.s, int(limit))
	}
	result := &list{}
	rest := s
	for _, p := range parts {
		part := rest.with(p)
		result.items = append(result.items, part)
		if at := strings.Index(rest.s, p); at >= 0 && p != "" {
			rest = rest.with(rest.s[at+len(p):])
		}
	}
	return result
}

func (f *frame) join(s str, a *arguments) (value, error) {
	if loopsOverData(a.get(0, "")) {
		return &runtime{why: describe(a.get(0, ""))}, nil
	}
	items, err := f.iterate(a.node, a.get(0, ""))
	if err != nil {
		return nil, err
	}
	var parts []str
	for i, item := range items {
		if m, ok := item.(*member); ok && m.class.isText {
			item = m.value
		}
		t, ok := item.(str)
		if !ok {
			return &runtime{why: describe(item), known: concat(parts...).s}, nil
		}
		if i > 0 {
			parts = append(parts, s)
		}
		parts = append(parts, t)
	}
	joined := concat(parts...)
	joined.copied = false
	return joined, nil
}

// format writes a value as format(value, spec) does; false where that is not known.
func format(v value, spec string) (str, bool) {
	if m, ok := v.(*member); ok && m.class.isText {
		v = m.value
	}
	switch v := v.(type) {
	case str:
		if spec == "" || spec == "s" {
			return v, true
		}
	case int64:
		if spec == "" || spec == "d" {
			return text(strconv.FormatInt(v, 10)), true
		}
		if width, err := strconv.Atoi(strings.TrimSuffix(spec, "d")); err == nil && width < 1000 {
			pad := " "
			if spec[0] == '0' {
				pad = "0"
			}
			digits := strconv.FormatInt(v, 10)
			return text(strings.Repeat(pad, max(width-len(digits), 0)) + digits), true
		}
	case nil, bool, float64, tuple, *list, *dict:
		if spec == "" {
			return text(repr(v)), true
		}
	case *object:
		if lastPart(v.path) == "text" && len(v.args) > 0 && spec == "" {
			return format(v.args[0], "")
		}
		if isOneOf(lastPart(v.path), "Column", "column", "table", "Table", "quoted_name") && len(v.args) > 0 && spec == "" {
			return format(v.args[0], "")
		}
	}
	return str{}, false
}

func isOneOf(s string, options ...string) bool { return slices.Contains(options, s) }

var hole = regexp.MustCompile(`\{\{|\}\}|\{([^{}!:]*)(![rsa])?(:[^{}]*)?\}`)

// formatMethod is str.format.
func (f *frame) formatMethod(s str, a *arguments) (value, error) {
	next := 0
	return f.substitute(s, hole, func(m []string) (value, bool, string, error) {
		switch m[0] {
		case "{{":
			return text("{"), false, "", nil
		case "}}":
			return text("}"), false, "", nil
		}
		key, path, _ := strings.Cut(strings.ReplaceAll(m[1], "[", "."), ".")
		var v value
		var ok bool
		if n, err := strconv.Atoi(key); err == nil || key == "" {
			if key == "" {
				n = next
				next++
			}
			v, ok = a.take(n, "")
		} else {
			v, ok = a.kwargs[key]
		}
		if !ok {
			return nil, false, "", f.fail(a.node, "there is no argument for %s", m[0])
		}
		var err error
		for name := range strings.SplitSeq(path, ".") {
			if name != "" {
				if v, err = f.attribute(a.node, v, strings.TrimSuffix(name, "]")); err != nil {
					return nil, false, "", err
				}
			}
		}
		return v, m[2] == "!r", strings.TrimPrefix(m[3], ":"), nil
	}, a.node)
}

var verb = regexp.MustCompile(`%(?:\((\w+)\))?([-0 +#]*\d*)([sdrif%])`)

// percent is the % of strings.
func (f *frame) percent(n python.Node, s str, right value) (value, error) {
	args, isTuple := right.(tuple)
	if !isTuple {
		args = tuple{right}
	}
	next := 0
	return f.substitute(s, verb, func(m []string) (value, bool, string, error) {
		if m[3] == "%" {
			return text("%"), false, "", nil
		}
		var v value
		var ok bool
		if m[1] != "" {
			d, isDict := right.(*dict)
			if !isDict {
				return &runtime{why: describe(right)}, false, "", nil
			}
			v, ok = d.text(m[1])
		} else if ok = next < len(args); ok {
			v = args[next]
			next++
		}
		if !ok {
			return nil, false, "", f.fail(n, "there is no value for %s", m[0])
		}
		return v, m[3] == "r", m[2], nil
	}, n)
}

// substitute replaces the holes of a string, each line keeping its place.
func (f *frame) substitute(s str, holes *regexp.Regexp, fill func([]string) (value, bool, string, error), n python.Node) (value, error) {
	var parts []str
	rest, end := s, 0
	cut := func(from, to int) str {
		piece := str{s: s.s[from:to], indent: 0}
		line := strings.Count(s.s[:from], "\n")
		for i := range strings.Count(piece.s, "\n") + 1 {
			piece.lines = append(piece.lines, s.lineAt(line+i))
		}
		return piece
	}
	size := len(rest.s)
	for _, at := range holes.FindAllStringSubmatchIndex(s.s, -1) {
		m := make([]string, len(at)/2)
		for i := range m {
			if at[2*i] >= 0 {
				m[i] = s.s[at[2*i]:at[2*i+1]]
			}
		}
		parts = append(parts, cut(end, at[0]))
		v, quoted, spec, err := fill(m)
		if err != nil {
			return nil, err
		}
		if run, ok := v.(*runtime); ok {
			return &runtime{why: run.why, known: concat(parts...).s}, nil
		}
		if quoted {
			v = text(repr(v))
		}
		filled, ok := format(v, spec)
		if !ok {
			if loopsOverData(v) {
				return &runtime{why: describe(v), known: concat(parts...).s}, nil
			}
			return nil, f.fail(n, "%s cannot be put into a string", describe(v))
		}
		filled.lines = repeat(s.lineAt(strings.Count(s.s[:at[0]], "\n")), strings.Count(filled.s, "\n")+1)
		parts = append(parts, filled)
		if size += len(filled.s); size > maxString {
			return nil, f.fail(n, "the string grows too long")
		}
		end = at[1]
	}
	parts = append(parts, cut(end, len(s.s)))
	joined := concat(parts...)
	joined.indent = s.indent
	return joined, nil
}
