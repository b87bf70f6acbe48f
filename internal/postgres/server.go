package postgres

import (
	"context"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// closeTimeout is how long Close may take; the caller's context can be dead by then.
const closeTimeout = 30 * time.Second

// Server is a running PostgreSQL server. Its methods can be called from several goroutines.
type Server struct {
	provider  string
	version   string
	number    int
	superuser bool // Options.Superuser
	admin     *pgx.ConnConfig
	owner     role
	stop      func(context.Context) error // ends the server; nil where it is not ours

	inMemory         bool
	run              string // external: the run's name, which begins the names of all that it makes
	adminIsSuper     bool
	databaseSettings []string // external: what each database is set to, as ALTER DATABASE … SET takes it

	mu        sync.Mutex // guards what follows, and serialises the administrative statements
	conn      *pgx.Conn
	databases map[string]*Database
	made      int      // databases, dropped ones included
	provided  []string // roles that Provide has made
	aside     int      // roles that SetRolesAside has renamed
	closed    bool
	closeErr  error
}

// role is who owns the databases.
type role struct {
	name     string
	password string
	made     bool // by this run; else the role is the administrator's own
}

// instance is a running server as a provider hands it over.
type instance struct {
	provider string
	conn     *pgx.Conn                   // the administrator's first connection; its configuration serves for more
	stop     func(context.Context) error // nil for external
	inMemory bool                        // its data is on a file system in memory
}

// adopt makes a Server of an instance. When it fails it has stopped the instance.
func (s *starter) adopt(ctx context.Context, in instance) (_ *Server, err error) {
	srv := &Server{
		provider:  in.provider,
		superuser: s.Superuser,
		admin:     in.conn.Config(),
		conn:      in.conn,
		stop:      in.stop,
		inMemory:  in.inMemory,
		databases: map[string]*Database{},
	}
	if srv.shared() {
		srv.run = in.conn.Config().RuntimeParams["application_name"]
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, srv.Close(ctx))
		}
	}()
	var may privileges
	if err := may.read(ctx, in.conn); err != nil {
		return nil, fmt.Errorf("reading the server's version and what its user may do: %w", err)
	}
	number := may.version
	srv.number, srv.adminIsSuper = number, may.super
	srv.version, _, _ = strings.Cut(in.conn.PgConn().ParameterStatus("server_version"), " ")
	if number < minVersion {
		return nil, fmt.Errorf("PostgreSQL %s is too old: %d or newer is needed", srv.version, minVersion/10000)
	}
	if s.Version != "" && s.Version != strconv.Itoa(srv.Major()) {
		s.Warn(fmt.Sprintf("postgres-version is %s, but the %s server is PostgreSQL %s: what the two accept can differ.", s.Version, in.provider, srv.version))
	}
	if err := srv.setOwner(ctx, may, s.Warn); err != nil {
		return nil, err
	}
	return srv, nil
}

// Provider is "container", "local" or "external".
func (s *Server) Provider() string { return s.provider }

// Version is the server's own, such as "17.2".
func (s *Server) Version() string { return s.version }

// Major is the server's major version, such as 17.
func (s *Server) Major() int { return s.number / 10000 }

func (s *Server) shared() bool { return s.provider == External }

// privileges is what the administrator's role may do.
type privileges struct {
	version                           int // server_version_num
	super, createRole, createDatabase bool
	reachesOut                        bool   // may run programs, or read or write files, through a predefined role
	messages                          string // lc_messages, where messages are not in English
}

func (p *privileges) read(ctx context.Context, conn *pgx.Conn) error {
	// The predefined roles let an ordinary user out of the database
	// (https://www.postgresql.org/docs/current/predefined-roles.html).
	return conn.QueryRow(ctx, `SELECT current_setting('server_version_num')::int, rolsuper, rolcreaterole, rolcreatedb,
			pg_has_role('pg_execute_server_program', 'MEMBER') OR pg_has_role('pg_read_server_files', 'MEMBER') OR pg_has_role('pg_write_server_files', 'MEMBER'),
			CASE WHEN current_setting('lc_messages') ~ '^(C|POSIX|en|English|$)' THEN '' ELSE current_setting('lc_messages') END
		FROM pg_roles WHERE rolname = current_user`).Scan(&p.version, &p.super, &p.createRole, &p.createDatabase, &p.reachesOut, &p.messages)
}

// setOwner decides who owns the databases, and makes the role.
func (s *Server) setOwner(ctx context.Context, may privileges, warn func(string)) error {
	self := role{name: s.admin.User, password: s.admin.Password}
	super, mayCreateRole, reaches := may.super, may.createRole, may.reachesOut
	if !super && !may.createDatabase {
		return fmt.Errorf("the user %s may not create databases: ALTER ROLE … CREATEDB, or give the URL of a user who may", self.name)
	}
	if may.messages != "" {
		if super {
			s.databaseSettings = append(s.databaseSettings, "lc_messages = 'C'")
		} else {
			warn(fmt.Sprintf("The external server's messages are in the language of lc_messages=%s, and its user may not change that: findings can lack the object's name.", may.messages))
		}
	}
	if s.superuser {
		s.owner = self
		if s.shared() && (super || reaches) {
			warn(fmt.Sprintf("Migrations run as %s, who can run programs and read files on the external server.", self.name))
		}
		return nil
	}
	if !super && !mayCreateRole {
		s.owner = self
		if reaches {
			warn(fmt.Sprintf("Migrations run as %s, who can run programs or read files on the external server: give the URL of a user who is no member of pg_execute_server_program, pg_read_server_files and pg_write_server_files, or who may create roles.", self.name))
		}
		return nil
	}
	return s.makeOwner(ctx, super)
}

func (s *Server) makeOwner(ctx context.Context, super bool) error {
	owner := role{name: "headgate", password: rand.Text()}
	if s.shared() {
		owner.name = s.run
	}
	verifier, err := scramVerifier(owner.password)
	if err != nil {
		return err
	}
	attributes := "LOGIN NOSUPERUSER NOCREATEDB NOREPLICATION"
	if super {
		attributes += " NOBYPASSRLS" // only a superuser may name it before version 16
	}
	// Before 16, CREATEROLE may grant any role that is no superuser, pg_execute_server_program included
	// (release notes of 16, "Restrict the privileges of CREATEROLE").
	if s.number >= 160000 {
		attributes += " CREATEROLE"
	}
	name := quote(owner.name)
	// What is begun is awaited, as in exec: a role that the server makes after ctx has ended would be nobody's to drop.
	if err := context.Cause(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
	defer cancel()
	owner.made = true
	s.owner = owner
	if _, err := s.conn.Exec(ctx, fmt.Sprintf("CREATE ROLE %s %s PASSWORD '%s'", name, attributes, verifier)); err != nil {
		return fmt.Errorf("creating the role that owns the databases: %w", err)
	}
	if s.shared() {
		if _, err := s.conn.Exec(ctx, fmt.Sprintf("COMMENT ON ROLE %s IS '%s'", name, mark)); err != nil {
			return fmt.Errorf("marking the role that owns the databases: %w", err)
		}
	}
	if super {
		return nil
	}
	// CREATE DATABASE … OWNER needs SET, cloning and dropping need INHERIT; 16 grants a creator neither by itself.
	grant := fmt.Sprintf("GRANT %s TO CURRENT_USER", name)
	if s.number >= 160000 {
		grant += " WITH INHERIT TRUE, SET TRUE"
	}
	if _, err := s.conn.Exec(ctx, grant); err != nil {
		return fmt.Errorf("joining the role that owns the databases: %w", err)
	}
	return nil
}

// exec runs one administrative statement. The caller holds s.mu. A statement that was begun is awaited:
// giving it up would close the connection, which on an external server is what shows that this run lives,
// and leave unknown whether the database is there.
func (s *Server) exec(ctx context.Context, sql string) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
	defer cancel()
	if err := s.connect(ctx); err != nil {
		return err
	}
	_, err := s.conn.Exec(ctx, sql)
	return err
}

// connect makes the administrator's connection anew where it was lost. The caller holds s.mu.
func (s *Server) connect(ctx context.Context) error {
	if s.closed && !s.shared() {
		return errClosed
	}
	if s.conn != nil && !s.conn.IsClosed() {
		return nil
	}
	conn, err := pgx.ConnectConfig(ctx, s.admin)
	if err != nil {
		return err
	}
	s.conn = conn
	return nil
}

var errClosed = errors.New("the PostgreSQL server is closed")

// Close ends the server; on an external one it drops the databases and the role that this run made.
// It may be called again, and after the end of ctx: it takes 30 seconds at most of its own.
func (s *Server) Close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
	defer cancel()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return s.closeErr
	}
	s.closed = true
	var errs []error
	if s.shared() {
		errs = append(errs, s.dropAll(ctx))
	}
	if s.conn != nil {
		if s.stop != nil {
			// The server goes anyway: no need to say goodbye and wait for the answer.
			_ = s.conn.PgConn().Conn().Close()
		} else {
			_ = s.conn.Close(ctx)
		}
		s.conn = nil
	}
	if s.stop != nil {
		errs = append(errs, s.stop(ctx))
	}
	s.closeErr = errors.Join(errs...)
	return s.closeErr
}

// dropAll removes what this run made on a server that is not its own. The caller holds s.mu.
func (s *Server) dropAll(ctx context.Context) error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(s.databases)) {
		errs = append(errs, s.drop(ctx, name))
	}
	if s.owner.made {
		errs = append(errs, s.dropRoles(ctx))
	}
	return errors.Join(errs...)
}

// dropRoles drops the owner role, and the roles that migrations made as that role.
func (s *Server) dropRoles(ctx context.Context) error {
	if err := s.connect(ctx); err != nil {
		return err
	}
	return dropRole(ctx, s.conn, s.number, s.owner.name)
}

// dropRole drops a role of a run with all the roles that it made: from 16 on, whoever creates a role is
// granted it with ADMIN OPTION, and nobody else grants anything to a run's role.
func dropRole(ctx context.Context, conn *pgx.Conn, version int, role string) error {
	names := []string{role}
	if version >= 160000 {
		rows, err := conn.Query(ctx, `WITH RECURSIVE made(oid, depth) AS (
				SELECT oid, 0 FROM pg_roles WHERE rolname = $1
				UNION
				SELECT m.roleid, made.depth + 1 FROM pg_auth_members m JOIN made ON m.member = made.oid
				WHERE m.admin_option AND made.depth < 20)
			SELECT rolname::text FROM made JOIN pg_roles USING (oid) GROUP BY rolname ORDER BY max(depth) DESC`, role)
		if err != nil {
			return err
		}
		if names, err = pgx.CollectRows(rows, pgx.RowTo[string]); err != nil {
			return err
		}
	}
	var errs []error
	for _, name := range names {
		if _, err := conn.Exec(ctx, "DROP ROLE IF EXISTS "+quote(name)); err != nil {
			errs = append(errs, fmt.Errorf("dropping the role %s: %w", name, err))
		}
	}
	return errors.Join(errs...)
}

func quote(name string) string { return pgx.Identifier{name}.Sanitize() }

// randomName is a name for a database or a role that does not meet those of others.
func randomName() string {
	var b [8]byte
	rand.Read(b[:]) // never fails (crypto/rand)
	return "headgate_" + hex.EncodeToString(b[:])
}

// scramVerifier makes what the server stores for a password, so that the password itself stands in no
// statement and no log of the server (RFC 5803; https://www.postgresql.org/docs/current/catalog-pg-authid.html).
func scramVerifier(password string) (string, error) {
	const iterations = 4096
	var salt [16]byte
	rand.Read(salt[:])
	salted, err := pbkdf2.Key(sha256.New, password, salt[:], iterations, sha256.Size)
	if err != nil {
		return "", err
	}
	mac := func(key []byte, text string) []byte {
		h := hmac.New(sha256.New, key)
		h.Write([]byte(text))
		return h.Sum(nil)
	}
	stored := sha256.Sum256(mac(salted, "Client Key"))
	b64 := base64.StdEncoding.EncodeToString
	return fmt.Sprintf("SCRAM-SHA-256$%d:%s$%s:%s", iterations, b64(salt[:]), b64(stored[:]), b64(mac(salted, "Server Key"))), nil
}

// address is where a server listens: host and port, or the folder of its socket and the number in the socket's name.
type address struct {
	host string
	port uint16
}

func (a address) String() string { return net.JoinHostPort(a.host, strconv.Itoa(int(a.port))) }

// adminConfig describes a connection to a server of this run. Every setting is given, so that PGHOST,
// PGSSLMODE and their like, which are about other servers, change nothing.
func adminConfig(a address, password string) (*pgx.ConnConfig, error) {
	config, err := pgx.ParseConfig("host=localhost port=5432 user=postgres password=x dbname=postgres sslmode=disable connect_timeout=5 require_auth=scram-sha-256")
	if err != nil {
		return nil, err
	}
	config.Host, config.Port, config.Password = a.host, a.port, password
	config.Fallbacks = nil
	config.RuntimeParams = map[string]string{"application_name": "headgate"}
	return config, nil
}
