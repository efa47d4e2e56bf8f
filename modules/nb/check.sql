-- The self-test of madpy check: one row: whether it works, and the figures.  Two classes far apart.
CREATE TABLE pg_temp.madpy_check_nb AS
SELECT i % 2 = 1 AS odd, (i % 2 * 100 + i)::float8 AS x, CASE i % 2 WHEN 1 THEN 'one' ELSE 'two' END AS word
FROM generate_series(1, 20) AS i;
SELECT MADLIB_SCHEMA.nb_train('pg_temp.madpy_check_nb', 'pg_temp.madpy_check_nb_model', 'odd', 'x, word');

SELECT means = '{11,110}' AND label = 'true' AS ok,
       format('nb_train found the means %s, expected {11,110}; nb_predict says %s, expected true', means, label)
           AS detail
FROM (SELECT (SELECT array_agg(mean ORDER BY class) FROM pg_temp.madpy_check_nb_model WHERE feature = 'x') AS means,
             (SELECT MADLIB_SCHEMA.nb_predict(model, ARRAY['105', 'one'])
              FROM pg_temp.madpy_check_nb_model_summary) AS label) AS seen;
