package dump_test

import (
	"errors"
	"io/fs"
	"testing"
	"testing/fstest"

	"github.com/headgate/headgate/internal/migration"
	"github.com/headgate/headgate/internal/migration/dump"
)

// FuzzRead reads any two files: each ends, with the same sum each time, and an Essence or an error that has a place.
func FuzzRead(f *testing.F) {
	f.Add("SELECT 1;\n\\ir b.sql\nCOPY a FROM stdin;\n1\n\\.\n", "CREATE TABLE a (id int) \\g\n")
	f.Add("\\i db/b.sql\n\\if :x\n\\endif", "\\i ../a.sql")
	f.Add("\\ir b.sql\n\\ir b.sql", "SELECT 'é' \\; SELECT 2;\x00")
	f.Fuzz(func(t *testing.T, a, b string) {
		tree := fstest.MapFS{"db/a.sql": {Data: []byte(a)}, "db/b.sql": {Data: []byte(b)}}
		h, err := dump.Format{}.Read(tree, "db")
		again, _ := dump.Format{}.Read(tree, "db")
		if err != nil || len(h.Revisions) != 1 || h.Revisions[0].Checksum != again.Revisions[0].Checksum {
			t.Fatalf("%v, and then %v: %v", h, again, err)
		}
		_, err = dump.Format{}.Essence(tree, h.Revisions[0])
		refused := (*migration.Error)(nil)
		if errors.As(err, &refused) && (refused.Line < 1 || !fs.ValidPath(refused.File)) || err != nil && refused == nil {
			t.Errorf("an error without a place: %v", err)
		}
		dump.Format{}.Claims("db/schema.sql", []byte(a))
	})
}
