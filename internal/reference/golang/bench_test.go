package golang_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/headgate/headgate/internal/reference/golang"
	"github.com/headgate/headgate/internal/reference/referencetest"
)

// BenchmarkRead reads packages as they are in services: mostly code without SQL, some with.
func BenchmarkRead(b *testing.B) {
	fsys := fstest.MapFS{}
	var files []string
	for i := range 40 {
		name := fmt.Sprintf("p%d/store.go", i)
		text := "package store\n\nconst table = \"trees\"\n" + strings.Repeat(`
func load(ctx context.Context, db *sql.DB, id int) (*Tree, error) {
	if id < 0 {
		return nil, fmt.Errorf("load tree %d: no such id", id)
	}
	query := "SELECT id, name, height_m FROM " + table
	query += " WHERE id = $1"
	row := db.QueryRowContext(ctx, query, id)
	var t Tree
	for i, field := range fields {
		names[i] = strings.ToLower(field.Name) + "_" + suffix
	}
	return &t, row.Scan(&t.ID, &t.Name, &t.Height)
}
`, 50)
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
		files = append(files, name)
	}
	referencetest.Benchmark(b, golang.Language{}, fsys, files)
}
