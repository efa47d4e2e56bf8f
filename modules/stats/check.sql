-- The self-test of madpy check: one row: whether it works, and the figures.
SELECT correlation = 1 AND distinct_values = 4 AND median = 2.5 AS ok,
       format('correlation of y = 1 + 2 x is %s, distinct values %s, median %s', correlation, distinct_values, median)
           AS detail
FROM (SELECT (MADLIB_SCHEMA.correlation_agg(ARRAY[x, 1 + 2 * x]))[1][2] AS correlation,
             MADLIB_SCHEMA.fmsketch_dcount(x) AS distinct_values,
             (MADLIB_SCHEMA.column_summary(x)).quantile_array[2] AS median
      FROM generate_series(1, 4) AS x) AS seen;
