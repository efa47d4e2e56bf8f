-- Predictions of a project, by the model that is deployed, or of any model by its number.

CREATE FUNCTION MODULE_SCHEMA.__score(model bytea, VARIADIC x "any") RETURNS double precision
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'sk_predict';
COMMENT ON FUNCTION MODULE_SCHEMA.__score(bytea, "any") IS 'the number that a model predicts';

CREATE FUNCTION MODULE_SCHEMA.predict(project text, VARIADIC x "any") RETURNS double precision
LANGUAGE c STABLE PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'projects_predict';
COMMENT ON FUNCTION MODULE_SCHEMA.predict(text, "any") IS
    'the number that the deployed model of a project predicts: predict(''Wine'', 7.4, 0.66), predict(''Wine'', w) FROM wine AS w';

CREATE FUNCTION MODULE_SCHEMA.predict(model_id bigint, VARIADIC x "any") RETURNS double precision
LANGUAGE c STABLE PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'projects_predict';
COMMENT ON FUNCTION MODULE_SCHEMA.predict(bigint, "any") IS 'the number that a model predicts, given by its number';
