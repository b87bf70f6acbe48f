package postgres

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"
	"os"
	"slices"

	"github.com/jackc/pgx/v5"
)

func TestZZ(t *testing.T) {
	for _, prov := range []string{"local"} {
	for _, tables := range []int{0, 500} {
		o := Options{Provider: prov, Env: os.Getenv, Image: "postgres:17"}
		srv := start(t, o)
		from := createDatabase(t, srv)
		conn := connect(t, from.Config())
		var sql strings.Builder
		for i := range tables {
			fmt.Fprintf(&sql, "CREATE TABLE t%d (id bigserial PRIMARY KEY, name text UNIQUE, at timestamptz);", i)
		}
		mustExec(t, conn, sql.String())
		conn.Close(t.Context())
		for _, opt := range []string{"STRATEGY wal_log", "STRATEGY file_copy"} {
			var with, without []time.Duration
			for i := range 10 {
				if i%2 == 0 {
					c, _ := pgx.ConnectConfig(t.Context(), from.Config())
					c.Close(t.Context())
				}
				t0 := time.Now()
				if err := srv.exec(t.Context(), "CREATE DATABASE zz TEMPLATE "+quote(from.name)+" "+opt); err != nil {
					t.Fatal(err)
				}
				d := time.Since(t0)
				if i%2 == 0 { with = append(with, d) } else { without = append(without, d) }
				srv.exec(t.Context(), "DROP DATABASE zz")
			}
			slices.Sort(with); slices.Sort(without)
			t.Log(prov, tables, opt, "after close", with[0], with[2], "quiet", without[0], without[2])
		}
		var t0 = time.Now()
		for range 20 { c, err := pgx.ConnectConfig(t.Context(), from.Config()); if err != nil { t.Fatal(err) }; c.Close(context.Background()) }
		t.Log("connect", time.Since(t0)/20)
	}
	}
}
