-- kernels: the kernels that several methods use; each has an aggregate that returns its state, and one that merges states.
-- A state is data: it may be kept in a table, and states of parts of the data merge into the state of the whole.

-- moments: first and second moments of features and target in double-double.

MADLIB_KERNEL moments(y double precision, x double precision[]) IS
    'the state of a linear regression of y on x, which can be kept, merged and fitted';

-- weighted_moments: moments of rows with weights.

MADLIB_KERNEL weighted_moments(y double precision, x double precision[], weight double precision) IS
    'the state of a weighted linear regression of y on x, which can be kept, merged and fitted';

-- Aggregates whose arguments may be categories share all but their transition function (src/engine/coded.c).

CREATE FUNCTION MADLIB_SCHEMA.__coded_combine(state internal, other internal) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'coded_combine';
COMMENT ON FUNCTION MADLIB_SCHEMA.__coded_combine(internal, internal) IS
    'merges two states with categories, which each have codes of their own';

CREATE FUNCTION MADLIB_SCHEMA.__coded_state(state internal) RETURNS bytea
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'coded_state';
COMMENT ON FUNCTION MADLIB_SCHEMA.__coded_state(internal) IS 'a state with categories as bytes: its kernel''s, and the categories';

CREATE FUNCTION MADLIB_SCHEMA.__coded_deserial(bytes bytea, state internal) RETURNS internal
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'coded_deserial';
COMMENT ON FUNCTION MADLIB_SCHEMA.__coded_deserial(bytea, internal) IS 'a state with categories from its bytes';

-- The levels of a category, numbered as they come (src/engine/levels.c).

CREATE FUNCTION MADLIB_SCHEMA.__levels_accum(state internal, most integer, x "any") RETURNS internal
LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'levels_accum';
COMMENT ON FUNCTION MADLIB_SCHEMA.__levels_accum(internal, integer, "any") IS 'transition function of __levels';

CREATE FUNCTION MADLIB_SCHEMA.__levels_combine(state internal, other internal) RETURNS internal
LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'levels_combine';
COMMENT ON FUNCTION MADLIB_SCHEMA.__levels_combine(internal, internal) IS 'merges two states of __levels';

CREATE FUNCTION MADLIB_SCHEMA.__levels_serial(state internal) RETURNS bytea
LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'levels_serial';
COMMENT ON FUNCTION MADLIB_SCHEMA.__levels_serial(internal) IS 'a state of __levels as bytes';

CREATE FUNCTION MADLIB_SCHEMA.__levels_deserial(bytes bytea, state internal) RETURNS internal
LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'levels_deserial';
COMMENT ON FUNCTION MADLIB_SCHEMA.__levels_deserial(bytea, internal) IS 'a state of __levels from its bytes';

CREATE FUNCTION MADLIB_SCHEMA.__levels_texts(state internal) RETURNS text[]
LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'levels_texts';
COMMENT ON FUNCTION MADLIB_SCHEMA.__levels_texts(internal) IS 'the values in a state of __levels';

CREATE AGGREGATE MADLIB_SCHEMA.__levels(most integer, x "any") (
    SFUNC = MADLIB_SCHEMA.__levels_accum, STYPE = internal, SSPACE = 4096,
    COMBINEFUNC = MADLIB_SCHEMA.__levels_combine, SERIALFUNC = MADLIB_SCHEMA.__levels_serial,
    DESERIALFUNC = MADLIB_SCHEMA.__levels_deserial, FINALFUNC = MADLIB_SCHEMA.__levels_texts, PARALLEL = SAFE
);
COMMENT ON AGGREGATE MADLIB_SCHEMA.__levels(integer, "any") IS
    'the distinct values of a category as text, in the order in which they come; no more once there are more than `most`';

-- Aggregates that number the levels of categories as they come, and keep the kernel's state with a column for each (src/engine/numbered.c).

CREATE FUNCTION MADLIB_SCHEMA.__numbered_combine(state internal, other internal) RETURNS internal
LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'numbered_combine';
COMMENT ON FUNCTION MADLIB_SCHEMA.__numbered_combine(internal, internal) IS
    'merges two states with levels, which each have numbers of their own';

CREATE FUNCTION MADLIB_SCHEMA.__numbered_bytes(state internal) RETURNS bytea
LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'numbered_bytes';
COMMENT ON FUNCTION MADLIB_SCHEMA.__numbered_bytes(internal) IS 'a state with levels as bytes: the levels, and the kernel''s state';

CREATE FUNCTION MADLIB_SCHEMA.__numbered_deserial(bytes bytea, state internal) RETURNS internal
LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'numbered_deserial';
COMMENT ON FUNCTION MADLIB_SCHEMA.__numbered_deserial(bytea, internal) IS 'a state with levels from its bytes';

CREATE FUNCTION MADLIB_SCHEMA.__moments_numbered_accum(
    state internal, y double precision, most integer, VARIADIC x "any"
) RETURNS internal
LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'moments_numbered_accum';
COMMENT ON FUNCTION MADLIB_SCHEMA.__moments_numbered_accum(internal, double precision, integer, "any") IS
    'transition function of __moments_numbered';

CREATE AGGREGATE MADLIB_SCHEMA.__moments_numbered(y double precision, most integer, VARIADIC x "any") (
    SFUNC = MADLIB_SCHEMA.__moments_numbered_accum, STYPE = internal, SSPACE = 131072,
    COMBINEFUNC = MADLIB_SCHEMA.__numbered_combine, SERIALFUNC = MADLIB_SCHEMA.__numbered_bytes,
    DESERIALFUNC = MADLIB_SCHEMA.__numbered_deserial, FINALFUNC = MADLIB_SCHEMA.__numbered_bytes, PARALLEL = SAFE
);
COMMENT ON AGGREGATE MADLIB_SCHEMA.__moments_numbered(double precision, integer, "any") IS
    'the levels of the categories in x, at most `most` of each, and moments with a column for each level';

CREATE FUNCTION MADLIB_SCHEMA.__weighted_moments_numbered_accum(
    state internal, y double precision, weight double precision, most integer, VARIADIC x "any"
) RETURNS internal
LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'weighted_moments_numbered_accum';
COMMENT ON FUNCTION MADLIB_SCHEMA.__weighted_moments_numbered_accum(internal, double precision, double precision, integer, "any") IS
    'transition function of __weighted_moments_numbered';

CREATE AGGREGATE MADLIB_SCHEMA.__weighted_moments_numbered(y double precision, weight double precision, most integer, VARIADIC x "any") (
    SFUNC = MADLIB_SCHEMA.__weighted_moments_numbered_accum, STYPE = internal, SSPACE = 131072,
    COMBINEFUNC = MADLIB_SCHEMA.__numbered_combine, SERIALFUNC = MADLIB_SCHEMA.__numbered_bytes,
    DESERIALFUNC = MADLIB_SCHEMA.__numbered_deserial, FINALFUNC = MADLIB_SCHEMA.__numbered_bytes, PARALLEL = SAFE
);
COMMENT ON AGGREGATE MADLIB_SCHEMA.__weighted_moments_numbered(double precision, double precision, integer, "any") IS
    '__moments_numbered of rows with weights';

CREATE FUNCTION MADLIB_SCHEMA.__state_columns(state bytea, columns integer[]) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'state_columns';
COMMENT ON FUNCTION MADLIB_SCHEMA.__state_columns(bytea, integer[]) IS
    'the state of moments with these of its columns, counted from 0, the kernel''s own at the end';
