package prisma_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/headgate/headgate/internal/migration/migrationtest"
	"github.com/headgate/headgate/internal/migration/prisma"
)

func TestConformance(t *testing.T) { migrationtest.Run(t, prisma.Format{}) }

func TestClaims(t *testing.T) {
	for _, c := range []struct {
		file, beginning, dir string
		sure                 bool
	}{
		{"prisma/migrations/migration_lock.toml", "", "prisma/migrations", true},
		{"prisma/migrations/20240101000000_init/migration.sql", "-- CreateTable\nCREATE TABLE", "prisma/migrations", true},
		{"prisma/migrations/20240101000000_init/migration.sql", "SELECT 1", "prisma/migrations", false},
		{"prisma/migrations/20240101000000_init/down.sql", "-- DropTable", "", false},
	} {
		got := prisma.Format{}.Claims(c.file, []byte(c.beginning))
		if got.Dir != c.dir || got.Sure != c.sure {
			t.Errorf("%s, %q: %+v", c.file, c.beginning, got)
		}
	}
}

func FuzzLock(f *testing.F) {
	f.Add("provider = \"postgresql\"\r\n", "20240101_a")
	f.Add("# comment\nprovider=\"mysql\"", "É_b")
	f.Add("provider", "-")
	f.Fuzz(func(t *testing.T, lock, name string) {
		tree := fstest.MapFS{"m/migration_lock.toml": {Data: []byte(lock)}, "m/20240101_b/migration.sql": {}}
		if name != "" && !strings.ContainsAny(name, "/\x00") && name != "." && name != ".." {
			tree["m/"+name+"/migration.sql"] = &fstest.MapFile{}
		}
		h, err := prisma.Format{}.Read(tree, "m")
		if err == nil && !strings.Contains(lock, "postgresql") {
			t.Errorf("%q was taken", lock)
		}
		if err == nil && len(h.Heads()) != 1 {
			t.Errorf("%q: heads %q", name, h.Heads())
		}
	})
}
