-- Predictions of a whole table.

CREATE FUNCTION MODULE_SCHEMA.predict_batch(
    project_name  text,               -- whose deployed model predicts
    relation_name text,               -- read, never changed
    output_table  text                -- created: the columns of relation_name, prediction, for classes likelihood
) RETURNS MADLIB_SCHEMA.predictions
LANGUAGE plpython3u VOLATILE SET jit = off AS MADLIB_DRIVER(projects.evaluation.batch.predict_batch);
COMMENT ON FUNCTION MODULE_SCHEMA.predict_batch(text, text, text) IS
    'predicts a whole table: SELECT MODULE_SCHEMA.predict_batch(''Wine'', ''wine_today'', ''predictions'')';
