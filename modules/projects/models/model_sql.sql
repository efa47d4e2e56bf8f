-- Models as functions in SQL.

CREATE FUNCTION MODULE_SCHEMA.model_sql(
    model_id bigint,               -- of a linear model, trees, a forest or boosting
    name     text DEFAULT NULL     -- of the function; NULL: model_<model_id>
) RETURNS text
LANGUAGE plpython3u VOLATILE SET jit = off AS MADLIB_DRIVER(projects.models.model_sql.model_sql);
COMMENT ON FUNCTION MODULE_SCHEMA.model_sql(bigint, text) IS
    'the statement CREATE FUNCTION for a function in SQL that predicts as the model does, without this library';
