-- general: routines that belong to no method.  Manual: README.md.

-- The library's version.

CREATE FUNCTION MADLIB_SCHEMA.version() RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT 'madpy MADLIB_VERSION, PostgreSQL ' OPERATOR(pg_catalog.||)
        pg_catalog.split_part(pg_catalog.current_setting('server_version'), ' ', 1)
$$;
COMMENT ON FUNCTION MADLIB_SCHEMA.version() IS 'the version of madpy that this schema holds, and of the server';

-- argmax: the key of the row with the largest value.

CREATE FUNCTION MADLIB_SCHEMA.__argmax_step(state bytea, key smallint, value double precision) RETURNS bytea
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'argmax_int2_step';
COMMENT ON FUNCTION MADLIB_SCHEMA.__argmax_step(bytea, smallint, double precision) IS
    'transition function of argmax over smallint keys';

CREATE FUNCTION MADLIB_SCHEMA.__argmax_step(state bytea, key integer, value double precision) RETURNS bytea
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'argmax_int4_step';
COMMENT ON FUNCTION MADLIB_SCHEMA.__argmax_step(bytea, integer, double precision) IS
    'transition function of argmax over integer keys';

CREATE FUNCTION MADLIB_SCHEMA.__argmax_step(state bytea, key bigint, value double precision) RETURNS bytea
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'argmax_int8_step';
COMMENT ON FUNCTION MADLIB_SCHEMA.__argmax_step(bytea, bigint, double precision) IS
    'transition function of argmax over bigint keys';

CREATE FUNCTION MADLIB_SCHEMA.__argmax_step(state bytea, key text, value double precision) RETURNS bytea
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'argmax_text_step';
COMMENT ON FUNCTION MADLIB_SCHEMA.__argmax_step(bytea, text, double precision) IS
    'transition function of argmax over text keys';

CREATE FUNCTION MADLIB_SCHEMA.__argmax_combine(state bytea, other bytea) RETURNS bytea
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'argmax_combine';
COMMENT ON FUNCTION MADLIB_SCHEMA.__argmax_combine(bytea, bytea) IS 'the better of two states of argmax';

CREATE FUNCTION MADLIB_SCHEMA.__argmax_integer(state bytea) RETURNS integer
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'argmax_int4_final';
COMMENT ON FUNCTION MADLIB_SCHEMA.__argmax_integer(bytea) IS 'the integer key in a state of argmax';

CREATE FUNCTION MADLIB_SCHEMA.__argmax_bigint(state bytea) RETURNS bigint
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'argmax_int8_final';
COMMENT ON FUNCTION MADLIB_SCHEMA.__argmax_bigint(bytea) IS 'the bigint key in a state of argmax';

CREATE FUNCTION MADLIB_SCHEMA.__argmax_text(state bytea) RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'argmax_text_final';
COMMENT ON FUNCTION MADLIB_SCHEMA.__argmax_text(bytea) IS 'the key in a state of argmax, of any type, as text';

CREATE AGGREGATE MADLIB_SCHEMA.argmax(key smallint, value double precision) (
    SFUNC = MADLIB_SCHEMA.__argmax_step, STYPE = bytea, COMBINEFUNC = MADLIB_SCHEMA.__argmax_combine,
    FINALFUNC = MADLIB_SCHEMA.__argmax_integer, PARALLEL = SAFE
);
COMMENT ON AGGREGATE MADLIB_SCHEMA.argmax(smallint, double precision) IS
    'the key of the row with the largest value; among equal values the smallest key';

CREATE AGGREGATE MADLIB_SCHEMA.argmax(key integer, value double precision) (
    SFUNC = MADLIB_SCHEMA.__argmax_step, STYPE = bytea, COMBINEFUNC = MADLIB_SCHEMA.__argmax_combine,
    FINALFUNC = MADLIB_SCHEMA.__argmax_integer, PARALLEL = SAFE
);
COMMENT ON AGGREGATE MADLIB_SCHEMA.argmax(integer, double precision) IS
    'the key of the row with the largest value; among equal values the smallest key';

CREATE AGGREGATE MADLIB_SCHEMA.argmax(key bigint, value double precision) (
    SFUNC = MADLIB_SCHEMA.__argmax_step, STYPE = bytea, COMBINEFUNC = MADLIB_SCHEMA.__argmax_combine,
    FINALFUNC = MADLIB_SCHEMA.__argmax_bigint, PARALLEL = SAFE
);
COMMENT ON AGGREGATE MADLIB_SCHEMA.argmax(bigint, double precision) IS
    'the key of the row with the largest value; among equal values the smallest key';

CREATE AGGREGATE MADLIB_SCHEMA.argmax(key text, value double precision) (
    SFUNC = MADLIB_SCHEMA.__argmax_step, STYPE = bytea, COMBINEFUNC = MADLIB_SCHEMA.__argmax_combine,
    FINALFUNC = MADLIB_SCHEMA.__argmax_text, PARALLEL = SAFE
);
COMMENT ON AGGREGATE MADLIB_SCHEMA.argmax(text, double precision) IS
    'the key of the row with the largest value; among equal values the key that is first byte by byte';

CREATE AGGREGATE MADLIB_SCHEMA.argmax_state(key smallint, value double precision) (
    SFUNC = MADLIB_SCHEMA.__argmax_step, STYPE = bytea, COMBINEFUNC = MADLIB_SCHEMA.__argmax_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE MADLIB_SCHEMA.argmax_state(smallint, double precision) IS
    'argmax of a part of the data, for argmax_merge';

CREATE AGGREGATE MADLIB_SCHEMA.argmax_state(key integer, value double precision) (
    SFUNC = MADLIB_SCHEMA.__argmax_step, STYPE = bytea, COMBINEFUNC = MADLIB_SCHEMA.__argmax_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE MADLIB_SCHEMA.argmax_state(integer, double precision) IS
    'argmax of a part of the data, for argmax_merge';

CREATE AGGREGATE MADLIB_SCHEMA.argmax_state(key bigint, value double precision) (
    SFUNC = MADLIB_SCHEMA.__argmax_step, STYPE = bytea, COMBINEFUNC = MADLIB_SCHEMA.__argmax_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE MADLIB_SCHEMA.argmax_state(bigint, double precision) IS
    'argmax of a part of the data, for argmax_merge';

CREATE AGGREGATE MADLIB_SCHEMA.argmax_state(key text, value double precision) (
    SFUNC = MADLIB_SCHEMA.__argmax_step, STYPE = bytea, COMBINEFUNC = MADLIB_SCHEMA.__argmax_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE MADLIB_SCHEMA.argmax_state(text, double precision) IS
    'argmax of a part of the data, for argmax_merge';

CREATE AGGREGATE MADLIB_SCHEMA.argmax_merge(state bytea) (
    SFUNC = MADLIB_SCHEMA.__argmax_combine, STYPE = bytea, COMBINEFUNC = MADLIB_SCHEMA.__argmax_combine,
    FINALFUNC = MADLIB_SCHEMA.__argmax_text, PARALLEL = SAFE
);
COMMENT ON AGGREGATE MADLIB_SCHEMA.argmax_merge(bytea) IS
    'argmax of all the data from the states of its parts; a key of any type as text, to be cast';

-- load_dataset: a data set that people know, as a table.

CREATE FUNCTION MADLIB_SCHEMA.load_dataset(
    name         text,                  -- iris, wine, breast_cancer, digits, diabetes, linnerud or houses
    output_table text DEFAULT NULL      -- created; by default of the data set's name, in the current schema
) RETURNS text
LANGUAGE plpython3u VOLATILE AS MADLIB_DRIVER(general.load_dataset);
COMMENT ON FUNCTION MADLIB_SCHEMA.load_dataset(text, text) IS
    'creates a table with a well-known data set and returns its full name';
