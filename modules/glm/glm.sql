-- glm: generalised linear models, one per group.  Manual: README.md.

-- The kernel "glm" as an aggregate: the sums for one step of iteratively reweighted least squares.

MADLIB_KERNEL glm(y double precision, x double precision[], weight double precision, parameters double precision[]) IS
    'the deviance at some coefficients, the score and the information; parameters are family, link, mean and constant, coefficients, the step to them and shifts of x';

CREATE FUNCTION MADLIB_SCHEMA.__glm_outcome(state bytea) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'glm_outcome_of';
COMMENT ON FUNCTION MADLIB_SCHEMA.__glm_outcome(bytea) IS
    'reads a state of glm_state for glm_train: the deviance, Pearson''s sum, the next step, the information';

CREATE FUNCTION MADLIB_SCHEMA.__glm_estimate(data bytea, first integer, k integer) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'linear_estimate';
COMMENT ON FUNCTION MADLIB_SCHEMA.__glm_estimate(bytea, integer, integer) IS
    'coefficients, standard errors and tests from coefficients and the information; input and output are the bytes of doubles';

-- Prediction of one row.

CREATE FUNCTION MADLIB_SCHEMA.glm_predict(
    coef     double precision[],
    x        double precision[],
    link     text,                                     -- of the model's summary
    aliases  double precision[] DEFAULT NULL,          -- of the model
    "offset" double precision   DEFAULT 0
) RETURNS double precision
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 2 AS 'MODULE_PATHNAME', 'linear_mean';
COMMENT ON FUNCTION MADLIB_SCHEMA.glm_predict(double precision[], double precision[], text, double precision[], double precision) IS
    'the mean of the target for a row: glm_predict(coef, ARRAY[1, bmi, bp], ''log'')';

CREATE FUNCTION MADLIB_SCHEMA.__glm_predict(
    coef       double precision[],
    x          double precision[],
    aliases    double precision[] DEFAULT NULL,
    link       text               DEFAULT NULL,
    has_offset boolean            DEFAULT false        -- whether the last feature is an offset
) RETURNS double precision
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 2 AS 'MODULE_PATHNAME', 'linear_mean_row';
COMMENT ON FUNCTION MADLIB_SCHEMA.__glm_predict(double precision[], double precision[], double precision[], text, boolean) IS
    'the mean of the target for a row, with its offset after the features if the model has one, for glm_predict on a table';

-- Drivers, without JIT as in regr.

CREATE TYPE MADLIB_SCHEMA.glm_result AS (
    MADLIB_TRAINING,
    family                   text,
    link                     text,
    log_likelihood           double precision,   -- this and the next two: of the only group, else NULL
    deviance                 double precision,
    dispersion               double precision,
    num_iterations           bigint,             -- the largest number in a group
    num_converged            bigint,             -- number of groups that converged
    terms                    jsonb               -- what each feature is made of
);
COMMENT ON TYPE MADLIB_SCHEMA.glm_result IS 'result of glm_train: the one row of the summary table';

CREATE FUNCTION MADLIB_SCHEMA.glm_train(
    source_table  text,                            -- read, never changed
    output_table  text,                            -- created; must not exist
    target        text,                            -- an expression: double precision
    features      text,                            -- 'ARRAY[1, a, b]' as written, or 'a, b' with an intercept
    family        text,                            -- gaussian, binomial, poisson, gamma, inverse_gaussian
    link          text             DEFAULT NULL,   -- the family's canonical one
    grouping_cols text             DEFAULT NULL,   -- one model per distinct value of these columns
    weights       text             DEFAULT NULL,   -- an expression, 0 or more: how many times a row counts
    "offset"      text             DEFAULT NULL,   -- an expression that is added to each predictor
    max_iter      bigint           DEFAULT 100,
    tolerance     double precision DEFAULT 1e-6,
    verbose       boolean          DEFAULT false
) RETURNS MADLIB_SCHEMA.glm_result
LANGUAGE plpython3u VOLATILE SET jit = off AS MADLIB_DRIVER(glm.train);
COMMENT ON FUNCTION MADLIB_SCHEMA.glm_train(text, text, text, text, text, text, text, text, text, bigint, double precision, boolean) IS
    'fits a generalised linear model per group into output_table: SELECT MADLIB_SCHEMA.glm_train(''claims'', ''model'', ''claims'', ''age, car'', ''poisson'')';

CREATE TYPE MADLIB_SCHEMA.glm_term AS (
    groups    jsonb,              -- the grouping columns and their values
    term      text,
    estimate  double precision,   -- NULL: aliased
    std_error double precision,
    statistic double precision,   -- t where the dispersion is estimated, else z
    p_value   double precision,
    signif    text                -- *** below 0.001, ** 0.01, * 0.05, . 0.1
);
COMMENT ON TYPE MADLIB_SCHEMA.glm_term IS 'one term of a generalised linear model';

CREATE FUNCTION MADLIB_SCHEMA.glm_summary(
    output_table text             -- as glm_train made it
) RETURNS SETOF MADLIB_SCHEMA.glm_term
LANGUAGE plpython3u VOLATILE AS MADLIB_DRIVER(glm.predict.summary);
COMMENT ON FUNCTION MADLIB_SCHEMA.glm_summary(text) IS
    'a model of glm_train in long form: SELECT * FROM MADLIB_SCHEMA.glm_summary(''model'')';

CREATE FUNCTION MADLIB_SCHEMA.glm_predict(
    model_table  text,                -- as glm_train made it
    source_table text,                -- read, never changed
    output_table text,                -- created: the columns of source_table, and prediction
    features     text DEFAULT NULL,   -- needed where the model has expressions among its features
    "offset"     text DEFAULT NULL    -- needed where the model has one
) RETURNS MADLIB_SCHEMA.predictions
LANGUAGE plpython3u VOLATILE SET jit = off AS MADLIB_DRIVER(glm.predict.predict);
COMMENT ON FUNCTION MADLIB_SCHEMA.glm_predict(text, text, text, text, text) IS
    'predicts a whole table: SELECT MADLIB_SCHEMA.glm_predict(''model'', ''claims'', ''predictions'')';
