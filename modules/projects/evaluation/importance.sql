-- How much a model depends on each feature.

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
LANGUAGE plpython3u VOLATILE SET jit = off AS MADLIB_DRIVER(projects.evaluation.importance.importance);
COMMENT ON FUNCTION MODULE_SCHEMA.importance(text, text) IS
    'how much the deployed model of a project depends on each feature, the largest first';

CREATE FUNCTION MODULE_SCHEMA.importance(model_id bigint, method text DEFAULT 'auto')
RETURNS SETOF MODULE_SCHEMA.feature_importance
LANGUAGE plpython3u VOLATILE SET jit = off AS MADLIB_DRIVER(projects.evaluation.numbered.importance);
COMMENT ON FUNCTION MODULE_SCHEMA.importance(bigint, text) IS
    'how much a model given by its number depends on each feature, the largest first';
