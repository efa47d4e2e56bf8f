-- The self-test of madpy check: one row: whether it works, and the figures.  The odds of y are 1 to 3 and 3 to 1.
CREATE TEMPORARY TABLE madpy_check_odds AS
SELECT i % 2 AS x, i / 2 % 4 < 1 + 2 * (i % 2) AS y FROM generate_series(0, 79) AS i;

SELECT MADLIB_SCHEMA.logregr_train('pg_temp.madpy_check_odds', 'pg_temp.madpy_check_logit', 'y', 'x');

SELECT converged AND abs(coef[2] - ln(9)) < 1e-12 AND abs(p - 0.75) < 1e-12 AS ok,
       format('logregr_train: the odds ratio is %s of 9, the probability %s of 0.75', exp(coef[2]), p) AS detail
FROM (SELECT *, MADLIB_SCHEMA.logregr_predict_prob(coef, ARRAY[1, 1])::double precision AS p
      FROM pg_temp.madpy_check_logit) AS seen;
