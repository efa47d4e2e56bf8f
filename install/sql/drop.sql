-- Drops the objects that __installed lists, in any order that works, each with RESTRICT, so that no user's object is
-- dropped with them.
DO $drop$
DECLARE
    statement text;
    now text[];
    later text[];
BEGIN
    SELECT array_agg(format('DROP %s IF EXISTS %s RESTRICT',
                            CASE WHEN i.type IN ('function', 'procedure', 'aggregate') THEN 'routine' ELSE i.type END,
                            i.identity) ORDER BY o.objid::bigint DESC)
    INTO later
    FROM (
MADLIB_OBJECTS
    ) AS o, pg_identify_object(o.classid, o.objid, 0) AS i
    WHERE (i.type, i.identity) IN (SELECT kind, identity FROM MADLIB_SCHEMA.__installed);

    WHILE cardinality(later) > 0 LOOP
        now := later;
        later := '{}';
        FOREACH statement IN ARRAY now LOOP
            BEGIN
                EXECUTE statement;
            EXCEPTION WHEN dependent_objects_still_exist THEN
                later := later || statement;
            END;
        END LOOP;
        IF later = now THEN
            EXECUTE later[1];  -- raises the error that names the dependent object
        END IF;
    END LOOP;
END
$drop$;
