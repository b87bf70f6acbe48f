package summary

import (
	"fmt"
	"strings"

	"github.com/headgate/headgate/internal/gate"
	"github.com/headgate/headgate/internal/report"
)

// ignored is what somebody decided to live with, and what ignores nothing although it was meant to.
func (f Format) ignored(b *strings.Builder, r *gate.Result, room room) {
	if len(r.Ignored) == 0 && len(r.IgnoreNotices) == 0 {
		return
	}
	b.WriteString("### Ignored\n\n")
	if len(r.Ignored) > 0 {
		fmt.Fprintf(b, "%s: %s.\n\n", report.Count(len(r.Ignored), "finding"), inline(report.IgnoredBy(r), maxField))
		f.ignoredTable(b, r, room)
	}
	for i, n := range r.IgnoreNotices {
		if i == room.ignored {
			fmt.Fprintf(b, "- and %s; the JSON report has each\n", report.Count(len(r.IgnoreNotices)-i, "more notice"))
			break
		}
		fmt.Fprintf(b, "- ℹ️ **%s** %s: %s\n", inline(report.IgnoreProblem(n), maxField), f.Links.place(n.File, n.Line, 0), inline(n.Message, maxField))
	}
	if len(r.IgnoreNotices) > 0 {
		b.WriteString("\n")
	}
}

// ignoredTable lists the findings that comments ignore, with their reasons. A baseline's have none, and are counted.
func (f Format) ignoredTable(b *strings.Builder, r *gate.Result, room room) {
	var byComment []*gate.Ignored
	for i := range r.Ignored {
		if r.Ignored[i].By != "baseline" {
			byComment = append(byComment, &r.Ignored[i])
		}
	}
	if len(byComment) == 0 {
		return
	}
	b.WriteString("| ignored | at | because |\n| --- | --- | --- |\n")
	for i, ignored := range byComment {
		if i == room.ignored {
			fmt.Fprintf(b, "| and %s | | |\n", report.Count(len(byComment)-i, "more finding"))
			break
		}
		fmt.Fprintf(b, "| %s | %s | %s (%s) |\n", code(ignored.Finding.Rule), f.at(r, &ignored.Finding),
			inline(ignored.Reason, maxField), f.Links.place(ignored.File, ignored.Line, 0))
	}
	b.WriteString("\n")
}
