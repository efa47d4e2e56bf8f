-- sk: the algorithms of scikit-learn, fitted in a worker process and scored in C.  Manual: README.md.

-- Prediction of one row: the features one by one, or one array of them, or one row of a table.
-- VARIADIC text[] is for arguments that have no type, and for texts.

CREATE FUNCTION MADLIB_SCHEMA.sk_predict(model bytea, VARIADIC x "any") RETURNS double precision
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'sk_predict';
COMMENT ON FUNCTION MADLIB_SCHEMA.sk_predict(bytea, "any") IS
    'the number that a regression predicts, or the number of the cluster: sk_predict(model, tax, bath), sk_predict(model, h) FROM houses AS h';

CREATE FUNCTION MADLIB_SCHEMA.sk_predict(model bytea, VARIADIC x text[]) RETURNS double precision
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'sk_predict';
COMMENT ON FUNCTION MADLIB_SCHEMA.sk_predict(bytea, text[]) IS
    'the number that a regression predicts, or the number of the cluster, from arguments without types';

CREATE FUNCTION MADLIB_SCHEMA.sk_predict_all(model bytea, VARIADIC x "any") RETURNS double precision[]
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'sk_predict_all';
COMMENT ON FUNCTION MADLIB_SCHEMA.sk_predict_all(bytea, "any") IS
    'the numbers that a model of several targets predicts, or the components of a decomposition';

CREATE FUNCTION MADLIB_SCHEMA.sk_predict_all(model bytea, VARIADIC x text[]) RETURNS double precision[]
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'sk_predict_all';
COMMENT ON FUNCTION MADLIB_SCHEMA.sk_predict_all(bytea, text[]) IS
    'the numbers that a model of several targets predicts, or the components of a decomposition, from arguments without types';

CREATE FUNCTION MADLIB_SCHEMA.sk_predict_class(model bytea, VARIADIC x "any") RETURNS text
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'sk_predict_class';
COMMENT ON FUNCTION MADLIB_SCHEMA.sk_predict_class(bytea, "any") IS
    'the label of the class that a classifier predicts: sk_predict_class(model, length, width)';

CREATE FUNCTION MADLIB_SCHEMA.sk_predict_class(model bytea, VARIADIC x text[]) RETURNS text
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'sk_predict_class';
COMMENT ON FUNCTION MADLIB_SCHEMA.sk_predict_class(bytea, text[]) IS
    'the label of the class that a classifier predicts, from arguments without types';

CREATE FUNCTION MADLIB_SCHEMA.sk_predict_prob(
    model bytea, VARIADIC x "any", OUT class text, OUT probability double precision
) RETURNS SETOF record
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 20 ROWS 3 AS 'MODULE_PATHNAME', 'sk_predict_prob';
COMMENT ON FUNCTION MADLIB_SCHEMA.sk_predict_prob(bytea, "any") IS
    'every class and its probability: SELECT p.* FROM iris, model, sk_predict_prob(model, length, width) AS p';

CREATE FUNCTION MADLIB_SCHEMA.sk_predict_prob(
    model bytea, VARIADIC x text[], OUT class text, OUT probability double precision
) RETURNS SETOF record
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 20 ROWS 3 AS 'MODULE_PATHNAME', 'sk_predict_prob';
COMMENT ON FUNCTION MADLIB_SCHEMA.sk_predict_prob(bytea, text[]) IS
    'every class and its probability, from arguments without types';

CREATE FUNCTION MADLIB_SCHEMA.sk_decision(model bytea, VARIADIC x "any") RETURNS double precision[]
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'sk_decision';
COMMENT ON FUNCTION MADLIB_SCHEMA.sk_decision(bytea, "any") IS
    'the decision values of a classifier, one for two classes, else one for each';

CREATE FUNCTION MADLIB_SCHEMA.sk_decision(model bytea, VARIADIC x text[]) RETURNS double precision[]
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'sk_decision';
COMMENT ON FUNCTION MADLIB_SCHEMA.sk_decision(bytea, text[]) IS
    'the decision values of a classifier, one for two classes, else one for each, from arguments without types';

CREATE FUNCTION MADLIB_SCHEMA.sk_explain(
    model bytea, VARIADIC x "any", OUT class text, OUT feature text, OUT contribution double precision
) RETURNS SETOF record
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 20 ROWS 10 AS 'MODULE_PATHNAME', 'sk_explain';
COMMENT ON FUNCTION MADLIB_SCHEMA.sk_explain(bytea, "any") IS
    'how much each feature adds to a prediction or decision value; together with the row without a feature they are its sum';

CREATE FUNCTION MADLIB_SCHEMA.sk_explain(
    model bytea, VARIADIC x text[], OUT class text, OUT feature text, OUT contribution double precision
) RETURNS SETOF record
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 20 ROWS 10 AS 'MODULE_PATHNAME', 'sk_explain';
COMMENT ON FUNCTION MADLIB_SCHEMA.sk_explain(bytea, text[]) IS
    'how much each feature adds to a prediction or decision value, from arguments without types';

-- Drivers, without JIT as in regr.

CREATE TYPE MADLIB_SCHEMA.sk_result AS (
    MADLIB_TRAINING,
    algorithm text,
    task      text,
    classes   text[],
    class_type text,             -- of the target
    metrics   jsonb,             -- of the fit over its own rows, where there is one group
    seed      bigint
);
COMMENT ON TYPE MADLIB_SCHEMA.sk_result IS 'result of sk_train: its row of the summary table';

CREATE FUNCTION MADLIB_SCHEMA.sk_train(
    source_table     text,                    -- read, never changed
    output_table     text,                    -- created; must not exist
    target           text,                    -- an expression, or several; NULL for clustering and decomposition
    features         text,                    -- numbers, and categories: text, boolean, enum
    algorithm        text,                    -- one of sk_algorithms()
    hyperparams      jsonb   DEFAULT '{}',    -- of the algorithm
    grouping_cols    text    DEFAULT NULL,    -- one model per distinct value of these columns
    categorical_cols text    DEFAULT NULL,    -- numbers among the features that are categories
    preprocess       jsonb   DEFAULT '{}',    -- what is done with each feature before
    weights          text    DEFAULT NULL,    -- an expression: sample weights, 0 or more
    seed             bigint  DEFAULT 0,
    verbose          boolean DEFAULT false,
    task             text    DEFAULT 'auto'   -- regression, classification, clustering or decomposition
) RETURNS MADLIB_SCHEMA.sk_result
LANGUAGE plpython3u VOLATILE SET jit = off AS MADLIB_DRIVER(sk.train);
COMMENT ON FUNCTION MADLIB_SCHEMA.sk_train(text, text, text, text, text, jsonb, text, text, jsonb, text, bigint, boolean, text) IS
    'fits an algorithm of scikit-learn per group into output_table: SELECT MADLIB_SCHEMA.sk_train(''houses'', ''model'', ''price'', ''tax, bath'', ''ridge'')';

CREATE TYPE MADLIB_SCHEMA.sk_comparison AS (
    MADLIB_TRAINING,
    task           text,
    classes        text[],               -- those of rows that are fitted on, then those of the holdout alone
    class_type     text,                 -- of the target
    metric         text,                 -- by which the best candidate is chosen
    best_candidate integer,
    best_score     double precision,
    seed           bigint,
    columns        jsonb,                -- an analysis of each feature and target over the rows that are fitted on
    num_rows         bigint,             -- all rows, those with a NULL and those of the holdout included
    num_holdout_rows bigint,
    hash_sum         text                -- the sum of row_hash over all rows
);
COMMENT ON TYPE MADLIB_SCHEMA.sk_comparison IS 'result of sk_compare: its row of the summary table';

CREATE FUNCTION MADLIB_SCHEMA.sk_compare(
    source_table     text,                          -- read once, never changed
    output_table     text,                          -- created; must not exist
    target           text,                          -- an expression, or several; NULL for clustering and decomposition
    features         text,                          -- numbers, and categories: text, boolean, enum
    candidates       jsonb,                         -- [{"algorithm": "ridge", "hyperparams": {"alpha": 1}, "preprocess": {}}, ...]
    task             text             DEFAULT 'auto',
    holdout          text             DEFAULT NULL, -- a condition: rows that are scored, and not fitted on
    folds            bigint           DEFAULT 0,    -- of a cross-validation; 0: none
    fold_groups      text             DEFAULT NULL, -- an expression: rows of one value are in one fold
    fold_order       text             DEFAULT NULL, -- a number or time: each fold is predicted from those before it
    metric           text             DEFAULT NULL, -- by which the best is chosen; NULL: r2, f1, silhouette or explained_variance
    halving          jsonb            DEFAULT NULL, -- successive halving: {"factor": 3, "min_rows": 200}
    time_limit       double precision DEFAULT NULL, -- seconds after which a candidate is ended, and no other begins
    keep             text             DEFAULT 'all', -- of which candidates there are models: all, best
    categorical_cols text             DEFAULT NULL, -- numbers among the features that are categories
    weights          text             DEFAULT NULL, -- an expression: sample weights, 0 or more
    seed             bigint           DEFAULT 0,
    verbose          boolean          DEFAULT false,
    row_hash         text             DEFAULT NULL, -- an expression, a bigint: a hash of the row, which is summed
    holdout_share    double precision DEFAULT NULL  -- share of the rows in the holdout, chosen by row_hash and seed
) RETURNS MADLIB_SCHEMA.sk_comparison
LANGUAGE plpython3u VOLATILE SET jit = off AS MADLIB_DRIVER(sk.compare.compare);
COMMENT ON FUNCTION MADLIB_SCHEMA.sk_compare(text, text, text, text, jsonb, text, text, bigint, text, text, text, jsonb, double precision, text, text, text, bigint, boolean, text, double precision) IS
    'fits and scores several candidates from one reading of a table: SELECT MADLIB_SCHEMA.sk_compare(''houses'', ''tried'', ''price'', ''tax, bath'', ''[{"algorithm": "ridge"}, {"algorithm": "random_forest"}]'', folds => 5)';

CREATE FUNCTION MADLIB_SCHEMA.sk_algorithms(
    OUT algorithm text, OUT task text, OUT hyperparams jsonb,
    OUT takes_weights boolean, OUT takes_nulls boolean, OUT several_targets boolean
) RETURNS SETOF record
LANGUAGE plpython3u VOLATILE SET jit = off AS MADLIB_DRIVER(sk.algorithms);
COMMENT ON FUNCTION MADLIB_SCHEMA.sk_algorithms() IS
    'the algorithms that sk_train knows, and the hyperparameters of each: SELECT * FROM MADLIB_SCHEMA.sk_algorithms()';

CREATE FUNCTION MADLIB_SCHEMA.sk_device(OUT device text, OUT detail text)
LANGUAGE plpython3u VOLATILE SET jit = off AS MADLIB_DRIVER(sk.device);
COMMENT ON FUNCTION MADLIB_SCHEMA.sk_device() IS
    'the device that fits use where they can: cpu, cuda, or NULL where madpy.device is cuda and there is none';

MADLIB_PREDICTION sk.predict(the columns of source_table, and prediction) IS
    'predicts a whole table: SELECT MADLIB_SCHEMA.sk_predict(''model'', ''houses'', ''predictions'')';

MADLIB_PREDICTION sk.predict_prob(for each class the columns of source_table, prediction, probability) IS
    'the probability of each class for each row of a table: SELECT MADLIB_SCHEMA.sk_predict_prob(''model'', ''iris'', ''probabilities'')';

MADLIB_PREDICTION sk.create_view(the columns of source_table, and prediction) IS
    'a view that predicts a table as it is when it is read: SELECT MADLIB_SCHEMA.sk_create_view(''model'', ''houses'', ''predicted'')';
