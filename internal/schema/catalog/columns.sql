-- Columns. A domain is NOT NULL where one that it is made from is; its default it has copied from there when it was made.
WITH RECURSIVE chain AS (
    SELECT t.oid, t.oid AS part, t.typbasetype FROM pg_type t WHERE t.typtype = 'd'
    UNION ALL
    SELECT c.oid, t.oid, t.typbasetype FROM chain c JOIN pg_type t ON t.oid = c.typbasetype AND t.typtype = 'd'
), domains AS MATERIALIZED (
    SELECT c.oid, bool_or(t.typnotnull OR EXISTS (
               SELECT FROM pg_constraint k WHERE k.contypid = t.oid AND k.contype = 'c' AND pg_get_constraintdef(k.oid) LIKE 'CHECK ((VALUE IS NOT NULL))%')) AS not_null
    FROM chain c JOIN pg_type t ON t.oid = c.part
    GROUP BY c.oid
)
SELECT n.nspname::text, c.relname::text, a.attname::text, a.attrelid, a.attnum, c.relkind::text,
       a.atttypid, a.atttypmod, format_type(a.atttypid, a.atttypmod),
       coalesce((SELECT quote_ident(l.collname) FROM pg_collation l WHERE l.oid = a.attcollation AND a.attcollation <> t.typcollation), ''),
       a.attnotnull, coalesce(m.not_null, false), t.typtype = 'd' AND t.typdefaultbin IS NOT NULL,
       a.attinhcount > 0, a.attidentity::text, a.attgenerated::text, coalesce(pg_get_expr(d.adbin, d.adrelid), '')
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN domains m ON m.oid = a.atttypid
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm', 'c')
