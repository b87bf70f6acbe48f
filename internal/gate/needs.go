package gate

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/headgate/headgate/internal/postgres"
	"github.com/headgate/headgate/internal/schema"
	"github.com/headgate/headgate/internal/sqltext"
)

// need is an object that a probe uses and the failing schema does not have, and where the statement names it: the server's
// position in the probe, in characters from 1.
type need struct {
	probe    int
	object   schema.Object
	position int
}

// absent is the name that an object gets while the server is asked who uses it. It is no name that anybody gives.
const absent = "headgate_absent_6b1f0c"

// pair is a schema on which statements hold, and the one on which they fail.
type pair struct{ holds, fails int }

// question is a probe of a use that drifts, to be asked about an object.
type question struct {
	hearing *hearing
	probe   int
}

// findNeeds finds, for every probe that holds on one schema and fails on another, each object that it needs and the failing
// schema lacks. PostgreSQL itself vouches for them: on the schema where the probe holds an object is renamed, and what the server
// then refuses, it refuses for this object, at the place where the statement names it. What only a * reaches is no need, as the
// statement holds without it.
func (j *judge) findNeeds(ctx context.Context, cases []hearing) error {
	asked := map[pair]map[schema.Object][]question{}
	lost := map[pair]map[string][]schema.Object{}
	for c := range cases {
		h := &cases[c]
		for i, row := range h.answers {
			p, ok := j.pairOf(h, row)
			if !ok {
				continue
			}
			if asked[p] == nil {
				asked[p], lost[p] = map[schema.Object][]question{}, lostObjects(j.Schemas[p.holds].Snapshot, j.Schemas[p.fails].Snapshot)
			}
			for _, o := range candidates(h.probes[i].SQL, lost[p]) {
				asked[p][o] = append(asked[p][o], question{h, i})
			}
		}
	}
	for p, questions := range asked {
		if err := j.askNeeds(ctx, &j.Schemas[p.holds], questions); err != nil {
			return fmt.Errorf("find what the statements need of the %s schema: %w", j.Schemas[p.holds].adjective(), err)
		}
	}
	for c := range cases {
		slices.SortStableFunc(cases[c].needs, func(a, b need) int {
			return cmp.Or(cmp.Compare(a.probe, b.probe), cmp.Compare(a.position, b.position), strings.Compare(a.object.Name, b.object.Name))
		})
	}
	return nil
}

// pairOf is where a probe fails in a way that matters, and the schema beside it on which it holds.
func (j *judge) pairOf(h *hearing, row []*postgres.Answer) (pair, bool) {
	d, matters := j.drifts(&h.use, row)
	if !matters || !j.built() {
		return pair{}, false
	}
	holds := holdingBeside(row, d)
	return pair{holds, d.at}, holds >= 0
}

// lostObjects are the objects of one schema that another does not have, by their names, without those that go with the
// table, type or schema that holds them.
func lostObjects(has, lacks schema.Snapshot) map[string][]schema.Object {
	gone := func(o schema.Object) bool {
		_, there := has[o]
		_, stays := lacks[o]
		return there && !stays
	}
	lost := map[string][]schema.Object{}
	for o := range has {
		if !gone(o) || !nameable[o.Kind] {
			continue
		}
		holder := o.Kind != schema.Namespace && gone(schema.Object{Kind: schema.Namespace, Name: o.Schema})
		for _, kind := range []schema.Kind{schema.Table, schema.View, schema.Type} {
			holder = holder || o.Table != "" && gone(schema.Object{Kind: kind, Schema: o.Schema, Name: o.Table})
		}
		if !holder {
			name, _, _ := strings.Cut(o.Name, "(")
			lost[name] = append(lost[name], o)
		}
	}
	return lost
}

// nameable are the kinds of object that a statement can name.
var nameable = map[schema.Kind]bool{
	schema.Namespace: true, schema.Table: true, schema.View: true, schema.Sequence: true, schema.Column: true, schema.Type: true,
	schema.EnumValue: true, schema.Function: true, schema.Constraint: true,
}

// candidates are the lost objects whose names a statement has, as a name or in a string (an enum's value, nextval('s')).
func candidates(sql string, lost map[string][]schema.Object) []schema.Object {
	if len(lost) == 0 {
		return nil
	}
	var found []schema.Object
	take := func(name string) {
		for _, o := range lost[name] {
			if !slices.Contains(found, o) {
				found = append(found, o)
			}
		}
	}
	scan := sqltext.NewScanner(sql)
	for t := scan.Next(); t.Kind != sqltext.EOF; t = scan.Next() {
		text := sql[t.Start:t.End]
		switch t.Kind {
		case sqltext.Identifier, sqltext.QuotedIdentifier:
			take(sqltext.Unquote(text))
		case sqltext.String:
			value := strings.Trim(text, "'")
			take(value)
			for _, name := range strings.FieldsFunc(value, func(r rune) bool { return r == '.' || r == '"' }) {
				take(name)
			}
		}
	}
	return found
}

// askNeeds renames one object after the other and has the server parse what may use it.
func (j *judge) askNeeds(ctx context.Context, s *Schema, questions map[schema.Object][]question) error {
	conn, err := j.sessions.to(ctx, s)
	if err != nil {
		return err
	}
	for o, list := range questions {
		rename, ok := schema.RenameSQL(o, s.Snapshot[o], absent)
		if !ok {
			continue
		}
		if err := askNeed(ctx, conn, o, rename, list); err != nil {
			return err
		}
	}
	return nil
}

// askNeed asks about one object, in a transaction that is rolled back. An object that may not be renamed (an extension's) is not
// asked about; then the server's first message is all that is said.
func askNeed(ctx context.Context, conn *pgx.Conn, o schema.Object, rename string, list []question) error {
	if _, err := conn.Exec(ctx, "BEGIN"); err != nil {
		return err
	}
	_, err := conn.Exec(ctx, rename)
	for i := 0; i < len(list) && err == nil; i++ {
		err = list[i].ask(ctx, conn, o)
	}
	if !isRefusal(err) && err != nil {
		return err
	}
	_, err = conn.Exec(ctx, "ROLLBACK")
	return err
}

// ask has the server parse the probe without the object.
func (q question) ask(ctx context.Context, conn *pgx.Conn, o schema.Object) error {
	if _, err := conn.Exec(ctx, "SAVEPOINT asked"); err != nil {
		return err
	}
	_, err := conn.PgConn().Prepare(ctx, "", q.hearing.probes[q.probe].SQL, nil)
	var refused *pgconn.PgError
	switch {
	case errors.As(err, &refused) && !inconclusive(refused):
		position := positionOf(q.hearing.probes[q.probe].SQL, o.Name, int(refused.Position))
		q.hearing.needs = append(q.hearing.needs, need{q.probe, o, position})
	case err != nil && !isRefusal(err):
		return err
	}
	_, err = conn.Exec(ctx, "ROLLBACK TO asked")
	return err
}

// positionOf is where a statement has a name, in characters from 1 as the server counts. The server's own position is taken as it
// is, unless it has none, as of a constraint that ON CONFLICT names, or points at the parenthesis before the name, as of a column
// that ON CONFLICT names (src/backend/parser/parse_clause.c, resolve_unique_index_expr). 0 is nowhere.
func positionOf(sql, name string, position int) int {
	scan := sqltext.NewScanner(sql)
	runes, bytes := 1, 0
	for t := scan.Next(); t.Kind != sqltext.EOF; t = scan.Next() {
		runes += utf8.RuneCountInString(sql[bytes:t.Start])
		bytes = t.Start
		if runes < position {
			continue
		}
		if text := sql[t.Start:t.End]; runes == position && text != "(" {
			return position
		}
		isName := t.Kind == sqltext.Identifier || t.Kind == sqltext.QuotedIdentifier
		if isName && sqltext.Unquote(sql[t.Start:t.End]) == name {
			return runes
		}
	}
	return position
}

// isRefusal tells an error that the server reports of a statement from a failure to ask.
func isRefusal(err error) bool {
	var refused *pgconn.PgError
	return errors.As(err, &refused) && refused.Severity != "FATAL"
}
