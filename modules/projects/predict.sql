-- Predictions of a project, by the model that is deployed, or of any model by its number.
--
-- Features are given one by one in the order of training, as one array, as a row of a table or as jsonb, which are read by
-- names.  VARIADIC text[] is for arguments that have no type: literals, and parameters of drivers that leave types to the
-- server; a single one may be an array or JSON.

CREATE TYPE MODULE_SCHEMA.predicted_class AS (
    label      text,
    likelihood double precision        -- NULL where the algorithm has no probabilities
);
COMMENT ON TYPE MODULE_SCHEMA.predicted_class IS 'result of predict_class';

-- The functions that score a row with a model.

CREATE FUNCTION MODULE_SCHEMA.__score(model bytea, VARIADIC x "any") RETURNS double precision
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'sk_score';
COMMENT ON FUNCTION MODULE_SCHEMA.__score(bytea, "any") IS 'the number that a model predicts';

CREATE FUNCTION MODULE_SCHEMA.__score_class(model bytea, VARIADIC x "any") RETURNS MODULE_SCHEMA.predicted_class
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'sk_score_class';
COMMENT ON FUNCTION MODULE_SCHEMA.__score_class(bytea, "any") IS 'the class that a model predicts, and its probability';

CREATE FUNCTION MODULE_SCHEMA.__score_proba(model bytea, VARIADIC x "any") RETURNS jsonb
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'sk_score_proba';
COMMENT ON FUNCTION MODULE_SCHEMA.__score_proba(bytea, "any") IS 'the probability of each class of a model';

CREATE FUNCTION MODULE_SCHEMA.__score_joint(model bytea, VARIADIC x "any") RETURNS double precision[]
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'sk_score_joint';
COMMENT ON FUNCTION MODULE_SCHEMA.__score_joint(bytea, "any") IS 'the numbers of all targets or components of a model';

CREATE FUNCTION MODULE_SCHEMA.predict(project text, VARIADIC x "any") RETURNS double precision
LANGUAGE c STABLE PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'projects_predict';
COMMENT ON FUNCTION MODULE_SCHEMA.predict(text, "any") IS
    'the number that the deployed model of a project predicts, the number of the cluster, or the class where it is a number: predict(''Wine'', 7.4, 0.66), predict(''Wine'', w) FROM wine AS w';

CREATE FUNCTION MODULE_SCHEMA.predict(project text, VARIADIC x text[]) RETURNS double precision
LANGUAGE c STABLE PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'projects_predict';
COMMENT ON FUNCTION MODULE_SCHEMA.predict(text, text[]) IS
    'the number that the deployed model of a project predicts, the number of the cluster, or the class where it is a number, from arguments without types';

CREATE FUNCTION MODULE_SCHEMA.predict(model_id bigint, VARIADIC x "any") RETURNS double precision
LANGUAGE c STABLE PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'projects_predict';
COMMENT ON FUNCTION MODULE_SCHEMA.predict(bigint, "any") IS
    'the number that a model, given by its number, predicts, the number of the cluster, or the class where it is a number';

CREATE FUNCTION MODULE_SCHEMA.predict(model_id bigint, VARIADIC x text[]) RETURNS double precision
LANGUAGE c STABLE PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'projects_predict';
COMMENT ON FUNCTION MODULE_SCHEMA.predict(bigint, text[]) IS
    'the number that a model, given by its number, predicts, the number of the cluster, or the class where it is a number, from arguments without types';

CREATE FUNCTION MODULE_SCHEMA.predict_class(project text, VARIADIC x "any") RETURNS MODULE_SCHEMA.predicted_class
LANGUAGE c STABLE PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'projects_predict_class';
COMMENT ON FUNCTION MODULE_SCHEMA.predict_class(text, "any") IS
    'the class that the deployed model of a project predicts, and its likelihood: (predict_class(''Iris'', i)).* FROM iris AS i';

CREATE FUNCTION MODULE_SCHEMA.predict_class(project text, VARIADIC x text[]) RETURNS MODULE_SCHEMA.predicted_class
LANGUAGE c STABLE PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'projects_predict_class';
COMMENT ON FUNCTION MODULE_SCHEMA.predict_class(text, text[]) IS
    'the class that the deployed model of a project predicts, and its likelihood, from arguments without types';

CREATE FUNCTION MODULE_SCHEMA.predict_class(model_id bigint, VARIADIC x "any") RETURNS MODULE_SCHEMA.predicted_class
LANGUAGE c STABLE PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'projects_predict_class';
COMMENT ON FUNCTION MODULE_SCHEMA.predict_class(bigint, "any") IS
    'the class that a model, given by its number, predicts, and its likelihood';

CREATE FUNCTION MODULE_SCHEMA.predict_class(model_id bigint, VARIADIC x text[]) RETURNS MODULE_SCHEMA.predicted_class
LANGUAGE c STABLE PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'projects_predict_class';
COMMENT ON FUNCTION MODULE_SCHEMA.predict_class(bigint, text[]) IS
    'the class that a model, given by its number, predicts, and its likelihood, from arguments without types';

CREATE FUNCTION MODULE_SCHEMA.predict_proba(project text, VARIADIC x "any") RETURNS jsonb
LANGUAGE c STABLE PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'projects_predict_proba';
COMMENT ON FUNCTION MODULE_SCHEMA.predict_proba(text, "any") IS
    'the probability of each class by its label, from the deployed model of a project: predict_proba(''Iris'', i) ->> ''setosa'' FROM iris AS i';

CREATE FUNCTION MODULE_SCHEMA.predict_proba(project text, VARIADIC x text[]) RETURNS jsonb
LANGUAGE c STABLE PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'projects_predict_proba';
COMMENT ON FUNCTION MODULE_SCHEMA.predict_proba(text, text[]) IS
    'the probability of each class by its label, from the deployed model of a project, from arguments without types';

CREATE FUNCTION MODULE_SCHEMA.predict_proba(model_id bigint, VARIADIC x "any") RETURNS jsonb
LANGUAGE c STABLE PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'projects_predict_proba';
COMMENT ON FUNCTION MODULE_SCHEMA.predict_proba(bigint, "any") IS
    'the probability of each class by its label, from a model, given by its number';

CREATE FUNCTION MODULE_SCHEMA.predict_proba(model_id bigint, VARIADIC x text[]) RETURNS jsonb
LANGUAGE c STABLE PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'projects_predict_proba';
COMMENT ON FUNCTION MODULE_SCHEMA.predict_proba(bigint, text[]) IS
    'the probability of each class by its label, from a model, given by its number, from arguments without types';

CREATE FUNCTION MODULE_SCHEMA.predict_joint(project text, VARIADIC x "any") RETURNS double precision[]
LANGUAGE c STABLE PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'projects_predict_joint';
COMMENT ON FUNCTION MODULE_SCHEMA.predict_joint(text, "any") IS
    'the numbers of all targets or components that the deployed model of a project predicts: predict_joint(''Linnerud'', l) FROM linnerud AS l';

CREATE FUNCTION MODULE_SCHEMA.predict_joint(project text, VARIADIC x text[]) RETURNS double precision[]
LANGUAGE c STABLE PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'projects_predict_joint';
COMMENT ON FUNCTION MODULE_SCHEMA.predict_joint(text, text[]) IS
    'the numbers of all targets or components that the deployed model of a project predicts, from arguments without types';

CREATE FUNCTION MODULE_SCHEMA.predict_joint(model_id bigint, VARIADIC x "any") RETURNS double precision[]
LANGUAGE c STABLE PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'projects_predict_joint';
COMMENT ON FUNCTION MODULE_SCHEMA.predict_joint(bigint, "any") IS
    'the numbers of all targets or components that a model, given by its number, predicts';

CREATE FUNCTION MODULE_SCHEMA.predict_joint(model_id bigint, VARIADIC x text[]) RETURNS double precision[]
LANGUAGE c STABLE PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'projects_predict_joint';
COMMENT ON FUNCTION MODULE_SCHEMA.predict_joint(bigint, text[]) IS
    'the numbers of all targets or components that a model, given by its number, predicts, from arguments without types';
