-- logregr: logistic regression, one model per group.  Manual: README.md.

-- The kernels "logregr" and "weighted_logregr" as aggregates: the sums for one step of iteratively reweighted
-- least squares.

MADLIB_KERNEL logregr(y double precision, x double precision[], parameters double precision[]) IS
    'the log-likelihood of coefficients, its gradient and its Hessian: parameters are coefficients, the step to them and shifts of x';

MADLIB_KERNEL weighted_logregr(y double precision, x double precision[], weight double precision, parameters double precision[]) IS
    'the log-likelihood of coefficients, its gradient and its Hessian, where a row counts as many times as its weight says';

CREATE FUNCTION MADLIB_SCHEMA.__logregr_outcome(state bytea) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'logregr_outcome_of';
COMMENT ON FUNCTION MADLIB_SCHEMA.__logregr_outcome(bytea) IS
    'the figures that logregr_train reads in a state of logregr_state: the log-likelihood, Newton''s next step, the Hessian';

CREATE FUNCTION MADLIB_SCHEMA.__weighted_logregr_outcome(state bytea) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'weighted_logregr_outcome_of';
COMMENT ON FUNCTION MADLIB_SCHEMA.__weighted_logregr_outcome(bytea) IS
    'the figures that logregr_train reads in a state of weighted_logregr_state: the log-likelihood, Newton''s next step, the Hessian';

CREATE FUNCTION MADLIB_SCHEMA.__logregr_estimate(data bytea, first integer, k integer) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'logregr_estimate';
COMMENT ON FUNCTION MADLIB_SCHEMA.__logregr_estimate(bytea, integer, integer) IS
    'coefficients, standard errors and tests from coefficients and a Hessian; input and output are the bytes of doubles';

-- Prediction of one row.

CREATE FUNCTION MADLIB_SCHEMA.logregr_predict(coef double precision[], x double precision[]) RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 2 AS 'MODULE_PATHNAME', 'logregr_predict';
COMMENT ON FUNCTION MADLIB_SCHEMA.logregr_predict(double precision[], double precision[]) IS
    'whether the positive class is more likely for a row: logregr_predict(coef, ARRAY[1, treatment, trait_anxiety])';

CREATE FUNCTION MADLIB_SCHEMA.logregr_predict_prob(coef double precision[], x double precision[])
RETURNS MADLIB_SCHEMA.probability
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 2 AS 'MODULE_PATHNAME', 'logregr_predict_prob';
COMMENT ON FUNCTION MADLIB_SCHEMA.logregr_predict_prob(double precision[], double precision[]) IS
    'the probability of the positive class: logregr_predict_prob(coef, ARRAY[1, treatment, trait_anxiety])';

CREATE FUNCTION MADLIB_SCHEMA.logregr_predict(
    coef    double precision[],
    x       double precision[],
    aliases double precision[]          -- of the model; NULL where it has none
) RETURNS boolean
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 2 AS 'MODULE_PATHNAME', 'logregr_predict';
COMMENT ON FUNCTION MADLIB_SCHEMA.logregr_predict(double precision[], double precision[], double precision[]) IS
    'predicts by a model with aliased terms: NULL where they are not the combination of terms that they were in training';

CREATE FUNCTION MADLIB_SCHEMA.logregr_predict_prob(
    coef    double precision[],
    x       double precision[],
    aliases double precision[]          -- of the model; NULL where it has none
) RETURNS MADLIB_SCHEMA.probability
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 2 AS 'MODULE_PATHNAME', 'logregr_predict_prob';
COMMENT ON FUNCTION MADLIB_SCHEMA.logregr_predict_prob(double precision[], double precision[], double precision[]) IS
    'probability by a model with aliased terms: NULL where they are not the combination of terms that they were in training';

-- Drivers, without JIT as in regr.

CREATE TYPE MADLIB_SCHEMA.logregr_result AS (
    MADLIB_TRAINING,
    target_type              text,
    classes                  text[],             -- the negative one, the positive one
    positive_class           text,               -- coefficients are of its odds
    log_likelihood           double precision,   -- of the only group, else NULL
    num_iterations           bigint,             -- the largest number in a group
    num_converged            bigint,             -- number of groups that converged
    terms                    jsonb               -- what each feature is made of
);
COMMENT ON TYPE MADLIB_SCHEMA.logregr_result IS 'result of logregr_train: the one row of the summary table';

CREATE FUNCTION MADLIB_SCHEMA.logregr_train(
    source_table  text,                            -- read, never changed
    output_table  text,                            -- created; must not exist
    target        text,                            -- an expression: boolean, or with two values
    features      text,                            -- 'ARRAY[1, a, b]' as written, or 'a, b' with an intercept
    grouping_cols text             DEFAULT NULL,   -- one model per distinct value of these columns
    max_iter      bigint           DEFAULT 20,
    optimizer     text             DEFAULT 'irls', -- the only one
    tolerance     double precision DEFAULT 1e-4,   -- relative change of the log-likelihood that ends it
    verbose       boolean          DEFAULT false,
    weights       text             DEFAULT NULL    -- an expression, 0 or more: how many times a row counts
) RETURNS MADLIB_SCHEMA.logregr_result
LANGUAGE plpython3u VOLATILE SET jit = off AS MADLIB_DRIVER(logregr.train);
COMMENT ON FUNCTION MADLIB_SCHEMA.logregr_train(text, text, text, text, text, bigint, text, double precision, boolean, text) IS
    'fits a logistic regression per group into output_table: SELECT MADLIB_SCHEMA.logregr_train(''patients'', ''model'', ''second_attack'', ''treatment, trait_anxiety'')';

CREATE TYPE MADLIB_SCHEMA.logregr_term AS (
    groups     jsonb,              -- the grouping columns and their values
    term       text,
    estimate   double precision,   -- NULL: aliased
    std_error  double precision,
    z_value    double precision,
    p_value    double precision,
    odds_ratio double precision,
    signif     text                -- *** below 0.001, ** 0.01, * 0.05, . 0.1
);
COMMENT ON TYPE MADLIB_SCHEMA.logregr_term IS 'one term of a logistic regression';

CREATE FUNCTION MADLIB_SCHEMA.logregr_summary(
    output_table text             -- as logregr_train made it
) RETURNS SETOF MADLIB_SCHEMA.logregr_term
LANGUAGE plpython3u VOLATILE AS MADLIB_DRIVER(logregr.predict.summary);
COMMENT ON FUNCTION MADLIB_SCHEMA.logregr_summary(text) IS
    'a model of logregr_train in long form: SELECT * FROM MADLIB_SCHEMA.logregr_summary(''model'')';

MADLIB_PREDICTION logregr.predict(the columns of source_table, prediction and probability) IS
    'predicts a whole table: SELECT MADLIB_SCHEMA.logregr_predict(''model'', ''patients'', ''predictions'')';
