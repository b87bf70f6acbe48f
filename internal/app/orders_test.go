package app

import (
	"fmt"
	"strings"
	"testing"
	"text/tabwriter"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/headgate/headgate/internal/gate"
	"github.com/headgate/headgate/internal/postgres/postgrestest"
)

// cellProjects are projects in each of which one cell of the matrix alone fails. The last one fails nowhere: its running code
// writes what a pending migration restricts, which the orders weigh differently.
var cellProjects = []struct{ cell, about, project string }{
	{"C0xS0", "the released code reads what only a pending migration brings, and the proposed code no longer does", `
-- released/m/1_trees.sql --
-- +goose Up
CREATE TABLE trees (id bigint PRIMARY KEY);
-- released/store.go --
package store

const find = "SELECT height_m FROM trees"
-- proposed/m/2_height.sql --
-- +goose Up
ALTER TABLE trees ADD COLUMN height_m numeric;
-- proposed/store.go --
package store

const find = "SELECT id FROM trees"
`},
	{"C1xS0", "the proposed code reads what a pending migration brings", `
-- released/m/1_trees.sql --
-- +goose Up
CREATE TABLE trees (id bigint PRIMARY KEY);
-- released/store.go --
package store

const find = "SELECT id FROM trees"
-- proposed/m/2_height.sql --
-- +goose Up
ALTER TABLE trees ADD COLUMN height_m numeric;
-- proposed/store.go --
package store

const find = "SELECT height_m FROM trees"
`},
	{"C0xS1", "the released code reads what a pending migration removes", `
-- released/m/1_trees.sql --
-- +goose Up
CREATE TABLE trees (id bigint PRIMARY KEY, note text);
-- released/store.go --
package store

const find = "SELECT note FROM trees"
-- proposed/m/2_note.sql --
-- +goose Up
ALTER TABLE trees DROP COLUMN note;
-- proposed/store.go --
package store

const find = "SELECT id FROM trees"
`},
	{"C1xS1", "the proposed code begins to read what a pending migration removes", `
-- released/m/1_trees.sql --
-- +goose Up
CREATE TABLE trees (id bigint PRIMARY KEY, note text);
-- released/store.go --
package store

const find = "SELECT id FROM trees"
-- proposed/m/2_note.sql --
-- +goose Up
ALTER TABLE trees DROP COLUMN note;
-- proposed/store.go --
package store

const find = "SELECT note FROM trees"
`},
	{"C0xS1", "the released code writes what a pending migration restricts", `
-- released/m/1_trees.sql --
-- +goose Up
CREATE TABLE trees (id bigint PRIMARY KEY, tag text);
-- released/store.go --
package store

const put = "UPDATE trees SET tag = $1"
-- proposed/m/2_tag.sql --
-- +goose Up
ALTER TABLE trees ADD CONSTRAINT one_tag UNIQUE (tag);
-- proposed/store.go --
package store

const find = "SELECT id FROM trees"
`},
}

// ordersTable is what each order makes of each cell: the weight of the finding, the cell's outcome, and the job's.
const ordersTable = `
order          C0xS0              C1xS0                C0xS1                 C1xS1               C0xS1, restricted
code-first     none, warns: pass  error, fails: fail   warning, warns: pass  error, fails: fail  warning, warns: pass
migrate-first  none, warns: pass  notice, warns: pass  error, fails: fail    error, fails: fail  warning, warns: pass
either         none, warns: pass  error, fails: fail   error, fails: fail    error, fails: fail  warning, warns: pass
rollback-safe  none, warns: pass  notice, warns: pass  error, fails: fail    error, fails: fail  error, fails: fail
`

// TestOrders runs the program with every order on a project for every cell, prints the table of what came of it, and holds it
// against the design's.
func TestOrders(t *testing.T) {
	server := postgrestest.URL(t, postgrestest.Start(t))
	rows := make([][]string, len(gate.Orders))
	t.Run("cells", func(t *testing.T) {
		for i, order := range gate.Orders {
			rows[i] = make([]string, len(cellProjects))
			for k, p := range cellProjects {
				t.Run(fmt.Sprintf("%s/%d_%s", order.Order, k, p.cell), func(t *testing.T) {
					t.Parallel()
					result := checkProject(t, server, txtar.Parse([]byte(p.project)), "--order", string(order.Order))
					rows[i][k] = outcomeAlone(t, result, p.cell)
				})
			}
		}
	})
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprint(w, "\norder")
	for k, p := range cellProjects {
		header := p.cell
		if k >= 4 {
			header += ", restricted"
		}
		fmt.Fprint(w, "\t", header)
	}
	fmt.Fprintln(w)
	for i, order := range gate.Orders {
		fmt.Fprintln(w, string(order.Order)+"\t"+strings.Join(rows[i], "\t"))
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	t.Log(b.String())
	if diff := cmp.Diff(ordersTable, b.String()); diff != "" {
		t.Errorf("the orders differ (-design +runs):\n%s", diff)
	}
}

// outcomeAlone is what came of a cell in which alone something fails.
func outcomeAlone(t *testing.T, r *gate.Result, cell string) string {
	t.Helper()
	severity := "none"
	for _, f := range r.Findings {
		if f.Cell != cell || len(f.Cells) > 0 {
			t.Errorf("a finding in %s %v: %s", f.Cell, f.Cells, f.Message)
		}
		severity = string(f.Severity)
	}
	if len(r.Findings) > 1 {
		t.Errorf("%d findings where there is one thing to find", len(r.Findings))
	}
	outcome := ""
	for _, c := range r.Cells {
		switch {
		case c.Name == cell:
			outcome = c.Outcome
		case c.Failing > 0:
			t.Errorf("%s has %d findings too", c.Name, c.Failing)
		}
	}
	return fmt.Sprintf("%s, %s: %s", severity, outcome, r.Verdict)
}
