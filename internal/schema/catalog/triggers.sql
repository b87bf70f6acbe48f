-- Triggers that users made. The source of a function comes with those that may fill columns before a row is inserted.
SELECT n.nspname::text, c.relname::text, t.tgname::text, t.oid, pg_get_triggerdef(t.oid), t.tgtype, t.tgenabled::text, t.tgattr::int2[],
       t.tgrelid, t.tgfoid, l.lanname::text, CASE WHEN t.tgtype::int & 7 = 7 THEN p.prosrc ELSE '' END
FROM pg_trigger t
JOIN pg_class c ON c.oid = t.tgrelid
JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
JOIN pg_proc p ON p.oid = t.tgfoid
JOIN pg_language l ON l.oid = p.prolang
WHERE NOT t.tgisinternal
