-- Privileges of others than the owner. No list at all stands for the default one, in which PUBLIC may execute functions and
-- use types.
WITH objects AS (
    SELECT CASE c.relkind WHEN 'S' THEN 'sequence' WHEN 'v' THEN 'view' WHEN 'm' THEN 'view' ELSE 'table' END AS kind,
           n.nspname AS schema, c.relname::text AS name, '' AS col, c.oid, 0::int2 AS number, c.relowner AS owner, c.relacl AS acl
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm', 'S') AND c.relacl IS NOT NULL
    UNION ALL
    SELECT 'column', n.nspname, c.relname, a.attname, c.oid, a.attnum, c.relowner, a.attacl
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE a.attacl IS NOT NULL AND NOT a.attisdropped
    UNION ALL
    SELECT 'schema', n.nspname, '', '', n.oid, 0, n.nspowner, n.nspacl FROM pg_namespace n WHERE n.nspacl IS NOT NULL
    UNION ALL
    SELECT 'function', n.nspname, p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')', '', p.oid, 0, p.proowner,
           coalesce(p.proacl, acldefault('f', p.proowner))
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
    UNION ALL
    SELECT 'type', n.nspname, t.typname, '', t.oid, 0, t.typowner, coalesce(t.typacl, acldefault('T', t.typowner))
    FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace LEFT JOIN pg_class c ON c.oid = t.typrelid
    WHERE (t.typtype IN ('e', 'd', 'r', 'm', 'b') AND t.typcategory <> 'A' OR t.typtype = 'c' AND c.relkind = 'c')
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e')
)
SELECT o.kind, o.schema::text, o.name, o.col, o.oid, o.number,
       CASE WHEN x.grantee = 0 THEN 'PUBLIC' ELSE pg_get_userbyid(x.grantee)::text END, x.privilege_type, bool_or(x.is_grantable)
FROM objects o, aclexplode(o.acl) x
WHERE o.schema !~ '^pg_' AND o.schema <> 'information_schema' AND x.grantee <> o.owner
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
