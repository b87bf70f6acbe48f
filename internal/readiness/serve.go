package readiness

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// The paths of the server.
const (
	HealthPath  = "/health"
	ReadyPath   = "/health/ready"
	MetricsPath = "/metrics"
)

// Handler answers on the three paths; all take GET and HEAD.
func (w *Watch) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+HealthPath, func(rw http.ResponseWriter, _ *http.Request) {
		// The process lives. What the database says is no reason to kill it.
		write(rw, http.StatusOK, []byte(`{"status":"ok"}`+"\n"))
	})
	mux.HandleFunc("GET "+ReadyPath, func(rw http.ResponseWriter, r *http.Request) {
		a := w.wait(r.Context())
		switch {
		case a == nil: // the client has gone before the first look
			rw.WriteHeader(http.StatusServiceUnavailable)
		case a.Ready():
			write(rw, http.StatusOK, a.json)
		default:
			write(rw, http.StatusServiceUnavailable, a.json)
		}
	})
	mux.Handle("GET "+MetricsPath, promhttp.HandlerFor(w.metrics.registry, promhttp.HandlerOpts{}))
	return withoutBody(mux)
}

// withoutBody hangs up after a request that brings a body: nothing here reads one.
func withoutBody(next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.ContentLength != 0 {
			rw.Header().Set("Connection", "close")
			http.Error(rw, "no body is taken here", http.StatusRequestEntityTooLarge)
			return
		}
		next.ServeHTTP(rw, r)
	})
}

func write(rw http.ResponseWriter, code int, text []byte) {
	h := rw.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	rw.WriteHeader(code)
	_, _ = rw.Write(text) // nobody is left to tell
}

// The server's limits. A probe is one small request, and whatever is slower than this is none.
const (
	headerTimeout = 5 * time.Second
	spare         = 5 * time.Second // what a request may take beside a look
	idleTimeout   = 2 * time.Minute // longer than the period of any probe, so that connections are kept
	maxHeader     = 16 << 10
)

// Serve looks and answers until ctx ends. Then it takes no new connection, and the requests that are in flight are answered
// before it returns. The error is the listener's; the end of ctx is none.
func (w *Watch) Serve(ctx context.Context, listener net.Listener) error {
	// Requests in flight may wait for the first look, so looking ends last.
	looking, stop := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.Run(looking)
	}()
	defer func() {
		stop()
		<-done
	}()
	// A request waits for one look at most.
	longest := w.probe.Timeout + spare
	server := &http.Server{
		Handler:           w.Handler(),
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       longest, // its end would take the request away from a handler that waits
		WriteTimeout:      longest,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(w.log.Handler(), slog.LevelWarn),
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), longest+time.Second)
	defer cancel()
	if err := server.Shutdown(limited); err != nil {
		w.log.WarnContext(ctx, "connections had to be cut off", "error", errors.Join(err, server.Close()))
	}
	return nil
}
