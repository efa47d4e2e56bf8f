-- Rights: a project belongs to its owner, who lets other roles use or train it.

CREATE FUNCTION MODULE_SCHEMA.__do_set_access(project bigint, role regrole, access text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM MODULE_SCHEMA.__check_may(project, false);
    -- Roles that were dropped leave their numbers, which go by the way.
    UPDATE MODULE_SCHEMA.__projects AS p SET
        readers = ARRAY(SELECT other FROM unnest(p.readers) AS other
                        WHERE other <> role AND EXISTS (SELECT FROM pg_roles WHERE oid = other))
                  || CASE WHEN access = 'reader' THEN ARRAY[role] ELSE '{}' END,
        trainers = ARRAY(SELECT other FROM unnest(p.trainers) AS other
                         WHERE (other <> role OR access = 'reader') AND EXISTS (SELECT FROM pg_roles WHERE oid = other))
                   || CASE WHEN access = 'trainer' THEN ARRAY[role] ELSE '{}' END
    WHERE p.id = project;
    RETURN project;
END
$$;
COMMENT ON FUNCTION MODULE_SCHEMA.__do_set_access(bigint, regrole, text) IS
    'has a role read a project (reader), train it too (trainer), or neither (NULL)';

CREATE FUNCTION MODULE_SCHEMA.__do_transfer(project bigint, new_owner regrole) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM MODULE_SCHEMA.__check_may(project, false);
    IF NOT MODULE_SCHEMA.__caller_may(new_owner, '{}') THEN
        RAISE EXCEPTION 'only a role with the rights of role % may give it a project', new_owner
            USING ERRCODE = 'insufficient_privilege', HINT = 'Ask a superuser, or a member of both roles.';
    END IF;
    UPDATE MODULE_SCHEMA.__projects SET owner = new_owner WHERE id = project;
    RETURN project;
END
$$;
COMMENT ON FUNCTION MODULE_SCHEMA.__do_transfer(bigint, regrole) IS 'gives a project to another role';

CREATE FUNCTION MODULE_SCHEMA.grant_project(
    project_name text,
    role         text,
    access       text DEFAULT 'reader'  -- reader: sees the project and predicts; trainer: trains and deploys too
) RETURNS void
LANGUAGE plpython3u VOLATILE SET jit = off AS MADLIB_DRIVER(projects.admin.rights.grant_project);
COMMENT ON FUNCTION MODULE_SCHEMA.grant_project(text, text, text) IS
    'lets a role use a project of yours: SELECT MODULE_SCHEMA.grant_project(''Wine'', ''ann'', ''reader'')';

CREATE FUNCTION MODULE_SCHEMA.revoke_project(project_name text, role text) RETURNS void
LANGUAGE plpython3u VOLATILE SET jit = off AS MADLIB_DRIVER(projects.admin.rights.revoke_project);
COMMENT ON FUNCTION MODULE_SCHEMA.revoke_project(text, text) IS
    'takes from a role what grant_project gave: SELECT MODULE_SCHEMA.revoke_project(''Wine'', ''ann'')';

CREATE FUNCTION MODULE_SCHEMA.transfer_project(project_name text, new_owner text) RETURNS void
LANGUAGE plpython3u VOLATILE SET jit = off AS MADLIB_DRIVER(projects.admin.rights.transfer_project);
COMMENT ON FUNCTION MODULE_SCHEMA.transfer_project(text, text) IS
    'gives a project of yours to another role: SELECT MODULE_SCHEMA.transfer_project(''Wine'', ''ann'')';
