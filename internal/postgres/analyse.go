package postgres

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
	"golang.org/x/sync/errgroup"

	"github.com/headgate/headgate/internal/sqltext"
)

// Answer is what the server says of a statement that it was asked about and never ran.
type Answer struct {
	// Refused is the error of the parser or of the parse analysis; nil where the statement holds.
	Refused *pgconn.PgError
	// Planned is the error of the planner, or of the executor as it takes a plan in, about a statement that parses: ON
	// CONFLICT without its unique index, FOR UPDATE where no row can be locked, a SQL function whose body no longer
	// holds. Errors that come from values or from the session are left out, so nil does not promise that it runs.
	Planned *pgconn.PgError
	// Columns are those of its result, in order; nil where it returns no rows.
	Columns []Column
	// Parameters are the oids of the types of $1, $2 and so on.
	Parameters []uint32
}

// Column is one column of a statement's result (PostgreSQL manual, section 55.7, RowDescription).
type Column struct {
	Name string
	// Type is the type's oid and Modifier its atttypmod, -1 where it has none.
	Type     uint32
	Modifier int32
	// Table and Number are the oid and attnum of the column of a table or view that it shows as it is, and 0 where it
	// is an expression.
	Table  uint32
	Number int16
}

// Analyse has the server parse, analyse and plan each statement and returns what it says, in the same order. Nothing
// is ever run: what goes out is Parse, Describe and Bind of the extended protocol, without Execute (manual, section
// 55.2.3), and whatever a function that the planner calls does is rolled back. A statement must not hold a zero byte.
//
// An error is a failure to ask, and never about one statement.
func Analyse(ctx context.Context, config *pgx.ConnConfig, statements []string) (answers []Answer, err error) {
	config = config.Copy()
	// A plan for any value of the parameters: the NULLs that stand for them are in no plan, so none is folded, and no outer
	// join turned into an inner one, for their sake.
	config.RuntimeParams["plan_cache_mode"] = "force_generic_plan"
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("connect to check statements: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()

	questions := make([]question, len(statements))
	for i, sql := range statements {
		questions[i] = question{sql: sql, parameters: highestParameter(sql)}
	}
	answers, err = ask(ctx, conn, questions)
	if err != nil {
		return nil, err
	}
	if err := askAgain(ctx, conn, questions, answers); err != nil {
		return nil, err
	}
	for i := range answers {
		if refused := answers[i].Planned; refused != nil && !aboutStatement(refused) {
			answers[i].Planned = nil
		}
	}
	return answers, nil
}

// aboutStatement tells whether the planner's error is about the statement and the schema (manual, appendix A: class 42, 0A
// for what is not supported, 55000 for a materialized view that was never filled), and not about values that it computed
// ahead of time, resources, or the session.
func aboutStatement(refused *pgconn.PgError) bool {
	switch {
	case refused.Routine == "exec_stmt_raise": // RAISE of a PL/pgSQL function can have any code
		return false
	case strings.HasPrefix(refused.Message, "unrecognized configuration parameter"): // current_setting
		return false
	}
	return strings.HasPrefix(refused.Code, "42") || strings.HasPrefix(refused.Code, "0A") || refused.Code == "55000"
}

// question is a statement on its way to the server.
type question struct {
	sql string
	// parameters is how many NULLs are bound, and types what they are declared as, 0 for what the server finds out.
	parameters int
	types      []uint32
}

// highestParameter is the number of parameters that the server will count: the highest n of $n.
func highestParameter(sql string) int {
	if !strings.Contains(sql, "$") {
		return 0
	}
	highest := 0
	scan := sqltext.NewScanner(sql)
	for t := scan.Next(); t.Kind != sqltext.EOF; t = scan.Next() {
		if t.Kind != sqltext.Parameter {
			continue
		}
		// One that does not fit is refused: the protocol counts in 16 bits.
		if n, err := strconv.ParseUint(sql[t.Start+1:t.End], 10, 16); err == nil {
			highest = max(highest, int(n))
		}
	}
	return highest
}

// askAgain asks a second time about the few statements that were not planned because of the NULLs: their number was not
// what the server counted, or a domain does not take one. A parameter of a domain is then declared as what the domain is made from.
func askAgain(ctx context.Context, conn *pgx.Conn, questions []question, answers []Answer) error {
	var again []question
	var index []int
	var domains map[uint32]uint32
	for i, a := range answers {
		if a.Planned == nil {
			continue
		}
		q := question{sql: questions[i].sql, parameters: len(a.Parameters)}
		differs := q.parameters != questions[i].parameters
		if violates := a.Planned.Code[:min(2, len(a.Planned.Code))]; violates == "23" || violates == "22" {
			if domains == nil {
				var err error
				if domains, err = readDomains(ctx, conn); err != nil {
					return err
				}
			}
			q.types = make([]uint32, q.parameters)
			for p, oid := range a.Parameters {
				if base, ok := domains[oid]; ok {
					q.types[p] = base
					differs = true
				}
			}
		}
		if differs {
			again = append(again, q)
			index = append(index, i)
		}
	}
	if len(again) == 0 {
		return nil
	}
	second, err := ask(ctx, conn, again)
	for i, a := range second {
		answers[index[i]].Planned = a.Planned
	}
	return err
}

// readDomains gives each domain the type at the bottom of it.
func readDomains(ctx context.Context, conn *pgx.Conn) (map[uint32]uint32, error) {
	rows, err := conn.Query(ctx, "SELECT oid, typbasetype FROM pg_catalog.pg_type WHERE typtype = 'd'")
	if err != nil {
		return nil, fmt.Errorf("read the domains: %w", err)
	}
	domains := map[uint32]uint32{}
	var domain, base uint32
	if _, err := pgx.ForEachRow(rows, []any{&domain, &base}, func() error { domains[domain] = base; return nil }); err != nil {
		return nil, fmt.Errorf("read the domains: %w", err)
	}
	for domain, base := range domains {
		for next, nested := domains[base]; nested; next, nested = domains[base] {
			base = next
		}
		domains[domain] = base
	}
	return domains, nil
}

// flushAfter is how much is gathered before it is sent, in bytes.
const flushAfter = 1 << 14

// noPortal is never opened. Asking for it ends each statement's transaction with an error, so that it is rolled back:
// the planner runs functions that call themselves immutable, and they may have done anything.
const noPortal = "headgate: end of statement"

// ask sends the questions and reads the answers at the same time: either side could fill its buffers while the other one waits.
func ask(ctx context.Context, conn *pgx.Conn, questions []question) ([]Answer, error) {
	socket := conn.PgConn().Conn()
	hangUp := sync.OnceFunc(func() { _ = socket.Close() }) // it unblocks both sides
	stop := context.AfterFunc(ctx, hangUp)
	defer stop()

	var group errgroup.Group
	group.Go(func() error {
		// With buffers of its own: the connection's are used to say goodbye by whoever reads that it is closed.
		err := send(pgproto3.NewFrontend(nil, socket), questions)
		// Where the network fails, the server has gone, and what it said last is still to be read.
		if err != nil && !errors.As(err, new(net.Error)) {
			hangUp()
		}
		return err
	})
	answers := make([]Answer, len(questions))
	reader := reader{conn: conn.PgConn(), names: map[string]string{}}
	var failed error
	for i := range answers {
		if failed = reader.read(&answers[i]); failed != nil {
			hangUp()
			break
		}
	}
	err := errors.Join(failed, group.Wait())
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return answers, err
}

// send sends each statement with a Sync of its own, without which what follows a refused one is dropped in silence.
func send(frontend *pgproto3.Frontend, questions []question) error {
	most := 0
	for _, q := range questions {
		most = max(most, q.parameters)
	}
	nulls := make([][]byte, most)
	bytes := 0
	for i, q := range questions {
		frontend.SendParse(&pgproto3.Parse{Query: q.sql, ParameterOIDs: q.types})
		frontend.SendDescribe(&pgproto3.Describe{ObjectType: 'S'})
		frontend.SendBind(&pgproto3.Bind{Parameters: nulls[:q.parameters]})
		frontend.SendDescribe(&pgproto3.Describe{ObjectType: 'P', Name: noPortal})
		frontend.SendSync(&pgproto3.Sync{})
		if bytes += len(q.sql) + 4*q.parameters; bytes < flushAfter && i < len(questions)-1 {
			continue
		}
		bytes = 0
		if err := frontend.Flush(); err != nil {
			return fmt.Errorf("send statements to check: %w", err)
		}
	}
	return nil
}

// reader reads answers.
type reader struct {
	conn *pgconn.PgConn
	// names has each column's name once: the same few are in most answers.
	names map[string]string
}

// read reads all that the server says of one statement, up to its Sync.
func (r *reader) read(a *Answer) error {
	var described, bound bool
	for {
		// Without ctx, for which every message would start a goroutine: ask hangs up when it ends.
		message, err := r.conn.ReceiveMessage(context.Background())
		if err != nil {
			return fmt.Errorf("read what the server says of a statement: %w", err)
		}
		switch m := message.(type) {
		case *pgproto3.ParameterDescription:
			a.Parameters = append([]uint32(nil), m.ParameterOIDs...)
		case *pgproto3.RowDescription:
			a.Columns, described = r.columns(m), true
		case *pgproto3.NoData:
			described = true
		case *pgproto3.BindComplete:
			bound = true
		case *pgproto3.ErrorResponse:
			refused := pgconn.ErrorResponseToPgError(m)
			switch {
			case refused.Severity == "FATAL" || refused.Severity == "PANIC":
				return fmt.Errorf("the server ended the session: %w", refused)
			case !described:
				a.Refused = refused
			case !bound:
				a.Planned = refused
			}
		case *pgproto3.ReadyForQuery:
			return nil
		}
	}
}

func (r *reader) columns(m *pgproto3.RowDescription) []Column {
	columns := make([]Column, len(m.Fields))
	for i, f := range m.Fields {
		name, known := r.names[string(f.Name)]
		if !known {
			name = string(f.Name)
			r.names[name] = name
		}
		columns[i] = Column{Name: name, Type: f.DataTypeOID, Modifier: f.TypeModifier, Table: f.TableOID, Number: int16(f.TableAttributeNumber)}
	}
	return columns
}
