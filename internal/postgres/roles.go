package postgres

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// missingRole is how the server says that there is no role of a name (src/backend/utils/adt/acl.c, get_role_oid). Its
// messages are in English, as lc_messages says.
var missingRole = regexp.MustCompile(`^role "(.+)" does not exist$`)

// Provide makes what an error of the server says is missing, where that is a role: migrations name roles (GRANT, OWNER TO,
// SET ROLE, CREATE POLICY … TO) that on the real server the platform has made. It may not log in, and the owner role is a
// member of it, so that migrations may act as it and hand objects over to it. True says that what failed can be run again.
func (d *Database) Provide(ctx context.Context, refused error) (bool, error) {
	e := (*pgconn.PgError)(nil)
	if !errors.As(refused, &e) {
		return false, nil
	}
	switch e.Code {
	case "42704", "22023": // undefined_object, and what SET ROLE says of it: invalid_parameter_value
		if m := missingRole.FindStringSubmatch(e.Message); m != nil {
			return d.provideRole(ctx, m[1])
		}
	case "42501": // insufficient_privilege
		if m := deniedSchema.FindStringSubmatch(e.Message); m != nil {
			return d.letProvidedCreate(ctx, m[1])
		}
	}
	return false, nil
}

// deniedSchema is how the server refuses to give an object to a role that could not have made it in its schema.
var deniedSchema = regexp.MustCompile(`^permission denied for schema (.+)$`)

// provideRole makes a role. Where that is refused, the migration's own error stands.
func (d *Database) provideRole(ctx context.Context, name string) (bool, error) {
	s := d.server
	s.mu.Lock()
	defer s.mu.Unlock()
	if slices.Contains(s.provided, name) {
		return false, nil
	}
	conn, err := d.roleMaker(ctx)
	if conn == nil || err != nil {
		return false, err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	for _, sql := range []string{
		fmt.Sprintf("CREATE ROLE %s NOLOGIN", quote(name)),
		fmt.Sprintf("GRANT %s TO %s", quote(name), quote(s.owner.name)),
	} {
		_, err := conn.Exec(ctx, sql)
		if errors.As(err, new(*pgconn.PgError)) && ctx.Err() == nil {
			return false, nil // a name that the server keeps for itself, such as pg_maintain before the version that has it
		}
		if err != nil {
			return false, fmt.Errorf("creating the role %s that migrations name: %w", name, err)
		}
	}
	s.provided = append(s.provided, name)
	return true, nil
}

// roleMaker connects as who may make roles: from 16 on the owner role, whose roles go when its run ends, and before the
// superuser of a server that is this run's alone. It is nil where nobody may. The caller holds s.mu.
func (d *Database) roleMaker(ctx context.Context) (*pgx.Conn, error) {
	config := d.AdminConfig()
	switch s := d.server; {
	case s.owner.made && s.number >= 160000:
		config = d.Config()
	case s.shared():
		return nil, nil
	}
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("connecting to make roles: %w", err)
	}
	return conn, nil
}

// letProvidedCreate lets the roles that were provided make objects in a schema, once: whoever is to own an object has to be
// allowed that (manual, ALTER TABLE: "that role must have CREATE privilege on the table's schema"), and on the real server
// it mostly is a superuser who gives the object away.
func (d *Database) letProvidedCreate(ctx context.Context, schema string) (bool, error) {
	d.server.mu.Lock()
	roles := slices.Clone(d.server.provided)
	d.server.mu.Unlock()
	if len(roles) == 0 {
		return false, nil
	}
	conn, err := pgx.ConnectConfig(ctx, d.AdminConfig())
	if err != nil {
		return false, fmt.Errorf("granting CREATE on the schema %s: %w", schema, err)
	}
	defer conn.Close(ctx)
	granted := false
	for _, role := range roles {
		var may bool
		if err := conn.QueryRow(ctx, "SELECT has_schema_privilege($1, n.oid, 'CREATE') FROM pg_namespace n WHERE nspname = $2", role, schema).Scan(&may); err != nil {
			return false, nil // the role or the schema is gone
		}
		if may {
			continue
		}
		if _, err := conn.Exec(ctx, fmt.Sprintf("GRANT CREATE, USAGE ON SCHEMA %s TO %s", quote(schema), quote(role))); err != nil {
			return false, nil
		}
		granted = true
	}
	return granted, nil
}

// SetRolesAside gives the roles that migrations have made other names, so that the same migrations can make them again in
// another database, d: roles belong to the whole server. The databases that are there keep them, for a database knows them
// by number.
func (d *Database) SetRolesAside(ctx context.Context) error { return d.setAside(ctx, false) }

// ForgetRoles does the same for other migrations that are to come: they find no role, not even those that were provided.
func (d *Database) ForgetRoles(ctx context.Context) error { return d.setAside(ctx, true) }

func (d *Database) setAside(ctx context.Context, provided bool) error {
	s := d.server
	s.mu.Lock()
	defer s.mu.Unlock()
	conn, err := d.roleMaker(ctx)
	if conn == nil || err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	names, err := s.rolesMade(ctx, conn)
	if err != nil {
		return fmt.Errorf("reading the roles that migrations have made: %w", err)
	}
	if provided {
		names, s.provided = append(names, s.provided...), nil
	}
	for _, name := range names {
		s.aside++
		aside := fmt.Sprintf("%s_role_%d", s.owner.name, s.aside)
		if _, err := conn.Exec(ctx, fmt.Sprintf("ALTER ROLE %s RENAME TO %s", quote(name), quote(aside))); err != nil {
			return fmt.Errorf("setting the role %s aside: %w", name, err)
		}
	}
	return nil
}

// rolesMade are the roles that migrations have made, without those that were provided for them. The caller holds s.mu.
func (s *Server) rolesMade(ctx context.Context, conn *pgx.Conn) ([]string, error) {
	// On a server of this run alone, all roles are the migrations' that initdb has not made.
	query := `SELECT rolname::text FROM pg_roles r WHERE oid >= 16384 AND rolname <> ALL($1)`
	if s.shared() {
		// Whoever creates a role is granted it with ADMIN OPTION (from 16 on).
		query += ` AND EXISTS (SELECT FROM pg_auth_members m WHERE m.roleid = r.oid AND m.admin_option AND m.member = current_user::regrole)`
	}
	own := append([]string{s.owner.name, s.admin.User}, s.provided...)
	rows, err := conn.Query(ctx, query+` AND rolname !~ ('^' || $2 || '_role_[0-9]+$') ORDER BY oid`, own, s.owner.name)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}
