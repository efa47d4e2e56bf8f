-- The self-test of madpy check: one row, whether it works and what was seen.
SELECT said LIKE 'madpy MADLIB_VERSION,%' AND best = 2 AS ok,
       format('version() says %s; argmax over 3 rows is %s, expected 2', said, best) AS detail
FROM (SELECT MADLIB_SCHEMA.version() AS said,
             (SELECT MADLIB_SCHEMA.argmax(key, value)
              FROM (VALUES (1, 0.5::float8), (2, 2.5), (3, NULL)) AS t (key, value)) AS best) AS seen;
