-- The self-test of madpy check: one row: whether it works, and the figures.  SQL, C, and Python inside the server.
SELECT MADLIB_SCHEMA.load_dataset('iris', 'pg_temp.madpy_check');

SELECT said LIKE 'madpy MADLIB_VERSION,%' AND best = 2 AND loaded = 150 AS ok,
       format('version() says %s; argmax is %s, expected 2; load_dataset made %s rows of 150', said, best, loaded)
           AS detail
FROM (SELECT MADLIB_SCHEMA.version() AS said,
             (SELECT MADLIB_SCHEMA.argmax(key, value)
              FROM (VALUES (1, 0.5::float8), (2, 2.5), (3, NULL)) AS t (key, value)) AS best,
             (SELECT count(*) FROM pg_temp.madpy_check) AS loaded) AS seen;
