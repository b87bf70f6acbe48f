package liquibase

import (
	"regexp"
	"slices"
	"strings"
)

var (
	nested = regexp.MustCompile(`\([^()]+\)`)
	listed = regexp.MustCompile(`\s*,\s*`)
	orWord = regexp.MustCompile(`\s+or\s+`)
	and    = regexp.MustCompile(`\s+and\s+`)
)

// matches tells whether an expression on contexts or labels holds for items (ExpressionMatcher.java). Without items all hold but
// those that ask for one with @.
func matches(expression string, items []string) bool {
	expression = strings.TrimSpace(expression)
	switch expression {
	case ":TRUE":
		return true
	case ":FALSE":
		return false
	}
	for {
		at := nested.FindStringIndex(expression)
		if at == nil {
			break
		}
		value := " :FALSE "
		if matches(expression[at[0]+1:at[1]-1], items) {
			value = " :TRUE "
		}
		expression = expression[:at[0]] + value + expression[at[1]:]
	}
	expression = listed.ReplaceAllString(expression, " or ")
	holds := func(part string) bool { return matches(part, items) }
	if parts := orWord.Split(expression, -1); len(parts) > 1 {
		return slices.ContainsFunc(parts, holds)
	}
	if parts := and.Split(expression, -1); len(parts) > 1 {
		return !slices.ContainsFunc(parts, func(part string) bool { return !holds(part) })
	}
	return term(strings.TrimSpace(expression), items)
}

func term(expression string, items []string) bool {
	negated, required := false, false
	if rest, ok := strings.CutPrefix(expression, "@"); ok {
		required, expression = true, strings.TrimSpace(rest)
	}
	if rest, ok := strings.CutPrefix(expression, "!"); ok {
		negated, expression = true, strings.TrimSpace(rest)
	} else if len(expression) > 4 && strings.EqualFold(expression[:4], "not ") {
		negated, expression = true, strings.TrimSpace(expression[4:])
	}
	if rest, ok := strings.CutPrefix(expression, "@"); ok {
		required, expression = true, strings.TrimSpace(rest)
	}
	switch {
	case !required && len(items) == 0:
		return true
	case expression == ":TRUE":
		return !negated
	case expression == ":FALSE":
		return negated
	}
	has := slices.ContainsFunc(items, func(item string) bool {
		return strings.EqualFold(strings.TrimSpace(strings.TrimPrefix(item, "@")), expression)
	})
	return has != negated
}

// all joins what a changeset and the changelogs above it say of contexts to one expression, as the table has it
// (ChangeSet.java, buildFullContext).
func all(contexts []string) string {
	parts := make([]string, len(contexts))
	for i, c := range contexts {
		if parts[i] = c; strings.ContainsAny(c, ", ") {
			parts[i] = "(" + c + ")"
		}
	}
	return strings.Join(parts, " AND ")
}
