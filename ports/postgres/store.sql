-- store: the columns of a query kept in memory for one transaction, and kernels over them (src/store/store.h).

CREATE FUNCTION MADLIB_SCHEMA.__store_fill(
    query      text,
    num_groups integer   DEFAULT 0,
    categories integer[] DEFAULT '{}',    -- columns, counted from 1, whose values become codes whatever their type
    max_levels integer   DEFAULT 0,       -- more values of such a column, or of a text, are an error; 0: any number
    beside     integer   DEFAULT -1,      -- the rows go to files, these last columns to the second one; -1: to blocks
    apart      boolean   DEFAULT false,   -- rows whose last number beside is 1 go to a second pair of files
    hashed     boolean   DEFAULT false,   -- the last column beside is a hash of the row, which is summed
    share      double precision DEFAULT 0, -- with both: the share of the rows that go there, chosen by the hash
    seed       bigint    DEFAULT 0        -- other rows of that share
) RETURNS integer
LANGUAGE c VOLATILE STRICT AS 'MODULE_PATHNAME', 'store_fill';
COMMENT ON FUNCTION MADLIB_SCHEMA.__store_fill(text, integer, integer[], integer, integer, boolean, boolean, double precision, bigint) IS
    'runs a query, keeps its columns, the last num_groups of them as grouping columns, and returns the number of the store; NULL if it does not fit into madpy.store_memory';

CREATE FUNCTION MADLIB_SCHEMA.__store_groups(store integer) RETURNS SETOF record
LANGUAGE c VOLATILE STRICT AS 'MODULE_PATHNAME', 'store_groups';
COMMENT ON FUNCTION MADLIB_SCHEMA.__store_groups(integer) IS
    'a row per group of a store: its number, counted from 0, and its grouping values';

CREATE FUNCTION MADLIB_SCHEMA.__store_step(
    store integer, kernel text, group_number integer DEFAULT 0, parameters double precision[] DEFAULT NULL
) RETURNS bytea
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'store_step';
COMMENT ON FUNCTION MADLIB_SCHEMA.__store_step(integer, text, integer, double precision[]) IS
    'the state of a kernel after one pass over a group of a store';

CREATE FUNCTION MADLIB_SCHEMA.__store_steps(
    store      integer,
    kernel     text,
    parameters bytea     DEFAULT '',
    groups     integer[] DEFAULT '{}'     -- numbers of groups; all if none is given
) RETURNS bytea
LANGUAGE c VOLATILE STRICT AS 'MODULE_PATHNAME', 'store_steps';
COMMENT ON FUNCTION MADLIB_SCHEMA.__store_steps(integer, text, bytea, integer[]) IS
    'returns the concatenated states of a kernel after one pass over the groups of a store; parameters are the bytes of doubles';

CREATE FUNCTION MADLIB_SCHEMA.__store_outcomes(
    store      integer,
    kernel     text,
    parameters bytea     DEFAULT '',
    groups     integer[] DEFAULT '{}'     -- numbers of groups; all if none is given
) RETURNS bytea
LANGUAGE c VOLATILE STRICT AS 'MODULE_PATHNAME', 'store_outcomes';
COMMENT ON FUNCTION MADLIB_SCHEMA.__store_outcomes(integer, text, bytea, integer[]) IS
    'outcomes of a kernel after one pass over the groups of a store, padded with zeros to the longest';

CREATE FUNCTION MADLIB_SCHEMA.__store_map(
    store integer,
    OUT fd          integer,    -- a memory file of its blocks, open in this backend
    OUT bytes       bigint,
    OUT num_rows    bigint,
    OUT num_columns integer,
    OUT block_rows  integer,
    OUT starts      bigint[]    -- the first row of each group, counted from 0, and the number of rows
)
LANGUAGE c VOLATILE STRICT AS 'MODULE_PATHNAME', 'store_map';
COMMENT ON FUNCTION MADLIB_SCHEMA.__store_map(integer) IS 'layout of the memory file of a store, for programs that read it';

CREATE FUNCTION MADLIB_SCHEMA.__store_files(
    store integer,
    OUT features_fd      integer,   -- memory files of the rows, row by row, open in this backend
    OUT others_fd        integer,
    OUT apart_features_fd integer,  -- those of rows that were set apart
    OUT apart_others_fd  integer,
    OUT num_features     integer,   -- the columns of each file
    OUT num_others       integer,
    OUT nan_features     boolean,   -- whether a NaN is in it, which stands for NULL and values that are not finite
    OUT nan_others       boolean,
    OUT starts           bigint[],  -- the first row of each group, counted from 0, and the number of rows
    OUT num_apart        bigint,    -- how many of these were set apart
    OUT hash_sum         numeric    -- of the hashes of all rows
)
LANGUAGE c VOLATILE STRICT AS 'MODULE_PATHNAME', 'store_files';
COMMENT ON FUNCTION MADLIB_SCHEMA.__store_files(integer) IS
    'memory files with the rows of a store that was filled for another process';

CREATE FUNCTION MADLIB_SCHEMA.__store_levels(
    store         integer,
    column_number integer,
    complete      boolean DEFAULT false,  -- whether levels that only rows with a NULL have are NULL
    weight        integer DEFAULT 0       -- the column of weights: rows whose weight is 0 do not count as complete
) RETURNS text[]
LANGUAGE c VOLATILE STRICT AS 'MODULE_PATHNAME', 'store_levels';
COMMENT ON FUNCTION MADLIB_SCHEMA.__store_levels(integer, integer, boolean, integer) IS
    'levels for the codes 0, 1, ... of a column, counted from 1; NULL if the column holds numbers';

CREATE FUNCTION MADLIB_SCHEMA.__store_order(store integer, column_number integer, codes integer[]) RETURNS void
LANGUAGE c VOLATILE STRICT AS 'MODULE_PATHNAME', 'store_order';
COMMENT ON FUNCTION MADLIB_SCHEMA.__store_order(integer, integer, integer[]) IS
    'replaces each code c of a column, counted from 1, by the one at position c of `codes`, or by NULL if that is negative';

CREATE FUNCTION MADLIB_SCHEMA.__store_indicate(store integer, counts integer[]) RETURNS void
LANGUAGE c VOLATILE STRICT AS 'MODULE_PATHNAME', 'store_indicate';
COMMENT ON FUNCTION MADLIB_SCHEMA.__store_indicate(integer, integer[]) IS
    'makes kernels get columns as indicators of 0 and 1; counts has the number for each column, -1 for none';

CREATE FUNCTION MADLIB_SCHEMA.__store_free(store integer) RETURNS void
LANGUAGE c VOLATILE STRICT AS 'MODULE_PATHNAME', 'store_drop';
COMMENT ON FUNCTION MADLIB_SCHEMA.__store_free(integer) IS 'gives the memory of a store back before the transaction ends';
