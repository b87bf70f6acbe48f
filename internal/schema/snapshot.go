package schema

import (
	"context"
	_ "embed"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// Snapshot is the user's part of a database's catalog. What lives in pg_catalog and
// information_schema is the same everywhere and left out.
type Snapshot map[Object]Entry

//go:embed snapshot.sql
var snapshotSQL string

// Take reads the snapshot of the database that conn is connected to.
func Take(ctx context.Context, conn *pgx.Conn) (Snapshot, error) {
	rows, err := conn.Query(ctx, snapshotSQL)
	if err != nil {
		return nil, fmt.Errorf("read the catalog: %w", err)
	}
	snapshot := Snapshot{}
	var o Object
	var e Entry
	scan := []any{&o.Kind, &o.Schema, &o.Table, &o.Name, &e.OID, &e.Number, &e.Definition}
	_, err = pgx.ForEachRow(rows, scan, func() error {
		snapshot[o] = e
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the catalog: %w", err)
	}
	return snapshot, nil
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
