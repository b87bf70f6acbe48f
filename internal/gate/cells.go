package gate

// cells are the pairs of code and schema that a check looks at.
type cells []Cell

func newCells(s Subject) cells {
	c := cells{{Name: cellAhead}, {Name: cellEnd}}
	for i := range c {
		if s.Proposed == nil && (s.Histories.Refused || c[i].Name == cellEnd) {
			c[i].Outcome, c[i].Why = "unchecked", s.unbuilt()
		}
	}
	return c
}

// count takes in the findings.
func (c cells) count(findings []Finding) []Cell {
	worst := map[string]int{}
	for i := range c {
		for _, f := range findings {
			if f.Cell != c[i].Name {
				continue
			}
			c[i].Failing++
			if w := len(weight) - weight[f.Severity]; w > worst[f.Cell] {
				worst[f.Cell] = w
			}
		}
		switch {
		case c[i].Outcome != "":
		case worst[c[i].Name] == len(weight):
			c[i].Outcome = "fails"
		case worst[c[i].Name] > 0:
			c[i].Outcome = "warns"
		default:
			c[i].Outcome = "holds"
		}
	}
	return c
}
