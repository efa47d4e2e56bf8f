-- common: the basis of every module: domains, the library's own settings, parsing, kernels as aggregates.

-- Domains.  The name of a constraint is the message a user sees.

CREATE DOMAIN MADLIB_SCHEMA.probability AS double precision
    CONSTRAINT "must be between 0 and 1" CHECK (VALUE BETWEEN 0 AND 1);
COMMENT ON DOMAIN MADLIB_SCHEMA.probability IS 'a number from 0 to 1';

CREATE DOMAIN MADLIB_SCHEMA.percent AS double precision
    CONSTRAINT "must be between 0 and 100" CHECK (VALUE BETWEEN 0 AND 100);
COMMENT ON DOMAIN MADLIB_SCHEMA.percent IS 'a number from 0 to 100';

CREATE DOMAIN MADLIB_SCHEMA.positive_int AS integer
    CONSTRAINT "must be 1 or more" CHECK (VALUE >= 1);
COMMENT ON DOMAIN MADLIB_SCHEMA.positive_int IS 'an integer, 1 or more';

CREATE DOMAIN MADLIB_SCHEMA.nonnegative_int AS integer
    CONSTRAINT "must be 0 or more" CHECK (VALUE >= 0);
COMMENT ON DOMAIN MADLIB_SCHEMA.nonnegative_int IS 'an integer, 0 or more';

CREATE DOMAIN MADLIB_SCHEMA.positive_float AS double precision
    CONSTRAINT "must be above 0 and finite" CHECK (VALUE > 0 AND VALUE < 'Infinity');
COMMENT ON DOMAIN MADLIB_SCHEMA.positive_float IS 'a finite number above 0';

CREATE DOMAIN MADLIB_SCHEMA.nonnegative_float AS double precision
    CONSTRAINT "must be 0 or more and finite" CHECK (VALUE >= 0 AND VALUE < 'Infinity');
COMMENT ON DOMAIN MADLIB_SCHEMA.nonnegative_float IS 'a finite number, 0 or more';

-- The result of predictions over a table, for all methods.

CREATE TYPE MADLIB_SCHEMA.predictions AS (
    output_table         text,
    num_rows             bigint,
    num_null_predictions bigint
);
COMMENT ON TYPE MADLIB_SCHEMA.predictions IS
    'result of a prediction over a table: the table, its rows, and how many have no prediction';

-- The progress of trainings: drivers put it into application_name, which other sessions see immediately.

CREATE VIEW MADLIB_SCHEMA.progress AS
SELECT pid, datname AS database, usename AS role, substr(application_name, 8) AS doing,
       clock_timestamp() - query_start AS running_for
FROM pg_stat_activity WHERE application_name LIKE 'madpy: %';
COMMENT ON VIEW MADLIB_SCHEMA.progress IS 'the trainings that run now, and where they are';
GRANT SELECT ON MADLIB_SCHEMA.progress TO PUBLIC;

-- The library.

CREATE FUNCTION MADLIB_SCHEMA.__python_path() RETURNS text
LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'madpy_python_path';
COMMENT ON FUNCTION MADLIB_SCHEMA.__python_path() IS
    'the folder with the Python packages madpy and numpy, from the setting madpy.python_path';

CREATE FUNCTION MADLIB_SCHEMA.__c_version() RETURNS text
LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'madpy_version';
COMMENT ON FUNCTION MADLIB_SCHEMA.__c_version() IS 'the version of the C library that this session has loaded';

CREATE FUNCTION MADLIB_SCHEMA.__own_schemas() RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$SELECT 'MADLIB_OWN_SCHEMAS'::pg_catalog.jsonb$$;
COMMENT ON FUNCTION MADLIB_SCHEMA.__own_schemas() IS
    'the modules that have a schema of their own, and its name';

CREATE FUNCTION MADLIB_SCHEMA.__check_client() RETURNS void
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'check_client';
COMMENT ON FUNCTION MADLIB_SCHEMA.__check_client() IS
    'raises a cancel that has come, and ends the session if its client has gone';

CREATE FUNCTION MADLIB_SCHEMA.__parse_list(
    expressions text,
    OUT is_array boolean,   -- whether the list is ARRAY[...], whose elements are the items
    OUT items    text[],    -- SQL of each expression, as written
    OUT columns  text[]     -- the column's name where an item is a bare column, else NULL
)
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'parse_list';
COMMENT ON FUNCTION MADLIB_SCHEMA.__parse_list(text) IS
    'splits a list of expressions with PostgreSQL''s own grammar; raises an error for anything else';

CREATE FUNCTION MADLIB_SCHEMA.__resolve(expression text, source regclass, path text) RETURNS text
LANGUAGE c STABLE STRICT PARALLEL SAFE SET DateStyle = 'ISO'  -- no abbreviations of time zones in constants
AS 'MODULE_PATHNAME', 'resolve';
COMMENT ON FUNCTION MADLIB_SCHEMA.__resolve(text, regclass, text) IS
    'returns an expression over a table, read under another search_path, with qualified names';

CREATE FUNCTION MADLIB_SCHEMA.__hold_table(relation regclass) RETURNS boolean
LANGUAGE c VOLATILE STRICT AS 'MODULE_PATHNAME', 'hold_table';
COMMENT ON FUNCTION MADLIB_SCHEMA.__hold_table(regclass) IS
    'locks a table until the end of the transaction; returns whether reading it runs no code of other users';

CREATE FUNCTION MADLIB_SCHEMA.__level_code(value text, levels text[]) RETURNS double precision
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 2 AS 'MODULE_PATHNAME', 'level_code';
COMMENT ON FUNCTION MADLIB_SCHEMA.__level_code(text, text[]) IS
    'the position of a text in a list of levels, from 0; NULL if it is not in the list';

CREATE FUNCTION MADLIB_SCHEMA.__level_code(value bigint, levels bigint[]) RETURNS double precision
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 1 AS 'MODULE_PATHNAME', 'integer_code';
COMMENT ON FUNCTION MADLIB_SCHEMA.__level_code(bigint, bigint[]) IS
    'the position of an integer in a list of levels, from 0; NULL if it is not in the list';

CREATE FUNCTION MADLIB_SCHEMA.__numbers(data bytea, first integer, dims integer[]) RETURNS double precision[]
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'numbers';
COMMENT ON FUNCTION MADLIB_SCHEMA.__numbers(bytea, integer, integer[]) IS
    'an array of the doubles in data from a position on, counted from 0; NaN becomes NULL, and an array of NaN only is NULL';

CREATE FUNCTION MADLIB_SCHEMA.__number(data bytea, at integer) RETURNS double precision
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'number';
COMMENT ON FUNCTION MADLIB_SCHEMA.__number(bytea, integer) IS
    'the double at a position in data, counted from 0; NaN becomes NULL';

CREATE FUNCTION MADLIB_SCHEMA.__piece(data bytea, n integer) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'piece';
COMMENT ON FUNCTION MADLIB_SCHEMA.__piece(bytea, integer) IS
    'a piece of data, counted from 0; data are the number of pieces as an integer, the end of each, and all bytes';

CREATE FUNCTION MADLIB_SCHEMA.__text_piece(data bytea, n integer) RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'text_piece';
COMMENT ON FUNCTION MADLIB_SCHEMA.__text_piece(bytea, integer) IS 'one of the pieces in data, as __piece, as text';
