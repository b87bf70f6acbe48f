package atlas_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"

	"ariga.io/atlas/sql/migrate"
	"ariga.io/atlas/sql/postgres"
	"ariga.io/atlas/sql/schema"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/headgate/headgate/internal/migration/atlas"
	"github.com/headgate/headgate/internal/migration/migrationtest"
)

// TestSameAsAtlas compares with Atlas's Executor, which `atlas migrate apply` calls file by file
// (cmd/atlas/internal/cmdapi/migrate.go). The command itself, with the table's rows and the transactions, is another module.
func TestSameAsAtlas(t *testing.T) {
	migrationtest.Compare(t, atlas.Format{}, migrationtest.Reference{
		Up:   func(t *testing.T, tree fs.FS, c *pgx.ConnConfig) error { return apply(t, tree, c) },
		Down: func(*testing.T, fs.FS, *pgx.ConnConfig) error { return nil }, // nor have we a way down
		Rows: `SELECT concat_ws('|', version, description, type, applied, total, error, error_stmt, hash, partial_hashes)
			FROM atlas_schema_revisions.atlas_schema_revisions WHERE error = '' ORDER BY version`,
		Apart: map[string]string{
			"fails_parenthesis": "the table is there before the file is read",
			"txmode_all":        "the table is there before the file is read",
		},
	})
}

// table is what the rows are kept in.
const table = `CREATE SCHEMA atlas_schema_revisions; CREATE TABLE atlas_schema_revisions.atlas_schema_revisions (
	version character varying NOT NULL PRIMARY KEY, description character varying NOT NULL, type bigint NOT NULL DEFAULT 2,
	applied bigint NOT NULL DEFAULT 0, total bigint NOT NULL DEFAULT 0, executed_at timestamp with time zone NOT NULL,
	execution_time bigint NOT NULL, error text NULL, error_stmt text NULL, hash character varying NOT NULL,
	partial_hashes jsonb NULL, operator_version character varying NOT NULL)`

func apply(t *testing.T, tree fs.FS, config *pgx.ConnConfig) (err error) {
	t.Helper()
	folder, err := fs.Sub(tree, "migrations")
	if err != nil {
		t.Fatal(err)
	}
	path := t.TempDir()
	if err := os.CopyFS(path, folder); err != nil {
		t.Fatal(err)
	}
	dir, err := migrate.NewLocalDir(path)
	if err != nil {
		t.Fatal(err)
	}
	db := stdlib.OpenDB(*config)
	defer func() { err = errors.Join(err, db.Close()) }()
	pending, err := executor(t, db, dir).Pending(t.Context())
	if errors.Is(err, migrate.ErrNoPendingFiles) {
		return nil
	}
	if err != nil {
		return err
	}
	if _, err := db.ExecContext(t.Context(), table); err != nil {
		t.Fatal(err)
	}
	for _, file := range pending {
		if err := applyFile(t, db, dir, file); err != nil {
			return err
		}
	}
	return nil
}

// applyFile runs a file in a transaction, as the command does unless its txmode is none.
func applyFile(t *testing.T, db *sql.DB, dir migrate.Dir, file migrate.File) error {
	t.Helper()
	switch mode := strings.Join(file.(*migrate.LocalFile).Directive("txmode"), " "); mode {
	case "none":
		return executor(t, db, dir).Execute(t.Context(), file)
	case "", "file":
	default:
		return errors.New("the command refuses the txmode " + mode)
	}
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := executor(t, tx, dir).Execute(t.Context(), file); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

func executor(t *testing.T, db schema.ExecQuerier, dir migrate.Dir) *migrate.Executor {
	t.Helper()
	driver, err := postgres.Open(db)
	if err != nil {
		t.Fatal(err)
	}
	e, err := migrate.NewExecutor(driver, dir, rows{db}, migrate.WithAllowDirty(true))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// rows are those of the version table.
type rows struct{ db schema.ExecQuerier }

func (rows) Ident() *migrate.TableIdent {
	return &migrate.TableIdent{Name: "atlas_schema_revisions", Schema: "atlas_schema_revisions"}
}

// ReadRevisions is asked before there is a table.
func (rows) ReadRevisions(context.Context) ([]*migrate.Revision, error) { return nil, nil }

func (r rows) ReadRevision(ctx context.Context, version string) (_ *migrate.Revision, err error) {
	found, err := r.db.QueryContext(ctx, `SELECT description, type, applied, total, error, error_stmt, hash, coalesce(partial_hashes, 'null')
		FROM atlas_schema_revisions.atlas_schema_revisions WHERE version = $1`, version)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, found.Close()) }()
	if !found.Next() {
		return nil, errors.Join(migrate.ErrRevisionNotExist, found.Err())
	}
	revision, partial := &migrate.Revision{Version: version}, []byte{}
	if err := found.Scan(&revision.Description, &revision.Type, &revision.Applied, &revision.Total, &revision.Error, &revision.ErrorStmt, &revision.Hash, &partial); err != nil {
		return nil, err
	}
	return revision, json.Unmarshal(partial, &revision.PartialHashes)
}

func (r rows) WriteRevision(ctx context.Context, v *migrate.Revision) error {
	partial, err := json.Marshal(v.PartialHashes)
	if err != nil {
		return err
	}
	_, err = r.db.ExecContext(ctx, `INSERT INTO atlas_schema_revisions.atlas_schema_revisions VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
		ON CONFLICT (version) DO UPDATE SET applied = $4, total = $5, error = $8, error_stmt = $9, partial_hashes = $11`,
		v.Version, v.Description, v.Type, v.Applied, v.Total, v.ExecutedAt, v.ExecutionTime, v.Error, v.ErrorStmt, v.Hash, string(partial), v.OperatorVersion)
	return err
}

func (r rows) DeleteRevision(ctx context.Context, version string) error {
	_, err := r.db.ExecContext(ctx, "DELETE FROM atlas_schema_revisions.atlas_schema_revisions WHERE version = $1", version)
	return err
}
