-- Contributions of features to a prediction.

CREATE FUNCTION MODULE_SCHEMA.__explain(
    model bytea, VARIADIC x "any", OUT class text, OUT feature text, OUT contribution double precision
) RETURNS SETOF record
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 20 ROWS 10 AS 'MODULE_PATHNAME', 'sk_explain';
COMMENT ON FUNCTION MODULE_SCHEMA.__explain(bytea, "any") IS 'contributions of features to a prediction of a model';

CREATE FUNCTION MODULE_SCHEMA.__models_of_table(
    name text, OUT names text[], OUT key text[], OUT model bytea
) RETURNS SETOF record
LANGUAGE plpython3u STABLE SET jit = off AS MADLIB_DRIVER(projects.tables.explain.explain);
COMMENT ON FUNCTION MODULE_SCHEMA.__models_of_table(text) IS
    'the models of a table that a training made, by group, for explain';

-- Not in parallel workers, and not beside them: a table may be temporary, and is read by PL/Python.
CREATE FUNCTION MODULE_SCHEMA.explain(
    model text, VARIADIC x "any", OUT class text, OUT feature text, OUT contribution double precision
) RETURNS SETOF record
LANGUAGE c STABLE COST 20 ROWS 10 AS 'MODULE_PATHNAME', 'projects_explain';
COMMENT ON FUNCTION MODULE_SCHEMA.explain(text, "any") IS
    'how much each feature adds to a prediction of a project or of a model table; a row without a feature has what they are added to: SELECT e.* FROM wine AS w, MODULE_SCHEMA.explain(''Wine'', w) AS e';

CREATE FUNCTION MODULE_SCHEMA.explain(
    model text, VARIADIC x text[], OUT class text, OUT feature text, OUT contribution double precision
) RETURNS SETOF record
LANGUAGE c STABLE COST 20 ROWS 10 AS 'MODULE_PATHNAME', 'projects_explain';
COMMENT ON FUNCTION MODULE_SCHEMA.explain(text, text[]) IS
    'how much each feature adds to a prediction of a project or of a model table, from arguments without types';

CREATE FUNCTION MODULE_SCHEMA.explain(
    model_id bigint, VARIADIC x "any", OUT class text, OUT feature text, OUT contribution double precision
) RETURNS SETOF record
LANGUAGE c STABLE PARALLEL SAFE COST 20 ROWS 10 AS 'MODULE_PATHNAME', 'projects_explain';
COMMENT ON FUNCTION MODULE_SCHEMA.explain(bigint, "any") IS
    'how much each feature adds to a prediction of a model given by its number';

CREATE FUNCTION MODULE_SCHEMA.explain(
    model_id bigint, VARIADIC x text[], OUT class text, OUT feature text, OUT contribution double precision
) RETURNS SETOF record
LANGUAGE c STABLE PARALLEL SAFE COST 20 ROWS 10 AS 'MODULE_PATHNAME', 'projects_explain';
COMMENT ON FUNCTION MODULE_SCHEMA.explain(bigint, text[]) IS
    'how much each feature adds to a prediction of a model given by its number, from arguments without types';
