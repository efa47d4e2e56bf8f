-- The self-test of madpy check: one row: whether it works, and the figures.  Two classes, separated at 10.5.
CREATE TABLE pg_temp.madpy_check_dtree AS
SELECT i > 10 AS high, i::float8 AS x, CASE i % 2 WHEN 1 THEN 'one' ELSE 'two' END AS word
FROM generate_series(1, 20) AS i;
SELECT MADLIB_SCHEMA.dtree_train('pg_temp.madpy_check_dtree', 'pg_temp.madpy_check_dtree_model', 'high', 'x, word');

SELECT split = 'x <= 10.5' AND label = 'true' AS ok,
       format('dtree_train splits by %s, expected x <= 10.5; dtree_predict says %s, expected true', split, label)
           AS detail
FROM (SELECT (SELECT split FROM pg_temp.madpy_check_dtree_model WHERE node = 1) AS split,
             (SELECT MADLIB_SCHEMA.dtree_predict(model, ARRAY['15', 'one'])
              FROM pg_temp.madpy_check_dtree_model_summary) AS label) AS seen;
