package text

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/clipperhouse/displaywidth"

	"github.com/headgate/headgate/internal/gate"
	"github.com/headgate/headgate/internal/report"
)

const (
	// maxReasons and maxPending bound the block: it must fit on a screen.
	maxReasons, maxPending, maxIgnored = 5, 10, 10
	maxReason                          = 100
	maxIgnoredLine                     = 200
	// promiseWidth keeps the block within 80 columns where its text is our own.
	promiseWidth = 68
)

// summary writes the block at the end: the verdict, and what it rests on.
func (p *printer) summary(r *gate.Result) {
	mark, color := outcomeMark(r)
	p.line(p.paint(color, mark+" "+report.Printable(r.Verdict)+":"), " ", report.Verdict(r))
	p.line()
	if r.Service != "" {
		p.row("service", report.Printable(r.Service))
	}
	p.row("compared", report.Printable(report.Point(r.Base)), " → ", report.Printable(report.Point(r.Head)))
	p.order(r)
	p.matrix(r)
	p.pending(r)
	p.plan(r.Plan)
	p.ignored(r)
	p.row("checked", report.Coverage(r.Coverage))
	p.unchecked(r.Coverage.Unchecked)
	p.row("server", "PostgreSQL ", report.Printable(r.Postgres.Version), " (", report.Printable(r.Postgres.Provider), ")")
	if len(r.Timings) > 0 {
		p.row("time", report.Duration(report.Total(r.Timings)))
	}
}

// row writes a line of the block under a label; an empty label continues the row above.
func (p *printer) row(label string, parts ...string) {
	p.line("  ", p.paint(dim, fmt.Sprintf("%-9s", label)), " ", strings.Join(parts, ""))
}

// order writes the order and, broken into lines, what it promises.
func (p *printer) order(r *gate.Result) {
	promise := report.Promise(r)
	if promise == "" {
		p.row("order", report.Printable(r.Order))
		return
	}
	label, line := "order", report.Printable(r.Order)+":"
	for _, word := range strings.Fields(promise) {
		if len(line)+1+len(word) > promiseWidth {
			p.row(label, line)
			label, line = "", word
			continue
		}
		line += " " + word
	}
	p.row(label, line)
}

// matrix writes the cells that were checked. What the order does not ask about is left to the reports with more room.
func (p *printer) matrix(r *gate.Result) {
	label := "deploy"
	for _, row := range report.Matrix(r) {
		for _, pair := range row {
			cell := report.CellOf(r, pair.Name)
			if cell.Outcome == "unchecked" && cell.Why == "" {
				continue
			}
			p.row(label, fmt.Sprintf("%s code on the %s schema: ", pair.Code, pair.Schema), p.outcome(cell))
			label = ""
		}
	}
}

// maxPlanFiles is how many files of a release are named.
const maxPlanFiles = 3

// plan writes the way out, one release a line.
func (p *printer) plan(plan []gate.Release) {
	label := "ship"
	for i, release := range plan {
		p.row(label, strconv.Itoa(i+1), "  ", report.Files(release.Files, maxPlanFiles), p.paint(dim, ", "+report.Printable(release.Why)))
		label = ""
	}
}

// ignored writes how many findings are ignored, those that a comment ignores, and what ignores nothing.
func (p *printer) ignored(r *gate.Result) {
	var lines []string
	if len(r.Ignored) > 0 {
		p.row("ignored", report.Count(len(r.Ignored), "finding"), ": ", report.Printable(report.IgnoredBy(r)))
		for _, i := range r.Ignored {
			if i.By != "baseline" {
				lines = append(lines, i.Finding.Rule+" at "+report.At(r, &i.Finding)+", by "+report.Place(i.File, i.Line, 0)+": "+i.Reason)
			}
		}
		p.some("", lines)
	}
	lines = lines[:0]
	for _, n := range r.IgnoreNotices {
		lines = append(lines, report.Place(n.File, n.Line, 0)+": "+report.IgnoreProblem(n)+": "+n.Message)
	}
	p.some("notices", lines)
}

// some writes the first of lines as a row.
func (p *printer) some(label string, lines []string) {
	for i, line := range lines {
		if i == maxIgnored {
			p.row("", p.paint(dim, "and "+report.Number(len(lines)-i)+" more; --report json lists each"))
			return
		}
		p.row(label, report.Clip(report.Printable(report.Clip(line, maxIgnoredLine)), maxIgnoredLine))
		label = ""
	}
}

func (p *printer) outcome(c gate.Cell) string {
	count := report.CellCounts(c)
	switch c.Outcome {
	case "holds":
		return p.paint(green, "holds") + count
	case "fails":
		return p.paint(red, "fails") + count
	case "warns":
		return p.paint(yellow, "warns") + count
	default:
		return "not checked: " + report.Printable(c.Why)
	}
}

func (p *printer) pending(r *gate.Result) {
	if len(r.Pending) == 0 {
		p.row("pending", "no migration")
		return
	}
	shown := r.Pending[:min(len(r.Pending), maxPending)]
	width := 0
	for _, m := range shown {
		width = max(width, displaywidth.String(report.Printable(m.Version)))
	}
	label := "pending"
	for _, m := range shown {
		version := report.Printable(m.Version)
		gap := strings.Repeat(" ", width-displaywidth.String(version)+2)
		p.row(label, version, gap, p.paint(dim, report.Place(report.Printable(m.File), m.Line, 0)))
		label = ""
	}
	if more := len(r.Pending) - len(shown); more > 0 {
		p.row("", "and ", report.Number(more), " more")
	}
}

func (p *printer) unchecked(list []gate.Unchecked) {
	if len(list) == 0 {
		return
	}
	reasons := report.Reasons(list)
	width := len(report.Number(len(reasons[0].Places)))
	for i, reason := range reasons {
		if i == maxReasons {
			p.row("", "and ", report.Count(len(reasons)-i, "more reason"))
			break
		}
		first := reason.Places[0]
		p.row("", fmt.Sprintf("%*s  ", width, report.Number(len(reason.Places))),
			report.Clip(report.Printable(reason.Text), maxReason),
			p.paint(dim, ", first at "+report.Place(report.Printable(first.File), first.Line, 0)))
	}
	p.row("", p.paint(dim, "--report json lists each"))
}
