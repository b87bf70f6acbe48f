-- Constraints on tables. NOT NULL is a column's (it has rows here from PostgreSQL 18 on), a constraint trigger a trigger's,
-- and a domain's are part of the domain.
SELECT n.nspname::text, c.relname::text, k.conname::text, k.oid, pg_get_constraintdef(k.oid),
       k.contype::text, k.conkey, k.confrelid, k.confkey, k.convalidated, k.condeferrable, k.coninhcount > 0
FROM pg_constraint k
JOIN pg_class c ON c.oid = k.conrelid
JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
WHERE k.contype IN ('p', 'u', 'c', 'f', 'x')
