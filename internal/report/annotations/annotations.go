// Package annotations writes findings as workflow commands, which GitHub shows at the lines of a
// pull request.
//
// Syntax: docs.github.com, "Workflow commands for GitHub Actions", setting a notice, warning or
// error message.
package annotations

import (
	"bytes"
	"io"
	"slices"
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
	maxMessage, maxRemedy = 2000, 1000
	// GitHub takes titles of 255 characters (REST API, check runs); a path of Linux has 4,096 at most.
	maxTitle, maxPath = 200, 4096
)

// Format is GitHub's annotations: each finding at its line in the code, and where there is room for it a notice at the line
// of the migration that is the cause. The first ten of each level are written, and of those each cause has its first
// before any has its second. Where there are more findings, one notice says how many and where they are.
type Format struct{}

// Name is "github".
func (Format) Name() string { return "github" }

// annotation is one workflow command.
type annotation struct {
	level  gate.Severity
	fields map[string]string
	text   string
	// findings is how many findings it stands for, rank its number among those of one cause.
	findings, rank int
}

// Write writes one command a line.
func (Format) Write(w io.Writer, r *gate.Result) error {
	var all, extra []annotation
	for _, part := range report.Parts(r) {
		start, startExtra := len(all), len(extra)
		for _, g := range report.Groups(part) {
			all = append(all, group(part, g)...)
		}
		extra = append(extra, append(ignores(part), migrationEnds(part)...)...)
		for _, a := range append(all[start:len(all):len(all)], extra[startExtra:]...) {
			if part.Service != "" {
				a.fields["title"] += " (" + clip(part.Service, maxTitle) + ")"
			}
		}
	}
	shown, rest := withinLimits(all)
	if rest != (report.Tally{}) {
		shown = append(shown, annotation{level: gate.Notice, fields: map[string]string{"title": "Headgate: more findings"},
			text: "GitHub shows ten annotations of a level. Not shown here: " + rest.String() + ". The job summary and the JSON report have more."})
	}
	room := perStep
	for _, a := range shown {
		if a.level == gate.Notice {
			room--
		}
	}
	shown = append(shown, extra[:min(len(extra), max(0, room))]...)
	var b bytes.Buffer
	for _, a := range shown {
		issue(&b, a.level, a.fields, a.text)
	}
	_, err := w.Write(b.Bytes())
	return err
}

// withinLimits is what there is room for, in its order, and the tally of the findings that are left out.
func withinLimits(all []annotation) (shown []annotation, rest report.Tally) {
	byLevel := map[gate.Severity][]int{}
	for i, a := range all {
		byLevel[a.level] = append(byLevel[a.level], i)
	}
	left := map[int]bool{}
	leaveOut := func(level gate.Severity, room int) {
		list := byLevel[level]
		slices.SortStableFunc(list, func(a, b int) int { return all[a].rank - all[b].rank })
		for _, i := range list[min(len(list), room):] {
			left[i] = true
		}
	}
	leaveOut(gate.Error, perStep)
	leaveOut(gate.Warning, perStep)
	room := perStep
	if len(left) > 0 || len(byLevel[gate.Notice]) > perStep {
		room-- // the place of the notice that tells of the rest
	}
	leaveOut(gate.Notice, room)
	for i, a := range all {
		switch {
		case !left[i]:
			shown = append(shown, a)
		case a.level == gate.Error:
			rest.Errors += a.findings
		case a.level == gate.Warning:
			rest.Warnings += a.findings
		default:
			rest.Notices += a.findings
		}
	}
	return shown, rest
}

// group is the annotations of findings that belong together. Those in the released code are one, since they have no line
// in the proposal but that of the migration.
func group(r *gate.Result, g report.Group) []annotation {
	var list []annotation
	var released []*gate.Finding
	for _, f := range g.Findings {
		if f.Released {
			released = append(released, f)
			continue
		}
		list = append(list, annotation{level: level(f), fields: fields(f), text: message(f.Message, "", f.Remedy), findings: 1, rank: len(list)})
	}
	if len(released) == 0 {
		return list
	}
	first := *released[0]
	first.File, first.Line, first.Column, first.EndLine, first.EndColumn = "", 0, 0, 0, 0
	if m := first.Migration; m != nil {
		first.File, first.Line, first.EndLine = m.File, m.Line, m.Line
	}
	text := message((report.Group{Findings: released, Model: g.Model && len(released) > 1}).Title(), " ("+report.Places(r, released)+")", first.Remedy)
	return append(list, annotation{level: level(&first), fields: fields(&first), text: text, findings: len(released), rank: len(list)})
}

func level(f *gate.Finding) gate.Severity {
	if f.Severity == gate.Error || f.Severity == gate.Warning {
		return f.Severity
	}
	return gate.Notice
}

// ignores say what is ignored, and what ignores nothing although it was meant to.
func ignores(r *gate.Result) []annotation {
	var list []annotation
	for _, n := range r.IgnoreNotices {
		fields := map[string]string{"title": "Headgate: " + clip(report.IgnoreProblem(n), maxTitle)}
		setPlace(fields, n.File, n.Line, 0)
		list = append(list, annotation{level: gate.Notice, fields: fields, text: clip(n.Message, maxMessage)})
	}
	if n := len(r.Ignored); n > 0 {
		list = append(list, annotation{level: gate.Notice, fields: map[string]string{"title": "Headgate: ignored findings"},
			text: clip(report.Count(n, "finding")+" ignored: "+report.IgnoredBy(r)+". The job summary and the JSON report have more.", maxMessage)})
	}
	return list
}

// migrationEnds are the other ends of findings in the proposed code: the lines of migrations, one for each cause.
func migrationEnds(r *gate.Result) []annotation {
	type end struct {
		rule, object string
		migration    gate.Migration
	}
	at := map[end]int{}
	var ends [][]*gate.Finding
	for i := range r.Findings {
		f := &r.Findings[i]
		if f.Released || !report.Elsewhere(f) || f.Migration.File == "" || f.Migration.Line <= 0 {
			continue
		}
		key := end{rule: f.Rule, migration: *f.Migration}
		if f.Object != nil {
			key.object = f.Object.String()
		}
		n, known := at[key]
		if !known {
			n = len(ends)
			at[key] = n
			ends = append(ends, nil)
		}
		ends[n] = append(ends[n], f)
	}
	list := make([]annotation, len(ends))
	for i, findings := range ends {
		m := findings[0].Migration
		fields := map[string]string{"title": "Headgate: " + clip(findings[0].Rule, maxTitle) + ", the migration's end"}
		setPlace(fields, m.File, m.Line, 0)
		list[i] = annotation{level: gate.Notice, fields: fields, text: clip(report.SeenFromMigration(r, findings), maxMessage)}
	}
	return list
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

func message(says, more, remedy string) string {
	var b strings.Builder
	b.WriteString(clip(says, maxMessage) + clip(more, maxRemedy))
	if remedy != "" {
		b.WriteString("\nRemedy: ")
		b.WriteString(clip(remedy, maxRemedy))
	}
	return b.String()
}
