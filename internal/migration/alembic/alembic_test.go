package alembic_test

import (
	"fmt"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/internal/migration"
	"github.com/headgate/headgate/internal/migration/alembic"
	"github.com/headgate/headgate/internal/migration/migrationtest"
	"github.com/headgate/headgate/internal/postgres/postgrestest"
)

func TestConformance(t *testing.T) { migrationtest.Run(t, alembic.Format{}) }

// TestSkipped makes sure that no statement on data goes uncounted, and that aliases make a foreign type known.
func TestSkipped(t *testing.T) {
	const source = `from alembic import op
import sqlalchemy as sa
import somelib
revision = "1"
down_revision = None


def upgrade():
    t = op.create_table("t", sa.Column("shape", somelib.Shape()))
    op.bulk_insert(t, [{"shape": 1}])
    op.execute("UPDATE t SET shape = NULL; DELETE FROM t")
    op.get_bind().execute(t.insert().values(shape=1))
`
	fsys := fstest.MapFS{"versions/a.py": {Data: []byte(source)}}
	format := alembic.Format{TypeAliases: map[string]string{"Shape": "box"}}
	h, err := format.Read(fsys, "versions")
	if err != nil {
		t.Fatal(err)
	}
	m, err := format.Migrator(fsys, h, migration.Target{Database: postgrestest.Database(t, postgrestest.Start(t)).Config()})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if _, err := m.Apply(t.Context(), h.Revisions[0]); err != nil {
		t.Fatal(err)
	}
	counter, ok := m.(interface{ Skipped() []migration.Skipped })
	if !ok {
		t.Fatal("the migrator does not tell what it skipped")
	}
	var got []string
	for _, s := range counter.Skipped() {
		got = append(got, fmt.Sprintf("%s:%d %s", s.File, s.Line, s.Reason))
	}
	want := []string{"versions/a.py:10 bulk_insert", "versions/a.py:11 UPDATE", "versions/a.py:11 DELETE", "versions/a.py:12 VALUES"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
