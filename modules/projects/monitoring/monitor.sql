-- Monitoring: whether rows are still like those that a model was fitted on.

CREATE TYPE MODULE_SCHEMA.shift AS (
    feature   text,
    kind      text,                -- number or category
    psi       double precision,    -- the population stability index
    distance  double precision,    -- of Kolmogorov and Smirnov for a number, Cramer's V (chi-squared) for a category
    nulls     double precision,    -- share of NULL now
    nulls_before double precision,
    threshold double precision,    -- of psi
    distance_threshold double precision,
    verdict   text                 -- stable, changed a little, or changed
);
COMMENT ON TYPE MODULE_SCHEMA.shift IS 'result of validate_skew and validate_drift: a row for each feature';

CREATE FUNCTION MODULE_SCHEMA.validate_skew(
    project_name  text,                             -- whose deployed model's rows are compared with
    relation_name text,                             -- the rows now; read, never changed
    threshold     double precision DEFAULT 0.25,    -- of the population stability index
    distance_threshold double precision DEFAULT 0.25
) RETURNS SETOF MODULE_SCHEMA.shift
LANGUAGE plpython3u VOLATILE SET jit = off AS MADLIB_DRIVER(projects.monitoring.monitor.validate_skew);
COMMENT ON FUNCTION MODULE_SCHEMA.validate_skew(text, text, double precision, double precision) IS
    'whether rows are like those that the deployed model was fitted on: SELECT * FROM MODULE_SCHEMA.validate_skew(''Wine'', ''wine_today'')';

CREATE FUNCTION MODULE_SCHEMA.validate_drift(
    project_name  text,                             -- whose features are compared
    relation_name text,                             -- the rows now; read, never changed
    baseline      text,                             -- the rows before; read, never changed
    threshold     double precision DEFAULT 0.25,    -- of the population stability index
    distance_threshold double precision DEFAULT 0.25
) RETURNS SETOF MODULE_SCHEMA.shift
LANGUAGE plpython3u VOLATILE SET jit = off AS MADLIB_DRIVER(projects.monitoring.monitor.validate_drift);
COMMENT ON FUNCTION MODULE_SCHEMA.validate_drift(text, text, text, double precision, double precision) IS
    'whether rows are like others: SELECT * FROM MODULE_SCHEMA.validate_drift(''Wine'', ''wine_today'', ''wine_last_year'')';
