// Package postgrestest gives tests a throwaway server.
package postgrestest

import (
	"context"
	"errors"
	"net/url"
	"os"
	"strconv"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/headgate/headgate/internal/postgres"
	"github.com/headgate/headgate/internal/requiretest"
)

// Start gives a server of the local provider and closes it when the test ends. Without one the test is skipped, or fails
// where HEADGATE_REQUIRE names local.
func Start(t testing.TB) *postgres.Server {
	t.Helper()
	s, err := postgres.Start(t.Context(), postgres.Options{Provider: postgres.Local, Env: os.Getenv, Progress: func(line string) { t.Log(line) }})
	if err != nil {
		requiretest.Skip(t, "local", "there is no local PostgreSQL: "+err.Error())
	}
	t.Cleanup(func() {
		if err := s.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return s
}

// Database gives an empty database on s.
func Database(t testing.TB, s *postgres.Server) *postgres.Database {
	t.Helper()
	d, err := s.CreateDatabase(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// URL gives the address of a server as its own superuser has it, for a program that reaches it as an external one.
func URL(t testing.TB, s *postgres.Server) string {
	t.Helper()
	admin := Database(t, s).AdminConfig()
	address := url.URL{Scheme: "postgres", Path: "/" + admin.Database, RawQuery: url.Values{
		"host": {admin.Host}, "port": {strconv.Itoa(int(admin.Port))}, "user": {admin.User}, "password": {admin.Password},
	}.Encode()}
	return address.String()
}

// Objects lists the databases and roles of a server that are not PostgreSQL's own, to see what a run leaves.
func Objects(t testing.TB, s *postgres.Server) []string {
	t.Helper()
	d := Database(t, s)
	conn, err := pgx.ConnectConfig(t.Context(), d.AdminConfig())
	if err != nil {
		t.Fatal(err)
	}
	rows, err := conn.Query(t.Context(), `
		SELECT datname FROM pg_database WHERE datname <> $1 UNION ALL
		SELECT rolname FROM pg_roles WHERE rolname !~ '^pg_' ORDER BY 1`, d.Name())
	if err != nil {
		t.Fatal(err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err := errors.Join(err, conn.Close(t.Context()), d.Drop(t.Context())); err != nil {
		t.Fatal(err)
	}
	return names
}
