package golang_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/headgate/headgate/internal/reference"
	"github.com/headgate/headgate/internal/reference/golang"
)

// BenchmarkRead reads packages as they are in services: mostly code without SQL, some with.
func BenchmarkRead(b *testing.B) {
	fsys := fstest.MapFS{}
	var files []string
	size := 0
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
		size += len(text)
	}
	b.SetBytes(int64(size))
	for b.Loop() {
		n := 0
		if err := (golang.Language{}).Read(context.Background(), fsys, files, func(reference.Reference) { n++ }); err != nil || n == 0 {
			b.Fatal(n, err)
		}
	}
}
