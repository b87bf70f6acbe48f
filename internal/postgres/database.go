package postgres

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
)

// StatementTimeout ends a statement on Database.Config's connections: nothing that a gate runs on an
// empty schema takes as long, and pg_sleep in a migration must not hold the job.
const StatementTimeout = 60 * time.Second

// Database is one database on a Server.
type Database struct {
	server *Server
	name   string
}

// Name is the database's name on its server: random, so never the application's own.
func (d *Database) Name() string { return d.name }

// CreateDatabase makes an empty database that the owner role owns: encoding UTF8, locale C, whatever
// the server's own default is, so that equal schemas behave alike on every provider.
func (s *Server) CreateDatabase(ctx context.Context) (*Database, error) {
	options := "TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'"
	if s.number >= 150000 {
		options += " LOCALE_PROVIDER libc"
	}
	return s.create(ctx, options+s.strategy(), s.databaseSettings)
}

// Clone copies a database, its data and its oids: an object has the same oid in both, so comparing by
// oid tells a rename from a drop and a create. Nobody may be connected to from; connections that were
// just closed are waited for.
func (s *Server) Clone(ctx context.Context, from *Database) (*Database, error) {
	if from.server != s {
		return nil, errors.New("cloning a database of another server")
	}
	if err := s.awaitNobody(ctx, from.name); err != nil {
		return nil, err
	}
	db, err := s.create(ctx, "TEMPLATE "+quote(from.name)+s.strategy(), nil)
	if err == nil && s.adminIsSuper {
		err = s.copySettings(ctx, from, db)
	}
	if err != nil {
		return nil, err
	}
	return db, nil
}

// strategy is how CREATE DATABASE copies its template. In memory, copying files takes a third of the time
// of copying block by block through the log, PostgreSQL's own choice from 15 on; on a disk it takes twice as
// long. Measured with 500 tables.
func (s *Server) strategy() string {
	if s.inMemory && s.number >= 150000 {
		return " STRATEGY file_copy"
	}
	return ""
}

// awaitNobody waits until a database has no connections: a server notices a moment later that one was
// closed. CREATE DATABASE waits too, but looks only ten times a second.
func (s *Server) awaitNobody(ctx context.Context, name string) error {
	const patience = 2 * time.Second
	ctx, cancel := context.WithTimeoutCause(ctx, patience, errors.New("close them first"))
	defer cancel()
	err := poll(ctx, nil, func() error {
		open, err := s.connections(ctx, name)
		if err == nil && open > 0 {
			err = fmt.Errorf("%d are open", open)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("cloning a database that still has connections: %w", err)
	}
	return nil
}

// connections counts who is connected to a database.
func (s *Server) connections(ctx context.Context, name string) (n int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.connect(ctx); err != nil {
		return 0, err
	}
	err = s.conn.QueryRow(ctx, "SELECT count(*) FROM pg_stat_activity WHERE datname = $1", name).Scan(&n)
	return n, err
}

// copySettings gives a clone what ALTER DATABASE … SET made of its original, a search_path for instance:
// PostgreSQL's TEMPLATE leaves that out. The values stand in the catalog in a form that no statement takes back.
func (s *Server) copySettings(ctx context.Context, from, to *Database) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	// Both names are this package's own, so no quote can stand in them.
	err := s.exec(ctx, fmt.Sprintf(`INSERT INTO pg_db_role_setting
		SELECT d.oid, s.setrole, s.setconfig FROM pg_db_role_setting s, pg_database d
		WHERE s.setdatabase = (SELECT oid FROM pg_database WHERE datname = '%s') AND d.datname = '%s'`, from.name, to.name))
	if err != nil {
		return fmt.Errorf("copying a database's settings: %w", err)
	}
	return nil
}

func (s *Server) create(ctx context.Context, options string, settings []string) (*Database, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, errClosed
	}
	s.made++
	name := randomName()
	if s.shared() {
		name = fmt.Sprintf("%s_%d", s.run, s.made)
	}
	// Noted before it is made: where ctx ends in between, Close still drops it.
	db := &Database{server: s, name: name}
	s.databases[name] = db
	if err := s.exec(ctx, fmt.Sprintf("CREATE DATABASE %s OWNER %s %s", quote(name), quote(s.owner.name), options)); err != nil {
		return nil, fmt.Errorf("creating a database: %w", err)
	}
	var also []string
	if s.shared() {
		also = append(also, fmt.Sprintf("COMMENT ON DATABASE %s IS '%s'", quote(name), mark))
	}
	for _, setting := range settings {
		also = append(also, fmt.Sprintf("ALTER DATABASE %s SET %s", quote(name), setting))
	}
	for _, sql := range also {
		if err := s.exec(ctx, sql); err != nil {
			return nil, fmt.Errorf("setting up a database: %w", err)
		}
	}
	return db, nil
}

// Config describes a connection as the owner role: no superuser, unless Options.Superuser. It ends each
// statement after StatementTimeout; a caller who wants another limit changes RuntimeParams. Every call
// gives a copy.
func (d *Database) Config() *pgx.ConnConfig {
	c := d.AdminConfig()
	delete(c.RuntimeParams, "search_path")
	c.User, c.Password = d.server.owner.name, d.server.owner.password
	c.RuntimeParams["statement_timeout"] = strconv.FormatInt(StatementTimeout.Milliseconds(), 10)
	return c
}

// AdminConfig describes a connection as the superuser (external: as the URL's user). No SQL from a pull
// request may run on it. Its search_path is public, for the owner role may change the database's own and
// could have put functions of its making before those of pg_catalog. Every call gives a copy.
func (d *Database) AdminConfig() *pgx.ConnConfig {
	c := d.server.admin.Copy()
	c.Database = d.name
	if c.RuntimeParams == nil {
		c.RuntimeParams = map[string]string{}
	}
	c.RuntimeParams["application_name"] = "headgate"
	c.RuntimeParams["jit"] = "off"
	c.RuntimeParams["timezone"] = "UTC"
	c.RuntimeParams["search_path"] = "public"
	return c
}

// Drop removes the database, whoever is connected to it.
func (d *Database) Drop(ctx context.Context) error {
	d.server.mu.Lock()
	defer d.server.mu.Unlock()
	if d.server.closed {
		return nil
	}
	return d.server.drop(ctx, d.name)
}

// drop removes a database. The caller holds s.mu.
func (s *Server) drop(ctx context.Context, name string) error {
	if _, there := s.databases[name]; !there {
		return nil
	}
	var err error
	if s.number >= 130000 {
		err = s.exec(ctx, fmt.Sprintf("DROP DATABASE IF EXISTS %s WITH (FORCE)", quote(name)))
	} else {
		// The names are this package's own, so no quote can stand in them.
		_ = s.exec(ctx, fmt.Sprintf("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '%s'", name))
		err = s.exec(ctx, "DROP DATABASE IF EXISTS "+quote(name))
	}
	if err != nil {
		return fmt.Errorf("dropping the database %s: %w", name, err)
	}
	delete(s.databases, name)
	return nil
}
