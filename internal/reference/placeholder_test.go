package reference

import (
	"strings"
	"testing"
	"unicode/utf8"
)

const all = Question | Colon | At | Calls

// at builds a text that stands in one file from line 1, column 1.
func at(text string) Text {
	var b Builder
	b.Copy(text, Position{File: "q.sql", Line: 1, Column: 1})
	return b.Text()
}

func TestRewritePercent(t *testing.T) {
	tests := []struct{ name, sql, want string }{
		{"plain", "SELECT a FROM t WHERE b = %s AND c = %s", "SELECT a FROM t WHERE b = $1 AND c = $2"},
		{"close", "SELECT a FROM t WHERE b=%s AND c>=%s LIMIT %s", "SELECT a FROM t WHERE b=$1 AND c>=$2 LIMIT $3"},
		{"named", "SELECT a FROM t WHERE b = %(b)s AND c=%(c)s OR d = %(b)s", "SELECT a FROM t WHERE b = $1 AND c=$2 OR d = $1"},
		{"cast", "SELECT %s::jsonb, %(x)s::int", "SELECT $1::jsonb, $2::int"},
		{"psycopg 3", "SELECT %b, %t", "SELECT $1, $2"},
		{"list", "INSERT INTO t VALUES (%s,%s, %(a)s)", "INSERT INTO t VALUES ($1,$2, $3)"},
		{"in", "SELECT a FROM t WHERE b IN %s", "SELECT a FROM t WHERE b IN ($1)"},
		{"rows", "INSERT INTO t (a, b) VALUES %s ON CONFLICT DO NOTHING", "INSERT INTO t (a, b) VALUES ($1, $2) ON CONFLICT DO NOTHING"},
		{"rows without columns", "INSERT INTO t VALUES %s", "INSERT INTO t VALUES $1"},
		{"escaped", "SELECT a %% 2, b %%> %s FROM t", "SELECT a % 2, b %> $1 FROM t"},
		{"remainder", "SELECT a % 2, a %b2, a % s FROM t", "SELECT a % 2, a %b2, a % s FROM t"},
		{"strings", "SELECT '%s', \"%s\" -- %s\n, %s", "SELECT '%s', \"%s\" -- %s\n, $1"},
		{"between operators", "SELECT 'a'||%s||'b', -%s", "SELECT 'a'||$1||'b', -$2"},
		{"own", "SELECT a % b FROM t WHERE c = $1", "SELECT a % b FROM t WHERE c = $1"},
		{"unfinished", "SELECT %(a", "SELECT %(a"},
		{"no conversion", "SELECT %(a)x, %()s", "SELECT %(a)x, $1"},
		{"at the end", "SELECT %", "SELECT %"},
		{"with colons", "SELECT a FROM t WHERE b = :b AND c = %s", "SELECT a FROM t WHERE b = $1 AND c = $2"},
		{"escaped colons", `SELECT a\:\:int, b\:c, d\::int FROM t WHERE e = :e`, "SELECT a::int, b:c, d::int FROM t WHERE e = $1"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := at(test.sql).Rewrite(Percent | Colon)
			if got.SQL != test.want {
				t.Errorf("Rewrite(%q)\n got %q\nwant %q", test.sql, got.SQL, test.want)
			}
			checkMap(t, test.sql, got)
		})
	}
}

func TestRewrite(t *testing.T) {
	tests := []struct{ name, sql, want string }{
		{"none", "SELECT a FROM t", "SELECT a FROM t"},
		{"own", "SELECT a FROM t WHERE b = $1", "SELECT a FROM t WHERE b = $1"},

		{"question", "SELECT a FROM t WHERE b = ? AND c = ?", "SELECT a FROM t WHERE b = $1 AND c = $2"},
		{"question in a list", "INSERT INTO t VALUES (?, ?,?)", "INSERT INTO t VALUES ($1, $2,$3)"},
		{"question close to an operator", "SELECT a FROM t WHERE b=? AND c>=? AND d<>?", "SELECT a FROM t WHERE b=$1 AND c>=$2 AND d<>$3"},
		{"question between operators", "SELECT '%'||?||'%'", "SELECT '%'||$1||'%'"},
		{"question before an operator", "SELECT a FROM t WHERE b LIKE ?||'%'", "SELECT a FROM t WHERE b LIKE $1||'%'"},
		{"two in one operator", "SELECT ?||?", "SELECT $1||$2"},
		{"question and minus", "SELECT a FROM t WHERE b > ?-1 AND c = now()-?", "SELECT a FROM t WHERE b > $1-1 AND c = now()-$2"},
		{"question and cast", "SELECT ?::int, CAST(? AS text)", "SELECT $1::int, CAST($2 AS text)"},
		{"question after key words", "SELECT a FROM t WHERE b BETWEEN ? AND ? LIMIT ? OFFSET ?", "SELECT a FROM t WHERE b BETWEEN $1 AND $2 LIMIT $3 OFFSET $4"},
		{"question after select", "SELECT ? AS a, ? b", "SELECT $1 AS a, $2 b"},
		{"question in case", "SELECT CASE WHEN a = ? THEN ? ELSE ? END FROM t", "SELECT CASE WHEN a = $1 THEN $2 ELSE $3 END FROM t"},
		{"question in a frame", "SELECT sum(a) OVER (ROWS ? PRECEDING) FROM t FETCH FIRST ? ROWS ONLY", "SELECT sum(a) OVER (ROWS $1 PRECEDING) FROM t FETCH FIRST $2 ROWS ONLY"},
		{"question in any", "SELECT a FROM t WHERE b = ANY(?) AND c IN (?)", "SELECT a FROM t WHERE b = ANY($1) AND c IN ($2)"},
		{"question after in", "SELECT a FROM t WHERE b IN ? AND c NOT IN @c", "SELECT a FROM t WHERE b IN ($1) AND c NOT IN ($2)"},
		{"question in an array", "SELECT ARRAY[?, ?]", "SELECT ARRAY[$1, $2]"},
		{"question as an index", "SELECT a[?] FROM t", "SELECT a[$1] FROM t"},
		{"question alone", "?", "$1"},
		{"question in an interval", "SELECT a FROM t WHERE b > now() - ? * interval '1 day'", "SELECT a FROM t WHERE b > now() - $1 * interval '1 day'"},
		{"question set", "UPDATE t SET a=?,b=? WHERE c=?", "UPDATE t SET a=$1,b=$2 WHERE c=$3"},
		{"question after an arrow", "SELECT a->? , a->>?, a#>? FROM t", "SELECT a->$1 , a->>$2, a#>$3 FROM t"},
		{"question contains", "SELECT a FROM t WHERE b @> ? AND c <@ ?", "SELECT a FROM t WHERE b @> $1 AND c <@ $2"},
		{"question close to contains", "SELECT a FROM t WHERE b@>?", "SELECT a FROM t WHERE b@>$1"},
		{"question numbered", "SELECT a FROM t WHERE b = ?1 OR c = ?1 OR d = ?2", "SELECT a FROM t WHERE b = $1 OR c = $1 OR d = $2"},

		{"json has", "SELECT a FROM t WHERE data ? 'k'", "SELECT a FROM t WHERE data ? 'k'"},
		{"json has, close", "SELECT a FROM t WHERE data?'k'", "SELECT a FROM t WHERE data?'k'"},
		{"json has a parameter", "SELECT a FROM t WHERE data ? ?", "SELECT a FROM t WHERE data ? $1"},
		{"json has a name", "SELECT a FROM t WHERE data ? @k AND d ? :k", "SELECT a FROM t WHERE data ? $1 AND d ? $1"},
		{"json has, after a cast", "SELECT a FROM t WHERE data::jsonb ? 'k'", "SELECT a FROM t WHERE data::jsonb ? 'k'"},
		{"json has, after a call", "SELECT a FROM t WHERE f(x) ? 'k' AND (y) ? 'k' AND z[1] ? 'k'", "SELECT a FROM t WHERE f(x) ? 'k' AND (y) ? 'k' AND z[1] ? 'k'"},
		{"json has, after an arrow", "SELECT a FROM t WHERE b->'c' ? 'k'", "SELECT a FROM t WHERE b->'c' ? 'k'"},
		{"json has any and all", "SELECT a FROM t WHERE b ?| array['x'] AND c ?& array['y']", "SELECT a FROM t WHERE b ?| array['x'] AND c ?& array['y']"},
		{"json has any of a parameter", "SELECT a FROM t WHERE b ?| ?", "SELECT a FROM t WHERE b ?| $1"},
		{"json path", "SELECT a FROM t WHERE b @? '$.x' AND c @@ '$.y' AND d @? ?", "SELECT a FROM t WHERE b @? '$.x' AND c @@ '$.y' AND d @? $1"},
		{"json in a column that is a word", "SELECT a FROM t WHERE groups ? 'x' AND value ? 'y'", "SELECT a FROM t WHERE groups ? 'x' AND value ? 'y'"},
		{"json has, quoted", `SELECT a FROM t WHERE "select" ? 'x'`, `SELECT a FROM t WHERE "select" ? 'x'`},
		{"escaped", "SELECT a FROM t WHERE b ?? 'k' AND c ??| array['x'] AND d = ?", "SELECT a FROM t WHERE b ? 'k' AND c ?| array['x'] AND d = $1"},
		{"own parameters", "SELECT a FROM t WHERE b ? $1 AND c = :d AND e ?| $2", "SELECT a FROM t WHERE b ? $1 AND c = :d AND e ?| $2"},
		{"own parameters of sqlc", "SELECT a FROM t WHERE b = $1 AND c = ANY(@d::int[]) AND e ? $2", "SELECT a FROM t WHERE b = $1 AND c = ANY($3::int[]) AND e ? $2"},

		{"colon", "SELECT a FROM t WHERE b = :b AND c = :c AND d = :b", "SELECT a FROM t WHERE b = $1 AND c = $2 AND d = $1"},
		{"colon close", "SELECT a FROM t WHERE b=:b AND c>:c LIMIT:l", "SELECT a FROM t WHERE b=$1 AND c>$2 LIMIT$3"},
		{"colon and cast", "SELECT :a::int, b::text, (:c)::int[]", "SELECT $1::int, b::text, ($2)::int[]"},
		{"colon with a field", "INSERT INTO t VALUES (:tree.id, :tree.name)", "INSERT INTO t VALUES ($1, $2)"},
		{"colon doubled", "SELECT a::::text FROM t", "SELECT a::text FROM t"},
		{"colon in a list", "INSERT INTO t (a, b) VALUES (:a,:b)", "INSERT INTO t (a, b) VALUES ($1,$2)"},
		{"assignment", "SELECT f(a := 1, b => :b)", "SELECT f(a := 1, b => $1)"},
		{"slices", "SELECT a[1:2], a[i:j], a[f(1):n], a[x[1]:y], a[:n] FROM t", "SELECT a[1:2], a[i:j], a[f(1):n], a[x[1]:y], a[$1] FROM t"},
		{"array of names", "SELECT ARRAY[:a, :b]", "SELECT ARRAY[$1, $2]"},
		{"json object", "SELECT json_object('a' : b), json_object('k':v)", "SELECT json_object('a' : b), json_object('k':v)"},
		{"psql value", "SELECT :'a', :'a'", "SELECT $1, $1"},

		{"at", "SELECT a FROM t WHERE b = @b AND c = @c AND d = @b", "SELECT a FROM t WHERE b = $1 AND c = $2 AND d = $1"},
		{"at close", "SELECT a FROM t WHERE b=@b AND c<>@c AND d>=@d", "SELECT a FROM t WHERE b=$1 AND c<>$2 AND d>=$3"},
		{"at and cast", "SELECT @a::int, (@b)", "SELECT $1::int, ($2)"},
		{"at after operators", "SELECT a||@b||@c, a->@d, a@>@e", "SELECT a||$1||$2, a->$3, a@>$4"},
		{"at and contained by", "SELECT a FROM t WHERE b <@ c AND d<@e", "SELECT a FROM t WHERE b <@ c AND d<@e"},
		{"at less than a name", "SELECT a FROM t WHERE b<@b AND c = @c", "SELECT a FROM t WHERE b<$1 AND c = $2"},
		{"at contained by a name", "SELECT a FROM t WHERE b <@ @b", "SELECT a FROM t WHERE b <@ $1"},
		{"at matches", "SELECT a FROM t WHERE b @@ to_tsquery(@q) AND c @@ @q", "SELECT a FROM t WHERE b @@ to_tsquery($1) AND c @@ $1"},
		{"absolute value", "SELECT @ -5, @ a FROM t", "SELECT @ -5, @ a FROM t"},
		{"both ways", "SELECT :a, @a, ?", "SELECT $1, $1, $2"},

		{"strings", `SELECT '? :a @a', E'\'? :b', U&'?', "a?b", "@c"`, `SELECT '? :a @a', E'\'? :b', U&'?', "a?b", "@c"`},
		{"dollar quotes", "SELECT $$ ? :a @a $$, $x$ ? $$ $x$", "SELECT $$ ? :a @a $$, $x$ ? $$ $x$"},
		{"comments", "SELECT 1 -- ? :a @a\n/* ? /* @b */ :c */ + ?", "SELECT 1 -- ? :a @a\n/* ? /* @b */ :c */ + $1"},
		{"mail address", "SELECT 'a@b.c' WHERE x = 'a' || '@' || ?", "SELECT 'a@b.c' WHERE x = 'a' || '@' || $1"},
		{"geometric", "SELECT a FROM t WHERE b ?# c AND d ?-| e AND f ?|| g", "SELECT a FROM t WHERE b ?# c AND d ?-| e AND f ?|| g"},
		{"distance", "SELECT a <-> ? FROM t ORDER BY b <=> @v", "SELECT a <-> $1 FROM t ORDER BY b <=> $2"},

		{"sqlc arg", "SELECT sqlc.arg(a), sqlc.arg('b'), sqlc.narg(c)::int, @a", "SELECT $1, $2, $3::int, $1"},
		{"sqlc slice", "SELECT a FROM t WHERE id IN (sqlc.slice(ids)) AND x = ANY(sqlc.slice('y'))", "SELECT a FROM t WHERE id IN ($1) AND x = ANY($2)"},
		{"sqlc embed", "SELECT sqlc.embed(t), sqlc.embed(\"T\") FROM t", "SELECT t.*, \"T\".* FROM t"},
		{"sqlc beside own", "SELECT sqlc.embed(t), $1, sqlc.arg(x) FROM t", "SELECT t.*, $1, $2 FROM t"},
		{"sqlc spaced", "SELECT sqlc.arg( a ) FROM t", "SELECT $1 FROM t"},
		{"sqlc other", "SELECT sqlc.x(a), sqlc.arg FROM sqlc", "SELECT sqlc.x(a), sqlc.arg FROM sqlc"},

		{"hole as a value", "SELECT a FROM t WHERE b = \x00 AND c = ?", "SELECT a FROM t WHERE b = $1 AND c = $2"},
		{"hole as a clause", "SELECT a FROM t \x00", "SELECT a FROM t  "},
		{"hole in a string", "SELECT '\x00x\x00' FROM t", "SELECT 'x' FROM t"},
		{"hole in a name", "SELECT a FROM t_\x00", "SELECT a FROM t_\x00"},
		{"hole as a number", "SELECT $1, $\x00, $\x00", "SELECT $1, $2, $3"},

		{"unfinished", "SELECT a FROM t WHERE b = '?", "SELECT a FROM t WHERE b = '?"},
		{"colon at the end", "SELECT a:", "SELECT a:"},
		{"at at the end", "SELECT a @", "SELECT a @"},
		{"huge number", "SELECT $99999999999999999999, ?", "SELECT $99999999999999999999, ?"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := at(test.sql).Rewrite(all)
			if got.SQL != test.want {
				t.Errorf("Rewrite(%q)\n got %q\nwant %q", test.sql, got.SQL, test.want)
			}
			checkMap(t, test.sql, got)
		})
	}
}

func TestRewriteOnlyWhatIsAsked(t *testing.T) {
	const sql = "SELECT ?, :a, @b, sqlc.arg(c)"
	for styles, want := range map[Placeholders]string{
		0:        sql,
		Question: "SELECT $1, :a, @b, sqlc.arg(c)",
		Colon:    "SELECT ?, $1, @b, sqlc.arg(c)",
		At:       "SELECT ?, :a, $1, sqlc.arg(c)",
		Calls:    "SELECT ?, :a, @b, $1",
	} {
		if got := at(sql).Rewrite(styles).SQL; got != want {
			t.Errorf("styles %d: got %q, want %q", styles, got, want)
		}
	}
}

func TestRewriteLeavesTextWithOwnParameters(t *testing.T) {
	const sql = "SELECT a FROM t WHERE b ? $1 AND c = @d AND e = :f AND g ?| $2 AND h = ?"
	if got := at(sql).Rewrite(Question | Colon | At).SQL; got != sql {
		t.Errorf("got %q", got)
	}
}

func TestRewriteKeepsPlaces(t *testing.T) {
	text := at("SELECT 'é', :name,\r\n  height FROM t WHERE id=@id AND sqlc.arg('é')").Rewrite(all)
	for piece, want := range map[string][2]Position{
		"$1":       {{"q.sql", 1, 13}, {"q.sql", 1, 18}},
		"height":   {{"q.sql", 2, 3}, {"q.sql", 2, 9}},
		"$2":       {{"q.sql", 2, 26}, {"q.sql", 2, 29}},
		"$3":       {{"q.sql", 2, 34}, {"q.sql", 2, 47}},
		"t WHERE":  {{"q.sql", 2, 15}, {"q.sql", 2, 22}},
		"=$2":      {{"q.sql", 2, 25}, {"q.sql", 2, 29}},
		"FROM t":   {{"q.sql", 2, 10}, {"q.sql", 2, 16}},
		"SELECT '": {{"q.sql", 1, 1}, {"q.sql", 1, 9}},
	} {
		i := strings.Index(text.SQL, piece)
		start := utf8.RuneCountInString(text.SQL[:i])
		from, to := text.Map.Range(start, start+utf8.RuneCountInString(piece))
		if from != want[0] || to != want[1] {
			t.Errorf("%q in %q: got %+v-%+v, want %+v", piece, text.SQL, from, to, want)
		}
	}
}

// checkMap holds a text against the source that it was made of, which stands in one file from its beginning.
func checkMap(t *testing.T, source string, got Text) {
	t.Helper()
	var lines [][]rune
	for _, line := range strings.SplitAfter(source, "\n") {
		lines = append(lines, []rune(line))
	}
	runes := []rune(got.SQL)
	last := -1
	for i, s := range got.Map {
		if s.Start <= last || s.Start >= len(runes) {
			t.Fatalf("segment %d of %+v is out of order or out of the text %q", i, got.Map, got.SQL)
		}
		last = s.Start
		end := len(runes)
		if i+1 < len(got.Map) {
			end = got.Map[i+1].Start
		}
		for k := s.Start; k < end; k++ {
			p := got.Map.Position(k)
			if p.Line < 1 || p.Line > len(lines) {
				t.Fatalf("%+v is out of the source", p)
			}
			line := lines[p.Line-1]
			if p.Column < 1 || p.Column > len(line) {
				t.Fatalf("%+v is out of its line", p)
			}
			if !s.Fixed && line[p.Column-1] != runes[k] {
				t.Fatalf("rune %d of %q is %q, and the source has %q", k, got.SQL, runes[k], line[p.Column-1])
			}
		}
	}
	if len(runes) > 0 && (len(got.Map) == 0 || got.Map[0].Start != 0) {
		t.Fatalf("the map of %q does not begin at 0: %+v", got.SQL, got.Map)
	}
}

// FuzzRewrite rewrites any text: no panic, a map that holds, and nothing more to rewrite in what came out.
func FuzzRewrite(f *testing.F) {
	for _, seed := range []string{
		"SELECT a FROM t WHERE b = ? AND c = :c::int AND d=@d", "a ?? 'b' ?| ?", "x<@y @z =@q||?||?1",
		"sqlc.embed(t), sqlc.arg('é') IN (sqlc.slice(x)) IN ?", "a[:b] a[i:j] ::::text $\x00 '\x00' \x00",
		"SELECT 'é ?", "-- ?\n:'x' $1 $x$ ? $x$", "\xff? \xc3:a",
	} {
		f.Add(seed, uint8(all))
	}
	f.Fuzz(func(t *testing.T, sql string, styles uint8) {
		if len(sql) > 4<<10 {
			return // what a longer text would show, BenchmarkRewrite does; checking it takes too long here
		}
		text := at(sql)
		for range strings.Count(sql, holeText) {
			text.Holes = append(text.Holes, "x")
		}
		got := text.Rewrite(Placeholders(styles) & all)
		if utf8.ValidString(sql) { // else runes that were cut can join to others
			checkMap(t, sql, got)
		}
		text.Statements(Reference{Certain: true, Place: Position{"q.sql", 1, 1}}, all, func(r Reference) {
			checkMap(t, sql, Text{SQL: r.SQL, Map: r.Map})
		})
	})
}

// BenchmarkRewrite has texts that would show a pass over all of the text for each token of it.
func BenchmarkRewrite(b *testing.B) {
	for name, piece := range map[string]string{
		"statement": "SELECT a.id, a.name FROM trees a WHERE a.id = ? AND a.name = :name AND b <@ @tags -- é\n",
		"operators": "a<@b||?||@c ",
		"holes":     "a \x00 ",
		"colons":    ":a:b::c[",
	} {
		text := at(strings.Repeat(piece, 100_000/len(piece)))
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text.SQL)))
			for b.Loop() {
				text.Rewrite(all)
			}
		})
	}
}

// BenchmarkStatements has many statements in one text.
func BenchmarkStatements(b *testing.B) {
	text := at(strings.Repeat("INSERT INTO trees (id) VALUES (?);\n", 3000))
	b.SetBytes(int64(len(text.SQL)))
	for b.Loop() {
		text.Statements(Reference{}, all, func(Reference) {})
	}
}
