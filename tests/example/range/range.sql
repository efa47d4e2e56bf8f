-- range: the smallest and the largest value of columns, by group.  Manual: README.md.

MADLIB_KERNEL column_range(x double precision[]) IS
    'the smallest and the largest value of each column, as a state that can be kept and merged';

CREATE TYPE MADLIB_SCHEMA.range_result AS (
    MADLIB_TRAINING
);
COMMENT ON TYPE MADLIB_SCHEMA.range_result IS 'result of range_train: the one row of its summary table';

CREATE FUNCTION MADLIB_SCHEMA.range_train(
    source_table  text,                 -- read, never changed
    output_table  text,                 -- created; must not exist
    features      text,                 -- 'ARRAY[a, b]'
    grouping_cols text DEFAULT NULL
) RETURNS MADLIB_SCHEMA.range_result
LANGUAGE plpython3u VOLATILE SET jit = off AS MADLIB_DRIVER(range.train);
COMMENT ON FUNCTION MADLIB_SCHEMA.range_train(text, text, text, text) IS
    'puts the range of each feature into output_table: SELECT MADLIB_SCHEMA.range_train(''t'', ''ranges'', ''ARRAY[a]'')';
