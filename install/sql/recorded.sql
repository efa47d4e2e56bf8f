SELECT o.classid, o.objid
FROM (
MADLIB_OBJECTS
) AS o, pg_identify_object(o.classid, o.objid, 0) AS i
WHERE (i.type, i.identity) IN (SELECT kind, identity FROM MADLIB_SCHEMA.__installed)
