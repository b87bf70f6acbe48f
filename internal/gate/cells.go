package gate

// cells are the pairs of code and schema, row by row, with what was found in each.
func (j *judge) cells() []Cell {
	names := []string{SchemaReleased, SchemaProposed}
	if j.split() {
		names = []string{SchemaReleased, SchemaExpanded, SchemaProposed}
	}
	var all []Cell
	for _, code := range []string{codeReleased, codeProposed} {
		for i, schema := range names {
			all = append(all, j.cell(code, schema, i))
		}
	}
	return all
}

func (j *judge) cell(code, schema string, at int) Cell {
	c := Cell{Name: cellName(code, schema)}
	switch {
	case at >= len(j.Schemas):
		c.Outcome, c.Why = "unchecked", j.unbuilt()
		return c
	case j.Histories.Refused && code == codeProposed:
		c.Outcome, c.Why = "unchecked", j.unbuilt()
		return c
	case code == codeReleased && at == 0:
		// The baseline: what fails here was failing before.
		c.Outcome, c.Failing = "holds", j.baseline
		if j.baseline > 0 {
			c.Outcome = "warns"
			c.Why = "was failing before"
		}
		return c
	case !j.meet(code, at):
		c.Outcome, c.Why = "unchecked", "this deploy does not bring them together"
		return c
	}
	c.Outcome = "holds"
	worst := len(weight)
	for i := range j.findings {
		f := &j.findings[i]
		if !f.inCell(c.Name) {
			continue
		}
		c.Failing++
		worst = min(worst, weight[f.Severity])
	}
	switch {
	case worst == weight[Error] && j.weight(code, at) == Error:
		c.Outcome = "fails"
	case c.Failing > 0:
		c.Outcome = "warns"
	}
	return c
}

// meet tells whether the deploy brings a code version and a schema together.
func (j *judge) meet(code string, at int) bool {
	for _, m := range j.meets {
		if m.code == code && m.schema == at {
			return true
		}
	}
	return false
}

func (f *Finding) inCell(name string) bool {
	for _, c := range f.Cells {
		if c == name {
			return true
		}
	}
	return f.Cell == name
}
