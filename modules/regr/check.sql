-- The self-test of madpy check: one row: whether it works, and the figures.  In each group the deviations from the line
-- y = 1 + 2 x, and their products with x, sum to 0.  So this line is the fit; the sums of squares are 330 of 358, in a
-- group 160 of 174.
CREATE TEMPORARY TABLE madpy_check_line AS
SELECT i % 2 AS g, i::float8 AS x, (1 + 2 * i + (ARRAY[2, -1, -2, -1, 2])[(i + 1) / 2])::float8 AS y
FROM generate_series(1, 10) AS i;

SELECT MADLIB_SCHEMA.regr_train('pg_temp.madpy_check_line', 'pg_temp.madpy_check_model', 'y', 'x', 'g');
SELECT MADLIB_SCHEMA.regr_predict(
    'pg_temp.madpy_check_model', 'pg_temp.madpy_check_line', 'pg_temp.madpy_check_predicted');

SELECT abs(coef[1] - 1) < 1e-12 AND abs(coef[2] - 2) < 1e-12 AND abs(r2 - 330.0 / 358) < 1e-12
           AND models = 2 AND off < 1e-12 AS ok,
       format('mregr_coef around y = 1 + 2 x is %s, r2 of regr_agg is %s; regr_train made %s models of 2, '
              'regr_predict is off by %s', coef, r2, models, off) AS detail
FROM (SELECT MADLIB_SCHEMA.mregr_coef(y, ARRAY[1, x]) AS coef,
             (MADLIB_SCHEMA.regr_agg(y, ARRAY[1, x])).r2,
             (SELECT count(*) FROM pg_temp.madpy_check_model WHERE abs(r2 - 160.0 / 174) < 1e-12) AS models,
             (SELECT max(abs(1 + 2 * x - prediction)) FROM pg_temp.madpy_check_predicted) AS off
      FROM pg_temp.madpy_check_line) AS seen;
