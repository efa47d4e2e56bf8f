-- Example data, as tables of this schema that everybody may read.

CREATE FUNCTION MODULE_SCHEMA.__do_load_dataset(name text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET default_tablespace = '' SET default_table_access_method = heap AS $$
DECLARE
    items text;
    description text;
    made bigint;
BEGIN
    LOCK TABLE MODULE_SCHEMA.__projects IN SHARE UPDATE EXCLUSIVE MODE;  -- two sessions that load one data set
    IF to_regclass(format('MODULE_SCHEMA.%I', name)) IS NOT NULL THEN
        RETURN 0;
    END IF;
    -- It knows its data sets by name, and takes no other data: nothing of the caller's is in the table.
    PERFORM MADLIB_SCHEMA.load_dataset(name, 'MODULE_SCHEMA.__dataset');
    -- Columns are those that a model is to be fitted on, and one target: pixels are one array.
    SELECT string_agg(
        CASE attname WHEN 'pixel_0_0' THEN format('ARRAY[%s]::smallint[] AS image', pixels)
            WHEN 'target' THEN CASE name WHEN 'breast_cancer' THEN 'target = 0 AS malignant' ELSE 'target' END
            ELSE format('%I', attname) END, ', ' ORDER BY attnum)
    INTO items
    FROM pg_attribute, (
        SELECT string_agg(format('%I', attname), ', ' ORDER BY attnum) AS pixels FROM pg_attribute
        WHERE attrelid = 'MODULE_SCHEMA.__dataset'::regclass AND starts_with(attname, 'pixel_')) AS p
    WHERE attrelid = 'MODULE_SCHEMA.__dataset'::regclass AND attnum > 0
      AND (attname = 'pixel_0_0' OR NOT starts_with(attname, 'pixel_')) AND attname <> 'target_name';
    EXECUTE format('CREATE TABLE MODULE_SCHEMA.%I AS SELECT %s FROM MODULE_SCHEMA.__dataset', name, items);
    GET DIAGNOSTICS made = ROW_COUNT;
    description := obj_description('MODULE_SCHEMA.__dataset'::regclass, 'pg_class');
    EXECUTE format('COMMENT ON TABLE MODULE_SCHEMA.%I IS %L', name, description);
    EXECUTE format('GRANT SELECT ON MODULE_SCHEMA.%I TO PUBLIC', name);
    DROP TABLE MODULE_SCHEMA.__dataset;
    RETURN made;
END
$$;
COMMENT ON FUNCTION MODULE_SCHEMA.__do_load_dataset(text) IS
    'makes a table of a data set that is shipped, for all roles, unless it is there; returns its rows';

CREATE FUNCTION MODULE_SCHEMA.load_dataset(name text) RETURNS text
LANGUAGE plpython3u VOLATILE SET jit = off AS MADLIB_DRIVER(projects.admin.datasets.load_dataset);
COMMENT ON FUNCTION MODULE_SCHEMA.load_dataset(text) IS
    'makes a table of example data in this schema, for all roles, and returns its name: SELECT MODULE_SCHEMA.load_dataset(''digits'')';
