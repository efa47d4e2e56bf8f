-- Every role may call madpy's functions, which run with the caller's own rights, drivers in Python too; a parallel worker
-- or another server may call any of them.  The rights are granted explicitly, so that \df+ shows them and they can be
-- revoked: an upgrade does not change the rights of existing objects.
--
-- Support functions of aggregates with an internal state are not granted: PostgreSQL alone calls them, with the rights of
-- the aggregate's owner.  Citus calls the support functions of the other aggregates, with the caller's rights.  Nor are
-- functions SECURITY DEFINER whose names begin with __: those of projects are called by C, which notes who calls.
DO $grants$
DECLARE
    routine regprocedure;
    for_all boolean;
BEGIN
    FOR routine, for_all IN
        SELECT o.objid, NOT (starts_with(p.proname, '__') AND 'internal'::regtype = ANY (p.proargtypes::oid[] || p.prorettype))
               AND NOT (starts_with(p.proname, '__') AND p.prosecdef)
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
