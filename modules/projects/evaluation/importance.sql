-- How much a model depends on each feature.

CREATE TYPE MODULE_SCHEMA.feature_importance AS (
    feature    text,                 -- or a column that it became: kind=a
    importance double precision,
    deviation  double precision,     -- over the repetitions of a permutation
    method     text                  -- coefficients, impurity or permutation
);
COMMENT ON TYPE MODULE_SCHEMA.feature_importance IS 'how much a model depends on a feature';

CREATE FUNCTION MODULE_SCHEMA.importance(
    model         text,                        -- a project, whose deployed model is taken, or a table that a training made
    method        text DEFAULT 'auto',         -- coefficients, impurity or permutation; auto: the first of them that the model has
    relation      text DEFAULT NULL,           -- read, never changed; NULL: the rows for testing of the model's training
    y_column_name text DEFAULT NULL,           -- the target of a permutation; NULL: the column that the model was trained on
    features      text DEFAULT NULL            -- of a table: needed where it has expressions among its features
) RETURNS SETOF MODULE_SCHEMA.feature_importance
LANGUAGE plpython3u VOLATILE SET jit = off AS MADLIB_DRIVER(projects.evaluation.importance.importance);
COMMENT ON FUNCTION MODULE_SCHEMA.importance(text, text, text, text, text) IS
    'how much a model depends on each feature, the largest first: SELECT * FROM MODULE_SCHEMA.importance(''Wine'')';

CREATE FUNCTION MODULE_SCHEMA.importance(
    model_id      bigint,
    method        text DEFAULT 'auto',
    relation      text DEFAULT NULL,
    y_column_name text DEFAULT NULL
) RETURNS SETOF MODULE_SCHEMA.feature_importance
LANGUAGE plpython3u VOLATILE SET jit = off AS MADLIB_DRIVER(projects.evaluation.numbered.importance);
COMMENT ON FUNCTION MODULE_SCHEMA.importance(bigint, text, text, text) IS
    'how much a model given by its number depends on each feature, the largest first';
