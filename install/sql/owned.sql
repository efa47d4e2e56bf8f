-- Only a schema that came with madpy goes with it: the comment says which.  The age of what this transaction made is
-- 0, or less where that was in a subtransaction.
DO $owned$
BEGIN
    IF (SELECT age(xmin) <= 0 FROM pg_namespace WHERE nspname = 'MADLIB_SCHEMA') THEN
        COMMENT ON SCHEMA MADLIB_SCHEMA IS 'made by madpy, and removed with it';
    END IF;
END
$owned$;
GRANT USAGE ON SCHEMA MADLIB_SCHEMA TO PUBLIC;
