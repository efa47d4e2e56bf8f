    -- Objects of the schema: everything created in it, and the casts of its types, but not madpy itself.
    SELECT d.classid, d.objid
    FROM pg_catalog.pg_depend AS d
    WHERE d.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass
      AND d.refobjid IN (SELECT pg_catalog.to_regnamespace(name) FROM unnest(MADLIB_SCHEMAS) AS name)
      AND d.deptype = 'n'
      AND NOT (d.classid = 'pg_catalog.pg_extension'::pg_catalog.regclass
               AND EXISTS (SELECT FROM pg_catalog.pg_extension AS e WHERE e.oid = d.objid AND e.extname = 'madpy'))
    UNION
    SELECT 'pg_catalog.pg_cast'::pg_catalog.regclass, c.oid
    FROM pg_catalog.pg_cast AS c
    JOIN pg_catalog.pg_type AS t ON t.oid IN (c.castsource, c.casttarget)
    WHERE t.typnamespace IN (SELECT pg_catalog.to_regnamespace(name) FROM unnest(MADLIB_SCHEMAS) AS name)
