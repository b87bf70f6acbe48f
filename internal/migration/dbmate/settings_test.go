package dbmate

import (
	"strings"
	"testing"
	"testing/fstest"
)

func TestSettings(t *testing.T) {
	for _, c := range []struct {
		name string
		tree fstest.MapFS
		want string // the table, quoted, or the error
		late bool
	}{
		{"none", fstest.MapFS{}, `"schema_migrations"`, true},
		{"a file that does not speak of dbmate", fstest.MapFS{".env": {Data: []byte("what ever")}}, `"schema_migrations"`, true},
		{"a folder", fstest.MapFS{".env/bin/python": {}}, `"schema_migrations"`, true},
		{"beside the program", fstest.MapFS{".env": {Data: []byte("export DBMATE_MIGRATIONS_TABLE='done' # ours\nDBMATE_STRICT=true\n")}}, `"done"`, false},
		{"the nearest", fstest.MapFS{".env": {Data: []byte("DBMATE_MIGRATIONS_TABLE=far")}, "db/.env": {Data: []byte("DBMATE_MIGRATIONS_TABLE=near\r\n")}}, `"near"`, true},
		{"of this folder", fstest.MapFS{".env": {Data: []byte("DBMATE_MIGRATIONS_DIR=./db/migrations,./more\nDBMATE_MIGRATIONS_TABLE=Garden.Done")}}, `Garden: "Done"`, true},
		{"of another folder", fstest.MapFS{".env": {Data: []byte("DBMATE_MIGRATIONS_DIR=./other\nDBMATE_MIGRATIONS_TABLE=other")}}, `"schema_migrations"`, true},
		{
			"a name that another variable says", fstest.MapFS{".env": {Data: []byte("NAME=x\nDBMATE_MIGRATIONS_TABLE=${NAME}_done")}},
			".env:1: DBMATE_MIGRATIONS_TABLE is \"${NAME}_done\", which is no table's name by itself; write the name out", true,
		},
		{
			"a name that is none", fstest.MapFS{".env": {Data: []byte("DBMATE_MIGRATIONS_TABLE=")}},
			".env:1: DBMATE_MIGRATIONS_TABLE is \"\", which is no table's name by itself; write the name out", true,
		},
		{
			"no file of variables", fstest.MapFS{".env": {Data: []byte("DBMATE_STRICT=1\nPASSWORD? secret")}},
			".env:1: dbmate refuses its settings: this file cannot be read as lines NAME=VALUE; correct the file", true,
		},
		{
			"a long file", fstest.MapFS{".env": {Data: []byte("DBMATE_STRICT=1\n" + strings.Repeat("#", 1<<16))}},
			".env:1: dbmate's settings are longer than 64 KiB; keep a shorter file", true,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.tree["db/migrations/1.sql"] = &fstest.MapFile{}
			s, err := readSettings(c.tree, "db/migrations")
			got := s.table
			switch {
			case err != nil:
				got = err.Error()
			case s.schema != "":
				got = s.schema + ": " + s.table
			}
			if got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			h, err := Format{}.Read(c.tree, "db/migrations")
			if err == nil && h.Late != c.late {
				t.Errorf("late: %v", h.Late)
			}
		})
	}
}
