package postgres

import (
	"context"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"
)

// BenchmarkAnalyse has the statements of a service: reads of one table and of two, writes, and some that are refused.
func BenchmarkAnalyse(b *testing.B) {
	requireLocal(b)
	srv, err := Start(b.Context(), options(b, Local))
	if err != nil {
		b.Fatal(err)
	}
	defer srv.Close(context.Background())
	db, err := srv.CreateDatabase(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	conn, err := pgx.ConnectConfig(b.Context(), db.Config())
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close(context.Background())
	statements := make([]string, 0, 10000)
	for i := range 100 {
		if _, err := conn.Exec(b.Context(), fmt.Sprintf(`CREATE TABLE t%d (id bigint PRIMARY KEY, name text UNIQUE, parent bigint, at timestamptz DEFAULT now())`, i)); err != nil {
			b.Fatal(err)
		}
	}
	shapes := []string{
		"SELECT id, name, at FROM t%[1]d WHERE id = $1",
		"SELECT a.id, b.name FROM t%[1]d a JOIN t%[2]d b ON b.id = a.parent WHERE a.name = $1 AND b.at > $2 ORDER BY b.at LIMIT 10",
		"INSERT INTO t%[1]d (id, name) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET name = excluded.name RETURNING id",
		"UPDATE t%[1]d SET name = $1 WHERE id = $2",
		"SELECT height FROM t%[1]d",
	}
	for i := range cap(statements) {
		statements = append(statements, fmt.Sprintf(shapes[i%len(shapes)], i%100, (i+1)%100))
	}
	b.ResetTimer()
	for b.Loop() {
		if _, err := Analyse(b.Context(), db.Config(), statements); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*len(statements))/b.Elapsed().Seconds(), "statements/s")
}
