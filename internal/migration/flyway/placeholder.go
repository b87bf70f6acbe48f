package flyway

import (
	"fmt"
	"strings"

	"github.com/headgate/headgate/internal/migration"
	"github.com/headgate/headgate/internal/migration/script"
)

// replace puts values in for the placeholders, in comments and strings too, as Flyway does (PlaceholderReplacingReader.java).
// Names differ in no case. One without a value is an error: Flyway refuses it. Every line keeps its number.
func (s *settings) replace(file, text string, values map[string]string) (string, error) {
	if !strings.Contains(text, s.placeholderPrefix) {
		return text, nil
	}
	byName := make(map[string]string, len(values))
	for n, value := range values {
		byName[strings.ToLower(n)] = value
	}
	var b strings.Builder
	for line := 1; ; {
		before, rest, found := strings.Cut(text, s.placeholderPrefix)
		b.WriteString(before)
		if !found {
			return b.String(), nil
		}
		line += strings.Count(before, "\n")
		placeholder, after, closed := strings.Cut(rest, s.placeholderSuffix)
		value, known := byName[strings.ToLower(placeholder)]
		if !closed || !known {
			shown, _, _ := strings.Cut(placeholder, "\n")
			return "", &migration.Error{
				File: file, Line: line,
				Problem: fmt.Sprintf("no value is known for the placeholder %s%.100s%s, so that Flyway refuses the migration", s.placeholderPrefix, shown, s.placeholderSuffix),
				Remedy:  "set one with `placeholders`, or in flyway.toml or flyway.conf",
			}
		}
		b.WriteString(script.OneLine(value))
		line += strings.Count(placeholder, "\n")
		b.WriteString(strings.Repeat("\n", strings.Count(placeholder, "\n")))
		text = after
	}
}
