package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// mark is the comment on what a run makes on an external server. Nothing without it is ever dropped.
const mark = "made by headgate, dropped when its run ends"

// startExternal connects to a server that is there already. The names of the role and the databases of a
// run begin with the run's own name, and the administrator's connection bears it as its application_name:
// the next run knows by it whether their run lives.
//
// What cannot be prevented: PUBLIC may connect to the server's other databases unless their owners
// revoked that, so whoever has the owner role's password could. It is random, lives in this process alone,
// and SQL that runs as that role cannot read it.
func (s *starter) startExternal(ctx context.Context) (*Server, error) {
	config, err := pgx.ParseConfig(s.Provider) // its errors leave the password out
	if err != nil {
		return nil, err
	}
	run := randomName()
	config.RuntimeParams["application_name"] = run
	if config.ConnectTimeout == 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, s.readyTimeout)
		defer cancel()
	}
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	srv, err := s.adopt(ctx, instance{provider: External, conn: conn})
	if err != nil {
		return nil, err
	}
	if err := srv.tryOwner(ctx); err != nil {
		return nil, errors.Join(err, srv.Close(ctx))
	}
	if err := srv.reapRuns(ctx); err != nil {
		s.Warn(fmt.Sprintf("What an earlier run left on the external server is still there: %v.", err))
	}
	return srv, nil
}

// tryOwner finds out whether the server lets the new role in: pg_hba.conf can name the users who may connect.
func (s *Server) tryOwner(ctx context.Context) error {
	if !s.owner.made {
		return nil
	}
	config := s.admin.Copy()
	config.User, config.Password = s.owner.name, s.owner.password
	conn, err := pgx.ConnectConfig(ctx, config)
	if err == nil {
		return conn.Close(ctx)
	}
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) && pgErr.Code == "42501" { // may log in, only not to this database
		return nil
	}
	return fmt.Errorf("the server does not let the role in that migrations are to run as: let pg_hba.conf admit it by password, give the URL of a user who may not create roles, or set superuser: true: %w", err)
}

// reapRuns drops what runs left that were killed.
func (s *Server) reapRuns(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	collect := func(sql string) ([]string, error) {
		rows, err := s.conn.Query(ctx, sql, mark)
		if err != nil {
			return nil, err
		}
		return pgx.CollectRows(rows, pgx.RowTo[string])
	}
	const dead = ` AND NOT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = substr(%[1]s, 1, 25)) AND pg_has_role(%[2]s, 'MEMBER')`
	databases, err := collect(`SELECT datname::text FROM pg_database
		WHERE datname ~ '^headgate_[0-9a-f]{16}_[0-9]+$' AND shobj_description(oid, 'pg_database') = $1` + fmt.Sprintf(dead, "pg_database.datname", "pg_database.datdba"))
	if err != nil {
		return err
	}
	var errs []error
	for _, name := range databases {
		s.databases[name] = &Database{server: s, name: name}
		errs = append(errs, s.drop(ctx, name))
		delete(s.databases, name) // one that would not go is no business of Close
	}
	roles, err := collect(`SELECT rolname::text FROM pg_roles
		WHERE rolname ~ '^headgate_[0-9a-f]{16}$' AND shobj_description(oid, 'pg_authid') = $1` + fmt.Sprintf(dead, "pg_roles.rolname", "pg_roles.oid"))
	if err != nil {
		return errors.Join(append(errs, err)...)
	}
	for _, name := range roles {
		errs = append(errs, dropRole(ctx, s.conn, s.number, name))
	}
	return errors.Join(errs...)
}
