package sql_test

import (
	"testing"
	"testing/fstest"

	"github.com/headgate/headgate/internal/reference/referencetest"
	"github.com/headgate/headgate/internal/reference/sql"
)

func TestReferences(t *testing.T) {
	referencetest.Run(t, sql.Language{}, "testdata")
}

func TestReads(t *testing.T) {
	for path, want := range map[string]bool{
		"queries/trees.sql":  true,
		"TREES.SQL":          true,
		"a/testdata/x.sql":   false,
		"vendor/x.sql":       false,
		"node_modules/x.sql": false,
		".cache/x.sql":       false,
		"x.sql.go":           false,
		"sql":                false,
	} {
		if got := (sql.Language{}).Reads(path); got != want {
			t.Errorf("Reads(%q) = %v, want %v", path, got, want)
		}
	}
}

// FuzzRead reads any text as a query file: it must not panic, and each reference's map must hold.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		"-- name: A :one\nSELECT sqlc.embed(t), sqlc.arg('é') FROM t WHERE a = @b\n-- name: B\nDELETE FROM t",
		"\ufeffSELECT 1;\r\n\\i x.sql\nCOPY t FROM stdin;\n1\t2\n\\.\n",
		"/* name: X :many */ SELECT $1, sqlc.slice(ids) FROM t; CREATE TABLE x();",
		"SELECT {{ x }} FROM t; INSERT INTO t VALUES (1)",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		referencetest.Read(t, sql.Language{}, fstest.MapFS{"q.sql": {Data: text}})
	})
}
