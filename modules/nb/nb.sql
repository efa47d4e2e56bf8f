-- nb: naive Bayes; within a class, numbers are normal and categories multinomial.  Manual: README.md.

-- The kernels of nb.c as aggregates; parameters are the body of a state without rows.

MADLIB_KERNEL nb(y double precision, x double precision[], start double precision[]) IS
    'the state of a naive Bayes model: rows of each class, and sums and counts of x within it';

MADLIB_KERNEL weighted_nb(y double precision, x double precision[], weight double precision, start double precision[]) IS
    'the state of a naive Bayes model of rows with weights: a row of weight 3 counts as three rows';

-- Aggregates that give classes and categories codes as they occur, in one read (ports/postgres/src/engine/coded.c).

CREATE FUNCTION MADLIB_SCHEMA.__nb_coded_accum(
    state internal, y "any", limits double precision[], VARIADIC x "any"
) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'nb_coded_accum';
COMMENT ON FUNCTION MADLIB_SCHEMA.__nb_coded_accum(internal, "any", double precision[], "any") IS
    'transition function of __nb_coded_columns';

CREATE AGGREGATE MADLIB_SCHEMA.__nb_coded_columns(y "any", limits double precision[], VARIADIC x "any") (
    SFUNC = MADLIB_SCHEMA.__nb_coded_accum, STYPE = internal, SSPACE = 4096,
    COMBINEFUNC = MADLIB_SCHEMA.__coded_combine, SERIALFUNC = MADLIB_SCHEMA.__coded_state,
    DESERIALFUNC = MADLIB_SCHEMA.__coded_deserial, FINALFUNC = MADLIB_SCHEMA.__coded_state, PARALLEL = SAFE
);
COMMENT ON AGGREGATE MADLIB_SCHEMA.__nb_coded_columns("any", double precision[], "any") IS
    'the state of the kernel "nb" over double precision and categories (text, bigint or boolean), and their values; limits are the most classes, and values of a category';

CREATE FUNCTION MADLIB_SCHEMA.__weighted_nb_coded_accum(
    state internal, y "any", weight double precision, limits double precision[], VARIADIC x "any"
) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'weighted_nb_coded_accum';
COMMENT ON FUNCTION MADLIB_SCHEMA.__weighted_nb_coded_accum(internal, "any", double precision, double precision[], "any") IS
    'transition function of __weighted_nb_coded_columns';

CREATE AGGREGATE MADLIB_SCHEMA.__weighted_nb_coded_columns(y "any", weight double precision, limits double precision[], VARIADIC x "any") (
    SFUNC = MADLIB_SCHEMA.__weighted_nb_coded_accum, STYPE = internal, SSPACE = 4096,
    COMBINEFUNC = MADLIB_SCHEMA.__coded_combine, SERIALFUNC = MADLIB_SCHEMA.__coded_state,
    DESERIALFUNC = MADLIB_SCHEMA.__coded_deserial, FINALFUNC = MADLIB_SCHEMA.__coded_state, PARALLEL = SAFE
);
COMMENT ON AGGREGATE MADLIB_SCHEMA.__weighted_nb_coded_columns("any", double precision, double precision[], "any") IS
    '__nb_coded_columns of rows with weights';

-- Prediction of one row.

CREATE FUNCTION MADLIB_SCHEMA.nb_predict(model bytea, x double precision[]) RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'nb_predict';
COMMENT ON FUNCTION MADLIB_SCHEMA.nb_predict(bytea, double precision[]) IS
    'the most probable class of one row of numbers: nb_predict(model, ARRAY[length, width])';

CREATE FUNCTION MADLIB_SCHEMA.nb_predict(model bytea, x text[]) RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'nb_predict';
COMMENT ON FUNCTION MADLIB_SCHEMA.nb_predict(bytea, text[]) IS
    'the most probable class of one row with categories as text: nb_predict(model, ARRAY[outlook, humidity::text])';

CREATE FUNCTION MADLIB_SCHEMA.nb_predict(model bytea, x text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS 'SELECT MADLIB_SCHEMA.nb_predict(model, x::pg_catalog.text[])';
COMMENT ON FUNCTION MADLIB_SCHEMA.nb_predict(bytea, text) IS
    'predicts the class for one row, from a literal or a parameter without a type: nb_predict(model, ''{sunny,70}'')';

CREATE FUNCTION MADLIB_SCHEMA.nb_predict_prob(
    model bytea, x double precision[], OUT class text, OUT probability double precision
) RETURNS SETOF record
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 20 ROWS 3 AS 'MODULE_PATHNAME', 'nb_predict_prob';
COMMENT ON FUNCTION MADLIB_SCHEMA.nb_predict_prob(bytea, double precision[]) IS
    'every class and its probability for one row of numbers';

CREATE FUNCTION MADLIB_SCHEMA.nb_predict_prob(
    model bytea, x text[], OUT class text, OUT probability double precision
) RETURNS SETOF record
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 40 ROWS 3 AS 'MODULE_PATHNAME', 'nb_predict_prob';
COMMENT ON FUNCTION MADLIB_SCHEMA.nb_predict_prob(bytea, text[]) IS
    'every class and its probability for one row with categories as text';

CREATE FUNCTION MADLIB_SCHEMA.nb_predict_prob(
    model bytea, x text, OUT class text, OUT probability double precision
) RETURNS SETOF record
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE ROWS 3
AS 'SELECT p.class, p.probability FROM MADLIB_SCHEMA.nb_predict_prob(model, x::pg_catalog.text[]) AS p';
COMMENT ON FUNCTION MADLIB_SCHEMA.nb_predict_prob(bytea, text) IS
    'the probability of each class for one row, from a literal or a parameter without a type';

-- Drivers, without JIT as in regr.

CREATE TYPE MADLIB_SCHEMA.nb_result AS (
    MADLIB_TRAINING,
    classes                  text[],
    class_type               text                -- type of the target
);
COMMENT ON TYPE MADLIB_SCHEMA.nb_result IS 'result of nb_train: the summary table without the models';

CREATE FUNCTION MADLIB_SCHEMA.nb_train(
    source_table     text,                          -- read, never changed
    output_table     text,                          -- created; must not exist
    target           text,                          -- an expression: its values are the classes
    features         text,                          -- numbers, and categories: text, boolean, enum
    grouping_cols    text             DEFAULT NULL, -- one model per distinct value of these columns
    categorical_cols text             DEFAULT NULL, -- numbers among the features that are categories
    smoothing        double precision DEFAULT 1,    -- added to each count of a category's value
    verbose          boolean          DEFAULT false,
    weights          text             DEFAULT NULL  -- an expression: how many rows each row counts as, 0 or more
) RETURNS MADLIB_SCHEMA.nb_result
LANGUAGE plpython3u VOLATILE SET jit = off AS MADLIB_DRIVER(nb.train);
COMMENT ON FUNCTION MADLIB_SCHEMA.nb_train(text, text, text, text, text, text, double precision, boolean, text) IS
    'fits a naive Bayes classifier per group into output_table: SELECT MADLIB_SCHEMA.nb_train(''weather'', ''model'', ''play'', ''outlook, temperature'')';

MADLIB_PREDICTION nb.predict(the columns of source_table, and prediction) IS
    'classifies a whole table: SELECT MADLIB_SCHEMA.nb_predict(''model'', ''weather'', ''predictions'')';

MADLIB_PREDICTION nb.predict_prob(for each class the columns of source_table, prediction, probability) IS
    'the probability of each class for each row of a table: SELECT MADLIB_SCHEMA.nb_predict_prob(''model'', ''weather'', ''probabilities'')';

MADLIB_PREDICTION nb.create_view(the columns of source_table, and prediction) IS
    'a view that classifies a table as it is when it is read: SELECT MADLIB_SCHEMA.nb_create_view(''model'', ''weather'', ''classified'')';
