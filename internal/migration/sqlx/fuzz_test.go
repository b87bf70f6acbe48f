package sqlx

import (
	"strings"
	"testing"
)

func FuzzParse(f *testing.F) {
	for _, name := range []string{"1_trees.sql", "-1_a.up.sql", "+01_a_b.down.sql.down.sql", "_.sql", "x_.sql", "1_sql", "9223372036854775808_a.sql"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		got, ok := parse(name)
		if ok && (!strings.HasSuffix(name, got.way) || strings.Contains(got.description, "_") || strings.HasSuffix(got.description, got.way)) {
			t.Errorf("%q is read as %+v", name, got)
		}
	})
}

func FuzzSettings(f *testing.F) {
	f.Add("[migrate]\ntable-name = \"a.b\"\nignored-chars = [\"\\r\", \" \", \"\"]\n", "CREATE TABLE trees (\r\n id bigint);\n")
	f.Add("migrate = 1", "")
	f.Add("[migrate", "\n\n")
	f.Fuzz(func(t *testing.T, settings, text string) {
		s, err := parseSettings("sqlx.toml", settings)
		if err != nil {
			return
		}
		if s.Table == "" {
			t.Error("the version table has no name")
		}
		var whole strings.Builder
		for _, token := range s.essence(text) {
			whole.WriteString(token.Text)
		}
		if len(s.Ignored) == 0 && whole.String() != text {
			t.Errorf("the essence of %q is %q", text, whole.String())
		}
	})
}
