package supabase

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/headgate/headgate/internal/migration"
	"github.com/headgate/headgate/internal/migration/script"
	"github.com/headgate/headgate/internal/sqltext"
)

// prepare makes the version table (pkg/migration/history.go, CreateMigrationTable).
var prepare = []script.Own{
	{SQL: "CREATE SCHEMA IF NOT EXISTS supabase_migrations"},
	{SQL: "CREATE TABLE IF NOT EXISTS supabase_migrations.schema_migrations (version text NOT NULL PRIMARY KEY)"},
	{SQL: "ALTER TABLE supabase_migrations.schema_migrations ADD COLUMN IF NOT EXISTS statements text[]"},
	{SQL: "ALTER TABLE supabase_migrations.schema_migrations ADD COLUMN IF NOT EXISTS name text"},
}

// Migrator sends the statements of a file and the stamp in one pipeline, as the command line does (pkg/migration/file.go,
// ExecBatch). Where the database has no schema auth, what the platform brings is made first.
func (f Format) Migrator(fsys fs.FS, _ *migration.History, to migration.Target) (migration.Migrator, error) {
	to.Database = to.Database.Copy()
	to.Database.RuntimeParams["search_path"] = searchPath
	return &migrator{fsys: fsys, to: to, runner: script.NewRunner(to, prepare...)}, nil
}

type migrator struct {
	fsys   fs.FS
	to     migration.Target
	runner *script.Runner
	// absent are extensions that a project's database has and this one does not; nil before the first migration.
	absent map[string]bool
}

// Apply runs the file.
func (m *migrator) Apply(ctx context.Context, r migration.Revision) ([]migration.Statement, error) {
	name := named.FindStringSubmatch(path.Base(r.File))
	if name == nil {
		return nil, fmt.Errorf("%s is no migration of Supabase", r.File)
	}
	content, err := fs.ReadFile(m.fsys, r.File)
	if err != nil {
		return nil, fmt.Errorf("read the migration: %w", err)
	}
	if m.absent == nil {
		if m.absent, err = setUp(ctx, m.to); err != nil {
			return nil, err
		}
	}
	text := script.Expand(string(content), m.to.Placeholders)
	return m.runner.Run(ctx, script.Script{
		File: r.File, Messages: m.messages(text), Pipeline: true,
		Before: []script.Own{{SQL: "RESET ALL"}}, // pkg/migration/apply.go, ApplyMigrations
		After: []script.Own{{
			SQL:  "INSERT INTO supabase_migrations.schema_migrations(version, name, statements) VALUES($1, $2, $3)",
			Args: []any{name[1], name[2], pieces(text)},
		}},
	})
}

// messages are the statements of a file. PostgreSQL's rules say where one ends; the command line's own splitter (pkg/parser)
// differs from them where the server would refuse what it makes, such as in E'\” before a semicolon.
func (m *migrator) messages(text string) []script.Message {
	var messages []script.Message
	for _, message := range script.Statements(text, 0, len(text)) {
		if m.absent[extensionOf(message.SQL)] {
			continue // the platform has it, so that nothing happens there
		}
		message.SQL = asOwner(message.SQL)
		messages = append(messages, message)
	}
	return messages
}

// pieces is what the version table keeps of a file: each statement with the comments above it, without its semicolon
// (pkg/parser, SplitAndTrim).
func pieces(text string) []string {
	list := []string{}
	keep := func(piece string) {
		piece = strings.TrimSpace(strings.TrimRight(strings.TrimLeft(piece, "; \t\r\n"), ";"))
		if piece != "" {
			list = append(list, strings.ToValidUTF8(piece, "\ufffd"))
		}
	}
	from := 0
	for span := range sqltext.Statements(text) {
		keep(text[from:span.End])
		from = span.End
		if strings.HasPrefix(text[from:], ";") {
			from++
		}
	}
	keep(text[from:])
	return list
}

// words are the first words of a statement, with names as PostgreSQL folds them.
func words(sql string, most int) []string {
	var list []string
	scan := sqltext.NewScanner(sql)
	for t := scan.Next(); t.Kind != sqltext.EOF && len(list) < most; t = scan.Next() {
		if t.Kind != sqltext.Comment {
			list = append(list, sqltext.Unquote(sql[t.Start:t.End]))
		}
	}
	return list
}

// extensionOf is what a CREATE EXTENSION IF NOT EXISTS names; empty for any other statement.
func extensionOf(sql string) string {
	w := words(sql, 6)
	if len(w) < 6 || strings.Join(w[:5], " ") != "create extension if not exists" {
		return ""
	}
	return w[5]
}

// asOwner has the owner role take the place of the role postgres, as which migrations run on the platform, where a statement
// says whose an object is. The server's own postgres is mostly a superuser, whose nothing may become. (A dump of
// `supabase db pull` says ALTER … OWNER TO "postgres" and ALTER DEFAULT PRIVILEGES FOR ROLE "postgres".)
func asOwner(sql string) string {
	if first := words(sql, 1); len(first) == 0 || first[0] != "alter" && first[0] != "create" {
		return sql
	}
	var b strings.Builder
	before, last, copied := "", "", 0
	scan := sqltext.NewScanner(sql)
	for t := scan.Next(); t.Kind != sqltext.EOF; t = scan.Next() {
		if t.Kind == sqltext.Comment {
			continue
		}
		word := sql[t.Start:t.End]
		if t.Kind == sqltext.Identifier || t.Kind == sqltext.QuotedIdentifier {
			word = sqltext.Unquote(word)
		}
		pair := before + " " + last
		if word == "postgres" && t.Kind != sqltext.String && (pair == "owner to" || pair == "for role" || pair == "for user" || last == "authorization") {
			b.WriteString(sql[copied:t.Start])
			b.WriteString("CURRENT_USER")
			copied = t.End
		}
		before, last = last, word
	}
	b.WriteString(sql[copied:])
	return b.String()
}

// Revert does nothing: there is no way down. `supabase migration down` builds the database anew.
func (m *migrator) Revert(context.Context, migration.Revision) ([]migration.Statement, error) {
	return nil, nil
}

func (m *migrator) Close() error { return m.runner.Close() }
