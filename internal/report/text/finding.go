package text

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/clipperhouse/displaywidth"

	"github.com/headgate/headgate/internal/gate"
	"github.com/headgate/headgate/internal/report"
)

// maxPlaces is how many places of one cause are shown; the JSON report has each.
const maxPlaces = 10

// group writes the findings that belong together, in the manner of a compiler:
//
//	store/tree.go:31:18: error: message [code-ahead]
//	   |
//	31 |     SELECT height_m FROM trees
//	   |            ^^^^^^^^
//	   = needs: migration 3, db/migrations/00003_add_height.sql:2 (pending)
//	   = help: what to do
//
// Of a model's, each has its message beside its caret, and what to do is said once.
func (p *printer) group(r *gate.Result, g report.Group) {
	if len(g.Findings) > 1 && !g.Model {
		p.cause(r, g)
		return
	}
	first := g.First()
	p.heading(report.At(r, first), first, g.Title())
	margin := "  "
	for _, f := range g.Findings {
		label := ""
		if g.Model {
			label = f.Message
		}
		margin = p.source(f, label)
	}
	p.notes(r, g, margin)
	p.line()
}

// cause writes findings that have one cause: it and what to do first, then the places:
//
//	20 places: error: message [code-ahead]
//	  = needs: migration 3, db/migrations/00003_add_height.sql:2 (pending)
//	  = help: what to do
//	  --> store/tree.go:31:18
//	31 |     SELECT height_m FROM trees
//	   |            ^^^^^^^^
func (p *printer) cause(r *gate.Result, g report.Group) {
	first := g.First()
	p.heading(report.Count(len(g.Findings), "place"), first, g.Title())
	p.notes(r, g, "  ")
	digits := 0
	for _, f := range g.Findings[:min(len(g.Findings), maxPlaces)] {
		digits = max(digits, len(strconv.Itoa(f.Line)))
	}
	for i, f := range g.Findings {
		if i == maxPlaces {
			p.line("  ", p.paint(blue, "-->"), " and ", report.Count(len(g.Findings)-i, "more place"), p.paint(dim, "; --report json lists each"))
			break
		}
		weight := ""
		if f.Severity != first.Severity {
			weight = " (" + report.Printable(string(f.Severity)) + ")"
		}
		p.line("  ", p.paint(blue, "-->"), " ", p.paint(bold, report.Printable(report.At(r, f))), weight)
		label := ""
		if !g.OneMessage() {
			label = f.Message
		}
		p.excerpt(f, label, digits)
	}
	p.line()
}

// notes writes what findings have in common below them: what stands behind them and what to do.
func (p *printer) notes(r *gate.Result, g report.Group, margin string) {
	first := g.First()
	if !g.Model && report.Elsewhere(first) {
		p.note(margin, report.CauseLabel(first.Rule), migrationText(r, first.Migration))
	}
	if first.Released {
		p.note(margin, "released", "this is the code at "+report.Printable(report.Released(r))+"; the proposed code no longer has it")
	}
	for _, remedy := range g.Remedies() {
		p.note(margin, "help", report.Printable(remedy))
	}
}

func (p *printer) heading(place string, f *gate.Finding, message string) {
	if place != "" {
		place = p.paint(bold, report.Printable(place)+":") + " "
	}
	rule := ""
	if f.Rule != "" {
		rule = " " + p.paint(dim, "["+report.Printable(f.Rule)+"]")
	}
	p.line(place, p.paint(severityStyle(f.Severity), report.Printable(string(f.Severity))+":"), " ", report.Printable(message), rule)
}

// source writes the finding's line below an empty one. It returns the margin of what follows.
func (p *printer) source(f *gate.Finding, label string) (margin string) {
	digits := len(strconv.Itoa(f.Line))
	if f.Source != "" && f.Line > 0 {
		p.line(strings.Repeat(" ", digits+1), p.paint(blue, "|"))
	}
	return p.excerpt(f, label, digits)
}

// excerpt writes the finding's line with a caret below it, and the label beside that or, where there is no line to
// show, alone. The line's number has room for so many digits.
func (p *printer) excerpt(f *gate.Finding, label string, digits int) (margin string) {
	margin = "  "
	label = report.Printable(label)
	if f.Source == "" || f.Line <= 0 {
		if label != "" {
			p.line(margin, label)
		}
		return margin
	}
	number := fmt.Sprintf("%*d", digits, f.Line)
	margin = strings.Repeat(" ", len(number)) + " "
	before, marked, after := excerpt(f)
	p.line(p.paint(blue, number+" |"), " ", before, marked, after)
	caret := ""
	if f.Column > 0 {
		indent := displaywidth.String(before)
		width := max(1, displaywidth.String(before+marked)-indent)
		caret = strings.Repeat(" ", indent) + p.paint(severityStyle(f.Severity), strings.Repeat("^", width))
	}
	if caret != "" || label != "" {
		p.line(margin, p.paint(blue, "|"), " ", strings.TrimSuffix(caret+" "+label, " "))
	}
	return margin
}

func (p *printer) note(margin, label, text string) {
	p.line(margin, p.paint(blue, "="), " ", p.paint(bold, label+":"), " ", text)
}

func migrationText(r *gate.Result, m *gate.Migration) string {
	text := "migration"
	if m.Version != "" {
		text += " " + report.Printable(m.Version)
	}
	if m.File != "" {
		text += ", " + report.Place(report.Printable(m.File), m.Line, 0)
	}
	if status := report.Status(r, m.Version); status != "" {
		text += " (" + status + ")"
	}
	return text
}

const (
	// maxSource is how many runes of a source line are shown, so that a line of a generated file
	// does not fill the screen; lead is how many of them stand before the marked ones.
	maxSource, lead = 140, 60
	tab             = "    "
)

// excerpt is the finding's line as it is shown: what stands before the marked runes, these, and
// what stands after them. All is printable, and tabs are spaces, so that widths can be measured.
func excerpt(f *gate.Finding) (before, marked, after string) {
	source, _, _ := strings.Cut(f.Source, "\n")
	source = strings.TrimRight(source, "\r")
	n := utf8.RuneCountInString(source) // a byte that is no UTF-8 counts as a rune, as it does for columns
	start, end := 0, 0
	if f.Column > 0 {
		start = min(f.Column-1, n)
		end = min(start+1, n)
		switch {
		case f.EndLine > f.Line:
			end = n
		case f.EndColumn > f.Column:
			end = min(f.EndColumn-1, n)
		}
	}
	from, to := 0, n
	if n > maxSource {
		from = max(0, min(start-lead, n-maxSource))
		to = min(n, from+maxSource)
		end = min(end, to)
	}
	_, source = cut(source, from)
	before, source = cut(source, start-from)
	marked, source = cut(source, end-start)
	after, _ = cut(source, to-end)
	before, marked, after = show(before), show(marked), strings.TrimRight(show(after), " ")
	if from > 0 {
		before = "…" + before
	}
	if to < n {
		after += "…"
	}
	return before, marked, after
}

// cut is the first n runes of a line and the rest of it.
func cut(line string, n int) (head, tail string) {
	i := 0
	for ; n > 0 && i < len(line); n-- {
		_, size := utf8.DecodeRuneInString(line[i:])
		i += size
	}
	return line[:i], line[i:]
}

func show(text string) string {
	return report.Printable(strings.ReplaceAll(text, "\t", tab))
}
