package postgres

import (
	"testing"

	"github.com/jackc/pgx/v5"
)

// TestRunsLeaveEachOtherAlone starts runs on one external server while another one's databases are there: what a live run has made
// is not what a killed one has left.
func TestRunsLeaveEachOtherAlone(t *testing.T) {
	p := externalProvider(t)
	first := start(t, p.options(t))
	db := createDatabase(t, first)
	conn := connect(t, db.Config())
	mustExec(t, conn, "CREATE TABLE kept (id int)")

	second := start(t, p.options(t)) // this is when a run looks for what others left
	createDatabase(t, second)
	third := start(t, p.options(t))
	createDatabase(t, third)

	mustExec(t, conn, "INSERT INTO kept VALUES (1)") // the session was not ended
	again, err := pgx.ConnectConfig(t.Context(), db.Config())
	if err != nil {
		t.Fatal(err)
	}
	if n := value[int](t, again, "SELECT count(*)::int FROM kept"); n != 1 {
		t.Errorf("the table has %d rows", n)
	}
	if err := again.Close(t.Context()); err != nil {
		t.Error(err)
	}
}
