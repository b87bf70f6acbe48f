package gate_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// executed is what came of executing a statement on the empty tables of a schema.
type executed struct {
	// fails says that the schema does not take the statement: an object is missing, or the types do not fit.
	fails bool
	// null says that a column that must not be null got no value.
	null  bool
	state string
	text  string
}

func (e executed) String() string {
	if e.state == "" {
		return "runs"
	}
	return fmt.Sprintf("%s (SQLSTATE %s)", e.text, e.state)
}

// execute runs each statement in a transaction that is rolled back.
func execute(ctx context.Context, conn *pgx.Conn, statements []*random) ([]executed, error) {
	results := make([]executed, len(statements))
	for i, s := range statements {
		err := undone(ctx, conn, func() error { return run(ctx, conn, s.sql(), s.given()) })
		if state(err) != "" && state(err)[:2] == "22" && len(s.arguments) > 0 {
			// The value of a parameter does not fit its type, perhaps. That is not for the schema to say: without values it is.
			without := undone(ctx, conn, func() error { return run(ctx, conn, s.sql(), make([][]byte, len(s.arguments))) })
			if state(without) != state(err) {
				err = nil
			}
		}
		if err != nil && state(err) == "" {
			return nil, err
		}
		results[i] = judged(err)
	}
	return results, nil
}

func judged(err error) executed {
	var refused *pgconn.PgError
	if !errors.As(err, &refused) {
		return executed{}
	}
	e := executed{state: refused.Code, text: refused.Message}
	switch {
	case refused.Code == "23502":
		e.null = true
	case strings.HasPrefix(refused.Code, "23"), refused.Code == "21000", refused.Code == "22001":
		// The values of one row collide with those of another, or a default is too long.
	default:
		e.fails = true
	}
	return e
}

func state(err error) string {
	var refused *pgconn.PgError
	if errors.As(err, &refused) {
		return refused.Code
	}
	return ""
}

func (s *random) given() [][]byte {
	values := make([][]byte, len(s.arguments))
	for i, v := range s.arguments {
		values[i] = []byte(v)
	}
	return values
}

func run(ctx context.Context, conn *pgx.Conn, sql string, values [][]byte) error {
	return conn.PgConn().ExecParams(ctx, sql, values, nil, nil, nil).Read().Err
}

// undone does something in a transaction, or in a part of one, and rolls it back.
func undone(ctx context.Context, conn *pgx.Conn, do func() error) error {
	begin, end := "BEGIN", "ROLLBACK"
	if conn.PgConn().TxStatus() != 'I' {
		begin, end = "SAVEPOINT a", "ROLLBACK TO a"
	}
	if _, err := conn.PgConn().Exec(ctx, begin).ReadAll(); err != nil {
		return fmt.Errorf("begin: %w", plain(err))
	}
	err := do()
	if _, rollback := conn.PgConn().Exec(ctx, end).ReadAll(); rollback != nil {
		return fmt.Errorf("roll back: %w", plain(rollback))
	}
	return err
}

// plain hides the code of an error that is not the statement's own.
func plain(err error) error { return errors.New(err.Error()) }

// replanned prepares the statements that run, changes the schema under them as a migration does to a pool that is at work, and
// gives what the server says of each of them then: 0A000 where the result is another one.
func replanned(ctx context.Context, conn *pgx.Conn, statements []*random, runs func(int) bool, changes []string) (map[int]string, error) {
	name := func(i int) string { return fmt.Sprintf("s%d", i) }
	for i, s := range statements {
		if !runs(i) {
			continue
		}
		if _, err := conn.PgConn().Prepare(ctx, name(i), s.sql(), nil); err != nil {
			return nil, fmt.Errorf("prepare %s: %w", s.sql(), err)
		}
	}
	said := map[int]string{}
	return said, undone(ctx, conn, func() error {
		for _, sql := range changes {
			if _, err := conn.PgConn().Exec(ctx, sql).ReadAll(); err != nil {
				return fmt.Errorf("%s: %w", sql, err)
			}
		}
		for i, s := range statements {
			if !runs(i) {
				continue
			}
			with := func(values [][]byte) error {
				return undone(ctx, conn, func() error { return conn.PgConn().ExecPrepared(ctx, name(i), values, nil, nil).Read().Err })
			}
			err := with(s.given())
			if strings.HasPrefix(state(err), "22") { // the value is of another type, and without one the plan is looked at
				if without := with(make([][]byte, len(s.arguments))); !strings.HasPrefix(state(without), "23") {
					err = without
				}
			}
			if err != nil && state(err) == "" {
				return err
			}
			said[i] = state(err)
		}
		return nil
	})
}

// deploy is what a deploy does to a schema: what stands before it, the statements of its migrations, and what stands after.
type deploy struct {
	before, after *world
	first         []string
	changes       []string
	statements    []*random
	// on says what each statement does before and after, and prepared what the server says after of one that was prepared before.
	on       [2][]executed
	prepared map[int]string
}

// story tells of one statement in a message.
func (d *deploy) story(i int) string {
	return fmt.Sprintf("%s\n  before the migrations it %s, after them it %s", d.statements[i].sql(), says(d.on[0][i]), says(d.on[1][i]))
}

// script is what makes the schema, and the migrations.
func (d *deploy) script() string {
	return strings.Join(slices.Concat([]string{"the schema:"}, d.first, []string{"the migrations:"}, d.changes), "\n  ")
}

func says(e executed) string {
	if e.fails || e.null {
		return "fails: " + e.String()
	}
	return "holds"
}
