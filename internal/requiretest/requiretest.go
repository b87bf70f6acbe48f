// Package requiretest tells what tests may do without: what is not on the machine is skipped, unless HEADGATE_REQUIRE, a list with
// commas, names it (local, container, python, alembic, plpgsql_check, postgres-source, liquibase).
package requiretest

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// Absent fails the test where HEADGATE_REQUIRE names need. reason says what is missing.
func Absent(t testing.TB, need, reason string) {
	t.Helper()
	if slices.Contains(strings.Split(os.Getenv("HEADGATE_REQUIRE"), ","), need) {
		t.Fatalf("HEADGATE_REQUIRE names %s, but %s", need, reason)
	}
}

// Skip ends a test that cannot run without need: in failure where HEADGATE_REQUIRE names it.
func Skip(t testing.TB, need, reason string) {
	t.Helper()
	Absent(t, need, reason)
	t.Skip(reason)
}
