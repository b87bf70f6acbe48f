package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// MissingExtensionsError says that the server's machine or image lacks extensions that migrations create.
type MissingExtensionsError struct {
	Names    []string
	Provider string
}

func (e *MissingExtensionsError) Error() string {
	advice := "use postgres-image to name an image that has them"
	if e.Provider == External {
		advice = "install them on the external server, or check with the container provider and a postgres-image that has them"
	}
	return fmt.Sprintf("the %s PostgreSQL server lacks the extensions %s: %s", e.Provider, strings.Join(e.Names, ", "), advice)
}

// Extension is one that migrations create, in a schema or, where that is empty, wherever the server puts it.
type Extension struct{ Name, Schema string }

// Extensions are those of names alone.
func Extensions(names ...string) []Extension {
	list := make([]Extension, len(names))
	for i, name := range names {
		list[i].Name = name
	}
	return list
}

// CreateExtensions makes the extensions that migrations are going to create, as far as the owner role
// may not create them itself: those that are not trusted
// (https://www.postgresql.org/docs/current/extend-extensions.html, "trusted"). They are made by the
// administrator and then belong to the owner role, so that a migration may comment on them and drop
// them. Names that the server does not have give a *MissingExtensionsError, and then none is made.
//
// An extension that is made here already exists when the migration runs, so CREATE EXTENSION without
// IF NOT EXISTS fails there with SQLSTATE 42710. Call it before any migration runs: the script of an
// untrusted extension runs as superuser, and need not be proof against what is in the database already.
func (d *Database) CreateExtensions(ctx context.Context, wanted []Extension) error {
	if len(wanted) == 0 {
		return nil
	}
	names, schemas := make([]string, len(wanted)), map[string]string{}
	for i, e := range wanted {
		names[i] = e.Name
		schemas[e.Name] = cmp.Or(schemas[e.Name], e.Schema)
	}
	conn, err := pgx.ConnectConfig(ctx, d.AdminConfig())
	if err != nil {
		return fmt.Errorf("creating extensions: %w", err)
	}
	defer conn.Close(ctx)
	untrusted, err := d.untrusted(ctx, conn, names)
	if err != nil {
		return err
	}
	for _, name := range untrusted {
		if err := d.createExtension(ctx, conn, Extension{name, schemas[name]}); err != nil {
			return fmt.Errorf("creating the extension %s: %w", name, err)
		}
	}
	return nil
}

// CreateAvailable makes an extension where the server has it, as CreateExtensions does; false where it does not, or where
// the server does not let its administrator make it.
func (d *Database) CreateAvailable(ctx context.Context, name string) (bool, error) {
	err := d.CreateExtensions(ctx, Extensions(name))
	missing, refused := (*MissingExtensionsError)(nil), (*pgconn.PgError)(nil)
	if errors.As(err, &missing) || errors.As(err, &refused) && refused.Severity == "ERROR" {
		return false, nil
	}
	return err == nil, err
}

// untrusted returns those of names that only the administrator may create, each once and in order.
func (d *Database) untrusted(ctx context.Context, conn *pgx.Conn, names []string) ([]string, error) {
	trusted := "bool_or(v.trusted)"
	if d.server.number < 130000 {
		trusted = "false" // there are no trusted extensions before 13
	}
	rows, err := conn.Query(ctx, `SELECT name::text, `+trusted+` FROM pg_available_extension_versions v WHERE name = ANY($1) GROUP BY name`, names)
	if err != nil {
		return nil, fmt.Errorf("reading the extensions that are available: %w", err)
	}
	available := map[string]bool{}
	var name string
	var isTrusted bool
	if _, err := pgx.ForEachRow(rows, []any{&name, &isTrusted}, func() error {
		available[name] = isTrusted
		return nil
	}); err != nil {
		return nil, fmt.Errorf("reading the extensions that are available: %w", err)
	}
	var missing, untrusted []string
	for _, name := range names {
		isTrusted, there := available[name]
		switch {
		case !there && !slices.Contains(missing, name):
			missing = append(missing, name)
		case there && !isTrusted && !slices.Contains(untrusted, name):
			untrusted = append(untrusted, name)
		}
	}
	if len(missing) > 0 {
		return nil, &MissingExtensionsError{Names: missing, Provider: d.server.provider}
	}
	return untrusted, nil
}

func (d *Database) createExtension(ctx context.Context, conn *pgx.Conn, e Extension) error {
	name, in := e.Name, ""
	if e.Schema != "" {
		in = " WITH SCHEMA " + quote(e.Schema)
		if err := d.createSchema(ctx, conn, e.Schema); err != nil {
			return err
		}
	}
	if _, err := conn.Exec(ctx, "CREATE EXTENSION IF NOT EXISTS "+quote(name)+in+" CASCADE"); err != nil {
		return err
	}
	if !d.server.owner.made {
		return nil
	}
	if d.server.adminIsSuper {
		// There is no ALTER EXTENSION … OWNER TO, and only a superuser may write the catalog.
		if _, err := conn.Exec(ctx, `UPDATE pg_extension SET extowner = (SELECT oid FROM pg_roles WHERE rolname = $2) WHERE extname = $1`, name, d.server.owner.name); err != nil {
			return err
		}
	}
	if name == "postgres_fdw" {
		// It demands a password of everyone but superusers, so an ordinary role may have it; others
		// (multicorn) run code of the server's machine.
		_, err := conn.Exec(ctx, "GRANT USAGE ON FOREIGN DATA WRAPPER postgres_fdw TO "+quote(d.server.owner.name))
		return err
	}
	return nil
}

// createSchema makes a schema that belongs to the owner role, where there is none of that name.
func (d *Database) createSchema(ctx context.Context, conn *pgx.Conn, name string) error {
	sql := "CREATE SCHEMA IF NOT EXISTS " + quote(name)
	if d.server.owner.made {
		sql += " AUTHORIZATION " + quote(d.server.owner.name)
	}
	var there bool
	if err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1)", name).Scan(&there); err != nil || there {
		return err
	}
	_, err := conn.Exec(ctx, sql)
	return err
}
