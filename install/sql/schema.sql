CREATE SCHEMA IF NOT EXISTS MADLIB_SCHEMA;
CREATE EXTENSION IF NOT EXISTS plpython3u;

-- The conditions under which CREATE EXTENSION runs a script.
SET LOCAL search_path TO MADLIB_SCHEMA, pg_temp;
SET LOCAL check_function_bodies TO off;
SET LOCAL client_min_messages TO warning;

-- Lists the objects of madpy, so that exactly these can be removed, also after a dump and a restore.
CREATE TABLE MADLIB_SCHEMA.__installed (kind text, identity text, PRIMARY KEY (kind, identity));
COMMENT ON TABLE MADLIB_SCHEMA.__installed IS 'the objects that belong to madpy, and its version';
GRANT SELECT ON MADLIB_SCHEMA.__installed TO PUBLIC;
