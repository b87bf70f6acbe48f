-- Indexes, those of constraints too. An int2vector counts from 0.
SELECT n.nspname::text, t.relname::text, c.relname::text, c.oid, pg_get_indexdef(c.oid) || CASE WHEN i.indisvalid THEN '' ELSE ' invalid' END,
       i.indrelid, i.indisunique, (i.indkey::int2[])[0:i.indnkeyatts - 1], coalesce(pg_get_expr(i.indpred, i.indrelid), ''), i.indisvalid,
       EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = c.oid AND k.conrelid = i.indrelid AND k.contype IN ('p', 'u', 'x'))
FROM pg_index i
JOIN pg_class c ON c.oid = i.indexrelid
JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
JOIN pg_class t ON t.oid = i.indrelid
