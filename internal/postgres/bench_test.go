package postgres

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// benchProviders are the providers whose server a run starts, as far as this machine has them.
func benchProviders(b *testing.B, bench func(b *testing.B, o Options)) {
	for _, p := range providers[:2] {
		b.Run(p.name, func(b *testing.B) {
			var o Options
			// The makers of providers take a *testing.T, for they fail and skip.
			testing.RunTests(func(string, string) (bool, error) { return true, nil }, []testing.InternalTest{{Name: p.name, F: func(t *testing.T) {
				o = p.make(t).options(t)
			}}})
			if o.Provider == "" {
				b.Skip("the provider is not to be had here")
			}
			o.Progress, o.Warn = nil, nil
			o.Env = envWith("TMPDIR", "")
			bench(b, o)
		})
	}
}

func BenchmarkStart(b *testing.B) {
	benchProviders(b, func(b *testing.B, o Options) {
		for b.Loop() {
			srv, err := Start(b.Context(), o)
			if err != nil {
				b.Fatal(err)
			}
			b.StopTimer()
			if err := srv.Close(context.Background()); err != nil {
				b.Fatal(err)
			}
			b.StartTimer()
		}
	})
}

func BenchmarkClose(b *testing.B) {
	benchProviders(b, func(b *testing.B, o Options) {
		for b.Loop() {
			b.StopTimer()
			srv, err := Start(b.Context(), o)
			if err != nil {
				b.Fatal(err)
			}
			b.StartTimer()
			if err := srv.Close(context.Background()); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkClone(b *testing.B) {
	for _, tables := range []int{0, 500} {
		b.Run(fmt.Sprintf("tables=%d", tables), func(b *testing.B) {
			benchProviders(b, func(b *testing.B, o Options) {
				srv, err := Start(b.Context(), o)
				if err != nil {
					b.Fatal(err)
				}
				defer srv.Close(context.Background())
				from, err := srv.CreateDatabase(b.Context())
				if err != nil {
					b.Fatal(err)
				}
				conn, err := pgx.ConnectConfig(b.Context(), from.Config())
				if err != nil {
					b.Fatal(err)
				}
				var sql strings.Builder
				for i := range tables {
					fmt.Fprintf(&sql, "CREATE TABLE t%d (id bigserial PRIMARY KEY, name text UNIQUE, at timestamptz);", i)
				}
				if _, err := conn.Exec(b.Context(), sql.String()); err != nil {
					b.Fatal(err)
				}
				conn.Close(b.Context())
				for b.Loop() {
					// As a run does: the connection that made the schema is closed, and the clone made at once.
					b.StopTimer()
					conn, err := pgx.ConnectConfig(b.Context(), from.Config())
					if err != nil {
						b.Fatal(err)
					}
					b.StartTimer()
					conn.Close(b.Context())
					db, err := srv.Clone(b.Context(), from)
					if err != nil {
						b.Fatal(err)
					}
					b.StopTimer()
					if err := db.Drop(b.Context()); err != nil {
						b.Fatal(err)
					}
					b.StartTimer()
				}
			})
		})
	}
}
