package atlas

import (
	"strings"
	"testing"
)

// FuzzSplit holds that each message stands in the file at the place that it says.
func FuzzSplit(f *testing.F) {
	for _, text := range []string{"SELECT 1;\nSELECT 2", "-- atlas:delimiter -- end\nSELECT 1\n-- end\n  SELECT 2;\n-- end", "-- atlas:delimiter \\n\\n\nSELECT 1\n\nSELECT 1", "SELECT $a$;$a$;\r\n é; é;", "DELIMITER //\nSELECT 1//"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		messages, err := split("1.sql", text)
		if err != nil {
			return
		}
		lines := strings.Split(text, "\n")
		for _, m := range messages {
			first, _, _ := strings.Cut(m.SQL, "\n")
			if at := m.Lines[0]; at < 1 || at > len(lines) || !strings.Contains(lines[at-1], first) {
				t.Errorf("%q is not in line %d of %q", first, at, text)
			}
		}
	})
}
