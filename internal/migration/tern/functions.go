package tern

import (
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig/v3"
)

// withSprig adds the names of sprig's functions, which tern gives to its templates.
func withSprig(names map[string]any) map[string]any {
	for name := range sprig.TxtFuncMap() {
		names[name] = true
	}
	return names
}

// harmless are those of sprig's functions that give the same for the same, that look at nothing outside, and whose work is in
// proportion to what they are given.
var harmless = words(`abbrev abbrevboth trunc trim upper lower title untitle substr trimall trimAll trimSuffix trimPrefix nospace initials
	swapcase snakecase camelcase kebabcase contains hasPrefix hasSuffix quote squote cat plural sha1sum sha256sum sha512sum adler32sum toString
	atoi int64 int float64 toDecimal split splitList splitn toStrings add1 add sub div mod mul add1f addf subf divf mulf biggest max min maxf
	minf ceil floor round sortAlpha default empty coalesce all any compact mustCompact fromJson toJson toRawJson mustFromJson mustToJson
	mustToRawJson ternary deepCopy mustDeepCopy typeOf typeIs typeIsLike kindOf kindIs deepEqual base dir clean ext isAbs b64enc b64dec b32enc
	b32dec tuple list dict get set unset pluck keys pick omit merge mergeOverwrite mustMerge mustMergeOverwrite append push mustAppend
	mustPush prepend mustPrepend first mustFirst rest mustRest last mustLast initial mustInitial reverse mustReverse slice mustSlice concat
	dig chunk mustChunk semver semverCompare fail regexQuoteMeta urlParse urlJoin`)

// growing are those whose result or whose work can be out of proportion, each with an estimate of it in bytes.
var growing = map[string]func(args []any) int{
	"repeat":    func(args []any) int { return product(number(args, 0), length(args, 1)) },
	"indent":    func(args []any) int { return product(number(args, 0), 1+strings.Count(text(args, 1), "\n")) },
	"nindent":   func(args []any) int { return product(number(args, 0), 1+strings.Count(text(args, 1), "\n")) },
	"replace":   func(args []any) int { return product(1+strings.Count(text(args, 2), text(args, 0)), length(args, 1)) },
	"join":      func(args []any) int { return product(items(args, 1), length(args, 0)) },
	"until":     func(args []any) int { return product(number(args, 0), itemSize) },
	"untilStep": spread,
	"seq":       spread,
	"uniq":      func(args []any) int { return product(items(args, 0), items(args, 0)) },
	"mustUniq":  func(args []any) int { return product(items(args, 0), items(args, 0)) },
	"without":   func(args []any) int { return product(items(args, 0), len(args)) },
	"has":       func(args []any) int { return items(args, 1) },
	"print":     func([]any) int { return 0 },
	"println":   func([]any) int { return 0 },
	"printf":    printed,
	"html":      func([]any) int { return 0 },
	"js":        func([]any) int { return 0 },
	"urlquery":  func([]any) int { return 0 },
	"not":       func([]any) int { return 0 },

	"regexMatch": searched, "mustRegexMatch": searched, "regexFind": searched, "mustRegexFind": searched,
	"regexFindAll": searched, "mustRegexFindAll": searched, "regexSplit": searched, "mustRegexSplit": searched,
	"regexReplaceAll": replaced, "mustRegexReplaceAll": replaced, "regexReplaceAllLiteral": replaced, "mustRegexReplaceAllLiteral": replaced,
}

// instead are functions of the template library's own that are held down as well.
var instead = map[string]any{
	"print": fmt.Sprint, "println": fmt.Sprintln, "printf": fmt.Sprintf,
	"html": template.HTMLEscaper, "js": template.JSEscaper, "urlquery": template.URLQueryEscaper,
	"not": func(v any) bool { holds, _ := template.IsTrue(v); return !holds },
}

// functions are those that a template can call.
func (l *limits) functions() map[string]any {
	functions := map[string]any{}
	for name, f := range sprig.TxtFuncMap() {
		switch {
		case harmless[name] || growing[name] != nil:
			functions[name] = l.limited(name, f)
		default:
			functions[name] = func(...any) (string, error) { return "", refused(name) }
		}
	}
	for name, f := range instead {
		functions[name] = l.limited(name, f)
	}
	functions["env"] = l.variable
	functions["hasKey"] = func(of map[string]any, key string) bool {
		value, there := of[key]
		_, gone := value.(absent)
		return there && !gone
	}
	return functions
}

func refused(name string) *refusal {
	return &refusal{
		fmt.Sprintf("Headgate does not call the template function %s, which looks at the machine, gives another result each time, or can take for ever", name),
		"give the value with `placeholders` and name it in the template, or set `migrate-command` to your own call of tern",
	}
}

// variable is env. The environment is not for what a pull request brings: placeholders stand for it.
func (l *limits) variable(name string) (string, error) {
	if value, ok := l.env(name); ok {
		return value, nil
	}
	return "", &refusal{fmt.Sprintf("the template reads the environment variable %s", name), fmt.Sprintf("give its value with `placeholders`, as %s=VALUE", name)}
}

// limited is a function that is measured before and after.
func (l *limits) limited(name string, f any) any {
	inner := reflect.ValueOf(f)
	t := inner.Type()
	in := make([]reflect.Type, t.NumIn())
	for i := range in {
		in[i] = t.In(i)
	}
	failed := reflect.TypeFor[error]()
	outer := reflect.FuncOf(in, []reflect.Type{t.Out(0), failed}, t.IsVariadic())
	return reflect.MakeFunc(outer, func(args []reflect.Value) []reflect.Value {
		fail := func(err error) []reflect.Value {
			return []reflect.Value{reflect.Zero(t.Out(0)), reflect.ValueOf(&err).Elem()}
		}
		if err := l.before(name, args, t.IsVariadic()); err != nil {
			return fail(err)
		}
		call := inner.Call
		if t.IsVariadic() {
			call = inner.CallSlice
		}
		results := call(args)
		if len(results) == 2 && !results[1].IsNil() {
			return results
		}
		result := results[0].Interface()
		if _, gone := result.(absent); !gone { // else it matters to whom it is given
			if err := l.check(name, nil, result); err != nil {
				return fail(err)
			}
		}
		return []reflect.Value{results[0], reflect.Zero(failed)}
	}).Interface()
}

func (l *limits) before(name string, args []reflect.Value, variadic bool) error {
	var values []any
	for i, arg := range args {
		if !variadic || i < len(args)-1 {
			values = append(values, arg.Interface())
			continue
		}
		for j := range arg.Len() {
			values = append(values, arg.Index(j).Interface())
		}
	}
	if err := l.check(name, nil, values...); err != nil {
		return err
	}
	if estimate := growing[name]; estimate != nil {
		size := estimate(values)
		if size > mostSize {
			return &refusal{fmt.Sprintf("the function %s would give, or would go through, more than Headgate lets it", name), "write the SQL out"}
		}
		return l.spend(size)
	}
	return nil
}

// product is of two numbers as far as it matters; neither is negative for the functions that ask.
func product(a, b int) int {
	a, b = max(a, 0), max(b, 0)
	if a > mostSize || b > mostSize {
		if a == 0 || b == 0 {
			return 0
		}
		return mostSize + 1
	}
	return a * b
}

func text(args []any, at int) string {
	if at < len(args) {
		if s, ok := args[at].(string); ok {
			return s
		}
	}
	return ""
}

func length(args []any, at int) int { return len(text(args, at)) }

func number(args []any, at int) int {
	if at < len(args) {
		if n, ok := args[at].(int); ok {
			return n
		}
	}
	return 0
}

func items(args []any, at int) int {
	if at < len(args) {
		if v := reflect.ValueOf(args[at]); v.Kind() == reflect.Slice || v.Kind() == reflect.Array || v.Kind() == reflect.Map {
			return v.Len()
		}
	}
	return 1
}

// spread is for functions that count from one number to another.
func spread(args []any) int {
	most := 0
	for i := range args {
		n := number(args, i)
		most = max(most, n, -n)
	}
	return product(most, 2*itemSize)
}

// wide is a verb that pads its value far, or as far as an argument says.
var wide = regexp.MustCompile(`%[^%a-zA-Z]*(\d{4}|\*)`)

func printed(args []any) int {
	format := text(args, 0)
	if wide.MatchString(format) {
		return mostSize + 1
	}
	m := measure{}
	for _, v := range args[1:] {
		m.add(reflect.ValueOf(v), 0)
	}
	return product(strings.Count(format, "%"), m.size+1000)
}

// searched is for functions of a regular expression and a text, whose work is the product of the two.
func searched(args []any) int {
	pattern := text(args, 0)
	if len(pattern) > 1000 || strings.Contains(pattern, "{") {
		return mostSize + 1
	}
	return product(len(pattern), length(args, 1))
}

// replaced is likewise, and each place found, which can be any, is replaced.
func replaced(args []any) int {
	found := 1 + length(args, 1)
	return max(searched(args), product(found, length(args, 2)+strings.Count(text(args, 2), "$")*length(args, 1)))
}
