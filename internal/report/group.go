package report

import (
	"slices"
	"strings"

	"github.com/headgate/headgate/internal/gate"
)

// Group is findings that belong together: those of one model, those of one cause, or one alone.
type Group struct {
	Findings []*gate.Finding
	// Model says that they are of one model; else several are of one cause.
	Model bool
}

// Groups gives each finding its group, in the order of the groups' first findings. A model's findings stay with their
// model, although others may have the same cause.
func Groups(r *gate.Result) []Group {
	causeOf := map[int]int{}
	for i, c := range r.Causes {
		for _, at := range c.Findings {
			causeOf[at] = i
		}
	}
	groupOf := map[int]int{} // the group by its cause
	var groups []Group
	for start := 0; start < len(r.Findings); {
		end := start + 1
		for end < len(r.Findings) && ofOneModel(&r.Findings[start], &r.Findings[end]) {
			end++
		}
		cause, hasCause := causeOf[start]
		at, known := groupOf[cause]
		switch {
		case end-start > 1:
			groups = append(groups, Group{Findings: pointers(r.Findings[start:end]), Model: true})
		case hasCause && known:
			groups[at].Findings = append(groups[at].Findings, &r.Findings[start])
		default:
			if hasCause {
				groupOf[cause] = len(groups)
			}
			groups = append(groups, Group{Findings: pointers(r.Findings[start:end])})
		}
		start = end
	}
	return groups
}

func ofOneModel(a, b *gate.Finding) bool {
	return a.Model != "" && a.Model == b.Model && a.File == b.File && a.Rule == b.Rule && a.Severity == b.Severity && a.Cell == b.Cell && a.Released == b.Released
}

func pointers(findings []gate.Finding) []*gate.Finding {
	list := make([]*gate.Finding, len(findings))
	for i := range findings {
		list[i] = &findings[i]
	}
	return list
}

// First is the finding that stands for the group: the worst, since findings are sorted so.
func (g Group) First() *gate.Finding { return g.Findings[0] }

// Title says what the findings have in common.
func (g Group) Title() string {
	first := g.First()
	switch {
	case g.Model:
		return "model " + first.Model + ": " + Count(len(g.Findings), "finding")
	case g.OneMessage():
		return first.Message
	default:
		return first.Object.String() + ": " + Count(len(g.Findings), "finding") + " of one cause"
	}
}

// OneMessage tells whether all findings say the same, so that it need be said once.
func (g Group) OneMessage() bool {
	return !slices.ContainsFunc(g.Findings, func(f *gate.Finding) bool { return f.Message != g.First().Message })
}

// Remedies are what to do: for a cause one thing, for a model's findings each, once, in their order.
func (g Group) Remedies() []string {
	findings := g.Findings
	if !g.Model {
		findings = findings[:1]
	}
	var remedies []string
	for _, f := range findings {
		if r := f.Remedy; r != "" && !slices.Contains(remedies, r) {
			remedies = append(remedies, r)
		}
	}
	return remedies
}

// At is where a finding stands: "file:line:column", and for a place that only the released code has, at which ref.
func At(r *gate.Result, f *gate.Finding) string {
	place := Place(f.File, f.Line, f.Column)
	if !f.Released || place == "" {
		return place
	}
	return place + " at " + Released(r)
}

// Released is the released code's ref, or its commit.
func Released(r *gate.Result) string {
	switch {
	case r.Base.Ref != "":
		return r.Base.Ref
	case r.Base.Commit != "":
		return r.Base.Commit[:min(len(r.Base.Commit), 12)]
	}
	return "the base"
}

// Places is the first places of findings in words: "a.go:3, b.go:9 and 4 more places". Places in the released code say so.
func Places(r *gate.Result, findings []*gate.Finding) string {
	const shown = 3
	var list []string
	for _, f := range findings {
		if at := At(r, &gate.Finding{File: f.File, Line: f.Line, Released: f.Released}); !slices.Contains(list, at) {
			list = append(list, at)
		}
	}
	if more := len(list) - shown; more > 0 {
		return strings.Join(list[:shown], ", ") + " and " + Count(more, "more place")
	}
	return sentenceList(list, "")
}

// CauseLabel says in a word or two how a finding's migration stands to it, to be followed by the migration.
func CauseLabel(rule string) string {
	switch rule {
	case "code-ahead":
		return "needs"
	case "breaks-released-code":
		return "broken by"
	case "required-column":
		return "required by"
	case "result-shape", "parameter-type":
		return "changed by"
	case "new-restriction":
		return "restricted by"
	case "edited-migration", "deleted-migration", "duplicate-version", "out-of-order", "multiple-heads", "broken-history",
		"migration-fails", "fresh-differs", "not-reversible":
		return "migration"
	}
	return "cause"
}

// SeenFromMigration says at a migration's line what it means for the findings that have their cause there.
func SeenFromMigration(r *gate.Result, findings []*gate.Finding) string {
	first, object := findings[0], "what it is about"
	if first.Object != nil {
		object = first.Object.String()
	}
	var words string
	switch first.Rule {
	case "code-ahead":
		words = "code that can go live before this migration has run needs " + object
	case "breaks-released-code":
		words = "code that is still live once this migration has run uses " + object
	case "unknown-reference":
		words = "the proposed code still uses " + object + " once this migration has run"
	case "required-column":
		words = "code inserts rows without " + object
	case "result-shape":
		words = "this changes what statements return"
	case "parameter-type":
		words = "this changes the types of statements' parameters"
	case "new-restriction":
		words = "code that is live writes what this restricts"
	default:
		words = "this is the cause of " + Count(len(findings), "finding")
	}
	return words + ": " + Places(r, findings)
}

// IgnoreProblem names a notice's kind: "unused ignore", "stale baseline".
func IgnoreProblem(n gate.IgnoreNotice) string {
	if n.By == "baseline" {
		return n.Kind + " baseline"
	}
	return n.Kind + " ignore"
}

// IgnoredBy counts the ignored findings by what ignores them: "2 by comments and 31 by headgate-baseline.json".
func IgnoredBy(r *gate.Result) string {
	comments, baseline, file := 0, 0, ""
	for i := range r.Ignored {
		if r.Ignored[i].By == "baseline" {
			baseline++
			file = r.Ignored[i].File
		} else {
			comments++
		}
	}
	var parts []string
	switch {
	case comments == 1:
		parts = append(parts, "1 by a comment")
	case comments > 1:
		parts = append(parts, Number(comments)+" by comments")
	}
	if baseline > 0 {
		parts = append(parts, Number(baseline)+" by "+file)
	}
	return sentenceList(parts, "")
}
