package syntax

import (
	"strings"
	"unicode"
)

// SnakeCase is a name in CamelCase with underscores between its words, as Flask-SQLAlchemy makes a table's name of a class's
// (flask_sqlalchemy.model.camel_to_snake_case).
func SnakeCase(name string) string {
	var b strings.Builder
	runes := []rune(name)
	for i, c := range runes {
		lowerBefore := i > 0 && (unicode.IsLower(runes[i-1]) || unicode.IsDigit(runes[i-1]))
		lowerAfter := i+1 < len(runes) && unicode.IsLower(runes[i+1])
		if unicode.IsUpper(c) && (lowerBefore || i > 0 && lowerAfter) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(c))
	}
	return strings.TrimLeft(b.String(), "_")
}
