"""Weights of nb_train: a row of weight 3 counts as three rows, however rows are read.

Expected values are those of the same call over a table with each row as often as its weight says, and of
scikit-learn's sample_weight.
"""

import numpy as np
import pytest
from sklearn.naive_bayes import CategoricalNB, GaussianNB

from tests.nb.conftest import call

ROWS = """
    CREATE TABLE t AS
    SELECT i, i / 4 AS k, 'c' || i * 7 % 3 AS y, sin(i) * 10 AS a, CASE WHEN i % 11 > 0 THEN cos(i) END AS b,
           CASE WHEN i % 13 > 0 THEN 'v' || i % 5 END AS v, i % 2 = 0 AS f, i % 4 AS g,
           ARRAY[sin(i), cos(i * i)] AS x, (i * 31 % 5)::smallint AS w
    FROM generate_series(1, {rows}) AS i;
    CREATE TABLE often AS SELECT t.* FROM t, generate_series(1, w);
    ANALYZE t; ANALYZE often
"""
FIGURES = "class, feature, value, prior, mean, variance, probability, count"
CASES = {
    "numbered as they come": ("a, b, v, f, g", {"categorical_cols": "g"}, 500),
    "grouped": ("a, v, f", {"grouping_cols": "g"}, 500),
    "an array": ("x", {}, 500),
    "many groups": ("a, v", {"grouping_cols": "k"}, 16000),
}


def rows(sql, output, groups):
    return sql(f"SELECT {groups}{FIGURES} FROM {output} ORDER BY {groups}class, feature, value")


@pytest.mark.parametrize("case", CASES)
def test_a_weight_is_so_many_rows(sql, nb, case):
    features, options, count = CASES[case]
    sql(ROWS.format(rows=count))
    row = nb(features, weights="w", **options)
    assert (row["num_rows_processed"], row["num_missing_rows_skipped"]) == (count * 4 / 5, count / 5)
    sql(call(features, source="often", output="n", **options))
    groups = f"{options['grouping_cols']}, " if "grouping_cols" in options else ""
    found, expected = rows(sql, "m", groups), rows(sql, "n", groups)
    width = 3 + bool(groups)
    assert [r[:width] for r in found] == [r[:width] for r in expected] != []
    numbers = [np.array([r[width:] for r in table], dtype=float) for table in (found, expected)]
    np.testing.assert_allclose(*numbers, rtol=1e-13, atol=1e-15)


def test_a_row_of_weight_zero_is_not_there(sql, nb, load):
    """Neither its class nor its value of a category, by either way to count."""
    load(y=["a", "b", "c", "a", None], v=["x", "y", "z", "u", "t"], w=[1.0, 2.0, 0.0, None, 1.0])
    for features, options in (("v", {}), ("v", {"grouping_cols": "w"})):
        row = nb(features, weights="w", **options)
        assert (row["classes"], row["num_missing_rows_skipped"]) == (["a", "b"], 3)
        assert sql("SELECT DISTINCT value FROM m ORDER BY 1") == [("x",), ("y",)]
        sql("DROP TABLE m, m_summary")


def test_an_array_with_a_class_in_rows_of_weight_zero(sql, nb, load):
    load(y=["a", "b", "c", "a"], x=[[1.0], [2.0], [3.0], [4.0]], w=[1.0, 2.5, 0.0, 0.5])
    assert nb("x", weights="w")["classes"] == ["a", "b"]
    assert sql("SELECT class, prior, mean, count FROM m") == [("a", 0.375, 2.0, 1.5), ("b", 0.625, 2.0, 2.5)]


def test_fractions_as_scikit_learn_has_them(sql, nb, load):
    random = np.random.default_rng(3)
    X, y, w = random.normal(size=(200, 3)), random.integers(0, 3, 200), random.exponential(size=200)
    load(y=y.tolist(), w=w.tolist(), **{f"x{j}": X[:, j].tolist() for j in range(3)})
    nb("x0, x1, x2", weights="w")
    expected = GaussianNB(var_smoothing=0).fit(X, y, sample_weight=w)
    found = np.array(sql("SELECT prior, mean, variance FROM m ORDER BY class, feature")).reshape(3, 3, 3)
    np.testing.assert_allclose(found[:, 0, 0], expected.class_prior_, rtol=1e-13)
    np.testing.assert_allclose(found[:, :, 1], expected.theta_, rtol=1e-11)
    np.testing.assert_allclose(found[:, :, 2], expected.var_, rtol=1e-11)


def test_categories_as_scikit_learn_has_them(sql, nb, load):
    random = np.random.default_rng(4)
    X, y, w = random.integers(0, 4, (300, 2)), random.integers(0, 2, 300), random.exponential(size=300)
    load(y=y.tolist(), w=w.tolist(), a=X[:, 0].tolist(), b=X[:, 1].tolist())
    nb("a, b", categorical_cols="a, b", weights="w", smoothing=0.5)
    expected = CategoricalNB(alpha=0.5).fit(X, y, sample_weight=w)
    for f, name in enumerate("ab"):
        found = sql(f"SELECT probability FROM m WHERE feature = '{name}' ORDER BY class, value")
        np.testing.assert_allclose(
            np.array(found).reshape(2, 4), np.exp(expected.feature_log_prob_[f]), rtol=1e-12
        )


@pytest.mark.parametrize(
    ("weights", "sqlstate", "message"),
    [
        ("-1", "22003", "nb_train: a weight is -1 in some row"),
        ("'NaN'::float8", "22003", "nb_train: a weight is NaN in some row"),
        ("'Infinity'::float8", "22003", "nb_train: a weight is Infinity in some row"),
        ("y", "42804", 'nb_train: weights: "y" is of type text, a number or boolean is needed'),
        ("", "22023", "nb_train: weights must not be empty"),
    ],
)
@pytest.mark.parametrize("features", ["a", "x"])
def test_what_cannot_be_a_weight(sql, refuses, features, weights, sqlstate, message):
    sql(ROWS.format(rows=30))
    error = refuses(features, weights=weights)
    assert error.sqlstate == sqlstate
    assert error.message == message


def test_all_weights_are_zero(sql, refuses):
    sql(ROWS.format(rows=30))
    for features in ("x", "a"):
        error = refuses(features, weights="0")
        assert error.message == "nb_train: no row has both a target and a weight that is not zero"
