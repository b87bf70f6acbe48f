package diesel

import (
	"strings"
	"testing"
)

func FuzzMetadata(f *testing.F) {
	for _, text := range []string{"", "run_in_transaction = false", "run_in_transaction = true\nx = 1", "run_in_transaction = 1", "[run_in_transaction]", "run_in_transaction = no"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !inTransaction(text) && strings.TrimSpace(text) == "run_in_transaction = true" {
			t.Errorf("%q is read as false", text)
		}
	})
}

func FuzzVersion(f *testing.F) {
	for _, name := range []string{"2024-01-02-030405-0000_trees", "_", "a-b", "--_--"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if v := versionOf(name); strings.ContainsAny(v, "-_") || !strings.HasPrefix(strings.ReplaceAll(name, "-", ""), v) {
			t.Errorf("the version of %q is %q", name, v)
		}
	})
}
