package main

import (
	"github.com/jackc/pgx/v5"
	"errors"
	"github.com/jackc/pgx/v5/pgconn"

	"context"
	"fmt"
	"io/fs"
	"os"
	"sort"
	"strings"
	"time"
	"runtime"

	"github.com/headgate/headgate/internal/reference"
	"github.com/headgate/headgate/internal/reference/golang"
	"github.com/headgate/headgate/internal/reference/sql"
)

func main() {
	fsys := os.DirFS(os.Args[1])
	verbose := len(os.Args) == 3
	var conn *pgx.Conn
	if len(os.Args) > 3 {
		var err error
		conn, err = pgx.Connect(context.Background(), "host=/tmp/refx/pg user=postgres dbname="+os.Args[3])
		if err != nil { panic(err) }
	}
	var l reference.Language
	for _, l = range []reference.Language{golang.Language{}, sql.Language{}} {
		var files []string
		var size int64
		fs.WalkDir(fsys, ".", func(p string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && l.Reads(p) && !strings.Contains(p, "migrations/") && !strings.Contains(p,"/migrate/") {
				files = append(files, p)
				i, _ := d.Info()
				size += i.Size()
			}
			return nil
		})
		sort.Strings(files)
		start := time.Now()
		n, certain, models, unchecked := 0, 0, 0, 0
		reasons := map[string]int{}
		err := l.Read(context.Background(), fsys, files, func(r reference.Reference) {
			n++
			if r.Certain {
				certain++
			}
			if r.Model {
				models++
			}
			if r.Unchecked != "" {
				unchecked++
				k := r.Unchecked
				if i := strings.Index(k, ":"); i > 0 {
					f := strings.Fields(k[i:])
					if len(f)>3 { f = f[:3] }
					k = k[:i] + strings.Join(f, " ")
				}
				reasons[k]++
			}
			if conn != nil && r.SQL != "" {
				_, err := conn.Prepare(context.Background(), "", r.SQL)
				var pe *pgconn.PgError
				if errors.As(err, &pe) {
					f, t := r.Map.Range(int(pe.Position)-1, int(pe.Position))
					fmt.Printf("FAIL %s certain=%v unchecked=%q %s:%d:%d-%d %s | %.3000q\n", pe.Code, r.Certain, r.Unchecked, f.File, f.Line, f.Column, t.Column, pe.Message, r.SQL)
				} else if err != nil { fmt.Println("ERR", err) } else { fmt.Printf("OK unchecked=%v\n", r.Unchecked != "") }
			}
			if verbose {
				c := " "
				if r.Certain { c = "C" }
				if r.Model { c += "M" }
				fmt.Printf("%s:%d:%d [%s] %s | %.300q | %s\n", r.Place.File, r.Place.Line, r.Place.Column, c, r.Name, strings.Join(strings.Fields(r.SQL), " "), r.Unchecked)
			}
		})
		d := time.Since(start)
		var ms runtime.MemStats
		runtime.ReadMemStats(&ms)
		fmt.Fprintln(os.Stderr, l.Name(), "files", len(files), "refs", n, "certain", certain, "models", models, "unchecked", unchecked, d, fmt.Sprintf("%.1f MB/s sys %d MB", float64(size)/1e6/d.Seconds(), ms.Sys>>20), err)
		for k, v := range reasons {
			fmt.Fprintln(os.Stderr, "   ", v, k)
		}
	}
}
