-- madpy is for everybody who can connect: its functions run with the caller's own rights, and a parallel worker or a
-- shard may be told to call any of them.  Said here in so many words, so that it shows in \df+ and can be taken back:
-- an upgrade leaves the rights of what was there before as they are.
DO $grants$
DECLARE
    routine regprocedure;
BEGIN
    FOR routine IN
        SELECT o.objid FROM (
MADLIB_OBJECTS
        ) AS o
        WHERE o.classid = 'pg_proc'::regclass
          AND format('%s/%s', o.classid::oid, o.objid) <> ALL (current_setting('madpy_install.before')::text[])
    LOOP
        EXECUTE format('REVOKE ALL ON ROUTINE %s FROM PUBLIC', routine);
        EXECUTE format('GRANT EXECUTE ON ROUTINE %s TO PUBLIC', routine);
    END LOOP;
END
$grants$;
