-- Figures of a model over rows.

CREATE TYPE MODULE_SCHEMA.figure AS (
    part      text,                 -- rows, metric, target, class, confusion, roc, calibration, cluster or component
    name      text,                 -- of the metric; the class that was predicted; the number of a point
    class     text,                 -- the class, target or cluster that the value is for
    value     double precision,     -- of a point of a curve: the true positive rate, or the share of rows of the class
    x         double precision,     -- of such a point: the false positive rate, or the mean probability
    threshold double precision,     -- of a point of a ROC curve
    num_rows  bigint                -- in an interval of a calibration curve
);
COMMENT ON TYPE MODULE_SCHEMA.figure IS 'a figure of evaluate';

CREATE FUNCTION MODULE_SCHEMA.evaluate(
    model         text,               -- a project, whose deployed model is taken, or a table that a training made
    relation      text DEFAULT NULL,  -- read, never changed; NULL: the rows for testing of the model's training
    y_column_name text DEFAULT NULL,  -- the target; NULL: the column that the model was trained on
    features      text DEFAULT NULL   -- of a table: needed where it has expressions among its features
) RETURNS SETOF MODULE_SCHEMA.figure
LANGUAGE plpython3u VOLATILE SET jit = off AS MADLIB_DRIVER(projects.evaluation.evaluate.evaluate);
COMMENT ON FUNCTION MODULE_SCHEMA.evaluate(text, text, text, text) IS
    'all metrics of a model, its confusions and curves: SELECT * FROM MODULE_SCHEMA.evaluate(''Wine'', ''new_wine'')';

CREATE FUNCTION MODULE_SCHEMA.evaluate(
    model_id      bigint,
    relation      text DEFAULT NULL,
    y_column_name text DEFAULT NULL
) RETURNS SETOF MODULE_SCHEMA.figure
LANGUAGE plpython3u VOLATILE SET jit = off AS MADLIB_DRIVER(projects.evaluation.numbered.evaluate);
COMMENT ON FUNCTION MODULE_SCHEMA.evaluate(bigint, text, text) IS
    'all metrics of a model given by its number, its confusions and curves';
