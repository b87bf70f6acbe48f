// Package annotations writes findings as workflow commands, which GitHub shows at the lines of a
// pull request.
//
// Syntax: docs.github.com, "Workflow commands for GitHub Actions", setting a notice, warning or
// error message.
package annotations

import (
	"bytes"
	"io"
	"strconv"
	"strings"

	"github.com/sethvargo/go-githubactions"

	"github.com/headgate/headgate/internal/gate"
	"github.com/headgate/headgate/internal/report"
)

const (
	// perStep is how many annotations of each level GitHub keeps for a step; it drops the rest.
	perStep = 10
	// The runner cuts a message at 4,096 characters (ExecutionContext in actions/runner). The
	// message gives way before the remedy does.
	maxMessage, maxRemedy = 3000, 1000
	// GitHub takes titles of 255 characters (REST API, check runs); a path of Linux has 4,096 at most.
	maxTitle, maxPath = 200, 4096
)

// Format is GitHub's annotations. The first ten of each level are written, and the worst come
// first because the findings are sorted so. Where there are more, one notice says how many and
// where they are.
type Format struct{}

// Name is "github".
func (Format) Name() string { return "github" }

// Write writes one command a line.
func (Format) Write(w io.Writer, r *gate.Result) error {
	var b bytes.Buffer
	tally := report.TallyOf(r.Findings)
	room := map[gate.Severity]int{gate.Error: perStep, gate.Warning: perStep, gate.Notice: perStep}
	if tally.Errors > perStep || tally.Warnings > perStep || tally.Notices > perStep {
		room[gate.Notice]-- // the place of the notice that tells of the rest
	}
	rest := tally
	for i := range r.Findings {
		f := &r.Findings[i]
		level := f.Severity
		if level != gate.Error && level != gate.Warning {
			level = gate.Notice
		}
		if room[level] == 0 {
			continue
		}
		room[level]--
		switch level {
		case gate.Error:
			rest.Errors--
		case gate.Warning:
			rest.Warnings--
		default:
			rest.Notices--
		}
		issue(&b, level, fields(f), message(f))
	}
	if rest != (report.Tally{}) {
		issue(&b, gate.Notice, map[string]string{"title": "Headgate: more findings"},
			"GitHub shows ten annotations of a level. Not shown here: "+rest.String()+". The job summary and the JSON report have more.")
	}
	_, err := w.Write(b.Bytes())
	return err
}

// Failure writes an error that kept the check from being made, such as a released migration that
// does not apply, at its place: a path from the repository's top, line and column from 1. An empty
// file or a 0 is left out.
func Failure(w io.Writer, file string, line, column int, message string) error {
	var b bytes.Buffer
	place := map[string]string{"title": "Headgate could not check"}
	setPlace(place, file, line, column)
	issue(&b, gate.Error, place, report.Clip(report.Lines(report.Clip(message, maxMessage)), maxMessage))
	_, err := w.Write(b.Bytes())
	return err
}

// issue writes to a buffer, because the library panics where a write fails.
func issue(b *bytes.Buffer, level gate.Severity, fields map[string]string, text string) {
	action := githubactions.New(githubactions.WithWriter(b)).WithFieldsMap(fields)
	switch level {
	case gate.Error:
		action.Errorf("%s", text)
	case gate.Warning:
		action.Warningf("%s", text)
	default:
		action.Noticef("%s", text)
	}
}

func fields(f *gate.Finding) map[string]string {
	m := map[string]string{"title": "Headgate: " + clip(f.Rule, maxTitle)}
	setPlace(m, f.File, f.Line, f.Column)
	if f.File == "" || f.Line <= 0 || f.EndLine < f.Line {
		return m
	}
	m["endLine"] = strconv.Itoa(f.EndLine)
	switch {
	case f.EndLine > f.Line:
		// GitHub takes columns only where start and end are on one line.
		delete(m, "col")
	case f.Column > 0 && f.EndColumn >= f.Column:
		m["endColumn"] = strconv.Itoa(f.EndColumn)
	}
	return m
}

func setPlace(m map[string]string, file string, line, column int) {
	if file == "" {
		return
	}
	// A name with control characters does not match its file then; it must not reach a log raw.
	m["file"] = clip(file, maxPath)
	if line > 0 {
		m["line"] = strconv.Itoa(line)
		if column > 0 {
			m["col"] = strconv.Itoa(column)
		}
	}
}

// clip is text on one line, of at most limit runes.
func clip(text string, limit int) string {
	return report.Clip(report.Printable(report.Clip(text, limit)), limit)
}

func message(f *gate.Finding) string {
	var b strings.Builder
	b.WriteString(clip(f.Message, maxMessage))
	if f.Remedy != "" {
		b.WriteString("\nRemedy: ")
		b.WriteString(clip(f.Remedy, maxRemedy))
	}
	return b.String()
}
