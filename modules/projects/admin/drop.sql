-- Projects, models and snapshots that are no longer needed.

CREATE FUNCTION MODULE_SCHEMA.__do_drop_project(project bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM MODULE_SCHEMA.__check_may(project, false);
    DELETE FROM MODULE_SCHEMA.__projects WHERE id = project;
    RETURN project;
END
$$;
COMMENT ON FUNCTION MODULE_SCHEMA.__do_drop_project(bigint) IS 'drops a project with all that is in it';

CREATE FUNCTION MODULE_SCHEMA.__do_drop_model(model bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    project bigint := MODULE_SCHEMA.__check_model(model, false);
BEGIN
    IF model = (SELECT model_id FROM MODULE_SCHEMA.__deployments WHERE project_id = project ORDER BY id DESC LIMIT 1) THEN
        RAISE EXCEPTION 'model % is deployed', model
            USING ERRCODE = 'object_in_use', HINT = 'Deploy another one first, or drop the project.';
    END IF;
    DELETE FROM MODULE_SCHEMA.__models WHERE id = $1;
    RETURN $1;
END
$$;
COMMENT ON FUNCTION MODULE_SCHEMA.__do_drop_model(bigint) IS 'drops a model that does not predict for its project';

CREATE FUNCTION MODULE_SCHEMA.__do_drop_snapshot(snapshot bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    project bigint;
    needing text;
BEGIN
    SELECT p.id INTO project
    FROM MODULE_SCHEMA.__snapshots AS s JOIN MODULE_SCHEMA.__projects AS p ON p.id = s.project_id
    WHERE s.id = snapshot AND MODULE_SCHEMA.__caller_may(p.owner, p.readers || p.trainers);
    IF project IS NULL THEN
        PERFORM MODULE_SCHEMA.__missing('snapshot', snapshot);
    END IF;
    PERFORM MODULE_SCHEMA.__check_may(project, false);
    SELECT string_agg(id::text, ', ' ORDER BY id) INTO needing FROM MODULE_SCHEMA.__models WHERE snapshot_id = snapshot;
    IF needing IS NOT NULL THEN
        RAISE EXCEPTION 'snapshot % is that of models: %', snapshot, needing
            USING ERRCODE = 'dependent_objects_still_exist', HINT = 'Drop these models first.';
    END IF;
    DELETE FROM MODULE_SCHEMA.__snapshots WHERE id = snapshot;
    IF NOT FOUND THEN  -- dropped while this call waited
        PERFORM MODULE_SCHEMA.__missing('snapshot', snapshot);
    END IF;
    RETURN snapshot;
END
$$;
COMMENT ON FUNCTION MODULE_SCHEMA.__do_drop_snapshot(bigint) IS 'drops a snapshot that no model was fitted on';

CREATE FUNCTION MODULE_SCHEMA.drop_project(project_name text) RETURNS void
LANGUAGE plpython3u VOLATILE SET jit = off AS MADLIB_DRIVER(projects.admin.drop.drop_project);
COMMENT ON FUNCTION MODULE_SCHEMA.drop_project(text) IS
    'drops a project of yours with its models, snapshots and deployments: SELECT MODULE_SCHEMA.drop_project(''Wine'')';

CREATE FUNCTION MODULE_SCHEMA.drop_model(model_id bigint) RETURNS void
LANGUAGE plpython3u VOLATILE SET jit = off AS MADLIB_DRIVER(projects.admin.drop.drop_model);
COMMENT ON FUNCTION MODULE_SCHEMA.drop_model(bigint) IS 'drops a model of a project of yours that is not deployed';

CREATE FUNCTION MODULE_SCHEMA.drop_snapshot(snapshot_id bigint) RETURNS void
LANGUAGE plpython3u VOLATILE SET jit = off AS MADLIB_DRIVER(projects.admin.drop.drop_snapshot);
COMMENT ON FUNCTION MODULE_SCHEMA.drop_snapshot(bigint) IS 'drops a snapshot of a project of yours that has no models';
