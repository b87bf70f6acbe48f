package python

import (
	"slices"
	"testing"
	"testing/fstest"
)

func TestDependents(t *testing.T) {
	tree := fstest.MapFS{
		"app/mixins/stamp.py":  {Data: []byte("class Stamp: pass\n")},
		"app/mixins/other.py":  {Data: []byte("x = 1\n")},
		"app/base/__init__.py": {Data: []byte("from ..mixins.stamp import (\n    Stamp,\n)\n")},
		"app/models/tree.py":   {Data: []byte("from app.base import Base\n")},
		"app/models/leaf.py":   {Data: []byte("def f():\n    import app.models.tree as t\n")},
		"app/alone.py":         {Data: []byte("from app.mixins import other\n# stamp\n")},
		"tool.py":              {Data: []byte("import os, app.mixins.stamp\n")},
	}
	var files []string
	for name := range tree {
		files = append(files, name)
	}
	slices.Sort(files)
	got, err := Language{}.Dependents(tree, files, []string{"app/mixins/stamp.py", "README.md"})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(got)
	if want := []string{"app/base/__init__.py", "app/models/leaf.py", "app/models/tree.py", "tool.py"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got, err := (Language{}).Dependents(tree, files, []string{"db/1.sql"}); len(got) != 0 || err != nil {
		t.Errorf("no changed module, but %v, %v", got, err)
	}
}
