package reference

import (
	"strings"
	"testing"
)

func TestPosition(t *testing.T) {
	var b Builder
	end := b.Copy("SELECT é,\n  ", Position{"a.go", 3, 5})
	if want := (Position{"a.go", 4, 3}); end != want {
		t.Errorf("Copy ends at %+v, want %+v", end, want)
	}
	b.Copy("name", Position{"b.go", 10, 2})
	b.Replace("\t", Position{"a.go", 4, 9}, 2)
	b.Copy("FROM t", Position{"a.go", 4, 11})
	m := b.Text().Map
	tests := []struct {
		offset int
		want   Position
	}{
		{-1, Position{"a.go", 3, 5}}, {0, Position{"a.go", 3, 5}}, {7, Position{"a.go", 3, 12}}, {9, Position{"a.go", 3, 14}},
		{10, Position{"a.go", 4, 1}}, {12, Position{"b.go", 10, 2}}, {15, Position{"b.go", 10, 5}}, {16, Position{"a.go", 4, 9}},
		{17, Position{"a.go", 4, 11}}, {22, Position{"a.go", 4, 16}}, {23, Position{"a.go", 4, 17}},
	}
	for _, test := range tests {
		if got := m.Position(test.offset); got != test.want {
			t.Errorf("Position(%d) = %+v, want %+v", test.offset, got, test.want)
		}
	}
	ranges := []struct {
		start, end int
		from, to   Position
	}{
		{0, 6, Position{"a.go", 3, 5}, Position{"a.go", 3, 11}},
		{7, 12, Position{"a.go", 3, 12}, Position{"a.go", 4, 3}},
		{12, 16, Position{"b.go", 10, 2}, Position{"b.go", 10, 6}},
		{7, 14, Position{"a.go", 3, 12}, Position{"a.go", 4, 3}},   // into another file
		{14, 19, Position{"b.go", 10, 4}, Position{"b.go", 10, 6}}, // and out of it
		{16, 17, Position{"a.go", 4, 9}, Position{"a.go", 4, 11}},
		{16, 16, Position{"a.go", 4, 9}, Position{"a.go", 4, 11}}, // empty
		{22, 23, Position{"a.go", 4, 16}, Position{"a.go", 4, 17}},
	}
	for _, r := range ranges {
		if from, to := m.Range(r.start, r.end); from != r.from || to != r.to {
			t.Errorf("Range(%d, %d) = %+v-%+v, want %+v-%+v", r.start, r.end, from, to, r.from, r.to)
		}
	}
}

func TestPositionOfAnEmptyMap(t *testing.T) {
	var m SourceMap
	if got := m.Position(3); got != (Position{}) {
		t.Errorf("got %+v", got)
	}
	if from, to := m.Range(0, 3); from != (Position{}) || to != (Position{}) {
		t.Errorf("got %+v-%+v", from, to)
	}
}

func TestBuilderMergesWhatGoesOn(t *testing.T) {
	var b Builder
	p := b.Copy("SELECT ", Position{"a.go", 1, 1})
	p = b.Copy("a", p)
	b.Copy("", Position{"b.go", 1, 1})
	b.Copy(" FROM", p)
	if m := b.Text().Map; len(m) != 1 {
		t.Errorf("got %+v", m)
	}
}

func TestSliceKeepsPlacesAndHoles(t *testing.T) {
	var b Builder
	b.Copy("é; SELECT ", Position{"a.go", 1, 1})
	b.Hole("first", Position{"a.go", 1, 20}, 3)
	b.Copy("; x = ", Position{"a.go", 1, 30})
	b.Hole("second", Position{"a.go", 1, 40}, 3)
	text := b.Text()
	cut := text.Slice(strings.Index(text.SQL, "SELECT"), strings.Index(text.SQL, "; x"))
	if cut.SQL != "SELECT \x00" || len(cut.Holes) != 1 || cut.Holes[0] != "first" {
		t.Errorf("got %+v", cut)
	}
	if got := cut.Map.Position(0); got != (Position{"a.go", 1, 4}) {
		t.Errorf("got %+v", got)
	}
	rest := text.Slice(strings.Index(text.SQL, "x ="), len(text.SQL))
	if rest.SQL != "x = \x00" || len(rest.Holes) != 1 || rest.Holes[0] != "second" {
		t.Errorf("got %+v", rest)
	}
}
