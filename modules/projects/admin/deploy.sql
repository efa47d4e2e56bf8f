-- Deployments: which model of a project predicts, chosen by a strategy or by its number.

CREATE FUNCTION MODULE_SCHEMA.__do_lock(project bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM MODULE_SCHEMA.__check_may(project, true);
    RETURN coalesce((
        SELECT model_id FROM MODULE_SCHEMA.__deployments WHERE project_id = project ORDER BY id DESC LIMIT 1), 0);
END
$$;
COMMENT ON FUNCTION MODULE_SCHEMA.__do_lock(bigint) IS
    'waits for other sessions that change a project, has others wait, and returns the model that is deployed then, 0 if none is';

CREATE FUNCTION MODULE_SCHEMA.__do_deploy(model bigint, strategy text, reason text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    project bigint := MODULE_SCHEMA.__check_model(model, true);
    made bigint;
BEGIN
    IF (SELECT m.model IS NULL FROM MODULE_SCHEMA.__models AS m WHERE m.id = $1) THEN
        RAISE EXCEPTION 'the training of model % failed', $1
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Choose one of the view trained_models.';
    END IF;
    -- A transaction whose snapshot is older must not choose by what it sees: it fails when it locks a row that changed.
    UPDATE MODULE_SCHEMA.__projects SET name = name WHERE id = project;
    INSERT INTO MODULE_SCHEMA.__deployments (project_id, model_id, strategy, reason, deployed_by)
    VALUES (project, $1, $2, $3, MODULE_SCHEMA.__caller()) RETURNING id INTO made;
    RETURN made;
END
$$;
COMMENT ON FUNCTION MODULE_SCHEMA.__do_deploy(bigint, text, text) IS 'has a model predict for its project from now on';

CREATE FUNCTION MODULE_SCHEMA.__score_by_now(model_id bigint, metric text) RETURNS double precision
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN (SELECT (m.metrics ->> $2)::double precision FROM MODULE_SCHEMA.models AS m WHERE m.id = $1);
END
$$;
COMMENT ON FUNCTION MODULE_SCHEMA.__score_by_now(bigint, text) IS
    'a figure of a model''s training; VOLATILE: it sees models that the statement around it does not see yet';

CREATE TYPE MODULE_SCHEMA.deployment AS (
    project_name text,
    strategy     text,
    algorithm    text,
    model_id     bigint
);
COMMENT ON TYPE MODULE_SCHEMA.deployment IS 'result of deploy';

CREATE FUNCTION MODULE_SCHEMA.deploy(
    project_name text,
    strategy     text DEFAULT 'best_score',  -- or most_recent, rollback, specific
    algorithm    text DEFAULT NULL,          -- only models of this one
    model_id     bigint DEFAULT NULL         -- for specific: a model by its number
) RETURNS SETOF MODULE_SCHEMA.deployment
LANGUAGE plpython3u VOLATILE SET jit = off AS MADLIB_DRIVER(projects.admin.deploy.deploy);
COMMENT ON FUNCTION MODULE_SCHEMA.deploy(text, text, text, bigint) IS
    'has another model of a project predict: SELECT * FROM MODULE_SCHEMA.deploy(''Wine'', ''rollback'')';

CREATE FUNCTION MODULE_SCHEMA.deploy(model_id bigint) RETURNS SETOF MODULE_SCHEMA.deployment
LANGUAGE plpython3u VOLATILE SET jit = off AS MADLIB_DRIVER(projects.admin.deploy_model.deploy);
COMMENT ON FUNCTION MODULE_SCHEMA.deploy(bigint) IS 'has a model, given by its number, predict for its project';
