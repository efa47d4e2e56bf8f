-- Snapshots without a training.

CREATE FUNCTION MODULE_SCHEMA.snapshot(
    project_name         text,                            -- made, if there is none of this name
    relation_name        text,                            -- read, never changed
    y_column_name        text DEFAULT NULL,               -- the target
    task                 text DEFAULT NULL,               -- of a project that is made
    test_size            double precision DEFAULT NULL,   -- share of the rows, or their number; NULL: 0.25
    test_sampling        text DEFAULT NULL,               -- random, stratified, last or group; NULL: random
    seed                 bigint  DEFAULT NULL,            -- NULL: 0
    test_column          text DEFAULT NULL,               -- orders rows for last, groups them for group
    exclude              text DEFAULT NULL,               -- columns that are no features
    materialize_snapshot boolean DEFAULT false            -- keep a copy of the rows
) RETURNS bigint
LANGUAGE plpython3u VOLATILE SET jit = off AS MADLIB_DRIVER(projects.training.snapshot.snapshot);
COMMENT ON FUNCTION MODULE_SCHEMA.snapshot(text, text, text, text, double precision, text, bigint, text, text, boolean) IS
    'notes the rows of a relation in a project, for its next training: SELECT MODULE_SCHEMA.snapshot(''Wine'', ''wine'', ''quality'')';
