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
	head := f.head(r)
	tail := f.tail(r, room{pending: 50, reasons: 20, places: 10})
	if len(head)+len(tail) > limit/2 {
		tail = f.tail(r, room{pending: 5, reasons: 3})
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
	fmt.Fprintf(&b, "## %s Headgate: %s\n\n", verdictMark(r), inline(r.Verdict, maxField))
	fmt.Fprintf(&b, "**%s.** Compared: %s → %s.\n\n", upper(report.Verdict(r)),
		code(report.Point(r.Base)), code(report.Point(r.Head)))
	fmt.Fprintf(&b, "Order %s", code(r.Order))
	if promise := report.Promise(r.Order); promise != "" {
		b.WriteString(": " + promise)
	}
	b.WriteString(".\n\n")

	fmt.Fprintf(&b, "| | released schema<br>head %s | proposed schema<br>head %s |\n| --- | --- | --- |\n",
		code(report.Heads(r.Base)), code(report.Heads(r.Head)))
	for i, pair := range report.Matrix() {
		if i%2 == 0 {
			fmt.Fprintf(&b, "| **%s code** |", pair.Code)
		}
		fmt.Fprintf(&b, " %s |", cell(report.CellOf(r, pair.Name)))
		if i%2 == 1 {
			b.WriteString("\n")
		}
	}
	b.WriteString("\n")
	return b.String()
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
	count := ""
	if c.Failing > 0 {
		count = ", " + report.Count(c.Failing, "finding")
	}
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

// leftOut is how many bytes the line takes that says what is left out, at most.
const leftOut = 200

// findings writes as many findings as fit into b up to limit.
func (f Format) findings(b *bytes.Buffer, r *gate.Result, limit int) {
	if len(r.Findings) == 0 {
		return
	}
	b.WriteString("### Findings\n\n")
	written := 0
	for _, group := range report.Groups(r.Findings) {
		text := f.group(r, group)
		room := limit - b.Len()
		if written+len(group) < len(r.Findings) {
			room -= leftOut
		}
		if len(text) > room {
			rest := r.Findings[written:]
			fmt.Fprintf(b, "**%s left out here:** %s. The log and the JSON report have all of them.\n\n",
				upper(report.Count(len(rest), "more finding")), report.TallyOf(rest))
			return
		}
		b.WriteString(text)
		written += len(group)
	}
}

// group is what belongs together: one finding, or those of one model under one heading.
func (f Format) group(r *gate.Result, group []gate.Finding) string {
	var b strings.Builder
	first := &group[0]
	fmt.Fprintf(&b, "#### %s %s", severityMark(first.Severity), code(first.Rule))
	if len(group) > 1 {
		fmt.Fprintf(&b, " in %s", inline(report.GroupTitle(group), maxField))
	}
	if at := f.Links.place(first.File, first.Line, first.Column); at != "" {
		b.WriteString(" at " + at)
	}
	b.WriteString("\n\n")
	for i := range group {
		f.finding(&b, r, &group[i], len(group) > 1)
	}
	for _, remedy := range report.Remedies(group) {
		fmt.Fprintf(&b, "- **Remedy:** %s\n", inline(remedy, maxMessage))
	}
	return strings.TrimRight(b.String(), "\n") + "\n\n"
}

// finding is one finding with both of its ends: the code, and the migration. One of several is an item of a list, whose
// message names the migration.
func (f Format) finding(b *strings.Builder, r *gate.Result, finding *gate.Finding, item bool) {
	if item {
		fmt.Fprintf(b, "- %s: %s\n", f.Links.place(finding.File, finding.Line, finding.Column), inline(finding.Message, maxMessage))
		return
	}
	b.WriteString(inline(finding.Message, maxMessage) + "\n\n")
	if finding.Source != "" {
		b.WriteString(block(finding.Source) + "\n")
	}
	if report.Elsewhere(finding) {
		m := finding.Migration
		fmt.Fprintf(b, "- **Migration:** %s", code(m.Version))
		if at := f.Links.place(m.File, m.Line, 0); at != "" {
			b.WriteString(" in " + at)
		}
		if status := report.Status(r, m.Version); status != "" {
			b.WriteString(", " + status)
		}
		b.WriteString("\n")
	}
}
