-- kernels: each kernel of src/*.c as an aggregate that returns its state, and one that merges states.
-- A state is data: it may be kept in a table, and states of parts of the data merge into the state of the whole.

-- moments: first and second moments of features and target in double-double.

CREATE FUNCTION MADLIB_SCHEMA.__moments_accum(state bytea, y double precision, x double precision[]) RETURNS bytea
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'moments_accum';
COMMENT ON FUNCTION MADLIB_SCHEMA.__moments_accum(bytea, double precision, double precision[]) IS
    'transition function: gathers rows into blocks for the kernel "moments"';

CREATE FUNCTION MADLIB_SCHEMA.__moments_combine(state bytea, other bytea) RETURNS bytea
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'moments_combine';
COMMENT ON FUNCTION MADLIB_SCHEMA.__moments_combine(bytea, bytea) IS 'merges two states of the kernel "moments"';

CREATE FUNCTION MADLIB_SCHEMA.__moments_state(state bytea) RETURNS bytea
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'moments_state';
COMMENT ON FUNCTION MADLIB_SCHEMA.__moments_state(bytea) IS 'a state of the kernel "moments" with no rows waiting';

CREATE AGGREGATE MADLIB_SCHEMA.moments_state(y double precision, x double precision[]) (
    SFUNC = MADLIB_SCHEMA.__moments_accum, STYPE = bytea, COMBINEFUNC = MADLIB_SCHEMA.__moments_combine,
    FINALFUNC = MADLIB_SCHEMA.__moments_state, PARALLEL = SAFE
);
COMMENT ON AGGREGATE MADLIB_SCHEMA.moments_state(double precision, double precision[]) IS
    'the state of a linear regression of y on x, which can be kept, merged and fitted';

-- The same with the features as arguments of their own, which spares an array per row.
CREATE FUNCTION MADLIB_SCHEMA.__moments_columns_accum(state bytea, y double precision, VARIADIC x "any") RETURNS bytea
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'moments_columns_accum';
COMMENT ON FUNCTION MADLIB_SCHEMA.__moments_columns_accum(bytea, double precision, "any") IS
    'transition function: gathers rows into blocks for the kernel "moments"';

CREATE AGGREGATE MADLIB_SCHEMA.__moments_columns(y double precision, VARIADIC x "any") (
    SFUNC = MADLIB_SCHEMA.__moments_columns_accum, STYPE = bytea,
    COMBINEFUNC = MADLIB_SCHEMA.__moments_combine,
    FINALFUNC = MADLIB_SCHEMA.__moments_state, PARALLEL = SAFE
);
COMMENT ON AGGREGATE MADLIB_SCHEMA.__moments_columns(double precision, "any") IS
    'moments_state with the features, all double precision, as arguments of their own';

CREATE AGGREGATE MADLIB_SCHEMA.moments_merge(state bytea) (
    SFUNC = MADLIB_SCHEMA.__moments_combine, STYPE = bytea, COMBINEFUNC = MADLIB_SCHEMA.__moments_combine,
    FINALFUNC = MADLIB_SCHEMA.__moments_state, PARALLEL = SAFE
);
COMMENT ON AGGREGATE MADLIB_SCHEMA.moments_merge(bytea) IS 'merges states of moments_state into one';

-- weighted_moments: the same with a weight per row.

CREATE FUNCTION MADLIB_SCHEMA.__weighted_moments_accum(
    state bytea, y double precision, x double precision[], weight double precision
) RETURNS bytea
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'weighted_moments_accum';
COMMENT ON FUNCTION
    MADLIB_SCHEMA.__weighted_moments_accum(bytea, double precision, double precision[], double precision) IS
    'transition function: gathers rows into blocks for the kernel "weighted_moments"';

CREATE FUNCTION MADLIB_SCHEMA.__weighted_moments_combine(state bytea, other bytea) RETURNS bytea
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'weighted_moments_combine';
COMMENT ON FUNCTION MADLIB_SCHEMA.__weighted_moments_combine(bytea, bytea) IS
    'merges two states of the kernel "weighted_moments"';

CREATE FUNCTION MADLIB_SCHEMA.__weighted_moments_state(state bytea) RETURNS bytea
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'weighted_moments_state';
COMMENT ON FUNCTION MADLIB_SCHEMA.__weighted_moments_state(bytea) IS
    'a state of the kernel "weighted_moments" with no rows waiting';

CREATE AGGREGATE MADLIB_SCHEMA.weighted_moments_state(
    y double precision, x double precision[], weight double precision
) (
    SFUNC = MADLIB_SCHEMA.__weighted_moments_accum, STYPE = bytea,
    COMBINEFUNC = MADLIB_SCHEMA.__weighted_moments_combine,
    FINALFUNC = MADLIB_SCHEMA.__weighted_moments_state, PARALLEL = SAFE
);
COMMENT ON AGGREGATE
    MADLIB_SCHEMA.weighted_moments_state(double precision, double precision[], double precision) IS
    'the state of a weighted linear regression of y on x, which can be kept, merged and fitted';

CREATE FUNCTION MADLIB_SCHEMA.__weighted_moments_columns_accum(
    state bytea, y double precision, weight double precision, VARIADIC x "any"
) RETURNS bytea
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'weighted_moments_columns_accum';
COMMENT ON FUNCTION
    MADLIB_SCHEMA.__weighted_moments_columns_accum(bytea, double precision, double precision, "any") IS
    'transition function: gathers rows into blocks for the kernel "weighted_moments"';

CREATE AGGREGATE MADLIB_SCHEMA.__weighted_moments_columns(
    y double precision, weight double precision, VARIADIC x "any"
) (
    SFUNC = MADLIB_SCHEMA.__weighted_moments_columns_accum, STYPE = bytea,
    COMBINEFUNC = MADLIB_SCHEMA.__weighted_moments_combine,
    FINALFUNC = MADLIB_SCHEMA.__weighted_moments_state, PARALLEL = SAFE
);
COMMENT ON AGGREGATE MADLIB_SCHEMA.__weighted_moments_columns(double precision, double precision, "any") IS
    'weighted_moments_state with the features, all double precision, as arguments of their own';

CREATE AGGREGATE MADLIB_SCHEMA.weighted_moments_merge(state bytea) (
    SFUNC = MADLIB_SCHEMA.__weighted_moments_combine, STYPE = bytea,
    COMBINEFUNC = MADLIB_SCHEMA.__weighted_moments_combine,
    FINALFUNC = MADLIB_SCHEMA.__weighted_moments_state, PARALLEL = SAFE
);
COMMENT ON AGGREGATE MADLIB_SCHEMA.weighted_moments_merge(bytea) IS
    'merges states of weighted_moments_state into one';

-- meat: the sums of (w e)^2 x x, the middle of a sandwich, e being the residuals of given coefficients.

CREATE FUNCTION MADLIB_SCHEMA.__meat_accum(
    state bytea, y double precision, x double precision[], weight double precision, coef double precision[]
) RETURNS bytea
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'meat_accum';
COMMENT ON FUNCTION MADLIB_SCHEMA.__meat_accum(
    bytea, double precision, double precision[], double precision, double precision[]) IS
    'transition function: gathers rows into blocks for the kernel "meat"';

CREATE FUNCTION MADLIB_SCHEMA.__meat_combine(state bytea, other bytea) RETURNS bytea
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'meat_combine';
COMMENT ON FUNCTION MADLIB_SCHEMA.__meat_combine(bytea, bytea) IS
    'merges two states of the kernel "meat"';

CREATE FUNCTION MADLIB_SCHEMA.__meat_state(state bytea) RETURNS bytea
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'meat_state';
COMMENT ON FUNCTION MADLIB_SCHEMA.__meat_state(bytea) IS
    'a state of the kernel "meat" with no rows waiting';

CREATE AGGREGATE MADLIB_SCHEMA.meat_state(
    y double precision, x double precision[], weight double precision, coef double precision[]
) (
    SFUNC = MADLIB_SCHEMA.__meat_accum, STYPE = bytea,
    COMBINEFUNC = MADLIB_SCHEMA.__meat_combine,
    FINALFUNC = MADLIB_SCHEMA.__meat_state, PARALLEL = SAFE
);
COMMENT ON AGGREGATE MADLIB_SCHEMA.meat_state(
    double precision, double precision[], double precision, double precision[]) IS
    'the sums of (w e)^2 x x, the middle of a sandwich';

CREATE AGGREGATE MADLIB_SCHEMA.meat_merge(state bytea) (
    SFUNC = MADLIB_SCHEMA.__meat_combine, STYPE = bytea,
    COMBINEFUNC = MADLIB_SCHEMA.__meat_combine,
    FINALFUNC = MADLIB_SCHEMA.__meat_state, PARALLEL = SAFE
);
COMMENT ON AGGREGATE MADLIB_SCHEMA.meat_merge(bytea) IS 'merges states of meat_state into one';

-- squared_residuals: the moments of x and the squared residuals, e being the residuals of given coefficients.

CREATE FUNCTION MADLIB_SCHEMA.__squared_residuals_accum(
    state bytea, y double precision, x double precision[], weight double precision, coef double precision[]
) RETURNS bytea
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'squared_residuals_accum';
COMMENT ON FUNCTION MADLIB_SCHEMA.__squared_residuals_accum(
    bytea, double precision, double precision[], double precision, double precision[]) IS
    'transition function: gathers rows into blocks for the kernel "squared_residuals"';

CREATE FUNCTION MADLIB_SCHEMA.__squared_residuals_combine(state bytea, other bytea) RETURNS bytea
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'squared_residuals_combine';
COMMENT ON FUNCTION MADLIB_SCHEMA.__squared_residuals_combine(bytea, bytea) IS
    'merges two states of the kernel "squared_residuals"';

CREATE FUNCTION MADLIB_SCHEMA.__squared_residuals_state(state bytea) RETURNS bytea
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'squared_residuals_state';
COMMENT ON FUNCTION MADLIB_SCHEMA.__squared_residuals_state(bytea) IS
    'a state of the kernel "squared_residuals" with no rows waiting';

CREATE AGGREGATE MADLIB_SCHEMA.squared_residuals_state(
    y double precision, x double precision[], weight double precision, coef double precision[]
) (
    SFUNC = MADLIB_SCHEMA.__squared_residuals_accum, STYPE = bytea,
    COMBINEFUNC = MADLIB_SCHEMA.__squared_residuals_combine,
    FINALFUNC = MADLIB_SCHEMA.__squared_residuals_state, PARALLEL = SAFE
);
COMMENT ON AGGREGATE MADLIB_SCHEMA.squared_residuals_state(
    double precision, double precision[], double precision, double precision[]) IS
    'the moments of x and the squared residuals';

CREATE AGGREGATE MADLIB_SCHEMA.squared_residuals_merge(state bytea) (
    SFUNC = MADLIB_SCHEMA.__squared_residuals_combine, STYPE = bytea,
    COMBINEFUNC = MADLIB_SCHEMA.__squared_residuals_combine,
    FINALFUNC = MADLIB_SCHEMA.__squared_residuals_state, PARALLEL = SAFE
);
COMMENT ON AGGREGATE MADLIB_SCHEMA.squared_residuals_merge(bytea) IS 'merges states of squared_residuals_state into one';
