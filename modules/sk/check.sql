-- The self-test of madpy check: one row, whether it works and what was seen.  The worker fits a line.
CREATE TABLE pg_temp.madpy_check_sk AS SELECT i::float8 AS x, 3 * i + 1 AS y FROM generate_series(1, 20) AS i;
SELECT MADLIB_SCHEMA.sk_train('pg_temp.madpy_check_sk', 'pg_temp.madpy_check_sk_model', 'y', 'x', 'linear');

SELECT abs(value - 301) < 1e-9 AS ok, format('sk_predict says %s, expected 301', value) AS detail
FROM (SELECT MADLIB_SCHEMA.sk_predict(model, 100) AS value FROM pg_temp.madpy_check_sk_model) AS seen;
