package gate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/headgate/headgate/internal/postgres"
	"github.com/headgate/headgate/internal/schema"
	"github.com/headgate/headgate/internal/sqltext"
)

// judge collects what is said of the references, one after the other.
type judge struct {
	Subject
	meets     []meeting
	findings  []Finding
	about     map[int]*hearing // what a finding is about, by its index
	coverage  Coverage
	baseline  int             // how many references of the released code the released schema refuses and a later one takes
	tables    map[string]bool // the names of the last schema's tables and views, made when first needed
	made      made            // what the code makes itself
	shownOnce map[modelObject]bool
	sessions  sessions
	mapped    map[string]map[mapping]bool // the columns that the models of each code version map

	// Of each schema, made when first needed: the types of what the statements return and take, the columns by identity, the
	// tables with their columns.
	types    []map[typeKey]typeFacts
	columns  []map[columnKey]schema.Object
	tablesOn []map[schema.Object]*table
}

// modelObject is an object that a model lacks: a model without its table lacks it once, not once a column.
type modelObject struct {
	file, model, rule string
	object            schema.Object
}

func newJudge(s Subject) *judge {
	j := &judge{Subject: s, made: madeByCode(s.References, s.Gone), shownOnce: map[modelObject]bool{}, sessions: sessions{}, about: map[int]*hearing{}}
	j.meets = j.meetings()
	return j
}

// refused is what the server says against a probe on a schema: nil where it holds.
func refused(a *postgres.Answer) *pgconn.PgError {
	if a.Refused != nil {
		return a.Refused
	}
	return a.Planned
}

// judge says what the answers to one use mean.
func (j *judge) judge(h *hearing) {
	for _, row := range h.answers {
		for _, a := range row {
			if inconclusive(refused(a)) {
				j.unchecked(&h.use, "the server could not tell: "+refused(a).Message)
				return
			}
		}
	}
	if h.Model && len(h.writes) > 0 {
		// A model's INSERT says which columns it writes; what it lacks is said of its columns, each at its place.
		j.count(&h.use)
		j.requiredColumns(h)
		j.newRestrictions(h)
		return
	}
	for i, row := range h.answers {
		if !j.judgeProbe(h, i, row) {
			return
		}
	}
	j.count(&h.use)
	j.requiredColumns(h)
	j.shapeChanges(h)
	j.parameterTypes(h)
	j.newRestrictions(h)
}

// judgeProbe judges what holds on some schemas and not on others. It is false where the use is unchecked, or done with.
func (j *judge) judgeProbe(h *hearing, i int, row []*postgres.Answer) bool {
	failing := 0
	for _, a := range row {
		if refused(a) != nil {
			failing++
		}
	}
	switch {
	case failing == 0:
		return true
	case !j.built():
		return j.judgeReleased(h, i, row)
	case failing == len(row):
		return j.unknown(h, i, refused(row[len(row)-1]))
	}
	return j.drift(h, i, row)
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

// judgeReleased judges by the schemas that could be built, since the proposed one cannot: what fails on them is drift
// where a pending migration is known to bring what is missing, and cannot be told from prose where none is.
func (j *judge) judgeReleased(h *hearing, i int, row []*postgres.Answer) bool {
	last := refused(row[len(row)-1])
	if last == nil || !h.proposed {
		return true
	}
	if lacks, ok := readMissing(last); ok {
		if origin := lacks.find(j.Origins, readWords(h.SQL), schema.Added); origin != nil {
			d := drift{rule: "code-ahead", at: len(row) - 1, cell: cellAhead, severity: j.weight(codeProposed, len(row)-1), refused: last}
			j.guess(h, i, d, schema.Added)
			return true
		}
	}
	j.unchecked(&h.use, "it fails on the released schema ("+last.Message+"), and the proposed one cannot be built")
	return false
}

// weight is how much a failure of a code version on a schema weighs.
func (j *judge) weight(code string, at int) Severity {
	for _, m := range j.meets {
		if m.code == code && m.schema == at {
			return m.weight
		}
	}
	return ""
}

// drift is what a probe that holds on one schema and fails on another means for the deploy.
type drift struct {
	rule     string
	severity Severity
	cell     string
	cells    []string // all that fail, where there are several
	at       int      // the schema on which it fails
	refused  *pgconn.PgError
}

// weigh gives the cells in which something fails, of those that the order looks at, and what the one that weighs most says;
// false where there is none.
func (j *judge) weigh(fails func(meeting) bool) (d drift, matters bool) {
	for _, m := range j.meets {
		if m.weight == "" || !fails(m) {
			continue
		}
		name := cellName(m.code, j.Schemas[m.schema].Name)
		d.cells = append(d.cells, name)
		if d.cell == "" || weight[m.weight] < weight[d.severity] {
			d.cell, d.severity, d.at = name, m.weight, m.schema
		}
	}
	matters = len(d.cells) > 0
	if len(d.cells) == 1 {
		d.cells = nil
	}
	return d, matters
}

// drifts weighs a use's failures; false where none of them matters.
func (j *judge) drifts(u *use, row []*postgres.Answer) (d drift, matters bool) {
	d, matters = j.weigh(func(m meeting) bool {
		before := m.code == codeReleased && refused(row[0]) != nil // what fails on the baseline was failing before
		return refused(row[m.schema]) != nil && u.in(m.code) && !before
	})
	if !matters {
		return d, false
	}
	d.refused = refused(row[d.at])
	later := slices.ContainsFunc(row[d.at:], func(a *postgres.Answer) bool { return refused(a) == nil })
	switch {
	case !d.released() && later:
		d.rule = "code-ahead"
	case u.released:
		d.rule = "breaks-released-code"
	default:
		d.rule = "unknown-reference"
	}
	return d, true
}

func (u *use) in(code string) bool {
	if code == codeReleased {
		return u.released
	}
	return u.proposed
}

// holdingBeside is the schema nearest to the failing one on which a probe holds: the next one where the code is ahead, else the
// one before.
func holdingBeside(row []*postgres.Answer, d drift) int {
	step := -1
	if d.rule == "code-ahead" {
		step = 1
	}
	for at := d.at; at >= 0 && at < len(row); at += step {
		if refused(row[at]) == nil {
			return at
		}
	}
	return -1
}

// drift makes the findings of a probe that holds on one schema and fails on another: one for each object that it needs and the
// failing schema does not have, or one of what the server says. It is false where the use is unchecked for that.
func (j *judge) drift(h *hearing, i int, row []*postgres.Answer) bool {
	d, matters := j.drifts(&h.use, row)
	if !matters {
		if h.released && refused(row[0]) != nil {
			j.baseline++
		}
		return true
	}
	action := schema.Removed
	if d.rule == "code-ahead" {
		action = schema.Added
	}
	found := false
	for _, n := range h.needs {
		if n.probe != i {
			continue
		}
		if j.made.makes(n.object.Kind, n.object.Name) {
			j.unchecked(&h.use, fmt.Sprintf("the code makes the %s %s itself", n.object.Kind, n.object.Name))
			return false
		}
		found = true
		f := j.finding(h, i, d, n.position)
		origin := j.changeOf(&n.object, action)
		f.Message, f.Remedy = j.needWords(d, n.object, origin)
		j.add(f, h, origin, &n.object)
	}
	if !found {
		j.guess(h, i, d, action)
	}
	return true
}

// guess makes the finding of a failure whose cause is no object that can be asked about: by what the server's message names, or by
// the tables that the statement names.
func (j *judge) guess(h *hearing, i int, d drift, action schema.Action) {
	lacks, known := readMissing(d.refused)
	words := readWords(h.SQL)
	actions := []schema.Action{action}
	if action == schema.Removed {
		actions = append(actions, schema.Changed, schema.Added) // a column that comes can make an unqualified name ambiguous
	}
	var origin *schema.Origin
	if known {
		origin = lacks.find(j.Origins, words, actions...)
	}
	index := j.arbiter(h, d)
	if origin == nil {
		origin = index
	}
	if origin == nil {
		origin = j.touches(words)
	}
	f := j.finding(h, i, d, int(d.refused.Position))
	f.Message, f.Remedy = j.guessWords(d, lacks, known, origin)
	var object *schema.Object
	switch {
	case index != nil:
		object = &index.Object
	case origin != nil && known && lacks.matches(origin.Object):
		object = &origin.Object
	case known:
		object = &schema.Object{Kind: lacks.kind, Schema: lacks.schema, Table: lacks.table, Name: lacks.name}
	}
	j.add(f, h, origin, object)
}

// changeOf is the last pending change to an object, of the given kinds or of any.
func (j *judge) changeOf(o *schema.Object, actions ...schema.Action) *schema.Origin {
	if o == nil {
		return nil
	}
	for i := len(j.Origins) - 1; i >= 0; i-- {
		if c := &j.Origins[i]; c.Object == *o && (len(actions) == 0 || slices.Contains(actions, c.Action)) {
			return c
		}
	}
	return nil
}

// touches is the first change to a table that the statement mentions, for errors that name no object.
func (j *judge) touches(w words) *schema.Origin {
	for i, o := range j.Origins {
		name, _, _ := strings.Cut(cmp.Or(o.Object.Table, o.Object.Name), "(") // a function's has its arguments
		if o.Object.Kind != schema.Namespace && slices.Contains(w, name) {
			return &j.Origins[i]
		}
	}
	return nil
}

// built tells whether there is a proposed schema.
func (j *judge) built() bool { return j.Schemas[len(j.Schemas)-1].Name == SchemaProposed }

// last is the schema that the deploy ends with, or the last one that could be built.
func (j *judge) last() schema.Snapshot { return j.Schemas[len(j.Schemas)-1].Snapshot }

func (j *judge) unchecked(u *use, reason string) {
	j.coverage.Unchecked = append(j.coverage.Unchecked,
		Unchecked{File: u.Place.File, Line: u.Place.Line, Reason: reason, Released: !u.proposed})
}

// count counts a use that the server judged.
func (j *judge) count(u *use) {
	if u.proposed {
		j.coverage.Checked++
	}
}

// finding places a finding where the server points in a probe (in characters from 1; 0 is nowhere), or else where the reference
// begins.
func (j *judge) finding(h *hearing, i int, d drift, position int) Finding {
	start, end := pointed(h.probes[i].SQL, position)
	f := j.placeIn(h, i, start, end)
	f.Rule, f.Severity, f.Cell, f.Cells, f.SQLState = d.rule, d.severity, d.cell, d.cells, d.refused.Code
	return f
}

// placeIn is a finding at a range of a probe, in runes from 0.
func (j *judge) placeIn(h *hearing, i, start, end int) Finding {
	p := h.probes[i]
	return j.place(h, p.Offset(start), p.Offset(end-1)+1)
}

// place is a finding at a range of the statement, in runes from 0.
func (j *judge) place(h *hearing, start, end int) Finding {
	from, to := h.Map.Range(start, end)
	f := Finding{File: from.File, Line: from.Line, Column: from.Column, EndLine: to.Line, EndColumn: to.Column, Released: !h.proposed}
	if h.Model {
		f.Model = h.Name
	}
	if first, last := h.Map.Range(0, utf8.RuneCountInString(h.SQL)); first.File == from.File && last.File == from.File {
		f.FirstLine, f.LastLine = first.Line, last.Line
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
func (j *judge) add(f Finding, h *hearing, origin *schema.Origin, object *schema.Object) {
	if origin != nil {
		f.Migration = &Migration{Version: origin.Revision.Version, File: origin.Revision.File, Line: origin.Line}
	}
	f.Object = object
	if h.Model && f.Object != nil {
		key := modelObject{h.Place.File, h.Name, f.Rule, *f.Object}
		if j.shownOnce[key] {
			return
		}
		j.shownOnce[key] = true
	}
	f.Fingerprint = fingerprint(f, h.SQL)
	j.about[len(j.findings)] = h
	j.findings = append(j.findings, f)
}

// verdict sorts and counts what was found.
func (j *judge) verdict() *Verdict {
	slices.SortStableFunc(j.findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(weight[a.Severity], weight[b.Severity]), strings.Compare(a.File, b.File),
			cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), strings.Compare(a.Rule, b.Rule), strings.Compare(a.Message, b.Message))
	})
	slices.SortStableFunc(j.coverage.Unchecked, func(a, b Unchecked) int {
		return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	distinguish(j.findings)
	quote(j.findings, j.Sources, j.ReleasedSources)
	v := &Verdict{Findings: j.findings, Coverage: j.coverage, Cells: j.cells()}
	if v.Findings == nil {
		v.Findings = []Finding{}
	}
	if v.Coverage.Unchecked == nil {
		v.Coverage.Unchecked = []Unchecked{}
	}
	return v
}

var weight = map[Severity]int{Error: 0, Warning: 1, Notice: 2}
