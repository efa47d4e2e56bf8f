-- The data, column by column.

CREATE TYPE MODULE_SCHEMA.column_facts AS (
    name            text,
    type            text,
    num_rows        bigint,
    nulls           bigint,
    distinct_values bigint,
    mean            double precision,
    stddev          double precision,
    min             double precision,  -- of a text: its shortest length
    first_quartile  double precision,
    median          double precision,
    third_quartile  double precision,
    max             double precision,
    most_frequent   text[],
    frequencies     bigint[],
    correlation     double precision   -- with the target, where both are numbers
);
COMMENT ON TYPE MODULE_SCHEMA.column_facts IS 'figures of a column';

CREATE FUNCTION MODULE_SCHEMA.describe_data(
    relation      text,                -- read, never changed
    y_column_name text DEFAULT NULL    -- a number that the others are correlated with
) RETURNS SETOF MODULE_SCHEMA.column_facts
LANGUAGE plpython3u VOLATILE SET jit = off AS MADLIB_DRIVER(projects.monitoring.describe.describe_data);
COMMENT ON FUNCTION MODULE_SCHEMA.describe_data(text, text) IS
    'figures of every column of a relation: SELECT * FROM MODULE_SCHEMA.describe_data(''wine'', ''quality'')';
