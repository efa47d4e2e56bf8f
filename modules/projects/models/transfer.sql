-- Models that leave a database and come into one, and models that are trained again.

CREATE FUNCTION MODULE_SCHEMA.export_model(
    model  text,                    -- a project, whose deployed model is taken, or a table that a training made
    format text DEFAULT 'madpy'     -- madpy: for import_model; onnx: for a runtime of ONNX, not of a table
) RETURNS bytea
LANGUAGE plpython3u VOLATILE SET jit = off AS MADLIB_DRIVER(projects.models.transfer.export_model);
COMMENT ON FUNCTION MODULE_SCHEMA.export_model(text, text) IS
    'the bytes of a model, in the format of docs/model-format.md or in ONNX: SELECT MODULE_SCHEMA.export_model(''Wine'')';

CREATE FUNCTION MODULE_SCHEMA.export_model(
    model_id bigint,
    format   text DEFAULT 'madpy'   -- madpy: for import_model; onnx: for a runtime of ONNX
) RETURNS bytea
LANGUAGE plpython3u VOLATILE SET jit = off AS MADLIB_DRIVER(projects.models.numbered.export_model);
COMMENT ON FUNCTION MODULE_SCHEMA.export_model(bigint, text) IS
    'the bytes of a model given by its number: SELECT MODULE_SCHEMA.export_model(1)';

CREATE FUNCTION MODULE_SCHEMA.import_model(
    name  text,         -- of the project, made if there is none; of bytes of a table: of the table, which must not exist
    model bytea         -- as export_model returned it, in the format madpy
) RETURNS bigint
LANGUAGE plpython3u VOLATILE SET jit = off AS MADLIB_DRIVER(projects.models.transfer.import_model);
COMMENT ON FUNCTION MODULE_SCHEMA.import_model(text, bytea) IS
    'adds a model from elsewhere to a project, which deploy can deploy then, and returns its number; or makes the tables of a model';

CREATE TYPE MODULE_SCHEMA.reproduction AS (
    model_id       bigint,
    data_is_equal  boolean,              -- whether the relation has the rows of the training
    model_is_equal boolean,              -- whether the new model has the same bytes
    score          double precision,     -- of the new model
    score_before   double precision
);
COMMENT ON TYPE MODULE_SCHEMA.reproduction IS 'result of reproduce';

CREATE FUNCTION MODULE_SCHEMA.reproduce(model_id bigint) RETURNS MODULE_SCHEMA.reproduction
LANGUAGE plpython3u VOLATILE SET jit = off AS MADLIB_DRIVER(projects.training.reproduce.reproduce);
COMMENT ON FUNCTION MODULE_SCHEMA.reproduce(bigint) IS
    'trains a model again from what is known of it, and compares: SELECT * FROM MODULE_SCHEMA.reproduce(1)';
