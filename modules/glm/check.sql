-- The self-test of madpy check: one row: whether it works, and the figures.  The means of y are 2 and 6.
CREATE TEMPORARY TABLE madpy_check_counts AS
SELECT i % 2 AS x, (i / 2) % 3 + 1 + 4 * (i % 2) AS y FROM generate_series(0, 59) AS i;

SELECT MADLIB_SCHEMA.glm_train('pg_temp.madpy_check_counts', 'pg_temp.madpy_check_glm', 'y', 'x', 'poisson');

SELECT converged AND abs(coef[2] - ln(3)) < 1e-12 AND abs(mean - 6) < 1e-12 AS ok,
       format('glm_train: the ratio of means is %s of 3, the mean %s of 6', exp(coef[2]), mean) AS detail
FROM (SELECT *, MADLIB_SCHEMA.glm_predict(coef, ARRAY[1, 1], 'log') AS mean FROM pg_temp.madpy_check_glm) AS seen;
