// Package readiness holds a live database against the heads of a build: once for `headgate status`, and again and again
// for the HTTP server of `headgate serve`.
//
// A container that runs ahead of its database is kept out of the rotation and not killed: killing it into a crash loop
// would not bring the migration.
package readiness

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// State is how a database stands to a build.
type State string

// The states. By default all but Behind, Diverged, Dirty and Unreachable are ready.
const (
	// Current has all that the build has, and nothing else.
	Current State = "current"
	// Behind lacks a revision of the build.
	Behind State = "behind"
	// Ahead has a revision that the build does not know, and lacks none as far as can be told. It is ready, since a
	// rolled-back image could never become ready otherwise.
	Ahead State = "ahead"
	// Diverged lacks a revision of the build and has one that the build does not know.
	Diverged State = "diverged"
	// Dirty has a migration that broke off in the middle.
	Dirty State = "dirty"
	// Unmanaged has no version table.
	Unmanaged State = "unmanaged"
	// Unreachable did not answer, or refused the question.
	Unreachable State = "unreachable"
)

// States are all states, in the order of the documentation.
func States() []State {
	return []State{Current, Behind, Ahead, Diverged, Dirty, Unmanaged, Unreachable}
}

// Policy says which states are ready beside Current.
type Policy struct {
	// Strict makes Ahead a failure: the database must be equal to the build.
	Strict bool
	// RequireManaged makes Unmanaged a failure.
	RequireManaged bool
}

// Ready tells whether a database in this state is fit for the build.
func (p Policy) Ready(s State) bool {
	switch s {
	case Current:
		return true
	case Ahead:
		return !p.Strict
	case Unmanaged:
		return !p.RequireManaged
	}
	return false
}

// Report is the answer as it is printed and served: version 1 of its form, additive for ever.
type Report struct {
	Status   string   `json:"status"` // "ok" where the database is ready, else "drift"
	State    State    `json:"state"`
	DB       []string `json:"db"`       // the heads of the database, sorted
	Expected []string `json:"expected"` // the heads of the build, sorted
	// Missing are revisions of the build that the database lacks, and Unknown those of the database that the build does not
	// know, in order and no more than listed of each.
	Missing []string `json:"missing,omitempty"`
	Unknown []string `json:"unknown,omitempty"`
	// Changed are those of the build that the tool runs again after each change, and that the database ran in another text.
	Changed []string `json:"changed,omitempty"`
	// Line says it on one line: "drift: db=6 expected=7".
	Line string `json:"line"`
}

// listed is how many revisions a report names, so that an answer stays small whatever the history.
const listed = 20

// Ready tells whether the database is fit for the build.
func (r Report) Ready() bool { return r.Status == "ok" }

// report makes the answer of a comparison.
func (p Policy) report(c comparison, expected []string) Report {
	r := Report{Status: "drift", State: c.state, DB: sorted(c.heads), Expected: sorted(expected), Missing: first(c.missing), Unknown: first(c.unknown), Changed: first(c.changed)}
	if p.Ready(c.state) {
		r.Status = "ok"
	}
	r.Line = fmt.Sprintf("%s: db=%s expected=%s", r.Status, r.database(), words(r.Expected))
	switch {
	case c.state == Dirty:
		r.Line += fmt.Sprintf(" (dirty: %s)", words(first(c.dirty)))
	case c.state == Ahead:
		r.Line += " (ahead)"
	case len(r.Missing) > 0 && slices.Equal(r.DB, r.Expected): // the heads alone would look well
		r.Line += fmt.Sprintf(" (missing: %s)", words(r.Missing))
	}
	if len(r.Changed) > 0 && c.state != Dirty {
		r.Line += fmt.Sprintf(" (changed: %s)", words(r.Changed))
	}
	return r
}

func (r Report) database() string {
	switch {
	case r.State == Unmanaged || r.State == Unreachable:
		return string(r.State)
	case len(r.DB) == 0:
		return "none"
	}
	return words(r.DB)
}

func sorted(list []string) []string {
	return append([]string{}, slices.Sorted(slices.Values(list))...)
}

func first(list []string) []string { return list[:min(len(list), listed)] }

// words joins versions. One with a character that would break the line's form is quoted: it comes from a database or from a
// file that anybody may have written.
func words(versions []string) string {
	list := make([]string, len(versions))
	for i, v := range versions {
		list[i] = v
		if v == "" || strings.ContainsFunc(v, func(r rune) bool { return r == ',' || r == '"' || unicode.IsSpace(r) || !unicode.IsGraphic(r) }) {
			list[i] = strconv.Quote(v)
		}
	}
	return strings.Join(list, ",")
}

// Asker reads what a database is stamped with. It is asked by one caller at a time.
type Asker interface {
	Look(ctx context.Context) (Stamp, error)
}

// Probe asks a database and compares.
type Probe struct {
	Database Asker
	Expected *Expected
	Policy   Policy
	// Timeout is how long one look may take, connecting included.
	Timeout time.Duration
}

// Observation is one look at the database.
type Observation struct {
	Report
	// Err says why the database is unreachable. It can name hosts and users, so it is for logs and not for answers over HTTP.
	Err  error
	At   time.Time // when the look ended
	Took time.Duration
}

// Look asks the database once.
func (p *Probe) Look(ctx context.Context) Observation {
	begun := time.Now()
	limited, stop := context.WithTimeoutCause(ctx, p.Timeout, fmt.Errorf("no answer within %v", p.Timeout))
	defer stop()
	stamp, err := p.Database.Look(limited)
	if err != nil && errors.Is(err, context.DeadlineExceeded) && limited.Err() != nil {
		err = context.Cause(limited)
	}
	c := comparison{state: Unreachable}
	if err == nil {
		c = p.Expected.compare(stamp)
	}
	now := time.Now()
	return Observation{Report: p.Policy.report(c, p.Expected.Heads), Err: err, At: now, Took: now.Sub(begun)}
}

// Wait looks once an interval until the database is ready or the limit is reached, and gives the last look. A limit of 0
// makes it look once. changed is told of every look that says something else than the one before, but for the last.
// The error is ctx's.
func (p *Probe) Wait(ctx context.Context, interval, limit time.Duration, changed func(Observation)) (Observation, error) {
	end := time.Now().Add(limit)
	line := ""
	for {
		begun := time.Now()
		o := p.Look(ctx)
		if err := ctx.Err(); err != nil {
			return o, context.Cause(ctx)
		}
		rest := time.Until(end)
		if o.Ready() || rest <= 0 {
			return o, nil
		}
		if o.Line != line {
			changed(o)
			line = o.Line
		}
		if err := pause(ctx, min(rest, max(0, time.Until(begun.Add(interval))))); err != nil {
			return o, err
		}
	}
}

// pause returns after d, or with the cause when ctx ends first.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}
