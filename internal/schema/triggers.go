package schema

import (
	"github.com/jackc/pgx/v5"
)

// The bits of pg_trigger.tgtype (src/include/catalog/pg_trigger.h).
const (
	triggerRow int16 = 1 << iota
	triggerBefore
	triggerInsert
	triggerDelete
	triggerUpdate
	triggerTruncate
	triggerInstead
)

func (t *taker) readTriggers(rows pgx.Rows) error {
	o := Object{Kind: Trigger}
	var e Entry
	var f TriggerFacts
	var bits int16
	var columns []int16
	var table uint32
	var enabled, language, source string
	known := map[uint32]filler{}
	scan := []any{&o.Schema, &o.Table, &o.Name, &e.OID, &e.Definition, &bits, &enabled, &columns, &table, &f.Function, &language, &source}
	_, err := pgx.ForEachRow(rows, scan, func() error {
		facts := TriggerFacts{
			Timing: "AFTER", Row: bits&triggerRow != 0,
			Insert: bits&triggerInsert != 0, Update: bits&triggerUpdate != 0, Delete: bits&triggerDelete != 0, Truncate: bits&triggerTruncate != 0,
			Columns: append([]int16(nil), columns...), Enabled: fires(enabled), Function: f.Function,
		}
		switch {
		case bits&triggerBefore != 0:
			facts.Timing = "BEFORE"
		case bits&triggerInstead != 0:
			facts.Timing = "INSTEAD OF"
		}
		entry := e
		entry.Trigger, entry.Definition = &facts, e.Definition+enabledWord(enabled)
		t.put(o, entry)
		if facts.Enabled && facts.Row && facts.Insert && facts.Timing == "BEFORE" {
			if _, read := known[f.Function]; !read {
				known[f.Function] = newFiller(language, source)
			}
			t.fillers[table] = append(t.fillers[table], known[f.Function])
		}
		return nil
	})
	return err
}

// fires tells whether a trigger or rule fires in a session that is no replica's (pg_trigger.tgenabled, pg_rewrite.ev_enabled).
func fires(enabled string) bool { return enabled == "O" || enabled == "A" }

func enabledWord(enabled string) string {
	switch enabled {
	case "D":
		return " disabled"
	case "R":
		return " in replicas"
	case "A":
		return " always"
	}
	return ""
}
