package summary

import (
	"bytes"
	"fmt"
	"io"

	"github.com/headgate/headgate/internal/gate"
	"github.com/headgate/headgate/internal/report"
)

// serviceRow is how many bytes the line of a service takes in the table, at most; least is what the summary of one needs.
const (
	serviceRow = 1024
	least      = 4096
)

// services writes a table of the services, and the summary of each that has something to say, as far as there is room.
func (f Format) services(w io.Writer, r *gate.Result, limit int) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "## %s Headgate: %s\n\n**%s.**\n\n", verdictMark(r), inline(r.Verdict, maxField), upper(report.ServicesVerdict(r)))
	f.table(&b, r, limit/2)
	left := 0
	for _, s := range report.Parts(r) {
		if report.Quiet(s) || s.Verdict == gate.Unjudged {
			continue
		}
		room := limit - b.Len() - leftOut
		if room < least {
			left++
			continue
		}
		if err := f.whole(&b, s, room); err != nil {
			return err
		}
		b.WriteString("\n")
	}
	if left > 0 {
		fmt.Fprintf(&b, "**%s left out here.** The log and the JSON report have all of them.\n", upper(report.Count(left, "more service")))
	}
	_, err := w.Write(b.Bytes())
	return err
}

// table has a line for each service.
func (f Format) table(b *bytes.Buffer, r *gate.Result, limit int) {
	b.WriteString("| service | | pending | checked |\n| --- | --- | ---: | ---: |\n")
	for i := range r.Services {
		s := &r.Services[i]
		if b.Len() > limit-serviceRow {
			fmt.Fprintf(b, "| %s | | | |\n", report.Count(len(r.Services)-i, "more service"))
			break
		}
		if s.Verdict == gate.Unjudged {
			fmt.Fprintf(b, "| %s | ❌ %s | | |\n", inline(s.Service, maxField), inline(report.Outcome(s), maxField))
			continue
		}
		fmt.Fprintf(b, "| %s | %s %s | %s | %s of %s |\n", inline(s.Service, maxField), verdictMark(s), inline(report.Outcome(s), maxField),
			report.Number(len(s.Pending)), report.Number(s.Coverage.Checked), report.Number(s.Coverage.References))
	}
	b.WriteString("\n")
}
