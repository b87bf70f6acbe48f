package gate

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/headgate/headgate/internal/schema"
)

// Functions keep their bodies as text, so PostgreSQL lets a column go that a function still reads, and the function fails when it
// is called. A body in SQL is checked by having the server take the definition again (check_function_bodies), one in
// PL/pgSQL by the extension plpgsql_check, where the server has it.
const functionsSQL = `
SELECT p.oid::int8, n.nspname::text, p.proname || '(' || pg_catalog.pg_get_function_identity_arguments(p.oid) || ')', l.lanname::text,
       pg_catalog.pg_get_functiondef(p.oid), coalesce((SELECT t.tgrelid::int8 FROM pg_catalog.pg_trigger t WHERE t.tgfoid = p.oid LIMIT 1), 0),
       p.prorettype IN ('pg_catalog.trigger'::pg_catalog.regtype, 'pg_catalog.event_trigger'::pg_catalog.regtype)
FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace JOIN pg_catalog.pg_language l ON l.oid = p.prolang
WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND l.lanname IN ('sql', 'plpgsql') AND p.prokind IN ('f', 'p')
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objid = p.oid AND d.deptype = 'e')
ORDER BY 2, 3`

// function is one of the schema's own.
type function struct {
	oid        uint32
	object     schema.Object
	language   string
	definition string
	table      uint32 // of a trigger function, a table that it is a trigger of
	trigger    bool
}

// brokenFunctions finds the functions of the schema that a pending migration breaks: their bodies hold before a step of the
// deploy, and not after it.
func (j *judge) brokenFunctions(ctx context.Context) error {
	for to := 1; to < len(j.Schemas); to++ {
		from := to - 1
		if j.Schemas[to].Config == j.Schemas[from].Config {
			continue
		}
		broken, err := j.checkBodies(ctx, &j.Schemas[to], nil)
		if err == nil && len(broken) > 0 {
			var before map[schema.Object]brokenBody
			before, err = j.checkBodies(ctx, &j.Schemas[from], broken)
			for o := range before {
				delete(broken, o) // it was broken before
			}
		}
		if err != nil {
			return fmt.Errorf("check the functions of the %s schema: %w", j.Schemas[to].adjective(), err)
		}
		for o, body := range broken {
			j.brokenFunction(o, body, to)
		}
	}
	return nil
}

// brokenBody is why the server refuses a function, and the function's definition.
type brokenBody struct {
	refused    *pgconn.PgError
	definition string
}

// namedIn is the pending change that a function's text speaks of: of something that went or changed, if there is such a one.
func (j *judge) namedIn(definition string) *schema.Origin {
	var other *schema.Origin
	for i := range j.Origins {
		o := &j.Origins[i]
		name, _, _ := strings.Cut(o.Object.Name, "(")
		if o.Action != schema.Added && strings.Contains(definition, name) {
			return o
		}
		other = o
	}
	return other
}

// checkBodies gives the functions whose bodies the server refuses, of those that are asked for or of all.
func (j *judge) checkBodies(ctx context.Context, s *Schema, only map[schema.Object]brokenBody) (map[schema.Object]brokenBody, error) {
	conn, err := j.sessions.to(ctx, s)
	if err != nil {
		return nil, err
	}
	functions, err := readFunctions(ctx, conn)
	if err != nil {
		return nil, err
	}
	broken := map[schema.Object]brokenBody{}
	for i := range functions {
		f := &functions[i]
		if _, asked := only[f.object]; only != nil && !asked {
			continue
		}
		refused, err := f.check(ctx, conn, s.ChecksBodies)
		if err != nil {
			return nil, err
		}
		if refused != nil && !inconclusive(refused) {
			broken[f.object] = brokenBody{refused, f.definition}
		}
	}
	return broken, nil
}

func readFunctions(ctx context.Context, conn *pgx.Conn) ([]function, error) {
	rows, err := conn.Query(ctx, functionsSQL)
	if err != nil {
		return nil, err
	}
	var all []function
	f := function{object: schema.Object{Kind: schema.Function}}
	var oid, table int64
	_, err = pgx.ForEachRow(rows, []any{&oid, &f.object.Schema, &f.object.Name, &f.language, &f.definition, &table, &f.trigger}, func() error {
		f.oid, f.table = uint32(oid), uint32(table)
		all = append(all, f)
		return nil
	})
	return all, err
}

// check has the server look into one body; the error is a failure to ask. What it does is rolled back.
func (f *function) check(ctx context.Context, conn *pgx.Conn, checksBodies bool) (refused *pgconn.PgError, err error) {
	if f.language == "plpgsql" && (!checksBodies || f.trigger && f.table == 0) {
		return nil, nil
	}
	if _, err := conn.Exec(ctx, "BEGIN"); err != nil {
		return nil, err
	}
	if f.language == "plpgsql" {
		refused, err = f.checkProcedural(ctx, conn)
	} else {
		_, err = conn.Exec(ctx, "SET LOCAL check_function_bodies = on")
		if err == nil {
			_, err = conn.Exec(ctx, f.definition, pgx.QueryExecModeSimpleProtocol)
		}
		if errors.As(err, &refused) && isRefusal(err) {
			err = nil
		}
	}
	if err != nil {
		return nil, err
	}
	_, err = conn.Exec(ctx, "ROLLBACK")
	return refused, err
}

// checkProcedural asks plpgsql_check for the first error of a body.
func (f *function) checkProcedural(ctx context.Context, conn *pgx.Conn) (*pgconn.PgError, error) {
	refused := &pgconn.PgError{Severity: "ERROR"}
	err := conn.QueryRow(ctx, `SELECT sqlstate, message FROM public.plpgsql_check_function_tb($1::oid::regprocedure, $2::oid::regclass) WHERE level = 'error' LIMIT 1`,
		f.oid, f.table).Scan(&refused.Code, &refused.Message)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return nil, nil
	case isRefusal(err):
		return nil, nil // it cannot be told, such as for a function that takes any type
	}
	return refused, err
}

// brokenFunction makes the finding, at the migration that breaks the function.
func (j *judge) brokenFunction(o schema.Object, body brokenBody, to int) {
	refused := body.refused
	d, matters := j.weigh(func(m meeting) bool { return m.schema == to })
	lacks, known := readMissing(refused)
	var origin *schema.Origin
	if known {
		origin = lacks.find(j.Origins, nil, schema.Removed, schema.Changed)
	}
	if origin == nil {
		origin = j.changeOf(&o)
	}
	if origin == nil {
		origin = j.namedIn(body.definition)
	}
	if !matters || origin == nil {
		return // the deploy does not bring this schema and a code version together, or changes nothing
	}
	f := Finding{Rule: "breaks-released-code", Severity: d.severity, Cell: d.cell, Cells: d.cells, SQLState: refused.Code,
		File: origin.Revision.File, Line: origin.Line, EndLine: origin.Line, Object: &o,
		Migration: &Migration{Version: origin.Revision.Version, File: origin.Revision.File, Line: origin.Line}}
	f.Message = fmt.Sprintf("%s fails from pending migration %s on: its body is text that PostgreSQL does not hold against a change, and now %s",
		o, place(origin), refused.Message)
	f.Remedy = fmt.Sprintf("replace the function in the same migration, %s, so that its body holds on the schema as it is then", called(origin.Revision))
	f.Fingerprint = fingerprint(f, o.Name)
	j.findings = append(j.findings, f)
}
