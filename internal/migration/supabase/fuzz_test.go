package supabase

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestAsOwner(t *testing.T) {
	for sql, want := range map[string]string{
		`ALTER TABLE "t" OWNER TO "postgres"`:                               `ALTER TABLE "t" OWNER TO CURRENT_USER`,
		`alter default privileges for role postgres grant all on tables`:    `alter default privileges for role CURRENT_USER grant all on tables`,
		`create schema s authorization POSTGRES`:                            `create schema s authorization CURRENT_USER`,
		`ALTER TABLE t OWNER TO "Postgres"`:                                 `ALTER TABLE t OWNER TO "Postgres"`,
		`ALTER TABLE t OWNER TO anon`:                                       `ALTER TABLE t OWNER TO anon`,
		`CREATE TABLE postgres (postgres text DEFAULT 'owner to postgres')`: `CREATE TABLE postgres (postgres text DEFAULT 'owner to postgres')`,
		`SELECT owner to postgres`:                                          `SELECT owner to postgres`,
	} {
		if got := asOwner(sql); got != want {
			t.Errorf("%s becomes %s, want %s", sql, got, want)
		}
	}
}

func FuzzStatements(f *testing.F) {
	f.Add("create extension if not exists \"pg_graphql\" with schema graphql;\n-- a\nALTER TABLE t OWNER\nTO\n\"postgres\";;")
	f.Add("\ufeffcreate function f() returns void language sql begin atomic select 1; end;\r\n")
	f.Add("alter \x00 '\xff $a$ ; /* (")
	m := &migrator{absent: brought}
	f.Fuzz(func(t *testing.T, text string) {
		for _, message := range m.messages(text) {
			if lines := strings.Count(message.SQL, "\n") + 1; lines != len(message.Lines) {
				t.Errorf("%q has %d lines, and places for %d", message.SQL, lines, len(message.Lines))
			}
		}
		for _, piece := range pieces(text) {
			if piece == "" || piece != strings.TrimSpace(piece) || !utf8.ValidString(piece) {
				t.Errorf("%q is no statement for the version table", piece)
			}
		}
	})
}
