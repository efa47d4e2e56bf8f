"""Predictions by models with aliased terms: of rows in the space that the rows of training span.

Expected: whether the orthogonal projection of a row into that space is the row itself, by numpy; R's
predict.lm asks the same with rankdeficient = "NA".
"""

import numpy as np
import pytest

from tests.call import named

METHODS = {"regr": ("y", "prediction"), "logregr": ("yes", "probability"), "glm": ("y", "prediction")}
MORE = {"glm": {"family": "gaussian"}}
NAMES = ["a", "b", "twice", "total", "year", "zero", "c"]
FEATURES = ", ".join(NAMES)
FAR = "a term that was not estimated is not the combination of others that it was in training"


def rows(g: int) -> np.ndarray:
    """Columns 1 and NAMES, of which three are independent: the others are combinations in group 1 and 2."""
    i = np.arange(1, 31)
    a, b = i * 0.1, np.cos(i) * 0.3
    year = 2020 + (i % 3 if g == 2 else 0 * i)
    return np.column_stack([np.ones(30), a, b, 2 * a + 5, a - b, year, np.zeros(30), i * i])


def train_call(method, **arguments):
    return named(f"{method}_train", **arguments | MORE.get(method, {}))


@pytest.fixture
def tables(load):
    """t to train on; u with its rows, and each feature changed in turn."""
    training = {g: rows(g) for g in (1, 2)}
    y = {g: (X[:, 1] + np.sin(7 * X[:, 7])) for g, X in training.items()}
    new = {
        g: [X[3], X[4] + X[5] - X[6], *(X[3] + shift for shift in np.eye(8)[1:])] for g, X in training.items()
    }

    def columns(values, **more):
        stacked = np.vstack([values[g] for g in (1, 2)])
        groups = [g for g in (1, 2) for _ in range(len(values[g]))]
        load(g=groups, **{n: stacked[:, j + 1].tolist() for j, n in enumerate(NAMES)}, **more)

    target = np.concatenate([y[1], y[2]])
    columns(training, y=target.tolist(), yes=(target > 2).tolist(), table="t")
    columns({g: np.array(new[g]) for g in (1, 2)}, id=list(range(18)), table="u")
    return training, new


def is_spanned(X, row):
    scale = np.abs(X).max(axis=0) + (X == 0).all(axis=0)
    _, values, basis = np.linalg.svd(X / scale, full_matrices=False)
    basis = basis[values > 1e-9 * values[0]]
    row = row / scale
    return np.abs(row - basis.T @ (basis @ row)).max() < 1e-9


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("features", ["list", "array"])
@pytest.mark.parametrize("feed", ["256MB", "0"])
def test_rows_that_can_be_predicted(sql, tables, method, features, feed):
    training, new = tables
    target, score = METHODS[method]
    written = FEATURES if features == "list" else f"ARRAY[1, {FEATURES}]"
    sql(f"SET madpy.store_memory = '{feed}'")
    sql(
        train_call(
            method,
            source_table="t",
            output_table="m",
            target=target,
            features=written,
            grouping_cols="g",
        )
    )
    (made,) = sql.rows(f"SELECT * FROM madlib.{method}_predict('m', 'u', 'p')")
    expected = [is_spanned(training[g], row) for g in (1, 2) for row in new[g]]
    assert [row[0] for row in sql(f"SELECT {score} IS NOT NULL FROM p ORDER BY id")] == expected
    assert made["num_null_predictions"] == expected.count(False) > 0
    sql("DROP TABLE p")
    sql(f"SELECT madlib.{method}_predict('m', 'u', 'p')")
    assert sql.warnings == [f"no prediction for {expected.count(False)} rows: {FAR}"]
    sql(f"SELECT madlib.{method}_predict('m', 't', 'q')")
    assert sql.warnings == []
    assert sql.value(f"SELECT count(*) FROM q WHERE {score} IS NULL") == 0
    # the values are those of a model without the terms that are aliased
    sql(
        train_call(
            method,
            source_table="t",
            output_table="n",
            target=target,
            features="a, b, year, c",
            grouping_cols="g",
        )
    )
    sql(f"SELECT madlib.{method}_predict('n', 't', 'r')")
    one, other = (sql(f"SELECT {score} FROM {table} ORDER BY g, c") for table in ("q", "r"))
    assert [x for (x,) in one] == pytest.approx([x for (x,) in other], rel=1e-6)


@pytest.mark.parametrize("method", METHODS)
def test_the_aliases(sql, tables, method):
    """A row for each aliased term: what it is in every row, as R's alias() has it."""
    training, _ = tables
    given = {"source_table": "t", "target": METHODS[method][0]}
    sql(train_call(method, output_table="m", features=FEATURES, grouping_cols="g", **given))
    for g, coef, aliases in sql("SELECT g, coef, aliases FROM m"):
        left_out = [n for n, value in enumerate(coef) if value is None]
        assert left_out == ([3, 4, 5, 6] if g == 1 else [3, 4, 6])
        weights = np.array(aliases)
        assert weights.shape == (len(left_out), 8)
        assert not weights[:, left_out].any()
        X = training[g]
        np.testing.assert_allclose(X @ weights.T, X[:, left_out], rtol=1e-7, atol=1e-7)
    sql(train_call(method, source_table="t", output_table="n", target=METHODS[method][0], features="a, b"))
    assert sql.value("SELECT aliases FROM n") is None


@pytest.mark.parametrize(
    ("x", "aliases", "prediction"),
    [
        ("{1,2,5}", "{{1,2,0}}", 5),  # 5 = 1 + 2 * 2
        ("{1,2,5.1}", "{{1,2,0}}", None),
        ("{1,2,0}", "{{1,2,0}}", None),
        ("{1,2,0}", "{{0,0,0}}", 5),
        ("{1,2,NULL}", "{{0,0,0}}", None),
        ("{1,NaN,5}", "{{1,2,0}}", None),
        (None, "{{1,2,0}}", None),
        ("{1,2,0}", None, 5),
        ("{1,2,5}", None, None),
    ],
)
def test_one_row(sql, x, aliases, prediction):
    given = ", ".join("NULL" if value is None else f"'{value}'" for value in (x, aliases))
    given = ", ".join(f"{value}::float8[]" for value in ("'{1,2,NULL}'", *given.rsplit(", ", 1)))
    assert sql.value(f"SELECT madlib.regr_predict({given})") == prediction
    assert (sql.value(f"SELECT madlib.logregr_predict({given})") is True) == (prediction is not None)
    assert (sql.value(f"SELECT madlib.logregr_predict_prob({given})") is None) == (prediction is None)


def test_coefficients_that_are_not_there(sql):
    assert sql.value("SELECT madlib.regr_predict(NULL::float8[], '{1}'::float8[], '{{1}}'::float8[])") is None


@pytest.mark.parametrize("aliases", ["{1,2}", "{{1,2,3}}", "{{1,2},{3,4}}", "{{{1,2}}}", "{{1,NULL}}", "{}"])
@pytest.mark.parametrize("function", ["regr_predict", "logregr_predict", "logregr_predict_prob"])
def test_aliases_that_do_not_fit(sql, function, aliases):
    error = sql.fails(
        f"SELECT madlib.{function}('{{1,NULL}}'::float8[], '{{1,2}}'::float8[], '{aliases}'::float8[])"
    )
    assert error.sqlstate == "2202E"
    assert (
        error.message == "aliases must have a row of 2 numbers for each of the 1 terms without a coefficient"
    )
    assert error.hint == "Give the aliases of the model that has these coefficients."


@pytest.mark.parametrize("method", ["regr", "logregr"])
def test_a_model_without_aliases(sql, tables, method):
    """One of an early version: what is left to say is that an aliased term which is 0 adds nothing."""
    target, score = METHODS[method]
    sql(train_call(method, source_table="t", output_table="m", target=target, features="a, b, zero"))
    sql("ALTER TABLE m DROP aliases; UPDATE u SET zero = 1 WHERE id < 3")
    sql(f"SELECT madlib.{method}_predict('m', 'u', 'p')")
    assert sql.warnings == [f"no prediction for 5 rows: {FAR}"]  # with two that the fixture made so
    assert sql(f"SELECT count({score}) FROM p WHERE zero = 0") == [(13,)]


@pytest.mark.parametrize("blocks", ["{1}", "{{1,2}}", "{NULL,1}", "{1,2,3}"])
def test_blocks_that_do_not_fit(sql, blocks):
    error = sql.fails(
        f"SELECT madlib.__regr_fit(madlib.moments_state(sin(i), ARRAY[1, i]), '{blocks}')"
        " FROM generate_series(1, 9) AS i"
    )
    assert (error.sqlstate, error.message) == ("2202E", "blocks must be an array of 2 integers")
