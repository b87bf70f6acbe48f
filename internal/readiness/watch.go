package readiness

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync/atomic"
	"time"
)

// Watch looks at the database at most once an interval and answers everybody from memory: whatever the rate of requests,
// one goroutine asks, over one connection.
type Watch struct {
	probe    *Probe
	interval time.Duration
	log      *slog.Logger
	metrics  *metrics

	latest atomic.Pointer[answer]
	looked chan struct{} // closed after the first look
}

// answer is an observation as it is served, encoded once a look and not once a request.
type answer struct {
	Observation
	json []byte
}

// NewWatch prepares to look once an interval. What changes is logged: drift as an error, a database that is ahead as a
// warning.
func NewWatch(probe *Probe, interval time.Duration, log *slog.Logger) *Watch {
	w := &Watch{probe: probe, interval: interval, log: log, looked: make(chan struct{})}
	w.metrics = newMetrics(w)
	return w
}

// Run looks until ctx ends.
func (w *Watch) Run(ctx context.Context) {
	for {
		begun := time.Now()
		o := w.probe.Look(ctx)
		if ctx.Err() != nil {
			return // cut off, so it says nothing about the database
		}
		w.publish(ctx, o)
		if pause(ctx, max(0, time.Until(begun.Add(w.interval)))) != nil {
			return
		}
	}
}

func (w *Watch) publish(ctx context.Context, o Observation) {
	text, err := json.Marshal(o.Report)
	if err != nil { // strings and lists of strings: it cannot be
		w.log.ErrorContext(ctx, "the answer cannot be encoded", "error", err)
	}
	last := w.latest.Swap(&answer{o, append(text, '\n')})
	w.metrics.observe(o)
	if last == nil {
		close(w.looked)
	}
	if last != nil && last.Line == o.Line && last.State == o.State {
		return
	}
	level := slog.LevelError
	switch {
	case o.State == Ahead && o.Ready():
		level = slog.LevelWarn
	case o.Ready():
		level = slog.LevelInfo
	}
	attributes := []any{"state", o.State, "db", words(o.DB), "expected", words(o.Expected)}
	if o.Err != nil {
		attributes = append(attributes, "error", o.Err)
	}
	w.log.Log(ctx, level, o.Line, attributes...)
}

// wait gives the latest answer. It waits for the first look; nil means that ctx ended before.
func (w *Watch) wait(ctx context.Context) *answer {
	select {
	case <-w.looked:
	case <-ctx.Done():
	}
	return w.latest.Load()
}
