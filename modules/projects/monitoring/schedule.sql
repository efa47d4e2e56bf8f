-- Schedules: trainings at fixed times, by pg_cron where it is installed.

CREATE FUNCTION MODULE_SCHEMA.schedule_train(
    project_name text,                     -- trained on the relation of its last training
    schedule     text,                     -- a cron expression: '0 3 * * *' is every night at three
    arguments    jsonb DEFAULT '{}'        -- further arguments of train, by name
) RETURNS bigint
LANGUAGE plpython3u VOLATILE SET jit = off AS MADLIB_DRIVER(projects.monitoring.schedule.schedule_train);
COMMENT ON FUNCTION MODULE_SCHEMA.schedule_train(text, text, jsonb) IS
    'trains a project again at fixed times, by pg_cron: SELECT MODULE_SCHEMA.schedule_train(''Wine'', ''0 3 * * *'')';

CREATE FUNCTION MODULE_SCHEMA.unschedule_train(project_name text) RETURNS boolean
LANGUAGE plpython3u VOLATILE SET jit = off AS MADLIB_DRIVER(projects.monitoring.schedule.unschedule_train);
COMMENT ON FUNCTION MODULE_SCHEMA.unschedule_train(text) IS 'ends the schedule of a project; false if there was none';

CREATE FUNCTION MODULE_SCHEMA.__schedules(
    OUT project text, OUT schedule text, OUT command text, OUT active boolean, OUT runid bigint, OUT status text,
    OUT message text, OUT start_time timestamptz, OUT end_time timestamptz
) RETURNS SETOF record
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_cron') THEN
        RETURN QUERY EXECUTE
            'SELECT substr(j.jobname, 7), j.schedule, j.command, j.active, r.runid,
                    coalesce(f.status, r.status), coalesce(f.error, r.return_message), r.start_time, r.end_time
             FROM cron.job AS j LEFT JOIN cron.job_run_details AS r USING (jobid)
             -- A training that failed has left a row, and the run that called it was successful.  pg_cron notes the
             -- start once the run has begun, which may be a little later than the transaction of the training.
             LEFT JOIN LATERAL (
                 SELECT m.status, m.error
                 FROM MODULE_SCHEMA.models AS m JOIN MODULE_SCHEMA.projects AS p ON p.id = m.project_id
                 WHERE p.name = substr(j.jobname, 7) AND m.status = ''failed''
                   AND m.created_at BETWEEN r.start_time - interval ''10 seconds'' AND r.end_time
                 ORDER BY m.id DESC LIMIT 1
             ) AS f ON true
             WHERE j.jobname LIKE ''madpy:%'' AND j.database = current_database()';
    END IF;
END
$$;
COMMENT ON FUNCTION MODULE_SCHEMA.__schedules() IS 'schedules of trainings and their runs, as pg_cron knows them';

CREATE VIEW MODULE_SCHEMA.schedules AS SELECT * FROM MODULE_SCHEMA.__schedules() AS s ORDER BY project, runid;
COMMENT ON VIEW MODULE_SCHEMA.schedules IS 'your schedules of trainings, a row for each run with its error';
GRANT SELECT ON MODULE_SCHEMA.schedules TO PUBLIC;
