-- The candidates of trainings.

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
LANGUAGE plpython3u VOLATILE SET jit = off AS MADLIB_DRIVER(projects.training.trials.trial_info);
COMMENT ON FUNCTION MODULE_SCHEMA.trial_info(text) IS 'the candidates that the trainings of a project tried, the best of each first';
