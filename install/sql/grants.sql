-- madpy is for everybody who can connect: its functions run with the caller's own rights, drivers in Python too, and a
-- parallel worker or another server may be told to call any of them.  Said here in so many words, so that it shows in
-- \df+ and can be taken back: an upgrade leaves the rights of what was there before as they are.
--
-- Not for everybody are functions that PostgreSQL alone calls, with the rights of an aggregate's owner: those of
-- aggregates whose state is an internal one.  Citus calls those of the other aggregates, with the caller's rights.
DO $grants$
DECLARE
    routine regprocedure;
    for_all boolean;
BEGIN
    FOR routine, for_all IN
        SELECT o.objid, NOT (starts_with(p.proname, '__') AND 'internal'::regtype = ANY (p.proargtypes::oid[] || p.prorettype))
               AND NOT EXISTS (
                   SELECT FROM pg_aggregate AS a
                   WHERE a.aggtranstype = 'internal'::regtype AND starts_with(p.proname, '__')
                     AND p.oid IN (a.aggtransfn, a.aggcombinefn, a.aggfinalfn, a.aggserialfn, a.aggdeserialfn))
        FROM (
MADLIB_OBJECTS
        ) AS o
        JOIN pg_proc AS p ON p.oid = o.objid
        WHERE o.classid = 'pg_proc'::regclass
          AND format('%s/%s', o.classid::oid, o.objid) <> ALL (current_setting('madpy_install.before')::text[])
    LOOP
        EXECUTE format('REVOKE ALL ON ROUTINE %s FROM PUBLIC', routine);
        IF for_all THEN
            EXECUTE format('GRANT EXECUTE ON ROUTINE %s TO PUBLIC', routine);
        END IF;
    END LOOP;
END
$grants$;
