-- forest: random forests and extremely randomised trees, one forest per group.  Manual: README.md.

-- forest_sample: a sample of rows, by a hash of their values.

MADLIB_KERNEL forest_sample(y double precision, x double precision[], parameters double precision[]) IS
    'a sample of rows, by a hash of their values, for forest_train';

CREATE FUNCTION MADLIB_SCHEMA.__forest_sample_outcome(state bytea) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'forest_sample_outcome_of';
COMMENT ON FUNCTION MADLIB_SCHEMA.__forest_sample_outcome(bytea) IS
    'the sample in a state of forest_sample_state, as forest_train reads it';

MADLIB_KERNEL weighted_forest_sample(
    y double precision, x double precision[], weight double precision, parameters double precision[]) IS
    'a sample of rows with weights, by a hash of their values, for forest_train';

CREATE FUNCTION MADLIB_SCHEMA.__weighted_forest_sample_outcome(state bytea) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'weighted_forest_sample_outcome_of';
COMMENT ON FUNCTION MADLIB_SCHEMA.__weighted_forest_sample_outcome(bytea) IS
    'the sample in a state of weighted_forest_sample_state, as forest_train reads it';

-- Forests grown from the coded rows of a store.

CREATE FUNCTION MADLIB_SCHEMA.__forest_grow(store integer, settings double precision[], trees integer) RETURNS void
LANGUAGE c VOLATILE STRICT AS 'MODULE_PATHNAME', 'forest_grow';
COMMENT ON FUNCTION MADLIB_SCHEMA.__forest_grow(integer, double precision[], integer) IS
    'grows trees in all groups of a store whose rows are coded, until each group has so many; settings are those of the first call';

CREATE FUNCTION MADLIB_SCHEMA.__forest_finish(store integer) RETURNS void
LANGUAGE c VOLATILE STRICT AS 'MODULE_PATHNAME', 'forest_finish';
COMMENT ON FUNCTION MADLIB_SCHEMA.__forest_finish(integer) IS
    'computes the out-of-bag errors and the importances of the forests of a store';

CREATE FUNCTION MADLIB_SCHEMA.__forest_trees(
    store integer,
    OUT group_number integer,
    OUT tree         integer,
    OUT num_rows     double precision,
    OUT num_nodes    integer,
    OUT num_leaves   integer,
    OUT depth        integer,
    OUT oob_rows     double precision,
    OUT oob_error    double precision
) RETURNS SETOF record
LANGUAGE c VOLATILE STRICT AS 'MODULE_PATHNAME', 'forest_trees';
COMMENT ON FUNCTION MADLIB_SCHEMA.__forest_trees(integer) IS 'a row for each tree of the forests of a store';

CREATE FUNCTION MADLIB_SCHEMA.__forest_groups(
    store integer,
    OUT group_number integer,
    OUT num_nodes    bigint,
    OUT num_leaves   bigint,
    OUT depth        integer,
    OUT oob_rows     double precision,
    OUT oob_error    double precision,
    OUT oob_r2       double precision,
    OUT importance   double precision[],
    OUT permutation  double precision[],
    OUT used         bigint,
    OUT skipped      bigint,
    OUT weight       double precision,
    OUT class_rows   double precision[]
) RETURNS SETOF record
LANGUAGE c VOLATILE STRICT AS 'MODULE_PATHNAME', 'forest_groups';
COMMENT ON FUNCTION MADLIB_SCHEMA.__forest_groups(integer) IS 'a row for each forest of a store';

CREATE FUNCTION MADLIB_SCHEMA.__forest_model(store integer, group_number integer, json bytea, texts bytea[]) RETURNS bytea
LANGUAGE c VOLATILE STRICT AS 'MODULE_PATHNAME', 'forest_model';
COMMENT ON FUNCTION MADLIB_SCHEMA.__forest_model(integer, integer, bytea, bytea[]) IS
    'the packed forest of a group of a store; NULL for a group without rows';

-- Prediction of one row.

CREATE FUNCTION MADLIB_SCHEMA.forest_predict(model bytea, x double precision[]) RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100 AS 'MODULE_PATHNAME', 'forest_predict';
COMMENT ON FUNCTION MADLIB_SCHEMA.forest_predict(bytea, double precision[]) IS
    'the class, or the number as text, that a forest predicts for one row of numbers: forest_predict(model, ARRAY[length, width])';

CREATE FUNCTION MADLIB_SCHEMA.forest_predict(model bytea, x text[]) RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100 AS 'MODULE_PATHNAME', 'forest_predict';
COMMENT ON FUNCTION MADLIB_SCHEMA.forest_predict(bytea, text[]) IS
    'predicts the class of a row with categories as text: forest_predict(model, ARRAY[outlook, humidity::text])';

CREATE FUNCTION MADLIB_SCHEMA.forest_predict_number(model bytea, x double precision[]) RETURNS double precision
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100 AS 'MODULE_PATHNAME', 'forest_predict_number';
COMMENT ON FUNCTION MADLIB_SCHEMA.forest_predict_number(bytea, double precision[]) IS
    'the number that a forest of a regression predicts for one row of numbers';

CREATE FUNCTION MADLIB_SCHEMA.forest_predict_number(model bytea, x text[]) RETURNS double precision
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100 AS 'MODULE_PATHNAME', 'forest_predict_number';
COMMENT ON FUNCTION MADLIB_SCHEMA.forest_predict_number(bytea, text[]) IS
    'the number that a forest of a regression predicts for one row with categories as text';

CREATE FUNCTION MADLIB_SCHEMA.forest_predict_prob(
    model bytea, x double precision[], OUT class text, OUT probability double precision
) RETURNS SETOF record
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100 ROWS 3 AS 'MODULE_PATHNAME', 'forest_predict_prob';
COMMENT ON FUNCTION MADLIB_SCHEMA.forest_predict_prob(bytea, double precision[]) IS
    'every class and its probability for one row of numbers: the mean over all trees';

CREATE FUNCTION MADLIB_SCHEMA.forest_predict_prob(
    model bytea, x text[], OUT class text, OUT probability double precision
) RETURNS SETOF record
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100 ROWS 3 AS 'MODULE_PATHNAME', 'forest_predict_prob';
COMMENT ON FUNCTION MADLIB_SCHEMA.forest_predict_prob(bytea, text[]) IS
    'the probability of each class for one row with categories as text: the mean over all trees';

CREATE FUNCTION MADLIB_SCHEMA.forest_explain(
    model bytea, x double precision[], OUT class text, OUT feature text, OUT contribution double precision
) RETURNS SETOF record
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 1000 ROWS 10 AS 'MODULE_PATHNAME', 'forest_explain';
COMMENT ON FUNCTION MADLIB_SCHEMA.forest_explain(bytea, double precision[]) IS
    'how much each feature adds to a number or a probability, its Shapley value; with the row without a feature they add up to it';

CREATE FUNCTION MADLIB_SCHEMA.forest_explain(
    model bytea, x text[], OUT class text, OUT feature text, OUT contribution double precision
) RETURNS SETOF record
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 1000 ROWS 10 AS 'MODULE_PATHNAME', 'forest_explain';
COMMENT ON FUNCTION MADLIB_SCHEMA.forest_explain(bytea, text[]) IS
    'how much each feature of a row with categories as text adds to a number or a probability';

CREATE FUNCTION MADLIB_SCHEMA.__forest_tree(
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
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'forest_tree';
COMMENT ON FUNCTION MADLIB_SCHEMA.__forest_tree(bytea, integer, integer) IS 'the nodes of a tree of a forest, for forest_display';

-- Drivers, without JIT as in regr.

CREATE TYPE MADLIB_SCHEMA.forest_result AS (
    MADLIB_TRAINING,
    task                     text,               -- classification or regression
    criterion                text,               -- gini, entropy or variance
    classes                  text[],             -- of a classification
    class_type               text,
    num_trees                bigint,             -- of each group
    num_nodes                bigint,             -- of all trees of all groups
    num_leaves               bigint,
    depth                    bigint,             -- of the deepest tree
    oob_error                double precision,   -- share of wrong classes, or mean squared error; of one group
    oob_r2                   double precision,   -- of a regression of one group
    seed                     bigint
);
COMMENT ON TYPE MADLIB_SCHEMA.forest_result IS 'result of forest_train';

CREATE FUNCTION MADLIB_SCHEMA.forest_train(
    source_table     text,                             -- read, never changed
    output_table     text,                             -- created; must not exist
    target           text,                             -- an expression; a number is predicted, anything else classified
    features         text,                             -- 'a, b, c', or an array of numbers
    grouping_cols    text             DEFAULT NULL,    -- one forest per distinct value of these columns
    num_trees        bigint           DEFAULT 100,
    max_depth        bigint           DEFAULT NULL,    -- NULL: as deep as the other limits allow
    min_split        bigint           DEFAULT 2,       -- rows that a node needs to be split
    min_bucket       bigint           DEFAULT 1,       -- rows that a leaf has to have
    num_features     bigint           DEFAULT NULL,    -- drawn at each split; NULL: the root of their number, a third in a regression
    sample_ratio     double precision DEFAULT 1,       -- rows drawn for a tree, as a share of all
    replacement      boolean          DEFAULT true,    -- rows are drawn with replacement
    weights          text             DEFAULT NULL,    -- an expression, 0 or more: how many rows each row counts as
    class_weights    jsonb            DEFAULT NULL,    -- {"class": weight}, or "balanced"
    importance       boolean          DEFAULT false,   -- by permutation of out-of-bag rows, too
    seed             bigint           DEFAULT 0,
    splitter         text             DEFAULT 'best',  -- best, or random: extremely randomised trees
    task             text             DEFAULT 'auto',  -- classification or regression
    criterion        text             DEFAULT 'auto',  -- gini, entropy or variance
    categorical_cols text             DEFAULT NULL,    -- numbers that are categories, as text and boolean are
    oob              boolean          DEFAULT true,    -- out-of-bag errors
    verbose          boolean          DEFAULT false
) RETURNS MADLIB_SCHEMA.forest_result
LANGUAGE plpython3u VOLATILE SET jit = off AS MADLIB_DRIVER(forest.train);
COMMENT ON FUNCTION MADLIB_SCHEMA.forest_train(
    text, text, text, text, text, bigint, bigint, bigint, bigint, bigint, double precision, boolean,
    text, jsonb, boolean, bigint, text, text, text, text, boolean, boolean) IS
    'grows a random forest per group: SELECT MADLIB_SCHEMA.forest_train(''iris'', ''forest'', ''species'', ''petal_length, petal_width'')';

MADLIB_PREDICTION forest.predict(the columns of source_table, and prediction) IS
    'predicts a whole table: SELECT MADLIB_SCHEMA.forest_predict(''model'', ''iris'', ''predictions'')';

MADLIB_PREDICTION forest.predict_prob(for each class the columns of source_table, prediction, probability) IS
    'the probability of each class for each row of a table: SELECT MADLIB_SCHEMA.forest_predict_prob(''model'', ''iris'', ''probabilities'')';

CREATE FUNCTION MADLIB_SCHEMA.forest_display(
    model_table text,                   -- the output_table of forest_train
    tree        bigint DEFAULT 1,      -- its number in the output_table
    format      text    DEFAULT 'text', -- text, dot or svg
    max_depth   bigint DEFAULT 4       -- nodes below are left out
) RETURNS text
LANGUAGE plpython3u VOLATILE AS MADLIB_DRIVER(forest.inspect.display);
COMMENT ON FUNCTION MADLIB_SCHEMA.forest_display(text, bigint, text, bigint) IS
    'draws a tree of each group''s forest: SELECT MADLIB_SCHEMA.forest_display(''model'', 1)';

CREATE TYPE MADLIB_SCHEMA.forest_importance_row AS (
    groups      jsonb,              -- the grouping columns and their values
    feature     text,
    importance  double precision,   -- the share of its splits in the decrease of impurity by all splits
    permutation double precision    -- by how much the out-of-bag error of a tree grows if the feature is permuted
);
COMMENT ON TYPE MADLIB_SCHEMA.forest_importance_row IS 'how much one feature does in a forest';

CREATE FUNCTION MADLIB_SCHEMA.forest_importance(
    model_table text              -- the output_table of forest_train
) RETURNS SETOF MADLIB_SCHEMA.forest_importance_row
LANGUAGE plpython3u VOLATILE AS MADLIB_DRIVER(forest.inspect.importance);
COMMENT ON FUNCTION MADLIB_SCHEMA.forest_importance(text) IS
    'the importance of each feature by impurity and by permutation: SELECT * FROM MADLIB_SCHEMA.forest_importance(''model'')';
