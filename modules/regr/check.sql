-- The self-test of madpy check: one row, whether it works and what was seen.  The line is exact: y = 1 + 2 x.
SELECT abs(coef[1] - 1) < 1e-12 AND abs(coef[2] - 2) < 1e-12 AND r2 = 1 AS ok,
       format('mregr_coef of y = 1 + 2 x is %s, r2 of regr_agg is %s', coef, r2) AS detail
FROM (SELECT MADLIB_SCHEMA.mregr_coef(y, ARRAY[1, x]) AS coef, (MADLIB_SCHEMA.regr_agg(y, ARRAY[1, x])).r2
      FROM (SELECT i::float8 AS x, (1 + 2 * i)::float8 AS y FROM generate_series(1, 10) AS i) AS line) AS fit;
