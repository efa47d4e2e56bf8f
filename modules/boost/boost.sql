-- boost: gradient boosting of trees, one model per group.  Manual: README.md.

-- boost_sample: a sample of rows, by a hash of their values.

MADLIB_KERNEL boost_sample(y double precision, x double precision[], parameters double precision[]) IS
    'a sample of rows, by a hash of their values, for boost_train';

CREATE FUNCTION MADLIB_SCHEMA.__boost_sample_outcome(state bytea) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'boost_sample_outcome_of';
COMMENT ON FUNCTION MADLIB_SCHEMA.__boost_sample_outcome(bytea) IS
    'the sample in a state of boost_sample_state, as boost_train reads it';

MADLIB_KERNEL weighted_boost_sample(
    y double precision, x double precision[], weight double precision, parameters double precision[]) IS
    'a sample of rows with weights, by a hash of their values, for boost_train';

CREATE FUNCTION MADLIB_SCHEMA.__weighted_boost_sample_outcome(state bytea) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'weighted_boost_sample_outcome_of';
COMMENT ON FUNCTION MADLIB_SCHEMA.__weighted_boost_sample_outcome(bytea) IS
    'the sample in a state of weighted_boost_sample_state, as boost_train reads it';

-- Models from the coded rows of a store.

CREATE FUNCTION MADLIB_SCHEMA.__boost_fit(store integer, settings double precision[]) RETURNS void
LANGUAGE c VOLATILE STRICT AS 'MODULE_PATHNAME', 'boost_fit';
COMMENT ON FUNCTION MADLIB_SCHEMA.__boost_fit(integer, double precision[]) IS
    'trains the models of all groups of a store whose rows are coded';

CREATE FUNCTION MADLIB_SCHEMA.__boost_rounds(
    store integer,
    OUT group_number    integer,
    OUT round           integer,
    OUT num_leaves      integer,
    OUT depth           integer,
    OUT loss            double precision,
    OUT validation_loss double precision
) RETURNS SETOF record
LANGUAGE c VOLATILE STRICT AS 'MODULE_PATHNAME', 'boost_rounds';
COMMENT ON FUNCTION MADLIB_SCHEMA.__boost_rounds(integer) IS 'a row for each round of the models of a store';

CREATE FUNCTION MADLIB_SCHEMA.__boost_groups(
    store integer,
    OUT group_number    integer,
    OUT rounds          integer,
    OUT best            integer,
    OUT num_leaves      bigint,
    OUT depth           integer,
    OUT loss            double precision,
    OUT validation_loss double precision,
    OUT held            bigint,
    OUT importance      double precision[],
    OUT used            bigint,
    OUT skipped         bigint,
    OUT weight          double precision,
    OUT class_rows      double precision[],
    OUT start           double precision[]
) RETURNS SETOF record
LANGUAGE c VOLATILE STRICT AS 'MODULE_PATHNAME', 'boost_groups';
COMMENT ON FUNCTION MADLIB_SCHEMA.__boost_groups(integer) IS 'a row for each model of a store';

CREATE FUNCTION MADLIB_SCHEMA.__boost_model(store integer, group_number integer, json bytea, texts bytea[]) RETURNS bytea
LANGUAGE c VOLATILE STRICT AS 'MODULE_PATHNAME', 'boost_model';
COMMENT ON FUNCTION MADLIB_SCHEMA.__boost_model(integer, integer, bytea, bytea[]) IS
    'the packed model of a group of a store; NULL for a group without rows';

-- Prediction of one row.

CREATE FUNCTION MADLIB_SCHEMA.boost_predict(model bytea, x double precision[]) RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100 AS 'MODULE_PATHNAME', 'boost_predict';
COMMENT ON FUNCTION MADLIB_SCHEMA.boost_predict(bytea, double precision[]) IS
    'the class, or the number as text, that boosted trees predict for one row of numbers: boost_predict(model, ARRAY[length, width])';

CREATE FUNCTION MADLIB_SCHEMA.boost_predict(model bytea, x text[]) RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100 AS 'MODULE_PATHNAME', 'boost_predict';
COMMENT ON FUNCTION MADLIB_SCHEMA.boost_predict(bytea, text[]) IS
    'predicts the class of a row with categories as text: boost_predict(model, ARRAY[outlook, humidity::text])';

CREATE FUNCTION MADLIB_SCHEMA.boost_predict_number(model bytea, x double precision[]) RETURNS double precision
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100 AS 'MODULE_PATHNAME', 'boost_predict_number';
COMMENT ON FUNCTION MADLIB_SCHEMA.boost_predict_number(bytea, double precision[]) IS
    'the number that boosted trees of a regression predict for one row of numbers';

CREATE FUNCTION MADLIB_SCHEMA.boost_predict_number(model bytea, x text[]) RETURNS double precision
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100 AS 'MODULE_PATHNAME', 'boost_predict_number';
COMMENT ON FUNCTION MADLIB_SCHEMA.boost_predict_number(bytea, text[]) IS
    'the number that boosted trees of a regression predict for one row with categories as text';

CREATE FUNCTION MADLIB_SCHEMA.boost_predict_prob(
    model bytea, x double precision[], OUT class text, OUT probability double precision
) RETURNS SETOF record
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100 ROWS 3 AS 'MODULE_PATHNAME', 'boost_predict_prob';
COMMENT ON FUNCTION MADLIB_SCHEMA.boost_predict_prob(bytea, double precision[]) IS
    'every class and its probability for one row of numbers';

CREATE FUNCTION MADLIB_SCHEMA.boost_predict_prob(
    model bytea, x text[], OUT class text, OUT probability double precision
) RETURNS SETOF record
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100 ROWS 3 AS 'MODULE_PATHNAME', 'boost_predict_prob';
COMMENT ON FUNCTION MADLIB_SCHEMA.boost_predict_prob(bytea, text[]) IS
    'the probability of each class for one row with categories as text';

CREATE FUNCTION MADLIB_SCHEMA.boost_explain(
    model bytea, x double precision[], OUT class text, OUT feature text, OUT contribution double precision
) RETURNS SETOF record
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 1000 ROWS 10 AS 'MODULE_PATHNAME', 'boost_explain';
COMMENT ON FUNCTION MADLIB_SCHEMA.boost_explain(bytea, double precision[]) IS
    'how much each feature adds to the score, its Shapley value; with the row without a feature they add up to the score';

CREATE FUNCTION MADLIB_SCHEMA.boost_explain(
    model bytea, x text[], OUT class text, OUT feature text, OUT contribution double precision
) RETURNS SETOF record
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 1000 ROWS 10 AS 'MODULE_PATHNAME', 'boost_explain';
COMMENT ON FUNCTION MADLIB_SCHEMA.boost_explain(bytea, text[]) IS
    'how much each feature of a row with categories as text adds to the score';

CREATE FUNCTION MADLIB_SCHEMA.__boost_tree(
    model     bytea,
    tree      integer,              -- from 1
    max_depth integer,              -- deeper nodes are left out
    OUT node          integer,      -- from 0, the root
    OUT parent        integer,
    OUT depth         integer,
    OUT feature       text,         -- of the split; NULL in a leaf
    OUT threshold     double precision,
    OUT first_levels  text[],       -- of a category, that go to the first child
    OUT second_levels text[],
    OUT null_second   boolean,
    OUT num_rows      double precision,
    OUT numbers       double precision[]
) RETURNS SETOF record
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'boost_tree';
COMMENT ON FUNCTION MADLIB_SCHEMA.__boost_tree(bytea, integer, integer) IS 'the nodes of a tree of a model, for boost_display';

-- Drivers, without JIT as in regr.

CREATE TYPE MADLIB_SCHEMA.boost_result AS (
    MADLIB_TRAINING,
    task                     text,               -- classification or regression
    objective                text,
    classes                  text[],             -- of a classification
    class_type               text,
    num_rounds               bigint,             -- of the model; of the longest one in groups
    num_leaves               bigint,             -- of all trees of all groups
    depth                    bigint,             -- of the deepest tree
    loss                     double precision,   -- mean over the rows of the training; of one group
    validation_loss          double precision,   -- mean over the rows held out; of one group
    seed                     bigint
);
COMMENT ON TYPE MADLIB_SCHEMA.boost_result IS 'result of boost_train';

CREATE FUNCTION MADLIB_SCHEMA.boost_train(
    source_table     text,                             -- read, never changed
    output_table     text,                             -- created; must not exist
    target           text,                             -- an expression; a number is predicted, anything else classified
    features         text,                             -- 'a, b, c', or an array of numbers
    grouping_cols    text             DEFAULT NULL,    -- one model per distinct value of these columns
    objective        text             DEFAULT 'auto',  -- the loss to minimise: squared, absolute, quantile, huber, logistic, ...
    num_rounds       bigint           DEFAULT 100,
    learning_rate    double precision DEFAULT 0.1,
    max_leaves       bigint           DEFAULT 31,      -- of a tree
    max_depth        bigint           DEFAULT NULL,    -- NULL: as deep as the other limits allow
    min_child        bigint           DEFAULT 20,      -- rows that a leaf has to have
    l1               double precision DEFAULT 0,       -- penalties of the numbers in leaves
    l2               double precision DEFAULT 0,
    subsample        double precision DEFAULT 1,       -- rows drawn for a round, as a share
    num_features     bigint           DEFAULT NULL,    -- drawn for a tree; NULL: all
    monotone         jsonb            DEFAULT NULL,    -- {"feature": 1} for a prediction that never falls with it, -1 never rises
    class_weights    jsonb            DEFAULT NULL,    -- {"class": weight}, or "balanced"
    weights          text             DEFAULT NULL,    -- an expression, 0 or more: how many rows each row counts as
    validation       text             DEFAULT NULL,    -- a share of the rows, or a boolean expression: rows held out
    early_stopping   bigint           DEFAULT 0,       -- rounds without a smaller loss of these that end a training
    seed             bigint           DEFAULT 0,
    alpha            double precision DEFAULT NULL,    -- of quantile, huber and tweedie
    categorical_cols text             DEFAULT NULL,    -- numbers that are categories, as text and boolean are
    verbose          boolean          DEFAULT false
) RETURNS MADLIB_SCHEMA.boost_result
LANGUAGE plpython3u VOLATILE SET jit = off AS MADLIB_DRIVER(boost.train);
COMMENT ON FUNCTION MADLIB_SCHEMA.boost_train(
    text, text, text, text, text, text, bigint, double precision, bigint, bigint, bigint, double precision,
    double precision, double precision, bigint, jsonb, jsonb, text, text, bigint, bigint, double precision, text, boolean) IS
    'trains boosted trees per group: SELECT MADLIB_SCHEMA.boost_train(''iris'', ''model'', ''species'', ''petal_length, petal_width'')';

MADLIB_PREDICTION boost.predict(the columns of source_table, and prediction) IS
    'predicts a whole table: SELECT MADLIB_SCHEMA.boost_predict(''model'', ''iris'', ''predictions'')';

MADLIB_PREDICTION boost.predict_prob(for each class the columns of source_table, prediction, probability) IS
    'the probability of each class for each row of a table: SELECT MADLIB_SCHEMA.boost_predict_prob(''model'', ''iris'', ''probabilities'')';

CREATE FUNCTION MADLIB_SCHEMA.boost_display(
    model_table text,                   -- the output_table of boost_train
    tree        text DEFAULT '1',       -- the number of a tree, or curve: the loss by round
    format      text DEFAULT 'text',    -- text, dot or svg; of a curve text or svg
    max_depth   bigint DEFAULT 4       -- nodes below are left out
) RETURNS text
LANGUAGE plpython3u VOLATILE AS MADLIB_DRIVER(boost.inspect.display);
COMMENT ON FUNCTION MADLIB_SCHEMA.boost_display(text, text, text, bigint) IS
    'draws a tree of each group''s model, or its loss by round: SELECT MADLIB_SCHEMA.boost_display(''model'', ''curve'')';

CREATE TYPE MADLIB_SCHEMA.boost_importance_row AS (
    groups      jsonb,              -- the grouping columns and their values
    feature     text,
    importance  double precision    -- the share of its splits in the decrease of the loss by all splits
);
COMMENT ON TYPE MADLIB_SCHEMA.boost_importance_row IS 'how much one feature does in a model';

CREATE FUNCTION MADLIB_SCHEMA.boost_importance(
    model_table text              -- the output_table of boost_train
) RETURNS SETOF MADLIB_SCHEMA.boost_importance_row
LANGUAGE plpython3u VOLATILE AS MADLIB_DRIVER(boost.inspect.importance);
COMMENT ON FUNCTION MADLIB_SCHEMA.boost_importance(text) IS
    'the importance of each feature by the gains of its splits: SELECT * FROM MADLIB_SCHEMA.boost_importance(''model'')';
