SELECT count(*) > 0 AND MODULE_SCHEMA.__part(1, 2.5::float8) BETWEEN 0 AND 1 AS ok,
       'tables and the split of rows' AS detail
FROM pg_catalog.pg_class WHERE relnamespace = pg_catalog.to_regnamespace('MODULE_SCHEMA');
