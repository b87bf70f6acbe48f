// Package text writes the report for a terminal and a log: each finding with its source line and a
// caret, then one block that says what was compared and how much was checked.
package text

import (
	"bufio"
	"io"
	"strings"

	"github.com/headgate/headgate/internal/gate"
	"github.com/headgate/headgate/internal/report"
)

// Format is the terminal report.
type Format struct {
	// Color asks for colours. The caller decides: a terminal, NO_COLOR, a flag.
	Color bool
}

// Name is "text".
func (Format) Name() string { return "text" }

// Write writes the findings in the result's order, and the summary block last, where people look first.
func (f Format) Write(w io.Writer, r *gate.Result) error {
	p := &printer{w: bufio.NewWriter(w), color: f.Color}
	if len(r.Services) > 0 {
		p.services(r)
		return p.w.Flush()
	}
	p.whole(r)
	return p.w.Flush()
}

// whole writes the report of one service.
func (p *printer) whole(r *gate.Result) {
	for _, g := range report.Groups(r) {
		p.group(r, g)
	}
	p.summary(r)
}

// printer writes lines. Write errors stay in the bufio.Writer until Flush.
type printer struct {
	w     *bufio.Writer
	color bool
}

// line writes parts as one line that is no workflow command, whatever the parts are.
func (p *printer) line(parts ...string) {
	_, _ = p.w.WriteString(report.Inert(strings.TrimRight(strings.Join(parts, ""), " ")))
	_ = p.w.WriteByte('\n')
}

// style is a set of SGR parameters (ECMA-48, 8.3.117).
type style string

const (
	bold   style = "1"
	dim    style = "2"
	red    style = "1;31"
	green  style = "1;32"
	yellow style = "1;33"
	blue   style = "1;34"
	cyan   style = "1;36"
)

func (p *printer) paint(s style, text string) string {
	if !p.color || text == "" {
		return text
	}
	return "\x1b[" + string(s) + "m" + text + "\x1b[0m"
}

func severityStyle(s gate.Severity) style {
	switch s {
	case gate.Error:
		return red
	case gate.Warning:
		return yellow
	default:
		return cyan
	}
}
