// Package summary writes the report as GitHub Flavored Markdown, for the job summary of GitHub
// Actions: what the verdict is, what it rests on, and each finding with both of its ends.
package summary

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/headgate/headgate/internal/gate"
	"github.com/headgate/headgate/internal/report"
)

// MaxSize is what GitHub takes for the summary of one step, in bytes; it shows nothing of a larger
// one. Source: docs.github.com, "Workflow commands for GitHub Actions", adding a job summary.
const MaxSize = 1 << 20

// Links says where the files can be seen. With an empty field there are no links.
type Links struct {
	// ServerURL is "https://github.com", Repository "owner/name", Commit the hash of the proposed
	// code.
	ServerURL, Repository, Commit string
}

// Format is the job summary.
type Format struct {
	Links Links
	// Limit is how many bytes may be written; 0 is MaxSize. Findings that do not fit are left out
	// whole, and a line says how many.
	Limit int
}

// Name is "markdown".
func (Format) Name() string { return "markdown" }

// Write writes the summary.
func (f Format) Write(w io.Writer, r *gate.Result) error {
	limit := f.Limit
	if limit <= 0 {
		limit = MaxSize
	}
	if len(r.Services) > 0 {
		return f.services(w, r, limit)
	}
	return f.whole(w, r, limit)
}

// whole writes the summary of one service, in so many bytes.
func (f Format) whole(w io.Writer, r *gate.Result, limit int) error {
	head := f.head(r)
	tail := f.tail(r, room{pending: 50, reasons: 20, places: 10, ignored: 20})
	if len(head)+len(tail) > limit/2 {
		tail = f.tail(r, room{pending: 5, reasons: 3, ignored: 3})
	}
	var b bytes.Buffer
	b.WriteString(head)
	f.findings(&b, r, limit-len(tail))
	b.WriteString(tail)
	if b.Len() > limit {
		b.Reset()
		fmt.Fprintf(&b, "## Headgate: %s\n\nThere is no room for the summary. The log and the JSON report have all of it.\n", inline(r.Verdict, maxField))
	}
	_, err := w.Write(b.Bytes())
	return err
}

// head is the verdict and the matrix.
func (f Format) head(r *gate.Result) string {
	var b strings.Builder
	title := "Headgate"
	if r.Service != "" {
		title = "Service " + inline(r.Service, maxField)
	}
	fmt.Fprintf(&b, "## %s %s: %s\n\n", verdictMark(r), title, inline(r.Verdict, maxField))
	fmt.Fprintf(&b, "**%s.** Compared: %s → %s.\n\n", upper(report.Verdict(r)),
		code(report.Point(r.Base)), code(report.Point(r.Head)))
	fmt.Fprintf(&b, "Order %s", code(r.Order))
	if promise := report.Promise(r); promise != "" {
		b.WriteString(": " + promise)
	}
	b.WriteString(".\n\n")

	f.matrix(&b, r)
	f.plan(&b, r.Plan)
	return b.String()
}

// plan is the way out in releases.
func (f Format) plan(b *strings.Builder, plan []gate.Release) {
	if len(plan) == 0 {
		return
	}
	b.WriteString("**A way to ship it**, one release after the other:\n\n")
	for i, release := range plan {
		names := make([]string, 0, maxPlanFiles)
		for _, file := range release.Files[:min(len(release.Files), maxPlanFiles)] {
			names = append(names, code(file))
		}
		text := strings.Join(names, ", ")
		if more := len(release.Files) - len(names); more > 0 {
			text += " and " + report.Count(more, "more file")
		}
		fmt.Fprintf(b, "%d. %s: %s\n", i+1, upper(release.Why), text)
	}
	b.WriteString("\n")
}

// matrix is the table of the cells: a row for each version of the code, a column for each schema that it can meet.
func (f Format) matrix(b *strings.Builder, r *gate.Result) {
	rows := report.Matrix(r)
	below := map[string]string{"released": "head " + code(report.Heads(r.Base)), "proposed": "head " + code(report.Heads(r.Head)),
		"expanded": "before the contract migrations"}
	head, rule := "| |", "| --- |"
	for _, pair := range rows[0] {
		head += fmt.Sprintf(" %s schema<br>%s |", pair.Schema, below[pair.Schema])
		rule += " --- |"
	}
	fmt.Fprintf(b, "%s\n%s\n", head, rule)
	for _, row := range rows {
		fmt.Fprintf(b, "| **%s code** |", row[0].Code)
		for _, pair := range row {
			fmt.Fprintf(b, " %s |", cell(report.CellOf(r, pair.Name)))
		}
		b.WriteString("\n")
	}
	b.WriteString("\n")
}

func verdictMark(r *gate.Result) string {
	switch {
	case !report.Passed(r):
		return "❌"
	case len(r.Findings) > 0 || r.Coverage.Checked == 0:
		return "⚠️"
	default:
		return "✅"
	}
}

// upper is a sentence with a capital at its start.
func upper(sentence string) string {
	first, size := utf8.DecodeRuneInString(sentence)
	if first == utf8.RuneError {
		return sentence
	}
	return string(unicode.ToUpper(first)) + sentence[size:]
}

func cell(c gate.Cell) string {
	count := report.CellCounts(c)
	switch c.Outcome {
	case "holds":
		return "✅ holds" + count
	case "fails":
		return "❌ fails" + count
	case "warns":
		return "⚠️ warns" + count
	default:
		if c.Why != "" {
			return "not checked: " + inline(c.Why, maxField)
		}
		return "not checked"
	}
}

func severityMark(s gate.Severity) string {
	switch s {
	case gate.Error:
		return "❌"
	case gate.Warning:
		return "⚠️"
	default:
		return "ℹ️"
	}
}

// maxPlanFiles is how many files of a release are named.
const maxPlanFiles = 10

// leftOut is how many bytes the line takes that says what is left out, at most.
const leftOut = 200

// findings writes as many findings as fit into b up to limit.
func (f Format) findings(b *bytes.Buffer, r *gate.Result, limit int) {
	if len(r.Findings) == 0 {
		return
	}
	b.WriteString("### Findings\n\n")
	groups := report.Groups(r)
	for i, g := range groups {
		text := f.group(r, g)
		room := limit - b.Len()
		if i+1 < len(groups) {
			room -= leftOut
		}
		if len(text) > room {
			var rest []gate.Finding
			for _, g := range groups[i:] {
				for _, finding := range g.Findings {
					rest = append(rest, *finding)
				}
			}
			fmt.Fprintf(b, "**%s left out here:** %s. The log and the JSON report have all of them.\n\n",
				upper(report.Count(len(rest), "more finding")), report.TallyOf(rest))
			return
		}
		b.WriteString(text)
	}
}

// maxPlaces is how many places of one cause are shown; the JSON report has each.
const maxPlaces = 10

// group is what belongs together under one heading, with both of its ends: the code, and the migration.
func (f Format) group(r *gate.Result, g report.Group) string {
	var b strings.Builder
	first := g.First()
	fmt.Fprintf(&b, "#### %s %s", severityMark(first.Severity), code(first.Rule))
	switch at := f.at(r, first); {
	case g.Model:
		fmt.Fprintf(&b, " in %s%s\n\n", inline(g.Title(), maxField), prefixed(" at ", at))
	case len(g.Findings) > 1:
		fmt.Fprintf(&b, " in %s\n\n%s\n\n", report.Count(len(g.Findings), "place"), inline(g.Title(), maxMessage))
	default:
		fmt.Fprintf(&b, "%s\n\n%s\n\n", prefixed(" at ", at), inline(first.Message, maxMessage))
		if first.Source != "" {
			b.WriteString(block(first.Source) + "\n")
		}
	}
	if len(g.Findings) > 1 {
		f.places(&b, r, g)
	}
	f.notes(&b, r, g)
	return strings.TrimRight(b.String(), "\n") + "\n\n"
}

// prefixed is text after the prefix, or nothing where there is none.
func prefixed(prefix, text string) string {
	if text == "" {
		return ""
	}
	return prefix + text
}

// places lists the places of several findings: a model's with what each says, a cause's with its source line.
func (f Format) places(b *strings.Builder, r *gate.Result, g report.Group) {
	for i, finding := range g.Findings {
		if i == maxPlaces && !g.Model {
			fmt.Fprintf(b, "- and %s; the JSON report has each\n", report.Count(len(g.Findings)-i, "more place"))
			break
		}
		b.WriteString("- " + f.at(r, finding))
		if finding.Severity != g.First().Severity {
			fmt.Fprintf(b, " (%s)", inline(string(finding.Severity), maxField))
		}
		switch line := code(strings.ReplaceAll(strings.TrimSpace(finding.Source), "\t", " ")); {
		case g.Model || !g.OneMessage():
			b.WriteString(": " + inline(finding.Message, maxMessage))
		case line != "":
			b.WriteString(": " + line)
		}
		b.WriteString("\n")
	}
	if !g.Model {
		b.WriteString("\n")
	}
}

// notes are what findings have in common: what stands behind them and what to do.
func (f Format) notes(b *strings.Builder, r *gate.Result, g report.Group) {
	first := g.First()
	if !g.Model && report.Elsewhere(first) {
		m := first.Migration
		fmt.Fprintf(b, "- **Migration:** %s", code(m.Version))
		if at := f.Links.place(m.File, m.Line, 0); at != "" {
			b.WriteString(" in " + at)
		}
		if status := report.Status(r, m.Version); status != "" {
			b.WriteString(", " + status)
		}
		b.WriteString("\n")
	}
	if first.Released {
		fmt.Fprintf(b, "- **Released:** this is the code at %s; the proposed code no longer has it\n", code(report.Released(r)))
	}
	for _, remedy := range g.Remedies() {
		fmt.Fprintf(b, "- **Remedy:** %s\n", inline(remedy, maxMessage))
	}
}

// at is a finding's place with a link to the commit that has it, and at which ref that is where it is not the proposal.
func (f Format) at(r *gate.Result, finding *gate.Finding) string {
	links := f.Links
	if !finding.Released {
		return links.place(finding.File, finding.Line, finding.Column)
	}
	links.Commit = r.Base.Commit
	place := links.place(finding.File, finding.Line, finding.Column)
	if place != "" {
		place += " at " + code(report.Released(r))
	}
	return place
}
