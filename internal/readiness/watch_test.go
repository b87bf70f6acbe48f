package readiness_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/internal/readiness"
)

// changing is a database whose answer changes, and that counts how often and how many at once ask it.
type changing struct {
	mu    sync.Mutex
	stamp stamped
	err   error
	takes time.Duration

	asked, now, most atomic.Int32
}

func (c *changing) set(stamp stamped, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stamp, c.err = stamp, err
}

func (c *changing) Look(ctx context.Context) (readiness.Stamp, error) {
	c.asked.Add(1)
	if n := c.now.Add(1); n > c.most.Load() {
		c.most.Store(n)
	}
	defer c.now.Add(-1)
	select {
	case <-time.After(c.takes): // nothing waits in a bubble of synctest
	case <-ctx.Done():
		return readiness.Stamp{}, ctx.Err()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return readiness.Stamp(c.stamp), c.err
}

// logged is a log without its times.
func logged(out io.Writer) *slog.Logger {
	return slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
}

// get asks a handler.
func get(t testing.TB, h http.Handler, path string) (int, string) {
	t.Helper()
	r := httptest.NewRecorder()
	h.ServeHTTP(r, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
	return r.Code, r.Body.String()
}

// TestWatch lives through a deploy, minute by minute.
func TestWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		db := &changing{takes: time.Second}
		db.set(stamped{}, errors.New("no route to host"))
		w := readiness.NewWatch(&readiness.Probe{Database: db, Expected: linear(t, "6", "7"), Timeout: 2 * time.Second}, 5*time.Second, logged(&log))
		ctx, stop := context.WithCancel(t.Context())
		over := make(chan struct{})
		go func() {
			defer close(over)
			w.Run(ctx)
		}()
		for _, phase := range []struct {
			stamp stamped
			err   error
			code  int
			body  string
		}{
			{stamped{}, errors.New("no route to host"), 503, `{"status":"drift","state":"unreachable","db":[],"expected":["7"],"line":"drift: db=unreachable expected=7"}`},
			{stamped{}, nil, 200, `{"status":"ok","state":"unmanaged","db":[],"expected":["7"],"line":"ok: db=unmanaged expected=7"}`},
			{rows("6"), nil, 503, `{"status":"drift","state":"behind","db":["6"],"expected":["7"],"missing":["7"],"line":"drift: db=6 expected=7"}`},
			{rows("6", "7"), nil, 200, `{"status":"ok","state":"current","db":["7"],"expected":["7"],"line":"ok: db=7 expected=7"}`},
			{rows("6", "7", "8"), nil, 200, `{"status":"ok","state":"ahead","db":["8"],"expected":["7"],"unknown":["8"],"line":"ok: db=8 expected=7 (ahead)"}`},
		} {
			db.set(phase.stamp, phase.err)
			before := db.asked.Load()
			time.Sleep(time.Minute) //nolint:forbidigo // the bubble's clock: nobody waits
			for range 1000 {
				code, body := get(t, w.Handler(), readiness.ReadyPath)
				if code != phase.code || body != phase.body+"\n" {
					t.Fatalf("%d %s\nexpected %d %s", code, body, phase.code, phase.body)
				}
			}
			if n := db.asked.Load() - before; n < 11 || n > 13 {
				t.Errorf("asked %d times in a minute, and the interval is 5 s", n)
			}
			if code, body := get(t, w.Handler(), readiness.HealthPath); code != 200 || body != `{"status":"ok"}`+"\n" {
				t.Errorf("%d %s", code, body)
			}
		}
		_, metrics := get(t, w.Handler(), readiness.MetricsPath)
		for _, line := range []string{
			`headgate_readiness_state{state="ahead"} 1`, `headgate_readiness_state{state="behind"} 0`, `headgate_readiness_ready 1`,
			"headgate_readiness_last_look_age_seconds 4\n", // a minute is twelve intervals, and a look takes one second
			`headgate_readiness_look_duration_seconds_bucket{le="0.5"} 0`, `headgate_readiness_look_duration_seconds_sum 60`,
		} {
			if !strings.Contains(metrics, line) {
				t.Errorf("the metrics lack %q:\n%s", line, metrics)
			}
		}
		stop()
		<-over
		if n := db.most.Load(); n != 1 {
			t.Errorf("%d looks at once", n)
		}
		want := strings.TrimLeft(`
level=ERROR msg="drift: db=unreachable expected=7" state=unreachable db="" expected=7 error="no route to host"
level=INFO msg="ok: db=unmanaged expected=7" state=unmanaged db="" expected=7
level=ERROR msg="drift: db=6 expected=7" state=behind db=6 expected=7
level=INFO msg="ok: db=7 expected=7" state=current db=7 expected=7
level=WARN msg="ok: db=8 expected=7 (ahead)" state=ahead db=8 expected=7
`, "\n")
		if diff := cmp.Diff(want, log.String()); diff != "" {
			t.Errorf("the log (-expected +got):\n%s", diff)
		}
	})
}

// TestFirstLook: a request that comes before the first look waits for it, and no longer than the look's limit.
func TestFirstLook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := &changing{takes: time.Hour}
		w := readiness.NewWatch(&readiness.Probe{Database: db, Expected: linear(t, "7"), Timeout: 2 * time.Second}, 5*time.Second, logged(io.Discard))
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		go w.Run(ctx)
		_, metrics := get(t, w.Handler(), readiness.MetricsPath) // which waits for nothing
		if !strings.Contains(metrics, `headgate_readiness_state{state="unreachable"} 0`) {
			t.Error(metrics)
		}
		begun := time.Now()
		if code, body := get(t, w.Handler(), readiness.ReadyPath); code != 503 || !strings.Contains(body, "unreachable") || time.Since(begun) != 2*time.Second {
			t.Errorf("after %v: %d %s", time.Since(begun), code, body)
		}
	})
}

// TestSlowLooks: looks that take longer than the interval still leave the database the interval between two.
func TestSlowLooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := &changing{takes: 7 * time.Second}
		w := readiness.NewWatch(&readiness.Probe{Database: db, Expected: linear(t, "7"), Timeout: 8 * time.Second}, 5*time.Second, logged(io.Discard))
		ctx, stop := context.WithTimeout(t.Context(), time.Minute)
		defer stop()
		w.Run(ctx)
		if n := db.asked.Load(); n != 9 {
			t.Errorf("%d looks of 7 s in a minute", n)
		}
	})
}

func TestWait(t *testing.T) {
	for name, c := range map[string]struct {
		limit  time.Duration
		state  readiness.State
		waited time.Duration
		told   string
	}{
		"once":       {0, readiness.Unreachable, 0, ""},
		"not enough": {15 * time.Second, readiness.Behind, 15 * time.Second, "drift: db=unreachable expected=7, drift: db=6 expected=7"},
		"healed":     {2 * time.Minute, readiness.Current, 30 * time.Second, "drift: db=unreachable expected=7, drift: db=6 expected=7"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				db := &changing{}
				db.set(stamped{}, errDown)
				time.AfterFunc(9500*time.Millisecond, func() { db.set(rows("6"), nil) })
				time.AfterFunc(29500*time.Millisecond, func() { db.set(rows("6", "7"), nil) })
				probe := readiness.Probe{Database: db, Expected: linear(t, "6", "7"), Timeout: time.Second}
				var told []string
				begun := time.Now()
				o, err := probe.Wait(t.Context(), time.Second, c.limit, func(o readiness.Observation) { told = append(told, o.Line) })
				if err != nil || o.State != c.state || time.Since(begun) != c.waited || strings.Join(told, ", ") != c.told {
					t.Errorf("%v after %v: %s, told %q", err, time.Since(begun), o.Line, told)
				}
			})
		})
	}
	t.Run("interrupted", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			probe := readiness.Probe{Database: failing{errDown}, Expected: linear(t, "7"), Timeout: time.Second}
			ctx, stop := context.WithTimeoutCause(t.Context(), 5*time.Second, errDown)
			defer stop()
			if _, err := probe.Wait(ctx, time.Second, time.Hour, func(readiness.Observation) {}); !errors.Is(err, errDown) {
				t.Errorf("the error is %v", err)
			}
		})
	})
}

// TestRequests: what the server takes and what not.
func TestRequests(t *testing.T) {
	server := httptest.NewServer(watchOf(t, rows("7")).Handler())
	defer server.Close()
	for _, c := range []struct {
		method, path, body string
		code               int
	}{
		{"GET", "/health", "", 200},
		{"HEAD", "/health", "", 200},
		{"GET", "/health/ready", "", 200},
		{"HEAD", "/health/ready", "", 200},
		{"GET", "/metrics", "", 200},
		{"POST", "/health/ready", "", 405},
		{"DELETE", "/health", "", 405},
		{"GET", "/health/", "", 404},
		{"GET", "/", "", 404},
		{"POST", "/health/ready", "x", 413},
		{"GET", "/health/ready", strings.Repeat("x", 1<<20), 413},
	} {
		request, err := http.NewRequestWithContext(t.Context(), c.method, server.URL+c.path, strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil || answer.StatusCode != c.code || c.method == "HEAD" && len(text) > 0 {
			t.Errorf("%s %s with %d bytes: %s, %v, %q", c.method, c.path, len(c.body), answer.Status, err, text)
		}
		if c.code == 200 && c.path != "/metrics" && answer.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s %s: %v", c.method, c.path, answer.Header)
		}
	}
}

// watchOf is a watch that looks while the test runs.
func watchOf(t testing.TB, db readiness.Asker) *readiness.Watch {
	t.Helper()
	expected, err := readiness.ReadExpected(strings.NewReader(`{"format":"goose","heads":["7"]}`), tables)
	if err != nil {
		t.Fatal(err)
	}
	w := readiness.NewWatch(&readiness.Probe{Database: db, Expected: expected, Timeout: time.Minute}, time.Hour, logged(io.Discard))
	ctx, stop := context.WithCancel(context.Background())
	over := make(chan struct{})
	go func() {
		defer close(over)
		w.Run(ctx)
	}()
	t.Cleanup(func() {
		stop()
		<-over
	})
	return w
}

// BenchmarkReady is a request answered from memory.
func BenchmarkReady(b *testing.B) {
	h := watchOf(b, rows("7")).Handler()
	get(b, h, readiness.ReadyPath)
	r := httptest.NewRequestWithContext(b.Context(), http.MethodGet, readiness.ReadyPath, nil)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			h.ServeHTTP(httptest.NewRecorder(), r)
		}
	})
}

// BenchmarkCompare is a database of a long history held against its build.
func BenchmarkCompare(b *testing.B) {
	var text strings.Builder
	var versions []string
	for i := 1; i <= 2000; i++ {
		versions = append(versions, fmt.Sprint(i))
		fmt.Fprintf(&text, `,{"version":"%d","parents":["%d"]}`, i, i-1)
	}
	expected, err := readiness.ReadExpected(strings.NewReader(`{"format":"goose","heads":["2000"],"revisions":[`+text.String()[1:]+`]}`), tables)
	if err != nil {
		b.Fatal(err)
	}
	probe := readiness.Probe{Database: rows(versions...), Expected: expected, Timeout: time.Minute}
	b.ReportAllocs()
	for b.Loop() {
		if o := probe.Look(b.Context()); !o.Ready() {
			b.Fatal(o.Line)
		}
	}
}
