package gate

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// sessions are the connections for single questions, one a schema, made when first needed: a new one costs the server more
// than most questions.
type sessions map[*pgx.ConnConfig]*pgx.Conn

// to is the connection to a schema.
func (s sessions) to(ctx context.Context, schema *Schema) (*pgx.Conn, error) {
	if conn := s[schema.Config]; conn != nil {
		return conn, nil
	}
	conn, err := pgx.ConnectConfig(ctx, schema.Config)
	if err != nil {
		return nil, fmt.Errorf("connect to the %s schema: %w", schema.adjective(), err)
	}
	s[schema.Config] = conn
	return conn, nil
}

func (s sessions) close(ctx context.Context) (err error) {
	for _, conn := range s {
		err = errors.Join(err, conn.Close(context.WithoutCancel(ctx)))
	}
	return err
}
