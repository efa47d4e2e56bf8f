"""One tree beside scikit-learn's, which splits the leaf that gains most, too; each value has a bin."""

import numpy as np
import pytest
from sklearn.tree import DecisionTreeRegressor

from tests.boost.conftest import call, numbers


def few_values(n=400, features=4, seed=7):
    rng = np.random.default_rng(seed)
    X = rng.integers(0, 60, (n, features)).astype(float)
    return X, X[:, 0] / 20 + X[:, 1] * X[:, 2] / 900 + rng.normal(size=n) * 0.7


@pytest.mark.parametrize("leaves", [2, 7, 20])
@pytest.mark.parametrize("depth", [None, 3])
def test_one_tree(sql, load_matrix, leaves, depth):
    X, y = few_values()
    features = load_matrix(X, y)
    sql(call(features, num_rounds=1, learning_rate=1.0, max_leaves=leaves, max_depth=depth, min_child=12))
    other = DecisionTreeRegressor(max_leaf_nodes=leaves, max_depth=depth, min_samples_leaf=12).fit(X, y)
    np.testing.assert_allclose(numbers(sql, features), other.predict(X), rtol=1e-5)
    assert sql("SELECT num_leaves, depth FROM m") == [(other.get_n_leaves(), other.get_depth())]


def test_the_second_round_fits_what_the_first_left(sql, load_matrix):
    X, y = few_values()
    features = load_matrix(X, y)
    sql(call(features, num_rounds=2, learning_rate=0.5, max_leaves=8, min_child=12))
    expected = np.full(len(y), y.mean())
    for _ in range(2):
        tree = DecisionTreeRegressor(max_leaf_nodes=8, min_samples_leaf=12).fit(X, y - expected)
        expected += 0.5 * tree.predict(X)
    np.testing.assert_allclose(numbers(sql, features), expected, rtol=1e-5)
    ((loss,),) = sql("SELECT loss FROM m WHERE round = 2")
    assert loss == pytest.approx(np.mean((y - expected) ** 2), rel=1e-5)
