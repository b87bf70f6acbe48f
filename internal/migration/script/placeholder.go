package script

import (
	"regexp"
	"strings"
)

// template is what stands for a variable in the SQL of tools and libraries that template it: ${name}, {{ name }}, {{ .Name }},
// /* TEMPLATE: name */ (River).
var template = regexp.MustCompile(`\$\{\s*([\w.:-]+)\s*\}|\{\{-?\s*\.?([\w.-]+)\s*-?\}\}|/\*\s*TEMPLATE:\s*([\w.-]+)\s*\*/`)

// word is the name of a variable. Any other name of a placeholder stands for itself.
var word = regexp.MustCompile(`^[\w.:-]+$`)

// lineEnds are what would give the lines behind a value other numbers.
var lineEnds = strings.NewReplacer("\r\n", " ", "\r", " ", "\n", " ")

// OneLine is a placeholder's value on one line.
func OneLine(value string) string { return lineEnds.Replace(value) }

// sameLines is a value on as many lines as the placeholder has.
func sameLines(value, placeholder string) string {
	return OneLine(value) + strings.Repeat("\n", strings.Count(placeholder, "\n"))
}

// Expand puts the values of placeholders into a text, for formats whose tool has no templates of its own: something else
// has filled them in before the tool sees the file. What has no value stays as it is. Every line keeps its number.
func Expand(text string, placeholders map[string]string) string {
	if len(placeholders) == 0 {
		return text
	}
	text = template.ReplaceAllStringFunc(text, func(found string) string {
		m := template.FindStringSubmatch(found)
		if value, ok := placeholders[m[1]+m[2]+m[3]]; ok {
			return sameLines(value, found)
		}
		return found
	})
	var literal []string
	for name, value := range placeholders {
		if !word.MatchString(name) {
			literal = append(literal, name, sameLines(value, name))
		}
	}
	return strings.NewReplacer(literal...).Replace(text)
}
