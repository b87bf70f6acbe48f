package goose_test

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	tool "github.com/pressly/goose/v3"

	"github.com/headgate/headgate/internal/migration"
	"github.com/headgate/headgate/internal/migration/goose"
	"github.com/headgate/headgate/internal/migration/migrationtest"
	"github.com/headgate/headgate/internal/postgres/postgrestest"
)

func TestConformance(t *testing.T) { migrationtest.Run(t, goose.Format{}) }

func TestSameAsGoose(t *testing.T) {
	t.Setenv("GITHUB_TOKEN", "") // which a case must not find
	migrationtest.Compare(t, goose.Format{}, migrationtest.Reference{
		Up: func(t *testing.T, tree fs.FS, c *pgx.ConnConfig) error {
			return run(t, tree, c, func(ctx context.Context, p *tool.Provider) error {
				_, err := p.Up(ctx)
				return err
			})
		},
		Down: func(t *testing.T, tree fs.FS, c *pgx.ConnConfig) error {
			return run(t, tree, c, func(ctx context.Context, p *tool.Provider) error {
				_, err := p.DownTo(ctx, 0)
				return err
			})
		},
		Rows: `SELECT id || ' ' || version_id || ' ' || is_applied FROM goose_db_version ORDER BY id`,
		Apart: map[string]string{
			"environment":   "a value of several lines is on one line here, so that every line keeps its number",
			"fails_prepare": "goose reads all files before it runs the first, and we read each when its turn comes",
		},
	})
}

// run is goose as its command line runs it: over the files as they are, with the variables of the process.
func run(t *testing.T, tree fs.FS, config *pgx.ConnConfig, way func(context.Context, *tool.Provider) error) error {
	t.Helper()
	folder, err := fs.Sub(tree, "migrations")
	if err != nil {
		t.Fatal(err)
	}
	db := stdlib.OpenDB(*config)
	p, err := tool.NewProvider(tool.DialectPostgres, db, folder, tool.WithDisableGlobalRegistry(true))
	if err != nil {
		return errors.Join(err, db.Close())
	}
	return errors.Join(way(t.Context(), p), p.Close())
}

// A target without an environment has no variables.
func TestNoEnvironment(t *testing.T) {
	tree := fstest.MapFS{"m/1_a.sql": {Data: []byte("-- +goose Up\n-- +goose ENVSUB ON\nCREATE TABLE ${SPECIES:-trees} (id bigint);\n")}}
	m, err := goose.Format{}.Migrator(tree, &migration.History{Dir: "m"}, migration.Target{Database: postgrestest.Database(t, postgrestest.Start(t)).Config()})
	if err != nil {
		t.Fatal(err)
	}
	statements, err := m.Apply(t.Context(), migration.Revision{Version: "1", File: "m/1_a.sql"})
	if err := errors.Join(err, m.Close()); err != nil {
		t.Fatal(err)
	}
	if len(statements) != 1 || statements[0].SQL != "CREATE TABLE trees (id bigint);" {
		t.Errorf("what ran is %+v", statements)
	}
}

// FuzzRead wants goose and us to refuse the same folders, and to have the same versions in the same order.
func FuzzRead(f *testing.F) {
	f.Add("00001_a.sql\n2_b.sql\n10_.sql\nREADME.md")
	f.Add("1_a.sql\n01_b.sql")
	f.Add("1_a.go\n2_b_test.go\n+3_c.sql\n-4_d.sql\n0x5_e.sql\n9223372036854775808_f.sql\n6_.SQL")
	db := stdlib.OpenDB(pgx.ConnConfig{})
	f.Cleanup(func() { _ = db.Close() })
	f.Fuzz(func(t *testing.T, names string) {
		tree := fstest.MapFS{"m/readme": {}}
		for name := range strings.SplitSeq(names, "\n") {
			if fs.ValidPath("m/"+name) && !strings.Contains(name, "/") {
				tree["m/"+name] = &fstest.MapFile{}
			}
		}
		folder, err := fs.Sub(tree, "m")
		if err != nil {
			t.Fatal(err)
		}
		var theirs, ours []int64
		p, theirErr := tool.NewProvider(tool.DialectPostgres, db, folder, tool.WithDisableGlobalRegistry(true))
		if errors.Is(theirErr, tool.ErrNoMigrations) {
			theirErr = nil
		} else if theirErr == nil {
			for _, s := range p.ListSources() {
				theirs = append(theirs, s.Version)
			}
			slices.Sort(theirs) // as it does before it runs them
		}
		h, err := goose.Format{}.Read(tree, "m")
		if (theirErr == nil) != (err == nil) {
			t.Fatalf("goose says %v, and we say %v", theirErr, err)
		}
		if err == nil {
			for _, r := range h.Revisions {
				number, err := strconv.ParseInt(r.Version, 10, 64)
				if err != nil {
					t.Fatal(err)
				}
				ours = append(ours, number)
			}
		}
		if !slices.Equal(theirs, ours) {
			t.Fatalf("goose has %v, and we have %v", theirs, ours)
		}
	})
}
