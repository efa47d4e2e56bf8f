-- shards: tables whose rows lie on several servers (shards.py).

CREATE FUNCTION MADLIB_SCHEMA.__key_number(parameters bytea, VARIADIC keys "any") RETURNS integer
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'key_number';
COMMENT ON FUNCTION MADLIB_SCHEMA.__key_number(bytea, "any") IS
    'the number, from 0, of the group that a row belongs to by its grouping columns; NULL if it is none of them';

CREATE FUNCTION MADLIB_SCHEMA.__key_params(parameters bytea, VARIADIC keys "any") RETURNS double precision[]
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'key_params';
COMMENT ON FUNCTION MADLIB_SCHEMA.__key_params(bytea, "any") IS
    'the parameters of the group that a row belongs to by its grouping columns';

CREATE FUNCTION MADLIB_SCHEMA.__key_rows(parameters bytea) RETURNS SETOF record
LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'key_rows';
COMMENT ON FUNCTION MADLIB_SCHEMA.__key_rows(bytea) IS
    'the groups, each with its number and its grouping columns: FROM __key_rows(...) AS g(number integer, ...)';

CREATE FUNCTION MADLIB_SCHEMA.__same_version(version bytea, value "any") RETURNS boolean
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'same_version';
COMMENT ON FUNCTION MADLIB_SCHEMA.__same_version(bytea, "any") IS
    'true where madpy is of this version, otherwise an error; asked of another server through a foreign table';

CREATE FUNCTION MADLIB_SCHEMA.__view_over(view regclass, whole regclass, part regclass) RETURNS text
LANGUAGE c STABLE STRICT
SET DateStyle = 'ISO' SET IntervalStyle = 'postgres' SET extra_float_digits = 1  -- constants mean the same when read
AS 'MODULE_PATHNAME', 'view_over';
COMMENT ON FUNCTION MADLIB_SCHEMA.__view_over(regclass, regclass, regclass) IS
    'the query of a view over one part of a table; NULL if the view does not read the table row by row';
