"""Rows prepared by pieces: the columns of scikit-learn's transformers, peaks and means of these columns."""

import numpy as np
import pytest
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from madpy.worker.learning import learn
from madpy.worker.moments import moments_of
from madpy.worker.preparation import Input, Rule
from madpy.worker.prepared import CHUNK, Prepared

SIZES = [1, 5, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK + 3]


def prepare(X, inputs, rules):
    moments = moments_of(X)
    learned, columns = learn(X, np.zeros((len(X), 1)), moments, inputs, rules, "regression", 0)
    return Prepared(X, inputs, learned, columns, moments)


def rows_of(count, has_nulls):
    rng = np.random.default_rng(count)
    X = rng.normal(size=(count, 4)) * [1, 1e-5, 1e7, 1] + [0, 3, 1e9, 5]
    X[:, 3] = 5.0  # a constant is divided by 1
    if has_nulls and count > 4:
        X[rng.random((count, 4)) < 0.2] = np.nan
        X[0] = [1, 1, 1, 5]
    return X


@pytest.mark.parametrize("count", SIZES)
@pytest.mark.parametrize("has_nulls", [False, True])
def test_numbers(count, has_nulls):
    X = rows_of(count, has_nulls)
    inputs = [Input(f"x{j}", None) for j in range(4)]
    found = prepare(X, inputs, [Rule("mean", scale="standard")] * 4)
    filled = SimpleImputer().fit_transform(X)
    expected = StandardScaler().fit_transform(filled)
    # scikit-learn adds row by row, which costs digits of a mean that is 300,000 times the deviation
    np.testing.assert_allclose(found.whole, expected, rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose(found.peaks(), np.abs(found.whole).max(axis=0), rtol=1e-15)
    for weights in (None, np.arange(count) + 1.0):
        np.testing.assert_allclose(
            found.means(weights), np.average(found.whole, axis=0, weights=weights), rtol=1e-9, atol=1e-9
        )
    assert np.array_equal(found.first(3).whole, found.whole[:3])
    assert found.first(None) is found


@pytest.mark.parametrize("count", SIZES)
@pytest.mark.parametrize("indicator", [False, True])
def test_categories_beside_numbers(count, indicator):
    rng = np.random.default_rng(count)
    X = np.column_stack([rng.normal(size=count), rng.integers(0, 3, count).astype(float)])
    inputs = [Input("x", None), Input("kind", ["a", "b", "c"])]
    found = prepare(X, inputs, [Rule("mean", indicator=indicator, scale="standard"), Rule()])
    hot = OneHotEncoder(categories=[np.arange(3.0)], sparse_output=False).fit_transform(X[:, 1:])
    scaled = StandardScaler().fit_transform(X[:, :1])
    more = [np.zeros((count, 1))] if indicator else []
    np.testing.assert_allclose(found.whole, np.hstack([scaled, *more, hot]), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(found.peaks(), np.abs(found.whole).max(axis=0), rtol=1e-15)
    assert found.width == found.whole.shape[1]


def test_rows_that_are_not_changed_are_not_copied():
    X = np.arange(8.0).reshape(4, 2)
    assert prepare(X, [Input("a", None), Input("b", None)], [Rule(), Rule()]).whole is X


def test_target_encoding_is_out_of_fold():
    """The value of a row is not that of its level, which has the row in it."""
    rng = np.random.default_rng(0)
    X, y = rng.integers(0, 3, (50, 1)).astype(float), rng.normal(size=(50, 1))
    inputs = [Input("kind", ["a", "b", "c"])]
    learned, columns = learn(X, y, moments_of(X), inputs, [Rule(encode="target")], "regression", 0)
    training = Prepared(X, inputs, learned, columns).whole
    later = Prepared(X, inputs, learned).whole
    assert not np.array_equal(training, later)
    assert np.array_equal(later[:, 0], learned[0].values[X[:, 0].astype(int), 0])


@pytest.mark.parametrize("count", SIZES)
def test_moments(count):
    X = rows_of(count, has_nulls=True)
    found = moments_of(X)
    np.testing.assert_array_equal(found.nulls, np.isnan(X).sum(axis=0))
    np.testing.assert_allclose(found.mean, np.nanmean(X, axis=0), rtol=1e-12)
    np.testing.assert_allclose(found.squares, np.nanvar(X, axis=0) * found.count, rtol=1e-9, atol=1e-20)
    np.testing.assert_array_equal(found.peaks, np.nanmax(np.abs(X), axis=0))
