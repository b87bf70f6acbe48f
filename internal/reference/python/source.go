package python

import (
	"github.com/headgate/headgate/internal/reference/fold"
	py "github.com/headgate/headgate/internal/syntax/python"
)

// source is one parsed file.
type source struct {
	*fold.Source
	tree *py.Module
}

func parse(text *fold.Source) *source { return &source{text, py.Parse(text.Text)} }

// at is where a node stands.
func (s *source) at(n py.Node) fold.Place {
	span := n.Range()
	return fold.Place{In: s.Source, Start: span.Start, End: span.End}
}
