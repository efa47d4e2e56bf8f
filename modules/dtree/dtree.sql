-- dtree: classification and regression trees, one per group.  Manual: README.md.

-- dtree_sample: a sample of rows, by a hash of their values.

MADLIB_KERNEL dtree_sample(y double precision, x double precision[], parameters double precision[]) IS
    'a sample of rows, by a hash of their values, for dtree_train';

CREATE FUNCTION MADLIB_SCHEMA.__dtree_sample_outcome(state bytea) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dtree_sample_outcome_of';
COMMENT ON FUNCTION MADLIB_SCHEMA.__dtree_sample_outcome(bytea) IS 'the sample in a state of dtree_sample_state, as dtree_train reads it';

-- dtree: rows counted by node, feature and bin.

MADLIB_KERNEL dtree(y double precision, x double precision[], parameters double precision[]) IS
    'counts of rows by node, feature and bin, for dtree_train';

CREATE FUNCTION MADLIB_SCHEMA.__dtree_outcome(state bytea) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dtree_outcome_of';
COMMENT ON FUNCTION MADLIB_SCHEMA.__dtree_outcome(bytea) IS 'the best split of each node and counts of categories, as dtree_train reads them in a state of dtree_state';

-- Both kernels for rows with weights.

MADLIB_KERNEL weighted_dtree_sample(
    y double precision, x double precision[], weight double precision, parameters double precision[]) IS
    'a sample of rows with weights, by a hash of their values, for dtree_train';

CREATE FUNCTION MADLIB_SCHEMA.__weighted_dtree_sample_outcome(state bytea) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'weighted_dtree_sample_outcome_of';
COMMENT ON FUNCTION MADLIB_SCHEMA.__weighted_dtree_sample_outcome(bytea) IS
    'the sample in a state of weighted_dtree_sample_state, as dtree_train reads it';

MADLIB_KERNEL weighted_dtree(
    y double precision, x double precision[], weight double precision, parameters double precision[]) IS
    'sums of weights by node, feature and bin, for dtree_train';

CREATE FUNCTION MADLIB_SCHEMA.__weighted_dtree_outcome(state bytea) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'weighted_dtree_outcome_of';
COMMENT ON FUNCTION MADLIB_SCHEMA.__weighted_dtree_outcome(bytea) IS
    'the best split of each node and counts of categories, as dtree_train reads them in a state of weighted_dtree_state';

CREATE FUNCTION MADLIB_SCHEMA.__store_bin(
    store integer, first_group integer, edges bytea, scalars integer DEFAULT 1
) RETURNS boolean
LANGUAGE c VOLATILE STRICT AS 'MODULE_PATHNAME', 'store_bin';
COMMENT ON FUNCTION MADLIB_SCHEMA.__store_bin(integer, integer, bytea, integer) IS
    'codes the features of a store, all columns but the last scalars, by bins; returns false if there is no memory for the codes';

-- Prediction of one row.

CREATE FUNCTION MADLIB_SCHEMA.dtree_predict(model bytea, x double precision[]) RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'dtree_predict';
COMMENT ON FUNCTION MADLIB_SCHEMA.dtree_predict(bytea, double precision[]) IS
    'the class, or the number as text, that a tree predicts for one row of numbers: dtree_predict(model, ARRAY[length, width])';

CREATE FUNCTION MADLIB_SCHEMA.dtree_predict(model bytea, x text[]) RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'dtree_predict';
COMMENT ON FUNCTION MADLIB_SCHEMA.dtree_predict(bytea, text[]) IS
    'predicts the class of a row with categories as text: dtree_predict(model, ARRAY[outlook, humidity::text])';

CREATE FUNCTION MADLIB_SCHEMA.dtree_predict(model bytea, x text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS 'SELECT MADLIB_SCHEMA.dtree_predict(model, x::pg_catalog.text[])';
COMMENT ON FUNCTION MADLIB_SCHEMA.dtree_predict(bytea, text) IS
    'predicts the class for one row, from a literal or a parameter without a type: dtree_predict(model, ''{sunny,70}'')';

CREATE FUNCTION MADLIB_SCHEMA.dtree_predict_number(model bytea, x double precision[]) RETURNS double precision
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'dtree_predict_number';
COMMENT ON FUNCTION MADLIB_SCHEMA.dtree_predict_number(bytea, double precision[]) IS
    'the number that a tree of a regression predicts for one row of numbers';

CREATE FUNCTION MADLIB_SCHEMA.dtree_predict_number(model bytea, x text[]) RETURNS double precision
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'dtree_predict_number';
COMMENT ON FUNCTION MADLIB_SCHEMA.dtree_predict_number(bytea, text[]) IS
    'the number that a tree of a regression predicts for one row with categories as text';

CREATE FUNCTION MADLIB_SCHEMA.dtree_predict_number(model bytea, x text) RETURNS double precision
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS 'SELECT MADLIB_SCHEMA.dtree_predict_number(model, x::pg_catalog.text[])';
COMMENT ON FUNCTION MADLIB_SCHEMA.dtree_predict_number(bytea, text) IS
    'the number that a tree of a regression predicts for one row, from a literal or a parameter without a type';

CREATE FUNCTION MADLIB_SCHEMA.dtree_predict_prob(
    model bytea, x double precision[], OUT class text, OUT probability double precision
) RETURNS SETOF record
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 ROWS 3 AS 'MODULE_PATHNAME', 'dtree_predict_prob';
COMMENT ON FUNCTION MADLIB_SCHEMA.dtree_predict_prob(bytea, double precision[]) IS
    'every class and its probability for one row of numbers';

CREATE FUNCTION MADLIB_SCHEMA.dtree_predict_prob(
    model bytea, x text[], OUT class text, OUT probability double precision
) RETURNS SETOF record
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 20 ROWS 3 AS 'MODULE_PATHNAME', 'dtree_predict_prob';
COMMENT ON FUNCTION MADLIB_SCHEMA.dtree_predict_prob(bytea, text[]) IS
    'the probability of each class for one row with categories as text';

CREATE FUNCTION MADLIB_SCHEMA.dtree_predict_prob(
    model bytea, x text, OUT class text, OUT probability double precision
) RETURNS SETOF record
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE ROWS 3
AS 'SELECT p.class, p.probability FROM MADLIB_SCHEMA.dtree_predict_prob(model, x::pg_catalog.text[]) AS p';
COMMENT ON FUNCTION MADLIB_SCHEMA.dtree_predict_prob(bytea, text) IS
    'the probability of each class for one row, from a literal or a parameter without a type';

-- Drivers, without JIT as in regr.

CREATE TYPE MADLIB_SCHEMA.dtree_result AS (
    MADLIB_TRAINING,
    task                     text,               -- classification or regression
    criterion                text,               -- gini, entropy or variance
    classes                  text[],             -- of a classification, in the order of class_counts
    class_type               text,
    num_nodes                bigint,             -- of all groups' trees
    num_leaves               bigint,
    depth                    bigint,             -- of the deepest
    seed                     bigint
);
COMMENT ON TYPE MADLIB_SCHEMA.dtree_result IS 'result of dtree_train';

CREATE FUNCTION MADLIB_SCHEMA.dtree_train(
    source_table     text,                             -- read, never changed
    output_table     text,                             -- created; must not exist
    target           text,                             -- an expression; a number is predicted, anything else classified
    features         text,                             -- 'a, b, c', or an array of numbers
    grouping_cols    text             DEFAULT NULL,    -- one tree per distinct value of these columns
    categorical_cols text             DEFAULT NULL,    -- numbers that are categories, as text and boolean are
    task             text             DEFAULT 'auto',  -- classification or regression
    criterion        text             DEFAULT 'auto',  -- gini, entropy or variance
    max_depth        bigint           DEFAULT 10,
    min_split        bigint           DEFAULT 20,      -- rows that a node needs to be split
    min_bucket       bigint           DEFAULT 7,       -- rows that a leaf has to have
    num_bins         bigint           DEFAULT 100,     -- into which a feature is cut
    prune_cp         double precision DEFAULT NULL,    -- rpart's cp: the least gain that a split must be worth
    n_folds          bigint           DEFAULT 0,       -- of a cross-validation that chooses cp
    seed             bigint           DEFAULT 0,
    verbose          boolean          DEFAULT false,
    weights          text             DEFAULT NULL     -- an expression, 0 or more: how many rows each row counts as
) RETURNS MADLIB_SCHEMA.dtree_result
LANGUAGE plpython3u VOLATILE SET jit = off AS MADLIB_DRIVER(dtree.train);
COMMENT ON FUNCTION MADLIB_SCHEMA.dtree_train(
    text, text, text, text, text, text, text, text, bigint, bigint, bigint, bigint,
    double precision, bigint, bigint, boolean, text) IS
    'grows a decision tree per group: SELECT MADLIB_SCHEMA.dtree_train(''iris'', ''tree'', ''species'', ''petal_length, petal_width'')';

MADLIB_PREDICTION dtree.predict(the columns of source_table, and prediction) IS
    'predicts a whole table: SELECT MADLIB_SCHEMA.dtree_predict(''model'', ''iris'', ''predictions'')';

MADLIB_PREDICTION dtree.predict_prob(for each class the columns of source_table, prediction, probability) IS
    'the probability of each class for each row of a table: SELECT MADLIB_SCHEMA.dtree_predict_prob(''model'', ''iris'', ''probabilities'')';

CREATE FUNCTION MADLIB_SCHEMA.dtree_display(
    model_table text,                   -- the output_table of dtree_train
    format      text DEFAULT 'text'     -- text, dot or svg
) RETURNS text
LANGUAGE plpython3u VOLATILE AS MADLIB_DRIVER(dtree.inspect.display);
COMMENT ON FUNCTION MADLIB_SCHEMA.dtree_display(text, text) IS
    'draws the trees of a model: SELECT MADLIB_SCHEMA.dtree_display(''model'')';

CREATE TYPE MADLIB_SCHEMA.dtree_importance_row AS (
    groups     jsonb,              -- the grouping columns and their values
    feature    text,
    importance double precision,   -- the share of its splits in what all splits gain
    num_splits bigint
);
COMMENT ON TYPE MADLIB_SCHEMA.dtree_importance_row IS 'how much one feature does in a tree';

CREATE FUNCTION MADLIB_SCHEMA.dtree_importance(
    model_table text              -- the output_table of dtree_train
) RETURNS SETOF MADLIB_SCHEMA.dtree_importance_row
LANGUAGE plpython3u VOLATILE AS MADLIB_DRIVER(dtree.inspect.importance);
COMMENT ON FUNCTION MADLIB_SCHEMA.dtree_importance(text) IS
    'the share of each feature in the gain of a tree: SELECT * FROM MADLIB_SCHEMA.dtree_importance(''model'')';
