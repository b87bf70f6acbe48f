-- Rewrite rules, without those that views are made of.
SELECT n.nspname::text, c.relname::text, w.rulename::text, w.oid, pg_get_ruledef(w.oid),
       CASE w.ev_type WHEN '1' THEN 'SELECT' WHEN '2' THEN 'UPDATE' WHEN '3' THEN 'INSERT' ELSE 'DELETE' END, w.is_instead, w.ev_enabled::text
FROM pg_rewrite w
JOIN pg_class c ON c.oid = w.ev_class
JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
WHERE w.rulename <> '_RETURN'
