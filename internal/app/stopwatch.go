package app

import (
	"sync"
	"time"
)

// stopwatch measures a run's stages, some of which run side by side.
type stopwatch struct {
	mu           sync.Mutex
	begun, lapAt time.Time
	stages       map[string]time.Duration
}

func newStopwatch() *stopwatch {
	now := time.Now()
	return &stopwatch{begun: now, lapAt: now, stages: map[string]time.Duration{}}
}

// lap gives a stage the time since the last lap.
func (s *stopwatch) lap(stage string) {
	now := time.Now()
	s.took(stage, now.Sub(s.lapAt))
	s.lapAt = now
}

// took gives a stage its time.
func (s *stopwatch) took(stage string, d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stages[stage] += d
}

// milliseconds are the stages so far and the total, by their names in the JSON report.
func (s *stopwatch) milliseconds() map[string]int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := map[string]int64{"total_ms": time.Since(s.begun).Milliseconds()}
	for stage, d := range s.stages {
		m[stage+"_ms"] = d.Milliseconds()
	}
	return m
}
