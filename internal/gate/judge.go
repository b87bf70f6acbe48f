package gate

import (
	"cmp"
	"io/fs"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/headgate/headgate/internal/reference"
	"github.com/headgate/headgate/internal/schema"
	"github.com/headgate/headgate/internal/sqltext"
)

// judge collects what is said of the references, one after the other.
type judge struct {
	Subject
	findings  []Finding
	coverage  Coverage
	cells     cells
	tables    map[string]bool // the names of S1's tables and views, made when first needed
	made      map[string]bool // the names of the relations that the code makes itself
	shownOnce map[modelObject]bool
}

// modelObject is an object that a model lacks: a model without its table lacks it once, not once a column.
type modelObject struct {
	file, model string
	object      schema.Object
}

// judge says what the outcome of one reference means.
func (j *judge) judge(r reference.Reference, o outcome) {
	switch {
	case inconclusive(o.released):
		j.unchecked(r, "the server could not tell: "+o.released.Message)
	case inconclusive(o.proposed):
		j.unchecked(r, "the server could not tell: "+o.proposed.Message)
	case j.Proposed == nil:
		j.judgeReleased(r, o)
	case o.released == nil && o.proposed == nil:
		j.coverage.Checked++
	case o.proposed == nil:
		j.ahead(r, o.released)
	case o.released == nil:
		j.behind(r, o.proposed)
	default:
		j.unknown(r, o.proposed)
	}
}

// inconclusive tells whether an error is about the server and not about the statement: a lost connection, a
// transaction that was rolled back, resources or limits that ran out, an operator or a time limit that stepped in, the system
// or PostgreSQL itself that failed (manual, appendix A, by class).
func inconclusive(refused *pgconn.PgError) bool {
	if refused == nil || len(refused.Code) < 2 {
		return false
	}
	switch refused.Code[:2] {
	case "08", "40", "53", "54", "57", "58", "XX":
		return true
	}
	return false
}

// judgeReleased judges by the released schema alone, since the proposed one cannot be built: what fails on it is drift
// where a pending migration is known to bring what is missing, and cannot be told from prose where none is.
func (j *judge) judgeReleased(r reference.Reference, o outcome) {
	if o.released == nil {
		j.coverage.Checked++
		return
	}
	if lacks, ok := readMissing(o.released); ok && lacks.find(j.Origins, readWords(r.SQL), schema.Added) != nil {
		j.ahead(r, o.released)
		return
	}
	j.unchecked(r, "it fails on the released schema ("+o.released.Message+"), and the proposed one cannot be built")
}

// ahead is a reference that needs what only a pending migration brings.
func (j *judge) ahead(r reference.Reference, refused *pgconn.PgError) {
	j.coverage.Checked++
	lacks, known := readMissing(refused)
	var origin *schema.Origin
	w := readWords(r.SQL)
	if known {
		origin = lacks.find(j.Origins, w, schema.Added)
	}
	if origin == nil {
		origin = j.touches(w)
	}
	f := j.finding("code-ahead", cellAhead, r, refused)
	f.Message, f.Remedy = aheadWords(refused, lacks, known, origin, j.Pending)
	j.add(f, r, origin, lacks, known)
}

// behind is a reference that needs what a pending migration takes away.
func (j *judge) behind(r reference.Reference, refused *pgconn.PgError) {
	j.coverage.Checked++
	lacks, known := readMissing(refused)
	var origin *schema.Origin
	w := readWords(r.SQL)
	if known {
		// A column that comes can make an unqualified name ambiguous.
		origin = lacks.find(j.Origins, w, schema.Removed, schema.Changed, schema.Added)
	}
	if origin == nil {
		origin = j.touches(w)
	}
	f := j.finding("unknown-reference", cellEnd, r, refused)
	f.Message, f.Remedy = behindWords(refused, lacks, known, origin)
	j.add(f, r, origin, lacks, known)
}

// unknown is a reference that both schemas refuse. That is no drift: a broad net catches prose that looks like
// SQL, other dialects and fragments. Only where the server says that an object is missing is it held against the
// code, and the less sure it is that the text goes to this database, the quieter.
func (j *judge) unknown(r reference.Reference, refused *pgconn.PgError) {
	reason := "both schemas refuse it: " + refused.Message
	lacks, ok := readMissing(refused)
	if !ok {
		j.unchecked(r, reason)
		return
	}
	if lacks.kind == schema.Table && j.made[lacks.name] {
		j.unchecked(r, "the code makes the table "+lacks.name+" itself")
		return
	}
	relation := lacks.kind == schema.Table || lacks.kind == schema.Namespace
	stood := j.Stood(r)
	var severity Severity
	switch {
	case relation && r.Certain && !stood:
		severity = Warning
	case relation || !j.mentionsTable(r.SQL):
		// It may live in another database.
	case !stood:
		severity = j.Order.severity(cellEnd)
	case r.Certain:
		severity = Warning
	}
	if severity == "" {
		j.unchecked(r, reason)
		return
	}
	j.coverage.Checked++
	f := j.finding("unknown-reference", cellEnd, r, refused)
	f.Severity = severity
	f.Message, f.Remedy = unknownWords(refused, lacks, j.namesakes(lacks), stood)
	j.add(f, r, nil, lacks, true)
}

// touches is the first change to a table that the statement mentions, for errors that name no object; else the first
// change of a lone migration.
func (j *judge) touches(w words) *schema.Origin {
	for i, o := range j.Origins {
		name := cmp.Or(o.Object.Table, o.Object.Name)
		if o.Object.Kind != schema.Namespace && slices.Contains(w, name) {
			return &j.Origins[i]
		}
	}
	return nil
}

// namesakes are the proposed schema's functions that have the name of a missing one and take other arguments, sorted.
func (j *judge) namesakes(lacks missing) []string {
	var found []string
	if lacks.kind == schema.Function {
		for o := range j.Proposed.Snapshot {
			if lacks.matches(o) {
				found = append(found, o.Name)
			}
		}
	}
	slices.Sort(found)
	return found
}

// mentionsTable tells whether the statement names a table or view of the proposed schema.
func (j *judge) mentionsTable(sql string) bool {
	if j.tables == nil {
		j.tables = map[string]bool{}
		for o := range j.Proposed.Snapshot {
			if o.Kind == schema.Table || o.Kind == schema.View {
				j.tables[o.Name] = true
			}
		}
	}
	return slices.ContainsFunc(readWords(sql), func(w string) bool { return j.tables[w] })
}

func (j *judge) unchecked(r reference.Reference, reason string) {
	j.coverage.Unchecked = append(j.coverage.Unchecked, Unchecked{File: r.Place.File, Line: r.Place.Line, Reason: reason})
}

// finding places a finding where the server points, or else where the reference begins.
func (j *judge) finding(rule, cell string, r reference.Reference, refused *pgconn.PgError) Finding {
	start, end := pointed(r.SQL, int(refused.Position))
	from, to := r.Map.Range(start, end)
	f := Finding{Rule: rule, Severity: j.Order.severity(cell), Cell: cell, SQLState: refused.Code,
		File: from.File, Line: from.Line, Column: from.Column, EndLine: to.Line, EndColumn: to.Column}
	if r.Model {
		f.Model = r.Name
	}
	if to.File != from.File || to.Line < from.Line {
		f.EndLine, f.EndColumn = from.Line, from.Column+1
	}
	return f
}

// pointed is the span, in runes from 0, of the name that stands at the server's position, with all its dots. The
// server counts characters from 1 (manual, section 55.8); 0 is no position, and then it is the first word.
func pointed(sql string, position int) (start, end int) {
	at := max(position-1, 0)
	scan := sqltext.NewScanner(sql)
	runes, bytes := 0, 0
	advance := func(to int) int {
		runes += utf8.RuneCountInString(sql[bytes:to])
		bytes = to
		return runes
	}
	inside := false
	dot := false
	for t := scan.Next(); t.Kind != sqltext.EOF; t = scan.Next() {
		from, to := advance(t.Start), advance(t.End)
		isDot := sql[t.Start:t.End] == "."
		switch {
		case !inside && to > at && t.Kind != sqltext.Comment:
			start, end, inside = from, to, true
		case inside && (isDot || dot):
			end = to
		case inside:
			return start, end
		}
		dot = isDot
	}
	return start, max(end, start+1)
}

// add completes a finding and keeps it, unless its model was said to lack the same object already.
func (j *judge) add(f Finding, r reference.Reference, origin *schema.Origin, lacks missing, known bool) {
	if origin != nil {
		f.Migration = &Migration{Version: origin.Revision.Version, File: origin.Revision.File, Line: origin.Line}
	}
	switch {
	case origin != nil && known && lacks.matches(origin.Object):
		f.Object = &origin.Object
	case known:
		f.Object = &schema.Object{Kind: lacks.kind, Schema: lacks.schema, Table: lacks.table, Name: lacks.name}
	}
	if r.Model && f.Object != nil {
		key := modelObject{r.Place.File, r.Name, *f.Object}
		if j.shownOnce[key] {
			return
		}
		if j.shownOnce == nil {
			j.shownOnce = map[modelObject]bool{}
		}
		j.shownOnce[key] = true
	}
	f.Fingerprint = fingerprint(f, r.SQL)
	j.findings = append(j.findings, f)
}

// verdict sorts and counts what was found.
func (j *judge) verdict(sources fs.FS) *Verdict {
	slices.SortStableFunc(j.findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(weight[a.Severity], weight[b.Severity]), strings.Compare(a.File, b.File),
			cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), strings.Compare(a.Rule, b.Rule))
	})
	slices.SortStableFunc(j.coverage.Unchecked, func(a, b Unchecked) int {
		return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	distinguish(j.findings)
	quote(j.findings, sources)
	v := &Verdict{Findings: j.findings, Coverage: j.coverage, Cells: j.cells.count(j.findings)}
	if v.Findings == nil {
		v.Findings = []Finding{}
	}
	if v.Coverage.Unchecked == nil {
		v.Coverage.Unchecked = []Unchecked{}
	}
	return v
}

var weight = map[Severity]int{Error: 0, Warning: 1, Notice: 2}
