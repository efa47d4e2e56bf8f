-- Training: rows are split, candidates are fitted and compared, the best is kept and may be deployed.

CREATE FUNCTION MODULE_SCHEMA.__part(seed bigint, VARIADIC x "any") RETURNS double precision
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'projects_part';
COMMENT ON FUNCTION MODULE_SCHEMA.__part(bigint, "any") IS
    'a number from 0, below 1, made of the values of a row: it decides whether the row is for testing';

CREATE FUNCTION MODULE_SCHEMA.__hash(seed bigint, VARIADIC x "any") RETURNS bigint
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'projects_hash';
COMMENT ON FUNCTION MODULE_SCHEMA.__hash(bigint, "any") IS 'a hash of the values of a row';

CREATE TYPE MODULE_SCHEMA.training AS (
    project_name text,
    objective    text,
    status       text,              -- deployed or not deployed
    algorithm    text,
    model_id     bigint,
    metric       text,              -- by which models are compared
    score        double precision,
    metrics      jsonb              -- on the rows for testing
);
COMMENT ON TYPE MODULE_SCHEMA.training IS 'result of train';

CREATE FUNCTION MODULE_SCHEMA.train(
    project_name     text,                            -- made, if there is none of this name
    task             text DEFAULT NULL,               -- regression, classification, clustering or decomposition
    relation_name    text DEFAULT NULL,               -- read, never changed; NULL: that of the last training
    y_column_name    text DEFAULT NULL,               -- the target
    algorithm        text DEFAULT 'auto',             -- one of sk_algorithms(); auto: the best of several
    hyperparams      jsonb DEFAULT '{}',
    search           text DEFAULT NULL,               -- grid, random or halving
    search_params    jsonb DEFAULT '{}',              -- for each hyperparameter the values to try
    search_args      jsonb DEFAULT '{}',              -- n_iter, folds, factor, min_rows
    test_size        double precision DEFAULT NULL,   -- share of the rows, or their number; NULL: 0.25
    test_sampling    text DEFAULT NULL,               -- random, stratified, last or group; NULL: random
    preprocess       jsonb DEFAULT '"auto"',
    automatic_deploy boolean DEFAULT true,            -- if it is better than the model that is deployed
    seed             bigint  DEFAULT NULL,            -- NULL: 0
    test_column      text DEFAULT NULL,               -- orders rows for last, groups them for group
    time_limit       double precision DEFAULT 300,    -- seconds, after which a candidate is ended
    exclude          text DEFAULT NULL,               -- columns that are no features
    metric           text DEFAULT NULL,               -- by which models are compared
    materialize_snapshot boolean DEFAULT false,       -- keep a copy of the rows
    objective        text DEFAULT NULL                -- an older name of task
) RETURNS SETOF MODULE_SCHEMA.training
LANGUAGE plpython3u VOLATILE SET jit = off AS MADLIB_DRIVER(projects.train);
COMMENT ON FUNCTION MODULE_SCHEMA.train(text, text, text, text, text, jsonb, text, jsonb, jsonb, double precision, text, jsonb, boolean, bigint, text, double precision, text, text, boolean, text) IS
    'trains models for a project and deploys the best: SELECT * FROM MODULE_SCHEMA.train(''Wine'', ''regression'', ''wine'', ''quality'')';

CREATE FUNCTION MODULE_SCHEMA.train_joint(
    project_name     text,                            -- made, if there is none of this name
    task             text,                            -- regression
    relation_name    text,                            -- read, never changed
    y_column_name    text[],                          -- the targets
    algorithm        text DEFAULT 'auto',             -- one of sk_algorithms(); auto: the best of several
    hyperparams      jsonb DEFAULT '{}',
    search           text DEFAULT NULL,               -- grid, random or halving
    search_params    jsonb DEFAULT '{}',              -- for each hyperparameter the values to try
    search_args      jsonb DEFAULT '{}',              -- n_iter, folds, factor, min_rows
    test_size        double precision DEFAULT NULL,   -- share of the rows, or their number; NULL: 0.25
    test_sampling    text DEFAULT NULL,               -- random, stratified, last or group; NULL: random
    preprocess       jsonb DEFAULT '"auto"',
    automatic_deploy boolean DEFAULT true,            -- if it is better than the model that is deployed
    seed             bigint  DEFAULT NULL,            -- NULL: 0
    test_column      text DEFAULT NULL,               -- orders rows for last, groups them for group
    time_limit       double precision DEFAULT 300,    -- seconds, after which a candidate is ended
    exclude          text DEFAULT NULL,               -- columns that are no features
    metric           text DEFAULT NULL,               -- by which models are compared
    materialize_snapshot boolean DEFAULT false,       -- keep a copy of the rows
    objective        text DEFAULT NULL                -- an older name of task
) RETURNS SETOF MODULE_SCHEMA.training
LANGUAGE plpython3u VOLATILE SET jit = off AS MADLIB_DRIVER(projects.training.joint.train_joint);
COMMENT ON FUNCTION MODULE_SCHEMA.train_joint(text, text, text, text[], text, jsonb, text, jsonb, jsonb, double precision, text, jsonb, boolean, bigint, text, double precision, text, text, boolean, text) IS
    'trains models of several targets, which predict_joint predicts: SELECT * FROM MODULE_SCHEMA.train_joint(''Fitness'', ''regression'', ''linnerud'', ''{weight,waist}'')';
