package app_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// migrator is the name under which scripts find a program that migrates as Rails does.
const migrator = "rails-migrator"

// runMigrator runs the files of db/migrate that schema_migrations does not name, in the order of their names: what stands
// between <<~SQL and SQL. It knows the database from DATABASE_URL alone.
func runMigrator() {
	if err := migrate(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func migrate(ctx context.Context) error {
	for _, entry := range os.Environ() {
		if name, value, _ := strings.Cut(entry, "="); name == "GITHUB_TOKEN" || strings.HasPrefix(value, "ghs_") {
			return fmt.Errorf("the command sees %s", name)
		}
	}
	conn, err := pgx.Connect(ctx, os.Getenv("DATABASE_URL"))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, "CREATE TABLE IF NOT EXISTS schema_migrations (version varchar PRIMARY KEY)"); err != nil {
		return err
	}
	files, err := filepath.Glob("db/migrate/*.rb")
	if err != nil {
		return err
	}
	slices.Sort(files)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		version, _, _ := strings.Cut(filepath.Base(file), "_")
		_, sql, _ := strings.Cut(string(text), "<<~SQL")
		sql, _, _ = strings.Cut(sql, "\n    SQL")
		if err := pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
			tag, err := tx.Exec(ctx, "INSERT INTO schema_migrations VALUES ($1) ON CONFLICT DO NOTHING", version)
			if err == nil && tag.RowsAffected() > 0 {
				_, err = tx.Exec(ctx, sql)
			}
			return err
		}); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	return nil
}
