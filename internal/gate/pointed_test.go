package gate

import (
	"testing"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/headgate/headgate/internal/schema"
)

func TestPointed(t *testing.T) {
	for _, test := range []struct {
		sql      string
		position int // as the server gives it
		want     string
	}{
		{"SELECT height FROM trees", 8, "height"},
		{"SELECT t.height FROM trees t", 8, "t.height"},
		{`SELECT "größe" . "höhe", x FROM t`, 8, `"größe" . "höhe"`},
		{"SELECT 'é', height FROM trees", 13, "height"},
		{"SELECT a + b", 10, "+"},
		{"  SELECT 1", 0, "SELECT"},
		{"-- c\nSELECT 1", 0, "SELECT"},
		{"SELECT", 99, ""},
	} {
		start, end := pointed(test.sql, test.position)
		runes := []rune(test.sql)
		if got := string(runes[min(start, len(runes)):min(end, len(runes))]); test.want != "" && got != test.want {
			t.Errorf("%q at %d: %q, want %q", test.sql, test.position, got, test.want)
		}
	}
}

func TestReadMissing(t *testing.T) {
	for _, test := range []struct {
		code, message string
		want          missing
		none          bool
	}{
		{"42703", `column "a.b" does not exist`, missing{kind: schema.Column, name: "a.b"}, false},
		{"42703", `column t.height does not exist`, missing{kind: schema.Column, name: "height", table: "t"}, false},
		{"42703", `column "height" of relation "trees" does not exist`, missing{kind: schema.Column, name: "height", table: "trees"}, false},
		{"42P01", `relation "app.trees" does not exist`, missing{kind: schema.Table, name: "trees", schema: "app"}, false},
		{"42P01", `missing FROM-clause entry for table "t"`, missing{}, true},
		{"42883", `function app.age(bigint, text) does not exist`, missing{kind: schema.Function, name: "age(bigint, text)", schema: "app"}, false},
		{"42883", `operator does not exist: text = integer`, missing{}, true},
		{"42704", `type "app.mood[]" does not exist`, missing{kind: schema.Type, name: "mood", schema: "app"}, false},
		{"3F000", `schema "app" does not exist`, missing{kind: schema.Namespace, name: "app"}, false},
		{"22P02", `invalid input value for enum app.mood: "calm"`, missing{kind: schema.EnumValue, name: "calm", table: "mood", schema: "app"}, false},
		{"22P02", `invalid input syntax for type integer: "x"`, missing{}, true},
		{"42601", `column "a" does not exist`, missing{}, true},
	} {
		got, ok := readMissing(&pgconn.PgError{Code: test.code, Message: test.message})
		if ok == test.none || got != test.want {
			t.Errorf("%s %s: %+v, %v", test.code, test.message, got, ok)
		}
	}
}

func FuzzPointed(f *testing.F) {
	f.Add("SELECT t.height FROM trees t", 8)
	f.Add(`SELECT "größe" . "höhe`, 9)
	f.Add("CREATE TEMP TABLE a.b (", 1)
	f.Fuzz(func(t *testing.T, sql string, position int) {
		start, end := pointed(sql, position)
		if n := utf8.RuneCountInString(sql); start < 0 || end <= start || end > n+1 {
			t.Errorf("%q at %d: %d to %d of %d", sql, position, start, end, n)
		}

		readWords(sql).aliases("a", "b")
	})
}
