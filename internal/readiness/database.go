package readiness

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/headgate/headgate/internal/migration"
)

// driver is what SQLAlchemy writes between scheme and host: postgresql+asyncpg://.
var driver = regexp.MustCompile(`^(postgres(?:ql)?)\+[a-z0-9_]+://`)

// ParseDatabase reads a connection string: a URL or libpq's keywords and values. What it leaves out comes from libpq's
// variables (PGHOST, …) and files. A driver's name in the URL, as SQLAlchemy has it, is passed over. No error repeats
// any of it, since it can hold a password.
func ParseDatabase(connString string) (*pgx.ConnConfig, error) {
	connString = driver.ReplaceAllString(connString, "$1://")
	if scheme, _, ok := strings.Cut(connString, "://"); ok && !strings.ContainsAny(scheme, " =") {
		if scheme != "postgres" && scheme != "postgresql" {
			return nil, errors.New("it is no URL of a PostgreSQL database; write postgres://USER@HOST:PORT/NAME")
		}
		if _, err := url.Parse(connString); err != nil {
			return nil, errors.New("it is no valid URL; percent-encode what is special in the password, such as / # ? and @")
		}
	}
	config, err := pgx.ParseConfig(connString)
	if err != nil {
		// The parser's errors quote what they stumble over, and that can be a piece of a password.
		return nil, errors.New("it cannot be read; write postgres://USER@HOST:PORT/NAME?sslmode=MODE, where MODE is disable, allow, prefer, require, " +
			"verify-ca or verify-full and what is special is percent-encoded, and look at what PGSERVICE, PGSSLMODE and the like add")
	}
	for name := range config.RuntimeParams {
		if strings.HasPrefix(name, "pool_") { // pgxpool's, which a server would refuse
			delete(config.RuntimeParams, name)
		}
	}
	// An idle connection through a firewall or a dead node has to be noticed between two looks, not after hours.
	dialer := &net.Dialer{KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 15 * time.Second, Interval: 5 * time.Second, Count: 3}}
	config.DialFunc = dialer.DialContext
	return config, nil
}

// ParseTable reads TABLE or SCHEMA.TABLE as it stands in the catalog: the case counts. A part with a dot in it is
// written in double quotes, and a double quote in there twice.
func ParseTable(name string) (pgx.Identifier, error) {
	var parts pgx.Identifier
	rest := name
	for {
		part, after, err := cutPart(rest)
		if err != nil {
			return nil, fmt.Errorf("%q is no name of a table: %w; write TABLE or SCHEMA.TABLE", name, err)
		}
		parts = append(parts, part)
		if after == "" {
			break
		}
		rest = after[1:]
	}
	if len(parts) > 2 {
		return nil, fmt.Errorf("%q has %d parts; write TABLE or SCHEMA.TABLE", name, len(parts))
	}
	return parts, nil
}

// cutPart takes one part of a qualified name. after is empty or begins with the dot.
func cutPart(s string) (part, after string, err error) {
	if !strings.HasPrefix(s, `"`) {
		part, _, _ = strings.Cut(s, ".")
		after = s[len(part):]
	} else {
		var b strings.Builder
		rest := s[1:]
		for {
			text, behind, ok := strings.Cut(rest, `"`)
			if !ok {
				return "", "", errors.New("a double quote is not closed")
			}
			b.WriteString(text)
			if !strings.HasPrefix(behind, `"`) {
				part, after = b.String(), behind
				break
			}
			b.WriteByte('"')
			rest = behind[1:]
		}
	}
	switch {
	case part == "":
		return "", "", errors.New("a part is empty")
	case strings.ContainsRune(part, 0):
		return "", "", errors.New("it has a zero byte")
	case after != "" && after[0] != '.':
		return "", "", errors.New("something follows a closing double quote")
	}
	return part, after, nil
}

// Database asks one live database. It holds one connection at most, is read-only, and connects anew where the connection
// was lost. It is used by one goroutine at a time.
type Database struct {
	config *pgx.ConnConfig
	stamps migration.Stamps
	table  string // quoted
	conn   *pgx.Conn
}

// NewDatabase prepares to ask for what e's tool has noted. An empty table is the one that the tool makes by default.
func NewDatabase(config *pgx.ConnConfig, e *Expected, table pgx.Identifier) *Database {
	c := config.Copy()
	if c.RuntimeParams == nil {
		c.RuntimeParams = map[string]string{}
	}
	c.RuntimeParams["application_name"] = "headgate"
	c.RuntimeParams[readOnly] = "on"
	// A pooler gives each transaction another server connection, which knows no prepared statements of ours.
	c.DefaultQueryExecMode = pgx.QueryExecModeExec
	c.StatementCacheCapacity, c.DescriptionCacheCapacity = 0, 0
	c.DialFunc = (&soleDialer{dial: c.DialFunc}).Dial
	if len(table) == 0 {
		table = e.table
	}
	if len(table) == 0 {
		table = e.stamps.Identifier()
	}
	return &Database{config: c, stamps: e.stamps, table: table.Sanitize()}
}

// soleDialer opens a socket only where the one before is closed. When a connection breaks, the driver would open a second one
// to cancel what may still run; nothing does for long, since the server has a limit of its own for each statement.
type soleDialer struct {
	dial pgconn.DialFunc
	open atomic.Bool
}

func (s *soleDialer) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	if !s.open.CompareAndSwap(false, true) {
		return nil, errors.New("the last connection is not closed yet")
	}
	conn, err := s.dial(ctx, network, address)
	if err != nil {
		s.open.Store(false)
		return nil, err
	}
	return &soleConn{Conn: conn, closed: sync.OnceFunc(func() { s.open.Store(false) })}, nil
}

type soleConn struct {
	net.Conn
	closed func()
}

func (c *soleConn) Close() error {
	defer c.closed()
	return c.Conn.Close()
}

const readOnly = "default_transaction_read_only"

// Close ends the connection, and returns when it is gone or ctx ends. What fails about it changes nothing.
func (d *Database) Close(ctx context.Context) {
	if d.conn == nil {
		return
	}
	_ = d.conn.Close(ctx)
	select {
	case <-d.conn.PgConn().CleanupDone():
	case <-ctx.Done():
	}
}

// Look reads the version table. A connection that broke since the last look is no answer: it is made anew once.
func (d *Database) Look(ctx context.Context) (Stamp, error) {
	reused := d.conn != nil && !d.conn.IsClosed()
	stamp, err := d.look(ctx)
	if err != nil && reused && d.conn.IsClosed() && ctx.Err() == nil {
		stamp, err = d.look(ctx)
	}
	return stamp, err
}

func (d *Database) look(ctx context.Context) (Stamp, error) {
	if err := d.connect(ctx); err != nil {
		return Stamp{}, err
	}
	var stamp Stamp
	// The transaction holds what is set: behind a pooler, a setting of the session would be left to other programs.
	err := pgx.BeginTxFunc(ctx, d.conn, pgx.TxOptions{BeginQuery: d.begin(ctx)}, func(tx pgx.Tx) (err error) {
		// to_regclass (manual, section 9.27) gives NULL where a cast to regclass would be an error.
		if err = tx.QueryRow(ctx, "SELECT to_regclass($1) IS NOT NULL", d.table).Scan(&stamp.Managed); err != nil || !stamp.Managed {
			return err
		}
		stamp, err = d.read(ctx, tx)
		return err
	})
	return stamp, err
}

// begin begins a transaction whose two statements end by themselves before ctx does. Were they cut off from here, the
// server could still be at work on them when the next connection is made.
func (d *Database) begin(ctx context.Context) string {
	begin := "BEGIN READ ONLY"
	if end, ok := ctx.Deadline(); ok {
		begin += fmt.Sprintf("; SET LOCAL statement_timeout = %d", max(1, time.Until(end).Milliseconds()*9/20))
	}
	return begin
}

// maxStamps is how many rows a version table may have. The longest histories in use have some thousands.
const maxStamps = 100_000

func (d *Database) read(ctx context.Context, tx pgx.Tx) (Stamp, error) {
	stamp := Stamp{Managed: true}
	rows, err := tx.Query(ctx, fmt.Sprintf(d.stamps.Query, d.table)+fmt.Sprintf(" LIMIT %d", maxStamps+1))
	if err != nil {
		return stamp, err
	}
	var version string
	var dirty, stands bool
	var sums []string
	columns := []any{&version, &dirty, &sums, &stands}
	_, err = pgx.ForEachRow(rows, columns[:min(len(rows.FieldDescriptions()), len(columns))], func() error {
		stamp.add(version, dirty, sums, stands)
		return nil
	})
	if err == nil && len(stamp.Versions) > maxStamps {
		err = fmt.Errorf("the table %s has more than %d rows, so it is no version table; name another one with --version-table", d.table, maxStamps)
	}
	return stamp, err
}

// connect makes the connection where there is none. The last one has to be gone before, so that there are never two.
func (d *Database) connect(ctx context.Context) error {
	if d.conn != nil {
		if !d.conn.IsClosed() {
			return nil
		}
		select {
		case <-d.conn.PgConn().CleanupDone():
		case <-ctx.Done():
			return fmt.Errorf("the connection that was lost is still being closed: %w", context.Cause(ctx))
		}
	}
	conn, err := pgx.ConnectConfig(ctx, d.config)
	var refused *pgconn.PgError
	if errors.As(err, &refused) && refused.Code == "08P01" && d.config.RuntimeParams[readOnly] != "" {
		// A pooler such as PgBouncer knows few parameters and refuses the others as a violation of the protocol. Each
		// transaction is read-only all the same.
		delete(d.config.RuntimeParams, readOnly)
		conn, err = pgx.ConnectConfig(ctx, d.config)
	}
	if err != nil {
		return err
	}
	d.conn = conn
	return nil
}
