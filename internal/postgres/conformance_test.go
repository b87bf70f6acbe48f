package postgres

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/moby/moby/client"

	"github.com/headgate/headgate/internal/requiretest"
)

// provided is one provider as the suite sees it.
type provided struct {
	name    string
	options func(t *testing.T) Options
	// left lists what is there that a run could have left: it has to be the same before and after.
	left func(t *testing.T) []string
}

func requireLocal(t testing.TB) {
	t.Helper()
	if _, err := newStarter(Options{Env: os.Getenv}).findBinaries(t.Context()); err != nil {
		requiretest.Skip(t, Local, err.Error())
	}
}

// requireContainer gives the engine and an image that is there.
func requireContainer(t testing.TB) (*client.Client, string) {
	t.Helper()
	cli, err := newStarter(Options{Env: os.Getenv}).connectDocker(t.Context())
	if err != nil {
		requiretest.Skip(t, Container, err.Error())
	}
	t.Cleanup(func() { cli.Close() })
	image := os.Getenv("HEADGATE_TEST_IMAGE")
	if image == "" {
		image = "postgres:17"
	}
	if _, err := cli.ImageInspect(t.Context(), image); err != nil {
		requiretest.Skip(t, Container, fmt.Sprintf("image %s: %v", image, err))
	}
	return cli, stamped(t, cli, image)
}

// stamped gives a test a tag of its own of the image, by which its containers are told from those of the packages that are
// tested at the same time.
func stamped(t testing.TB, cli *client.Client, image string) string {
	t.Helper()
	tag := "headgate-test-" + strings.ToLower(rand.Text()[:8]) + ":latest"
	if _, err := cli.ImageTag(t.Context(), client.ImageTagOptions{Source: image, Target: tag}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := cli.ImageRemove(context.Background(), tag, client.ImageRemoveOptions{}); err != nil {
			t.Error(err)
		}
	})
	return tag
}

func options(t testing.TB, provider string) Options {
	return Options{
		Provider: provider,
		Env:      os.Getenv,
		Progress: func(line string) { t.Log("progress:", line) },
		Warn:     func(line string) { t.Log("warning:", line) },
	}
}

// tempRoot is a folder like /tmp: an unprivileged server may remove its own from it, and its name leaves room for a socket's.
func tempRoot(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "hgt")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o777|os.ModeSticky); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.Remove(dir); err != nil { // not RemoveAll: nothing may be left in it
			t.Errorf("something is left: %v", err)
			os.RemoveAll(dir)
		}
	})
	return dir
}

// envWith changes one variable of the environment.
func envWith(name, value string) func(string) string {
	return func(n string) string {
		if n == name {
			return value
		}
		return os.Getenv(n)
	}
}

// processesIn lists the processes whose command line names a folder.
func processesIn(t *testing.T, dir string) []string {
	t.Helper()
	var found []string
	paths, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, path := range paths {
		if text, err := os.ReadFile(path); err == nil && bytes.Contains(text, []byte(dir)) {
			found = append(found, string(bytes.ReplaceAll(text, []byte{0}, []byte{' '})))
		}
	}
	return found
}

func entries(t *testing.T, dir string) []string {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range list {
		names = append(names, e.Name())
	}
	return names
}

func localProvider(t *testing.T) provided {
	requireLocal(t)
	root := tempRoot(t)
	return provided{
		name: Local,
		options: func(t *testing.T) Options {
			o := options(t, Local)
			o.Env = envWith("TMPDIR", root)
			return o
		},
		left: func(t *testing.T) []string { return append(entries(t, root), processesIn(t, root)...) },
	}
}

func containerProvider(t *testing.T) provided {
	cli, image := requireContainer(t)
	return provided{
		name: Container,
		options: func(t *testing.T) Options {
			o := options(t, Container)
			o.Image = image
			return o
		},
		left: func(t *testing.T) []string { return containers(t, cli, image) },
	}
}

// containers lists Headgate's containers of an image, and every volume.
func containers(t *testing.T, cli *client.Client, image string) []string {
	t.Helper()
	list, err := cli.ContainerList(context.Background(), client.ContainerListOptions{All: true, Filters: make(client.Filters).Add("label", labelHeadgate+"=1")})
	if err != nil {
		t.Fatal(err)
	}
	var left []string
	for _, c := range list.Items {
		if c.Image == image {
			left = append(left, "container "+c.ID)
		}
	}
	volumes, err := cli.VolumeList(context.Background(), client.VolumeListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range volumes.Items {
		left = append(left, "volume "+v.Name)
	}
	slices.Sort(left)
	return left
}

// externalProvider makes a server with the local provider and gives its URL.
func externalProvider(t *testing.T) provided {
	requireLocal(t)
	o := options(t, Local)
	o.Env = envWith("TMPDIR", tempRoot(t))
	host, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := host.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return provided{
		name:    External,
		options: func(t *testing.T) Options { return options(t, serverURL(host, host.admin.User, host.admin.Password)) },
		left:    func(t *testing.T) []string { return contents(t, host) },
	}
}

func serverURL(host *Server, user, password string) string {
	return fmt.Sprintf("postgres://%s:%s@/postgres?host=%s&port=%d", user, password, host.admin.Host, host.admin.Port)
}

// contents lists a server's databases and roles.
func contents(t *testing.T, host *Server) []string {
	t.Helper()
	conn, err := pgx.ConnectConfig(context.Background(), host.admin)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	rows, err := conn.Query(context.Background(), "SELECT 'database ' || datname FROM pg_database UNION ALL SELECT 'role ' || rolname FROM pg_roles ORDER BY 1")
	if err != nil {
		t.Fatal(err)
	}
	left, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return left
}

var providers = []struct {
	name string
	make func(*testing.T) provided
}{
	{Local, localProvider},
	{Container, containerProvider},
	{External, externalProvider},
}

// eachProvider runs a test against every provider.
func eachProvider(t *testing.T, test func(t *testing.T, p provided)) {
	for _, p := range providers {
		t.Run(p.name, func(t *testing.T) { test(t, p.make(t)) })
	}
}

func start(t *testing.T, o Options) *Server {
	t.Helper()
	srv, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := srv.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return srv
}

func createDatabase(t *testing.T, srv *Server) *Database {
	t.Helper()
	db, err := srv.CreateDatabase(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func connect(t *testing.T, config *pgx.ConnConfig) *pgx.Conn {
	t.Helper()
	conn, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

func mustExec(t *testing.T, conn *pgx.Conn, sql string) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func value[T any](t *testing.T, conn *pgx.Conn, sql string, args ...any) T {
	t.Helper()
	var v T
	if err := conn.QueryRow(t.Context(), sql, args...).Scan(&v); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return v
}

func sqlState(err error) string {
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) {
		return pgErr.Code
	}
	return ""
}

func TestServer(t *testing.T) {
	eachProvider(t, func(t *testing.T, p provided) {
		before := p.left(t)
		srv := start(t, p.options(t))
		if srv.Provider() != p.name {
			t.Errorf("Provider() = %q, want %q", srv.Provider(), p.name)
		}
		t.Run("version", func(t *testing.T) { testVersion(t, srv) })
		t.Run("session", func(t *testing.T) { testSession(t, srv) })
		t.Run("owner", func(t *testing.T) { testOwner(t, srv) })
		t.Run("confined", func(t *testing.T) { testConfined(t, srv) })
		t.Run("clone", func(t *testing.T) { testClone(t, srv) })
		t.Run("drop", func(t *testing.T) { testDrop(t, srv) })
		t.Run("extensions", func(t *testing.T) { testExtensions(t, srv) })
		createDatabase(t, srv)                                 // one that nobody drops
		connect(t, createDatabase(t, srv).Config())            // one that somebody is connected to
		failing := connect(t, createDatabase(t, srv).Config()) // and a failing migration
		_, err := failing.Exec(t.Context(), "CREATE TABLE a(); SELECT 1/0")
		if sqlState(err) != "22012" {
			t.Errorf("the failing migration gave %v", err)
		}
		ended, end := context.WithCancel(t.Context())
		end()
		for range 2 {
			if err := srv.Close(ended); err != nil {
				t.Errorf("Close: %v", err)
			}
		}
		if _, err := srv.CreateDatabase(t.Context()); err == nil {
			t.Error("CreateDatabase works after Close")
		}
		if after := p.left(t); !slices.Equal(before, after) {
			t.Errorf("before the run there were %q, after it %q", before, after)
		}
	})
}

func testVersion(t *testing.T, srv *Server) {
	conn := connect(t, createDatabase(t, srv).Config())
	if v := value[string](t, conn, "SHOW server_version"); !strings.HasPrefix(v, srv.Version()) || srv.Version() == "" {
		t.Errorf("Version() = %q, the server says %q", srv.Version(), v)
	}
	if n := value[int](t, conn, "SELECT current_setting('server_version_num')::int / 10000"); n != srv.Major() {
		t.Errorf("Major() = %d, the server says %d", srv.Major(), n)
	}
}

func testSession(t *testing.T, srv *Server) {
	conn := connect(t, createDatabase(t, srv).Config())
	for setting, want := range map[string]string{
		"server_encoding": "UTF8", "lc_messages": "C", "jit": "off", "timezone": "UTC", "application_name": "headgate", "statement_timeout": "1min",
	} {
		if got := value[string](t, conn, "SELECT current_setting($1)", setting); got != want {
			t.Errorf("%s = %q, want %q", setting, got, want)
		}
	}
	if got := value[string](t, conn, "SELECT datcollate || ' ' || datctype FROM pg_database WHERE datname = current_database()"); got != "C C" {
		t.Errorf("the locale is %q, want C C", got)
	}
}

func testOwner(t *testing.T, srv *Server) {
	db := createDatabase(t, srv)
	conn := connect(t, db.Config())
	type attributes struct {
		Super, CreateDB, CreateRole, Owns, Member bool
	}
	rows, err := conn.Query(t.Context(), `SELECT rolsuper, rolcreatedb, rolcreaterole,
		EXISTS (SELECT FROM pg_database WHERE datname = current_database() AND datdba = r.oid),
		EXISTS (SELECT FROM pg_auth_members WHERE member = r.oid) FROM pg_roles r WHERE rolname = current_user`)
	if err != nil {
		t.Fatal(err)
	}
	got, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[attributes])
	if err != nil {
		t.Fatal(err)
	}
	if want := (attributes{Owns: true, CreateRole: srv.Major() >= 16}); got != want {
		t.Errorf("the owner role is %+v, want %+v", got, want)
	}
	mustExec(t, conn, "CREATE SCHEMA app; CREATE TABLE app.trees (id int PRIMARY KEY); CREATE TABLE leaves (id int)")
	admin := connect(t, db.AdminConfig())
	if !value[bool](t, admin, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") {
		t.Error("AdminConfig does not connect as a superuser")
	}
	if srv.Major() >= 16 {
		_, err := conn.Exec(t.Context(), "GRANT pg_execute_server_program TO CURRENT_USER")
		if sqlState(err) != "42501" {
			t.Errorf("the owner grants itself pg_execute_server_program: %v", err)
		}
		mustExec(t, conn, "CREATE ROLE headgate_test_reader; CREATE ROLE headgate_test_admin CREATEROLE")
		if srv.Provider() == External { // that Close drops it is what the suite's end checks
			mustExec(t, conn, "GRANT headgate_test_admin TO CURRENT_USER WITH SET TRUE; SET ROLE headgate_test_admin; CREATE ROLE headgate_test_nested")
		}
	}
}

// testConfined shows that SQL from a pull request gets out of the database by no way that PostgreSQL has.
func testConfined(t *testing.T, srv *Server) {
	conn := connect(t, createDatabase(t, srv).Config())
	mustExec(t, conn, "CREATE TABLE t (line text)")
	for _, sql := range []string{
		"COPY t FROM PROGRAM 'id'",
		"COPY t TO PROGRAM 'cat'",
		"COPY t FROM '/etc/passwd'",
		"COPY t TO '/tmp/headgate-confined'",
		"SELECT pg_read_file('/etc/passwd')",
		"SELECT pg_read_file('postgresql.conf')",
		"SELECT pg_read_binary_file('PG_VERSION')",
		"SELECT pg_ls_dir('.')",
		"SELECT pg_stat_file('PG_VERSION')",
		"SELECT lo_import('/etc/passwd')",
		"SELECT lo_export(1, '/tmp/headgate-confined')",
		"ALTER SYSTEM SET archive_command = 'id'",
		"SET session_preload_libraries = 'x'",
		"SET lc_messages = 'de_DE.UTF-8'",
		"CREATE FUNCTION f() RETURNS int LANGUAGE c AS 'libc', 'system'",
		"CREATE EXTENSION file_fdw",
		"CREATE DATABASE headgate_confined",
		"ALTER ROLE CURRENT_USER SUPERUSER",
		"SET ROLE postgres",
		"SELECT rolpassword FROM pg_authid",
		"GRANT pg_read_server_files TO CURRENT_USER",
	} {
		_, err := conn.Exec(t.Context(), sql)
		if code := sqlState(err); code != "42501" { // insufficient_privilege
			t.Errorf("%s: got %v, want SQLSTATE 42501", sql, err)
		}
	}
	if _, err := conn.Exec(t.Context(), "LOAD '/etc/passwd'"); err == nil {
		t.Error("LOAD of any file works")
	}
}

func testClone(t *testing.T, srv *Server) {
	from := createDatabase(t, srv)
	conn := connect(t, from.Config())
	mustExec(t, conn, `CREATE TABLE trees (id int PRIMARY KEY, name text); INSERT INTO trees VALUES (1, 'Eiche'), (2, 'Föhre')`)
	mustExec(t, conn, "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = public, \"Wald\"', current_database()); END $$")
	oid := value[uint32](t, conn, "SELECT 'trees'::regclass::oid")
	var inUse error
	if _, inUse = srv.Clone(t.Context(), from); inUse == nil || !strings.Contains(inUse.Error(), "still has connections") {
		t.Errorf("cloning a database with a connection gave %v", inUse)
	}
	conn.Close(t.Context())
	to, err := srv.Clone(t.Context(), from)
	if err != nil {
		t.Fatal(err)
	}
	if to.Name() == from.Name() {
		t.Fatal("the clone has the original's name")
	}
	clone := connect(t, to.Config())
	if got := value[uint32](t, clone, "SELECT 'trees'::regclass::oid"); got != oid {
		t.Errorf("the clone's table has oid %d, the original's %d", got, oid)
	}
	if got := value[int](t, clone, "SELECT count(*) FROM trees"); got != 2 {
		t.Errorf("the clone has %d rows, want 2", got)
	}
	if got := value[string](t, clone, "SHOW search_path"); got != `public, "Wald"` {
		t.Errorf("the clone's search_path is %s", got)
	}
	mustExec(t, clone, "DROP TABLE trees")
	if got := value[int](t, connect(t, from.Config()), "SELECT count(*) FROM trees"); got != 2 {
		t.Error("a change of the clone shows in the original")
	}
}

func testDrop(t *testing.T, srv *Server) {
	db := createDatabase(t, srv)
	connect(t, db.Config())
	for range 2 { // the second finds nothing to drop
		if err := db.Drop(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	_, err := pgx.ConnectConfig(t.Context(), db.Config())
	if sqlState(err) != "3D000" { // invalid_catalog_name
		t.Errorf("connecting to a dropped database gave %v", err)
	}
}

func testExtensions(t *testing.T, srv *Server) {
	db := createDatabase(t, srv)
	var missing *MissingExtensionsError
	err := db.CreateExtensions(t.Context(), Extensions("citext", `no"such`, "'; DROP TABLE x", `no"such`))
	if !errors.As(err, &missing) || !slices.Equal(missing.Names, []string{`no"such`, "'; DROP TABLE x"}) {
		t.Errorf("extensions that are not there gave %v", err)
	}
	if err := db.CreateExtensions(t.Context(), Extensions("citext", "pg_stat_statements", "postgres_fdw", "earthdistance", "pg_stat_statements")); err != nil {
		t.Fatal(err)
	}
	conn := connect(t, db.Config())
	if value[int](t, conn, "SELECT count(*) FROM pg_extension WHERE extname = 'citext'") != 0 {
		t.Error("citext is trusted, so the migration creates it itself, but it is there")
	}
	mustExec(t, conn, "CREATE EXTENSION citext; CREATE EXTENSION IF NOT EXISTS pg_stat_statements; COMMENT ON EXTENSION pg_stat_statements IS 'x'")
	mustExec(t, conn, "CREATE SERVER s FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'localhost'); CREATE TABLE people (name citext)")
}

func TestSuperuserOptsOut(t *testing.T) {
	eachProvider(t, func(t *testing.T, p provided) {
		o := p.options(t)
		o.Superuser = true
		var warnings []string
		o.Warn = func(line string) { warnings = append(warnings, line) }
		conn := connect(t, createDatabase(t, start(t, o)).Config())
		if !value[bool](t, conn, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") {
			t.Error("Config does not connect as a superuser")
		}
		if warned := len(warnings) > 0; warned != (p.name == External) {
			t.Errorf("the warnings are %q", warnings)
		}
	})
}
