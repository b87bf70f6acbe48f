package app

import (
	"context"
	"errors"
	"testing"

	"github.com/headgate/headgate/internal/config"
	"github.com/headgate/headgate/internal/gate"
)

// TestOutcome sees what of several services there is to report, and that nothing passes that was not checked.
func TestOutcome(t *testing.T) {
	passed := func(service string) *run {
		return &run{config: &config.Config{Service: service}, result: &gate.Result{Service: service, Verdict: "pass"}}
	}
	failed := func(service, why string) *run {
		return &run{config: &config.Config{Service: service}, err: errors.New(why)}
	}
	ended, end := context.WithCancel(t.Context())
	end()
	for name, test := range map[string]struct {
		ctx     context.Context
		asked   []*run
		verdict string
		err     string
	}{
		"one passes":                         {t.Context(), []*run{passed("")}, "pass", ""},
		"one was interrupted when it passed": {ended, []*run{passed("")}, "", "context canceled"},
		"two pass":                           {t.Context(), []*run{passed("a"), passed("b")}, "pass", ""},
		"one cannot be checked":              {t.Context(), []*run{passed("a"), failed("b", "x")}, "fail", "service b: x"},
		"none can be checked":                {t.Context(), []*run{failed("a", "y"), failed("b", "x")}, "", "service a: y\nservice b: x"},
		"none can, for one reason":           {t.Context(), []*run{failed("a", "x"), failed("b", "x")}, "", "x"},
	} {
		result, err := outcome(test.ctx, test.asked, true)
		verdict, says := "", ""
		if result != nil {
			verdict = result.Verdict
		}
		if err != nil {
			says = err.Error()
		}
		if verdict != test.verdict || says != test.err {
			t.Errorf("%s: the verdict is %q, the error %q", name, verdict, says)
		}
	}
}
