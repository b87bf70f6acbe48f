package text

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/clipperhouse/displaywidth"

	"github.com/headgate/headgate/internal/gate"
	"github.com/headgate/headgate/internal/report"
)

// findings writes the findings that belong together, in the manner of a compiler:
//
//	store/tree.go:31:18: error: message [code-ahead]
//	   |
//	31 |     SELECT height_m FROM trees
//	   |            ^^^^^^^^
//	   = needs: migration 3, db/migrations/00003_add_height.sql:2 (pending)
//	   = help: what to do
//
// Of a model's, each has its message beside its caret, and what to do is said once.
func (p *printer) findings(r *gate.Result, group []gate.Finding) {
	first := &group[0]
	message := first.Message
	if len(group) > 1 {
		message = report.GroupTitle(group)
	}
	p.heading(first, message)
	margin := "  "
	for i := range group {
		label := ""
		if len(group) > 1 {
			label = group[i].Message
		}
		margin = p.source(&group[i], label)
	}
	if len(group) == 1 && report.Elsewhere(first) {
		p.note(margin, causeLabel(first.Rule), migrationText(r, first.Migration))
	}
	for _, remedy := range report.Remedies(group) {
		p.note(margin, "help", report.Printable(remedy))
	}
	p.line()
}

func (p *printer) heading(f *gate.Finding, message string) {
	place := ""
	if f.File != "" {
		place = p.paint(bold, report.Place(report.Printable(f.File), f.Line, f.Column)+":") + " "
	}
	rule := ""
	if f.Rule != "" {
		rule = " " + p.paint(dim, "["+report.Printable(f.Rule)+"]")
	}
	p.line(place, p.paint(severityStyle(f.Severity), report.Printable(string(f.Severity))+":"), " ", report.Printable(message), rule)
}

// source writes the finding's line with a caret below it, and the label beside that or, where there is no line to
// show, alone. It returns the margin of what follows.
func (p *printer) source(f *gate.Finding, label string) (margin string) {
	margin = "  "
	label = report.Printable(label)
	if f.Source == "" || f.Line <= 0 {
		if label != "" {
			p.line(margin, label)
		}
		return margin
	}
	number := strconv.Itoa(f.Line)
	margin = strings.Repeat(" ", len(number)) + " "
	before, marked, after := excerpt(f)
	p.line(margin, p.paint(blue, "|"))
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

// causeLabel says how the migration stands to the finding.
func causeLabel(rule string) string {
	if rule == "code-ahead" {
		return "needs"
	}
	return "cause"
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
