-- stats: summaries of tables: correlation, covariance, distinct values, columns at a glance.  Manual: README.md.

-- column_moments: first and second moments of columns in double-double; rows with a NULL are skipped.

MADLIB_KERNEL column_moments(x double precision[]) IS
    'the moments of the columns of an array, which can be kept and merged';

CREATE FUNCTION MADLIB_SCHEMA.__column_rows(state bytea, skipped boolean) RETURNS bigint
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'column_rows';
COMMENT ON FUNCTION MADLIB_SCHEMA.__column_rows(bytea, boolean) IS
    'the number of rows that a state of column_moments_state has used, or skipped';

CREATE FUNCTION MADLIB_SCHEMA.column_means(state bytea) RETURNS double precision[]
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'column_means';
COMMENT ON FUNCTION MADLIB_SCHEMA.column_means(bytea) IS 'the mean of each column, of a state of column_moments_state';

CREATE FUNCTION MADLIB_SCHEMA.column_correlation(state bytea) RETURNS double precision[]
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'column_correlation';
COMMENT ON FUNCTION MADLIB_SCHEMA.column_correlation(bytea) IS
    'the matrix of Pearson''s correlations, of a state of column_moments_state; NaN where a column is constant';

CREATE FUNCTION MADLIB_SCHEMA.column_covariance(state bytea) RETURNS double precision[]
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'column_covariance';
COMMENT ON FUNCTION MADLIB_SCHEMA.column_covariance(bytea) IS
    'the matrix of covariances, over n - 1, of a state of column_moments_state; NaN for one row';

CREATE AGGREGATE MADLIB_SCHEMA.correlation_agg(x double precision[]) (
    SFUNC = MADLIB_SCHEMA.__column_moments_accum, STYPE = bytea,
    COMBINEFUNC = MADLIB_SCHEMA.__column_moments_combine,
    FINALFUNC = MADLIB_SCHEMA.column_correlation, PARALLEL = SAFE
);
COMMENT ON AGGREGATE MADLIB_SCHEMA.correlation_agg(double precision[]) IS
    'the matrix of Pearson''s correlations of the columns of an array: correlation_agg(ARRAY[tax, bath, size])';

CREATE AGGREGATE MADLIB_SCHEMA.covariance_agg(x double precision[]) (
    SFUNC = MADLIB_SCHEMA.__column_moments_accum, STYPE = bytea,
    COMBINEFUNC = MADLIB_SCHEMA.__column_moments_combine,
    FINALFUNC = MADLIB_SCHEMA.column_covariance, PARALLEL = SAFE
);
COMMENT ON AGGREGATE MADLIB_SCHEMA.covariance_agg(double precision[]) IS
    'the matrix of covariances of the columns of an array: covariance_agg(ARRAY[tax, bath, size])';

-- fmsketch_dcount: the number of distinct values of any type.

CREATE FUNCTION MADLIB_SCHEMA.__fmsketch_accum(state bytea, value anyelement) RETURNS bytea
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'fmsketch_accum';
COMMENT ON FUNCTION MADLIB_SCHEMA.__fmsketch_accum(bytea, anyelement) IS 'transition function of fmsketch_dcount';

CREATE FUNCTION MADLIB_SCHEMA.__fmsketch_row_accum(state bytea, value record, unused integer) RETURNS bytea
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'fmsketch_row_accum';
COMMENT ON FUNCTION MADLIB_SCHEMA.__fmsketch_row_accum(bytea, record, integer) IS 'transition function of __fmsketch_row';

CREATE FUNCTION MADLIB_SCHEMA.__fmsketch_combine(state bytea, other bytea) RETURNS bytea
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'fmsketch_combine';
COMMENT ON FUNCTION MADLIB_SCHEMA.__fmsketch_combine(bytea, bytea) IS 'merges two states of fmsketch_dcount';

CREATE FUNCTION MADLIB_SCHEMA.__fmsketch_final(state bytea) RETURNS bigint
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'fmsketch_final';
COMMENT ON FUNCTION MADLIB_SCHEMA.__fmsketch_final(bytea) IS 'the number of distinct values in a state of fmsketch_dcount';

CREATE AGGREGATE MADLIB_SCHEMA.fmsketch_dcount(value anyelement) (
    SFUNC = MADLIB_SCHEMA.__fmsketch_accum, STYPE = bytea, COMBINEFUNC = MADLIB_SCHEMA.__fmsketch_combine,
    FINALFUNC = MADLIB_SCHEMA.__fmsketch_final, PARALLEL = SAFE
);
COMMENT ON AGGREGATE MADLIB_SCHEMA.fmsketch_dcount(anyelement) IS
    'the number of distinct values, exact up to 1,536 of them, from there on with a standard error of 0.8%';

CREATE AGGREGATE MADLIB_SCHEMA.fmsketch_dcount_state(value anyelement) (
    SFUNC = MADLIB_SCHEMA.__fmsketch_accum, STYPE = bytea, COMBINEFUNC = MADLIB_SCHEMA.__fmsketch_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE MADLIB_SCHEMA.fmsketch_dcount_state(anyelement) IS
    'fmsketch_dcount of a part of the data, for fmsketch_dcount_merge';

CREATE AGGREGATE MADLIB_SCHEMA.fmsketch_dcount_merge(state bytea) (
    SFUNC = MADLIB_SCHEMA.__fmsketch_combine, STYPE = bytea, COMBINEFUNC = MADLIB_SCHEMA.__fmsketch_combine,
    FINALFUNC = MADLIB_SCHEMA.__fmsketch_final, PARALLEL = SAFE
);
COMMENT ON AGGREGATE MADLIB_SCHEMA.fmsketch_dcount_merge(bytea) IS
    'the number of distinct values of all the data from the states of its parts';

CREATE AGGREGATE MADLIB_SCHEMA.fmsketch_dcount_merge_state(state bytea) (
    SFUNC = MADLIB_SCHEMA.__fmsketch_combine, STYPE = bytea, COMBINEFUNC = MADLIB_SCHEMA.__fmsketch_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE MADLIB_SCHEMA.fmsketch_dcount_merge_state(bytea) IS
    'merges states of fmsketch_dcount_state into one, to be merged further';

CREATE AGGREGATE MADLIB_SCHEMA.__fmsketch_row(value record, unused integer) (  -- Citus would expand a record that is the only argument
    SFUNC = MADLIB_SCHEMA.__fmsketch_row_accum, STYPE = bytea, COMBINEFUNC = MADLIB_SCHEMA.__fmsketch_combine,
    FINALFUNC = MADLIB_SCHEMA.__fmsketch_final, PARALLEL = SAFE
);
COMMENT ON AGGREGATE MADLIB_SCHEMA.__fmsketch_row(record, integer) IS
    'fmsketch_dcount of ROW(value), for Citus, which sends no aggregate of anyelement';

-- column_summary: figures about one column.

CREATE TYPE MADLIB_SCHEMA.column_summary AS (
    row_count            bigint,
    distinct_values      bigint,
    missing_values       bigint,
    blank_values         bigint,               -- of texts: empty, or blanks only
    fraction_missing     double precision,
    fraction_blank       double precision,
    positive_values      bigint,
    negative_values      bigint,
    zero_values          bigint,
    mean                 double precision,
    variance             double precision,     -- over n - 1
    stddev               double precision,
    confidence_interval  double precision[],   -- of the mean, 95%
    min                  double precision,     -- of texts: of their lengths
    max                  double precision,
    quantile_array       double precision[],
    most_frequent_values text[],
    mfv_frequencies      bigint[],
    distinct_error       double precision,     -- relative standard error; 0: exact
    quantile_error       double precision,     -- of a rank, as a part of all rows; 0: exact
    mfv_error            bigint,               -- rows by which a frequency may be too low; 0: exact
    earliest             text,                 -- of dates and times
    latest               text
);
COMMENT ON TYPE MADLIB_SCHEMA.column_summary IS 'figures about one column';

CREATE FUNCTION MADLIB_SCHEMA.__column_summary_accum(state bytea, value anyelement) RETURNS bytea
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'summary_accum';
COMMENT ON FUNCTION MADLIB_SCHEMA.__column_summary_accum(bytea, anyelement) IS 'transition function of column_summary';

CREATE FUNCTION MADLIB_SCHEMA.__column_summary_accum(state bytea, value anyelement, wanted integer) RETURNS bytea
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'summary_accum';
COMMENT ON FUNCTION MADLIB_SCHEMA.__column_summary_accum(bytea, anyelement, integer) IS
    'transition function of column_summary_state: 1 is distinct values, 2 quantiles, 4 frequent values; their sum';

CREATE FUNCTION MADLIB_SCHEMA.__column_summary_combine(state bytea, other bytea) RETURNS bytea
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'summary_combine';
COMMENT ON FUNCTION MADLIB_SCHEMA.__column_summary_combine(bytea, bytea) IS 'merges two states of column_summary';

CREATE FUNCTION MADLIB_SCHEMA.__column_summary_state(state bytea) RETURNS bytea
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'summary_state';
COMMENT ON FUNCTION MADLIB_SCHEMA.__column_summary_state(bytea) IS 'a state of column_summary with no values waiting';

CREATE FUNCTION MADLIB_SCHEMA.__column_summary(state bytea) RETURNS MADLIB_SCHEMA.column_summary
LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'summary_result';
COMMENT ON FUNCTION MADLIB_SCHEMA.__column_summary(bytea) IS 'final function of column_summary';

CREATE FUNCTION MADLIB_SCHEMA.column_summary_of(
    state     bytea,                    -- of column_summary_state or column_summary_merge
    fractions double precision[] DEFAULT ARRAY[0.25, 0.5, 0.75],    -- the quantiles, from 0 to 1
    how_many  integer            DEFAULT 10                         -- frequent values
) RETURNS MADLIB_SCHEMA.column_summary
LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'summary_result';
COMMENT ON FUNCTION MADLIB_SCHEMA.column_summary_of(bytea, double precision[], integer) IS
    'the figures in a state of column_summary_state';

CREATE AGGREGATE MADLIB_SCHEMA.column_summary(value anyelement) (
    SFUNC = MADLIB_SCHEMA.__column_summary_accum, STYPE = bytea,
    COMBINEFUNC = MADLIB_SCHEMA.__column_summary_combine,
    FINALFUNC = MADLIB_SCHEMA.__column_summary, PARALLEL = SAFE
);
COMMENT ON AGGREGATE MADLIB_SCHEMA.column_summary(anyelement) IS
    'figures about a column of any type, as a record: SELECT (MADLIB_SCHEMA.column_summary(price)).* FROM houses';

CREATE AGGREGATE MADLIB_SCHEMA.column_summary_state(value anyelement) (
    SFUNC = MADLIB_SCHEMA.__column_summary_accum, STYPE = bytea,
    COMBINEFUNC = MADLIB_SCHEMA.__column_summary_combine,
    FINALFUNC = MADLIB_SCHEMA.__column_summary_state, PARALLEL = SAFE
);
COMMENT ON AGGREGATE MADLIB_SCHEMA.column_summary_state(anyelement) IS
    'column_summary of a part of the data, for column_summary_merge and column_summary_of';

CREATE AGGREGATE MADLIB_SCHEMA.column_summary_state(value anyelement, wanted integer) (
    SFUNC = MADLIB_SCHEMA.__column_summary_accum, STYPE = bytea,
    COMBINEFUNC = MADLIB_SCHEMA.__column_summary_combine,
    FINALFUNC = MADLIB_SCHEMA.__column_summary_state, PARALLEL = SAFE
);
COMMENT ON AGGREGATE MADLIB_SCHEMA.column_summary_state(anyelement, integer) IS
    'state of column_summary with some parts only: 1 is distinct values, 2 quantiles, 4 frequent values; their sum';

CREATE AGGREGATE MADLIB_SCHEMA.column_summary_merge(state bytea) (
    SFUNC = MADLIB_SCHEMA.__column_summary_combine, STYPE = bytea,
    COMBINEFUNC = MADLIB_SCHEMA.__column_summary_combine,
    FINALFUNC = MADLIB_SCHEMA.__column_summary_state, PARALLEL = SAFE
);
COMMENT ON AGGREGATE MADLIB_SCHEMA.column_summary_merge(bytea) IS
    'merges states of column_summary_state into one';

-- row_summary: column_summary of all columns of a row, for Citus, which sends no aggregate of anyelement.

CREATE FUNCTION MADLIB_SCHEMA.__row_summary_accum(state bytea, value record, wanted integer) RETURNS bytea
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'row_summary_accum';
COMMENT ON FUNCTION MADLIB_SCHEMA.__row_summary_accum(bytea, record, integer) IS 'transition function of __row_summary';

CREATE FUNCTION MADLIB_SCHEMA.__row_summary_combine(state bytea, other bytea) RETURNS bytea
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'row_summary_combine';
COMMENT ON FUNCTION MADLIB_SCHEMA.__row_summary_combine(bytea, bytea) IS 'merges two states of __row_summary';

CREATE FUNCTION MADLIB_SCHEMA.__row_summary_column(state bytea, number integer) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'row_summary_column';
COMMENT ON FUNCTION MADLIB_SCHEMA.__row_summary_column(bytea, integer) IS
    'the state of one column, counted from 1, out of a state of __row_summary';

CREATE AGGREGATE MADLIB_SCHEMA.__row_summary(value record, wanted integer) (
    SFUNC = MADLIB_SCHEMA.__row_summary_accum, STYPE = bytea,
    COMBINEFUNC = MADLIB_SCHEMA.__row_summary_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE MADLIB_SCHEMA.__row_summary(record, integer) IS
    'column_summary_state of each column of ROW(value, ...), in one state';

-- Drivers, without JIT as in regr.

CREATE TYPE MADLIB_SCHEMA.correlation_result AS (
    MADLIB_TRAINING,
    column_names             text[],
    mean_vector              double precision[],   -- of the only group, else NULL
    total_rows_processed     bigint,
    matrix                   double precision[]    -- of the only group, else NULL; k x k
);
COMMENT ON TYPE MADLIB_SCHEMA.correlation_result IS
    'result of correlation or covariance: the one row of the summary table, or figures over all groups';

CREATE FUNCTION MADLIB_SCHEMA.correlation(
    source_table  text,                     -- read, never changed
    output_table  text,                     -- created: the lower triangle of the matrix
    target_cols   text    DEFAULT '*',      -- numbers; '*' or NULL: every column that is one
    verbose       boolean DEFAULT false,
    grouping_cols text    DEFAULT NULL      -- a matrix for each group
) RETURNS MADLIB_SCHEMA.correlation_result
LANGUAGE plpython3u VOLATILE SET jit = off AS MADLIB_DRIVER(stats.correlation);
COMMENT ON FUNCTION MADLIB_SCHEMA.correlation(text, text, text, boolean, text) IS
    'Pearson''s correlations of the columns of a table: SELECT MADLIB_SCHEMA.correlation(''houses'', ''houses_correlation'', ''tax, bath, size'')';

CREATE FUNCTION MADLIB_SCHEMA.covariance(
    source_table  text,                     -- read, never changed
    output_table  text,                     -- created: the lower triangle of the matrix
    target_cols   text    DEFAULT '*',      -- numbers; '*' or NULL: every column that is one
    verbose       boolean DEFAULT false,
    grouping_cols text    DEFAULT NULL      -- a matrix for each group
) RETURNS MADLIB_SCHEMA.correlation_result
LANGUAGE plpython3u VOLATILE SET jit = off AS MADLIB_DRIVER(stats.covariance);
COMMENT ON FUNCTION MADLIB_SCHEMA.covariance(text, text, text, boolean, text) IS
    'covariances of the columns of a table: SELECT MADLIB_SCHEMA.covariance(''houses'', ''houses_covariance'', ''tax, bath, size'')';

CREATE FUNCTION MADLIB_SCHEMA.fmsketch_dcount(
    source_table text,                      -- read, never changed
    expression   text                       -- of any type
) RETURNS bigint
LANGUAGE plpython3u VOLATILE SET jit = off AS MADLIB_DRIVER(stats.fmsketch_dcount);
COMMENT ON FUNCTION MADLIB_SCHEMA.fmsketch_dcount(text, text) IS
    'the number of distinct values in a table, on several servers too: SELECT MADLIB_SCHEMA.fmsketch_dcount(''orders'', ''customer'')';

CREATE TYPE MADLIB_SCHEMA.summary_result AS (
    MADLIB_TRAINING,
    num_col_summarized       bigint
);
COMMENT ON TYPE MADLIB_SCHEMA.summary_result IS 'result of summary: the one row of the summary table';

CREATE FUNCTION MADLIB_SCHEMA.summary(
    source_table  text,                                 -- read, never changed
    output_table  text,                                 -- created: a row per column (and group)
    target_cols   text               DEFAULT NULL,      -- '*' or NULL: every column
    grouping_cols text               DEFAULT NULL,
    get_distinct  boolean            DEFAULT true,
    get_quartiles boolean            DEFAULT true,
    ntile_array   double precision[] DEFAULT NULL,      -- more quantiles, from 0 to 1
    how_many_mfv  bigint             DEFAULT 10,        -- most frequent values
    get_estimates boolean            DEFAULT true,      -- false: counted and sorted, which takes longer
    verbose       boolean            DEFAULT false
) RETURNS MADLIB_SCHEMA.summary_result
LANGUAGE plpython3u VOLATILE SET jit = off AS MADLIB_DRIVER(stats.summary);
COMMENT ON FUNCTION MADLIB_SCHEMA.summary(text, text, text, text, boolean, boolean, double precision[], bigint, boolean, boolean) IS
    'figures about each column of a table: SELECT MADLIB_SCHEMA.summary(''houses'', ''houses_columns'')';
