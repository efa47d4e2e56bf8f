DELETE FROM MADLIB_SCHEMA.__installed AS r
WHERE NOT EXISTS (
    SELECT FROM (
MADLIB_OBJECTS
    ) AS o, pg_identify_object(o.classid, o.objid, 0) AS i
    WHERE i.type = r.kind AND i.identity = r.identity);

INSERT INTO MADLIB_SCHEMA.__installed (kind, identity)
SELECT 'version', 'MADLIB_VERSION'
UNION ALL
SELECT i.type, i.identity
FROM (
MADLIB_OBJECTS
) AS o, pg_identify_object(o.classid, o.objid, 0) AS i
WHERE format('%s/%s', o.classid::oid, o.objid) <> ALL (current_setting('madpy_install.before')::text[]);
