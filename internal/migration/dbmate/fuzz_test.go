package dbmate

import (
	"strings"
	"testing"
	"testing/fstest"

	tool "github.com/amacneil/dbmate/v2/pkg/dbmate"

	"github.com/headgate/headgate/internal/migration"
)

// FuzzParse wants the tool and us to refuse the same files, and to see the same blocks and options.
func FuzzParse(f *testing.F) {
	f.Add("-- migrate:up\nSELECT 1;\n-- migrate:down\nSELECT 2;\n")
	f.Add("-- Trees\n\n--migrate:up transaction:false a:b:c transaction\r\nSELECT 1;\r\n--  migrate:down\ttransaction:true transaction:false")
	f.Add("\ufeff-- migrate:up\n-- migrate:down")
	f.Add("--\n\nmigrate:up\n/* a */ -- migrate:down\n--\n migrate:down x")
	f.Add("-- migrate:down\n-- migrate:up")
	f.Add("SELECT 1;\n-- migrate:up\n-- migrate:down")
	f.Fuzz(func(t *testing.T, text string) {
		tree := fstest.MapFS{"m/1.sql": {Data: []byte(text)}}
		theirs, theirErr := (&tool.Migration{FilePath: "m/1.sql", FS: tree}).Parse()
		ours, ourErr := parse("m/1.sql", text)
		if (theirErr == nil) != (ourErr == nil) {
			t.Fatalf("the tool says %v, and we say %v", theirErr, ourErr)
		}
		if theirErr == nil {
			for _, way := range []struct {
				sql   string
				in    bool
				block block
			}{{theirs.Up, theirs.UpOptions.Transaction(), ours.up}, {theirs.Down, theirs.DownOptions.Transaction(), ours.down}} {
				if way.sql != way.block.sql() || way.in != way.block.transaction {
					t.Fatalf("the tool sees %q, in a transaction %v, and we see %q, %v", way.sql, way.in, way.block.sql(), way.block.transaction)
				}
			}
		}
		if _, err := (Format{}).Essence(tree, migration.Revision{Version: "1", File: "m/1.sql"}); err != nil {
			t.Fatal(err)
		}
	})
}

// FuzzSettings wants no table's name that ends the string that it stands in.
func FuzzSettings(f *testing.F) {
	f.Add("DBMATE_MIGRATIONS_TABLE=garden.done\nDBMATE_STRICT=1")
	f.Add("export DBMATE_MIGRATIONS_TABLE=\"a'b$C\"")
	f.Add("SECRET=x\nDBMATE_MIGRATIONS_DIR='a,b'\n?")
	f.Add("A=aaaaaaaa\nB=$A$A\nC=$B$B\nDBMATE_MIGRATIONS_TABLE=$C")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := readSettings(fstest.MapFS{".env": {Data: []byte(text)}}, "db/migrations")
		if err == nil && (s.table == "" || strings.ContainsAny(s.table+s.schema, "'\\$\x00")) {
			t.Errorf("%q names the table %q in %q", text, s.table, s.schema)
		}
	})
}
