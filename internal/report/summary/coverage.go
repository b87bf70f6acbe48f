package summary

import (
	"fmt"
	"strings"

	"github.com/headgate/headgate/internal/gate"
	"github.com/headgate/headgate/internal/report"
)

// room is how long the lists of the tail may be, so that the findings keep most of the space
// whatever a repository holds.
type room struct {
	pending, reasons, places, ignored int
}

// tail is what the verdict rests on.
func (f Format) tail(r *gate.Result, room room) string {
	var b strings.Builder
	f.pending(&b, r.Pending, room)
	f.ignored(&b, r, room)
	f.coverage(&b, r.Coverage, room)
	fmt.Fprintf(&b, "PostgreSQL %s (%s).", inline(r.Postgres.Version, maxField), inline(r.Postgres.Provider, maxField))
	if len(r.Timings) > 0 {
		fmt.Fprintf(&b, " Time: %s", report.Duration(report.Total(r.Timings)))
		if stages := report.Stages(r.Timings); len(stages) > 1 {
			parts := make([]string, len(stages))
			for i, s := range stages {
				parts[i] = inline(s.Name, maxField) + " " + report.Duration(s.Milliseconds)
			}
			fmt.Fprintf(&b, " (%s)", strings.Join(parts, ", "))
		}
		b.WriteString(".")
	}
	b.WriteString("\n")
	return b.String()
}

func (f Format) pending(b *strings.Builder, pending []gate.Pending, room room) {
	b.WriteString("### Pending migrations\n\n")
	if len(pending) == 0 {
		b.WriteString("None: the released schema has all migrations.\n\n")
		return
	}
	for i, m := range pending {
		if i == room.pending {
			fmt.Fprintf(b, "- and %s more\n", report.Number(len(pending)-i))
			break
		}
		fmt.Fprintf(b, "- %s in %s\n", code(m.Version), f.Links.place(m.File, m.Line, 0))
	}
	b.WriteString("\n")
	diagram(b, pending)
}

func (f Format) coverage(b *strings.Builder, c gate.Coverage, room room) {
	fmt.Fprintf(b, "### Coverage\n\n%s.\n\n", report.Coverage(c))
	if len(c.Unchecked) == 0 {
		return
	}
	reasons := report.Reasons(c.Unchecked)
	b.WriteString("| unchecked because | references |\n| --- | ---: |\n")
	for i, reason := range reasons {
		if i == room.reasons {
			fmt.Fprintf(b, "| %s | |\n", report.Count(len(reasons)-i, "more reason"))
			break
		}
		fmt.Fprintf(b, "| %s | %s |\n", inline(reason.Text, maxField), report.Number(len(reason.Places)))
	}
	b.WriteString("\n")
	if room.places == 0 {
		return
	}
	b.WriteString("<details><summary>Where they are</summary>\n\n")
	for i, reason := range reasons {
		if i == room.reasons {
			break
		}
		fmt.Fprintf(b, "%s:\n\n", upper(inline(reason.Text, maxField)))
		for j, u := range reason.Places {
			if j == room.places {
				fmt.Fprintf(b, "- and %s more; the JSON report has each\n", report.Number(len(reason.Places)-j))
				break
			}
			b.WriteString("- " + f.Links.place(u.File, u.Line, 0))
			if _, detail := report.SplitReason(u.Reason); detail != "" {
				b.WriteString(": " + inline(detail, maxField))
			}
			b.WriteString("\n")
		}
		b.WriteString("\n")
	}
	b.WriteString("</details>\n\n")
}
