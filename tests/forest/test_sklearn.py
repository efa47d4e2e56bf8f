"""Beside scikit-learn's trees and forests, on the data sets it ships."""

import numpy as np
import pytest
from sklearn import datasets
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier, RandomForestRegressor
from sklearn.metrics import roc_auc_score
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from tests.forest.conftest import ALONE, call, numbers, probabilities

LIMITS = {"min_split": 30, "min_bucket": 12}


def few_values(n=400, features=4, seed=7):
    """Rows with 60 values in each feature, so that each has a bin of its own; no two splits are as good."""
    rng = np.random.default_rng(seed)
    X = rng.integers(0, 60, (n, features)).astype(float)
    z = X[:, 0] / 20 + X[:, 1] * X[:, 2] / 900 + rng.normal(size=n) * 0.7
    return X, z


@pytest.mark.parametrize("criterion", ["gini", "entropy"])
@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("weights", [None, [1.0, 3.0, 0.5]])
def test_one_tree_of_classes(sql, load_matrix, criterion, classes, weights):
    """The probabilities of the rows are those of scikit-learn's tree, weights of classes included."""
    X, z = few_values()
    y = np.digitize(z, np.quantile(z, np.arange(1, classes) / classes))
    features = load_matrix(X, y)
    given = weights and '{"0": 1, "1": 3, "2": 0.5}' if classes == 3 else weights and '{"0": 1, "1": 3}'
    sql(
        call(
            features, task="classification", criterion=criterion, num_features=4, class_weights=given,
            **ALONE, **LIMITS,
        )
    )  # fmt: skip
    other = DecisionTreeClassifier(
        criterion=criterion,
        min_samples_split=30,
        min_samples_leaf=12,
        class_weight=weights and dict(enumerate(weights[:classes])),
        random_state=0,
    ).fit(X, y)
    np.testing.assert_allclose(probabilities(sql, features), other.predict_proba(X), atol=1e-12)
    assert sql("SELECT num_leaves FROM m") == [(other.get_n_leaves(),)]


def test_one_tree_of_a_regression(sql, load_matrix):
    X, z = few_values()
    features = load_matrix(X, z)
    sql(call(features, num_features=4, **ALONE, **LIMITS))
    other = DecisionTreeRegressor(min_samples_split=30, min_samples_leaf=12, random_state=0).fit(X, z)
    np.testing.assert_allclose(numbers(sql, features), other.predict(X), rtol=1e-12)


def test_weights_are_rows(sql, load_matrix):
    """A tree of rows with weights 1 to 3 is scikit-learn's of as many copies; limits count copies, too."""
    X, z = few_values()
    weight = np.random.default_rng(1).integers(1, 4, len(z))
    for y, kind, task in (
        ((z > 1.5).astype(int), DecisionTreeClassifier, "classification"),
        (np.digitize(z, [1, 2]), DecisionTreeClassifier, "classification"),
        (z, DecisionTreeRegressor, "regression"),
    ):
        features = load_matrix(X, y, w=weight.tolist())
        sql(call(features, task=task, weights="w", num_features=4, min_split=60, min_bucket=25, **ALONE))
        other = kind(min_samples_split=60, min_samples_leaf=25, random_state=0)
        other.fit(np.repeat(X, weight, axis=0), np.repeat(y, weight))
        if task == "regression":
            np.testing.assert_allclose(numbers(sql, features), other.predict(X), rtol=1e-7)
        else:
            np.testing.assert_allclose(probabilities(sql, features), other.predict_proba(X), atol=1e-7)
        sql("DROP TABLE t, m, m_summary")


BINARY = {
    "breast_cancer": lambda: datasets.load_breast_cancer(return_X_y=True),
    "digits": lambda: (datasets.load_digits().data, (datasets.load_digits().target >= 5).astype(int)),
    "wine": lambda: (datasets.load_wine().data, (datasets.load_wine().target == 1).astype(int)),
    "diabetes": lambda: (
        datasets.load_diabetes().data,
        (datasets.load_diabetes().target > 140).astype(int),
    ),
}


def held_out(sql, load_matrix, X, y, build, options, folds=5):
    """Areas under the ROC curve of the predictions for rows in turn held out: ours and theirs."""
    fold = np.random.default_rng(0).permutation(len(y)) % folds
    ours, theirs = np.zeros(len(y)), np.zeros(len(y))
    for number in range(folds):
        out = fold == number
        features = load_matrix(X[~out], y[~out])
        load_matrix(X[out], y[out], table="u")
        sql(call(features, task="classification", oob=False, **options))
        ours[out] = probabilities(sql, features, table="u")[:, 1]
        theirs[out] = build().fit(X[~out], y[~out]).predict_proba(X[out])[:, 1]
        sql("DROP TABLE t, u, m, m_summary")
    return roc_auc_score(y, ours), roc_auc_score(y, theirs)


@pytest.mark.parametrize("name", BINARY)
def test_area_under_roc_of_a_forest(sql, load_matrix, name):
    """Within 0.01 of scikit-learn's, whose own areas differ by up to 0.005 from seed to seed."""
    X, y = BINARY[name]()
    ours, theirs = held_out(
        sql, load_matrix, X, y, lambda: RandomForestClassifier(300, random_state=0), {"num_trees": 300}
    )
    assert ours > theirs - 0.01


def test_area_under_roc_of_extremely_randomised_trees(sql, load_matrix):
    X, y = BINARY["breast_cancer"]()
    ours, theirs = held_out(
        sql,
        load_matrix,
        X,
        y,
        lambda: ExtraTreesClassifier(200, random_state=0),
        {"num_trees": 200, "splitter": "random", "replacement": False},
    )
    assert ours > theirs - 0.01


def test_out_of_bag_error_and_importance(sql, load_matrix):
    """Accuracy and R squared out of bag, and the importance of features, are about those of scikit-learn."""
    data = datasets.load_breast_cancer()
    features = load_matrix(data.data, data.target)
    sql(call(features, task="classification", num_trees=300))
    other = RandomForestClassifier(300, oob_score=True, random_state=0).fit(data.data, data.target)
    ((error, importance),) = sql("SELECT oob_error, impurity_importance FROM m_summary")
    assert error == pytest.approx(1 - other.oob_score_, abs=0.01)
    assert sum(importance) == pytest.approx(1)
    np.testing.assert_allclose(importance, other.feature_importances_, atol=0.03)
    sql("DROP TABLE t, m, m_summary")

    data = datasets.load_diabetes()
    features = load_matrix(data.data, data.target)
    sql(call(features, num_trees=300, importance=True))
    theirs = RandomForestRegressor(300, max_features=3, oob_score=True, random_state=0).fit(
        data.data, data.target
    )
    ((r2, importance, permutation),) = sql(
        "SELECT oob_r2, impurity_importance, permutation_importance FROM m_summary"
    )
    assert r2 == pytest.approx(theirs.oob_score_, abs=0.03)
    np.testing.assert_allclose(importance, theirs.feature_importances_, atol=0.03)
    assert set(np.argsort(permutation)[-2:]) == {2, 8}  # body mass and a blood serum: theirs by impurity, too
    assert set(np.argsort(theirs.feature_importances_)[-2:]) == {2, 8}
