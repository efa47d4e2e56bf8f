-- Only a schema that madpy created is dropped with it; the schema's comment marks it.  An object created in this
-- transaction has the age 0, or less if it was created in a subtransaction.
DO $owned$
BEGIN
    IF (SELECT age(xmin) <= 0 FROM pg_namespace WHERE nspname = 'MADLIB_SCHEMA') THEN
        COMMENT ON SCHEMA MADLIB_SCHEMA IS 'made by madpy, and removed with it';
    END IF;
END
$owned$;
GRANT USAGE ON SCHEMA MADLIB_SCHEMA TO PUBLIC;
