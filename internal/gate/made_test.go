package gate

import "testing"

func TestCreated(t *testing.T) {
	for sql, want := range map[string]string{
		"CREATE TEMP TABLE slots AS SELECT 1":                    "slots",
		"create temporary table if not exists Slots (id int)":    "slots",
		`CREATE /* x */ UNLOGGED TABLE app."My Slots" (id int)`:  "My Slots",
		"CREATE OR REPLACE VIEW a.b AS SELECT 1":                 "b",
		"CREATE MATERIALIZED VIEW IF NOT EXISTS m AS SELECT 1":   "m",
		"CREATE INDEX table_id ON t (id)":                        "",
		"CREATE FUNCTION f() RETURNS table (a int) LANGUAGE sql": "",
		"CREATE TABLE": "",
		"CREATE TRIGGER table AFTER INSERT ON t EXECUTE FUNCTION": "",
	} {
		if got := created(sql); got != want {
			t.Errorf("%s: %q, want %q", sql, got, want)
		}
	}
}
