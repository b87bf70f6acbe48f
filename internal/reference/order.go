package reference

import (
	"cmp"
	"iter"
	"slices"
)

// InOrder yields what a language has read, in the order of the places, each unchecked place once for a reason: the ways through
// a function can give a text with one hole many times, and it is one place that was not checked. of is the reference
// that an item holds. The list is sorted in place.
func InOrder[T any](list []T, of func(T) Reference) iter.Seq[T] {
	slices.SortStableFunc(list, func(a, b T) int {
		p, q := of(a).Place, of(b).Place
		return cmp.Or(cmp.Compare(p.File, q.File), cmp.Compare(p.Line, q.Line), cmp.Compare(p.Column, q.Column))
	})
	type hole struct {
		at     Position
		reason string
	}
	return func(yield func(T) bool) {
		seen := map[hole]bool{}
		for _, item := range list {
			if r := of(item); r.Unchecked != "" {
				h := hole{r.Place, r.Unchecked}
				if seen[h] {
					continue
				}
				seen[h] = true
			}
			if !yield(item) {
				return
			}
		}
	}
}
