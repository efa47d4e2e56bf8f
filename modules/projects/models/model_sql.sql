-- Models as functions in SQL.

CREATE FUNCTION MODULE_SCHEMA.model_sql(
    model text,                    -- a project, whose deployed model is taken, or a table that a training made
    name  text DEFAULT NULL        -- of the function; NULL: model_<model_id>, or <table>_predict
) RETURNS text
LANGUAGE plpython3u VOLATILE SET jit = off AS MADLIB_DRIVER(projects.models.model_sql.model_sql);
COMMENT ON FUNCTION MODULE_SCHEMA.model_sql(text, text) IS
    'the statement CREATE FUNCTION for a function in SQL that predicts as a project or a model table does';

CREATE FUNCTION MODULE_SCHEMA.model_sql(
    model_id bigint,               -- of a linear model, trees, a forest or boosting
    name     text DEFAULT NULL     -- of the function; NULL: model_<model_id>
) RETURNS text
LANGUAGE plpython3u VOLATILE SET jit = off AS MADLIB_DRIVER(projects.models.numbered.model_sql);
COMMENT ON FUNCTION MODULE_SCHEMA.model_sql(bigint, text) IS
    'the statement CREATE FUNCTION for a function in SQL that predicts as the model does, without this library';
