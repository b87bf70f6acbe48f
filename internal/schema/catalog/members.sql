-- What extensions made.
SELECT d.classid::regclass::text, d.objid FROM pg_depend d WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
