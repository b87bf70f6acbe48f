package text

import (
	"fmt"

	"github.com/headgate/headgate/internal/gate"
	"github.com/headgate/headgate/internal/report"
)

// maxFailure is how much of the reason is shown for which a service could not be checked.
const maxFailure = 400

// services writes the report of each service that has something to say, and then a line for each.
func (p *printer) services(r *gate.Result) {
	width := 0
	for _, s := range report.Parts(r) {
		width = max(width, len(s.Service))
		if !report.Quiet(s) && s.Verdict != gate.Unjudged {
			p.line(p.paint(bold, "service "+report.Printable(s.Service)))
			p.line()
			p.whole(s)
			p.line()
		}
	}
	mark, color := outcomeMark(r)
	p.line(p.paint(color, mark+" "+report.Printable(r.Verdict)+":"), " ", report.ServicesVerdict(r))
	p.line()
	for _, s := range report.Parts(r) {
		mark, color := outcomeMark(s)
		p.line("  ", p.paint(color, mark), " ", fmt.Sprintf("%-*s", width, report.Printable(s.Service)), "  ",
			report.Clip(report.Printable(report.Clip(report.Outcome(s), maxFailure)), maxFailure), p.paint(dim, rests(s)))
	}
	if len(r.Timings) > 0 {
		p.line()
		p.row("server", "PostgreSQL ", report.Printable(r.Postgres.Version), " (", report.Printable(r.Postgres.Provider), ")")
		p.row("time", report.Duration(report.Total(r.Timings)))
	}
}

// outcomeMark is the sign of a verdict.
func outcomeMark(r *gate.Result) (mark string, color style) {
	switch {
	case !report.Passed(r):
		return "✗", red
	case r.Coverage.Checked == 0:
		return "!", yellow
	}
	return "✓", green
}

// rests is what a service's outcome rests on, as the end of its line.
func rests(r *gate.Result) string {
	if r.Verdict == gate.Unjudged {
		return ""
	}
	return fmt.Sprintf(", %s, %s of %s checked", report.Count(len(r.Pending), "pending migration"),
		report.Number(r.Coverage.Checked), report.Count(r.Coverage.References, "reference"))
}
