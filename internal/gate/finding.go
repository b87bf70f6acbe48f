// Package gate decides: it checks every reference of a code version against every schema that the
// version will meet, and says what that means for the deploy.
package gate

import "github.com/headgate/headgate/internal/schema"

// Severity is how much a finding weighs.
type Severity string

// The severities, the worst first. Only an error fails the job.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
	Notice  Severity = "notice"
)

// Finding is one problem, at one place, with its cause and its remedy.
type Finding struct {
	// Service is whose check found it, where several were made.
	Service  string   `json:"service,omitempty"`
	Rule     string   `json:"rule"`
	Severity Severity `json:"severity"`
	// Message says what is wrong, Remedy what to do, each in plain sentences.
	Message string `json:"message"`
	Remedy  string `json:"remedy"`
	// SQLState is the server's error code, empty where no statement failed.
	SQLState string `json:"sqlstate"`
	// File is the path from the repository's top. Lines and columns count from 1, columns in
	// runes; EndColumn is the column after the last rune. 0 is unknown.
	File      string `json:"file"`
	Line      int    `json:"line"`
	Column    int    `json:"column"`
	EndLine   int    `json:"endLine"`
	EndColumn int    `json:"endColumn"`
	// Model is the model that needs the object, by its name in the code, where it is a model that does: a model that
	// lacks several columns has a finding at each, and they belong together.
	Model string `json:"model,omitempty"`
	// Object is what is missing or changed, where it is known.
	Object *schema.Object `json:"object,omitempty"`
	// Migration is what brings, changes or removes the object, where it is known.
	Migration *Migration `json:"migration,omitempty"`
	// Cell is the pair of code and schema that fails, "C1xS0": of several, the one that weighs most. Cells are all of them,
	// where there are several.
	Cell  string   `json:"cell"`
	Cells []string `json:"cells,omitempty"`
	// Released says that File and Line are those of the released code at the base, because the proposed code no longer has
	// this place.
	Released bool `json:"released,omitempty"`
	// Fingerprint stays the same when lines shift.
	Fingerprint string `json:"fingerprint"`
	// Source is the text of the line, for showing.
	Source string `json:"-"`
	// FirstLine and LastLine are the lines of File that the statement takes, or the model that stands for one; 0 is unknown.
	FirstLine int `json:"-"`
	LastLine  int `json:"-"`
}

// Cause is what several findings have in common: one object that one migration brings, changes or removes, and so one
// thing to do.
type Cause struct {
	Rule      string         `json:"rule"`
	Severity  Severity       `json:"severity"` // the worst of its findings'
	Object    *schema.Object `json:"object,omitempty"`
	Migration *Migration     `json:"migration,omitempty"`
	Remedy    string         `json:"remedy"`
	// Findings are indexes into the result's findings, ascending; there are at least two.
	Findings []int `json:"findings"`
}

// Ignored is a finding that somebody decided to live with, and where it says so.
type Ignored struct {
	Finding Finding `json:"finding"`
	// By is "comment" or "baseline"; File and Line are the comment's, or those of the entry in the baseline of findings,
	// which gives no Reason.
	By     string `json:"by"`
	File   string `json:"file"`
	Line   int    `json:"line"`
	Reason string `json:"reason"`
}

// IgnoreNotice is a comment, or a baseline of findings, that ignores nothing although somebody meant it to.
type IgnoreNotice struct {
	// Kind is "unused", "expired" or "malformed" for a comment, "stale" for a baseline, By as in Ignored.
	Kind    string `json:"kind"`
	By      string `json:"by"`
	File    string `json:"file"`
	Line    int    `json:"line"`
	Message string `json:"message"`
}

// Migration is a line of a migration.
type Migration struct {
	Version string `json:"version"`
	File    string `json:"file"`
	Line    int    `json:"line"`
}

// Point is one end of the comparison.
type Point struct {
	// Ref is the ref as it was asked for or chosen; empty for the work tree.
	Ref string `json:"ref"`
	// Commit is the full hash; of the work tree, that of the commit it is checked out from, empty if there is none.
	Commit string `json:"commit"`
	// Heads are the versions of its migrations that no other follows.
	Heads []string `json:"heads"`
}

// Pending is a migration that the released schema does not have.
type Pending struct {
	// Service is whose it is, where several were checked.
	Service string `json:"service,omitempty"`
	Version string `json:"version"`
	File    string `json:"file"`
	// Line is where it begins, of a file that holds several.
	Line int `json:"line,omitempty"`
	// Parents are the versions that it follows, where the history is a graph.
	Parents []string `json:"parents,omitempty"`
}

// Coverage says how much was checked, so that "no finding" can be judged.
type Coverage struct {
	// Files is how many files were read, References how many references they hold, and Checked
	// how many of these the server judged.
	Files      int `json:"files"`
	References int `json:"references"`
	Checked    int `json:"checked"`
	// Released is how many further references the released code alone has: what the proposed code no longer asks.
	Released  int         `json:"released,omitempty"`
	Unchecked []Unchecked `json:"unchecked"`
	// Elsewhere is how many of the references are another service's, by that one's name: several services read the file,
	// and the reference fits that one's schema.
	Elsewhere map[string]int `json:"elsewhere,omitempty"`
	// Skipped are the statements of migrations that were not run because they change data and no schema.
	Skipped []Unchecked `json:"skipped,omitempty"`
}

// Unchecked is a reference that could not be checked.
type Unchecked struct {
	// Service is whose check came upon it, where several were made.
	Service string `json:"service,omitempty"`
	File    string `json:"file"`
	Line    int    `json:"line"`
	Reason  string `json:"reason"`
	// Released says that File and Line are those of the released code.
	Released bool `json:"released,omitempty"`
}

// Server is the PostgreSQL that judged.
type Server struct {
	Provider string `json:"provider"`
	Version  string `json:"version"`
}

// Result is the whole outcome of a check. Its JSON form is the JSON report, version 1, to which
// fields may be added and from which none may go.
type Result struct {
	Version int `json:"version"`
	// Service is the service that was checked, as headgate.yaml names it; empty where it names none, and of a result that
	// puts together those of several.
	Service string `json:"service,omitempty"`
	// Verdict is "pass" or "fail"; of one service among several also Unjudged.
	Verdict string `json:"verdict"`
	// Failure is why a service is unjudged.
	Failure string `json:"failure,omitempty"`
	Order   string `json:"order"`
	// Promise is what the order says of the deploy; the JSON report fills it in.
	Promise string `json:"promise,omitempty"`
	Base    Point  `json:"base"`
	Head    Point  `json:"head"`
	// Pending, Findings and Coverage.Unchecked are never nil, so that the report has lists.
	Pending []Pending `json:"pending"`
	// Findings are sorted: the worst first, then by place.
	Findings []Finding `json:"findings"`
	// Causes group the findings that have one cause, in the order of their first findings.
	Causes []Cause `json:"causes,omitempty"`
	// Plan is the way out in releases, where files must be shipped apart.
	Plan []Release `json:"plan,omitempty"`
	// Ignored are the findings that a comment or the baseline of findings takes out of Findings, IgnoreNotices those of
	// these that take out none.
	Ignored       []Ignored      `json:"ignored,omitempty"`
	IgnoreNotices []IgnoreNotice `json:"ignoreNotices,omitempty"`
	Coverage      Coverage       `json:"coverage"`
	// Cells is each checked pair of code and schema, in the matrix's order.
	Cells    []Cell `json:"cells"`
	Postgres Server `json:"postgres"`
	// Timings are the stages' durations in milliseconds, by name ("check_ms").
	Timings map[string]int64 `json:"timings"`
	// Services are the results of several services, in the order of headgate.yaml. Then the lists above hold what all of them
	// have, each with its service, and what is each service's own is empty: cells, plan, and heads.
	Services []Result `json:"services,omitempty"`
}

// Unjudged is the verdict of a service that could not be checked while others were.
const Unjudged = "unchecked"

// Cell is the outcome for one pair of code and schema.
type Cell struct {
	// Name is "C1xS0".
	Name string `json:"name"`
	// Outcome is "holds", "fails", "warns" or "unchecked"; Why says more where it is unchecked, and of the baseline where
	// something was failing there before.
	Outcome string `json:"outcome"`
	Why     string `json:"why,omitempty"`
	// Failing is how many findings the cell has, of any severity. Ignored is how many more it had.
	Failing int `json:"failing"`
	Ignored int `json:"ignored,omitempty"`
}
