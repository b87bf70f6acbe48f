-- Types other than the rows of tables and views, and than arrays.
WITH RECURSIVE chain AS (
    SELECT t.oid, t.oid AS part, t.typbasetype FROM pg_type t WHERE t.typtype = 'd'
    UNION ALL
    SELECT c.oid, t.oid, t.typbasetype FROM chain c JOIN pg_type t ON t.oid = c.typbasetype AND t.typtype = 'd'
)
SELECT n.nspname::text, t.typname::text, t.oid, t.typtype::text,
       CASE t.typtype
       WHEN 'd' THEN format_type(t.typbasetype, t.typtypmod)
           || coalesce((SELECT ' collate ' || quote_ident(l.collname) FROM pg_collation l WHERE l.oid = t.typcollation AND t.typcollation <> b.typcollation), '')
           || CASE WHEN t.typnotnull THEN ' not null' ELSE '' END
           || coalesce(' default ' || pg_get_expr(t.typdefaultbin, 0), '')
           || coalesce((SELECT string_agg(' constraint ' || quote_ident(k.conname) || ' ' || pg_get_constraintdef(k.oid), '' ORDER BY k.conname)
                        FROM pg_constraint k WHERE k.contypid = t.oid AND k.contype = 'c'), '')
       WHEN 'r' THEN (SELECT format_type(g.rngsubtype, NULL) FROM pg_range g WHERE g.rngtypid = t.oid)
       ELSE ''
       END,
       ARRAY(SELECT e.enumlabel::text FROM pg_enum e WHERE e.enumtypid = t.oid ORDER BY e.enumsortorder),
       ARRAY(SELECT e.oid FROM pg_enum e WHERE e.enumtypid = t.oid ORDER BY e.enumsortorder),
       t.typtype = 'd' AND EXISTS (SELECT FROM chain d JOIN pg_type p ON p.oid = d.part WHERE d.oid = t.oid AND p.typnotnull)
FROM pg_type t
JOIN pg_namespace n ON n.oid = t.typnamespace AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
LEFT JOIN pg_type b ON b.oid = t.typbasetype
LEFT JOIN pg_class c ON c.oid = t.typrelid
WHERE t.typtype IN ('e', 'd', 'r', 'm', 'b') AND t.typcategory <> 'A' OR t.typtype = 'c' AND c.relkind = 'c'
