-- Functions, procedures and aggregates. An extension's are told apart by less: there are many, and nobody edits them.
SELECT n.nspname::text, p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')', p.oid,
       p.proname::text,
       CASE
       WHEN EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
           THEN format_type(p.prorettype, NULL) || ' ' || md5(p.prosrc)
       WHEN p.prokind = 'a'
           THEN (SELECT concat_ws(' ', g.aggkind, g.aggtransfn::text, g.aggfinalfn::text, g.aggcombinefn::text, format_type(g.aggtranstype, NULL), g.agginitval,
                                  format_type(p.prorettype, NULL)) FROM pg_aggregate g WHERE g.aggfnoid = p.oid)
       ELSE pg_get_functiondef(p.oid)
       END,
       (SELECT coalesce(string_agg(quote_ident(tn.nspname) || '.' || quote_ident(t.typname), ', ' ORDER BY a.n), '')
        FROM unnest(p.proargtypes) WITH ORDINALITY AS a (type, n) JOIN pg_type t ON t.oid = a.type JOIN pg_namespace tn ON tn.oid = t.typnamespace)
FROM pg_proc p
JOIN pg_namespace n ON n.oid = p.pronamespace AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
