-- The self-test of madpy check: one row: whether it works, and the figures.  Two classes, separated at 20.5.
CREATE TABLE pg_temp.madpy_check_forest AS
SELECT i > 20 AS high, i::float8 AS x, CASE i % 2 WHEN 1 THEN 'one' ELSE 'two' END AS word
FROM generate_series(1, 40) AS i;
SELECT MADLIB_SCHEMA.forest_train('pg_temp.madpy_check_forest', 'pg_temp.madpy_check_forest_model', 'high', 'x, word',
                                  num_trees => 20);

SELECT trees = 20 AND label = 'true' AS ok,
       format('forest_train made %s trees, expected 20; forest_predict says %s, expected true', trees, label) AS detail
FROM (SELECT (SELECT count(*) FROM pg_temp.madpy_check_forest_model) AS trees,
             (SELECT MADLIB_SCHEMA.forest_predict(model, ARRAY['35', 'one'])
              FROM pg_temp.madpy_check_forest_model_summary) AS label) AS seen;
