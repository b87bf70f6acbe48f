package python

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

var update = flag.Bool("update", false, "write the trees into the cases")

// TestTrees parses the NAME.py of each case and compares its tree with NAME.tree.
func TestTrees(t *testing.T) {
	cases, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(cases) == 0 {
		t.Fatal("no cases in testdata", err)
	}
	for _, path := range cases {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		wellFormed := !strings.HasSuffix(path, "recovery.txtar")
		for i := 0; i+1 < len(archive.Files); i += 2 {
			source, want := archive.Files[i], &archive.Files[i+1]
			name := strings.TrimSuffix(source.Name, ".py")
			if want.Name != name+".tree" {
				t.Fatalf("%s: %s is followed by %s", path, source.Name, want.Name)
			}
			t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar")+"/"+name, func(t *testing.T) {
				m := Parse(source.Data)
				checkTree(t, source.Data, m)
				got := dump(m, source.Data, false)
				if *update {
					want.Data = []byte(got)
					return
				}
				if got != string(want.Data) {
					t.Errorf("got:\n%s\nwant:\n%s", got, want.Data)
				}
				if wellFormed && len(m.Bad) > 0 {
					t.Errorf("at %d: %s", m.Bad[0].At, m.Bad[0].Message)
				}
			})
		}
		if *update {
			if err := os.WriteFile(path, txtar.Format(archive), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}
