package script

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
)

// Values asks the database what a tool asks before it runs a script, in a transaction that is rolled back: the first column of each
// row as text, and no value where it is NULL.
func (r *Runner) Values(ctx context.Context, question Own) (values []*string, err error) {
	if err := r.connect(ctx); err != nil {
		return nil, err
	}
	err = r.to.Retry(ctx, func() (err error) {
		tx, err := r.conn.Begin(ctx)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, tx.Rollback(ctx)) }()
		rows, err := tx.Query(ctx, question.SQL, append([]any{pgx.QueryExecModeSimpleProtocol}, question.Args...)...)
		if err != nil {
			return err
		}
		defer rows.Close()
		values = nil
		for rows.Next() {
			var value *string
			if raw := rows.RawValues(); len(raw) > 0 && raw[0] != nil {
				text := string(raw[0])
				value = &text
			}
			values = append(values, value)
		}
		return rows.Err()
	})
	return values, err
}
