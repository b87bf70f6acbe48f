package gate_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/headgate/headgate/internal/gate"
	"github.com/headgate/headgate/internal/reference"
	"github.com/headgate/headgate/internal/schema"
)

// weights is what a failure in a cell weighs in each order: the table of the documentation, written down a second time.
var weights = map[gate.Order]map[string]gate.Severity{
	gate.CodeFirst:    {"C1xS0": gate.Error, "C1xS1": gate.Error, "C0xS1": gate.Warning},
	gate.MigrateFirst: {"C1xS0": gate.Notice, "C1xS1": gate.Error, "C0xS1": gate.Error},
	gate.Either:       {"C1xS0": gate.Error, "C1xS1": gate.Error, "C0xS1": gate.Error},
	gate.RollbackSafe: {"C1xS0": gate.Notice, "C1xS1": gate.Error, "C0xS1": gate.Error},
}

// cellsOf are the cells of a statement's code versions on one schema, without the baseline.
func (s *random) cellsOf(at int) []string {
	var cells []string
	if s.released && at == 1 {
		cells = append(cells, "C0xS1")
	}
	if s.proposed {
		cells = append(cells, fmt.Sprintf("C1xS%d", at))
	}
	return cells
}

func worst(order gate.Order, cells []string) gate.Severity {
	for _, severity := range []gate.Severity{gate.Error, gate.Warning, gate.Notice} {
		for _, c := range cells {
			if weights[order][c] == severity {
				return severity
			}
		}
	}
	return ""
}

// said are the cells that a finding speaks of, sorted.
func said(f gate.Finding) []string {
	cells := slices.Clone(f.Cells)
	if len(cells) == 0 {
		cells = []string{f.Cell}
	}
	slices.Sort(cells)
	return cells
}

// compare holds the findings of one order against the oracle.
func (r *round) compare(order gate.Order, findings []gate.Finding) {
	by := map[string]map[string][]gate.Finding{}
	for _, f := range findings {
		if by[f.File] == nil {
			by[f.File] = map[string][]gate.Finding{}
		}
		by[f.File][f.Rule] = append(by[f.File][f.Rule], f)
	}
	for i, s := range r.statements {
		c := comparison{round: r, order: order, i: i, s: s, rules: by[s.file]}
		c.drift()
		c.required()
		c.shape()
		c.untouched()
	}
}

// comparison is of one statement in one order.
type comparison struct {
	*round
	order gate.Order
	i     int
	s     *random
	rules map[string][]gate.Finding
}

func (c *comparison) wrong(text string, args ...any) {
	c.Helper()
	var found strings.Builder
	for _, rule := range slices.Sorted(maps.Keys(c.rules)) {
		for _, f := range c.rules[rule] {
			fmt.Fprintf(&found, "  found: %d:%d-%d:%d %s %s %v: %s\n", f.Line, f.Column, f.EndLine, f.EndColumn, f.Severity, f.Rule, said(f), f.Message)
		}
	}
	c.Errorf("%s: %s\n%s  proposed %v, released %v: %s", c.order, fmt.Sprintf(text, args...), found.String(), c.s.proposed, c.s.released, c.story(c.i))
}

// drift: a cell has a finding where the statement fails on its schema and not on the other one.
func (c *comparison) drift() {
	before, after := c.on[0][c.i], c.on[1][c.i]
	rules := []string{"code-ahead", "breaks-released-code", "unknown-reference"}
	rule := ""
	at := 0
	switch {
	case before.fails && after.fails:
		c.unknown()
		return
	case before.fails && c.s.proposed:
		rule = "code-ahead"
	case after.fails && c.s.released:
		rule, at = "breaks-released-code", 1
	case after.fails:
		rule, at = "unknown-reference", 1
	}
	for _, r := range rules {
		if r != rule && len(c.rules[r]) > 0 {
			c.wrong("no %s was expected", r)
		}
	}
	if rule == "" {
		return
	}
	cells := c.s.cellsOf(at)
	slices.Sort(cells)
	if len(c.rules[rule]) == 0 {
		c.wrong("a finding of %s in %v was expected", rule, cells)
		return
	}
	worlds := []*world{c.before, c.after}
	absent := c.s.absent(worlds[1-at], worlds[at])
	for _, f := range c.rules[rule] {
		if !slices.Equal(said(f), cells) || f.Severity != worst(c.order, cells) {
			c.wrong("%s in %v was expected", worst(c.order, cells), cells)
		}
		if len(absent) == 0 {
			continue
		}
		if f.Object == nil || absent[*f.Object] == nil {
			c.wrong("%v is not what is missing, but %v", f.Object, slices.Collect(maps.Keys(absent)))
			continue
		}
		c.placed(f, absent[*f.Object])
	}
	c.all(c.rules[rule], slices.Collect(maps.Keys(absent)))
}

// all wants a finding for each of the objects.
func (c *comparison) all(findings []gate.Finding, objects []schema.Object) {
	c.Helper()
	for _, o := range objects {
		n := 0
		for _, f := range findings {
			if f.Object != nil && *f.Object == o {
				n++
			}
		}
		c.seen.add("objects")
		if n != 1 {
			c.wrong("%d findings speak of %v", n, o)
		}
	}
}

// placed wants the finding to stand at one of the parts.
func (c *comparison) placed(f gate.Finding, parts []int) {
	c.Helper()
	var places []string
	for _, part := range parts {
		p := c.places[c.i][part]
		end := reference.Position{File: f.File, Line: f.EndLine, Column: f.EndColumn}
		if p.start == (reference.Position{File: f.File, Line: f.Line, Column: f.Column}) && p.end == end {
			return
		}
		places = append(places, fmt.Sprintf("%d:%d-%d:%d", p.start.Line, p.start.Column, p.end.Line, p.end.Column))
	}
	c.wrong("%v stands at %d:%d-%d:%d, and its name at %v", f.Object, f.Line, f.Column, f.EndLine, f.EndColumn, places)
}

// unknown: what fails on both schemas is no drift, and said of new code alone, where an object is missing.
func (c *comparison) unknown() {
	for rule := range c.rules {
		if rule != "unknown-reference" || !c.s.proposed {
			c.wrong("it fails on both, so no %s was expected", rule)
		}
	}
	for _, f := range c.rules["unknown-reference"] {
		if !slices.Equal(said(f), []string{"C1xS1"}) {
			c.wrong("C1xS1 was expected")
		}
	}
	state := c.on[1][c.i].state
	missing := state == "42P01" || state == "3F000" || state == "42703" && c.names(c.after)
	if missing && c.s.proposed && !c.s.released && len(c.rules["unknown-reference"]) == 0 {
		c.wrong("unknown-reference was expected")
	}
}

// names tells whether the statement names a relation of a schema.
func (c *comparison) names(w *world) bool {
	return slices.ContainsFunc(c.s.uses, func(u use) bool { return u.kind == schema.Table && w.relation(u.scope[0]) != nil })
}

// required: an INSERT fails for a column that it leaves out on one schema and not on the other.
func (c *comparison) required() {
	found := c.rules["required-column"]
	var objects []schema.Object
	if !c.on[0][c.i].fails && !c.on[1][c.i].fails {
		out := [][]schema.Object{c.s.required(c.before), c.s.required(c.after)}
		for at, list := range out {
			for _, o := range list {
				cells := c.s.cellsOf(at)
				if slices.Contains(out[1-at], o) || len(cells) == 0 {
					continue
				}
				objects = append(objects, o)
				for _, f := range found {
					if *f.Object != o {
						continue
					}
					if slices.Sort(cells); !slices.Equal(said(f), cells) || f.Severity != worst(c.order, cells) {
						c.wrong("%s in %v was expected", worst(c.order, cells), cells)
					}
				}
			}
		}
	}
	if len(found) != len(objects) {
		c.wrong("it leaves out %v", objects)
		return
	}
	c.all(found, objects)
	for _, f := range found {
		var parts []int
		for _, u := range c.s.uses {
			if u.kind == schema.Table && u.scope[0].name == f.Object.Table {
				parts = append(parts, u.part)
			}
		}
		c.placed(f, parts)
	}
}

// shape: a prepared statement has another result after the migrations, or no longer fits the types of its parameters. Code that
// goes live after them prepared nothing before.
func (c *comparison) shape() {
	if !c.s.released && weights[c.order]["C1xS0"] == gate.Notice {
		return
	}
	said := c.prepared[c.i]
	other, unfit := said == "0A000", strings.HasPrefix(said, "42")
	switch {
	case strings.HasPrefix(said, "22"): // no value of the parameter's type is known
	case unfit && len(c.rules["parameter-type"]) == 0:
		c.wrong("a prepared statement fails with SQLSTATE %s, and no parameter-type says so", said)
	case !unfit && other != (len(c.rules["result-shape"]) > 0):
		c.wrong("that a prepared statement has another result is %v", other)
	}
}

// untouched: migrations that change nothing that a statement uses are not held against it.
func (c *comparison) untouched() {
	if c.s.touched(c.before, c.after) {
		return
	}
	for rule := range c.rules {
		if rule != "unknown-reference" {
			c.wrong("the migrations touch nothing that it uses")
		}
	}
}
