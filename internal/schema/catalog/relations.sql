-- Tables, views and sequences, and what makes up each of them.
SELECT n.nspname::text, c.relname::text, c.oid, c.relkind::text, c.relpersistence::text,
       c.relrowsecurity, c.relforcerowsecurity,
       c.relhastriggers AND EXISTS (
           SELECT FROM pg_trigger t
           WHERE t.tgrelid = c.oid AND NOT t.tgisinternal AND t.tgenabled IN ('O', 'A')
             AND t.tgtype::int & 4 <> 0 AND t.tgtype::int & 1 <> 0 AND t.tgtype::int & 66 <> 0), -- INSERT, ROW, BEFORE or INSTEAD OF
       c.relhasrules AND EXISTS (
           SELECT FROM pg_rewrite w
           WHERE w.ev_class = c.oid AND w.ev_type = '3' AND w.is_instead AND w.ev_enabled IN ('O', 'A')),
       CASE WHEN c.relkind IN ('v', 'm') THEN coalesce('with (' || array_to_string(c.reloptions, ', ') || ') ', '') || pg_get_viewdef(c.oid) ELSE '' END,
       CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) ELSE '' END,
       coalesce(pg_get_expr(c.relpartbound, c.oid), ''),
       coalesce(p.parents, ''),
       coalesce(format_type(s.seqtypid, NULL) || ' start ' || s.seqstart || ' increment ' || s.seqincrement || ' min ' || s.seqmin
                || ' max ' || s.seqmax || CASE WHEN s.seqcycle THEN ' cycle' ELSE '' END, ''),
       coalesce(on_.nspname::text, ''), coalesce(o.relname::text, ''), coalesce(a.attname::text, '')
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
LEFT JOIN (SELECT inhrelid, string_agg(inhparent::regclass::text, ', ' ORDER BY inhseqno) AS parents FROM pg_inherits GROUP BY inhrelid) p
       ON p.inhrelid = c.oid
LEFT JOIN pg_sequence s ON s.seqrelid = c.oid
LEFT JOIN pg_depend d ON c.relkind = 'S' AND d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.objsubid = 0
                     AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')
LEFT JOIN pg_class o ON o.oid = d.refobjid
LEFT JOIN pg_namespace on_ ON on_.oid = o.relnamespace
LEFT JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm', 'S')
