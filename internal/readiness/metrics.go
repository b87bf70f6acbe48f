package readiness

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are what Prometheus is told.
type metrics struct {
	registry *prometheus.Registry
	states   *prometheus.GaugeVec
	ready    prometheus.Gauge
	took     prometheus.Histogram
}

func newMetrics(w *Watch) *metrics {
	begun := time.Now()
	m := &metrics{
		registry: prometheus.NewRegistry(),
		states: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "headgate_readiness_state",
			Help: "1 for the state that the database was in at the last look, 0 for the others.",
		}, []string{"state"}),
		ready: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "headgate_readiness_ready",
			Help: "1 where the database was fit for this build at the last look.",
		}),
		took: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "headgate_readiness_look_duration_seconds",
			Help:    "How long the looks at the database took, connecting included.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}),
	}
	age := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "headgate_readiness_last_look_age_seconds",
		Help: "How long ago the last look at the database ended; before the first one, how long ago the start was.",
	}, func() float64 {
		if a := w.latest.Load(); a != nil {
			return time.Since(a.At).Seconds()
		}
		return time.Since(begun).Seconds()
	})
	m.registry.MustRegister(m.states, m.ready, m.took, age)
	for _, s := range States() {
		m.states.WithLabelValues(string(s)).Set(0)
	}
	return m
}

func (m *metrics) observe(o Observation) {
	for _, s := range States() {
		m.states.WithLabelValues(string(s)).Set(oneIf(s == o.State))
	}
	m.ready.Set(oneIf(o.Ready()))
	m.took.Observe(o.Took.Seconds())
}

func oneIf(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
