package alembic

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// ansiFunctions are written without parentheses (SQLAlchemy's AnsiFunction).
var ansiFunctions = names("current_timestamp current_date current_time current_user localtime localtimestamp session_user user")

// operators are SQLAlchemy's for Python's.
var operators = map[string]string{"==": "=", "!=": "!=", "<": "<", ">": ">", "<=": "<=", ">=": ">=", "+": "+", "-": "-", "*": "*", "/": "/", "%": "%%"}

var escapedBind = regexp.MustCompile(`\\(:[\w$]*)`)

// unescape takes the backslash from text's \: , which stands for a colon that begins no bind parameter.
func unescape(s str) str { return s.with(escapedBind.ReplaceAllString(s.s, "$1")) }

// expression compiles an SQL expression that the migration builds from SQLAlchemy's functions.
func (f *frame) expressionSQL(v value, at place) (string, error) {
	f.depth++
	defer func() { f.depth-- }()
	if f.depth > maxDepth*4 {
		return "", f.failAt(at, "the expression is nested too deeply")
	}
	switch v := v.(type) {
	case nil:
		return "NULL", nil
	case bool:
		return strconv.FormatBool(v), nil
	case int64, float64:
		return repr(v), nil
	case str:
		return literalSQL(v.s), nil
	case *member:
		if v.class.isText {
			return f.expressionSQL(v.value, at)
		}
	case ref:
		if found, ok := f.resolve(v); ok {
			return f.expressionSQL(found, at)
		}
		return f.expressionSQL(&object{path: string(v), at: at}, at)
	case *object:
		return f.objectSQL(v, at)
	case tuple:
		return f.listSQL(v, at)
	case *list:
		return f.listSQL(v.items, at)
	}
	return "", f.failAt(at, "the SQL expression %s cannot be read", describe(v))
}

func (f *frame) listSQL(items []value, at place) (string, error) {
	parts := make([]string, len(items))
	for i, item := range items {
		var err error
		if parts[i], err = f.expressionSQL(item, at); err != nil {
			return "", err
		}
	}
	return strings.Join(parts, ", "), nil
}

func (f *frame) objectSQL(o *object, at place) (string, error) {
	if isOperator(o.path) {
		return f.operationSQL(o, at)
	}
	if o.recv != nil {
		return f.methodSQL(o, at)
	}
	if name, ok := strings.CutPrefix(o.path, "sqlalchemy.func."); ok {
		return f.functionSQL(name, o, at)
	}
	if name, ok := strings.CutPrefix(o.path, "sqlalchemy.sql.func."); ok {
		return f.functionSQL(name, o, at)
	}
	if name, ok := strings.CutPrefix(o.path, "sqlmodel.func."); ok {
		return f.functionSQL(name, o, at)
	}
	a := &arguments{args: o.args, kwargs: o.kwargs, at: at}
	switch lastPart(o.path) {
	case "text", "literal_column":
		if s, ok := a.get(0, "text").(str); ok {
			return unescape(s).s, nil
		}
	case "true", "True_":
		return "true", nil
	case "false", "False_":
		return "false", nil
	case "null":
		return "NULL", nil
	case "now":
		return "now()", nil
	case "Column", "mapped_column":
		if name, ok := columnName(o); ok {
			return quote(name), nil
		}
	case "column":
		if s, ok := a.get(0, "text").(str); ok {
			return quote(s.s), nil
		}
	case "literal", "bindparam", "inline_literal":
		return f.expressionSQL(a.get(0, "value"), at)
	case "DefaultClause":
		return f.defaultSQL(a.get(0, "arg"), at)
	case "and_", "or_":
		joined := make([]string, len(o.args))
		for i, arg := range o.args {
			part, err := f.expressionSQL(arg, at)
			if err != nil {
				return "", err
			}
			joined[i] = "(" + part + ")"
		}
		return strings.Join(joined, " "+strings.ToUpper(strings.TrimSuffix(lastPart(o.path), "_"))+" "), nil
	case "not_":
		part, err := f.expressionSQL(a.get(0, ""), at)
		return "NOT (" + part + ")", err
	case "desc", "asc", "nullsfirst", "nullslast", "nulls_first", "nulls_last":
		return f.ordered(a.get(0, "column"), lastPart(o.path), at)
	case "cast", "type_coerce":
		inner, err := f.expressionSQL(a.get(0, "expression"), at)
		if err != nil {
			return "", err
		}
		t, err := f.typeOf(a.get(1, "type_"), at)
		return "CAST(" + inner + " AS " + t.sql + ")", err
	case "array":
		inner, err := f.expressionSQL(a.get(0, "clauses"), at)
		return "ARRAY[" + inner + "]", err
	}
	return "", f.failAt(at, "the SQL expression %s cannot be read", describe(o))
}

func (f *frame) functionSQL(name string, o *object, at place) (string, error) {
	if o.args == nil {
		return "", f.failAt(at, "the function %s is not called", o.path)
	}
	if lowered := strings.ToLower(name); ansiFunctions[lowered] && len(o.args) == 0 {
		return strings.ToUpper(lowered), nil
	}
	inner, err := f.listSQL(o.args, at)
	parts := strings.Split(name, ".")
	for i, p := range parts {
		if p = strings.TrimSuffix(p, "_"); legalName.MatchString(strings.ToUpper(p)) && !reserved[strings.ToLower(p)] || i == len(parts)-1 && strings.ToLower(p) == p && legalName.MatchString(strings.ToUpper(p)) {
			parts[i] = p
		} else {
			parts[i] = quote(p)
		}
	}
	return strings.Join(parts, ".") + "(" + inner + ")", err
}

func (f *frame) operationSQL(o *object, at place) (string, error) {
	var parts []string
	for _, arg := range o.args {
		part, err := f.expressionSQL(arg, at)
		if err != nil {
			return "", err
		}
		if inner, ok := arg.(*object); ok && (isOperator(inner.path) || isOneOf(lastPart(inner.path), "and_", "or_")) {
			part = "(" + part + ")"
		}
		parts = append(parts, part)
	}
	if len(parts) == 1 {
		if o.path == "~" {
			return "NOT " + parts[0], nil
		}
		return o.path + parts[0], nil
	}
	switch o.path {
	case "&":
		return parts[0] + " AND " + parts[1], nil
	case "|":
		return parts[0] + " OR " + parts[1], nil
	case "==", "!=":
		if parts[1] == "NULL" {
			return parts[0] + map[string]string{"==": " IS NULL", "!=": " IS NOT NULL"}[o.path], nil
		}
	}
	if op, ok := operators[o.path]; ok && op != "%%" {
		return parts[0] + " " + op + " " + parts[1], nil
	}
	return "", f.failAt(at, "the operator %s of an SQL expression cannot be read", o.path)
}

// methodSQL compiles column.desc(), table.c.name, expression.is_(None) and the like.
func (f *frame) methodSQL(o *object, at place) (string, error) {
	name := strings.TrimPrefix(o.path, ".")
	if parent, ok := o.recv.(*object); ok && o.args == nil && (parent.path == ".c" || parent.path == ".columns") {
		return quote(name), nil
	}
	if _, column, ok := f.columnOf(o); ok {
		return quote(column), nil
	}
	a := &arguments{args: o.args, kwargs: o.kwargs, at: at}
	switch name {
	case "desc", "asc", "nullsfirst", "nullslast", "nulls_first", "nulls_last":
		return f.ordered(o.recv, name, at)
	case "label", "self_group", "execution_options", "collate":
		if name == "collate" {
			break
		}
		return f.expressionSQL(o.recv, at)
	case "[]":
		if parent, ok := o.recv.(*object); ok && len(o.args) == 1 && (parent.path == ".c" || parent.path == ".columns") {
			if s, ok := o.args[0].(str); ok {
				return quote(s.s), nil
			}
		}
	case "next_value":
		if s, ok := o.recv.(*object); ok && len(s.args) > 0 {
			if n, ok := s.args[0].(str); ok {
				return "nextval(" + literalSQL(qualified(n.s, s.kwargs["schema"])) + ")", nil
			}
		}
	case "is_", "is_not", "isnot", "in_", "notin_", "not_in", "like", "ilike", "cast", "op":
		return f.comparisonSQL(o, name, a, at)
	case "()":
		if op, ok := o.recv.(*object); ok && op.path == ".op" && len(o.args) == 1 && len(op.args) > 0 {
			left, err := f.expressionSQL(op.recv, at)
			if err != nil {
				return "", err
			}
			right, err := f.expressionSQL(o.args[0], at)
			sign, _ := op.args[0].(str)
			return left + " " + sign.s + " " + right, err
		}
	}
	return "", f.failAt(at, "%s of an SQL expression cannot be read", describe(o))
}

func (f *frame) comparisonSQL(o *object, name string, a *arguments, at place) (string, error) {
	left, err := f.expressionSQL(o.recv, at)
	if err != nil {
		return "", err
	}
	if name == "cast" {
		t, err := f.typeOf(a.get(0, "type_"), at)
		return "CAST(" + left + " AS " + t.sql + ")", err
	}
	right, err := f.expressionSQL(a.get(0, "other"), at)
	switch name {
	case "is_":
		return left + " IS " + right, err
	case "is_not", "isnot":
		return left + " IS NOT " + right, err
	case "in_":
		return left + " IN (" + right + ")", err
	case "notin_", "not_in":
		return left + " NOT IN (" + right + ")", err
	case "like", "ilike":
		return left + " " + strings.ToUpper(name) + " " + right, err
	}
	return "", f.failAt(at, "%s() of an SQL expression cannot be read", name)
}

func (f *frame) ordered(v value, how string, at place) (string, error) {
	if s, ok := v.(str); ok {
		return quote(s.s) + orders[how], nil
	}
	inner, err := f.expressionSQL(v, at)
	return inner + orders[how], err
}

var orders = map[string]string{"desc": " DESC", "asc": " ASC", "nullsfirst": " NULLS FIRST", "nullslast": " NULLS LAST",
	"nulls_first": " NULLS FIRST", "nulls_last": " NULLS LAST"}

// defaultSQL compiles a server default: a string is a literal, all else an expression.
func (f *frame) defaultSQL(v value, at place) (string, error) {
	switch v := v.(type) {
	case str:
		return literalSQL(v.s), nil
	case bool, int64, float64, nil:
		return "", f.failAt(at, "SQLAlchemy refuses the server default %s: it must be a string or an SQL expression", repr(v))
	}
	return f.expressionSQL(v, at)
}

// conditionSQL is a string or an expression that holds SQL as it is.
func (f *frame) conditionSQL(v value, at place) (string, error) {
	if s, ok := v.(str); ok {
		return unescape(s).s, nil
	}
	return f.expressionSQL(v, at)
}

// identityOptions writes what Identity and Sequence share (DDLCompiler.get_identity_options).
func identityOptions(a *arguments, first int, defaultStart bool) string {
	var parts []string
	numbers := []struct{ name, sql string }{{"increment", "INCREMENT BY"}, {"start", "START WITH"}, {"minvalue", "MINVALUE"}, {"maxvalue", "MAXVALUE"}}
	positions := map[string]int{"start": first, "increment": first + 1, "minvalue": first + 2, "maxvalue": first + 3}
	for _, n := range numbers {
		if v, ok := a.get(positions[n.name], n.name).(int64); ok {
			parts = append(parts, fmt.Sprintf("%s %d", n.sql, v))
		} else if n.name == "start" && defaultStart {
			parts = append(parts, "START WITH 1")
		}
	}
	if is, _ := truth(a.get(first+4, "nominvalue")); is {
		parts = append(parts, "NO MINVALUE")
	}
	if is, _ := truth(a.get(first+5, "nomaxvalue")); is {
		parts = append(parts, "NO MAXVALUE")
	}
	if n, ok := a.kwargs["cache"].(int64); ok {
		parts = append(parts, fmt.Sprintf("CACHE %d", n))
	}
	if v, ok := a.take(first+6, "cycle"); ok && v != nil {
		if is, _ := truth(v); is {
			parts = append(parts, "CYCLE")
		} else {
			parts = append(parts, "NO CYCLE")
		}
	}
	return strings.Join(parts, " ")
}
