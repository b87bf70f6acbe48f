package postgres

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// benchProviders runs a benchmark with each provider whose server a run starts.
func benchProviders(b *testing.B, bench func(b *testing.B, o Options)) {
	b.Run(Local, func(b *testing.B) {
		requireLocal(b)
		bench(b, Options{Provider: Local, Env: os.Getenv})
	})
	b.Run(Container, func(b *testing.B) {
		_, image := requireContainer(b)
		bench(b, Options{Provider: Container, Image: image, Env: os.Getenv})
	})
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
