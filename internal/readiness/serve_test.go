package readiness_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/readiness"
)

// gated is a database that answers once it may.
type gated struct {
	may   chan struct{}
	stamp stamped
}

func (g gated) Look(ctx context.Context) (readiness.Stamp, error) {
	select {
	case <-g.may:
		return readiness.Stamp(g.stamp), nil
	case <-ctx.Done():
		return readiness.Stamp{}, ctx.Err()
	}
}

// told is a listener that tells when a request is with its handler, and when it is closed.
type told struct {
	net.Listener
	handled, closed func()
}

func (l told) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	return &toldConn{Conn: c, handled: l.handled}, err
}

func (l told) Close() error {
	defer l.closed()
	return l.Listener.Close()
}

// toldConn counts reads: the first has the request, and the second is net/http's, in the background, to notice while a
// handler runs that the client has gone.
type toldConn struct {
	net.Conn
	handled func()
	reads   atomic.Int32
}

func (c *toldConn) Read(b []byte) (int, error) {
	if c.reads.Add(1) == 2 {
		c.handled()
	}
	return c.Conn.Read(b)
}

// TestShutdown: when the server is told to end, it takes nothing new, and the request that is in flight gets its answer.
func TestShutdown(t *testing.T) {
	inner, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	handled, closed := make(chan struct{}), make(chan struct{})
	listener := told{inner, sync.OnceFunc(func() { close(handled) }), sync.OnceFunc(func() { close(closed) })}
	db := gated{may: make(chan struct{}), stamp: rows("7")}
	w := readiness.NewWatch(&readiness.Probe{Database: db, Expected: linear(t, "7"), Timeout: time.Minute}, time.Hour, logged(io.Discard))
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	served := make(chan error, 1)
	go func() { served <- w.Serve(ctx, listener) }()

	type answer struct {
		text string
		err  error
	}
	answers := make(chan answer, 1)
	url := "http://" + inner.Addr().String() + readiness.ReadyPath
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	ask := func() (string, error) {
		request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, url, nil)
		if err != nil {
			return "", err
		}
		got, err := client.Do(request)
		if err != nil {
			return "", err
		}
		defer got.Body.Close()
		text, err := io.ReadAll(got.Body)
		return got.Status + " " + string(text), err
	}
	go func() {
		text, err := ask()
		answers <- answer{text, err}
	}()
	<-handled
	stop()
	<-closed
	if text, err := ask(); err == nil {
		t.Errorf("a new request is taken: %s", text)
	}
	close(db.may)
	if a := <-answers; a.err != nil || !strings.HasPrefix(a.text, `200 OK {"status":"ok"`) {
		t.Errorf("the request in flight gets %q, %v", a.text, a.err)
	}
	if err := <-served; err != nil {
		t.Errorf("the server ends with %v", err)
	}
}

// TestListenerFails: when the listener breaks, the server ends with its error.
func TestListenerFails(t *testing.T) {
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
	w := readiness.NewWatch(&readiness.Probe{Database: stamped{}, Expected: linear(t, "7"), Timeout: time.Minute}, time.Hour, logged(io.Discard))
	if err := w.Serve(t.Context(), listener); err == nil {
		t.Error("there is no error")
	}
}
