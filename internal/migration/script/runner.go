package script

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/headgate/headgate/internal/migration"
)

// Runner runs scripts over one connection, which it makes when the first one comes.
type Runner struct {
	to      migration.Target
	prepare []Own
	conn    *pgx.Conn
}

// NewRunner returns a runner that sends prepare first, such as what makes the tool's version table.
func NewRunner(to migration.Target, prepare ...Own) *Runner {
	return &Runner{to: to, prepare: prepare}
}

// Run runs a script and returns the statements that ran. One that the server refuses is a *migration.Error at its place.
func (r *Runner) Run(ctx context.Context, s Script) ([]migration.Statement, error) {
	var statements []migration.Statement
	for _, m := range s.Messages {
		for _, statement := range m.statements() {
			if !m.Copies && awaitsData(statement.SQL) {
				return nil, noData(s.File, statement)
			}
			statements = append(statements, statement)
		}
	}
	if err := r.connect(ctx); err != nil {
		return nil, err
	}
	run := r.runSeparately
	switch {
	case s.Transaction:
		run = r.runTogether
	case s.Pipeline:
		run = r.runPipelined
	}
	if err := run(ctx, s); err != nil {
		return nil, err
	}
	return statements, nil
}

func noData(file string, s migration.Statement) error {
	e := &migration.Error{Problem: "COPY … FROM STDIN waits for rows, which only psql would read out of the file", Remedy: "write INSERT statements"}
	e.File, e.Line, e.Column = s.Place(0)
	e.File = cmp.Or(e.File, file)
	return e
}

func (r *Runner) connect(ctx context.Context) (err error) {
	if r.conn != nil {
		return nil
	}
	config := r.to.Database.Copy()
	config.DefaultQueryExecMode = pgx.QueryExecModeExec // a pipeline cannot be asked for it by itself
	if r.conn, err = pgx.ConnectConfig(ctx, config); err != nil {
		return fmt.Errorf("connect to apply migrations: %w", err)
	}
	return r.sendOwn(ctx, r.prepare)
}

// runTogether runs a script in one transaction.
func (r *Runner) runTogether(ctx context.Context, s Script) error {
	return r.to.Retry(ctx, func() error {
		return pgx.BeginFunc(ctx, r.conn, func(pgx.Tx) error {
			if err := r.sendOwn(ctx, s.Before); err != nil {
				return err
			}
			for _, m := range s.Messages {
				if err := r.send(ctx, s.File, m); err != nil {
					return err
				}
			}
			return r.sendOwn(ctx, s.After)
		})
	})
}

// runSeparately runs each message by itself. One that a transaction of the file's own holds is run again from where that
// transaction begins.
func (r *Runner) runSeparately(ctx context.Context, s Script) error {
	if err := r.sendOwn(ctx, s.Before); err != nil {
		return err
	}
	next := 0
	err := r.to.Retry(ctx, func() error {
		for i := next; i < len(s.Messages); i++ {
			if err := r.sendOrPass(ctx, s.File, s.Messages[i]); err != nil {
				return errors.Join(err, r.rollBack(ctx))
			}
			if r.conn.PgConn().TxStatus() == 'I' {
				next = i + 1
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if next < len(s.Messages) && !s.Closes {
		return errors.Join(leftOpen(s.File, s.Messages[next]), r.rollBack(ctx))
	}
	return r.sendOwn(ctx, s.After)
}

func leftOpen(file string, begin Message) error {
	e := &migration.Error{Problem: "the migration leaves a transaction open, so that all of it is lost", Remedy: "end it with COMMIT"}
	e.File, e.Line, e.Column = begin.statement().Place(0)
	e.File = cmp.Or(e.File, file)
	return e
}

// runPipelined runs each message as one statement, all of them ahead of the first answer.
func (r *Runner) runPipelined(ctx context.Context, s Script) error {
	if err := r.sendOwn(ctx, s.Before); err != nil {
		return err
	}
	err := r.to.Retry(ctx, func() error {
		if err := r.sendPipeline(ctx, s); err != nil {
			return errors.Join(err, r.rollBack(ctx))
		}
		return nil
	})
	if err != nil {
		return err
	}
	if len(s.Messages) > 0 && r.conn.PgConn().TxStatus() != 'I' {
		return errors.Join(leftOpen(s.File, s.Messages[0]), r.rollBack(ctx))
	}
	return nil
}

func (r *Runner) sendPipeline(ctx context.Context, s Script) error {
	batch := &pgx.Batch{}
	for _, m := range s.Messages {
		batch.Queue(m.SQL)
	}
	for _, own := range s.After {
		batch.Queue(own.SQL, own.Args...)
	}
	results := r.conn.SendBatch(ctx, batch)
	for _, m := range s.Messages {
		if _, err := results.Exec(); err != nil {
			_ = results.Close() // says the same once more
			return m.statement().Refused(s.File, err)
		}
	}
	for _, own := range s.After {
		if _, err := results.Exec(); err != nil {
			_ = results.Close()
			return fmt.Errorf("the migration tool's own statement %q: %w", own.SQL, err)
		}
	}
	err := results.Close()
	if err != nil && len(s.Messages) > 0 {
		return s.Messages[len(s.Messages)-1].statement().Refused(s.File, err) // what is checked at the end of the transaction
	}
	return err
}

// rollBack ends a transaction that the file has begun.
func (r *Runner) rollBack(ctx context.Context) error {
	if r.conn.IsClosed() || r.conn.PgConn().TxStatus() == 'I' {
		return nil
	}
	_, err := r.conn.Exec(ctx, "ROLLBACK")
	return err
}

// sendOrPass sends a message that stands outside of a transaction and passes over a refusal that the message says to pass over,
// where what was missing cannot be provided.
func (r *Runner) sendOrPass(ctx context.Context, file string, m Message) error {
	if m.Passes == nil || r.conn.PgConn().TxStatus() != 'I' {
		return r.send(ctx, file, m)
	}
	err := r.to.Retry(ctx, func() error { return r.send(ctx, file, m) })
	if refused := (*pgconn.PgError)(nil); errors.As(err, &refused) && m.Passes(refused) {
		return nil
	}
	return err
}

// send sends a message as a simple Query. An error of the server without a place of its own belongs to the first statement
// that has no result.
func (r *Runner) send(ctx context.Context, file string, m Message) error {
	if m.Copies {
		if _, err := r.conn.PgConn().CopyFrom(ctx, strings.NewReader(m.Rows), m.SQL); err != nil {
			return m.statement().Refused(file, err)
		}
		return nil
	}
	results := r.conn.PgConn().Exec(ctx, m.SQL)
	done := 0
	for results.NextResult() {
		if _, err := results.ResultReader().Close(); err == nil {
			done++
		}
	}
	err := results.Close()
	if err == nil {
		return nil
	}
	if refused := (*pgconn.PgError)(nil); errors.As(err, &refused) && refused.Position == 0 {
		if all := m.statements(); done < len(all) {
			return all[done].Refused(file, err)
		}
	}
	return m.statement().Refused(file, err)
}

func (r *Runner) sendOwn(ctx context.Context, statements []Own) error {
	for _, own := range statements {
		if _, err := r.conn.Exec(ctx, own.SQL, append([]any{pgx.QueryExecModeExec}, own.Args...)...); err != nil {
			return fmt.Errorf("the migration tool's own statement %q: %w", own.SQL, err)
		}
	}
	return nil
}

// Close ends the connection.
func (r *Runner) Close() error {
	if r.conn == nil {
		return nil
	}
	return r.conn.Close(context.Background())
}
