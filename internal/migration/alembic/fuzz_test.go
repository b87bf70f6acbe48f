package alembic_test

import (
	"testing"
	"testing/fstest"

	"github.com/headgate/headgate/internal/migration/alembic"
)

// FuzzRead makes sure that no file of a pull request can break the reading of the graph, or make it go on for ever.
func FuzzRead(f *testing.F) {
	f.Add("revision = '1'\ndown_revision = None\n", "[alembic]\nscript_location = %(here)s\n")
	f.Add("x = 'a' * 10 ** 9\nrevision: str = f'{x}'\ndown_revision = ('1', '2')\n", "[alembic]\nscript_location = %(a)s\na = %(a)s\n")
	f.Add("revision = '%s' % [i for i in range(10 ** 12)]\n", "[alembic]\nscript_location: a:b\nversion_locations = a b\n")
	f.Add("def f(x): return f(x)\nrevision = f(1)\n", "[DEFAULT]\n[alembic\n =")
	f.Fuzz(func(_ *testing.T, source, ini string) {
		fsys := fstest.MapFS{"versions/a.py": {Data: []byte(source)}, "alembic.ini": {Data: []byte(ini)}}
		h, err := alembic.Format{}.Read(fsys, "versions")
		if err == nil {
			h.Heads()
		}
		_, _ = alembic.Format{}.Read(fsys, ".")
	})
}
