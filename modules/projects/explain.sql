-- What a model has learned: contributions of features to a prediction, their importance, trials, and the data.

CREATE FUNCTION MODULE_SCHEMA.__explain(
    model bytea, VARIADIC x "any", OUT class text, OUT feature text, OUT contribution double precision
) RETURNS SETOF record
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 20 ROWS 10 AS 'MODULE_PATHNAME', 'sk_explain';
COMMENT ON FUNCTION MODULE_SCHEMA.__explain(bytea, "any") IS 'contributions of features to a prediction of a model';

CREATE FUNCTION MODULE_SCHEMA.explain(
    project text, VARIADIC x "any", OUT class text, OUT feature text, OUT contribution double precision
) RETURNS SETOF record
LANGUAGE c STABLE PARALLEL SAFE COST 20 ROWS 10 AS 'MODULE_PATHNAME', 'projects_explain';
COMMENT ON FUNCTION MODULE_SCHEMA.explain(text, "any") IS
    'how much each feature adds to a prediction of a project; a row without a feature has what they are added to: SELECT e.* FROM wine AS w, MODULE_SCHEMA.explain(''Wine'', w) AS e';

CREATE FUNCTION MODULE_SCHEMA.explain(
    model_id bigint, VARIADIC x "any", OUT class text, OUT feature text, OUT contribution double precision
) RETURNS SETOF record
LANGUAGE c STABLE PARALLEL SAFE COST 20 ROWS 10 AS 'MODULE_PATHNAME', 'projects_explain';
COMMENT ON FUNCTION MODULE_SCHEMA.explain(bigint, "any") IS
    'how much each feature adds to a prediction of a model given by its number';

CREATE TYPE MODULE_SCHEMA.feature_importance AS (
    feature    text,                 -- or a column that it became: kind=a
    importance double precision,
    deviation  double precision,     -- over the repetitions of a permutation
    method     text                  -- coefficients, impurity or permutation
);
COMMENT ON TYPE MODULE_SCHEMA.feature_importance IS 'how much a model depends on a feature';

CREATE FUNCTION MODULE_SCHEMA.importance(
    project text,                    -- its deployed model
    method  text DEFAULT 'auto'      -- coefficients, impurity or permutation; auto: the first of them that the model has
) RETURNS SETOF MODULE_SCHEMA.feature_importance
LANGUAGE plpython3u VOLATILE SET jit = off AS MADLIB_DRIVER(projects.importance.importance);
COMMENT ON FUNCTION MODULE_SCHEMA.importance(text, text) IS
    'how much the deployed model of a project depends on each feature, the largest first';

CREATE FUNCTION MODULE_SCHEMA.importance(model_id bigint, method text DEFAULT 'auto')
RETURNS SETOF MODULE_SCHEMA.feature_importance
LANGUAGE plpython3u VOLATILE SET jit = off AS MADLIB_DRIVER(projects.numbered.importance);
COMMENT ON FUNCTION MODULE_SCHEMA.importance(bigint, text) IS
    'how much a model given by its number depends on each feature, the largest first';

CREATE TYPE MODULE_SCHEMA.trial AS (
    model_id    bigint,
    trial       integer,
    algorithm   text,
    hyperparams jsonb,
    status      text,
    error       text,
    score       double precision,
    deviation   double precision,     -- of the score over the folds
    seconds     double precision,
    is_kept     boolean               -- whether the model is of this trial
);
COMMENT ON TYPE MODULE_SCHEMA.trial IS 'a candidate of a training';

CREATE FUNCTION MODULE_SCHEMA.trial_info(project text) RETURNS SETOF MODULE_SCHEMA.trial
LANGUAGE plpython3u VOLATILE SET jit = off AS MADLIB_DRIVER(projects.trials.trial_info);
COMMENT ON FUNCTION MODULE_SCHEMA.trial_info(text) IS 'the candidates that the trainings of a project tried, the best of each first';

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
LANGUAGE plpython3u VOLATILE SET jit = off AS MADLIB_DRIVER(projects.describe.describe_data);
COMMENT ON FUNCTION MODULE_SCHEMA.describe_data(text, text) IS
    'figures of every column of a relation: SELECT * FROM MODULE_SCHEMA.describe_data(''wine'', ''quality'')';
