package schema

import (
	"context"
	"embed"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// Snapshot is the user's part of a database's catalog. What lives in pg_catalog and
// information_schema is the same everywhere and left out.
type Snapshot map[Object]Entry

// The queries say nothing that PostgreSQL 12 does not know yet.
//
//go:embed catalog/*.sql
var catalog embed.FS

// Take reads the snapshot of the database that conn is connected to. conn must not be in a transaction.
func Take(ctx context.Context, conn *pgx.Conn) (_ Snapshot, err error) {
	tx, err := conn.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return nil, fmt.Errorf("read the catalog: %w", err)
	}
	defer func() { err = errors.Join(err, tx.Rollback(context.WithoutCancel(ctx))) }()
	// PostgreSQL leaves a schema out of a definition where the search_path makes it needless. A migration may set one for
	// the whole database, which changes no object.
	if _, err := tx.Exec(ctx, "SET LOCAL search_path = public"); err != nil {
		return nil, fmt.Errorf("read the catalog: %w", err)
	}
	t := taker{snapshot: Snapshot{}, members: map[member]bool{}, checked: map[Object]bool{}, fillers: map[uint32][]filler{}}
	batch := &pgx.Batch{}
	for _, q := range []struct {
		name string
		read func(pgx.Rows) error
	}{
		// Columns come last: whether one is required depends on constraints and triggers.
		{"members", t.readMembers}, {"others", t.readOthers}, {"relations", t.readRelations}, {"types", t.readTypes},
		{"functions", t.readFunctions}, {"constraints", t.readConstraints}, {"indexes", t.readIndexes}, {"triggers", t.readTriggers},
		{"rules", t.readRules}, {"policies", t.readPolicies}, {"privileges", t.readPrivileges}, {"columns", t.readColumns},
	} {
		sql, err := catalog.ReadFile("catalog/" + q.name + ".sql")
		if err != nil {
			return nil, err
		}
		batch.Queue(string(sql)).Query(func(rows pgx.Rows) error {
			if err := q.read(rows); err != nil {
				return fmt.Errorf("read the catalog's %s: %w", q.name, err)
			}
			return nil
		})
	}
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return nil, err
	}
	t.markHeld()
	return t.snapshot, nil
}

// HasRelation tells whether a table or view of this name exists in any schema, or in the given one if it is
// not empty.
func (s Snapshot) HasRelation(schema, name string) bool {
	for _, kind := range []Kind{Table, View} {
		if schema != "" {
			if _, ok := s[Object{Kind: kind, Schema: schema, Name: name}]; ok {
				return true
			}
			continue
		}
		for o := range s {
			if o.Kind == kind && o.Name == name {
				return true
			}
		}
	}
	return false
}
