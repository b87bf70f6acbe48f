-- One row an object: kind, schema, table, name, oid, number, definition.
WITH namespaces AS MATERIALIZED (
    SELECT oid, nspname::text AS name
    FROM pg_catalog.pg_namespace
    WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
), relations AS MATERIALIZED (
    SELECT c.oid, c.relname::text AS name, c.relkind, n.name AS schema
    FROM pg_catalog.pg_class c JOIN namespaces n ON n.oid = c.relnamespace
)
SELECT 'schema', '', '', name, oid::int8, 0::int2, '' FROM namespaces
UNION ALL
SELECT CASE WHEN relkind IN ('v', 'm') THEN 'view' WHEN relkind = 'S' THEN 'sequence' ELSE 'table' END,
       schema, '', name, oid::int8, 0::int2,
       CASE WHEN relkind IN ('v', 'm') THEN pg_catalog.pg_get_viewdef(oid) ELSE relkind::text END
FROM relations WHERE relkind IN ('r', 'p', 'f', 'v', 'm', 'S')
UNION ALL
SELECT 'column', r.schema, r.name, a.attname, a.attrelid::int8, a.attnum,
       pg_catalog.format_type(a.atttypid, a.atttypmod)
       || CASE WHEN a.attnotnull THEN ' not null' ELSE '' END
       || CASE WHEN a.attidentity <> '' THEN ' identity ' || a.attidentity::text ELSE '' END
       || CASE WHEN a.attgenerated <> '' THEN ' generated' ELSE '' END
       || coalesce(' default ' || pg_catalog.pg_get_expr(d.adbin, d.adrelid), '')
FROM relations r
JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE r.relkind IN ('r', 'p', 'f', 'v', 'm', 'c')
UNION ALL
SELECT 'type', n.name, '', t.typname, t.oid::int8, 0::int2,
       t.typtype::text || CASE WHEN t.typtype = 'd' THEN ' ' || pg_catalog.format_type(t.typbasetype, t.typtypmod) ELSE '' END
FROM pg_catalog.pg_type t JOIN namespaces n ON n.oid = t.typnamespace
LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid
WHERE t.typtype IN ('e', 'd', 'r', 'm', 'b') AND t.typcategory <> 'A' OR t.typtype = 'c' AND c.relkind = 'c'
UNION ALL
SELECT 'enum value', n.name, t.typname, e.enumlabel, e.oid::int8, 0::int2, ''
FROM pg_catalog.pg_enum e JOIN pg_catalog.pg_type t ON t.oid = e.enumtypid JOIN namespaces n ON n.oid = t.typnamespace
UNION ALL
SELECT 'function', n.name, '', p.proname || '(' || pg_catalog.pg_get_function_identity_arguments(p.oid) || ')', p.oid::int8, 0::int2,
       pg_catalog.format_type(p.prorettype, NULL) || ' ' || md5(p.prosrc)
FROM pg_catalog.pg_proc p JOIN namespaces n ON n.oid = p.pronamespace
UNION ALL
SELECT 'constraint', r.schema, r.name, c.conname, c.oid::int8, 0::int2, pg_catalog.pg_get_constraintdef(c.oid)
FROM pg_catalog.pg_constraint c JOIN relations r ON r.oid = c.conrelid
UNION ALL
SELECT 'index', r.schema, t.name, r.name, r.oid::int8, 0::int2, pg_catalog.pg_get_indexdef(r.oid)
FROM pg_catalog.pg_index i JOIN relations r ON r.oid = i.indexrelid JOIN relations t ON t.oid = i.indrelid
