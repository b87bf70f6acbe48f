package migration_test

import (
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/migration"
)

// FuzzLocator looks for a text and a statement of it that are not found at their lines, or that are found where they are not.
func FuzzLocator(f *testing.F) {
	f.Add("CREATE TABLE a (\n  id int\n);\n", 0, 3)
	f.Add("\r\n  x\r\n\ty\r\n", 1, 1)
	f.Fuzz(func(t *testing.T, text string, first, count int) {
		lines := strings.Split(text, "\n")
		if first < 0 || count < 1 || first >= len(lines) || count > len(lines)-first {
			return
		}
		sql := strings.TrimSpace(strings.ReplaceAll(strings.Join(lines[first:first+count], "\n"), "\r", ""))
		if sql == "" || strings.Contains(text, "\r") && !strings.Contains(text, "\r\n") {
			return
		}
		s, ok := migration.NewLocator(text).Locate(sql)
		if !ok {
			if strings.Count(text, "\r") == strings.Count(text, "\r\n") {
				t.Fatalf("%q is not found in %q", sql, text)
			}
			return
		}
		for i, line := range strings.Split(sql, "\n") {
			if n := s.Lines[i]; strings.TrimSpace(lines[n-1]) != strings.TrimSpace(line) {
				t.Errorf("line %d of %q is not %q", n, text, line)
			}
		}
		s.Position(len(sql))
	})
}
