DO $guard$
DECLARE
    foreigner text;
    taken text;
    installed text;
    strangers text;
BEGIN
    IF NOT current_setting('is_superuser')::boolean THEN
        RAISE EXCEPTION 'role "%" may not install madpy', current_user
            USING ERRCODE = 'insufficient_privilege',
                  HINT = 'Connect as a superuser: functions in C and in plpython3u need one.';
    END IF;

    -- This comes before any other access to the schema: objects of other users in it would run with a superuser's rights,
    -- now (this schema is on the search path) or when they are called under madpy's names.  Schemas of modules are new ones.
    SELECT coalesce(r.rolname, 'public') INTO foreigner
    FROM pg_catalog.pg_namespace AS n
    CROSS JOIN LATERAL (
        SELECT n.nspowner AS role
        UNION ALL
        SELECT a.grantee FROM pg_catalog.aclexplode(n.nspacl) AS a WHERE a.privilege_type = 'CREATE'
    ) AS may
    LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = may.role
    WHERE n.nspname = 'MADLIB_SCHEMA' AND r.rolsuper IS NOT TRUE
    LIMIT 1;
    IF foreigner IS NOT NULL THEN
        RAISE EXCEPTION 'role "%", not a superuser, may create objects in schema "MADLIB_SCHEMA"', foreigner
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = 'Take a schema of a superuser''s (madpy install --schema NAME), or: ALTER SCHEMA MADLIB_SCHEMA OWNER TO ..., REVOKE CREATE ON SCHEMA MADLIB_SCHEMA FROM ....';
    END IF;

    -- PL/Python hands the text of a statement to the server as UTF-8, whatever the database's encoding is.
    IF getdatabaseencoding() <> 'UTF8' THEN
        RAISE EXCEPTION 'database "%" has the encoding %, and madpy needs UTF8', current_database(), getdatabaseencoding()
            USING ERRCODE = 'feature_not_supported',
                  HINT = 'Create the database with ENCODING ''UTF8'': createdb -T template0 -E UTF8 NAME.';
    END IF;

    -- Of two installations at the same time, the second waits here and then finds the first.
    PERFORM pg_advisory_xact_lock(hashtext('madpy'));

    -- While CREATE EXTENSION runs this script, the extension already exists, but has no objects.
    SELECT e.extversion || ' (as an extension)' INTO installed
    FROM pg_extension AS e
    WHERE e.extname = 'madpy' AND e.extnamespace = to_regnamespace('MADLIB_SCHEMA')
      AND EXISTS (SELECT FROM pg_depend AS d
                  WHERE d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND d.deptype = 'e');
    IF to_regclass('MADLIB_SCHEMA.__installed') IS NOT NULL THEN
        EXECUTE $$SELECT identity || ' (from the plain script)' FROM MADLIB_SCHEMA.__installed WHERE kind = 'version'$$
            INTO installed;
    END IF;
    IF installed IS NOT NULL THEN
        RAISE EXCEPTION 'madpy % is installed in schema "MADLIB_SCHEMA" already', installed
            USING ERRCODE = 'duplicate_object',
                  HINT = 'Run madpy upgrade to bring it up to date, or madpy uninstall to remove it.';
    END IF;

    -- The schema of a module is made by its template.
    SELECT name INTO taken FROM unnest(MADLIB_SCHEMAS) AS name
    WHERE name <> 'MADLIB_SCHEMA' AND to_regnamespace(name) IS NOT NULL LIMIT 1;
    IF taken IS NOT NULL THEN
        RAISE EXCEPTION 'schema "%" is there already, and is not madpy''s', taken
            USING ERRCODE = 'duplicate_schema',
                  HINT = format('Choose another name (madpy install --projects-schema NAME), or: ALTER SCHEMA %s RENAME TO ....', quote_ident(taken));
    END IF;

    SELECT string_agg(pg_describe_object(o.classid, o.objid, 0), ', ') INTO strangers
    FROM (SELECT * FROM (
MADLIB_OBJECTS
    ) AS every ORDER BY objid LIMIT 5) AS o;
    IF strangers IS NOT NULL THEN
        RAISE EXCEPTION 'schema "MADLIB_SCHEMA" is in use for something else'
            USING ERRCODE = 'duplicate_schema',
                  DETAIL = 'It holds, among others: ' || strangers || '.',
                  HINT = 'Install into another schema (madpy install --schema NAME), or move these away.';
    END IF;

    IF NOT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'plpython3u') THEN
        RAISE EXCEPTION 'this server has no plpython3u'
            USING ERRCODE = 'feature_not_supported',
                  HINT = format('Install its package; on Debian and Ubuntu: apt-get install postgresql-plpython3-%s.',
                                current_setting('server_version_num')::int / 10000);
    END IF;

    BEGIN
        LOAD 'madpy';
    EXCEPTION WHEN undefined_file THEN
        RAISE EXCEPTION 'this server cannot load madpy.so'
            USING ERRCODE = 'undefined_file',
                  DETAIL = format('%s (looked for in %s)', SQLERRM, current_setting('dynamic_library_path')),
                  HINT = 'Build and install the C library on the machine of the server: make install.';
    END;

    -- The schema must be empty, since the last steps grant and record everything in it.
    PERFORM set_config('madpy_install.before', '{}', true);
END
$guard$;
