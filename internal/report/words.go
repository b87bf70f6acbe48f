package report

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/headgate/headgate/internal/gate"
)

// Count is a number with its noun: "1 error", "2 errors", "12,400 references".
func Count(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return Number(n) + " " + noun
}

// Number is n with a comma between thousands.
func Number(n int) string {
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// Tally is how many findings there are of each severity.
type Tally struct {
	Errors, Warnings, Notices int
}

// TallyOf counts findings. An unknown severity counts as a notice.
func TallyOf(findings []gate.Finding) Tally {
	var t Tally
	for i := range findings {
		switch findings[i].Severity {
		case gate.Error:
			t.Errors++
		case gate.Warning:
			t.Warnings++
		default:
			t.Notices++
		}
	}
	return t
}

// String is the tally in words, "1 error and 2 warnings"; "no finding" where there is none.
func (t Tally) String() string {
	var parts []string
	for _, p := range []struct {
		n    int
		noun string
	}{{t.Errors, "error"}, {t.Warnings, "warning"}, {t.Notices, "notice"}} {
		if p.n > 0 {
			parts = append(parts, Count(p.n, p.noun))
		}
	}
	return sentenceList(parts, "no finding")
}

func sentenceList(parts []string, none string) string {
	switch n := len(parts); n {
	case 0:
		return none
	case 1:
		return parts[0]
	default:
		return strings.Join(parts[:n-1], ", ") + " and " + parts[n-1]
	}
}

// Passed tells whether the verdict is a pass.
func Passed(r *gate.Result) bool { return r.Verdict == "pass" }

// Verdict is the outcome in one clause, to follow "pass: " or "fail: ". A pass that rests on
// nothing says so.
func Verdict(r *gate.Result) string {
	tally := TallyOf(r.Findings)
	switch {
	case !Passed(r):
		return tally.String() + ", not safe to deploy as it is"
	case len(r.Findings) > 0:
		return "nothing fails the job, but look at " + tally.String()
	case len(r.Ignored) > 0:
		return "nothing fails the job, with " + Count(len(r.Ignored), "finding") + " ignored"
	case r.Coverage.References == 0:
		return "no reference was found in " + Count(r.Coverage.Files, "file") + ", so no code was checked"
	case r.Coverage.Checked == 0:
		return "none of " + Count(r.Coverage.References, "reference") + " could be checked"
	default:
		return "every reference that was checked finds the schema that it needs"
	}
}

// Promise is what the order, or the split of the migrations, says of the deploy and so demands of the change, as a clause. It
// is empty for an order that the gate does not know.
func Promise(r *gate.Result) string {
	if slices.ContainsFunc(r.Cells, func(c gate.Cell) bool { return c.Name == "C0xSE" }) {
		return gate.SplitPromise
	}
	for _, o := range gate.Orders {
		if string(o.Order) == r.Order {
			return o.Promise
		}
	}
	return ""
}

// Files are the first few files of a list, and how many more there are.
func Files(files []string, most int) string {
	text := Printable(strings.Join(files[:min(most, len(files))], ", "))
	if more := len(files) - most; more > 0 {
		text += " and " + Count(more, "more file")
	}
	return text
}

// Place is "file:line:column" as far as it is known.
func Place(file string, line, column int) string {
	switch {
	case line <= 0:
		return file
	case column <= 0:
		return file + ":" + strconv.Itoa(line)
	default:
		return file + ":" + strconv.Itoa(line) + ":" + strconv.Itoa(column)
	}
}

// MatrixCell is one pair of code and schema.
type MatrixCell struct {
	Name, Code, Schema string
}

// expanded is the schema of cells such as C0xSE: after the migrations that only add, before those that take away.
const expanded = "expanded"

// Matrix are the cells of the deploy matrix, row by row. The expanded schema's are there where the result has them.
func Matrix(r *gate.Result) [][]MatrixCell {
	schemas := []struct{ letter, name string }{{gate.SchemaReleased, "released"}, {gate.SchemaExpanded, expanded}, {gate.SchemaProposed, "proposed"}}
	if !slices.ContainsFunc(r.Cells, func(c gate.Cell) bool { return strings.HasSuffix(c.Name, "xSE") }) {
		schemas = slices.Delete(schemas, 1, 2)
	}
	rows := make([][]MatrixCell, 2)
	for i, code := range []string{"released", "proposed"} {
		for _, s := range schemas {
			rows[i] = append(rows[i], MatrixCell{Name: "C" + strconv.Itoa(i) + "x" + s.letter, Code: code, Schema: s.name})
		}
	}
	return rows
}

// CellOf is the outcome of the named cell. A cell that the result does not have is "unchecked".
func CellOf(r *gate.Result, name string) gate.Cell {
	for _, c := range r.Cells {
		if c.Name == name {
			return c
		}
	}
	return gate.Cell{Name: name, Outcome: "unchecked"}
}

// CellCounts is what a cell's outcome rests on, to follow it: ", 2 findings, 1 ignored", or empty.
func CellCounts(c gate.Cell) string {
	text := ""
	if c.Failing > 0 {
		text = ", " + Count(c.Failing, "finding")
	}
	if c.Ignored > 0 {
		text += ", " + Number(c.Ignored) + " ignored"
	}
	return text
}

// Elsewhere tells whether the finding's migration is another place than the finding's own, so that
// it is worth showing.
func Elsewhere(f *gate.Finding) bool {
	return f.Migration != nil && (f.Migration.File != f.File || f.Migration.Line != f.Line)
}

// Status is "pending" or "released" for a migration of r by its version, or empty where there is none.
func Status(r *gate.Result, version string) string {
	if version == "" {
		return ""
	}
	for _, p := range r.Pending {
		if p.Version == version {
			return "pending"
		}
	}
	return "released"
}

// Reason is a kind of reason for which references could not be checked, with the references.
type Reason struct {
	Text   string
	Places []gate.Unchecked
}

// Reasons groups unchecked references, the most frequent reason first. What follows a colon or
// stands in parentheses is the reason's detail, such as the server's message, and does not part
// one group from another. Places keep their order.
func Reasons(unchecked []gate.Unchecked) []Reason {
	at := map[string]int{}
	var reasons []Reason
	for _, u := range unchecked {
		text, _ := SplitReason(u.Reason)
		if text == "" {
			text = "no reason given"
		}
		i, ok := at[text]
		if !ok {
			i = len(reasons)
			at[text] = i
			reasons = append(reasons, Reason{Text: text})
		}
		reasons[i].Places = append(reasons[i].Places, u)
	}
	slices.SortStableFunc(reasons, func(a, b Reason) int {
		if c := cmp.Compare(len(b.Places), len(a.Places)); c != 0 {
			return c
		}
		return cmp.Compare(a.Text, b.Text)
	})
	return reasons
}

// SplitReason parts a reason into what groups it with others and its detail, which may be empty.
func SplitReason(reason string) (text, detail string) {
	colon, paren := strings.Index(reason, ": "), strings.Index(reason, " (")
	switch {
	case paren > 0 && (colon <= 0 || paren < colon):
		return reason[:paren], reason[paren+1:]
	case colon > 0:
		return reason[:colon], reason[colon+2:]
	default:
		return reason, ""
	}
}

// Coverage is how much was checked, in one line.
func Coverage(c gate.Coverage) string {
	line := Count(c.References, "reference") + " in " + Count(c.Files, "file") + ": " + Number(c.Checked) + " checked"
	if n := len(c.Unchecked); n > 0 {
		line += ", " + Number(n) + " unchecked"
	}
	for _, owner := range c.Owners() {
		line += fmt.Sprintf("; %s of service %s", Number(c.Elsewhere[owner]), Printable(owner))
	}
	if n := len(c.Skipped); n > 0 {
		line += "; " + Count(n, "data statement") + " of migrations not run"
	}
	return line
}

// Point is one end of the comparison in words: the ref with the commit's short hash, or "work tree".
func Point(p gate.Point) string {
	commit := p.Commit
	if len(commit) > 12 {
		commit = commit[:12]
	}
	switch {
	case p.Ref == "" && commit == "":
		return "work tree"
	case p.Ref == "":
		return "work tree (on " + commit + ")"
	case p.Ref == p.Commit:
		return commit
	case commit == "":
		return p.Ref
	default:
		return p.Ref + " (" + commit + ")"
	}
}

// Heads are the heads of a history: "6", "6, 7", or "none".
func Heads(p gate.Point) string {
	if len(p.Heads) == 0 {
		return "none"
	}
	return strings.Join(p.Heads, ", ")
}

// Stage is how long a part of the check took.
type Stage struct {
	Name         string
	Milliseconds int64
}

// total is the key in a result's timings of the whole run's duration.
const total = "total_ms"

// Stages are the timings without the total, the longest first.
func Stages(timings map[string]int64) []Stage {
	stages := make([]Stage, 0, len(timings))
	for name, ms := range timings {
		if name != total {
			stages = append(stages, Stage{strings.TrimSuffix(name, "_ms"), ms})
		}
	}
	slices.SortFunc(stages, func(a, b Stage) int {
		if c := cmp.Compare(b.Milliseconds, a.Milliseconds); c != 0 {
			return c
		}
		return cmp.Compare(a.Name, b.Name)
	})
	return stages
}

// Total is the run's duration in milliseconds: "total_ms" where the result has it, else the sum of
// the stages.
func Total(timings map[string]int64) int64 {
	if ms, ok := timings[total]; ok {
		return ms
	}
	var sum int64
	for _, ms := range timings {
		sum += ms
	}
	return sum
}

// Duration is milliseconds as people read them: "40 ms", "2.4 s", "3 min 5 s".
func Duration(ms int64) string {
	switch {
	case ms < 1000:
		return fmt.Sprintf("%d ms", ms)
	case ms < 59_950:
		return fmt.Sprintf("%.1f s", float64(ms)/1000)
	default:
		seconds := (ms + 500) / 1000
		return fmt.Sprintf("%d min %d s", seconds/60, seconds%60)
	}
}
