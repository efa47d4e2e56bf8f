-- The self-test of madpy check.
CREATE TABLE pg_temp.madpy_check AS SELECT generate_series(1, 9) AS i;
SELECT MADLIB_SCHEMA.range_train('pg_temp.madpy_check', 'pg_temp.madpy_range', 'ARRAY[i]');
SELECT high[1] = 9 AS ok, format('the largest of 1 to 9 is %s', high[1]) AS detail FROM pg_temp.madpy_range;
