-- The self-test of madpy check: one row: whether it works, and the figures.  Two classes, separated at 20.5.
CREATE TABLE pg_temp.madpy_check_boost AS
SELECT i > 20 AS high, i::float8 AS x, CASE i % 2 WHEN 1 THEN 'one' ELSE 'two' END AS word
FROM generate_series(1, 40) AS i;
SELECT MADLIB_SCHEMA.boost_train('pg_temp.madpy_check_boost', 'pg_temp.madpy_check_boost_model', 'high', 'x, word',
                                 num_rounds => 20, min_child => 5);

SELECT rounds = 20 AND label = 'true' AS ok,
       format('boost_train made %s rounds, expected 20; boost_predict says %s, expected true', rounds, label) AS detail
FROM (SELECT (SELECT count(*) FROM pg_temp.madpy_check_boost_model) AS rounds,
             (SELECT MADLIB_SCHEMA.boost_predict(model, ARRAY['35', 'one'])
              FROM pg_temp.madpy_check_boost_model_summary) AS label) AS seen;
