package python

import (
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestInspectOrder(t *testing.T) {
	text := "@d\nclass A(B, *C, k=v, **w):\n  x: int = f(a=1, *b)\n"
	var got []string
	Inspect(Parse([]byte(text)), func(n Node) bool {
		s := n.Range()
		got = append(got, strings.TrimPrefix(fmt.Sprintf("%T", n), "*python.")+" "+strings.Fields(text[s.Start:s.End] + " .")[0])
		_, call := n.(*Attribute)
		return !call
	})
	want := []string{
		"Module @d", "ClassDef @d", "Name d", "Name B,", "Starred *C,", "Name C,", "Keyword k=v,", "Name v,", "Keyword **w):", "Name w):",
	}
	for i := range want {
		want[i] = strings.TrimRight(want[i], ",):")
	}
	want = append(want, "AnnAssign x:", "Name x", "Name int", "Call f(a=1,", "Name f", "Keyword a=1", "Number 1", "Starred *b", "Name b")
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestInspectLeavesOut(t *testing.T) {
	seen := 0
	Inspect(Parse([]byte("def f():\n  a\nb\n")), func(n Node) bool {
		seen++
		_, def := n.(*FunctionDef)
		return !def
	})
	if seen != 4 { // the module, f, the statement b, the name b
		t.Errorf("%d nodes, want 4", seen)
	}
}

// TestInspectMissesNothing compares with a walk by reflection over all that the tree holds.
func TestInspectMissesNothing(t *testing.T) {
	for _, path := range []string{"testdata/models.py", "testdata/expressions.txtar", "testdata/statements.txtar", "testdata/strings.txtar"} {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var sources []string
		if strings.HasSuffix(path, ".py") {
			sources = []string{string(text)}
		} else {
			for _, c := range strings.Split(string(text), "-- ") {
				if _, source, ok := strings.Cut(c, ".py --\n"); ok {
					sources = append(sources, source)
				}
			}
		}
		for _, source := range sources {
			m := Parse([]byte(source))
			got := map[Node]int{}
			Inspect(m, func(n Node) bool {
				got[n]++
				return true
			})
			want := map[Node]bool{}
			reflectNodes(reflect.ValueOf(m), want)
			for n := range want {
				if got[n] != 1 {
					t.Errorf("%s: %T at %v was visited %d times", path, n, n.Range(), got[n])
				}
			}
			if len(got) != len(want) {
				t.Errorf("%s: %d nodes were visited, there are %d", path, len(got), len(want))
			}
		}
	}
}

func reflectNodes(v reflect.Value, nodes map[Node]bool) {
	switch v.Kind() {
	case reflect.Interface:
		if !v.IsNil() {
			reflectNodes(v.Elem(), nodes)
		}
	case reflect.Pointer:
		if v.IsNil() {
			return
		}
		if n, ok := v.Interface().(Node); ok {
			nodes[n] = true
		}
		reflectNodes(v.Elem(), nodes)
	case reflect.Slice:
		for i := range v.Len() {
			reflectNodes(v.Index(i), nodes)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				reflectNodes(v.Field(i), nodes)
			}
		}
	}
}
