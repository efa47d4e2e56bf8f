-- shards: tables whose rows lie on several servers (shards.py).

CREATE FUNCTION MADLIB_SCHEMA.__key_number(parameters bytea, VARIADIC keys "any") RETURNS integer
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'key_number';
COMMENT ON FUNCTION MADLIB_SCHEMA.__key_number(bytea, "any") IS
    'the number, from 0, of the group of a row, found by its grouping columns; NULL if there is no such group';

CREATE FUNCTION MADLIB_SCHEMA.__key_params(parameters bytea, VARIADIC keys "any") RETURNS double precision[]
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'key_params';
COMMENT ON FUNCTION MADLIB_SCHEMA.__key_params(bytea, "any") IS
    'the parameters of the group of a row, found by its grouping columns';

CREATE FUNCTION MADLIB_SCHEMA.__key_rows(parameters bytea) RETURNS SETOF record
LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'key_rows';
COMMENT ON FUNCTION MADLIB_SCHEMA.__key_rows(bytea) IS
    'the groups, each with its number and its grouping columns: FROM __key_rows(...) AS g(number integer, ...)';

CREATE FUNCTION MADLIB_SCHEMA.__same_version(version bytea, value "any") RETURNS boolean
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'same_version';
COMMENT ON FUNCTION MADLIB_SCHEMA.__same_version(bytea, "any") IS
    'true if madpy has this version, otherwise an error; other servers are asked through a foreign table';

CREATE FUNCTION MADLIB_SCHEMA.__view_over(view regclass, whole regclass, part regclass) RETURNS text
LANGUAGE c STABLE STRICT
SET DateStyle = 'ISO' SET IntervalStyle = 'postgres' SET extra_float_digits = 1  -- so that constants keep their meaning
AS 'MODULE_PATHNAME', 'view_over';
COMMENT ON FUNCTION MADLIB_SCHEMA.__view_over(regclass, regclass, regclass) IS
    'the query of a view over one part of a table; NULL if the view does not read the table row by row';

-- Rows that servers of Citus keep between the passes of a training (src/store/kept.h).

CREATE FUNCTION MADLIB_SCHEMA.__keep_accum(
    state bytea, training bigint, at tid, relation oid, features double precision[], scalars double precision[]
) RETURNS bytea
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'keep_accum';
COMMENT ON FUNCTION MADLIB_SCHEMA.__keep_accum(bytea, bigint, tid, oid, double precision[], double precision[]) IS
    'transition function of __keep';

CREATE FUNCTION MADLIB_SCHEMA.__keep_combine(state bytea, other bytea) RETURNS bytea
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'keep_combine';
COMMENT ON FUNCTION MADLIB_SCHEMA.__keep_combine(bytea, bytea) IS 'merges two states of __keep';

CREATE AGGREGATE MADLIB_SCHEMA.__keep(
    training bigint, at tid, relation oid, features double precision[], scalars double precision[]
) (
    SFUNC = MADLIB_SCHEMA.__keep_accum, STYPE = bytea, COMBINEFUNC = MADLIB_SCHEMA.__keep_combine, PARALLEL = UNSAFE
);
COMMENT ON AGGREGATE MADLIB_SCHEMA.__keep(bigint, tid, oid, double precision[], double precision[]) IS
    'keeps rows in the memory of the backend that reads them, until the end of its transaction; returns the ctid of the first row';

CREATE FUNCTION MADLIB_SCHEMA.__kept_rows(at tid, relation oid) RETURNS bigint
LANGUAGE c STABLE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'kept_rows';
COMMENT ON FUNCTION MADLIB_SCHEMA.__kept_rows(tid, oid) IS
    'the number of kept rows whose first row has this ctid; NULL if none are kept';

CREATE FUNCTION MADLIB_SCHEMA.__kept_step_accum(
    state bytea, at tid, relation oid, kernel text, parameters double precision[]
) RETURNS bytea
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'kept_step_accum';
COMMENT ON FUNCTION MADLIB_SCHEMA.__kept_step_accum(bytea, tid, oid, text, double precision[]) IS
    'transition function of __kept_step';

CREATE FUNCTION MADLIB_SCHEMA.__kept_combine(state bytea, other bytea) RETURNS bytea
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'kept_combine';
COMMENT ON FUNCTION MADLIB_SCHEMA.__kept_combine(bytea, bytea) IS 'merges two states of one kernel';

CREATE FUNCTION MADLIB_SCHEMA.__kept_state(state bytea) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'kept_state';
COMMENT ON FUNCTION MADLIB_SCHEMA.__kept_state(bytea) IS 'a state of __kept_step as the kernel has it, not packed';

CREATE AGGREGATE MADLIB_SCHEMA.__kept_step(
    at tid, relation oid, kernel text, parameters double precision[]
) (
    SFUNC = MADLIB_SCHEMA.__kept_step_accum, STYPE = bytea, COMBINEFUNC = MADLIB_SCHEMA.__kept_combine,
    FINALFUNC = MADLIB_SCHEMA.__kept_state, PARALLEL = UNSAFE
);
COMMENT ON AGGREGATE MADLIB_SCHEMA.__kept_step(tid, oid, text, double precision[]) IS
    'the state of a kernel after one pass over kept rows, found by the ctid of the first row';
