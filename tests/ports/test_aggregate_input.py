"""Kernels as aggregates: rows with NULLs, values and arguments of no use."""

import numpy as np
import pytest

from madpy.ports.postgres.scan.states import States
from tests.ports.kernels import CALLS, KERNELS, ROWS, TABLE, state


@pytest.fixture
def t(sql):
    sql(TABLE)
    return sql


@pytest.mark.parametrize("kernel", KERNELS)
def test_no_rows_give_null(t, kernel):
    assert state(t, kernel, "FROM t WHERE false") is None
    assert t.value(f"SELECT madlib.{kernel}_merge(NULL) FROM t") is None
    assert t.value(f"SELECT madlib.{kernel}_merge(s) FROM (SELECT NULL::bytea AS s WHERE false) AS n") is None
    assert t.value(f"SELECT madlib.__{kernel}_state(NULL)") is None


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("nulls", ["y = NULL", "x = NULL", "w = NULL, y = NULL"])
def test_rows_with_a_null_are_counted(t, kernel, nulls):
    """Also where no row tells the number of features: such a state merges with any other."""
    whole = States.parse(state(t, kernel), 1)
    t(f"CREATE TABLE n AS SELECT * FROM t; UPDATE n SET {nulls}")
    only = States.parse(state(t, kernel, "FROM n"), 1)
    assert (only.rows_used.tolist(), only.rows_skipped.tolist()) == ([0], [ROWS])
    call = f"SELECT madlib.{kernel}_state({CALLS[kernel]})"
    both = f"({call} AS s, 1 AS o FROM n UNION ALL {call}, 2 FROM t) AS b"
    for order in ("o", "o DESC"):
        merged = States.parse(t.value(f"SELECT madlib.{kernel}_merge(s ORDER BY {order}) FROM {both}"), 1)
        assert np.array_equal(merged.body, whole.body)
        assert merged.rows_skipped[0] == whole.rows_skipped[0] + ROWS


def test_a_fit_of_nothing_but_nulls(sql):
    fit = sql.rows("SELECT (madlib.regr_agg(NULL, ARRAY[1, i])).* FROM generate_series(1, 9) i")[0]
    assert (fit.pop("num_rows_processed"), fit.pop("num_missing_rows_skipped")) == (0, 9)
    assert set(fit.values()) == {None}
    assert sql.value("SELECT madlib.mregr_coef(NULL, ARRAY[1, i]) FROM generate_series(1, 9) i") is None


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize(
    ("x", "sqlstate", "message"),
    [
        (
            "CASE WHEN i < 9 THEN '{1,2,3}' ELSE '{1,2}' END",
            "2202E",
            "features must have the same length in every row: 2 after 3",
        ),
        (
            "CASE WHEN i < 9 THEN '{1,2,3}' ELSE '{}' END",
            "2202E",
            "features must have the same length in every row: 0 after 3",
        ),
        ("'{}'", "2202E", "features must not be an empty array"),
        ("'{{1,2,3}}'", "2202E", "features must be an array of one dimension, not of 2"),
        ("'{1,NaN,3}'", "22003", "feature 2 is NaN in some row"),
        (
            "CASE WHEN i <> 78 THEN '{1,2,3}' ELSE '{1,2,-Infinity}' END",
            "22003",
            "feature 3 is infinite in some row",
        ),
        ("array_fill(1::float8, ARRAY[2001])", "54011", None),
    ],
)
def test_features_of_no_use(t, kernel, x, sqlstate, message):
    call = CALLS[kernel].replace("x", f"({x})::float8[]", 1)
    error = t.fails(f"SELECT madlib.{kernel}_state({call}) FROM t WHERE y IS NOT NULL")
    assert error.sqlstate == sqlstate
    assert message is None or error.message == message


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize(("y", "is_"), [("NaN", "NaN"), ("Infinity", "infinite"), ("-Infinity", "infinite")])
def test_a_target_of_no_use(t, kernel, y, is_):
    call = CALLS[kernel].replace("y", f"CASE WHEN i = 78 THEN '{y}' ELSE y END", 1)
    error = t.fails(f"SELECT madlib.{kernel}_state({call}) FROM t WHERE w > 0")
    assert (error.sqlstate, error.message) == ("22003", f"the target is {is_} in some row")
    assert error.hint == "Leave such rows out, or turn the value into NULL: rows with a NULL are skipped."


@pytest.mark.parametrize("w", ["NaN", "Infinity", "-1"])
def test_a_weight_of_no_use(t, w):
    error = t.fails(f"SELECT madlib.weighted_moments_state(y, x, '{w}') FROM t")
    assert (error.sqlstate, error.message) == ("22003", f"a weight is {w} in some row")
    assert error.hint == "Give weights that are finite and not negative."


@pytest.mark.parametrize("kernel", ["meat", "squared_residuals"])
@pytest.mark.parametrize(
    ("params", "sqlstate", "message"),
    [
        ("NULL", "22004", "parameters must be an array of numbers without NULL"),
        ("'{}'", "22004", "parameters must be an array of numbers without NULL"),
        ("'{1,NULL,3}'", "22004", "parameters must be an array of numbers without NULL"),
        ("'{1,2}'", "2202E", "2 coefficients do not fit 3 features"),
        ("'{{1,2,3}}'", "2202E", "parameters must be an array of one dimension, not of 2"),
        ("'{1,NaN,3}'", "22003", "the residual of some row is not finite"),
    ],
)
def test_parameters_of_no_use(t, kernel, params, sqlstate, message):
    error = t.fails(f"SELECT madlib.{kernel}_state(y, x, w, {params}) FROM t")
    assert (error.sqlstate, error.message) == (sqlstate, message)


def test_too_many_features_are_counted(sql):
    error = sql.fails("SELECT madlib.regr_agg(1, array_fill(1::float8, ARRAY[2000]))")
    assert (error.sqlstate, error.message) == ("54011", "2001 columns are too many")
    assert error.detail == "The most is 2000, the target and a weight included."
    assert (
        sql.value("SELECT length(madlib.moments_state(1, array_fill(1::float8, ARRAY[1999])))") > 32_000_000
    )


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("__moments_columns(y, 1)", "argument 2 must be of type double precision"),
        ("__moments_columns(y, 1.5::float8, w::text)", "argument 3 must be of type double precision"),
        ("__moments_columns(y, VARIADIC x)", "argument 2 must be of type double precision"),
        ("__weighted_moments_columns(y, w, w::real)", "argument 3 must be of type double precision"),
    ],
)
def test_features_of_another_type(t, call, message):
    error = t.fails(f"SELECT madlib.{call} FROM t")
    assert (error.sqlstate, error.message) == ("42804", message)
