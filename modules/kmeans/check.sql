-- The self-test of madpy check: one row: whether it works, and the figures.  Five of the numbers 1 .. 9 are nearer to 2.5 than to 8.
SELECT sizes = ARRAY[5, 4] AND (near).distance = 0.25 AS ok,
       format('of 1 to 9, %s are nearest to 2.5 and to 8; 3 is %s from the first, squared', sizes, (near).distance) AS detail
FROM (SELECT ARRAY[count(*) FILTER (WHERE found = 0), count(*) FILTER (WHERE found = 1)]::integer[] AS sizes,
             MADLIB_SCHEMA.closest_column(ARRAY[[2.5], [8.0]], ARRAY[3.0]) AS near
      FROM (SELECT MADLIB_SCHEMA.kmeans_predict(ARRAY[[2.5], [8.0]], ARRAY[i]) AS found
            FROM generate_series(1, 9) AS i) AS rows) AS seen;
