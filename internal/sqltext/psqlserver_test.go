package sqltext_test

import (
	"net"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgproto3"
)

// recorder is a server for psql that notes what it is sent and says to everything that it is done.
type recorder struct {
	listener net.Listener
	mu       sync.Mutex
	messages []string
}

func startRecorder(t *testing.T) *recorder {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &recorder{listener: l}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go r.serve(conn)
		}
	}()
	return r
}

// take gives what was noted since it was last asked.
func (r *recorder) take() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	taken := r.messages
	r.messages = nil
	return taken
}

func (r *recorder) note(sql string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.messages = append(r.messages, sql)
}

func (r *recorder) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	b := pgproto3.NewBackend(conn, conn)
	for {
		m, err := b.ReceiveStartupMessage()
		if err != nil {
			return
		}
		if _, ok := m.(*pgproto3.StartupMessage); ok {
			break
		}
		if _, err := conn.Write([]byte("N")); err != nil {
			return
		}
	}
	b.Send(&pgproto3.AuthenticationOk{})
	for name, value := range map[string]string{"server_version": "15.0", "client_encoding": "UTF8", "server_encoding": "UTF8", "standard_conforming_strings": "on", "is_superuser": "on", "session_authorization": "postgres"} {
		b.Send(&pgproto3.ParameterStatus{Name: name, Value: value})
	}
	b.Send(&pgproto3.ReadyForQuery{TxStatus: 'I'})
	for b.Flush() == nil {
		m, err := b.Receive()
		if err != nil {
			return
		}
		switch m := m.(type) {
		case *pgproto3.Query:
			r.note(m.String)
			if !r.answer(b, m.String) {
				return
			}
		case *pgproto3.Parse:
			r.note(m.Query)
			b.Send(&pgproto3.ErrorResponse{Severity: "ERROR", Code: "0A000", Message: "not here"})
		case *pgproto3.Sync:
			b.Send(&pgproto3.ReadyForQuery{TxStatus: 'I'})
		case *pgproto3.Terminate:
			return
		}
	}
}

var (
	copyIn  = regexp.MustCompile(`(?is)(?:^|;)(?:\s|--[^\n]*\n)*copy\s[^;]*?\bfrom\s+std(?:in|out)\b`)
	setting = regexp.MustCompile(`(?is)^\s*(?:set\s+(?:session\s+)?standard_conforming_strings\s*(?:to|=)\s*'?(on|off)|(reset)\s+standard_conforming_strings)`)
)

func (r *recorder) answer(b *pgproto3.Backend, sql string) bool {
	for range copyIn.FindAllString(sql, -1) {
		b.Send(&pgproto3.CopyInResponse{})
		if b.Flush() != nil {
			return false
		}
		for done := false; !done; {
			m, err := b.Receive()
			if err != nil {
				return false
			}
			switch m.(type) {
			case *pgproto3.CopyDone, *pgproto3.CopyFail:
				done = true
			}
		}
		b.Send(&pgproto3.CommandComplete{CommandTag: []byte("COPY 0")})
	}
	if set := setting.FindStringSubmatch(sql); set != nil {
		value := strings.ToLower(set[1])
		if set[2] != "" {
			value = "on"
		}
		b.Send(&pgproto3.ParameterStatus{Name: "standard_conforming_strings", Value: value})
	}
	if !copyIn.MatchString(sql) {
		b.Send(&pgproto3.CommandComplete{CommandTag: []byte("DO")})
	}
	b.Send(&pgproto3.ReadyForQuery{TxStatus: 'I'})
	return true
}
