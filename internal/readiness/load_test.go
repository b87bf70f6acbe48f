package readiness_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"github.com/headgate/headgate/internal/postgres"
	"github.com/headgate/headgate/internal/postgres/postgrestest"
	"github.com/headgate/headgate/internal/readiness"
)

const (
	requests = 10_000
	atOnce   = 64
)

// address is one name of a database server that comes and goes: a symbolic link to the socket of the server that runs.
// Each server is a real one that is stopped for good; what is started after it is another one, with the same migrations.
type address struct {
	dir string
	// open and most count the sockets that the prober has, from the dialling to the end of closing.
	open, most atomic.Int32
}

const port = 5432

func (a *address) socket() string { return filepath.Join(a.dir, fmt.Sprintf(".s.PGSQL.%d", port)) }

// lead makes the address lead to a server.
func (a *address) lead(t *testing.T, to *pgx.ConnConfig) {
	t.Helper()
	target := filepath.Join(to.Host, fmt.Sprintf(".s.PGSQL.%d", to.Port))
	if err := errors.Join(os.RemoveAll(a.socket()), os.Symlink(target, a.socket())); err != nil {
		t.Fatal(err)
	}
}

// config is what the prober connects with.
func (a *address) config(like *pgx.ConnConfig) *pgx.ConnConfig {
	c := like.Copy()
	c.Host, c.Port, c.User, c.Password = a.dir, port, "prober", proberPassword
	c.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		if n := a.open.Add(1); n > a.most.Load() {
			a.most.Store(n)
		}
		return &counted{Conn: conn, closed: sync.OnceFunc(func() { a.open.Add(-1) })}, nil
	}
	return c
}

type counted struct {
	net.Conn
	closed func()
}

func (c *counted) Close() error {
	defer c.closed()
	return c.Conn.Close()
}

// truth is which states are right now. While the database changes, the one before and the ones after are.
type truth struct {
	states atomic.Pointer[[]readiness.State]
}

func (tr *truth) set(states ...readiness.State) { tr.states.Store(&states) }

// load asks and judges every answer.
type load struct {
	url    string
	client *http.Client
	truth  truth
	asked  atomic.Int64
	seen   sync.Map // state: how often, *atomic.Int64
}

// ask sends one request. The answer must be right at its beginning or at its end, and code and status must agree.
func (l *load) ask(ctx context.Context) (readiness.State, error) {
	before := *l.truth.states.Load()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, l.url, nil)
	if err != nil {
		return "", err
	}
	answer, err := l.client.Do(request)
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(answer.Body)
	if err := errors.Join(err, answer.Body.Close()); err != nil {
		return "", err
	}
	var report readiness.Report
	if err := json.Unmarshal(text, &report); err != nil {
		return "", fmt.Errorf("%s: %w", text, err)
	}
	ready := readiness.Policy{}.Ready(report.State)
	if ready != (answer.StatusCode == http.StatusOK) || ready != report.Ready() || !ready && answer.StatusCode != http.StatusServiceUnavailable {
		return "", fmt.Errorf("%s: %s", answer.Status, text)
	}
	if right := append(slices.Clone(before), *l.truth.states.Load()...); !slices.Contains(right, report.State) {
		return "", fmt.Errorf("%s, and the truth is one of %v", text, right)
	}
	l.asked.Add(1)
	count, _ := l.seen.LoadOrStore(report.State, new(atomic.Int64))
	count.(*atomic.Int64).Add(1)
	return report.State, nil
}

// storm sends n requests, atOnce at a time.
func (l *load) storm(t *testing.T, n int) {
	t.Helper()
	g, ctx := errgroup.WithContext(t.Context())
	g.SetLimit(atOnce)
	for range n {
		g.Go(func() error {
			_, err := l.ask(ctx)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
}

// stormUntil keeps atOnce requests going while change runs and until the state is seen.
func (l *load) stormUntil(t *testing.T, state readiness.State, change func()) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	var changed, arrived atomic.Bool
	g, ctx := errgroup.WithContext(ctx)
	for range atOnce {
		g.Go(func() error {
			for !arrived.Load() {
				was := changed.Load()
				got, err := l.ask(ctx)
				if err != nil {
					return err
				}
				if was && got == state {
					arrived.Store(true)
				}
			}
			return nil
		})
	}
	change()
	changed.Store(true)
	if err := g.Wait(); err != nil {
		t.Fatalf("until %s: %v", state, err)
	}
}

// proberPassword is that of a role which may read and no more.
const proberPassword = "no secret"

// appDatabase makes the database "app" on a server, which the role "prober" may read, and gives the administrator's way in.
func appDatabase(t *testing.T, server *postgres.Server) *pgx.ConnConfig {
	t.Helper()
	config := postgrestest.Database(t, server).AdminConfig()
	run(t, session(t, config.Copy()), "CREATE DATABASE app", "CREATE ROLE prober LOGIN PASSWORD '"+proberPassword+"'")
	config.Database = "app"
	run(t, session(t, config.Copy()), "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO prober")
	return config
}

// watchBackends looks all the time how many connections the prober has, as the server sees them. The function returned
// ends that and gives the most that were seen.
func watchBackends(t *testing.T, config *pgx.ConnConfig) (most func() int) {
	t.Helper()
	conn := session(t, config.Copy())
	ctx, stop := context.WithCancel(t.Context())
	type result struct {
		most int
		err  error
	}
	found := make(chan result, 1)
	go func() {
		var r result
		tick := time.NewTicker(2 * time.Millisecond)
		defer tick.Stop()
		for ctx.Err() == nil && r.err == nil {
			<-tick.C
			var n int
			n, r.err = countBackends(t.Context(), conn)
			r.most = max(r.most, n)
		}
		found <- r
	}()
	return func() int {
		t.Helper()
		stop()
		r := <-found
		if r.err != nil {
			t.Fatal(r.err)
		}
		return r.most
	}
}

// serve starts the server on a port of its own choice and gives what asks it.
func serve(t *testing.T, database *readiness.Database, expected *readiness.Expected) *load {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	probe := &readiness.Probe{Database: database, Expected: expected, Timeout: 20 * time.Second}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() {
		ended <- readiness.NewWatch(probe, 20*time.Millisecond, logged(io.Discard)).Serve(ctx, listener)
		database.Close(context.Background())
		close(ended)
	}()
	transport := &http.Transport{MaxIdleConnsPerHost: atOnce}
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		<-ended
		transport.CloseIdleConnections()
	})
	return &load{url: "http://" + listener.Addr().String() + readiness.ReadyPath, client: &http.Client{Transport: transport}}
}

// footprint is what the process holds at one time.
type footprint struct {
	heap       int64 // bytes
	goroutines int
}

// mayGrow is by how many bytes the heap may, which a leak of one kilobyte a request would leave behind.
const mayGrow = 4 << 20

// compare holds what the process holds now, with no request in flight, against an earlier time.
func (f footprint) compare(t *testing.T, l *load) {
	t.Helper()
	l.client.CloseIdleConnections()
	now := heap()
	for range 100 { // a connection's goroutines end, and pools give up what they hold, some collections later
		if now-f.heap <= mayGrow {
			break
		}
		now = heap()
	}
	t.Logf("%d requests; the heap went from %d to %d KiB", l.asked.Load(), f.heap>>10, now>>10)
	if now-f.heap > mayGrow {
		t.Errorf("the heap grew by %d bytes", now-f.heap)
	}
	if n := runtime.NumGoroutine(); n > f.goroutines+atOnce {
		t.Errorf("%d goroutines, and there were %d", n, f.goroutines)
	}
}

// heap is what is in use of it.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// move changes the database under load. over are the states that are right until the new one is; then it alone is.
func (l *load) move(t *testing.T, to readiness.State, over []readiness.State, change func()) {
	t.Helper()
	l.truth.set(append(over, to)...)
	l.stormUntil(t, to, change)
	l.truth.set(to)
	l.storm(t, requests/8)
}

// TestLoad: 10,000 requests, 64 at once, while the database is stopped, started, migrated and rolled back. Every answer
// is right, there is never more than one connection, and memory stays flat.
func TestLoad(t *testing.T) {
	first := postgrestest.Start(t)
	app := appDatabase(t, first)
	dir, err := os.MkdirTemp("", "hg") // short: a socket's path has 107 bytes at most
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	a := &address{dir: dir}
	a.lead(t, app)
	migrate := provider(t, app.Copy(), migrations(4))
	must := func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(migrate.UpTo(t.Context(), 2))
	watched := watchBackends(t, app)

	expected := linear(t, "1", "2", "3")
	l := serve(t, readiness.NewDatabase(a.config(app), expected, nil), expected)
	l.truth.set(readiness.Behind)
	l.storm(t, requests/8)
	before := footprint{heap(), runtime.NumGoroutine()}

	type states = []readiness.State
	l.move(t, readiness.Current, states{readiness.Behind}, func() { must(migrate.UpTo(t.Context(), 3)) })
	l.move(t, readiness.Ahead, states{readiness.Current}, func() { must(migrate.UpTo(t.Context(), 4)) })
	l.move(t, readiness.Behind, states{readiness.Ahead, readiness.Current}, func() { must(migrate.DownTo(t.Context(), 1)) })
	l.move(t, readiness.Current, states{readiness.Behind}, func() { must(migrate.UpTo(t.Context(), 3)) })
	if n := watched(); n != 1 {
		t.Errorf("the server saw up to %d connections", n)
	}
	must(nil, migrate.Close())
	l.move(t, readiness.Unreachable, states{readiness.Current}, func() { must(nil, first.Close(t.Context())) })

	second := appDatabase(t, postgrestest.Start(t))
	again := provider(t, second.Copy(), migrations(4))
	must(again.UpTo(t.Context(), 2))
	watched = watchBackends(t, second)
	l.move(t, readiness.Behind, states{readiness.Unreachable}, func() { a.lead(t, second) })
	l.move(t, readiness.Current, states{readiness.Behind}, func() { must(again.UpTo(t.Context(), 3)) })
	if n := watched(); n != 1 {
		t.Errorf("the second server saw up to %d connections", n)
	}

	before.compare(t, l)
	if n := a.most.Load(); n != 1 {
		t.Errorf("up to %d sockets at once", n)
	}
	if n := l.asked.Load(); n < requests {
		t.Errorf("%d requests", n)
	}
	l.seen.Range(func(state, count any) bool {
		t.Logf("%-12s %6d answers", state, count.(*atomic.Int64).Load())
		return true
	})
}
