"""Beside scikit-learn's trees, on the data sets it ships, with the same limits."""

import numpy as np
import pytest
from sklearn import datasets
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from tests.dtree.conftest import call

LIMITS = {"max_depth": 5, "min_split": 20, "min_bucket": 7}
SETS = ["iris", "wine", "breast_cancer", "digits", "diabetes"]


def split(name, fold):
    """Training rows, held-out rows, and scikit-learn's tree of the training rows."""
    data = getattr(datasets, f"load_{name}")()
    X, y = data.data, data.target
    held_out = np.random.default_rng(0).permutation(len(y)) % 5 == fold
    kind = DecisionTreeRegressor if name == "diabetes" else DecisionTreeClassifier
    other = kind(max_depth=5, min_samples_split=20, min_samples_leaf=7, random_state=0)
    return X, y, held_out, other.fit(X[~held_out], y[~held_out])


def fill(load, X, y, held_out):
    columns = {f"x{i}": column.tolist() for i, column in enumerate(X.T.astype(float))}
    load("train", y=y[~held_out].tolist(), **{k: np.array(v)[~held_out].tolist() for k, v in columns.items()})
    load("test", y=y[held_out].tolist(), **{k: np.array(v)[held_out].tolist() for k, v in columns.items()})
    return ", ".join(columns)


@pytest.mark.parametrize("name", SETS)
def test_held_out_scores(sql, load, name):
    """Accuracy, or R squared, of five folds together, within a point; in bins as by default."""
    ours, theirs = [], []
    for fold in range(5):
        X, y, held_out, other = split(name, fold)
        features = fill(load, X, y, held_out)
        task = "regression" if name == "diabetes" else "classification"
        sql(call(features, "y", "train", task=task, **LIMITS))
        sql("SELECT madlib.dtree_predict('m', 'test', 'p')")
        predicted = np.array([row[0] for row in sql("SELECT prediction FROM p")], float)
        ours.append(score(name, y[held_out], predicted, y))
        theirs.append(score(name, y[held_out], other.predict(X[held_out]), y))
        sql("DROP TABLE train, test, m, m_summary, p")
    assert np.mean(ours) > np.mean(theirs) - 0.01


def score(name, y, predicted, all_y):
    return (
        1 - np.mean((y - predicted) ** 2) / np.var(all_y) if name == "diabetes" else np.mean(y == predicted)
    )


@pytest.mark.parametrize("name", SETS)
def test_the_first_split(sql, load, name):
    """With a bin for each value: as good as theirs, and the same where no other is as good."""
    X, y, held_out, other = split(name, 0)
    features = fill(load, X, y, held_out)
    task = "regression" if name == "diabetes" else "classification"
    sql(call(features, "y", "train", task=task, num_bins=10000, **LIMITS))
    ((feature, threshold, gain),) = sql("SELECT feature, threshold, gain FROM m WHERE node = 1")
    root = other.tree_
    left, right = root.children_left[0], root.children_right[0]
    rows = root.n_node_samples
    wanted = (
        rows[0] * root.impurity[0] - rows[left] * root.impurity[left] - rows[right] * root.impurity[right]
    )
    assert gain == pytest.approx(wanted)
    if name != "iris":  # whose petals are told apart by their length as well as by their width
        assert feature == f"x{root.feature[0]}"
        assert threshold == pytest.approx(root.threshold[0], rel=1e-6)


def test_importance(sql, load):
    """theirs is the same share, where the trees are: a regression whose best splits are alone."""
    rng = np.random.default_rng(1)
    X = rng.normal(size=(400, 3))
    y = X[:, 0] * 3 + (X[:, 1] > 0) + rng.normal(size=400) * 0.1
    other = DecisionTreeRegressor(max_depth=3, min_samples_split=20, min_samples_leaf=7).fit(X, y)
    load(y=y.tolist(), **{f"x{i}": column.tolist() for i, column in enumerate(X.T)})
    sql(call("x0, x1, x2", num_bins=10000, **LIMITS | {"max_depth": 3}))
    found = dict(sql("SELECT feature, importance FROM madlib.dtree_importance('m')"))
    np.testing.assert_allclose([found[f"x{i}"] for i in range(3)], other.feature_importances_)
