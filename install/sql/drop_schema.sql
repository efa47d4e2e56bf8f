DO $drop_schema$
BEGIN
    IF obj_description(to_regnamespace('MADLIB_SCHEMA'), 'pg_namespace') = 'made by madpy, and removed with it' THEN
        DROP SCHEMA MADLIB_SCHEMA RESTRICT;
    END IF;
END
$drop_schema$;
