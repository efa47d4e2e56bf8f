DO $drop_schema$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY MADLIB_SCHEMAS LOOP
        IF obj_description(to_regnamespace(name), 'pg_namespace') = 'made by madpy, and removed with it' THEN
            EXECUTE format('DROP SCHEMA %I RESTRICT', name);
        END IF;
    END LOOP;
END
$drop_schema$;
