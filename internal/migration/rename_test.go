package migration

import (
	"cmp"
	"path"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestNewNames covers the ways in which folders are numbered.
func TestNewNames(t *testing.T) {
	numbers := Tool{Order: func(a, b Revision) int {
		first, _ := strconv.ParseInt(a.Version, 10, 64)
		second, _ := strconv.ParseInt(b.Version, 10, 64)
		return cmp.Compare(first, second)
	}}
	text := Tool{Order: func(a, b Revision) int { return strings.Compare(path.Base(a.File), path.Base(b.File)) }}
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.FixedZone("east", 3600))
	for _, test := range []struct {
		tool       Tool
		last, file string
		want       []string // what the first and the second file get
	}{
		{numbers, "m/0007_a.sql", "m/0003_b.sql", []string{"0008_b.sql", "0009_b.sql"}},
		{numbers, "m/7_a.sql", "m/003_b.up.sql", []string{"8_b.up.sql", "9_b.up.sql"}},
		{numbers, "m/999_a.sql", "m/3_b.sql", []string{"1000_b.sql", "1001_b.sql"}},
		{numbers, "m/V7__a.sql", "m/V3__b.sql", []string{"V8__b.sql", "V9__b.sql"}},
		{numbers, "m/20250101000000_a.sql", "m/20240101000000_b.sql", []string{"20260304040607_b.sql", "20260304040608_b.sql"}},
		{numbers, "m/202501010000_a.sql", "m/202401010000_b.sql", []string{"202603040406_b.sql", "202603040407_b.sql"}},
		{numbers, "m/20300101000000_a.sql", "m/20240101000000_b.sql", []string{"20300101000001_b.sql", "20300101000002_b.sql"}}, // a clock that ran ahead
		{numbers, "m/1700000000_a.sql", "m/1600000000_b.sql", []string{"1772597167_b.sql", "1772597168_b.sql"}},
		{numbers, "m/99999999999999999999_a.sql", "m/3_b.sql", []string{"", ""}},
		{text, "m/99_a.sql", "m/03_b.sql", []string{"", ""}},
		{text, "m/098_a.sql", "m/03_b.sql", []string{"099_b.sql", "100_b.sql"}},
		{text, "m/9_a.sql", "m/b.sql", []string{"", ""}},
	} {
		_, version, _ := numbered(test.last)
		n := newNames(test.tool, now, &History{Revisions: []Revision{{Version: version, File: test.last}}})
		for i, want := range test.want {
			if got := n.after(Revision{File: test.file}); got != want {
				t.Errorf("after %s, %s gets as its name number %d %q, and %q was expected", test.last, test.file, i+1, got, want)
			}
		}
	}
}

// FuzzSQL: an essence has no comment and no white space in it, and its lines ascend.
func FuzzSQL(f *testing.F) {
	f.Add("CREATE TABLE t (id int); -- x\n/* y */ SELECT $$ a\n -- b\n $$;")
	f.Add("$a$ $b$ $b$ $a$ 'x\n' \"y\"")
	f.Fuzz(func(t *testing.T, script string) {
		line := 1
		for _, token := range SQL(script, 1) {
			if token.Line < line || token.Line > strings.Count(script, "\n")+1 {
				t.Fatalf("line %d after %d in %q", token.Line, line, script)
			}
			line = token.Line
		}
		if e := SQL(script, 1); !e.Same(SQL(script, 5)) {
			t.Fatalf("%q is not the same as itself", script)
		}
	})
}
