DO $guard$
DECLARE
    installed text;
    plain boolean := to_regclass('MADLIB_SCHEMA.__installed') IS NOT NULL;
    strangers text;
    taken text;
BEGIN
    IF NOT current_setting('is_superuser')::boolean THEN
        RAISE EXCEPTION 'role "%" may not upgrade madpy', current_user
            USING ERRCODE = 'insufficient_privilege',
                  HINT = 'Connect as a superuser: functions in C and in plpython3u need one.';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('madpy'));

    -- The schema of a module may be new in this version.
    SELECT name INTO taken FROM unnest(MADLIB_SCHEMAS) AS name
    WHERE name <> 'MADLIB_SCHEMA'
      AND obj_description(to_regnamespace(name), 'pg_namespace') IS DISTINCT FROM 'made by madpy, and removed with it'
      AND to_regnamespace(name) IS NOT NULL
    LIMIT 1;
    IF taken IS NOT NULL THEN
        RAISE EXCEPTION 'schema "%" is there already, and is not madpy''s', taken
            USING ERRCODE = 'duplicate_schema',
                  HINT = format('Rename it: ALTER SCHEMA %s RENAME TO ....', quote_ident(taken));
    END IF;

    -- ALTER EXTENSION itself checks the following: the version is right, and no user's object is replaced.
    IF plain THEN
        SELECT identity INTO installed FROM MADLIB_SCHEMA.__installed WHERE kind = 'version';
        IF installed <> 'MADLIB_OLD_VERSION' THEN
            RAISE EXCEPTION 'schema "MADLIB_SCHEMA" has madpy %, not MADLIB_OLD_VERSION', installed
                USING ERRCODE = 'object_not_in_prerequisite_state';
        END IF;

        SELECT string_agg(i.identity, ', ') INTO strangers
        FROM (
MADLIB_OBJECTS
        ) AS o, pg_identify_object(o.classid, o.objid, 0) AS i
        WHERE split_part(i.identity, '(', 1) = ANY (MADLIB_NAMES)
          AND (i.type, i.identity) NOT IN (SELECT kind, identity FROM MADLIB_SCHEMA.__installed);
        IF strangers IS NOT NULL THEN
            RAISE EXCEPTION 'madpy MADLIB_VERSION brings objects of names that are taken: %', strangers
                USING ERRCODE = 'duplicate_object',
                      HINT = 'Move them to another schema: ALTER ... SET SCHEMA.';
        END IF;
    END IF;

    -- Existing objects keep their rights; the last steps grant rights on new objects.
    PERFORM set_config('madpy_install.before', (
        SELECT coalesce(array_agg(format('%s/%s', o.classid::oid, o.objid)), '{}')::text
        FROM (
MADLIB_OBJECTS
        ) AS o), true);
END
$guard$;
