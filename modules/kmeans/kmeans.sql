-- kmeans: k-means clustering, a set of centroids per group.  Manual: README.md.

-- Kernels (kmeans.c, kmeans_sample.c): assign rows to their nearest centroids, and sample distinct rows.

MADLIB_KERNEL kmeans(x double precision[], parameters double precision[]) IS
    'assigns rows to the centroids in the parameters, and sums the rows of each';

MADLIB_KERNEL kmeans_sample(x double precision[], parameters double precision[]) IS
    'a sample of the distinct rows, and the bounds of their values';

MADLIB_KERNEL weighted_kmeans(weight double precision, x double precision[], parameters double precision[]) IS
    'assigns rows with weights to the centroids in the parameters, and sums the rows of each';

MADLIB_KERNEL weighted_kmeans_sample(weight double precision, x double precision[], parameters double precision[]) IS
    'a sample of the distinct rows with the sums of their weights, and the bounds of their values';

CREATE FUNCTION MADLIB_SCHEMA.__kmeans_seeds(
    points bytea, weights bytea, uniforms bytea, groups integer, k integer, distance text
) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'kmeans_seeds';
COMMENT ON FUNCTION MADLIB_SCHEMA.__kmeans_seeds(bytea, bytea, bytea, integer, integer, text) IS
    'first centroids by k-means++: for each group the indexes of k of its points, as integers; -1 for none';

-- Prediction of one row.

CREATE TYPE MADLIB_SCHEMA.closest_column_result AS (
    column_id integer,            -- of the centroid, counted from 0
    distance  double precision
);
COMMENT ON TYPE MADLIB_SCHEMA.closest_column_result IS 'the nearest of some centroids, and how far it is';

CREATE FUNCTION MADLIB_SCHEMA.closest_column(
    centroids double precision[],                        -- k x d
    x         double precision[],
    distance  text DEFAULT 'squared_euclidean'           -- squared_euclidean, cosine or manhattan
) RETURNS MADLIB_SCHEMA.closest_column_result
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 4 AS 'MODULE_PATHNAME', 'closest_column';
COMMENT ON FUNCTION MADLIB_SCHEMA.closest_column(double precision[], double precision[], text) IS
    'the nearest of some centroids to x, and how far it is: (closest_column(centroids, x)).*';

CREATE FUNCTION MADLIB_SCHEMA.kmeans_predict(
    centroids double precision[],                        -- k x d
    x         double precision[],
    distance  text DEFAULT 'squared_euclidean'           -- squared_euclidean, cosine or manhattan
) RETURNS integer
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 4 AS 'MODULE_PATHNAME', 'kmeans_predict';
COMMENT ON FUNCTION MADLIB_SCHEMA.kmeans_predict(double precision[], double precision[], text) IS
    'the number, from 0, of the nearest centroid to x: kmeans_predict(centroids, ARRAY[bedroom, bath, size])';

-- Drivers.

CREATE TYPE MADLIB_SCHEMA.kmeans_result AS (
    MADLIB_TRAINING,
    k                        bigint,             -- clusters asked for
    distance                 text,
    seed                     bigint,
    inertia                  double precision,   -- sum of the distances of the rows to their centroids
    silhouette               double precision,   -- simplified, mean over the rows; NULL for one cluster
    num_iterations           bigint,             -- the most of any group
    exit_reason              text,
    centroids                double precision[], -- k x d; NULL where there are several groups
    terms                    jsonb               -- what each feature is made of
);
COMMENT ON TYPE MADLIB_SCHEMA.kmeans_result IS 'result of kmeans_train: the one row of the summary table';

CREATE FUNCTION MADLIB_SCHEMA.kmeans_train(
    source_table  text,                                    -- read, never changed
    output_table  text,                                    -- created; must not exist
    features      text,                                    -- 'a, b', 'ARRAY[a, b]' or a column of arrays
    k             bigint           DEFAULT NULL,           -- clusters; not needed with a table of centroids
    init          text             DEFAULT 'kmeans++',     -- kmeans++, kmeans||, random, or a table of centroids
    max_iter      bigint           DEFAULT 100,
    tolerance     double precision DEFAULT 0.001,          -- of a move of the centroids, as a part of the mean distance
    seed          bigint           DEFAULT 1,              -- NULL: any
    distance      text             DEFAULT 'squared_euclidean',  -- or cosine, manhattan
    grouping_cols text             DEFAULT NULL,           -- one model per distinct value of these columns
    verbose       boolean          DEFAULT false,
    weights       text             DEFAULT NULL            -- an expression: a number, 0 or more; 3 is three rows
) RETURNS MADLIB_SCHEMA.kmeans_result
LANGUAGE plpython3u VOLATILE SET jit = off AS MADLIB_DRIVER(kmeans.train);
COMMENT ON FUNCTION MADLIB_SCHEMA.kmeans_train(
    text, text, text, bigint, text, bigint, double precision, bigint, text, text, boolean, text) IS
    'finds k clusters in each group and puts their centroids into output_table: SELECT MADLIB_SCHEMA.kmeans_train(''houses'', ''model'', ''tax, size'', 3)';

MADLIB_PREDICTION kmeans.predict(the columns of source_table, cluster_id and distance) IS
    'finds the cluster of each row of a table: SELECT MADLIB_SCHEMA.kmeans_predict(''model'', ''houses'', ''clustered'')';

CREATE TYPE MADLIB_SCHEMA.kmeans_run_result AS (
    clusters       integer,
    pct_input_used MADLIB_SCHEMA.percent,   -- rows whose coordinates could be used
    output_schema  text,
    cluster_table  text,
    point_table    text
);
COMMENT ON TYPE MADLIB_SCHEMA.kmeans_run_result IS 'result of kmeans_run';

CREATE FUNCTION MADLIB_SCHEMA.kmeans_run(
    src_relation  text,                   -- with columns pid bigint and coords double precision[]
    k             bigint,                 -- clusters
    goodness      bigint  DEFAULT 1,      -- 1: say how good the clusters are
    run_id        text    DEFAULT 'run',  -- part of the names of the tables
    output_schema text    DEFAULT NULL,   -- where the tables are created; NULL: the first of the search path
    verbose       bigint  DEFAULT 0       -- 1: say what is done
) RETURNS MADLIB_SCHEMA.kmeans_run_result
LANGUAGE plpython3u VOLATILE SET jit = off AS MADLIB_DRIVER(kmeans.run.run);
COMMENT ON FUNCTION MADLIB_SCHEMA.kmeans_run(text, bigint, bigint, text, text, bigint) IS
    'finds k clusters among the points of a table (pid, coords): SELECT * FROM MADLIB_SCHEMA.kmeans_run(''my_schema.points'', 10, 1, ''run1'', ''my_schema'', 1)';
