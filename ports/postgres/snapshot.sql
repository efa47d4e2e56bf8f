-- snapshot: one snapshot for all statements of a call of a driver (src/catalog/snapshot.c).

CREATE FUNCTION MADLIB_SCHEMA.__snapshot_take() RETURNS integer
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'snapshot_take';
COMMENT ON FUNCTION MADLIB_SCHEMA.__snapshot_take() IS
    'keeps the snapshot of this statement until the transaction ends, and returns its number';

CREATE FUNCTION MADLIB_SCHEMA.__snapshot_execute(snapshot integer, statement text, parameters bytea[] DEFAULT '{}')
RETURNS SETOF record
LANGUAGE c VOLATILE STRICT AS 'MODULE_PATHNAME', 'snapshot_execute';
COMMENT ON FUNCTION MADLIB_SCHEMA.__snapshot_execute(integer, text, bytea[]) IS
    'runs a statement of the caller under a snapshot: SELECT __snapshot_execute(...) returns each row as a record';

CREATE FUNCTION MADLIB_SCHEMA.__snapshot_free(snapshot integer) RETURNS void
LANGUAGE c VOLATILE STRICT AS 'MODULE_PATHNAME', 'snapshot_free';
COMMENT ON FUNCTION MADLIB_SCHEMA.__snapshot_free(integer) IS 'gives a snapshot back before the transaction ends';

CREATE FUNCTION MADLIB_SCHEMA.__savepoints_guard(guarded boolean) RETURNS boolean
LANGUAGE c VOLATILE STRICT AS 'MODULE_PATHNAME', 'savepoints_guard';
COMMENT ON FUNCTION MADLIB_SCHEMA.__savepoints_guard(boolean) IS
    'makes cancels wait, or no longer, while Citus begins and ends subtransactions (src/catalog/savepoints.c)';
