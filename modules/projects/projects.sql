-- projects: models by the name of what they are for, trained, compared, deployed and used.  Manual: README.md.
--
-- They have a schema of their own, MODULE_SCHEMA.  Nobody may read or write its tables, whose names begin with __:
-- everybody reads what he may see through views, and writes through __write.

CREATE SCHEMA IF NOT EXISTS MODULE_SCHEMA;
COMMENT ON SCHEMA MODULE_SCHEMA IS 'made by madpy, and removed with it';
DO $usage$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_proc WHERE pronamespace = 'MODULE_SCHEMA'::regnamespace) THEN
        GRANT USAGE ON SCHEMA MODULE_SCHEMA TO PUBLIC;  -- an upgrade keeps the rights that there are
    END IF;
END
$usage$;

-- Rights.

CREATE FUNCTION MODULE_SCHEMA.__may(owner regrole, others regrole[]) RETURNS boolean
LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'projects_may';
COMMENT ON FUNCTION MODULE_SCHEMA.__may(regrole, regrole[]) IS
    'whether the current role has the rights of the owner, or of one of the others';

CREATE FUNCTION MODULE_SCHEMA.__write(what text, VARIADIC arguments "any") RETURNS bigint
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'projects_write';
COMMENT ON FUNCTION MODULE_SCHEMA.__write(text, "any") IS
    'calls __do_<what>(arguments), which changes the tables of projects after a look at who calls';

CREATE FUNCTION MODULE_SCHEMA.__caller() RETURNS regrole
LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'projects_caller';
COMMENT ON FUNCTION MODULE_SCHEMA.__caller() IS
    'the role that called __write; for the functions that it calls, which have another role''s rights';

-- Tables.

CREATE TABLE MODULE_SCHEMA.__projects (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name       text NOT NULL UNIQUE,
    task       text NOT NULL CHECK (task IN ('regression', 'classification', 'clustering', 'decomposition')),
    owner      regrole NOT NULL,
    readers    regrole[] NOT NULL DEFAULT '{}',
    trainers   regrole[] NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE MODULE_SCHEMA.__projects IS 'the purposes of models; seen through projects';

CREATE TABLE MODULE_SCHEMA.__snapshots (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    project_id      bigint NOT NULL REFERENCES MODULE_SCHEMA.__projects ON DELETE CASCADE,
    relation_name   text NOT NULL,         -- the source, as it was found
    y_column_name   text[] NOT NULL,       -- the targets; none for clustering and decomposition
    features        jsonb NOT NULL,        -- name and type of each, in order
    test_size       double precision NOT NULL,
    test_sampling   text NOT NULL,
    test_column     text,
    seed            integer NOT NULL,
    row_count       bigint,
    test_row_count  bigint,
    checksum        text,                  -- of the rows, whatever their order
    columns         jsonb,                 -- an analysis of each column
    stored_relation text,                  -- a copy of the rows, where one was asked for
    created_by      regrole NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT now(),
    UNIQUE (project_id, id),
    -- Whoever may train can call __write himself: others that read the row rely on these.
    CHECK (test_size >= 0 AND test_size < 1),
    CHECK (test_sampling IN ('random', 'stratified', 'last', 'group', 'imported')),
    CHECK (test_sampling NOT IN ('last', 'group') OR test_column IS NOT NULL),
    CHECK (jsonb_array_length(features)
           = jsonb_array_length(jsonb_path_query_array(features, 'strict $[*].name ? (@.type() == "string")')))
);
COMMENT ON TABLE MODULE_SCHEMA.__snapshots IS 'the rows that models were fitted on; seen through snapshots';

CREATE TABLE MODULE_SCHEMA.__models (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    project_id     bigint NOT NULL REFERENCES MODULE_SCHEMA.__projects ON DELETE CASCADE,
    snapshot_id    bigint NOT NULL,
    algorithm      text NOT NULL,
    hyperparams    jsonb NOT NULL,
    preprocess     jsonb NOT NULL,
    search         jsonb,                  -- how the hyperparameters were found
    status         text NOT NULL,          -- successful or failed
    error          text,
    metric         text,                   -- by which models are compared
    score          double precision,
    compared_with  bigint,                 -- the model that was deployed then
    compared_score double precision,       -- its score on the same rows, NULL if it cannot score them
    metrics        jsonb,                  -- on the rows for testing
    train_metrics  jsonb,
    folds          jsonb,
    details        jsonb,
    warnings       jsonb,
    seed           integer NOT NULL,
    num_rows       bigint,
    duration       interval,
    libraries      jsonb NOT NULL,         -- versions
    model          bytea,
    created_by     regrole NOT NULL,
    created_at     timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (project_id, snapshot_id) REFERENCES MODULE_SCHEMA.__snapshots (project_id, id),
    UNIQUE (project_id, id),
    CHECK (jsonb_typeof(hyperparams) = 'object'),
    CHECK (jsonb_typeof(metrics) = 'object')
);
ALTER TABLE MODULE_SCHEMA.__models ALTER COLUMN model SET STORAGE EXTERNAL;
COMMENT ON TABLE MODULE_SCHEMA.__models IS 'models and failed trainings; seen through models';

CREATE TABLE MODULE_SCHEMA.__trials (
    model_id    bigint NOT NULL REFERENCES MODULE_SCHEMA.__models ON DELETE CASCADE,
    trial       integer NOT NULL,
    algorithm   text NOT NULL,
    hyperparams jsonb NOT NULL,
    status      text NOT NULL,
    error       text,
    score       double precision,
    deviation   double precision,          -- of the score over the folds
    metrics     jsonb,
    folds       jsonb,
    rungs       jsonb,                     -- of successive halving
    seconds     double precision,
    PRIMARY KEY (model_id, trial)
);
COMMENT ON TABLE MODULE_SCHEMA.__trials IS 'the candidates that a search tried; seen through trials';

CREATE TABLE MODULE_SCHEMA.__deployments (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    project_id  bigint NOT NULL REFERENCES MODULE_SCHEMA.__projects ON DELETE CASCADE,
    model_id    bigint,                    -- NULL: it was dropped since
    strategy    text NOT NULL,
    reason      text,
    deployed_by regrole NOT NULL,
    deployed_at timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (project_id, model_id) REFERENCES MODULE_SCHEMA.__models (project_id, id) ON DELETE SET NULL (model_id)
);
COMMENT ON TABLE MODULE_SCHEMA.__deployments IS
    'which model of a project predicts: the last one; seen through deployments';
CREATE INDEX __deployments_last ON MODULE_SCHEMA.__deployments (project_id, id);
CREATE INDEX __snapshots_project ON MODULE_SCHEMA.__snapshots (project_id, id);
CREATE INDEX __models_project ON MODULE_SCHEMA.__models (project_id, id);

-- An extension's tables are dumped with their rows if it says so; the plain script's always are.
DO $dumped$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY '{__projects,__snapshots,__models,__trials,__deployments}'::text[] LOOP
        PERFORM pg_extension_config_dump(format('MODULE_SCHEMA.%s', name), '');
        IF name <> '__trials' THEN
            PERFORM pg_extension_config_dump(pg_get_serial_sequence(format('MODULE_SCHEMA.%s', name), 'id'), '');
        END IF;
    END LOOP;
EXCEPTION WHEN feature_not_supported THEN NULL;
END
$dumped$;

-- Views: what the current role may see.

CREATE VIEW MODULE_SCHEMA.projects WITH (security_barrier) AS
SELECT id, name, task, owner, readers, trainers, created_at,
       (SELECT model_id FROM MODULE_SCHEMA.__deployments WHERE project_id = p.id ORDER BY id DESC LIMIT 1)
           AS deployed_model
FROM MODULE_SCHEMA.__projects AS p WHERE MODULE_SCHEMA.__may(owner, readers || trainers);
COMMENT ON VIEW MODULE_SCHEMA.projects IS 'the projects that you may use';

CREATE VIEW MODULE_SCHEMA.snapshots WITH (security_barrier) AS
SELECT s.* FROM MODULE_SCHEMA.__snapshots AS s JOIN MODULE_SCHEMA.__projects AS p ON p.id = s.project_id
WHERE MODULE_SCHEMA.__may(p.owner, p.readers || p.trainers);
COMMENT ON VIEW MODULE_SCHEMA.snapshots IS 'the rows that models of your projects were fitted on';

CREATE VIEW MODULE_SCHEMA.models WITH (security_barrier) AS
SELECT m.* FROM MODULE_SCHEMA.__models AS m JOIN MODULE_SCHEMA.__projects AS p ON p.id = m.project_id
WHERE MODULE_SCHEMA.__may(p.owner, p.readers || p.trainers);
COMMENT ON VIEW MODULE_SCHEMA.models IS 'the models of your projects, and trainings that failed';

CREATE VIEW MODULE_SCHEMA.trials WITH (security_barrier) AS
SELECT t.*, m.project_id
FROM MODULE_SCHEMA.__trials AS t JOIN MODULE_SCHEMA.__models AS m ON m.id = t.model_id
JOIN MODULE_SCHEMA.__projects AS p ON p.id = m.project_id
WHERE MODULE_SCHEMA.__may(p.owner, p.readers || p.trainers);
COMMENT ON VIEW MODULE_SCHEMA.trials IS 'the candidates that searches in your projects tried';

CREATE VIEW MODULE_SCHEMA.deployments WITH (security_barrier) AS
SELECT d.* FROM MODULE_SCHEMA.__deployments AS d JOIN MODULE_SCHEMA.__projects AS p ON p.id = d.project_id
WHERE MODULE_SCHEMA.__may(p.owner, p.readers || p.trainers);
COMMENT ON VIEW MODULE_SCHEMA.deployments IS 'the deployments in your projects: the last one of each predicts';

CREATE VIEW MODULE_SCHEMA.trained_models WITH (security_barrier) AS
SELECT m.id, p.name AS project, p.task, m.algorithm, m.hyperparams, m.metric, m.score, m.metrics,
       m.created_at, m.id = p.deployed_model AS deployed
FROM MODULE_SCHEMA.models AS m JOIN MODULE_SCHEMA.projects AS p ON p.id = m.project_id
WHERE m.status = 'successful';
COMMENT ON VIEW MODULE_SCHEMA.trained_models IS 'the models of your projects, with their scores';

CREATE VIEW MODULE_SCHEMA.deployed_models WITH (security_barrier) AS
SELECT m.id, p.name AS project, p.task, m.algorithm, m.hyperparams, m.metric, m.score, m.metrics,
       d.deployed_at, d.deployed_by, d.strategy
FROM MODULE_SCHEMA.projects AS p
JOIN MODULE_SCHEMA.models AS m ON m.id = p.deployed_model
JOIN LATERAL (
    SELECT * FROM MODULE_SCHEMA.__deployments WHERE project_id = p.id ORDER BY id DESC LIMIT 1
) AS d ON true;
COMMENT ON VIEW MODULE_SCHEMA.deployed_models IS 'the model of each of your projects that predicts';

CREATE VIEW MODULE_SCHEMA.overview WITH (security_barrier) AS
SELECT p.name, p.task, p.owner, d.algorithm, d.metric, d.score, d.deployed_at,
       (SELECT count(*) FROM MODULE_SCHEMA.__models AS m WHERE m.project_id = p.id) AS models
FROM MODULE_SCHEMA.projects AS p LEFT JOIN MODULE_SCHEMA.deployed_models AS d ON d.project = p.name;
COMMENT ON VIEW MODULE_SCHEMA.overview IS 'your projects in a line each';

CREATE VIEW MODULE_SCHEMA.__deployed WITH (security_barrier) AS
SELECT p.name, m.id AS deployed_model, m.model
FROM MODULE_SCHEMA.__projects AS p
LEFT JOIN MODULE_SCHEMA.__models AS m ON m.id = (
    SELECT model_id FROM MODULE_SCHEMA.__deployments WHERE project_id = p.id ORDER BY id DESC LIMIT 1)
WHERE MODULE_SCHEMA.__may(p.owner, p.readers || p.trainers);
COMMENT ON VIEW MODULE_SCHEMA.__deployed IS 'the model that predicts for each project, for the functions that predict';

DO $views$
DECLARE
    view regclass;
BEGIN
    FOR view IN
        SELECT oid FROM pg_class
        WHERE relnamespace = 'MODULE_SCHEMA'::regnamespace AND relkind = 'v' AND relacl IS NULL
          AND relname IN ('__deployed', 'projects', 'snapshots', 'models', 'trials', 'deployments', 'trained_models',
                          'deployed_models', 'overview')
    LOOP
        EXECUTE format('GRANT SELECT ON %s TO PUBLIC', view);
    END LOOP;
END
$views$;

-- The functions behind __write, with the rights of the installation's owner.  Nobody else may call them directly.

CREATE FUNCTION MODULE_SCHEMA.__check_may(project bigint, to_train boolean) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    known MODULE_SCHEMA.__projects;
BEGIN
    -- Two sessions that change one project wait for each other here.  No role can lock a project that it may not see.
    SELECT * INTO known FROM MODULE_SCHEMA.__projects
    WHERE id = project AND MODULE_SCHEMA.__caller_may(owner, readers || trainers) FOR UPDATE;
    IF known.id IS NULL THEN
        RAISE EXCEPTION 'project % does not exist', project USING ERRCODE = 'undefined_object';
    END IF;
    IF NOT MODULE_SCHEMA.__caller_may(known.owner, CASE WHEN to_train THEN known.trainers ELSE '{}' END) THEN
        RAISE EXCEPTION 'permission denied for project "%"', known.name
            USING ERRCODE = 'insufficient_privilege',
                  HINT = format('Ask its owner, role %s, for the right.', known.owner);
    END IF;
END
$$;
COMMENT ON FUNCTION MODULE_SCHEMA.__check_may(bigint, boolean) IS
    'locks a project, and raises an error if the caller of __write may not train it, or does not own it';

CREATE FUNCTION MODULE_SCHEMA.__missing(what text, number bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION '% % does not exist', what, number
        USING ERRCODE = 'undefined_object', HINT = format('Choose one of the view %ss.', what);
END
$$;
COMMENT ON FUNCTION MODULE_SCHEMA.__missing(text, bigint) IS
    'raises an error about a model or a snapshot that does not exist, or that the caller may not see';

CREATE FUNCTION MODULE_SCHEMA.__check_model(model bigint, to_train boolean) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    project bigint;
BEGIN
    SELECT p.id INTO project FROM MODULE_SCHEMA.__models AS m JOIN MODULE_SCHEMA.__projects AS p ON p.id = m.project_id
    WHERE m.id = $1 AND MODULE_SCHEMA.__caller_may(p.owner, p.readers || p.trainers);
    IF project IS NULL THEN
        PERFORM MODULE_SCHEMA.__missing('model', $1);
    END IF;
    PERFORM MODULE_SCHEMA.__check_may(project, to_train);
    IF NOT EXISTS (SELECT FROM MODULE_SCHEMA.__models AS m WHERE m.id = $1) THEN  -- dropped while this call waited
        PERFORM MODULE_SCHEMA.__missing('model', $1);
    END IF;
    RETURN project;
END
$$;
COMMENT ON FUNCTION MODULE_SCHEMA.__check_model(bigint, boolean) IS
    '__check_may for the project of a model, which it returns';

CREATE FUNCTION MODULE_SCHEMA.__caller_may(owner regrole, others regrole[]) RETURNS boolean
LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'projects_caller_may';
COMMENT ON FUNCTION MODULE_SCHEMA.__caller_may(regrole, regrole[]) IS
    'whether the caller of __write has the rights of the owner, or of one of the others';

CREATE FUNCTION MODULE_SCHEMA.__do_check_name(name text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    known MODULE_SCHEMA.__projects;
BEGIN
    SELECT * INTO known FROM MODULE_SCHEMA.__projects AS p WHERE p.name = $1;
    IF known.id IS NULL OR MODULE_SCHEMA.__caller_may(known.owner, known.trainers) THEN
        RETURN coalesce(known.id, 0);
    ELSIF MODULE_SCHEMA.__caller_may(known.owner, known.readers) THEN
        RAISE EXCEPTION 'permission denied for project "%"', $1
            USING ERRCODE = 'insufficient_privilege',
                  HINT = format('Ask its owner, role %s, for the right to train it.', known.owner);
    END IF;
    RAISE EXCEPTION 'another role has a project "%"', $1
        USING ERRCODE = 'insufficient_privilege', HINT = 'Choose another name, or ask for the right to train it.';
END
$$;
COMMENT ON FUNCTION MODULE_SCHEMA.__do_check_name(text) IS
    'raises an error if the caller may not train the project of a name; returns its number, 0 if the name is free';

CREATE FUNCTION MODULE_SCHEMA.__do_add_project(name text, task text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    made bigint;
    its_task text;
BEGIN
    -- Waits for another session that makes a project of this name, which is taken then if the caller may train it.
    INSERT INTO MODULE_SCHEMA.__projects (name, task, owner) VALUES ($1, $2, MODULE_SCHEMA.__caller())
    ON CONFLICT DO NOTHING RETURNING id INTO made;
    IF made IS NULL THEN
        made := MODULE_SCHEMA.__do_check_name($1);
        SELECT p.task INTO its_task FROM MODULE_SCHEMA.__projects AS p WHERE p.id = made;
        IF its_task <> $2 THEN
            RAISE EXCEPTION 'project "%" is for %, not for %', $1, its_task, $2
                USING ERRCODE = 'invalid_parameter_value', HINT = 'Choose another name.';
        END IF;
    END IF;
    RETURN made;
END
$$;
COMMENT ON FUNCTION MODULE_SCHEMA.__do_add_project(text, text) IS
    'makes a project of the caller, or returns the one of this name that the caller may train';

CREATE FUNCTION MODULE_SCHEMA.__do_add_snapshot(project bigint, facts jsonb) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    made bigint;
BEGIN
    PERFORM MODULE_SCHEMA.__check_may(project, true);
    INSERT INTO MODULE_SCHEMA.__snapshots (
        project_id, relation_name, y_column_name, features, test_size, test_sampling, test_column, seed,
        row_count, test_row_count, checksum, columns, stored_relation, created_by)
    SELECT project, relation_name, y_column_name, features, test_size, test_sampling, test_column, seed,
           row_count, test_row_count, checksum, columns, stored_relation, MODULE_SCHEMA.__caller()
    FROM jsonb_populate_record(NULL::MODULE_SCHEMA.__snapshots, facts)
    RETURNING id INTO made;
    RETURN made;
END
$$;
COMMENT ON FUNCTION MODULE_SCHEMA.__do_add_snapshot(bigint, jsonb) IS 'makes a snapshot in a project';

CREATE FUNCTION MODULE_SCHEMA.__do_add_model(project bigint, snapshot bigint, facts jsonb, bytes bytea) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    made bigint;
BEGIN
    PERFORM MODULE_SCHEMA.__check_may(project, true);
    INSERT INTO MODULE_SCHEMA.__models (
        project_id, snapshot_id, algorithm, hyperparams, preprocess, search, status, error, metric, score,
        compared_with, compared_score, metrics, train_metrics, folds, details, warnings, seed, num_rows, duration,
        libraries, model, created_by)
    SELECT project, snapshot, algorithm, hyperparams, preprocess, search, status, error, metric, score,
           compared_with, compared_score, metrics, train_metrics, folds, details, warnings, seed, num_rows, duration,
           libraries, bytes, MODULE_SCHEMA.__caller()
    FROM jsonb_populate_record(NULL::MODULE_SCHEMA.__models, facts)
    RETURNING id INTO made;
    RETURN made;
END
$$;
COMMENT ON FUNCTION MODULE_SCHEMA.__do_add_model(bigint, bigint, jsonb, bytea) IS 'adds a model, or a failed training';

CREATE FUNCTION MODULE_SCHEMA.__do_add_trials(model_number bigint, facts jsonb) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    made bigint;
BEGIN
    PERFORM MODULE_SCHEMA.__check_model(model_number, true);
    INSERT INTO MODULE_SCHEMA.__trials (
        model_id, trial, algorithm, hyperparams, status, error, score, deviation, metrics, folds, rungs, seconds)
    SELECT model_number, trial, algorithm, hyperparams, status, error, score, deviation, metrics, folds, rungs, seconds
    FROM jsonb_populate_recordset(NULL::MODULE_SCHEMA.__trials, facts);
    GET DIAGNOSTICS made = ROW_COUNT;
    RETURN made;
END
$$;
COMMENT ON FUNCTION MODULE_SCHEMA.__do_add_trials(bigint, jsonb) IS 'adds the candidates that a search tried';

-- The version.

CREATE FUNCTION MODULE_SCHEMA.version() RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE AS $$SELECT 'MADLIB_VERSION'$$;
COMMENT ON FUNCTION MODULE_SCHEMA.version() IS 'the version of madpy: SELECT MODULE_SCHEMA.version()';
