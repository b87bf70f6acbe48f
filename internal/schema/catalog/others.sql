-- What has a name and a definition and no facts of its own. What initdb made has an oid below 16384.
SELECT 'schema', '', n.nspname::text, n.oid, ''
FROM pg_namespace n WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
UNION ALL
SELECT 'extension', '', e.extname, e.oid, e.extversion FROM pg_extension e
UNION ALL
SELECT 'operator', n.nspname, o.oprname || '(' || format_type(o.oprleft, NULL) || ', ' || format_type(o.oprright, NULL) || ')', o.oid,
       format_type(o.oprresult, NULL) || ' ' || o.oprcode::text
FROM pg_operator o JOIN pg_namespace n ON n.oid = o.oprnamespace AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
UNION ALL
SELECT 'cast', '', format_type(c.castsource, NULL) || ' AS ' || format_type(c.casttarget, NULL), c.oid,
       concat_ws(' ', c.castmethod, c.castcontext, c.castfunc::regprocedure::text)
FROM pg_cast c WHERE c.oid >= 16384
UNION ALL
SELECT 'collation', n.nspname, c.collname, c.oid, concat_ws(' ', c.collprovider, c.collcollate, c.collctype, to_jsonb(c) ->> 'colliculocale', to_jsonb(c) ->> 'colllocale', -- 15 and 16; 17
                                     CASE WHEN c.collisdeterministic THEN NULL ELSE 'not deterministic' END)
FROM pg_collation c JOIN pg_namespace n ON n.oid = c.collnamespace AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
