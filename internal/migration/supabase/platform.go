package supabase

import (
	"context"
	_ "embed" // platform.sql
	"errors"
	"fmt"
	"maps"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/headgate/headgate/internal/migration"
)

// platform makes what a project's database has before its first migration.
//
//go:embed platform.sql
var platform string

// roles are those that a project has (https://supabase.com/docs/guides/database/postgres/roles). The role postgres, as which
// migrations run, is the owner role here. Those of the last line stand in supabase/postgres alone (migrations/db/init-scripts,
// 00000000000000-initial-schema.sql).
var roles = []string{
	"anon", "authenticated", "service_role", "authenticator", "dashboard_user",
	"supabase_admin", "supabase_auth_admin", "supabase_storage_admin", "supabase_realtime_admin", "supabase_functions_admin",
	"supabase_replication_admin", "supabase_read_only_user",
}

// brought are the extensions that every project has, so that CREATE EXTENSION IF NOT EXISTS does nothing there.
var brought = map[string]bool{
	"uuid-ossp": true, "pgcrypto": true, "pg_stat_statements": true, "pgjwt": true, "pg_graphql": true, "supabase_vault": true,
	"pgsodium": true, "plpgsql": true,
}

// searchPath is where connections of the role postgres look for names (supabase/postgres, migrations/db/init-scripts,
// 00000000000003-post-setup.sql: ALTER ROLE postgres SET search_path; supabase/cli, apps/cli-go/internal/utils/templates/globals.sql,
// likewise). Both write the first name as \$user, which stands for no schema, as "$user" does here.
const searchPath = `"$user", public, extensions`

// SearchPath is the one of a project's connections.
func (Format) SearchPath() []string { return []string{"$user", "public", "extensions"} }

// Brings tells that a project has an extension from its beginning.
func (Format) Brings(extension string) bool { return brought[extension] }

// SetUp makes what a project's database has before its first migration, unless there is a schema auth already.
func (Format) SetUp(ctx context.Context, to migration.Target) error {
	_, err := setUp(ctx, to)
	return err
}

// setUp also tells which of the extensions that a project has the database lacks. It leaves nothing behind where it fails.
func setUp(ctx context.Context, to migration.Target) (absent map[string]bool, err error) {
	conn, err := pgx.ConnectConfig(ctx, to.Database)
	if err != nil {
		return nil, fmt.Errorf("connect to make what Supabase brings: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	var there bool
	if err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'auth')").Scan(&there); err != nil {
		return nil, fmt.Errorf("look for what Supabase brings: %w", err)
	}
	if !there {
		if err := makePlatform(ctx, conn, to); err != nil {
			return nil, err
		}
	}
	var made []string
	if err := conn.QueryRow(ctx, "SELECT array_agg(extname::text) FROM pg_extension").Scan(&made); err != nil {
		return nil, fmt.Errorf("read the extensions: %w", err)
	}
	absent = maps.Clone(brought)
	for _, name := range made {
		delete(absent, name)
	}
	return absent, nil
}

func makePlatform(ctx context.Context, conn *pgx.Conn, to migration.Target) error {
	for _, role := range roles {
		err := to.Retry(ctx, func() error {
			_, err := conn.Exec(ctx, "SELECT $1::text::regrole", pgx.QueryExecModeExec, pgx.Identifier{role}.Sanitize())
			return err
		})
		if err != nil && !errors.As(err, new(*pgconn.PgError)) {
			return fmt.Errorf("look for the role %s: %w", role, err)
		}
	}
	// One message is one transaction.
	if _, err := conn.PgConn().Exec(ctx, platform).ReadAll(); err != nil {
		return fmt.Errorf("what Supabase brings cannot be made: %w", err)
	}
	return nil
}
