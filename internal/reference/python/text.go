package python

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	py "github.com/headgate/headgate/internal/syntax/python"
)

// evaluator works out the texts that name tables, columns and schemas: simple expressions over constants and the name of a class.
// What it cannot work out is not known; it never guesses.
type evaluator struct {
	*resolver
	// locals are the variables of the function that is being worked out.
	locals map[string]any
}

// longestName is the longest text that is worked out. A name of PostgreSQL has 63 bytes.
const longestName = 4096

// evaluate gives the text that an expression has.
func (r *resolver) evaluate(e py.Expr, in *env) (string, bool) {
	if r.depth == 0 {
		r.fuel = mostSteps
	}
	v := evaluator{resolver: r}
	text, ok := v.value(e, in).(string)
	return text, ok
}

// value is a string, a []string, or nil where it is not known.
func (v *evaluator) value(e py.Expr, in *env) any {
	if v.depth > deepest || v.fuel < 0 {
		return nil
	}
	v.fuel--
	v.depth++
	defer func() { v.depth-- }()
	switch e := e.(type) {
	case *py.String:
		return v.literal(e, in)
	case *py.Name:
		if known, ok := v.locals[e.Name]; ok {
			return known
		}
		return v.entity(e, in)
	case *py.Attribute:
		return v.attribute(e, in)
	case *py.BinaryOp:
		if e.Op != "+" {
			return nil
		}
		left, ok := v.value(e.Left, in).(string)
		right, also := v.value(e.Right, in).(string)
		if ok && also && len(left)+len(right) < longestName {
			return left + right
		}
	case *py.Call:
		return v.callOf(e, in)
	case *py.Subscript:
		return v.subscript(e, in)
	case *py.Comprehension:
		return v.comprehension(e, in)
	}
	return nil
}

func (v *evaluator) literal(e *py.String, in *env) any {
	if e.Bytes() {
		return nil
	}
	var b strings.Builder
	for piece := range e.Pieces() {
		if piece.Hole == nil {
			b.WriteString(piece.Text.Value)
			continue
		}
		text, ok := v.value(piece.Hole.Expr, in).(string)
		if !ok || piece.Hole.HasSpec || piece.Hole.Conversion != 0 && piece.Hole.Conversion != 's' || piece.Hole.Debug.Value != "" {
			return nil
		}
		if b.WriteString(text); b.Len() > longestName {
			return nil
		}
	}
	return b.String()
}

// entity is the value of what a name stands for.
func (v *evaluator) entity(e py.Expr, in *env) any {
	found := v.resolve(e, in)
	if found.external != "" || found.value == nil || found.value == e {
		return nil
	}
	locals := v.locals
	v.locals = nil
	defer func() { v.locals = locals }()
	return v.value(found.value, found.env)
}

func (v *evaluator) attribute(e *py.Attribute, in *env) any {
	switch e.Attr.Name {
	case "__name__", "__qualname__":
		of := v.resolve(e.Value, in)
		if call, ok := e.Value.(*py.Call); ok && len(call.Args) == 1 { // type(self).__name__
			if name, ok := call.Func.(*py.Name); ok && name.Name == "type" {
				of = v.resolve(call.Args[0], in)
			}
		}
		if of.class != nil {
			return of.class.def.Name.Name
		}
		return nil
	case "value": // an enumeration's
		if found := v.entity(e.Value, in); found != nil {
			return found
		}
	}
	return v.entity(e, in)
}

// callOf is the value of a call: the methods of strings, re.sub and re.split, and the repository's own functions.
func (v *evaluator) callOf(e *py.Call, in *env) any {
	if method, ok := e.Func.(*py.Attribute); ok {
		if on := v.value(method.Value, in); on != nil {
			return v.method(on, method.Attr.Name, e, in)
		}
	}
	callee := v.resolve(e.Func, in)
	switch {
	case strings.HasPrefix(callee.external, "re."):
		return v.regular(strings.TrimPrefix(callee.external, "re."), e, callee, in)
	case callee.function != nil:
		return v.run(callee.function, e, in)
	}
	if name, ok := e.Func.(*py.Name); ok && len(e.Args) == 1 && (name.Name == "str" || name.Name == "quoted_name") {
		return v.value(e.Args[0], in)
	}
	if _, name := split(callee.external); name == "quoted_name" && len(e.Args) > 0 {
		return v.value(e.Args[0], in)
	}
	return nil
}

// strings gives the arguments of a call, if all of them are texts.
func (v *evaluator) strings(e *py.Call, in *env) ([]string, bool) {
	var out []string
	for _, arg := range e.Args {
		text, ok := v.value(arg, in).(string)
		if !ok {
			return nil, false
		}
		out = append(out, text)
	}
	return out, len(e.Keywords) == 0
}

func (v *evaluator) method(on any, name string, e *py.Call, in *env) any {
	text, ok := on.(string)
	if !ok {
		return nil
	}
	if name == "join" && len(e.Args) == 1 {
		if list, ok := v.value(e.Args[0], in).([]string); ok && len(list) < longestName {
			return strings.Join(list, text)
		}
		return nil
	}
	args, ok := v.strings(e, in)
	if !ok {
		return nil
	}
	switch len(args) {
	case 0:
		switch name {
		case "lower", "casefold":
			return strings.ToLower(text)
		case "upper":
			return strings.ToUpper(text)
		case "strip":
			return strings.TrimSpace(text)
		case "capitalize":
			if text != "" {
				return strings.ToUpper(text[:1]) + strings.ToLower(text[1:])
			}
		}
	case 1:
		switch name {
		case "removesuffix":
			return strings.TrimSuffix(text, args[0])
		case "removeprefix":
			return strings.TrimPrefix(text, args[0])
		case "strip":
			return strings.Trim(text, args[0])
		case "lstrip":
			return strings.TrimLeft(text, args[0])
		case "rstrip":
			return strings.TrimRight(text, args[0])
		case "split":
			if args[0] != "" {
				return strings.Split(text, args[0])
			}
		}
	case 2:
		if name == "replace" && args[0] != "" && len(text)*(len(args[1])+1) < longestName {
			return strings.ReplaceAll(text, args[0], args[1])
		}
	}
	return nil
}

// regular runs re.sub, re.split and re.findall, and the methods of re.compile.
func (v *evaluator) regular(name string, e *py.Call, callee entity, in *env) any {
	args, ok := v.strings(e, in)
	if compiled, found := strings.CutPrefix(name, "compile()."); found && ok {
		call, isCall := callee.value.(*py.Call)
		if !isCall || len(call.Args) != 1 {
			return nil
		}
		pattern, isText := v.value(call.Args[0], callee.env).(string)
		if !isText {
			return nil
		}
		name, args = compiled, append([]string{pattern}, args...)
	}
	if !ok {
		return nil
	}
	switch {
	case name == "sub" && len(args) == 3:
		if parts, zeroWidth := splitAt(args[0], args[2]); zeroWidth {
			return strings.Join(parts, args[1])
		}
		if p, err := regexp.Compile(args[0]); err == nil && len(args[2])*(len(args[1])+1) < longestName {
			return p.ReplaceAllString(args[2], groups.ReplaceAllString(strings.ReplaceAll(args[1], "$", "$$"), "${$1}"))
		}
	case name == "split" && len(args) == 2:
		if parts, zeroWidth := splitAt(args[0], args[1]); zeroWidth {
			return parts
		}
		if p, err := regexp.Compile(args[0]); err == nil && p.NumSubexp() == 0 {
			return p.Split(args[1], -1)
		}
	case name == "findall" && len(args) == 2:
		if p, err := regexp.Compile(args[0]); err == nil && p.NumSubexp() == 0 {
			return p.FindAllString(args[1], -1)
		}
	}
	return nil
}

var (
	groups = regexp.MustCompile(`\\(?:g<)?(\d)>?`)
	around = regexp.MustCompile(`^\(\?(<!|<=|=|!)([^()]*)\)`)
)

// splitAt cuts a text wherever a pattern matches that consists of looks around alone, such as (?<!^)(?=[A-Z]), which Go's regular
// expressions lack.
func splitAt(pattern, text string) (parts []string, ok bool) {
	type look struct {
		behind, not bool
		at          *regexp.Regexp
	}
	var looks []look
	for pattern != "" {
		m := around.FindStringSubmatch(pattern)
		if m == nil {
			return nil, false
		}
		l := look{behind: m[1][0] == '<', not: m[1][len(m[1])-1] == '!'}
		expr := "^(?:" + m[2] + ")"
		if l.behind {
			expr = "(?:" + m[2] + ")$"
		}
		var err error
		if l.at, err = regexp.Compile(expr); err != nil {
			return nil, false
		}
		looks = append(looks, l)
		pattern = pattern[len(m[0]):]
	}
	if len(looks) == 0 || len(text) > longestName {
		return nil, false
	}
	start := 0
	for i := range len(text) + 1 {
		matches := !slices.ContainsFunc(looks, func(l look) bool {
			side := text[i:]
			if l.behind {
				side = text[:i]
			}
			return l.at.MatchString(side) == l.not
		})
		if matches {
			parts = append(parts, text[start:i])
			start = i
		}
	}
	return append(parts, text[start:]), true
}

// run works out a function of straight assignments and a return.
func (v *evaluator) run(f *function, call *py.Call, in *env) any {
	locals := map[string]any{}
	position := 0
	for _, p := range f.def.Params {
		if call == nil {
			break // a declared_attr, whose class the environment knows
		}
		switch {
		case position < len(call.Args):
			locals[p.Name.Name] = v.value(call.Args[position], in)
			position++
		case keyword(call, p.Name.Name) != nil:
			locals[p.Name.Name] = v.value(keyword(call, p.Name.Name), in)
		case p.Default != nil:
			locals[p.Name.Name] = v.value(p.Default, f.env)
		}
	}
	outer := v.locals
	v.locals = locals
	defer func() { v.locals = outer }()
	for _, s := range f.def.Body {
		switch s := s.(type) {
		case *py.ExprStmt, *py.Pass, *py.Import, *py.ImportFrom:
		case *py.Assign:
			name, ok := s.Targets[0].(*py.Name)
			if !ok || len(s.Targets) > 1 {
				return nil
			}
			locals[name.Name] = v.value(s.Value, f.env)
		case *py.AnnAssign:
			name, ok := s.Target.(*py.Name)
			if !ok {
				return nil
			}
			locals[name.Name] = v.value(s.Value, f.env)
		case *py.Return:
			return v.value(s.Value, f.env)
		default:
			return nil
		}
	}
	return nil
}

// subscript is a slice of a text with constant bounds, or a dictionary's entry.
func (v *evaluator) subscript(e *py.Subscript, in *env) any {
	if key, ok := v.value(e.Index, in).(string); ok {
		found := v.resolve(e.Value, in)
		if dict, ok := found.value.(*py.Dict); ok && found.external == "" {
			if entry := entryOf(dict, key); entry != nil {
				return v.value(entry, found.env)
			}
		}
		return nil
	}
	slice, ok := e.Index.(*py.Slice)
	text, also := v.value(e.Value, in).(string)
	if !ok || !also || slice.Step != nil || strings.ContainsFunc(text, func(c rune) bool { return c > unicode.MaxASCII }) {
		return nil // Python counts characters
	}
	lower, okLower := bound(slice.Lower, 0, len(text))
	upper, okUpper := bound(slice.Upper, len(text), len(text))
	if !okLower || !okUpper || lower > upper {
		return nil
	}
	return text[lower:upper]
}

// bound is the offset that a slice's bound stands for.
func bound(e py.Expr, without, length int) (int, bool) {
	negative := false
	if u, ok := e.(*py.UnaryOp); ok && u.Op == "-" {
		negative = true
		e = u.Operand
	}
	if e == nil {
		return without, true
	}
	number, ok := e.(*py.Number)
	if !ok || len(number.Text) > 4 || strings.Trim(number.Text, "0123456789") != "" {
		return 0, false
	}
	n := 0
	for _, c := range number.Text {
		n = 10*n + int(c-'0')
	}
	if negative {
		return max(length-n, 0), true
	}
	return min(n, length), true
}

// entryOf is the value of a dictionary's key, or nil.
func entryOf(dict *py.Dict, key string) py.Expr {
	for _, item := range slices.Backward(dict.Items) {
		if s, ok := item.Key.(*py.String); ok {
			if text, known := s.Literal(); known && text.Value == key {
				return item.Value
			}
		}
	}
	return nil
}

// comprehension is [f(x) for x in list if x].
func (v *evaluator) comprehension(e *py.Comprehension, in *env) any {
	if len(e.For) != 1 || e.Kind != py.ListComp && e.Kind != py.Generator {
		return nil
	}
	target, ok := e.For[0].Target.(*py.Name)
	list, also := v.value(e.For[0].Iter, in).([]string)
	if !ok || !also || len(list) > longestName {
		return nil
	}
	outer := v.locals
	defer func() { v.locals = outer }()
	out := []string{}
	for _, item := range list {
		v.locals = map[string]any{target.Name: item}
		skip := false
		for _, test := range e.For[0].Ifs {
			name, ok := test.(*py.Name)
			if !ok || name.Name != target.Name {
				return nil
			}
			skip = skip || item == ""
		}
		if skip {
			continue
		}
		text, ok := v.value(e.Elt, in).(string)
		if !ok {
			return nil
		}
		out = append(out, text)
	}
	return out
}
