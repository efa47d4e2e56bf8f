"""Arguments of the functions of a store: queries that only read, and values that are refused."""

import pytest

NO_NULL = "parameters must be an array of numbers without NULL"
FILL = "SELECT madlib.__store_fill('SELECT i, i::text FROM generate_series(1, 10000) i')"


@pytest.mark.parametrize(
    ("query", "sqlstate", "message"),
    [
        ("INSERT INTO t VALUES (1) RETURNING i", "0A000", "INSERT is not allowed in a non-volatile function"),
        ("WITH w AS (DELETE FROM t RETURNING i) SELECT * FROM w", "0A000", None),
        ("DROP TABLE t", "0A000", "DROP TABLE is not allowed in a non-volatile function"),
        ("SELECT i INTO u FROM t", "0A000", None),
        ("SELECT i FROM t FOR UPDATE", "0A000", None),
        ("EXPLAIN SELECT 1", "0A000", "EXPLAIN is not allowed in a non-volatile function"),
        ("COMMIT", "22023", "the query of a store must be a SELECT"),
        ("SELECT 1; SELECT 2, 3, 4", "22023", "the query of a store must be one SELECT"),
        ("", "22023", "the query of a store must be a SELECT"),
        ("SELECT", "22023", "the query of a store has 0 columns, too few"),
        ("SELECT $1", "42P02", "there is no parameter $1"),
        ("nonsense", "42601", 'syntax error at or near "nonsense"'),
    ],
)
def test_a_query_reads_only(sql, query, sqlstate, message):
    sql("CREATE TABLE t (i int); INSERT INTO t VALUES (7)")
    error = sql.fails(f"SELECT madlib.__store_fill('{query}')")
    assert error.sqlstate == sqlstate
    assert message is None or error.message == message
    assert sql("SELECT i FROM t") == [(7,)]


@pytest.mark.parametrize(
    ("call", "sqlstate", "message"),
    [
        ("__store_fill('SELECT 1', -1)", "22023", "a store cannot have -1 grouping columns"),
        ("__store_fill('SELECT 1', 1)", "22023", "the query of a store has 1 columns, too few"),
        ("__store_fill('SELECT 1', 2147483647)", "22023", "the query of a store has 1 columns, too few"),
        ("__store_map(-1)", "42704", "there is no store -1 in this transaction"),
        ("__store_free(0)", "42704", "there is no store 0 in this transaction"),
        ("__store_levels({}, 0)", "22023", "there is no column 0 in store {}"),
        ("__store_levels({}, 3)", "22023", "there is no column 3 in store {}"),
        ("__store_levels({}, -2147483648)", "22023", None),
        ("__store_levels({}, 2, true, 3)", "22023", "there is no column 3 in store {}"),
        ("__store_order({}, 1, '{{}}')", "22023", "0 codes do not fit column 1 of store {}"),
        ("__store_order({}, 2, '{{1}}')", "22023", "1 codes do not fit column 2 of store {}"),
        ("__store_order({}, 2, ARRAY[NULL]::int[])", "22004", "codes must not contain NULL"),
        ("__store_indicate({}, '{{-1}}')", "22023", "1 counts do not fit the columns of store {}"),
        ("__store_indicate({}, '{{-2,1}}')", "22023", "a column cannot be -2 indicators"),
        ("__store_indicate({}, '{{2000,1}}')", "54011", "2001 columns are too many"),
        ("__store_step({}, 'nope')", "22023", 'there is no kernel "nope"'),
        ("__store_step({}, 'moments', 1)", "22023", "there is no group 1 in store {}"),
        ("__store_step({}, 'moments', -1)", "22023", "there is no group -1 in store {}"),
        ("__store_step({}, 'moments', 0, ARRAY[1])", "22023", 'kernel "moments" takes no parameters'),
        ("__store_step({}, 'moments', 0, ARRAY[NULL]::float8[])", "22004", NO_NULL),
        ("__store_step({}, 'meat')", "22023", 'kernel "meat" needs parameters'),
        ("__store_step({}, 'meat', 0, '{{}}')", "22023", 'kernel "meat" needs parameters'),
        ("__store_step({}, 'meat', 0, ARRAY[NULL]::float8[])", "22004", NO_NULL),
        (
            "__store_step({}, 'meat', 0, '{{1}}')",
            "22023",
            'kernel "meat" does not fit the columns of store {}',
        ),
        (
            "__store_step({}, 'meat', 0, '{{{{1}},{{2}}}}')",
            "2202E",
            "parameters must be an array of one dimension, not of 2",
        ),
        ("__store_step({}, 'meat', 0, array_fill(1.0::float8, ARRAY[1048577]))", "22023", None),
        ("__store_steps({}, 'nope', '')", "22023", 'there is no kernel "nope"'),
        ("__store_steps({}, 'moments', '\\x00')", "22023", "1 bytes of parameters do not fit 1 groups"),
        (
            "__store_steps({}, 'moments', '\\x0000000000000000')",
            "22023",
            'kernel "moments" takes no parameters',
        ),
        ("__store_steps({}, 'meat', '')", "22023", 'kernel "meat" needs parameters'),
        ("__store_steps({}, 'moments', '', '{{1}}')", "22023", "there is no group 1 in store {}"),
        ("__store_steps({}, 'moments', '', '{{0,-1}}')", "22023", "there is no group -1 in store {}"),
        ("__store_steps({}, 'moments', '', '{{0,NULL}}')", "22004", "groups must not contain NULL"),
    ],
)
def test_arguments_of_no_use(sql, call, sqlstate, message):
    sql("BEGIN")
    store = sql.value(FILL)
    error = sql.fails(f"SELECT madlib.{call.format(store)}")
    assert error.sqlstate == sqlstate
    assert message is None or error.message == message.format(store)


@pytest.mark.parametrize(
    "call",
    [
        "__store_fill(NULL)",
        "__store_fill('SELECT 1', NULL)",
        "__store_map(NULL)",
        "__store_levels({}, NULL)",
        "__store_free(NULL)",
        "__store_step(NULL, 'moments')",
        "__store_step({}, NULL)",
        "__store_step({}, 'moments', NULL)",
    ],
)
def test_null_gives_null(sql, call):
    sql("BEGIN")
    result = sql(f"SELECT madlib.{call.format(sql.value(FILL))} IS NULL")
    assert result == [(True,)]


def test_too_many_columns(sql):
    error = sql.fails("SELECT madlib.__store_fill('SELECT array_fill(1.0::float8, ARRAY[2001])')")
    assert (error.sqlstate, error.message) == ("54011", "2001 columns are too many")
    assert error.detail == "The most is 2000."


@pytest.mark.parametrize(("columns", "kernel"), [("1", "moments"), ("1, 2", "weighted_moments")])
def test_too_few_columns_for_a_kernel(sql, columns, kernel):
    error = sql.fails(f"SELECT madlib.__store_step(madlib.__store_fill('SELECT {columns}'), '{kernel}')")
    assert error.sqlstate == "22023"
    assert error.message.startswith(f'kernel "{kernel}" does not fit the columns of store ')


def test_parameters_that_do_not_fit_the_features(sql):
    store = "madlib.__store_fill('SELECT 1, 2, 3')"
    error = sql.fails(f"SELECT madlib.__store_step({store}, 'meat', 0, '{{1,2}}')")
    assert (error.sqlstate, error.message) == ("2202E", "2 coefficients do not fit 1 features")
