-- regr: ordinary and weighted least squares, one model per group.  Manual: README.md.

-- Kernels of the second pass.

-- meat: the sums of (w e)^2 x x, the middle matrix of a sandwich covariance; e are the residuals for given coefficients.

MADLIB_KERNEL meat(y double precision, x double precision[], weight double precision, coef double precision[]) IS
    'the sums of (w e)^2 x x, the middle matrix of a sandwich covariance';

-- squared_residuals: the moments of x and of the squared residuals for given coefficients.

MADLIB_KERNEL squared_residuals(y double precision, x double precision[], weight double precision, coef double precision[]) IS
    'the moments of x and of the squared residuals';

-- The figures of a fit.

CREATE TYPE MADLIB_SCHEMA.regr_fit AS (
    coef                     double precision[],   -- NULL where a term is aliased
    r2                       double precision,
    std_err                  double precision[],
    t_stats                  double precision[],
    p_values                 double precision[],
    condition_no             double precision,     -- condition number of the features, by singular values
    num_rows_processed       bigint,
    num_missing_rows_skipped bigint,
    variance_covariance      double precision[],   -- k x k
    adjusted_r2              double precision,
    residual_std_err         double precision,
    f_stat                   double precision,
    f_p_value                double precision,
    df_model                 integer,
    df_residual              bigint,
    has_intercept            boolean               -- whether some combination of the features is constant
);
COMMENT ON TYPE MADLIB_SCHEMA.regr_fit IS 'a linear regression: coefficients, their errors, and how well it fits';

CREATE FUNCTION MADLIB_SCHEMA.regr_fit(state bytea) RETURNS MADLIB_SCHEMA.regr_fit
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'regr_fit';
COMMENT ON FUNCTION MADLIB_SCHEMA.regr_fit(bytea) IS
    'the linear regression of a state, as moments_state and weighted_moments_state return it';

CREATE FUNCTION MADLIB_SCHEMA.__regr_fit(
    state  bytea,
    blocks integer[]                    -- for each term, the number of the text column of which it is a level, else 0
) RETURNS MADLIB_SCHEMA.regr_fit
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'regr_fit';
COMMENT ON FUNCTION MADLIB_SCHEMA.__regr_fit(bytea, integer[]) IS
    'fits a state of moments like regr_fit; a text column without rows of its reference level gets another one';

CREATE FUNCTION MADLIB_SCHEMA.__regr_aliases(state bytea, blocks integer[]) RETURNS double precision[]
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'regr_aliases';
COMMENT ON FUNCTION MADLIB_SCHEMA.__regr_aliases(bytea, integer[]) IS
    'a row for each aliased term of __regr_fit: the combination of terms that equals it; NULL without aliased terms';

CREATE FUNCTION MADLIB_SCHEMA.__regr_is_perfect(state bytea) RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'regr_is_perfect';
COMMENT ON FUNCTION MADLIB_SCHEMA.__regr_is_perfect(bytea) IS
    'whether the residuals of the linear regression of a state may be rounding errors';

-- Aggregates: SELECT madlib.mregr_coef(price, ARRAY[1, bedroom, bath, size]) FROM houses.

CREATE AGGREGATE MADLIB_SCHEMA.regr_agg(y double precision, x double precision[]) (
    SFUNC = MADLIB_SCHEMA.__moments_accum, STYPE = bytea, COMBINEFUNC = MADLIB_SCHEMA.__moments_combine,
    FINALFUNC = MADLIB_SCHEMA.regr_fit, PARALLEL = SAFE
);
COMMENT ON AGGREGATE MADLIB_SCHEMA.regr_agg(double precision, double precision[]) IS
    'linear regression of y on x, as a record';

CREATE AGGREGATE MADLIB_SCHEMA.regr_agg(y double precision, x double precision[], weight double precision) (
    SFUNC = MADLIB_SCHEMA.__weighted_moments_accum, STYPE = bytea,
    COMBINEFUNC = MADLIB_SCHEMA.__weighted_moments_combine,
    FINALFUNC = MADLIB_SCHEMA.regr_fit, PARALLEL = SAFE
);
COMMENT ON AGGREGATE MADLIB_SCHEMA.regr_agg(double precision, double precision[], double precision) IS
    'weighted linear regression of y on x, as a record';

CREATE FUNCTION MADLIB_SCHEMA.__mregr_coef(state bytea) RETURNS double precision[]
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'mregr_coef';
COMMENT ON FUNCTION MADLIB_SCHEMA.__mregr_coef(bytea) IS 'final function of mregr_coef';

CREATE AGGREGATE MADLIB_SCHEMA.mregr_coef(y double precision, x double precision[]) (
    SFUNC = MADLIB_SCHEMA.__moments_accum, STYPE = bytea, COMBINEFUNC = MADLIB_SCHEMA.__moments_combine,
    FINALFUNC = MADLIB_SCHEMA.__mregr_coef, PARALLEL = SAFE
);
COMMENT ON AGGREGATE MADLIB_SCHEMA.mregr_coef(double precision, double precision[]) IS
    'coefficients of the linear regression of y on x';

CREATE AGGREGATE MADLIB_SCHEMA.regr_coef(y double precision, x double precision[]) (
    SFUNC = MADLIB_SCHEMA.__moments_accum, STYPE = bytea, COMBINEFUNC = MADLIB_SCHEMA.__moments_combine,
    FINALFUNC = MADLIB_SCHEMA.__mregr_coef, PARALLEL = SAFE
);
COMMENT ON AGGREGATE MADLIB_SCHEMA.regr_coef(double precision, double precision[]) IS 'coefficients of a linear regression, as mregr_coef';

CREATE FUNCTION MADLIB_SCHEMA.__mregr_r2(state bytea) RETURNS double precision
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'mregr_r2';
COMMENT ON FUNCTION MADLIB_SCHEMA.__mregr_r2(bytea) IS 'final function of mregr_r2';

CREATE AGGREGATE MADLIB_SCHEMA.mregr_r2(y double precision, x double precision[]) (
    SFUNC = MADLIB_SCHEMA.__moments_accum, STYPE = bytea, COMBINEFUNC = MADLIB_SCHEMA.__moments_combine,
    FINALFUNC = MADLIB_SCHEMA.__mregr_r2, PARALLEL = SAFE
);
COMMENT ON AGGREGATE MADLIB_SCHEMA.mregr_r2(double precision, double precision[]) IS
    'R-squared of the linear regression of y on x';

CREATE FUNCTION MADLIB_SCHEMA.__mregr_tstats(state bytea) RETURNS double precision[]
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'mregr_tstats';
COMMENT ON FUNCTION MADLIB_SCHEMA.__mregr_tstats(bytea) IS 'final function of mregr_tstats';

CREATE AGGREGATE MADLIB_SCHEMA.mregr_tstats(y double precision, x double precision[]) (
    SFUNC = MADLIB_SCHEMA.__moments_accum, STYPE = bytea, COMBINEFUNC = MADLIB_SCHEMA.__moments_combine,
    FINALFUNC = MADLIB_SCHEMA.__mregr_tstats, PARALLEL = SAFE
);
COMMENT ON AGGREGATE MADLIB_SCHEMA.mregr_tstats(double precision, double precision[]) IS
    't statistics of the coefficients of the linear regression of y on x';

CREATE FUNCTION MADLIB_SCHEMA.__mregr_pvalues(state bytea) RETURNS double precision[]
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'mregr_pvalues';
COMMENT ON FUNCTION MADLIB_SCHEMA.__mregr_pvalues(bytea) IS 'final function of mregr_pvalues';

CREATE AGGREGATE MADLIB_SCHEMA.mregr_pvalues(y double precision, x double precision[]) (
    SFUNC = MADLIB_SCHEMA.__moments_accum, STYPE = bytea, COMBINEFUNC = MADLIB_SCHEMA.__moments_combine,
    FINALFUNC = MADLIB_SCHEMA.__mregr_pvalues, PARALLEL = SAFE
);
COMMENT ON AGGREGATE MADLIB_SCHEMA.mregr_pvalues(double precision, double precision[]) IS
    'two-sided p-values of the coefficients of the linear regression of y on x';

CREATE FUNCTION MADLIB_SCHEMA.__regr_sandwich(
    state  bytea,
    meat   bytea,
    blocks integer[] DEFAULT '{}'       -- as those of __regr_fit
) RETURNS double precision[]
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'regr_sandwich';
COMMENT ON FUNCTION MADLIB_SCHEMA.__regr_sandwich(bytea, bytea, integer[]) IS
    'the heteroskedasticity-consistent covariance HC0 of a state of moments and a state of the kernel "meat"';

CREATE FUNCTION MADLIB_SCHEMA.__regr_constants(state bytea) RETURNS double precision[]
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'regr_constants';
COMMENT ON FUNCTION MADLIB_SCHEMA.__regr_constants(bytea) IS
    'the value of each feature in a state of moments if it has the same in every row, else NULL';

CREATE FUNCTION MADLIB_SCHEMA.__regr_robust(
    coef        double precision[],     -- NULL where a term is aliased
    sandwich    double precision[],     -- HC0
    num_rows    bigint,
    df_residual bigint,
    df_model    integer,
    constants   double precision[],     -- values of the terms that are constant, else NULL
    OUT std_err double precision[],
    OUT t_stats double precision[],
    OUT p_values double precision[],
    OUT variance_covariance double precision[],
    OUT f_stat double precision,
    OUT f_p_value double precision
)
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'regr_robust';
COMMENT ON FUNCTION MADLIB_SCHEMA.__regr_robust(
    double precision[], double precision[], bigint, bigint, integer, double precision[]
) IS 'the covariance HC1, and the t tests and the F test with it';

-- Prediction of one row.

CREATE FUNCTION MADLIB_SCHEMA.regr_predict(coef double precision[], x double precision[]) RETURNS double precision
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 2 AS 'MODULE_PATHNAME', 'regr_predict';
COMMENT ON FUNCTION MADLIB_SCHEMA.regr_predict(double precision[], double precision[]) IS
    'the prediction of a linear model for one row: regr_predict(coef, ARRAY[1, bedroom, bath, size])';

CREATE FUNCTION MADLIB_SCHEMA.regr_predict(
    coef    double precision[],
    x       double precision[],
    aliases double precision[]          -- of the model; NULL where it has none
) RETURNS double precision
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 2 AS 'MODULE_PATHNAME', 'regr_predict';
COMMENT ON FUNCTION MADLIB_SCHEMA.regr_predict(double precision[], double precision[], double precision[]) IS
    'predicts by a model with aliased terms: NULL where they are not the combination of terms that they were in training';

-- Drivers run without JIT: PostgreSQL overestimates the cost of the small statements around a scan a million times, and
-- compiling them takes longer than reading the table.

CREATE TYPE MADLIB_SCHEMA.regr_result AS (
    MADLIB_TRAINING,
    r2                       double precision,   -- of the only group, else NULL
    residual_std_err         double precision,
    terms                    jsonb               -- what each feature is made of
);
COMMENT ON TYPE MADLIB_SCHEMA.regr_result IS 'result of regr_train: the one row of the summary table';

CREATE FUNCTION MADLIB_SCHEMA.regr_train(
    source_table              text,                   -- read, never changed
    output_table              text,                   -- created; must not exist
    target                    text,                   -- an expression: a number
    features                  text,                   -- 'ARRAY[1, a, b]' as written, or 'a, b' with an intercept
    grouping_cols             text    DEFAULT NULL,   -- one model per distinct value of these columns
    heteroskedasticity_option boolean DEFAULT false,  -- the test of Breusch and Pagan
    weights                   text    DEFAULT NULL,   -- an expression: a number, 0 or more
    robust                    boolean DEFAULT false,  -- standard errors HC1
    verbose                   boolean DEFAULT false
) RETURNS MADLIB_SCHEMA.regr_result
LANGUAGE plpython3u VOLATILE SET jit = off AS MADLIB_DRIVER(regr.train);
COMMENT ON FUNCTION MADLIB_SCHEMA.regr_train(text, text, text, text, text, boolean, text, boolean, boolean) IS
    'fits a linear regression per group into output_table: SELECT MADLIB_SCHEMA.regr_train(''houses'', ''model'', ''price'', ''tax, bath, size'')';

CREATE TYPE MADLIB_SCHEMA.regr_term AS (
    groups    jsonb,              -- the grouping columns and their values
    term      text,
    estimate  double precision,   -- NULL: aliased
    std_error double precision,
    t_value   double precision,
    p_value   double precision,
    signif    text                -- *** below 0.001, ** 0.01, * 0.05, . 0.1
);
COMMENT ON TYPE MADLIB_SCHEMA.regr_term IS 'one term of a linear regression';

CREATE FUNCTION MADLIB_SCHEMA.regr_summary(
    output_table text             -- as regr_train made it
) RETURNS SETOF MADLIB_SCHEMA.regr_term
LANGUAGE plpython3u VOLATILE AS MADLIB_DRIVER(regr.predict.summary);
COMMENT ON FUNCTION MADLIB_SCHEMA.regr_summary(text) IS
    'a model of regr_train in long form: SELECT * FROM MADLIB_SCHEMA.regr_summary(''model'')';

MADLIB_PREDICTION regr.predict(the columns of source_table, and prediction) IS
    'predicts a whole table: SELECT MADLIB_SCHEMA.regr_predict(''model'', ''houses'', ''predictions'')';
