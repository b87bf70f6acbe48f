package python_test

import (
	"path/filepath"
	"testing"
	"testing/fstest"

	"golang.org/x/tools/txtar"

	"github.com/headgate/headgate/internal/reference/python"
	"github.com/headgate/headgate/internal/reference/referencetest"
)

func TestReferences(t *testing.T) {
	referencetest.Run(t, python.Language{}, "testdata")
}

func TestReads(t *testing.T) {
	for path, want := range map[string]bool{
		"main.py":                         true,
		"a/b/models.py":                   true,
		"test_main.py":                    false,
		"main_test.py":                    false,
		"a/conftest.py":                   false,
		"tests/factories.py":              false,
		"a/test/x.py":                     false,
		"a/tests_data/x.py":               true,
		".venv/lib/x.py":                  false,
		"lib/site-packages/sqlalchemy.py": false,
		"a/__pycache__/x.py":              false,
		"query.sql":                       false,
		"a/x.pyi":                         false,
		"testing.py":                      true,
		"py":                              false,
	} {
		if got := (python.Language{}).Reads(path); got != want {
			t.Errorf("Reads(%q) = %v, want %v", path, got, want)
		}
	}
}

// FuzzRead reads any text as a Python file: it must not panic, and each reference's map must hold.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		"q = \"SELECT a FROM t WHERE b = %s\"\ncur.execute(q)\n",
		"from sqlalchemy import text\ndef f(y):\n    q = f'''SELECT é, :a\r\nFROM t WHERE x = {y}'''\n    for z in y:\n        q += \" AND \" + z\n    session.execute(text(q))\n",
		"from sqlalchemy import text, Column\nfrom psycopg import sql\ntext(text='')\ntext()\nsql.SQL()\nsql.Identifier()\n''.join()\n'%s {}'.format() % ()\nT.a = Column()\nsetattr(T, x, Column())\n",
		"from base import Base, Mixin\nfrom sqlalchemy import Column\nclass T(Mixin, Base):\n    __tablename__ = 't'\n    a = Column('a\\x00b\\N{DASH}', Integer)\n    b: Mapped[int] = mapped_column()\n",
		"from sqlmodel import SQLModel, Field\nclass T(SQLModel, table=True):\n    a: int = Field(sa_column=Column('x'))\n",
		"a = b\nb = a + 'SELECT 1'\nclass A(A): pass\nclass B(C): x = Column()\nclass C(B): __tablename__ = x\n",
		"cur.execute('SELECT %(a)s, %% FROM {} WHERE {x!r}'.format('t', x=1) % {'a': b})\n",
		"# -*- coding: latin-1 -*-\nq = 'SELECT \xe9 FROM t'\n",
		"t = Table('t', MetaData(schema=s), Column('a'), *[Column(x) for x in y])\nfrom sqlalchemy import *\n",
	} {
		f.Add([]byte(seed))
	}
	cases, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(cases) == 0 {
		f.Fatal("no cases: ", err)
	}
	for _, name := range cases {
		archive, err := txtar.ParseFile(name)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range archive.Files {
			if filepath.Ext(file.Name) == ".py" {
				f.Add(file.Data)
			}
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		referencetest.Read(t, python.Language{}, fstest.MapFS{
			"p/__init__.py": {Data: []byte("from .x import *\n")},
			"p/x.py":        {Data: text},
			"p/base.py":     {Data: []byte("from sqlalchemy.orm import DeclarativeBase\nfrom .x import *\nclass Base(DeclarativeBase): pass\nclass Mixin(T):\n    c = Column()\n")},
			"q.py":          {Data: []byte("from p.x import a, T\nfrom p import base\nclass U(T, base.Base):\n    __tablename__ = a\n    z = Column(Integer)\nz = a + ' WHERE x = 1'\n")},
		})
	})
}
